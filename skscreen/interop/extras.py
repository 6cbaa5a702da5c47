"""Optional dependencies, imported when they are needed."""

from importlib import import_module

ONNX = "skscreen[onnx]"
DASK = "skscreen[dask]"


def require_extra(module, extra):
    """Import a module of an optional dependency.

    Parameters
    ----------
    module : str
    extra : str
        The extra of this package that brings it, or the name of its own package.

    Raises
    ------
    ImportError
        That names the command which installs it.
    """
    try:
        return import_module(module)
    except ImportError as error:
        raise ImportError(f"this needs {module}: pip install {extra!r}") from error
