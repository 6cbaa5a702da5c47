"""How cost grows with samples, features and classes; the samples are made on the fly.

    python benchmarks/scale.py

Prints seconds and the largest memory of three passes over data that are never there as a whole:
class moments, an epoch of ``partial_fit`` of a network of 100 hidden units, and its predictions.
The time that the samples take to be made is not counted, nor is compiling.
"""

import argparse
import time
import tracemalloc

import numpy as np

from skscreen import MLPClassifier
from skscreen.inspection import format_table
from skscreen.screening import ClassMoments, f_from_moments

# values of a chunk: 40 MB of float32
CHUNK = 10**7
#: samples, features, classes
CASES = [
    *((n, 100, 10) for n in (10**4, 10**5, 10**6, 10**7)),
    *((10**4, n, 10) for n in (10**2, 10**3, 10**4, 10**5)),
    *((10**5, 100, n) for n in (2, 10, 100, 1000)),
]


def chunks(n_samples, n_features, n_classes):
    """Yield samples and classes, chunk by chunk, the same at every call."""
    length = max(1, min(n_samples, CHUNK // n_features))
    for start in range(0, n_samples, length):
        rng = np.random.default_rng(start)
        size = min(length, n_samples - start)
        codes = rng.integers(n_classes, size=size)
        codes[: min(size, n_classes)] = np.arange(min(size, n_classes))
        samples = rng.standard_normal((size, n_features), dtype=np.float32)
        samples[:, 0] += codes
        yield samples, codes


def timed_pass(case, use):
    """Seconds that ``use(samples, codes)`` takes over all chunks, and megabytes at the peak."""
    seconds = 0.0
    peak = 0
    for samples, codes in chunks(*case):
        tracemalloc.start()
        start = time.perf_counter()
        use(samples, codes)
        seconds += time.perf_counter() - start
        peak = max(peak, tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    return seconds, peak / 1e6


def row(case):
    """Measure one case."""
    n_samples, n_features, n_classes = case
    moments = ClassMoments(n_classes, n_features)
    net = MLPClassifier((100,), random_state=0)
    labels = np.arange(n_classes)
    statistics = timed_pass(case, moments.partial_fit)
    assert f_from_moments(moments).F.argmax() == 0
    training = timed_pass(case, lambda X, y: net.partial_fit(X, y, classes=labels))
    prediction = timed_pass(case, lambda X, y: net.predict(X))
    measured = [f"{value:.3g}" for pair in (statistics, training, prediction) for value in pair]
    return [f"{n_samples:,}", f"{n_features:,}", f"{n_classes:,}", *measured]


def main():
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--largest", type=float, default=1e9, help="values of the largest case")
    largest = parser.parse_args().largest
    row((1000, 10, 3))  # compiles
    header = ["samples", "features", "classes"]
    header += [
        f"{name} [{unit}]" for name in ("moments", "epoch", "predict") for unit in ("s", "MB")
    ]
    cases = [case for case in CASES if case[0] * case[1] <= largest]
    print(format_table(header, [row(case) for case in cases]))


if __name__ == "__main__":
    main()
