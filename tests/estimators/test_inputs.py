"""Samples as users have them: sparse, nullable, polars; and activations that somebody changed."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from small import LABELS, X, network, quick, y

from skscreen import CNNClassifier, MLPRegressor, Screen
from skscreen.estimators.samples import SparseRows

FORMS = [sp.csr_array, sp.csc_matrix, sp.coo_array, sp.lil_matrix]


@pytest.mark.parametrize("form", FORMS)
def test_a_sparse_fit_is_the_dense_one(form):
    dense = quick(network(), sparsity=0.8).fit(X, y)
    sparse = quick(network(), sparsity=0.8).fit(form(X), y)
    for one, other in zip(dense.masks_, sparse.masks_, strict=True):
        np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(sparse.predict_proba(form(X)), dense.predict_proba(X))
    np.testing.assert_array_equal(sparse.predict(X), sparse.predict(form(X)))


@pytest.mark.parametrize("parameters", [{"solver": "lbfgs"}, {"early_stopping": True}])
def test_sparse_samples_in_other_ways_of_training(parameters):
    dense, sparse = network(**parameters).fit(X, y), network(**parameters).fit(sp.csr_array(X), y)
    np.testing.assert_allclose(sparse.predict_proba(sp.csr_array(X)), dense.predict_proba(X))
    assert sparse.score(sp.csr_array(X), y) == dense.score(X, y)


def test_sparse_samples_through_a_pipeline():
    pipe = Pipeline([("net", network()), ("prune", quick(validation_fraction=0.2))])
    dense = clone(pipe).fit(X, y).predict_proba(X)
    np.testing.assert_array_equal(pipe.fit(sp.csr_array(X), y).predict_proba(X), dense)
    hidden = pipe["net"].transform(sp.csr_array(X))
    np.testing.assert_array_equal(hidden, pipe["net"].transform(X))
    np.testing.assert_array_equal(hidden[5:7], pipe["net"].transform(X[5:7]))
    assert isinstance(hidden[np.arange(3)].handoff.inputs, SparseRows)


def test_sparse_samples_in_partial_fit_and_without_hidden_layers():
    net = network(hidden_layer_sizes=())
    for part in (slice(0, 300), slice(300, 600)):
        net.partial_fit(sp.csr_array(X[part]), y[part], classes=np.unique(LABELS))
    twin = network(hidden_layer_sizes=())
    for part in (slice(0, 300), slice(300, 600)):
        twin.partial_fit(X[part], y[part], classes=np.unique(LABELS))
    np.testing.assert_array_equal(net.coefs_[0], twin.coefs_[0])
    np.testing.assert_allclose(net.transform(sp.csr_array(X)), X, rtol=1e-6)


def test_sparse_samples_are_made_dense_batch_by_batch(monkeypatch):
    rows = []
    for name in ("__getitem__", "take"):
        method = getattr(SparseRows, name)
        monkeypatch.setattr(
            SparseRows,
            name,
            lambda self, *args, method=method, **kwargs: (
                rows.append(len(found := method(self, *args, **kwargs))) or found
            ),
        )
    monkeypatch.setattr(SparseRows, "__array__", None)
    many = sp.vstack([sp.csr_array(X)] * 5).tocsr()  # 3,000 samples
    net = network(max_iter=2).fit(many, np.tile(y, 5))
    quick(FrozenEstimator(net), score_func=Screen(samples=500)).fit(many, np.tile(y, 5)).predict(
        many
    )
    assert len(rows) > 60
    assert max(rows) <= 1024


def test_sparse_images_are_refused():
    net = CNNClassifier((8, 8), conv_channels=2, max_iter=1, tol=None)
    message = "CNNClassifier needs images as a dense array, got a sparse matrix"
    with pytest.raises(ValueError, match=message):
        net.fit(sp.csr_array(X), y)
    net.fit(X, y)
    with pytest.raises(ValueError, match=message):
        net.predict(sp.csr_array(X))


def test_wrong_sparse_samples():
    bad = sp.csr_array(np.where(X > 0.99, np.nan, X))
    with pytest.raises(ValueError, match="contains NaN"):
        network().fit(bad, y)
    net = network().fit(X, y)
    with pytest.raises(ValueError, match="X has 3 features, but MLPClassifier is expecting 64"):
        net.predict(sp.csr_array(X[:, :3]))
    with pytest.raises(ValueError, match="axis must be 0"):
        np.take(SparseRows(sp.csr_array(X)), [0], axis=1)


@pytest.mark.parametrize("dtype", ["Float64", "Float32"])
def test_nullable_columns_of_pandas(dtype):
    frame = pd.DataFrame(X, columns=[f"x{i}" for i in range(64)]).astype(dtype)
    net = network().fit(frame, y)
    np.testing.assert_allclose(net.predict_proba(frame), network().fit(X, y).predict_proba(X))
    assert list(net.feature_names_in_) == list(frame.columns)
    frame.iloc[3, 5] = pd.NA
    with pytest.raises(ValueError, match="contains NaN"):
        network().fit(frame, y)


def test_integers_booleans_and_nullable_targets_of_pandas():
    frame = pd.DataFrame({"a": y, "b": y % 3 > 0, "c": y / 2}).astype(
        {"a": "Int64", "b": "boolean", "c": "Float64"}
    )
    plain = frame.astype(float).to_numpy()
    target = pd.Series(y, dtype="Int64")
    expected = network().fit(plain, y)
    found = network().fit(frame, target)
    np.testing.assert_allclose(found.predict_proba(frame), expected.predict_proba(plain))
    assert found.classes_.tolist() == list(range(10))
    values = pd.Series(y / 3, dtype="Float64")
    net = MLPRegressor((8,), max_iter=3, tol=None, random_state=0)
    found = net.fit(frame, values).predict(frame)
    np.testing.assert_allclose(found, net.fit(plain, y / 3).predict(plain))


def test_polars_frames():
    frame = pl.DataFrame(X, schema=[f"x{i}" for i in range(64)])
    net = network().fit(frame, pl.Series(y))
    np.testing.assert_array_equal(net.predict(frame), network().fit(X, y).predict(X))
    lean = quick(FrozenEstimator(net)).fit(frame, y)
    assert list(lean.feature_names_in_) == frame.columns
    with_null = frame.with_columns(pl.lit(None).cast(pl.Float64).alias("x3"))
    with pytest.raises(ValueError, match="contains NaN"):
        net.predict(with_null)


class TestChangedActivations:
    """What stands between the network and the pruner is noticed, not ignored."""

    def test_a_step_that_changes_arrays(self):
        pipe = make_pipeline(network(), StandardScaler(), quick())
        with pytest.raises(ValueError, match="without a step in between that changes"):
            pipe.fit(X, y)

    @pytest.mark.parametrize(
        "change",
        [
            lambda frame: 2 * frame,
            lambda frame: frame.iloc[::-1],
            lambda frame: frame.sample(frac=1, random_state=0),
            lambda frame: frame.fillna(0).clip(upper=0.1),
            lambda frame: frame[frame.columns[::-1]],
        ],
    )
    def test_a_step_that_changes_a_frame(self, change):
        pipe = make_pipeline(network(), FunctionTransformer(change), quick())
        pipe.set_output(transform="pandas")
        frame = pd.DataFrame(X, columns=[f"x{i}" for i in range(64)])
        with pytest.raises(ValueError, match="was changed, or its rows were moved"):
            pipe.fit(frame, y)

    def test_a_step_that_changes_nothing(self):
        pipe = make_pipeline(network(), FunctionTransformer(lambda frame: frame.copy()), quick())
        pipe.set_output(transform="pandas")
        frame = pd.DataFrame(X, columns=[f"x{i}" for i in range(64)])
        plain = make_pipeline(network(), quick()).fit(X, y)
        np.testing.assert_array_equal(pipe.fit(frame, y).predict(frame), plain.predict(X))

    def test_arithmetic_gives_plain_arrays(self):
        hidden = network().fit(X, y).transform(X)
        assert isinstance(hidden * 1, np.ndarray)
        with pytest.raises(TypeError):
            hidden += 1
