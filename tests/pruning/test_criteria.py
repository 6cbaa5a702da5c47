"""Scores of hand-made evidence."""

from types import SimpleNamespace

import numpy as np
import pytest

from skscreen.pruning.criteria import (
    CRITERIA,
    Screening,
    checked_scores,
    resolve_criterion,
)

WEIGHTS = np.array([[4.0, 1.0], [0.25, 9.0]])
F = np.array([[16.0], [1.0]])


def evidence(magnitude=WEIGHTS, F=F):
    return SimpleNamespace(
        magnitude=magnitude,
        outgoing=magnitude,
        spread=np.array([[0.5], [2.0]]),
        F=F,
        statistic={"source": F, "target": F.T, "both": np.sqrt(F * F.T)}.get,
        shape=magnitude.shape,
        layer=0,
        rng=np.random.RandomState(0),
    )


def test_product_weighting():
    found = Screening(0.5, "product", "source")(evidence())
    np.testing.assert_allclose(found, [[8.0, 4.0], [0.5, 3.0]])
    found = Screening(1.0, "product", "source")(evidence())
    np.testing.assert_allclose(found, [[16.0, 16.0], [1.0, 1.0]])


def test_sides():
    found = Screening(0.5, "product", "target")(evidence())
    np.testing.assert_allclose(found, [[8.0, 1.0], [2.0, 3.0]])
    found = Screening(0.5, "product", "both")(evidence())
    np.testing.assert_allclose(found, [[8.0, 2.0], [1.0, 3.0]])


def test_standardized_weighting():
    found = Screening(0.5, "standardized", "source")(evidence())
    expected = np.sqrt([[2.0 * 16, 0.5 * 16], [0.5 * 1, 18.0 * 1]])
    np.testing.assert_allclose(found, expected)
    np.testing.assert_allclose(Screening(0.0)(evidence()), [[2.0, 0.5], [0.5, 18.0]])


def test_convex_weighting():
    scores = Screening(0.25, "convex", "source")(evidence())
    expected = 0.75 * WEIGHTS / 9 + 0.25 * np.broadcast_to(F, (2, 2)) / 16
    np.testing.assert_allclose(scores, expected)


def test_weight_zero_is_magnitude_and_needs_no_F():
    without = SimpleNamespace(magnitude=WEIGHTS, shape=WEIGHTS.shape)
    np.testing.assert_array_equal(Screening(0.0, "product")(without), WEIGHTS)
    np.testing.assert_array_equal(CRITERIA["magnitude"](without), WEIGHTS)


def test_infinite_F_is_first_and_zero_weight_last():
    magnitude = np.array([[0.0, 2.0], [3.0, 1.0]])
    infinite = np.array([[np.inf], [5.0]])
    np.testing.assert_array_equal(
        Screening(0.5, "product", "source")(evidence(magnitude, infinite)),
        [[0.0, np.inf], [np.sqrt(15.0), np.sqrt(5.0)]],
    )
    np.testing.assert_allclose(
        Screening(0.5, "convex", "source")(evidence(magnitude, infinite)),
        [[0.5, 0.5 + 1 / 3], [0.5, 1 / 6]],
    )


def test_random_scores_are_reproducible():
    np.testing.assert_array_equal(CRITERIA["random"](evidence()), CRITERIA["random"](evidence()))


def test_resolving():
    own = {"f_weight": 0.3, "weighting": "convex", "f_side": "both"}
    assert resolve_criterion("screening", **own) == Screening(0.3, "convex", "both")
    assert resolve_criterion(np.abs, **own) is np.abs


def test_wrong_scores_are_named():
    with pytest.raises(ValueError, match=r"shape \(2, 2\) for layer 0, got \(2, 1\)"):
        checked_scores(lambda e: e.F, evidence())
    with pytest.raises(ValueError, match="NaN for layer 0"):
        checked_scores(lambda e: e.magnitude * np.nan, evidence())
