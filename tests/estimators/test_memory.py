"""Samples that stay on disk: nothing copies all of them."""

import tracemalloc
import warnings

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.frozen import FrozenEstimator

from skscreen import MLPClassifier, ScreeningPruner

N_SAMPLES, N_FEATURES = 40000, 400


@pytest.fixture
def samples(tmp_path):
    shape = (N_SAMPLES, N_FEATURES)
    written = np.lib.format.open_memmap(tmp_path / "X.npy", "w+", np.float32, shape)
    written[:] = np.random.default_rng(0).standard_normal(N_FEATURES)
    written[::2, :50] += 1
    written.flush()
    return np.load(tmp_path / "X.npy", mmap_mode="r"), np.arange(N_SAMPLES) % 2


def test_a_memory_map_is_trained_screened_and_predicted_part_by_part(samples):
    X, y = samples
    net = MLPClassifier((4,), max_iter=1, early_stopping=True, batch_size=500, random_state=0)
    pruner = ScreeningPruner(
        FrozenEstimator(net), sparsity=0.9, n_rounds=1, pruning_epochs=1, fine_tune_epochs=0
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        net.fit(X[:2000], y[:2000])  # what is loaded at first does not count
        tracemalloc.start()
        try:
            net.fit(X, y)
            pruner.fit(X, y)
            pruner.predict(X)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert peak < 0.4 * X.nbytes
