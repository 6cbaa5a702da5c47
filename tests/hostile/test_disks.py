"""Disks and caches that fail: full, killed in the midst, gone, read-only, shared by processes."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from small import X, network, y

import skscreen
from skscreen.interop import load, save

ROOT = Path(skscreen.__file__).parents[1]

#: uses kernels of three files, says what they give
WORK = """
import warnings
warnings.simplefilter("error")
import numpy as np
from skscreen.nn import Dense, Network
from skscreen.screening import f_statistic
rng = np.random.default_rng(0)
A, y = rng.random((40, 3)), np.arange(40) % 3
layer = Dense(rng.random((3, 4)).astype(np.float32), np.zeros(4, np.float32), "relu")
layer.set_mask(rng.random((3, 4)) < 0.5)
logits = Network([layer], "softmax").logits(A.astype(np.float32), inference="sparse")
print(f_statistic(A, y).F.tobytes().hex(), logits.tobytes().hex())
"""


def environment(cache, root=ROOT, **more):
    paths = os.pathsep.join([str(root), os.environ.get("PYTHONPATH", "")])
    plain = {name: value for name, value in os.environ.items() if name != "NUMBA_CACHE_DIR"}
    cache = {} if cache is None else {"NUMBA_CACHE_DIR": str(cache)}
    return plain | cache | {"NUMBA_DISABLE_JIT": "0", "PYTHONPATH": paths} | more


def start(code, cache, **options):
    """Start a fresh process; `end` waits for it."""
    return subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(cache, **options),
    )


def end(process):
    printed, complained = process.communicate()
    assert (process.returncode, complained) == (0, "")
    return printed.strip()


def test_eight_cold_processes_share_an_empty_cache(tmp_path):
    found = {end(process) for process in [start(WORK, tmp_path) for _ in range(8)]}
    assert len(found) == 1
    assert list(tmp_path.rglob("*.nbi"))
    assert {end(start(WORK, tmp_path))} == found  # and what they left behind is whole


def test_a_cache_that_vanishes_while_it_is_used(tmp_path):
    cache = tmp_path / "cache"
    expected = end(start(WORK, cache))
    # between two kernels, both before the first is read and before the second is written
    vanish = f"import shutil; shutil.rmtree({str(cache)!r}, ignore_errors=True)\n"
    code = WORK.replace("rng = ", vanish + "rng = ").replace("print(", vanish + "print(")
    assert end(start(code, cache)) == expected
    assert end(start(WORK, cache)) == expected


def test_a_read_only_installation(tmp_path):
    expected = end(start(WORK, tmp_path / "cache"))
    root = tmp_path / "installed"
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "skscreen", root / "skscreen", ignore=ignored)
    for folder in [path for path in root.rglob("*") if path.is_dir()]:
        (folder / "__pycache__").touch()  # no folder can be made here, whoever runs this
    for path in sorted(root.rglob("*"), reverse=True):
        path.chmod(0o555 if path.is_dir() else 0o444)
    # nor has the user a home to keep a cache in
    nowhere = {"HOME": os.devnull, "XDG_CACHE_HOME": os.devnull, "IPYTHONDIR": os.devnull}
    assert end(start(WORK, None, root=root, **nowhere)) == expected
    for path in root.rglob("*"):
        path.chmod(0o755)


#: saves a network over another, in a process that something befalls
SAVE = """
import os, signal, sys
import numpy as np
from skscreen import MLPClassifier
from skscreen.interop import save
X, y = np.random.default_rng(0).random((60, 64)), np.arange(60) % 3
net = MLPClassifier((50,), max_iter=1, tol=None, random_state=0).fit(X, y)
STRIKE
save(net, sys.argv[1])
"""

#: after so many bytes of a file the disk is full
FULL = """
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
"""

#: the process dies when all is written and nothing has been put in place
KILLED = """
os.fsync = lambda number: os.kill(os.getpid(), signal.SIGKILL)
"""


def strike(path, how):
    """Save over a network while something befalls the process; the network must stay."""
    before, expected = path.read_bytes(), load(path).predict_proba(X)
    done = subprocess.run(
        [sys.executable, "-c", SAVE.replace("STRIKE", how), path],
        capture_output=True,
        text=True,
        env=environment(os.environ.get("NUMBA_CACHE_DIR")),
    )
    assert path.read_bytes() == before
    np.testing.assert_array_equal(load(path).predict_proba(X), expected)
    return done


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "network.npz"
    save(network().fit(X, y), path)
    return path


def test_a_full_disk_leaves_the_old_file(saved):
    done = strike(saved, FULL)
    assert done.returncode == 1
    assert "OSError" in done.stderr
    assert [path.name for path in saved.parent.iterdir()] == [saved.name]


def test_a_kill_while_saving_leaves_the_old_file(saved):
    done = strike(saved, KILLED)
    assert done.returncode == -signal.SIGKILL
    (part,) = [path for path in saved.parent.iterdir() if path != saved]
    assert part.suffix == ".part"  # beside it, and in nobody's way
    net = network(random_state=1).fit(X, y)
    save(net, saved)
    np.testing.assert_array_equal(load(saved).predict_proba(X), net.predict_proba(X))
