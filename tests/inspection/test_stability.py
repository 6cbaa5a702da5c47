"""Stability of rankings and agreement of criteria."""

import numpy as np
import pytest
from scipy.stats import kendalltau
from sklearn.datasets import load_diabetes, load_iris
from sklearn.frozen import FrozenEstimator

from skscreen import MLPClassifier, ScreeningPruner
from skscreen.inspection import criteria_agreement, rank_stability

RNG = np.random.default_rng(0)
Y = np.arange(200) % 4
STRONG = RNG.standard_normal((200, 20)) + np.linspace(0, 3, 20) * (Y[:, None] == 1)
NOISE = RNG.standard_normal((200, 20))


@pytest.mark.parametrize("method", ["bootstrap", "split-half"])
def test_real_differences_are_stable_and_noise_is_not(method):
    strong = rank_stability(STRONG, Y, method=method, top=5, random_state=0)
    noise = rank_stability(NOISE, Y, method=method, top=5, random_state=0)
    assert strong.spearman.shape == strong.overlap.shape == (20,)
    assert strong.spearman.mean() > 0.9
    assert strong.overlap.mean() > 0.7
    assert noise.spearman.mean() < 0.6
    if method == "split-half":
        assert abs(noise.spearman.mean()) < 0.2


def test_all_units_are_always_among_all():
    found = rank_stability(NOISE, Y, n_repeats=2, top=1.0, random_state=0)
    assert found.overlap.tolist() == [1.0, 1.0]


@pytest.mark.parametrize("kind", [np.int64, np.int32, np.uint8])
def test_numbers_of_units_may_be_those_of_numpy(kind):
    expected, found = (
        rank_stability(NOISE, Y, n_repeats=4, top=top, random_state=0) for top in (2, kind(2))
    )
    np.testing.assert_array_equal(found.overlap, expected.overlap)
    assert set(found.overlap) <= {0.0, 0.5, 1.0}


def test_more_than_there_are_units_is_all_of_them():
    found = rank_stability(NOISE, Y, n_repeats=2, top=50, random_state=0)
    assert found.overlap.tolist() == [1.0, 1.0]


@pytest.mark.parametrize("method", ["bootstrap", "split-half"])
def test_classes_are_stratified_whatever_their_type(method):
    # two samples of the rare class, so that halves drawn at random would miss it now and then
    rare = np.where(np.arange(200) < 2, 1, 0)
    expected, as_floats, as_text = (
        rank_stability(NOISE, labels, method=method, n_repeats=8, random_state=0)
        for labels in (rare, rare.astype(float), rare.astype(str))
    )
    np.testing.assert_array_equal(as_floats.spearman, expected.spearman)
    np.testing.assert_array_equal(as_text.spearman, expected.spearman)


def test_workers_change_nothing():
    first, second = (
        rank_stability(STRONG, Y, n_repeats=4, random_state=1, n_jobs=n) for n in (1, 2)
    )
    np.testing.assert_array_equal(first.spearman, second.spearman)
    np.testing.assert_array_equal(first.overlap, second.overlap)


def test_a_regression_is_not_stratified():
    # its target has no fractional parts, so it must be told from classes
    X, y = load_diabetes(return_X_y=True)
    found = rank_stability(X, y, method="split-half", task="regression", random_state=0)
    assert found.spearman.mean() > 0.5


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"method": "jackknife"}, "method must be one of"),
        ({"n_repeats": 0}, "n_repeats must be an integer of at least 1, got 0"),
        ({"n_repeats": 2.5}, "n_repeats must be an integer of at least 1, got 2.5"),
        *[
            ({"top": top}, r"top must be an integer of at least 1 or a number in \(0, 1\], got")
            for top in (0, -1, -0.5, 1.5, True, np.nan, None, "all")
        ],
    ],
)
def test_bad_parameters(parameters, message):
    with pytest.raises(ValueError, match=message):
        rank_stability(STRONG, Y, **parameters)


def test_agreement_of_criteria():
    X, y = load_iris(return_X_y=True)
    net = MLPClassifier((10,), solver="lbfgs", max_iter=60, tol=None, random_state=0).fit(X, y)
    scores = {
        criterion: ScreeningPruner(
            FrozenEstimator(net), criterion=criterion, schedule="one-shot", sparsity=0.5
        )
        .fit(X, y)
        .scores_
        for criterion in ("magnitude", "screening", "random")
    }
    names, tau = criteria_agreement(scores)
    assert names == ["magnitude", "screening", "random"]
    by_hand = kendalltau(
        np.concatenate([s.ravel() for s in scores["magnitude"]]),
        np.concatenate([s.ravel() for s in scores["screening"]]),
    ).statistic
    assert tau[0, 1] == tau[1, 0] == pytest.approx(by_hand)
    assert tau[0, 1] > 0.5 > abs(tau[0, 2])


def test_what_was_cut_before_is_left_out():
    names, tau = criteria_agreement({"a": [[1.0, 2.0, -np.inf]], "b": [[3.0, 4.0, 0.0]]})
    assert names == ["a", "b"]
    assert tau[0, 1] == 1
    with pytest.raises(ValueError, match="3 scores of a, 2 scores of b"):
        criteria_agreement({"a": [[1.0, 2.0, 3.0]], "b": [[1.0, 2.0]]})
