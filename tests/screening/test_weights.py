"""Sample weights are relative: what they are worth, and what they leave as it is."""

import numpy as np
import pytest
from campaign import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.utils.class_weight import compute_sample_weight

from skscreen.screening import (
    ClassMoments,
    RegressionMoments,
    f_from_moments,
    f_statistic,
    screen,
    select,
)
from skscreen.screening.weights import WeightTotals, effective_size

RNG = np.random.default_rng(0)
Y = np.repeat([0, 1, 2, 3], [40, 25, 10, 5])
A = RNG.standard_normal((80, 6)) + 0.4 * Y[:, None] * (np.arange(6) > 2)
TARGET = A[:, 5] + RNG.standard_normal(80)
CLASS_STATISTICS = ["f", "welch", "fisher"]


@pytest.mark.parametrize("constant", [1e-300, 1e-5, 1 / 80, 3.0, 1e300])
def test_constant_weights_change_nothing(constant):
    weight = np.full(80, constant)
    for name in CLASS_STATISTICS:
        for found, expected in zip(screen(A, Y, name, weight), screen(A, Y, name), strict=True):
            np.testing.assert_allclose(found, expected, rtol=1e-12)
    np.testing.assert_array_equal(f_statistic(A, Y, weight), f_statistic(A, Y))
    for found, expected in zip(
        f_statistic(A, TARGET, weight), f_statistic(A, TARGET), strict=True
    ):
        np.testing.assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.parametrize("factor", [1e-100, 0.01, 1.0, 1e100])
@pytest.mark.parametrize("parts", [[80], [1, 79], [30, 0, 50], [20] * 4])
def test_totals_of_parts_are_worth_what_the_whole_is(parts, factor):
    weight = np.random.default_rng(5).lognormal(0, 1, (80, 2)) * [1.0, 1e3]
    weight[:20, 1] = 0.0
    whole, before, share = WeightTotals.empty(3), 0.0, None
    for part in np.split(factor * weight, np.cumsum(parts)[:-1]):
        sums, squares = np.zeros(3), np.zeros(3)
        sums[:2], squares[:2] = part.sum(axis=0), (part**2).sum(axis=0)
        mean = np.divide(squares, sums, out=np.zeros(3), where=sums > 0)
        before, share = whole.sum, whole.merge(WeightTotals(sums, mean))
        expected = [
            new / (old + new) if new else 0.0 for old, new in zip(before, sums, strict=True)
        ]
        np.testing.assert_allclose(share, expected, rtol=1e-12)
    sizes = weight.sum(axis=0) ** 2 / (weight**2).sum(axis=0)
    np.testing.assert_allclose(whole.effective_sizes(), [*sizes, 0.0], rtol=1e-12)
    np.testing.assert_allclose(whole.sum, [*factor * weight.sum(axis=0), 0.0], rtol=1e-12)
    assert effective_size(factor * weight[:, 0]) == pytest.approx(sizes[0], rel=1e-12)
    assert effective_size(np.full(7, factor)) == pytest.approx(7, rel=1e-12)
    whole.forget(0.25)
    np.testing.assert_allclose(whole.effective_sizes(), [*sizes, 0.0], rtol=1e-12)
    np.testing.assert_allclose(whole.sum[:2], factor * weight.sum(axis=0) / 4, rtol=1e-12)


def test_class_weights_change_nothing():
    weight = compute_sample_weight("balanced", Y)
    for name in CLASS_STATISTICS:
        for found, expected in zip(screen(A, Y, name, weight), screen(A, Y, name), strict=True):
            np.testing.assert_allclose(found, expected, rtol=1e-12)


@settings(max_examples=examples(60), deadline=None)
@given(
    seed=st.integers(0, 1000),
    factor=st.floats(1e-200, 1e200),
    cut=st.integers(1, 79),
    zeros=st.booleans(),
)
def test_only_ratios_matter_also_over_batches(seed, factor, cut, zeros):
    rng = np.random.default_rng(seed)
    weight = rng.lognormal(0, 1, 80) * (
        rng.random(80) < 0.7 if zeros else 1
    )  # worth 6 to 54 samples
    for target, new in (
        (Y, lambda: ClassMoments(4, 6)),
        (TARGET[:, None], lambda: RegressionMoments(6, 1)),
    ):
        expected = f_from_moments(new().partial_fit(A, target, weight))
        streamed = new().partial_fit(A[:cut], target[:cut], factor * weight[:cut])
        streamed.partial_fit(A[cut:], target[cut:], factor * weight[cut:])
        merged = new().partial_fit(A[:cut], target[:cut], factor * weight[:cut])
        merged.merge(new().partial_fit(A[cut:], target[cut:], factor * weight[cut:]))
        for moments in (streamed, merged):
            found = f_from_moments(moments)
            np.testing.assert_allclose(found.F, expected.F, rtol=1e-9)
            np.testing.assert_allclose(found.eta2, expected.eta2, rtol=1e-9)
            np.testing.assert_allclose(found.p, expected.p, rtol=1e-7)


def test_F_by_hand():
    weight = RNG.lognormal(0, 1, 80)
    sizes, means, variances = [], [], []
    for k in range(4):
        w, a = weight[k == Y], A[k == Y]
        sizes.append(w.sum() ** 2 / (w**2).sum())
        means.append(np.average(a, axis=0, weights=w))
        variances.append(np.average((a - means[-1]) ** 2, axis=0, weights=w))
    sizes, means, variances = map(np.array, (sizes, means, variances))
    grand = np.average(means, axis=0, weights=sizes)
    between, within = sizes @ (means - grand) ** 2, sizes @ variances
    n = sizes.sum()
    F = between / 3 / (within / (n - 4))
    found = f_statistic(A, Y, weight)
    np.testing.assert_allclose(found.F, F, rtol=1e-11)
    np.testing.assert_allclose(found.p, stats.f.sf(F, 3, n - 4), rtol=1e-9)
    np.testing.assert_allclose(found.eta2, between / (between + within), rtol=1e-11)
    fisher = screen(A, Y, "fisher", weight).F
    np.testing.assert_allclose(fisher, between / within, rtol=1e-11)


def test_F_of_a_regression_by_hand():
    weight = RNG.lognormal(0, 1, 80)
    n = weight.sum() ** 2 / (weight**2).sum()
    r = [np.cov(a, TARGET, aweights=weight) for a in A.T]
    r2 = np.array([c[0, 1] ** 2 / (c[0, 0] * c[1, 1]) for c in r])
    found = f_statistic(A, TARGET, weight)
    np.testing.assert_allclose(found.eta2, r2, rtol=1e-11)
    np.testing.assert_allclose(found.F, r2 / (1 - r2) * (n - 2), rtol=1e-10)
    np.testing.assert_allclose(found.p, stats.f.sf(found.F, 1, n - 2), rtol=1e-9)


def test_welch_by_hand():
    weight = RNG.lognormal(0, 0.5, 80)
    n, means, variances = [], [], []
    for k in range(4):
        w, a = weight[k == Y], A[k == Y]
        n.append(w.sum() ** 2 / (w**2).sum())
        means.append(np.average(a, axis=0, weights=w))
        unbiased = 1 - 1 / n[-1]
        variances.append(np.average((a - means[-1]) ** 2, axis=0, weights=w) / unbiased)
    n, means, variances = np.array(n)[:, None], np.array(means), np.array(variances)
    precision = n / variances
    total = precision.sum(axis=0)
    centre = (precision * means).sum(axis=0) / total
    spread = ((1 - precision / total) ** 2 / (n - 1)).sum(axis=0)
    F = (precision * (means - centre) ** 2).sum(axis=0) / 3 / (1 + 2 * 2 / 15 * spread)
    found = screen(A, Y, "welch", weight)
    np.testing.assert_allclose(found.F, F, rtol=1e-10)
    np.testing.assert_allclose(found.p, stats.f.sf(F, 3, 15 / (3 * spread)), rtol=1e-9)


def test_samples_of_no_weight_do_not_count():
    weight = np.where(np.arange(80) % 3, 1.0, 0.0)
    data = np.where(weight[:, None] > 0, A, np.nan)  # not even looked at
    found = f_from_moments(ClassMoments(4, 6).partial_fit(data, Y, weight))
    counted = weight > 0
    np.testing.assert_array_equal(found.F, f_statistic(A[counted], Y[counted]).F)
    found = f_from_moments(RegressionMoments(6, 1).partial_fit(data, TARGET[:, None], weight))
    np.testing.assert_array_equal(found.F, f_statistic(A[counted], TARGET[counted]).F)


def test_weights_of_very_different_size():
    # a class of tiny weights is worth as many samples as one of large weights
    weight = np.where(Y == 1, 1e-200, 1e90) * RNG.lognormal(0, 1, 80)
    found = ClassMoments(4, 6).partial_fit(A, Y, weight).effective_sizes()
    alone = ClassMoments(4, 6).partial_fit(A[Y == 1], Y[Y == 1], weight[Y == 1] * 1e200)
    assert found[1] == pytest.approx(alone.effective_sizes()[1], rel=1e-12)
    assert 5 < found[1] < 25


@pytest.mark.parametrize("weights", ["none", "lognormal", "pareto"])
@pytest.mark.parametrize("balanced", [False, True])
def test_noise_is_not_significant(weights, balanced):
    # 300 repetitions of 50 units without effect, classes of 60 to 8 samples
    rng = np.random.default_rng(1)
    y = np.repeat([0, 1, 2], [60, 20, 8])
    found = []
    for _ in range(300):
        weight = np.ones(88)
        if weights == "lognormal":
            weight = rng.lognormal(0, 1, 88)
        elif weights == "pareto":
            weight = 1 + rng.pareto(1.5, 88)
        if balanced:
            weight = weight * compute_sample_weight("balanced", y)
        found.append(f_statistic(rng.standard_normal((88, 50)), y, weight))
    selected = np.mean([select(each, "fpr", 0.05).mean() for each in found])
    assert 0.03 < selected < 0.053
    for rule in ("fdr", "fwe"):
        any_selected = sum(select(each, rule, 0.05).any() for each in found)
        assert stats.binomtest(any_selected, 300, 0.05, alternative="greater").pvalue > 0.01


def test_totals_of_parts_merge():
    weight = RNG.lognormal(0, 1, 80)
    first, second = weight[:30], weight[30:]
    totals = WeightTotals.empty((2,))
    for part in (first, second):
        mean = (part @ part) / part.sum()
        share = totals.merge(WeightTotals(np.array([part.sum(), 0.0]), np.array([mean, 0.0])))
    np.testing.assert_allclose(share, [second.sum() / weight.sum(), 0])
    np.testing.assert_allclose(totals.sum, [weight.sum(), 0])
    np.testing.assert_allclose(totals.effective_sizes(), [effective_size(weight), 0])
    totals.forget(0.5)
    np.testing.assert_allclose(totals.sum, [weight.sum() / 2, 0])
    np.testing.assert_allclose(totals.effective_sizes(), [effective_size(weight), 0])


def test_equal_weights_are_worth_their_number():
    assert effective_size(np.full(7, 0.3)) == pytest.approx(7)
    assert effective_size(np.array([1.0, 2.0, 3.0])) == pytest.approx(36 / 14)
