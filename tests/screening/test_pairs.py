"""Interactions: F of the products of two units."""

import numpy as np
import pytest
from scipy import stats
from sklearn.datasets import make_friedman1

from skscreen.screening import f_statistic, select, significant_in_pairs
from skscreen.screening.pairs import LARGEST


def one_by_one(A, y, level, task):
    """Slow twin: each product is a column of its own."""
    Z = np.clip((A - A.mean(axis=0)) / A.std(axis=0), -LARGEST, LARGEST)
    Z = Z - Z.mean(axis=0)
    i, j = np.triu_indices(A.shape[1])
    products = Z[:, i] * Z[:, j]
    p = f_statistic(products, y, task=task).p
    if task == "classification":
        p = np.maximum(p, brown_forsythe(products, y))
    found = p <= level / len(i)
    marked = np.zeros(A.shape[1], dtype=bool)
    marked[i[found]] = True
    marked[j[found]] = True
    return marked


@pytest.mark.parametrize("n_small", [1, 2, 4, 10, 20, 60])
def test_a_small_class_finds_nothing_in_noise(n_small):
    y = (np.arange(300) < n_small).astype(int)
    wrong = 0
    for seed in range(20):
        A = np.random.default_rng(seed).standard_normal((300, 40))
        wrong += significant_in_pairs(A, y).any()
    assert wrong <= 2


def test_small_classes_are_left_out():
    rng = np.random.default_rng(0)
    A = rng.standard_normal((405, 12))
    y = (A[:, 3] * A[:, 7] > 0).astype(int)
    y[400:] = [2, 3, 3, 4, 4]
    found = significant_in_pairs(A, y)
    np.testing.assert_array_equal(found, significant_in_pairs(A[:400], y[:400]))
    assert np.flatnonzero(found).tolist() == [3, 7]


def brown_forsythe(A, y):
    """F* and its degrees of freedom as Brown & Forsythe and Mehrotra have them, by the book."""
    groups = [A[y == k] for k in np.unique(y)]
    n = np.array([len(group) for group in groups])[:, None]
    f = n / n.sum()
    s2 = np.array([group.var(axis=0, ddof=1) for group in groups])
    means = np.array([group.mean(axis=0) for group in groups])
    expected = ((1 - f) * s2).sum(axis=0)
    F = (n * (means - A.mean(axis=0)) ** 2).sum(axis=0) / expected
    df = expected**2 / ((f * s2).sum(axis=0) ** 2 + ((1 - 2 * f) * s2**2).sum(axis=0))
    df_error = 1 / ((((1 - f) * s2 / expected) ** 2 / (n - 1)).sum(axis=0))
    return stats.f.sf(F, df, df_error)


@pytest.mark.parametrize("task", ["classification", "regression"])
@pytest.mark.parametrize("seed", range(4))
def test_agrees_with_the_slow_twin(seed, task):
    rng = np.random.default_rng(seed)
    A = rng.standard_normal((150, 300)) * 3 + 5
    signal = (A[:, 1] - 5) * (A[:, 280] - 5) + rng.standard_normal(150)
    y = np.digitize(signal, [-3, 3]) if task == "classification" else signal
    for level in (0.05, 0.9):  # a lax one, for more pairs
        found = significant_in_pairs(A, y, level=level, task=task)
        np.testing.assert_array_equal(found, one_by_one(A, y, level, task))
        assert found[[1, 280]].all()


def test_exclusive_or_and_squares_that_no_marginal_F_sees():
    rng = np.random.default_rng(0)
    A = rng.standard_normal((800, 40))
    exclusive = (A[:, 5] > 0) ^ (A[:, 30] > 0)
    assert not select(f_statistic(A, exclusive))[[5, 30]].any()
    np.testing.assert_array_equal(np.flatnonzero(significant_in_pairs(A, exclusive)), [5, 30])
    square = np.abs(A[:, 7]) > 0.7
    np.testing.assert_array_equal(np.flatnonzero(significant_in_pairs(A, square)), [7])


def test_the_square_in_a_regression():
    X, y = make_friedman1(1000, 60, noise=1.0, random_state=0)
    assert f_statistic(X, y).p[2] > 0.01
    assert set(np.flatnonzero(significant_in_pairs(X, y))) >= {0, 1, 2}


@pytest.mark.parametrize("heavy", [False, True])
def test_seldom_marks_anything_in_noise(heavy):
    rng = np.random.default_rng(1)
    wrong = 0
    for _ in range(60):
        draw = rng.standard_t(3, (120, 40)) if heavy else rng.standard_normal((120, 40))
        wrong += significant_in_pairs(draw, rng.integers(3, size=120)).any()
    assert wrong <= 60 * 0.05 + 3 * np.sqrt(60 * 0.05 * 0.95)


def test_noise_beside_units_that_spread_more_in_some_classes():
    rng = np.random.default_rng(4)
    wrong = 0
    for _ in range(30):
        y = rng.integers(16, size=600)
        spread = np.exp(rng.standard_normal((16, 6)))
        A = np.hstack([rng.standard_normal((600, 6)) * spread[y], rng.standard_normal((600, 60))])
        found = significant_in_pairs(A, y)
        assert found[:6].sum() >= 5  # their squares tell
        wrong += found[6:].any()
    assert wrong <= 30 * 0.05 + 3 * np.sqrt(30 * 0.05 * 0.95)


def test_a_class_of_one_sample_changes_nothing():
    rng = np.random.default_rng(5)
    A = rng.standard_normal((400, 20))
    y = (A[:, 3] * A[:, 7] > 0).astype(int)
    y[0] = 2
    np.testing.assert_array_equal(np.flatnonzero(significant_in_pairs(A, y)), [3, 7])


def test_a_product_that_does_not_vary_within_classes():
    y = np.repeat([0, 1], 50)
    sign = np.tile([-1.0, 1.0], 50)
    A = np.column_stack([sign, np.where(y == 1, sign, -sign), np.tile([-1.0, -1.0, 1.0, 1.0], 25)])
    np.testing.assert_array_equal(significant_in_pairs(A, y), [True, True, False])


def test_constants_and_several_targets():
    rng = np.random.default_rng(2)
    A = rng.standard_normal((300, 6)).astype(np.float32)
    A[:, 4] = 7
    product = A[:, 0] * A[:, 1]
    targets = np.column_stack([product, product + 0.1 * rng.standard_normal(300)])
    found = significant_in_pairs(A, targets)
    assert found[:2].all()
    assert not found[4]


def test_one_class_is_refused():
    with pytest.raises(ValueError, match="at least 2 classes"):
        significant_in_pairs(np.eye(5), np.zeros(5, dtype=int))
