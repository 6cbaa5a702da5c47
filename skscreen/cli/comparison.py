"""The dense network beside the pruned one."""

import pickle
import time
from functools import partial

import numpy as np

from skscreen.inspection import format_table, network_costs

MOST_TIMED_CALLS = 500
SECONDS_TO_TIME = 1.0
LARGE_BATCH = 10_000


def compare(dense, lean, X, y):
    """Lay out what two fitted estimators cost and are worth, side by side.

    Parameters
    ----------
    dense, lean : estimator
        With a ``network_`` each; both of one kind, so that the times are of the same calls.
    X : ndarray of shape (n_samples, n_features)
        Test samples.
    y : ndarray of shape (n_samples,)
        Their targets.

    Returns
    -------
    table : str
    """
    pair = (dense, lean)
    score = "test accuracy" if hasattr(dense, "classes_") else "test R2"
    before, after = (estimator.score(X, y) for estimator in pair)
    rows = [[score, f"{before:.4f}", f"{after:.4f}", f"{100 * (after - before):+.2f} points"]]
    if score == "test R2":
        rows[0][-1] = f"{after - before:+.4f}"
    costs = [network_costs(estimator.network_).total for estimator in pair]
    for name, values in {
        "weights": [cost.n_weights for cost in costs],
        "multiply-accumulates": [cost.macs for cost in costs],
        "bytes (pickle)": [len(pickle.dumps(estimator.network_)) for estimator in pair],
    }.items():
        factor = f"{values[0] / values[1]:.1f} times fewer"
        rows.append([name, *(f"{value:,}" for value in values), factor])
    for size in (1, LARGE_BATCH):
        batch = np.resize(X, (size, X.shape[1]))
        seconds = median_seconds(*(partial(estimator.predict, batch) for estimator in pair))
        ratio = seconds[0] / seconds[1]
        change = f"{ratio:.1f} times less" if ratio >= 1 else f"{1 / ratio:.1f} times more"
        name = f"prediction of {size:,} [ms]"
        rows.append([name, *(f"{1e3 * value:.3f}" for value in seconds), change])
    return format_table(["", "dense", "pruned", "change"], rows)


def median_seconds(*calls):
    """Median duration of each of some calls, taken in turn.

    Each is called once before it is timed, so that all find their own weights in the cache.
    """
    durations = []
    begin = time.perf_counter()
    while len(durations) < MOST_TIMED_CALLS:
        durations.append([])
        for call in calls:
            call()
            start = time.perf_counter()
            call()
            durations[-1].append(time.perf_counter() - start)
        if len(durations) > 2 and time.perf_counter() - begin > SECONDS_TO_TIME:
            break
    return np.median(durations, axis=0).tolist()
