"""How kernels are compiled and cached: damaged, full and missing folders."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

CODE = """
import warnings
warnings.simplefilter("always")
import numpy as np
from skscreen.kernels.activations import add_bias
z = np.zeros((1, 2))
add_bias(z, np.array([1.0, 2.0]))
print(z.tolist())
"""


def run(cache):
    """Use a kernel in a fresh process; return what it printed and its warnings."""
    root = Path(__file__).parents[2]
    environment = os.environ | {"NUMBA_CACHE_DIR": str(cache), "NUMBA_DISABLE_JIT": "0"}
    environment["PYTHONPATH"] = os.pathsep.join([str(root), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-c", CODE], capture_output=True, text=True, check=True, env=environment
    )
    return done.stdout.strip(), done.stderr


@pytest.mark.parametrize("suffix", ["nbi", "nbc"])
@pytest.mark.parametrize("damage", ["empty", "truncated", "garbage"])
def test_damaged_cache_files_are_replaced(tmp_path, suffix, damage):
    assert run(tmp_path) == ("[[1.0, 2.0]]", "")
    for path in tmp_path.rglob(f"*.{suffix}"):
        content = path.read_bytes()
        damaged = {"empty": b"", "truncated": content[:-20], "garbage": b"\x93garbage" * 50}
        path.write_bytes(damaged[damage])
    printed, warned = run(tmp_path)
    assert printed == "[[1.0, 2.0]]"
    assert "RuntimeWarning: the cache of the kernel" in warned
    assert "cannot be read" in warned
    assert run(tmp_path) == ("[[1.0, 2.0]]", "")  # mended


def test_a_cache_folder_that_takes_nothing(tmp_path):
    cache = tmp_path / "cache"
    cache.mkdir()
    run(cache)
    index = next(cache.rglob("*.nbi"))
    index.unlink()
    index.mkdir()  # nothing can be written in its place, whoever runs this
    printed, warned = run(cache)
    assert printed == "[[1.0, 2.0]]"
    assert "cannot be mended" in warned
