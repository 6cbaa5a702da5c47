"""Scores of hand-made evidence."""

from types import SimpleNamespace

import numpy as np
import pytest

from skscreen.pruning import FWeight
from skscreen.pruning.criteria import (
    CRITERIA,
    Screening,
    checked_scores,
    resolve_criterion,
)

WEIGHTS = np.array([[4.0, 1.0], [0.25, 9.0]])
F = np.array([[16.0], [1.0]])


def screened(sizes, weigh):
    return weigh(sizes, ...)


def evidence(magnitude=WEIGHTS, F=F, f_weight=0.05):
    return SimpleNamespace(
        magnitude=magnitude,
        outgoing=magnitude,
        spread=np.array([[0.5], [2.0]]),
        F=F,
        f_weight=FWeight(f_weight),
        statistic={"source": F, "target": F.T, "both": np.sqrt(F * F.T)}.get,
        shape=magnitude.shape,
        layer=0,
        screened=screened,
        rng=np.random.RandomState(0),
    )


def test_product_weighting():
    found = Screening("product", side="source")(evidence(f_weight=0.5))
    np.testing.assert_allclose(found, [[8.0, 4.0], [0.5, 3.0]])
    found = Screening("product", side="source")(evidence(f_weight=1.0))
    np.testing.assert_allclose(found, [[16.0, 16.0], [1.0, 1.0]])


def test_sides():
    found = Screening("product", side="target")(evidence(f_weight=0.5))
    np.testing.assert_allclose(found, [[8.0, 1.0], [2.0, 3.0]])
    found = Screening("product", side="both")(evidence(f_weight=0.5))
    np.testing.assert_allclose(found, [[8.0, 2.0], [1.0, 3.0]])


def test_standardized_weighting():
    found = Screening("standardized", side="source")(evidence(f_weight=0.5))
    expected = np.sqrt([[2.0 * 16, 0.5 * 16], [0.5 * 1, 18.0 * 1]])
    np.testing.assert_allclose(found, expected)
    np.testing.assert_allclose(Screening()(evidence(f_weight=0.0)), [[2.0, 0.5], [0.5, 18.0]])


def test_convex_weighting():
    scores = Screening("convex", side="source")(evidence(f_weight=0.25))
    expected = 0.75 * WEIGHTS / 9 + 0.25 * np.broadcast_to(F, (2, 2)) / 16
    np.testing.assert_allclose(scores, expected)


def test_weight_zero_is_magnitude_and_needs_no_F():
    without = SimpleNamespace(magnitude=WEIGHTS, shape=WEIGHTS.shape, f_weight=FWeight(0.0))
    without.screened = screened
    np.testing.assert_array_equal(Screening("product")(without), WEIGHTS)
    np.testing.assert_array_equal(CRITERIA["magnitude"](without), WEIGHTS)


def test_infinite_F_is_first_and_zero_weight_last():
    magnitude = np.array([[0.0, 2.0], [3.0, 1.0]])
    infinite = np.array([[np.inf], [5.0]])
    np.testing.assert_array_equal(
        Screening("product", side="source")(evidence(magnitude, infinite, 0.5)),
        [[0.0, np.inf], [np.sqrt(15.0), np.sqrt(5.0)]],
    )
    np.testing.assert_allclose(
        Screening("convex", side="source")(evidence(magnitude, infinite, 0.5)),
        [[0.5, 0.5 + 1 / 3], [0.5, 1 / 6]],
    )


def test_random_scores_are_reproducible():
    np.testing.assert_array_equal(CRITERIA["random"](evidence()), CRITERIA["random"](evidence()))


def test_resolving():
    assert resolve_criterion("screening").get_params() == Screening().get_params()
    own = Screening("convex", side="both")
    assert resolve_criterion(own) is own
    assert resolve_criterion(np.abs) is np.abs
    with pytest.raises(ValueError, match="side of Screening must be one of 'source', 'target'"):
        resolve_criterion(Screening(side="left"))
    with pytest.raises(ValueError, match="weighting of Screening must be one of"):
        resolve_criterion(Screening("sum"))


def test_wrong_scores_are_named():
    with pytest.raises(ValueError, match=r"shape \(2, 2\) for layer 0, got \(2, 1\)"):
        checked_scores(lambda e: e.F, evidence())
    with pytest.raises(ValueError, match="NaN for layer 0"):
        checked_scores(lambda e: e.magnitude * np.nan, evidence())


def test_F_of_the_source_joins_that_of_the_side():
    found = Screening("product")(evidence(f_weight=0.0))
    np.testing.assert_array_equal(found, WEIGHTS)
    given = evidence()
    given.f_weight = FWeight(side=0.1, source=0.3)
    expected = WEIGHTS**0.6 * F**0.3 * F.T**0.1
    np.testing.assert_allclose(Screening("product")(given), expected)


def test_the_more_noise_the_less_counts_the_scale():
    given = evidence()
    given.f_weight = FWeight(0.0, noise=0.5)
    expected = WEIGHTS * np.sqrt([[0.5], [2.0]])
    np.testing.assert_allclose(Screening()(given), expected)
