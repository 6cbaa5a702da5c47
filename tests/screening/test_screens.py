"""Every screen against its oracle; selection by significance; permutations."""

import naive
import numpy as np
import pytest
from scipy import stats
from sklearn.feature_selection import chi2, f_classif, mutual_info_classif

from skscreen.screening import (
    STATISTICS,
    ClassMoments,
    f_statistic,
    omega_squared,
    permutation_test,
    screen,
    select,
)

RNG = np.random.default_rng(0)
Y = RNG.integers(0, 4, 300)
A = RNG.standard_normal((300, 6)) * (1 + Y[:, None]) + np.linspace(0, 1, 6) * Y[:, None]


def groups(A, y):
    return [A[y == label] for label in np.unique(y)]


@pytest.mark.parametrize("offset", [0.0, 1e6])
def test_welch(offset):
    found = screen(A + offset, Y, "welch")
    F, p = naive.welch(groups(A + offset - offset, Y))
    np.testing.assert_allclose(found.F, F, rtol=1e-9)
    np.testing.assert_allclose(found.p, p, rtol=1e-8)


def test_welch_of_two_classes_is_the_squared_t():
    two = Y < 2
    found = screen(A[two], Y[two], "welch")
    oracle = stats.ttest_ind(*groups(A[two], Y[two]), equal_var=False)
    np.testing.assert_allclose(found.F, oracle.statistic**2, rtol=1e-9)
    np.testing.assert_allclose(found.p, oracle.pvalue, rtol=1e-8)


def test_welch_without_variance_in_a_class():
    y = np.repeat([0, 1], 3)
    apart = np.column_stack([[0, 0, 0, 1, 2, 3], [5] * 6, [0, 0, 0, 1, 1, 1]]).astype(float)
    assert screen(apart, y, "welch").F.tolist() == [np.inf, 0.0, np.inf]
    assert screen(apart, y, "welch").p.tolist() == [0.0, 1.0, 0.0]


@pytest.mark.parametrize("ties", [False, True])
def test_kruskal(ties):
    data = np.round(A) if ties else A
    found = screen(data, Y, "kruskal")
    oracle = stats.kruskal(*groups(data, Y), axis=0)
    np.testing.assert_allclose(found.F, oracle.statistic, rtol=1e-10)
    np.testing.assert_allclose(found.p, oracle.pvalue, rtol=1e-9)


def nasty(case):
    """Data that break careless formulas, as float64 columns with their classes."""
    rng = np.random.default_rng(7)
    y = np.repeat([0, 1, 2], [40, 7, 20])
    A = rng.standard_normal((67, 3)) + 0.5 * y[:, None]
    if case == "offset":
        A += 1e8
    elif case == "tiny":
        A *= 1e-12
    elif case == "huge":
        A *= 1e12
    elif case == "float32":
        A = (A + 1e4).astype(np.float32)
    elif case == "pairs":
        A, y = A[[0, 1, 40, 41, 50, 51]], y[[0, 1, 40, 41, 50, 51]]
    return A, y


@pytest.mark.parametrize("case", ["offset", "tiny", "huge", "float32", "pairs"])
def test_nasty_data(case):
    A, y = nasty(case)
    centred = A.astype(np.float64) - A.astype(np.float64).mean(axis=0)
    oracles = {
        "f": stats.f_oneway(*groups(centred, y)),
        "welch": naive.welch(groups(centred, y)),
        "kruskal": stats.kruskal(*groups(A.astype(np.float64), y), axis=0),
    }
    for name, (statistic, p) in oracles.items():
        found = screen(A, y, name)
        # what centring itself rounds off at an offset of 1e8 is not the screen's
        np.testing.assert_allclose(found.F, statistic, rtol=1e-9, err_msg=name)
        np.testing.assert_allclose(found.p, p, rtol=1e-8, err_msg=name)


def test_a_declared_class_without_samples_counts_in_no_screen():
    for name in ("welch", "fisher", "f"):
        gap = np.where(Y == 3, 7, Y)
        found, expected = screen(A, gap, name), screen(A, Y, name)
        np.testing.assert_allclose(found.F, expected.F, rtol=1e-12)


def test_fisher_is_F_up_to_a_factor():
    F = f_statistic(A, Y).F
    np.testing.assert_allclose(screen(A, Y, "fisher").F, F * 3 / 296, rtol=1e-12)


def test_functions_of_scikit_learn():
    np.testing.assert_allclose(screen(A, Y, f_classif).F, f_classif(A, Y)[0])
    np.testing.assert_allclose(screen(A, Y, f_classif).p, f_classif(A, Y)[1])
    expected = mutual_info_classif(A, Y, random_state=0)
    np.testing.assert_allclose(screen(A, Y, "mutual_info").F, expected)
    np.testing.assert_allclose(screen(np.abs(A), Y, chi2).F, chi2(np.abs(A), Y)[0])
    scores = screen(A, Y, lambda A, y: A.mean(axis=0))
    np.testing.assert_allclose(scores.F, A.mean(axis=0))
    assert np.isnan(scores.p).all()


def test_negative_scores_keep_their_order():
    data = np.column_stack([A, np.full(300, 3.0)])
    found = screen(data, Y, lambda A, y: -A.std(axis=0))
    np.testing.assert_allclose(found.F[:6], -A.std(axis=0))
    assert found.F[6] == found.F[:6].min()  # a constant unit is never ahead


def test_regression():
    target = A[:, 2] + RNG.standard_normal(300)
    np.testing.assert_array_equal(screen(A, target, "f_regression").F, f_statistic(A, target).F)
    assert screen(A, target, "mutual_info").F.argmax() == 2


@pytest.mark.parametrize(
    ("y", "score_func", "message"),
    [
        (A[:, 0], "welch", "needs classes, got a regression"),
        (A[:, 0], "kruskal", "needs classes, got a regression"),
        (A[:, 0], "fisher", "needs classes, got a regression"),
        (Y, "f_regression", "needs a numeric target, got classes"),
        (Y, "anova", "score_func must be one of"),
        (Y, lambda A, y: np.zeros(3), r"one score for each of 6 units, got shape \(3,\)"),
        (Y, lambda A, y: (np.zeros(6), np.zeros(5)), r"one p-value for each of 6 units.*\(5,\)"),
        (Y, lambda A, y: (np.zeros(6), np.full(6, 1.5)), r"p-values from 0 to 1, got 1.5"),
        (Y, lambda A, y: (np.zeros(6), np.full(6, -0.1)), r"p-values from 0 to 1, got -0.1"),
        (Y, lambda A, y: (1, 2, 3), "scores, or scores and p-values, got 3 values"),
        (Y, lambda A, y: np.full(6, np.nan), "scores that are numbers, got nan for 6 of 6 units"),
        (Y, lambda A, y: np.array([0, 0, 0, -np.inf, 1, 1]), "got -inf for 1 of 6 units"),
        (Y, lambda A, y: ["a"] * 6, "what score_func returns must hold real numbers"),
        (Y, lambda A, y: None, "what score_func returns must hold real numbers"),
    ],
)
def test_screens_that_do_not_fit(y, score_func, message):
    with pytest.raises(ValueError, match=message):
        screen(A, y, score_func)


def test_weights_only_where_they_mean_something():
    weight = RNG.integers(1, 4, 300)
    for name in ("f", "welch", "fisher"):
        assert not np.allclose(screen(A, Y, name, weight).F, screen(A, Y, name).F)
    with pytest.raises(ValueError, match="takes no sample_weight"):
        screen(A, Y, "kruskal", weight)
    assert {name for name, one in STATISTICS.items() if not one.streams} == {
        "kruskal",
        "mutual_info",
    }


def test_omega_squared():
    moments = ClassMoments(4, 6).partial_fit(A, Y)
    between, within = moments.between(), moments.within.sum(axis=0)
    mean_within = within / 296
    expected = (between - 3 * mean_within) / (between + within + mean_within)
    np.testing.assert_allclose(omega_squared(moments), expected, rtol=1e-10)
    constant = ClassMoments(4, 1).partial_fit(np.ones((300, 1)), Y)
    assert omega_squared(constant).tolist() == [0.0]


class TestSelect:
    statistics = f_statistic(A, Y)

    def test_modes(self):
        p = self.statistics.p
        np.testing.assert_array_equal(select(self.statistics, "fpr", 0.01), p < 0.01)
        np.testing.assert_array_equal(select(self.statistics, "fwe", 0.01), p < 0.01 / 6)
        np.testing.assert_array_equal(
            select(self.statistics, "fdr", 0.01), stats.false_discovery_control(p) <= 0.01
        )

    def test_effect(self):
        large = select(self.statistics, "fpr", 0.05, min_effect=0.1)
        np.testing.assert_array_equal(
            large, (self.statistics.p < 0.05) & (self.statistics.eta2 >= 0.1)
        )

    def test_no_p_values(self):
        with pytest.raises(ValueError, match="needs a statistic with p-values"):
            select(screen(A, Y, "mutual_info"), "fdr")


class TestPermutations:
    @pytest.mark.parametrize("target", [Y[:60], A[:60, 1] + Y[:60]])
    def test_counts_agree_with_shuffling_by_hand(self, target):
        p = permutation_test(A[:60], target, n_permutations=400, random_state=0)
        observed = f_statistic(A[:60], target).F
        rng = np.random.default_rng(1)
        larger = sum(
            observed <= f_statistic(A[:60], rng.permutation(target)).F for _ in range(400)
        )
        by_hand = (1 + larger) / 401
        np.testing.assert_allclose(p, by_hand, atol=4 * 0.5 / 20)
        assert (p * 401 == np.round(p * 401)).all()
        assert p.min() >= 1 / 401

    def test_agrees_with_the_F_distribution_on_normal_data(self):
        noise = np.random.default_rng(2).standard_normal((200, 40))
        labels = np.arange(200) % 4
        p = permutation_test(noise, labels, n_permutations=2000, random_state=0)
        np.testing.assert_allclose(p, f_statistic(noise, labels).p, atol=0.05)

    def test_workers_change_nothing(self):
        first, second = (
            permutation_test(A, Y, n_permutations=130, random_state=3, n_jobs=n) for n in (1, 2)
        )
        np.testing.assert_array_equal(first, second)

    @pytest.mark.parametrize("number", [0, -3, 1.5, True, "9", None])
    def test_bad_number(self, number):
        with pytest.raises(ValueError, match="n_permutations must be an integer of at least 1"):
            permutation_test(A, Y, n_permutations=number)


@pytest.mark.parametrize("null", ["F", "permutation"])
def test_false_positives_are_as_many_as_promised(null):
    # 200 repetitions of 20 units of pure noise, not normal: the share below 0.05 is binomial
    rng = np.random.default_rng(5)
    found, total = 0, 0
    for repetition in range(200):
        noise = rng.uniform(size=(60, 20))
        labels = rng.permutation(np.arange(60) % 3)
        statistics = f_statistic(noise, labels)
        if null == "permutation":
            p = permutation_test(noise, labels, n_permutations=99, random_state=repetition)
            statistics = statistics._replace(p=p)
        found += np.count_nonzero(select(statistics, "fpr", 0.05))
        total += 20
    assert stats.binomtest(found, total, 0.05).pvalue > 0.001


def test_false_discoveries_are_controlled():
    # 30 of 100 units have an effect; of what is found at most 10 % may be false on average
    rng = np.random.default_rng(6)
    shares, power = [], []
    for _ in range(200):
        labels = np.arange(90) % 3
        data = rng.standard_normal((90, 100))
        data[:, :30] += 0.9 * (labels[:, None] == 1)
        selected = select(f_statistic(data, labels), "fdr", 0.1)
        shares.append(selected[30:].sum() / max(selected.sum(), 1))
        power.append(selected[:30].mean())
    assert np.mean(shares) <= 0.1
    assert np.mean(power) > 0.5
