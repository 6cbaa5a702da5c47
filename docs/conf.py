"""Sphinx: the documents, the API reference and the gallery of examples.

sphinx-build -W docs build/docs
"""

import warnings
from datetime import date

import skscreen

project = "skscreen"
author = "The skscreen developers"
copyright = f"{date.today().year}, {author}"
version = release = skscreen.__version__

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["sg_execution_times.rst"]
html_theme = "alabaster"
html_theme_options = {"description": "Pruning neural networks by statistical screening"}

myst_heading_anchors = 3

# docstrings inherited from scikit-learn refer to its own pages
suppress_warnings = ["ref.ref"]

autosummary_generate = True
autodoc_typehints = "none"  # the docstrings have the types, with shapes and defaults
numpydoc_show_class_members = False
numpydoc_xref_param_type = False

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "gallery",
    "filename_pattern": r"plot_",
    "abort_on_example_error": True,
    "plot_gallery": True,
    "download_all_examples": False,
    "show_memory": False,
    "within_subsection_order": "ExampleTitleSortKey",
}

# a figure that is shown where there is no screen is saved by the gallery
warnings.filterwarnings("ignore", message="FigureCanvasAgg is non-interactive")
