"""The lazy hidden activations."""

import copy
import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from skscreen import HiddenActivations, MLPClassifier
from skscreen.estimators.handoff import find_handoff

X, y = load_iris(return_X_y=True)


@pytest.fixture
def net():
    return MLPClassifier((7, 5), max_iter=3, tol=None, random_state=0, dtype="float64").fit(X, y)


@pytest.fixture
def counted(monkeypatch):
    """Count how often the activations are computed."""
    calls = []
    hidden = MLPClassifier.hidden_activations
    monkeypatch.setattr(
        MLPClassifier,
        "hidden_activations",
        lambda self, inputs: calls.append(1) or hidden(self, inputs),
    )
    return calls


def by_hand(net, X):
    for weight, bias in zip(net.coefs_[:-1], net.intercepts_[:-1], strict=True):
        X = np.maximum(X @ weight + bias, 0)
    return X


def test_read_as_an_array_it_is_the_last_hidden_layer(net):
    hidden = net.transform(X)
    assert isinstance(hidden, HiddenActivations)
    assert (hidden.shape, hidden.dtype, hidden.ndim, len(hidden)) == ((150, 5), "float64", 2, 150)
    np.testing.assert_allclose(hidden, by_hand(net, X))
    np.testing.assert_allclose(2 * hidden + 1, 2 * by_hand(net, X) + 1)
    np.testing.assert_allclose(np.exp(hidden), np.exp(by_hand(net, X)))
    np.testing.assert_allclose(hidden.mean(axis=0), by_hand(net, X).mean(axis=0))
    np.testing.assert_allclose(hidden[3, 2], by_hand(net, X)[3, 2])
    assert np.asarray(hidden, dtype="float32").dtype == np.float32
    with pytest.raises(ValueError, match="copy=False is impossible"):
        hidden.__array__(copy=False)  # as NumPy 2 calls it for np.array(hidden, copy=False)


def test_probes_and_copies_compute_nothing(net, counted):
    hidden = net.transform(X)
    assert not any(hasattr(hidden, name) for name in ("iloc", "columns", "__dataframe__", "foo"))
    assert repr(hidden) == "HiddenActivations(shape=(150, 5), dtype=float64, lazy)"
    copy.copy(hidden), copy.deepcopy(hidden), pickle.loads(pickle.dumps(hidden))
    rows = hidden[np.arange(20)][5:]
    assert isinstance(rows, HiddenActivations)
    assert not counted
    np.testing.assert_allclose(rows, by_hand(net, X)[5:20])
    assert len(counted) == 1


def test_a_pickle_gives_the_same_activations(net):
    hidden = pickle.loads(pickle.dumps(net.transform(X)))
    np.testing.assert_array_equal(hidden, net.transform(X))


def test_hidden_features_feed_any_estimator():
    pipe = make_pipeline(
        MLPClassifier((20,), solver="lbfgs", tol=None, random_state=0),
        LogisticRegression(max_iter=10000),
    )
    assert pipe.fit(X, y).score(X, y) > 0.95


def test_no_hidden_layer_gives_the_features():
    net = MLPClassifier((), max_iter=2, tol=None).fit(X, y)
    np.testing.assert_allclose(net.transform(X), X, rtol=1e-6)


def test_pandas_output_carries_the_reference(net, counted):
    frame = pd.DataFrame(X, index=np.arange(150) + 7)
    hidden = net.set_output(transform="pandas").transform(frame)
    assert len(counted) == 1
    assert list(hidden.columns) == [f"mlpclassifier{number}" for number in range(5)]
    assert hidden.index[0] == 7
    np.testing.assert_allclose(hidden, by_hand(net, X))
    assert find_handoff(hidden).estimator is net
    assert find_handoff(hidden.copy()).estimator is net
    with pytest.raises(ValueError, match="150 samples: select samples before the network"):
        find_handoff(hidden.iloc[:10])
    assert find_handoff(X) is None
