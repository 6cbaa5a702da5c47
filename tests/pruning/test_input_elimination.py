"""Backward elimination of single variables."""

import naive
import numpy as np
import pytest

from skscreen.pruning import input_elimination
from skscreen.pruning.input_elimination import eliminate_variables


def problem(n, n_targets, seed=0):
    rng = np.random.default_rng(seed)
    A = rng.standard_normal((3 * n, n)) @ rng.standard_normal((n, n))
    return np.cov(A.T) + 0.1 * np.eye(n), rng.standard_normal((n, n_targets))


@pytest.mark.parametrize(("n", "n_targets"), [(1, 1), (2, 3), (12, 1), (20, 5)])
def test_agrees_with_fits_made_anew_in_each_step(n, n_targets):
    covariance, weight = problem(n, n_targets)
    scores = eliminate_variables(covariance, weight)
    np.testing.assert_allclose(scores, naive.eliminate(covariance, weight), rtol=1e-6)


def test_what_it_was_given_stays():
    covariance, weight = problem(6, 2)
    before = covariance.copy(), weight.copy()
    eliminate_variables(covariance, weight)
    np.testing.assert_array_equal(covariance, before[0])
    np.testing.assert_array_equal(weight, before[1])


def test_of_two_copies_one_goes_at_no_cost_and_the_other_is_worth_both():
    covariance = np.array([[1.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 1.0]]) + 1e-9 * np.eye(3)
    scores = eliminate_variables(covariance, np.array([[1.0], [1.0], [1.5]]))
    assert scores.min() == pytest.approx(0, abs=1e-4)
    assert scores.max() == pytest.approx(2, abs=1e-4)
    assert scores[2] == pytest.approx(1.5, abs=1e-4)


def test_weights_of_ones_own_decide():
    covariance, weight = np.eye(4), np.array([[1.0], [2.0], [3.0], [4.0]])
    F = np.array([8.0, 4.0, 2.0, 1.0])
    scores = eliminate_variables(covariance, weight, lambda sizes, index: F[index])
    assert scores.argsort().tolist() == [3, 2, 1, 0]
    np.testing.assert_allclose(scores, F)


def test_infinite_scores_still_have_an_order():
    scores = eliminate_variables(
        np.eye(3), np.ones((3, 1)), lambda sizes, index: np.array([1.0, np.inf, np.inf])[index]
    )
    assert np.isfinite(scores).all()
    assert scores[0] == 1
    assert (scores[1:] >= 1e300).all()
    assert scores[1] != scores[2]


def test_many_go_at_once_but_never_two_that_are_alike(monkeypatch):
    # 300 variables that hardly matter, and 10 pairs of copies that matter most
    rng = np.random.default_rng(0)
    A = rng.standard_normal((4000, 310))
    A = np.hstack([A, A[:, 300:] + 1e-3 * rng.standard_normal((4000, 10))])
    weight = np.full((320, 1), 0.05)
    weight[300:] = 0.5
    covariance = np.cov(A.T) + 1e-3 * np.eye(320)
    monkeypatch.setattr(input_elimination, "STEP", 0.05)
    best = np.argsort(eliminate_variables(covariance, weight))[-10:]
    assert sorted(best % 10) == list(range(10))  # one of each pair
    assert best.min() >= 300
