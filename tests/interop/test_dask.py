"""dask: more than one machine, and data that fit into no memory."""

import sys
import tracemalloc

import dask
import dask.array as da
import joblib
import numpy as np
import pytest
from distributed import Client, LocalCluster
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from small import X, network, quick, y

from skscreen import MLPClassifier, MLPRegressor, ScreeningPrunerCV
from skscreen.inspection import rank_stability
from skscreen.interop import dask as out_of_core
from skscreen.screening import (
    RegressionMoments,
    SecondMoments,
    class_moments,
    permutation_test,
)

# of dask and of the processes it starts and stops, not of this package
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore:Running on a single-machine scheduler"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(scope="module")
def cluster():
    """Two workers, each a process of its own."""
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as workers,
        Client(workers) as client,
    ):
        assert len(client.scheduler_info()["workers"]) == 2
        yield client


def told(moments):
    """All that class moments hold, by name."""
    parts = {"units": moments._units, "totals": moments._totals}
    return {f"{part} {name}": a for part, held in parts.items() for name, a in vars(held).items()}


def equal_moments(one, other):
    assert type(one) is type(other)
    assert one.decay == other.decay
    for name, value in told(other).items():
        np.testing.assert_array_equal(told(one)[name], value)


REPEATED = {
    "class moments": lambda: told(class_moments(X, y, 10, chunk_size=100, n_jobs=2)),
    "permutations": lambda: permutation_test(X, y, n_permutations=60, random_state=0, n_jobs=2),
    "rank stability": lambda: rank_stability(X, y, n_repeats=4, random_state=0, n_jobs=2),
    "choice of a sparsity": lambda: {
        name: value
        for name, value in ScreeningPrunerCV(
            quick(network()), sparsities=[0.5, 0.8], cv=2, n_jobs=2, refit=False
        )
        .fit(X, y)
        .cv_results_.items()
        if name.endswith("score")
    },
    "grid search": lambda: {
        name: value
        for name, value in GridSearchCV(quick(network()), {"sparsity": [0.5, 0.8]}, cv=2, n_jobs=2)
        .fit(X, y)
        .cv_results_.items()
        if name.endswith("score")
    },
}


def flat(result):
    """Return what a result is made of, as arrays."""
    if isinstance(result, dict):
        return [array for value in result.values() for array in flat(value)]
    if isinstance(result, tuple):
        return [array for value in result for array in flat(value)]
    return [np.asarray(result)]


@pytest.mark.parametrize("name", REPEATED)
def test_what_repeats_is_the_same_on_a_cluster(name, cluster):
    here = REPEATED[name]()
    with joblib.parallel_config("dask"):
        there = REPEATED[name]()
    for one, other in zip(flat(there), flat(here), strict=True):
        np.testing.assert_array_equal(one, other)


def chunked(A, length=130, columns=20):
    return da.from_array(A, chunks=(length, columns))


@pytest.mark.parametrize("weights", [None, np.linspace(0, 2, len(X))])
def test_class_moments_are_merged_by_the_workers(weights, cluster):
    wanted = class_moments(X, y, 10, weights, chunk_size=130)
    equal_moments(out_of_core.class_moments(chunked(X), y, 10, weights), wanted)
    codes = da.from_array(y, chunks=77)
    equal_moments(out_of_core.class_moments(chunked(X), codes, 10, weights), wanted)


def test_regression_moments_are_merged_by_the_workers(cluster):
    targets = np.column_stack([y, X[:, 20]])
    wanted = RegressionMoments(64, 2)
    for start in range(0, len(X), 130):
        rows = slice(start, start + 130)
        wanted.merge(RegressionMoments(64, 2).partial_fit(X[rows], targets[rows]))
    found = out_of_core.regression_moments(chunked(X), targets)
    np.testing.assert_array_equal(found.sxy, wanted.sxy)
    one = out_of_core.regression_moments(chunked(X), da.from_array(y.astype(float), chunks=50))
    assert one.n_outputs == 1


def test_second_moments_are_merged_by_the_workers(cluster):
    wanted = SecondMoments(64, 1)
    for start in range(0, len(X), 130):
        rows = slice(start, start + 130)
        wanted.merge(SecondMoments(64, 1).partial_fit(X[rows], y[rows, None]))
    found = out_of_core.merged_moments(SecondMoments(64, 1), chunked(X), y[:, None])
    np.testing.assert_array_equal(found.scatter, wanted.scatter)
    np.testing.assert_array_equal(found.cross, wanted.cross)
    alone = out_of_core.merged_moments(SecondMoments(64), chunked(X))
    np.testing.assert_array_equal(alone.scatter, wanted.scatter)


def test_no_task_holds_all_samples():
    longest = []

    def remember(block):
        longest.append(len(block))
        return block

    lazy = chunked(X, columns=-1).map_blocks(remember, dtype=X.dtype, meta=X[:0])
    with dask.config.set(scheduler="synchronous"):
        out_of_core.class_moments(lazy, y, 10)
    assert max(longest) == 130
    assert sum(longest) == len(X)


def test_class_moments_of_a_file_take_little_memory(tmp_path):
    shape = (60_000, 100)
    A = np.memmap(tmp_path / "A", np.float32, "w+", shape=shape)
    rng = np.random.default_rng(0)
    for start in range(0, len(A), 10_000):
        A[start : start + 10_000] = rng.normal(size=(10_000, 100))
    A.flush()
    codes = np.arange(len(A)) % 5
    A = np.memmap(tmp_path / "A", np.float32, "r", shape=shape)
    class_moments(A[:4096], codes[:4096], 5, chunk_size=2048)  # compiles
    tracemalloc.start()
    found = class_moments(A, codes, 5, chunk_size=2048)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < A.nbytes / 4
    equal_moments(found, class_moments(np.array(A), codes, 5, chunk_size=2048))

    def rows_of(start):
        return np.array(np.memmap(tmp_path / "A", np.float32, "r", shape=shape)[start:][:2000])

    parts = [
        da.from_delayed(dask.delayed(rows_of)(start), (2000, 100), A.dtype)
        for start in range(0, len(A), 2000)
    ]
    wanted = class_moments(A, codes, 5, chunk_size=2000)
    with dask.config.set(scheduler="threads"):
        equal_moments(out_of_core.class_moments(da.concatenate(parts), codes, 5), wanted)


def test_training_over_chunks():
    net = network(dtype="float64")
    chunks = out_of_core.partial_fit(net, chunked(X), y, classes=range(10))
    again = network(dtype="float64")
    for start in range(0, len(X), 130):
        again.partial_fit(X[start : start + 130], y[start : start + 130], classes=range(10))
    np.testing.assert_array_equal(chunks.predict_proba(X), again.predict_proba(X))
    pruner = quick(FrozenEstimator(net.fit(X, y)), sparsity=0.8).fit(X, y)
    kept = pruner.network_.n_weights
    out_of_core.partial_fit(pruner, chunked(X), da.from_array(y, chunks=50))
    assert sum(np.count_nonzero(layer.weight) for layer in pruner.network_.layers) == kept


@pytest.mark.parametrize("method", ["predict", "predict_proba", "decision_function"])
def test_predictions_where_the_chunks_are(method, cluster):
    models = [
        network().fit(X, y),
        quick(network()).fit(X, y),
        make_pipeline(StandardScaler(), network(), quick()).fit(X, y),
        quick(make_pipeline(StandardScaler(), network())).fit(X, y),
        MLPClassifier((5,), max_iter=2, tol=None).fit(X, y > 4),
    ]
    for model in models:
        lazy = out_of_core.predict(model, chunked(X), method)
        wanted = getattr(model, method)(X)
        assert (lazy.shape, lazy.dtype) == (wanted.shape, wanted.dtype)
        assert lazy.chunks[0] == (130, 130, 130, 130, 80)
        np.testing.assert_allclose(lazy.compute(), wanted, rtol=1e-5, atol=1e-5)


def test_predictions_of_several_numbers():
    net = MLPRegressor((5,), max_iter=2, tol=None).fit(X, X[:, :3])
    lazy = out_of_core.predict(net, chunked(X))
    np.testing.assert_allclose(lazy.compute(), net.predict(X), rtol=1e-5)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: out_of_core.class_moments(X, y, 10), "must be a dask array .* got ndarray"),
        (lambda: out_of_core.class_moments(chunked(X), y[1:], 10), "X has 600 samples, but"),
        (
            lambda: out_of_core.class_moments(chunked(X)[da.from_array(y > 3, chunks=130)], y, 10),
            "compute_chunk_sizes",
        ),
        (lambda: out_of_core.predict(StandardScaler(), chunked(X)), "got StandardScaler"),
    ],
)
def test_bad_input(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_without_dask_the_command_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "dask", None)
    lazy = chunked(X)
    with pytest.raises(ImportError, match=r"pip install 'skscreen\[dask\]'"):
        out_of_core.class_moments(lazy, y, 10)
