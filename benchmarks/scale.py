"""How cost grows with samples, features and classes, without the samples ever being in memory.

    python benchmarks/scale.py
    python benchmarks/scale.py --memmap 4e9 --limit 1e9

The first prints microseconds of CPU for a row and the largest memory of four passes over samples
that are made on the fly, chunk by chunk: class moments, second moments (up to 1,000 features: they
are a matrix of features by features), an epoch of ``partial_fit`` of a network of 100 hidden
units, and its predictions. Neither the making of the samples nor the compiling is counted.

The second writes a file of so many bytes, then lets the process have no more memory than the limit
(Linux only), and screens, trains, prunes and predicts from a ``numpy.memmap`` of the file.
Take one thread, ``OPENBLAS_NUM_THREADS=1``, for figures like those of docs/scale.md.
"""

import argparse
import resource
import time
import tracemalloc
import warnings
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from sklearn.frozen import FrozenEstimator

from skscreen import MLPClassifier, ScreeningPruner
from skscreen.screening import ClassMoments, SecondMoments, class_moments, f_from_moments

# A chunk has so many values (4 MB of float32), and so many classes times samples, but never
# fewer samples than this, or the moments of a chunk would be larger than the chunk.
CHUNK = 10**6
FEWEST = 500
#: features of the largest matrix of second moments
LARGEST_MATRIX = 1000
#: samples, features, classes
CASES = [
    *((n, 100, 10) for n in (10**4, 10**5, 10**6, 10**7)),
    *((10**4, n, 10) for n in (10**3, 10**4, 10**5)),
    *((10**5, 100, n) for n in (2, 100, 1000)),
]
PASSES = ("class moments", "second moments", "epoch", "predict")
#: features and classes of the file
FILE_SHAPE = (1000, 10)


def chunks(n_samples, n_features, n_classes):
    """Yield samples and classes, chunk by chunk, the same at every call."""
    length = min(n_samples, max(FEWEST, CHUNK // max(n_features, n_classes)))
    for start in range(0, n_samples, length):
        rng = np.random.default_rng(start)
        size = min(length, n_samples - start)
        codes = rng.integers(n_classes, size=size)
        samples = rng.standard_normal((size, n_features), dtype=np.float32)
        samples[:, 0] += codes
        yield samples, codes


def timed_pass(case, use):
    """Microseconds a row that ``use(samples, codes)`` takes, and megabytes beside a chunk."""
    seconds = 0.0
    peak = 0
    tracemalloc.start()
    for samples, codes in chunks(*case):
        tracemalloc.reset_peak()
        start = time.process_time()  # of the CPU: other work on the machine does not count
        use(samples, codes)
        seconds += time.process_time() - start
        peak = max(peak, tracemalloc.get_traced_memory()[1] - samples.nbytes - codes.nbytes)
    tracemalloc.stop()
    return seconds / case[0] * 1e6, peak / 1e6


def row(case):
    """Measure one case."""
    _, n_features, n_classes = case
    moments = ClassMoments(n_classes, n_features)
    net = MLPClassifier((100,), random_state=0)
    labels = np.arange(n_classes)
    measured = {"class moments": timed_pass(case, moments.partial_fit)}
    assert f_from_moments(moments).F.argmax() == 0
    if n_features <= LARGEST_MATRIX:
        products = SecondMoments(n_features)
        measured["second moments"] = timed_pass(case, lambda X, y: products.partial_fit(X))
    measured["epoch"] = timed_pass(case, lambda X, y: net.partial_fit(X, y, classes=labels))
    measured["predict"] = timed_pass(case, lambda X, y: net.predict(X))
    cells = [measured.get(name, ()) for name in PASSES]
    numbers = [f"{value:.3g}" for pair in cells for value in pair or (np.nan, np.nan)]
    return [f"{size:,}" for size in case] + ["–" if cell == "nan" else cell for cell in numbers]


def print_growth(largest):
    """Print the table of all cases of no more than so many values, row by row."""
    warnings.filterwarnings("ignore", "The number of unique classes")  # of a chunk
    row((1000, 10, 3))  # compiles
    header = ["samples", "features", "classes"]
    header += [f"{name} [{unit}]" for name in PASSES for unit in ("µs/row", "MB")]
    print_cells(header)
    print_cells(["---:"] * len(header))
    for case in CASES:
        if case[0] * case[1] <= largest:
            print_cells(row(case))


def print_cells(cells):
    """Print a row of a table in Markdown."""
    print("|", " | ".join(cells), "|", flush=True)


def write_file(path, n_bytes):
    """Write samples of about so many bytes; return them as a `numpy.memmap`, and the classes."""
    n_features, n_classes = FILE_SHAPE
    n_samples = int(n_bytes) // (4 * n_features)
    codes = []
    with open(path, "wb") as stream:
        for samples, some in chunks(n_samples, n_features, n_classes):
            samples.tofile(stream)
            codes.append(some)
    X = np.memmap(path, np.float32, "r", shape=(n_samples, n_features))
    return X, np.concatenate(codes)


def uses(X, codes):
    """Yield what is done with the samples of a file: a name and a function."""
    n_classes = FILE_SHAPE[1]
    net = MLPClassifier((20,), max_iter=1, tol=None, random_state=0)
    pruner = ScreeningPruner(
        FrozenEstimator(net), n_rounds=1, pruning_epochs=1, fine_tune_epochs=1
    )
    yield "class moments", lambda: class_moments(X, codes, n_classes, chunk_size=4096)
    yield "fit, an epoch", lambda: net.fit(X, codes)
    yield "prune, two epochs", lambda: pruner.fit(X, codes)
    yield "predict", lambda: pruner.predict(X)


def print_within_limit(n_bytes, limit):
    """Print what a process takes that may have ``limit`` bytes, with a file of ``n_bytes``."""
    with TemporaryDirectory() as folder:
        X, codes = write_file(Path(folder) / "X", n_bytes)
        resource.setrlimit(resource.RLIMIT_DATA, (int(limit), resource.RLIM_INFINITY))
        try:
            np.ones(X.size, np.float32)
            raise SystemExit("the limit does not hold: the samples were in memory")
        except MemoryError:
            print(f"{X.nbytes / 1e6:,.0f} MB of samples; as an array they are beyond the limit")
        print_cells(["pass", "µs/row", "MB"])
        print_cells(["---", "---:", "---:"])
        for name, use in uses(X, codes):
            tracemalloc.start()
            start = time.process_time()
            use()
            seconds = time.process_time() - start
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            print_cells([name, f"{seconds / len(X) * 1e6:.3g}", f"{peak / 1e6:.3g}"])


def main():
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--largest", type=float, default=1e9, help="values of the largest case (1e9)"
    )
    parser.add_argument("--memmap", type=float, help="bytes of a file to work from instead")
    parser.add_argument("--limit", type=float, default=1e9, help="bytes of memory for that (1e9)")
    options = parser.parse_args()
    if options.memmap is None:
        print_growth(options.largest)
    else:
        print_within_limit(options.memmap, options.limit)


if __name__ == "__main__":
    main()
