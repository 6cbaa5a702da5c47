"""Values near the ends of float64, classes far apart, and what F must not depend on."""

import numpy as np
import pytest
from campaign import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from skscreen.screening import (
    ClassMoments,
    RegressionMoments,
    f_from_moments,
    f_statistic,
    omega_squared,
    screen,
)

RNG = np.random.default_rng(0)
Y = RNG.integers(0, 4, 120)
# whole multiples of 1/64: scaling by powers of two and adding whole numbers rounds nothing
A = np.round(64 * (RNG.standard_normal((120, 5)) + 0.3 * Y[:, None] * np.arange(5))) / 64
TARGETS = np.column_stack([A[:, 1] + RNG.standard_normal(120), RNG.standard_normal(120)])
STATISTICS = ["f", "welch", "fisher"]


@pytest.mark.parametrize("exponent", [-1000, -540, -300, -129, 129, 300, 515, 1000])
def test_huge_and_tiny_values(exponent):
    data = A * 2.0**exponent
    for name in STATISTICS:
        for found, expected in zip(screen(data, Y, name), screen(A, Y, name), strict=True):
            np.testing.assert_allclose(found, expected, rtol=1e-12)
    target = TARGETS * 2.0 ** np.array([exponent, -exponent // 2])
    np.testing.assert_allclose(f_statistic(data, target).F, f_statistic(A, TARGETS).F, rtol=1e-12)
    moments = ClassMoments(4, 5).partial_fit(data, Y)
    plain = ClassMoments(4, 5).partial_fit(A, Y)
    np.testing.assert_allclose(omega_squared(moments), omega_squared(plain), rtol=1e-12)
    np.testing.assert_allclose(moments.means, plain.means * 2.0**exponent, rtol=1e-12)
    np.testing.assert_array_equal(moments.low, plain.low * 2.0**exponent)
    np.testing.assert_array_equal(moments.high, plain.high * 2.0**exponent)


def test_the_largest_numbers_there_are():
    top = np.finfo(np.float64).max
    data = A / np.abs(A).max() * top
    np.testing.assert_allclose(f_statistic(data, Y).F, f_statistic(A, Y).F, rtol=1e-9)
    np.testing.assert_allclose(f_statistic(data, TARGETS).F, f_statistic(A, TARGETS).F, rtol=1e-9)


def test_sums_of_squares_in_natural_units():
    moments = ClassMoments(4, 5).partial_fit(A * 2.0**200, Y)
    plain = ClassMoments(4, 5).partial_fit(A, Y)
    for name in ("between", "variance", "mean_square"):
        found, expected = getattr(moments, name)(), getattr(plain, name)()
        np.testing.assert_allclose(found, expected * 2.0**400, rtol=1e-12, err_msg=name)
    np.testing.assert_allclose(moments.within, plain.within * 2.0**400, rtol=1e-12)
    regression = RegressionMoments(5, 2).partial_fit(A * 2.0**200, TARGETS * 2.0**-150)
    plain = RegressionMoments(5, 2).partial_fit(A, TARGETS)
    np.testing.assert_allclose(regression.sxx, plain.sxx * 2.0**400, rtol=1e-12)
    np.testing.assert_allclose(regression.syy, plain.syy * 2.0**-300, rtol=1e-12)
    np.testing.assert_allclose(regression.sxy, plain.sxy * 2.0**50, rtol=1e-10)
    np.testing.assert_allclose(
        regression.mean_square(), plain.mean_square() * 2.0**400, rtol=1e-12
    )


@pytest.mark.parametrize("order", [[0, 1, 2], [2, 1, 0], [1, 2, 0]])
def test_batches_of_different_scales(order):
    # zeros first, then tiny, then huge values: each part in a scale of its own
    factors = [0.0, 2.0**-600, 2.0**600]
    parts = [np.arange(0, 40), np.arange(40, 80), np.arange(80, 120)]
    parts = [(A[rows] * factors[k], Y[rows]) for k, rows in zip(order, parts, strict=True)]
    streamed, merged = ClassMoments(4, 5), ClassMoments(4, 5)
    regression, targets = RegressionMoments(5, 1), []
    for data, codes in parts:
        streamed.partial_fit(data, codes)
        merged.merge(ClassMoments(4, 5).partial_fit(data, codes))
        targets.append(codes[:, None].astype(float))
        regression.partial_fit(data, targets[-1])
    # beside the huge ones the others are zero
    data = np.concatenate([part[0] for part in parts]) / 2.0**600
    whole = ClassMoments(4, 5).partial_fit(data, np.concatenate([part[1] for part in parts]))
    for found in (streamed, merged):
        np.testing.assert_allclose(f_from_moments(found).F, f_from_moments(whole).F, rtol=1e-11)
    whole = RegressionMoments(5, 1).partial_fit(data, np.concatenate(targets))
    np.testing.assert_allclose(f_from_moments(regression).F, f_from_moments(whole).F, rtol=1e-11)


@pytest.mark.parametrize("exponents", [(200, 204), (204, 200), (-204, -200), (-200, -204)])
def test_batches_of_neighbouring_scales(exponents):
    first, later = (2.0**exponent for exponent in exponents)
    data = np.concatenate([A[:60] * first, A[60:] * later])
    unit = max(first, later)
    moments, regression = ClassMoments(4, 5), RegressionMoments(5, 2)
    targets = np.concatenate([TARGETS[:60] / first, TARGETS[60:] / later])
    for rows in (slice(0, 60), slice(60, 120)):
        moments.partial_fit(data[rows], Y[rows])
        regression.partial_fit(data[rows], targets[rows])
    expected = ClassMoments(4, 5).partial_fit(data / unit, Y)
    merged, other = (ClassMoments(4, 5).partial_fit(data[k::2], Y[k::2]) for k in (0, 1))
    apart = [ClassMoments(4, 5).partial_fit(data[k], Y[k]) for k in np.split(np.arange(120), 2)]
    for found in (moments, merged.merge(other), apart[0].merge(apart[1])):
        np.testing.assert_allclose(found.within / unit**2, expected.within, rtol=1e-11)
        np.testing.assert_allclose(found.between() / unit**2, expected.between(), rtol=1e-10)
    np.testing.assert_allclose(
        f_from_moments(regression).F,
        f_statistic(data / unit, targets * min(first, later)).F,
        rtol=1e-10,
    )


@pytest.mark.parametrize("gap", [2.0**40, -(2.0**45), 2.0**300])
def test_a_class_far_from_the_others(gap):
    y = Y % 3
    data = A + np.where(y == 1, gap, 0.0)[:, None]
    if abs(gap) < 2.0**100:
        moments = ClassMoments(3, 5).partial_fit(data, y)
        near = ClassMoments(3, 5).partial_fit(A, y)
        np.testing.assert_allclose(moments.within, near.within, rtol=1e-12)
        F = moments.between() / 2 / (near.within.sum(axis=0) / 117)
        np.testing.assert_allclose(f_statistic(data, y).F, F, rtol=1e-12)
    # the gap squared times n_1 (n - n_1) / n, and nothing else to 12 digits
    n, n_1 = 120, np.count_nonzero(y == 1)
    between = n_1 * (n - n_1) / n * gap**2
    np.testing.assert_allclose(
        ClassMoments(3, 5).partial_fit(data, y).between(), between, rtol=1e-9
    )


@pytest.mark.parametrize("weight", [1e-6, 1.0])
def test_an_offset_beside_a_class_without_samples(weight):
    expected = ClassMoments(4, 5).partial_fit(A, Y).between()
    weights = np.full(120, weight)
    found = ClassMoments(5, 5).partial_fit(A + 2.0**44, Y + 1, weights).between()
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_classes_that_come_late_have_an_origin_of_their_own():
    first, later = Y < 2, Y >= 2
    data = A + 1e9 * Y[:, None]
    streamed = ClassMoments(4, 5).partial_fit(data[first], Y[first])
    streamed.partial_fit(data[later], Y[later])
    near = ClassMoments(4, 5).partial_fit(A, Y)
    np.testing.assert_allclose(streamed.within, near.within, rtol=1e-8)
    np.testing.assert_allclose(streamed.means, near.means + 1e9 * np.arange(4)[:, None])


@settings(max_examples=examples(60), deadline=None)
@given(
    seed=st.integers(0, 1000),
    shift=st.integers(-(2**40), 2**40),
    exponent=st.integers(-900, 900),
    negate=st.booleans(),
)
def test_what_F_does_not_depend_on(seed, shift, exponent, negate):
    rng = np.random.default_rng(seed)
    units, names, samples = rng.permutation(5), rng.permutation(4) * 7 - 3, rng.permutation(120)
    data = (A + shift) * 2.0**exponent * (-1 if negate else 1)
    for name in STATISTICS:
        expected = screen(A, Y, name)
        changed = screen(data[np.ix_(samples, units)], names[Y][samples], name)
        for found, wanted in zip(changed, expected, strict=True):
            np.testing.assert_allclose(found, wanted[units], rtol=1e-9, err_msg=name)
    expected = f_statistic(A, TARGETS)
    targets = TARGETS[:, ::-1] * [-3.0, 2.0**200]
    changed = f_statistic(data[np.ix_(samples, units)], targets[samples])
    np.testing.assert_allclose(changed.F, expected.F[units], rtol=1e-9)


def test_which_units_are_constant():
    y = np.array([0, 0, 2, 2])
    data = np.array(
        [[3.0, 1.0, 1.0, 1.0], [3.0, 1.0, 2.0, 1.0], [3.0, 2.0, 2.0, 2.0], [3.0, 2.0, 2.0, 5.0]]
    )
    moments = ClassMoments(3, 4).partial_fit(data, y)
    assert moments.constant().tolist() == [True, False, False, False]
    assert moments.constant_within().tolist() == [True, True, False, False]


@pytest.mark.parametrize("value", [0.0, 0.1, 1e300, -1e-300])
def test_constant_units_and_targets(value):
    data = np.column_stack([np.full(120, value), A[:, 4]])
    for name in STATISTICS:
        found = screen(data, Y, name)
        assert (found.F[0], found.p[0], found.eta2[0]) == (0.0, 1.0, 0.0)
        assert found.F[1] > 0
    # chunks whose origins differ by rounding
    moments = RegressionMoments(2, 2)
    for rows in np.array_split(np.arange(120), 7):
        target = np.column_stack([np.full(len(rows), value), TARGETS[rows, 0]])
        moments.merge(RegressionMoments(2, 2).partial_fit(data[rows], target))
    assert moments.constant().tolist() == [True, False]
    assert moments.constant_targets().tolist() == [True, False]
    found = f_from_moments(moments)
    assert found.F[0] == 0
    assert found.eta2[1] == pytest.approx(f_statistic(A[:, [4]], TARGETS[:, 0]).eta2[0])
