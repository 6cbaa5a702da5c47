"""The package as a whole: how its rooms import each other, and what importing costs."""

import ast
import inspect
import subprocess
import sys
from pathlib import Path

import skscreen
import skscreen.inspection
import skscreen.interop

ROOT = Path(skscreen.__file__).parent

# each room may import from those before it
ORDER = ["kernels", "nn", "screening", "pruning", "estimators", "inspection"]
# nothing but the top may import from these
TOP = {"interop", "cli", "__main__"}


def imported_rooms(path):
    """Rooms that a module imports from."""
    rooms = set()
    for node in ast.walk(ast.parse(path.read_text())):
        names = []
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        rooms |= {name.split(".")[1] for name in names if name.startswith("skscreen.")}
    return rooms


def test_imports_run_one_way():
    seen = 0
    for place, room in enumerate(ORDER):
        allowed = {*ORDER[: place + 1], "_version", "_params"}
        for path in (ROOT / room).rglob("*.py"):
            assert imported_rooms(path) <= allowed, path
            seen += 1
    assert seen > 20
    for path in ROOT.rglob("*.py"):
        room = path.relative_to(ROOT).parts[0].removesuffix(".py")
        if room not in TOP:
            assert not imported_rooms(path) & TOP, path


def test_a_kernel_calls_no_kernel_of_another_file():
    shared = {"skscreen.kernels", "skscreen.kernels._compile", "skscreen.kernels._lanes"}
    for path in (ROOT / "kernels").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("skscreen"):
                shared = {
                    "skscreen.kernels",
                    "skscreen.kernels._compile",
                    "skscreen.kernels._lanes",
                }
                assert node.module in shared, path


def in_a_fresh_process(code):
    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()


def test_importing_compiles_nothing():
    code = """
import numba.core.dispatcher as d
compiled = []
original = d.Dispatcher.compile
d.Dispatcher.compile = lambda self, sig: compiled.append(self) or original(self, sig)
import skscreen, skscreen.datasets, skscreen.inspection
print(len(compiled))
"""
    assert in_a_fresh_process(code) == "0"


def test_no_optional_dependency_is_imported():
    code = """
import sys, skscreen, skscreen.inspection, skscreen.interop, skscreen.interop.dask
names = ["matplotlib", "onnx", "skl2onnx", "dask", "torch", "mlxtend"]
print([name for name in names if name in sys.modules])
"""
    assert in_a_fresh_process(code) == "[]"


def test_kernels_work_without_a_cache_folder():
    code = """
from numba.core import caching
caching.CacheImpl._locator_classes = []  # as where no folder is writable
import numpy as np
from skscreen import f_statistic
print(f_statistic(np.array([[0.0], [1.0], [4.0], [6.0]]), [0, 0, 1, 1]).F[0])
"""
    # means 0.5 and 5, SSB = 20.25, SSW = 0.5 + 2, n - K = 2
    assert in_a_fresh_process(code) == "16.2"


def test_the_version_is_typed_text():
    assert skscreen.__version__.count(".") == 2


def test_public_functions_say_their_types():
    seen = 0
    for room in (skscreen, skscreen.screening, skscreen.inspection):
        for name in room.__all__:
            function = getattr(room, name)
            if inspect.isfunction(function) and name not in INTERNAL:
                seen += 1
                signature = inspect.signature(function)
                parts = [*(p.annotation for p in signature.parameters.values())]
                assert inspect.Signature.empty not in parts, name
    assert seen > 12


# what the other rooms share among them
INTERNAL = {"check_selection", "resolve_screen", "resolve_selection"}


def test_the_reference_has_every_public_name():
    reference = (ROOT.parent / "docs" / "api.rst").read_text(encoding="utf-8").split()
    for room in (
        *(skscreen, skscreen.screening, skscreen.pruning, skscreen.inspection),
        *(skscreen.interop, skscreen.nn),
    ):
        documented = [name for name in room.__all__ if callable(getattr(room, name))]
        assert set(documented) <= set(reference), room
