"""The short way through the checks of a few plain samples, and rows that are not copied."""

import numpy as np
import pandas as pd
import pytest
from sklearn import config_context
from small import X, network, y

from skscreen import MLPRegressor
from skscreen.estimators.samples import SomeRows, subset

FEW = X[:20].astype(np.float32)


@pytest.fixture(scope="module")
def net():
    return network(max_iter=1).fit(X, y)


def test_the_short_way_gives_what_the_long_way_gives(net):
    assert net.validated_inputs(FEW) is FEW
    for same in (FEW.astype(np.float64), np.asfortranarray(FEW), FEW.tolist(), pd.DataFrame(FEW)):
        np.testing.assert_array_equal(net.predict_proba(same), net.predict_proba(FEW))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_numbers_that_are_none_are_refused(net, bad):
    broken = FEW.copy()
    broken[3, 5] = bad
    with pytest.raises(ValueError, match=r"contains NaN|contains infinity"):
        net.predict(broken)
    if np.isnan(bad):
        with config_context(assume_finite=True):
            assert net.predict(broken).shape == (20,)


def test_shapes_that_are_none_are_refused(net):
    with pytest.raises(ValueError, match="has 63 features, but MLPClassifier is expecting 64"):
        net.predict(FEW[:, 1:].copy())
    with pytest.raises(ValueError, match="Expected 2D array, got 1D array"):
        net.predict(FEW[0])
    with pytest.raises(ValueError, match="0 sample"):
        net.predict(FEW[:0])


def test_names_that_are_missing_are_warned_of():
    frame = pd.DataFrame(X).add_prefix("pixel ")
    net = network(max_iter=1).fit(frame, y)
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        net.predict(FEW)


@pytest.mark.parametrize("inference", ["dense", "sparse"])
def test_both_forms_predict_the_same(inference):
    auto = network(max_iter=1).fit(X, y)
    named = network(max_iter=1, inference=inference).fit(X, y)
    np.testing.assert_allclose(named.predict_proba(X), auto.predict_proba(X), atol=1e-6)


def test_another_form_is_refused():
    with pytest.raises(ValueError, match=r"inference of MLPRegressor must be .* got 'fast'"):
        MLPRegressor(inference="fast").fit(X, y)


class TestSomeRows:
    def test_it_reads_as_the_copy_would(self):
        rows = np.array([5, 2, 9, 2])
        some, copy = subset(X, rows), X[rows]
        assert isinstance(some, SomeRows)
        assert some.shape == copy.shape
        assert some.dtype == copy.dtype
        assert (some.ndim, len(some)) == (2, 4)
        np.testing.assert_array_equal(np.asarray(some), copy)
        np.testing.assert_array_equal(some[1:3], copy[1:3])
        np.testing.assert_array_equal(np.take(some, [3, 0], axis=0), copy[[3, 0]])
        np.testing.assert_array_equal(np.asarray(subset(some, [2, 1])), copy[[2, 1]])

    def test_marked_rows(self):
        marked = np.arange(len(X)) % 7 == 1
        np.testing.assert_array_equal(np.asarray(subset(X, marked)), X[marked])
        assert subset(X, slice(None)) is X

    def test_another_axis_is_refused(self):
        with pytest.raises(ValueError, match="axis must be 0, got 1"):
            subset(X, [1]).take([0], axis=1)

    def test_early_stopping_copies_no_samples(self):
        import tracemalloc

        many = np.zeros((20000, 500), np.float32)
        many[::2] = 1
        target = np.arange(20000) % 2
        net = network(hidden_layer_sizes=(2,), max_iter=1, early_stopping=True, batch_size=1000)
        net.fit(many[:4000], target[:4000])  # what is loaded at first does not count
        tracemalloc.start()
        net.fit(many, target)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 0.6 * many.nbytes
