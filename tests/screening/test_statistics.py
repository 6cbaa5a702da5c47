"""F, p and eta2 against their oracles, on nice and nasty data."""

import numpy as np
import pytest
from scipy.stats import f_oneway
from sklearn.feature_selection import f_regression

from skscreen.screening import ClassMoments, f_from_moments, f_statistic


def groups(A, y):
    return [A[y == label] for label in np.unique(y)]


@pytest.mark.parametrize("seed", range(5))
def test_agrees_with_scipy(seed):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 5, 300)
    A = rng.standard_normal((300, 8)) * rng.uniform(0.1, 10, 8) + rng.uniform(-5, 5, 8)
    A += np.linspace(0, 1, 8) * y[:, None]
    F, p, eta2 = f_statistic(A, y)
    oracle = f_oneway(*groups(A, y))
    np.testing.assert_allclose(F, oracle.statistic, rtol=1e-10)
    np.testing.assert_allclose(p, oracle.pvalue, rtol=1e-9, atol=1e-300)
    np.testing.assert_allclose(eta2, 4 * F / (4 * F + 295), rtol=1e-10)


def test_float32_with_an_offset():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 10, 5000)
    A = (rng.random((5000, 20)) + 1000).astype(np.float32)
    oracle = f_oneway(*groups(A.astype(np.float64) - 1000, y))
    np.testing.assert_allclose(f_statistic(A, y).F, oracle.statistic, rtol=1e-5)


@pytest.mark.parametrize(
    ("offset", "scale"), [(1e8, 1.0), (-1e8, 1e-3), (0.0, 1e-12), (1e12, 1e3)]
)
def test_offsets_and_tiny_variances(offset, scale):
    rng = np.random.default_rng(1)
    y = rng.integers(0, 4, 2000)
    # whole multiples of a power of two, so that the offset adds no rounding of its own
    step = 2.0 ** np.floor(np.log2(scale)) / 16
    A = step * rng.integers(-50, 50, (2000, 5)).astype(float) + 0.3 * step * 8 * (y[:, None] == 2)
    shifted = np.round(A / step) * step + np.round(offset / step) * step
    centred = shifted - np.round(offset / step) * step
    oracle = f_oneway(*groups(centred, y))
    np.testing.assert_allclose(f_statistic(shifted, y).F, oracle.statistic, rtol=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_regression_agrees_with_scikit_learn(seed):
    rng = np.random.default_rng(seed)
    A = rng.standard_normal((150, 6))
    y = A @ rng.standard_normal(6) + rng.standard_normal(150)
    F, p, r2 = f_statistic(A + 7, y + 100)
    expected = f_regression(A, y)
    np.testing.assert_allclose(F, expected[0], rtol=1e-9)
    np.testing.assert_allclose(p, expected[1], rtol=1e-8)
    np.testing.assert_allclose(r2, [np.corrcoef(a, y)[0, 1] ** 2 for a in A.T], rtol=1e-9)


def test_several_targets_average_the_explained_share():
    rng = np.random.default_rng(0)
    A, y = rng.standard_normal((80, 3)), rng.standard_normal((80, 2))
    shares = [f_statistic(A, column).eta2 for column in y.T]
    both = f_statistic(A, np.column_stack([y, np.ones(80)]))
    np.testing.assert_allclose(both.eta2, np.mean(shares, axis=0), rtol=1e-10)
    np.testing.assert_allclose(both.F, both.eta2 / (1 - both.eta2) * 78, rtol=1e-10)


class TestDegenerate:
    y = np.array([0, 0, 1, 1, 2, 2])

    @pytest.mark.parametrize("value", [0.0, 0.1, 1e8 + 0.1])
    def test_a_constant_unit_has_F_zero(self, value):
        found = f_statistic(np.full((6, 1), value), self.y)
        assert np.ravel(found).tolist() == [0.0, 1.0, 0.0]

    @pytest.mark.parametrize("values", [[0.1, 0.2, 0.3], [1e8, 1e8 + 1, 1e8]])
    def test_no_variance_within_classes_is_infinite(self, values):
        A = np.repeat(values, 2)[:, None]
        assert np.ravel(f_statistic(A, self.y)).tolist() == [np.inf, 0.0, 1.0]

    def test_both_survive_merging_with_other_origins(self):
        A = np.column_stack([np.full(6, 0.1), np.repeat([0.1, 0.7, 0.1], 2), np.arange(6.0) ** 2])
        moments = ClassMoments(3, 3)
        for row in (0, 5, 2, 3, 1, 4):
            moments.merge(ClassMoments(3, 3).partial_fit(A[[row]], self.y[[row]]))
        F = f_from_moments(moments).F
        assert F[0] == 0
        assert np.isinf(F[1])
        assert F[2] == pytest.approx(f_oneway(*groups(A[:, 2], self.y)).statistic, rel=1e-12)

    def test_a_declared_class_without_samples_does_not_count(self):
        rng = np.random.default_rng(0)
        A, codes = rng.standard_normal((30, 2)), rng.integers(0, 3, 30)
        F = f_from_moments(ClassMoments(7, 2).partial_fit(A, 2 * codes)).F
        np.testing.assert_allclose(F, f_statistic(A, codes).F, rtol=1e-12)

    def test_one_sample_in_a_class(self):
        A = np.array([[1.0], [2.0], [4.0], [9.0]])
        y = np.array([0, 0, 0, 1])
        oracle = f_oneway(A[:3], A[3:])
        assert f_statistic(A, y).F[0] == pytest.approx(oracle.statistic[0], rel=1e-12)

    @pytest.mark.parametrize(
        ("A", "y", "weight", "message"),
        [
            ([[1.0], [2.0]], [1, 1], None, "at least 2 classes, got 1"),
            ([[1.0], [2.0]], [0, 1], None, "more than 2 samples, got n_samples = 2"),
            (
                [[1.0], [2.0], [3.0]],
                [0, 1, 1],
                [1, 1, 0],
                "more than 2 samples, got n_samples = 2",
            ),
            (
                [[1.0], [2.0], [3.0]],
                [0, 1, 1],
                [0.1, 0.1, 1e-20],
                "got n_samples = 2 .with",
            ),
            ([[1.0], [2.0], [3.0]], [0.5, 1, 3], [1, 1, 1e-9], "got n_samples = 2 .with"),
            ([[1.0], [2.0], [3.0]], [0, 1, 1], [0.0] * 3, "at least 2 classes, got 0"),
            ([[1.0], [2.0], [3.0]], [0.5, 1, 3], [0.0] * 3, "got n_samples = 0"),
            ([[1.0], [2.0]], [0.5, 1.5], None, "more than 2 samples, got n_samples = 2"),
            ([[1.0], [2.0], [3.0]], [0.5] * 3, None, "a target that varies"),
            ([[1.0], [np.nan]], [0, 1], None, "NaN"),
            ([[1.0], [2.0], [3.0]], [0, 1], None, "inconsistent numbers of samples"),
        ],
    )
    def test_raises(self, A, y, weight, message):
        with pytest.raises(ValueError, match=message):
            f_statistic(A, y, weight)


def test_kinds_of_targets():
    rng = np.random.default_rng(0)
    A, y = rng.standard_normal((40, 2)), np.arange(40) % 2
    expected = f_statistic(A, y).F
    np.testing.assert_array_equal(f_statistic(A, np.array(["b", "a"])[y]).F, expected)
    np.testing.assert_array_equal(f_statistic(A, y.astype(bool)).F, expected)
    np.testing.assert_allclose(f_statistic(A, y, task="regression").F, expected, rtol=1e-9)
    with pytest.raises(ValueError, match="task must be one of"):
        f_statistic(A, y, task="ranking")


def test_what_a_target_is():
    rng = np.random.default_rng(0)
    A, y = rng.standard_normal((40, 2)), np.arange(40) % 3
    expected = f_statistic(A, y)
    for target, task in (
        (y / 2, "classification"),  # fractions may be classes, when it is said
        (y[:, None], "auto"),
        (y[:, None] / 2, "classification"),
    ):
        found = f_statistic(A=A, y=target, sample_weight=np.ones(40), task=task)
        np.testing.assert_allclose(found, expected, rtol=1e-12)
    np.testing.assert_allclose(
        f_statistic(A, y / 2).F, f_statistic(A, y, task="regression").F, rtol=1e-12
    )
    several = np.column_stack([y, 1 - y])
    np.testing.assert_allclose(f_statistic(A, several).F, f_statistic(A, y, task="regression").F)
    with pytest.raises(ValueError, match=r"given as one column, got shape \(40, 2\)"):
        f_statistic(A, several, task="classification")
    with pytest.raises(TypeError, match="positional"):
        f_statistic(A, y, None, "classification")
