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
        F=F,
        shape=magnitude.shape,
        layer=0,
        rng=np.random.RandomState(0),
    )


def test_product_weighting():
    np.testing.assert_allclose(Screening(0.5)(evidence()), [[8.0, 4.0], [0.5, 3.0]])
    np.testing.assert_allclose(Screening(1.0)(evidence()), [[16.0, 16.0], [1.0, 1.0]])


def test_convex_weighting():
    scores = Screening(0.25, "convex")(evidence())
    expected = 0.75 * WEIGHTS / 9 + 0.25 * np.broadcast_to(F, (2, 2)) / 16
    np.testing.assert_allclose(scores, expected)


def test_weight_zero_is_magnitude_and_needs_no_F():
    without = SimpleNamespace(magnitude=WEIGHTS, shape=WEIGHTS.shape)
    np.testing.assert_array_equal(Screening(0.0)(without), WEIGHTS)
    np.testing.assert_array_equal(CRITERIA["magnitude"](without), WEIGHTS)


def test_infinite_F_is_first_and_zero_weight_last():
    magnitude = np.array([[0.0, 2.0], [3.0, 1.0]])
    infinite = np.array([[np.inf], [5.0]])
    np.testing.assert_array_equal(
        Screening(0.5)(evidence(magnitude, infinite)),
        [[0.0, np.inf], [np.sqrt(15.0), np.sqrt(5.0)]],
    )
    np.testing.assert_allclose(
        Screening(0.5, "convex")(evidence(magnitude, infinite)),
        [[0.5, 0.5 + 1 / 3], [0.5, 1 / 6]],
    )


def test_random_scores_are_reproducible():
    np.testing.assert_array_equal(CRITERIA["random"](evidence()), CRITERIA["random"](evidence()))


def test_resolving():
    assert resolve_criterion("screening", f_weight=0.3, weighting="convex") == Screening(
        0.3, "convex"
    )
    assert resolve_criterion(np.abs, f_weight=0.3, weighting="convex") is np.abs


def test_wrong_scores_are_named():
    with pytest.raises(ValueError, match=r"shape \(2, 2\) for layer 0, got \(2, 1\)"):
        checked_scores(lambda e: e.F, evidence())
    with pytest.raises(ValueError, match="NaN for layer 0"):
        checked_scores(lambda e: e.magnitude * np.nan, evidence())
