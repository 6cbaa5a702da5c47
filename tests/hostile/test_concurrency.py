"""Many threads and processes at once, and the same bits at any number of them."""

import threading
from concurrent.futures import ThreadPoolExecutor

import joblib
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import cross_val_score
from threadpoolctl import threadpool_info, threadpool_limits

from skscreen import CNNClassifier, MLPClassifier, ScreeningPruner

RNG = np.random.default_rng(0)
X = RNG.random((300, 64))
y = (X[:, :8].sum(axis=1) * 3).astype(int) % 3
SHORT = {"max_iter": 3, "tol": None, "random_state": 0, "batch_size": 64}
NETWORKS = {
    "MLP": MLPClassifier((30, 20), **SHORT),
    "CNN": CNNClassifier((8, 8), conv_channels=(4, 6), hidden_layer_sizes=(20,), **SHORT),
}
PRUNERS = {
    f"{name}, {granularity}": ScreeningPruner(
        net,
        granularity=granularity,
        sparsity=0.6,
        n_rounds=2,
        pruning_epochs=2,
        fine_tune_epochs=1,
    )
    for name, net in NETWORKS.items()
    for granularity in ("connection", "channel")
}
ESTIMATORS = NETWORKS | PRUNERS


def blas_threads():
    return [lib["num_threads"] for lib in threadpool_info() if lib["user_api"] == "blas"]


@pytest.mark.parametrize("name", ESTIMATORS)
def test_eight_threads_predict_with_one_network(name):
    estimator = clone(ESTIMATORS[name]).fit(X, y)
    many = np.tile(X, (8, 1))
    expected = {size: estimator.predict_proba(many[:size]) for size in (1, 7, 64, 300, 2400)}
    threads = blas_threads()
    barrier = threading.Barrier(8)

    def predict(number):
        barrier.wait()
        sizes = np.roll(list(expected), number).tolist() * 3
        return [(size, estimator.predict_proba(many[:size])) for size in sizes]

    with ThreadPoolExecutor(8) as pool:
        for found in pool.map(predict, range(8)):
            for size, probabilities in found:
                np.testing.assert_allclose(probabilities, expected[size], rtol=0, atol=1e-6)
    assert blas_threads() == threads


@pytest.mark.parametrize("name", ESTIMATORS)
def test_two_fits_at_once_are_those_one_by_one(name):
    seeds = (1, 2)
    serial = [
        clone(ESTIMATORS[name]).set_params(random_state=seed).fit(X, y).predict_proba(X)
        for seed in seeds
    ]
    threads = blas_threads()
    with ThreadPoolExecutor(2) as pool:
        fits = pool.map(
            lambda seed: clone(ESTIMATORS[name]).set_params(random_state=seed).fit(X, y), seeds
        )
        for fit, expected in zip(fits, serial, strict=True):
            np.testing.assert_allclose(fit.predict_proba(X), expected, rtol=0, atol=1e-4)
    assert blas_threads() == threads


@pytest.mark.parametrize("name", ["CNN", "CNN, channel"])
@pytest.mark.parametrize("n_threads", [1, 2, 3])
def test_convolutional_networks_are_the_same_bits_at_any_number_of_threads(name, n_threads):
    expected = clone(ESTIMATORS[name]).fit(X, y)
    with threadpool_limits(n_threads, user_api="blas"):
        fit = clone(ESTIMATORS[name]).fit(X, y)
        np.testing.assert_array_equal(fit.predict_proba(X), expected.predict_proba(X))


@pytest.mark.parametrize("name", ESTIMATORS)
def test_the_same_seed_gives_the_same_bits(name):
    with threadpool_limits(1, user_api="blas"):
        first, second = (clone(ESTIMATORS[name]).fit(X, y) for _ in range(2))
    for one, other in zip(first.network_.layers, second.network_.layers, strict=True):
        np.testing.assert_array_equal(one.weight, other.weight)
        np.testing.assert_array_equal(one.bias, other.bias)


@pytest.mark.parametrize("backend", ["loky", "threading", "multiprocessing"])
@pytest.mark.parametrize("name", ["MLP, connection", "CNN, channel"])
def test_every_backend_of_joblib(backend, name):
    with threadpool_limits(1, user_api="blas"):
        expected = cross_val_score(ESTIMATORS[name], X, y, cv=2)
        with joblib.parallel_config(backend, n_jobs=2):
            found = cross_val_score(ESTIMATORS[name], X, y, cv=2)
    np.testing.assert_allclose(found, expected, atol=0.02)


@pytest.mark.parametrize("name", ESTIMATORS)
def test_a_copy_in_another_process_predicts_the_same(name):
    estimator = clone(ESTIMATORS[name]).fit(X, y)
    with joblib.parallel_config("loky", n_jobs=2):
        found = joblib.Parallel()(joblib.delayed(estimator.predict_proba)(X) for _ in range(2))
    for probabilities in found:
        np.testing.assert_allclose(probabilities, estimator.predict_proba(X), rtol=0, atol=1e-6)
