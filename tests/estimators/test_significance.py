"""Pruning by significance, other screens, and the report."""

import numpy as np
import pytest
from scipy.stats import f_oneway, kruskal
from sklearn.datasets import load_diabetes, load_iris
from sklearn.ensemble import AdaBoostClassifier
from sklearn.feature_selection import f_classif
from sklearn.frozen import FrozenEstimator

from skscreen import (
    CNNClassifier,
    MLPClassifier,
    MLPRegressor,
    Screen,
    Screening,
    ScreeningPruner,
    Significance,
    f_statistic,
)
from skscreen.screening import STATISTICS, screen

IRIS, SPECIES = load_iris(return_X_y=True)
NOISE = np.random.default_rng(0).standard_normal((150, 20))
X, y = np.hstack([IRIS, NOISE]), SPECIES


@pytest.fixture(scope="module")
def dense():
    return MLPClassifier(
        (16, 8), max_iter=60, tol=None, random_state=0, learning_rate_init=0.01, dtype="float64"
    ).fit(X, y)


def quick(estimator, **parameters):
    defaults = {"n_rounds": 1, "pruning_epochs": 2, "fine_tune_epochs": 10, "random_state": 0}
    return ScreeningPruner(estimator, **(defaults | parameters))


@pytest.mark.parametrize("rule", ["fpr", "fdr", "fwe"])
def test_what_is_not_significant_goes(dense, rule):
    pruner = quick(FrozenEstimator(dense), selection=rule, sparsity=None).fit(X, y)
    p = f_statistic(X, y).p
    expected = {
        "fpr": p < 0.05,
        "fdr": np.sort(p)[max(np.flatnonzero(np.sort(p) <= 0.05 * np.arange(1, 25) / 24))] >= p,
        "fwe": p < 0.05 / 24,
    }[rule]
    hidden = pruner.masks_[1].any(axis=1)
    np.testing.assert_array_equal(pruner.masks_[0], expected[:, None] & hidden)
    limit = pruner.f_statistics_[1].p[hidden].max(initial=0)
    np.testing.assert_array_equal(hidden, pruner.f_statistics_[1].p <= limit)
    assert limit <= 0.05
    given_up = np.flatnonzero(expected)[0], np.flatnonzero(~hidden)[0]
    assert "cut in round 1 (its unit no longer did" in pruner.report_.describe(0, *given_up)
    cut_by_the_rule = np.flatnonzero(~expected)[0], np.flatnonzero(hidden)[0]
    assert "cut in round 1; rule" in pruner.report_.describe(0, *cut_by_the_rule)
    assert expected[:4].all()
    assert pruner.sparsity_ > 0.3
    assert pruner.score(X, y) > 0.95


def test_effect_size_cuts_more(dense):
    pruner = quick(
        FrozenEstimator(dense), selection=Significance("fpr", min_effect=0.5), sparsity=None
    ).fit(X, y)
    np.testing.assert_array_equal(pruner.get_support(indices=True), [0, 2, 3])


def test_permutations_need_no_distribution(dense):
    pruner = quick(
        FrozenEstimator(dense),
        selection="fwe",
        sparsity=None,
        score_func=Screen(permutations=999),
    ).fit(X, y)
    p = pruner.f_statistics_[0].p
    np.testing.assert_allclose(p * 1000, np.round(p * 1000), atol=1e-9)
    assert (p[:4] == 0.001).all()
    assert set(pruner.get_support(indices=True)) >= {0, 1, 2, 3}
    with pytest.raises(ValueError, match="permutations=9 shuffles the labels for statistic 'f'"):
        quick(FrozenEstimator(dense), score_func=Screen("welch", permutations=9)).fit(X, y)


def test_channels(dense):
    pruner = quick(
        FrozenEstimator(dense),
        granularity="channel",
        selection=Significance("fwe", min_effect=0.3),
        sparsity=None,
    ).fit(X, y)
    for stat, mask in zip(pruner.f_statistics_, pruner.masks_, strict=False):
        wanted = (stat.p < 0.05 / len(stat.p)) & (stat.eta2 >= 0.3)
        np.testing.assert_array_equal(mask.any(axis=0), wanted)


def test_a_layer_without_any_significant_unit_keeps_its_best():
    rng = np.random.default_rng(1)
    noise, labels = rng.standard_normal((100, 5)), np.arange(100) % 2
    net = MLPClassifier((4,), max_iter=2, tol=None, random_state=0)
    pruner = quick(net, selection=Significance("fwe", level=1e-12), sparsity=None)
    with pytest.warns(UserWarning, match="nothing is significant .* in layer 0, 1"):
        pruner.fit(noise, labels)
    assert all(mask.sum() == 1 for mask in pruner.masks_)


@pytest.mark.parametrize("name", sorted(set(STATISTICS) - {"f_regression"}))
def test_every_screen(dense, name):
    pruner = quick(FrozenEstimator(dense), score_func=name, sparsity=0.5).fit(X, y)
    np.testing.assert_allclose(pruner.f_statistics_[0].F, screen(X, y, name).F, rtol=1e-8)


def test_a_function_of_scikit_learn(dense):
    pruner = quick(
        FrozenEstimator(dense), score_func=f_classif, selection="fwe", sparsity=None
    ).fit(X, y)
    np.testing.assert_allclose(pruner.f_statistics_[0].F, f_classif(X, y)[0])
    assert (pruner.f_statistics_[0].p[:4] < 1e-10).all()


def test_a_subsample_is_stratified(dense):
    pruner = quick(FrozenEstimator(dense), score_func=Screen("kruskal", samples=60), sparsity=0.5)
    F = pruner.fit(X, y).f_statistics_[0].F[0]
    whole = kruskal(*(X[y == k, 0] for k in range(3))).statistic
    assert pytest.approx(whole * 60 / 150, rel=0.15) == F


def test_screens_without_weights_say_so(dense):
    with pytest.raises(ValueError, match="takes no sample or class weights, got unequal ones"):
        quick(FrozenEstimator(dense), score_func="kruskal").fit(
            X, y, sample_weight=np.linspace(1, 2, 150)
        )


@pytest.mark.parametrize("pooling", ["local", "positions"])
def test_p_values_of_correlated_positions_select_nothing(pooling):
    images = np.repeat(X[:, None, :8], 8, axis=1)
    net = CNNClassifier((8, 8), conv_channels=4, max_iter=2, tol=None, random_state=0)
    pruner = quick(net, score_func=Screen(pooling=pooling), selection="fdr", sparsity=None)
    with pytest.raises(ValueError, match=f"pooling='{pooling}' .* so its p-values mean little"):
        pruner.fit(images, y)
    assert not hasattr(pruner, "network_")


def test_regression():
    data, target = load_diabetes(return_X_y=True)
    target = (target - target.mean()) / target.std()
    net = MLPRegressor((8,), max_iter=20, tol=None, random_state=0)
    for parameters in ({"score_func": "f_regression"}, {"score_func": "mutual_info"}, {}):
        pruner = quick(net, sparsity=0.5, **parameters).fit(data, target)
        expected = screen(
            data.astype(np.float32), target.astype(np.float32), parameters.get("score_func", "f")
        )
        np.testing.assert_allclose(pruner.f_statistics_[0].F, expected.F, rtol=1e-4, atol=2e-3)
    assert "r2" in pruner.report_.layer(0).dtype.names


class TestReport:
    def test_the_table_adds_up(self, dense):
        pruner = quick(FrozenEstimator(dense), sparsity=0.6).fit(X, y)
        table = pruner.report_.layer(0)
        np.testing.assert_allclose(table["mean"][:4, 1], IRIS[y == 1].mean(axis=0), rtol=1e-6)
        np.testing.assert_allclose(table["SSB"] + table["SSW"], 150 * X.var(axis=0), rtol=1e-6)
        F = (table["SSB"] / table["df_between"]) / (table["SSW"] / table["df_within"])
        np.testing.assert_allclose(table["F"], F, rtol=1e-9)
        np.testing.assert_array_equal(table["kept"], pruner.masks_[0].sum(axis=1))
        assert (table["df_between"][0], table["df_within"][0]) == (2, 147)

    def test_connections(self, dense):
        pruner = quick(FrozenEstimator(dense), sparsity=0.6).fit(X, y)
        rows = pruner.report_.connections(1)
        assert len(rows) == 16 * 8
        np.testing.assert_array_equal(rows["kept"], pruner.masks_[1].ravel())
        last = np.isfinite(pruner.scores_[1].ravel())
        np.testing.assert_array_equal(rows["score"][last], pruner.scores_[1].ravel()[last])
        np.testing.assert_array_equal(rows["kept"], rows["round"] == 0)
        np.testing.assert_array_equal(rows["F"], pruner.f_statistics_[1].F[rows["source"]])
        assert rows["score"][rows["kept"]].min() >= rows["score"][~rows["kept"]].max()
        frame = pruner.report_.to_frame(1, connections=True)
        assert frame.loc[(3, 2), "magnitude"] == rows["magnitude"][3 * 8 + 2]

    def test_units(self, dense):
        channel = quick(FrozenEstimator(dense), granularity="channel", sparsity=0.5).fit(X, y)
        table = channel.report_.layer(0)
        last = np.isfinite(channel.scores_[0])
        np.testing.assert_array_equal(table["score"][last], channel.scores_[0][last])
        np.testing.assert_array_equal(table["round"] == 0, channel.masks_[0].any(axis=0))
        assert "score" in channel.report_.describe(0, 0)
        with pytest.raises(ValueError, match="whole units were scored"):
            channel.report_.connections(0)

    @pytest.mark.parametrize("granularity", ["connection", "channel"])
    @pytest.mark.parametrize("side", ["source", "target"])
    def test_what_was_cut_early_keeps_its_reason(self, dense, granularity, side):
        pruner = quick(
            FrozenEstimator(dense),
            granularity=granularity,
            criterion=Screening(side=side),
            sparsity=0.7,
            n_rounds=4,
            pruning_epochs=4,
        ).fit(X, y)
        table = pruner.report_.layer(0)
        alive = dense.network_.logits(X, depth=1).std(axis=0) > 0
        if granularity == "connection":
            rows = pruner.report_.connections(0)
            assert (table["F"] > 0).all()
            np.testing.assert_array_equal(rows["target_F"] > 0, alive[rows["target"]])
        else:
            rows = table[alive]
        early = rows[(rows["round"] > 0) & (rows["round"] < 4)]
        assert early.size
        assert (early["magnitude"] > 0).all()
        assert np.isfinite(early["score"]).all()
        assert (early["F"] > 0).all()

    def test_the_score_is_what_the_report_says(self, dense):
        pruner = quick(
            FrozenEstimator(dense), sparsity=0.6, criterion=Screening("product"), f_weight=0.05
        )
        pruner.fit(X, y)
        for number in range(3):
            rows = pruner.report_.connections(number)
            expected = rows["magnitude"] ** 0.95 * rows["target_F"] ** 0.05
            given_up = rows["score"] == 0  # connections of units that do nothing
            assert not rows["kept"][given_up].any()
            assert given_up.mean() < 0.5
            np.testing.assert_allclose(rows["score"][~given_up], expected[~given_up], rtol=1e-5)
        # the units that a layer's connections lead to are those that the next one's read
        np.testing.assert_allclose(
            pruner.report_.connections(0)["target_F"][:16], pruner.f_statistics_[1].F, rtol=1e-6
        )

    def test_another_statistic_is_not_shown_as_F(self, dense):
        pruner = quick(FrozenEstimator(dense), sparsity=0.6, score_func="kruskal").fit(X, y)
        expected = kruskal(*(X[y == k, 0] for k in range(3))).statistic
        text = pruner.report_.describe(0, 0)
        assert f"statistic of the screen: {expected:.4g}" in text
        channel = quick(FrozenEstimator(dense), granularity="channel", sparsity=0.5).fit(X, y)
        with pytest.raises(ValueError, match="whole units were scored"):
            channel.report_.describe(0, 0, 1)
        with pytest.raises(ValueError, match="unit must be an integer from 0 to 23 in layer 0"):
            pruner.report_.describe(0, 24)

    @pytest.mark.parametrize("number", [3, -1, 1.5])
    def test_a_layer_that_is_not_there(self, dense, number):
        report = quick(FrozenEstimator(dense), sparsity=0.6).fit(X, y).report_
        for ask in (report.layer, report.connections, lambda n: report.describe(n, 0)):
            with pytest.raises(ValueError, match="layer must be an integer from 0 to 2, got"):
                ask(number)

    def test_the_rule_says_what_the_sparsity_counts(self, dense):
        for granularity, counted in (("connection", "weights"), ("channel", "macs")):
            pruner = quick(FrozenEstimator(dense), granularity=granularity, budget="macs")
            rule = pruner.set_params(sparsity=0.5).fit(X, y).report_.rule
            assert rule.startswith(f"sparsity=0.5 of the {counted}, ")

    def test_as_text_and_as_a_frame(self, dense):
        pruner = quick(FrozenEstimator(dense), sparsity=0.6).fit(X, y)
        text = str(pruner.report_)
        assert text.startswith("rule: sparsity=0.6 of the weights, erk allocation")
        assert "layer 0:" in text
        frame = pruner.report_.to_frame(0)
        assert list(frame.columns[:3]) == ["mean_0", "mean_1", "mean_2"]
        assert frame.loc[2, "F"] == pruner.f_statistics_[0].F[2]
        assert pruner.report_.n_layers == 3

    def test_one_connection_as_text(self, dense):
        pruner = quick(FrozenEstimator(dense), sparsity=0.6).fit(X, y)
        rows = pruner.report_.connections(0)
        cut, kept = (rows[rows["kept"] == fate][0] for fate in (False, True))
        text = pruner.report_.describe(0, cut["source"], cut["target"])
        assert f"cut in round {cut['round']}; rule: sparsity=0.6" in text
        assert f"|w| = {cut['magnitude']:.4g}" in text
        expected = f_oneway(*(X[y == k, cut["source"]] for k in range(3)))
        assert f"{expected.statistic:.4g}" in text
        assert "kept; rule" in pruner.report_.describe(0, kept["source"], kept["target"])

    @pytest.mark.parametrize("pooling", ["mean", "local", "positions"])
    def test_of_a_convolution(self, pooling):
        images = np.repeat(X[:, None, :8], 8, axis=1)
        net = CNNClassifier((8, 8), conv_channels=4, max_iter=2, tol=None, random_state=0)
        for granularity, n_units in (("connection", 9), ("channel", 4)):
            pruner = quick(
                net, score_func=Screen(pooling=pooling), granularity=granularity, sparsity=0.3
            )
            table = pruner.fit(images, y).report_.layer(0)
            assert len(table) == n_units
            assert table["mean"].shape == (n_units, 3)
            np.testing.assert_array_equal(table["F"], pruner.f_statistics_[0].F)


class TestNothingSignificant:
    """Labels that have nothing to do with the inputs: the rule keeps nothing, the layers must."""

    noise = np.random.default_rng(0).standard_normal((120, 12))
    labels = np.arange(120) % 3

    def fitted(self, **parameters):
        net = MLPClassifier((10,), max_iter=3, tol=None, random_state=0)
        net.fit(self.noise, self.labels)
        rule = Significance("fwe", level=1e-9)
        pruner = quick(FrozenEstimator(net), selection=rule, sparsity=None, **parameters)
        with pytest.warns(UserWarning, match="nothing is significant") as caught:
            pruner.fit(self.noise, self.labels)
        assert caught[0].filename == __file__
        return pruner, str(caught[0].message)

    def test_of_connections(self):
        pruner, message = self.fitted(n_rounds=1, pruning_epochs=0, fine_tune_epochs=0)
        assert "(fwe at 1e-09) in layer 0, 1: " in message
        assert "only the best by score, since every layer must keep something" in message
        report = pruner.report_
        (unit,) = np.flatnonzero(report.layer(0)["kept"])
        target = int(np.flatnonzero(pruner.masks_[0][unit])[0])
        reason = "though not significant: every layer keeps something, and a way through; rule:"
        assert f"1 connections kept {reason}" in report.describe(0, unit)
        assert f"kept {reason}" in report.describe(0, unit, target)
        other = (unit + 1) % 12
        assert "not significant" not in report.describe(0, other)
        assert "not significant" not in report.describe(0, unit, (target + 1) % 10)
        assert "layer 0: 1 of 12 units are still used, though none of them is sig" in str(report)

    def test_of_units(self):
        pruner, message = self.fitted(granularity="channel", n_rounds=1)
        assert "in layer 0: " in message
        (unit,) = np.flatnonzero(pruner.report_.layer(0)["kept"])
        assert "kept though not significant" in pruner.report_.describe(0, unit)

    def test_what_is_significant_needs_no_excuse(self):
        X, y = load_iris(return_X_y=True)
        net = MLPClassifier((10,), solver="lbfgs", max_iter=40, tol=None, random_state=0)
        report = quick(net, selection="fdr", sparsity=None).fit(X, y).report_
        assert "significant" not in str(report)
        assert "significant" not in report.describe(0, 2)


@pytest.mark.parametrize("weights", ["classes", "samples", "both"])
def test_balanced_weights_find_nothing_in_noise(weights):
    # 200 inputs of noise and classes of 400, 60 and 40: weights that counted as repetitions made
    # dozens of inputs significant
    rng = np.random.default_rng(0)
    noise, labels = rng.standard_normal((500, 200)), np.repeat([0, 1, 2], [400, 60, 40])
    balanced = {"class_weight": "balanced"} if weights in ("classes", "both") else {}
    weight = rng.lognormal(0, 1, 500) if weights in ("samples", "both") else None
    net = MLPClassifier((5,), max_iter=1, tol=None, random_state=0, **balanced)
    net.fit(noise, labels, sample_weight=weight)
    pruner = quick(
        FrozenEstimator(net), criterion="magnitude", sparsity=0.5, n_rounds=1, pruning_epochs=0
    ).fit(noise, labels, sample_weight=weight)
    assert Significance("fdr")(pruner.f_statistics_[0]).sum() <= 1


def test_weights_that_sum_to_one():
    weight = np.full(150, 1 / 150)
    F = [
        quick(MLPClassifier((8,), max_iter=3, tol=None, random_state=0))
        .fit(X, y, sample_weight=w)
        .f_statistics_[0]
        .F
        for w in (weight, None)
    ]
    np.testing.assert_array_equal(*F)


def test_boosting_gives_weights_that_sum_to_one():
    net = MLPClassifier((6,), max_iter=15, batch_size=20, tol=None, random_state=0)
    pruner = quick(net, sparsity=0.5, fine_tune_epochs=2)
    boosted = AdaBoostClassifier(pruner, n_estimators=3, random_state=0).fit(IRIS, y)
    assert len(boosted.estimators_) == 3
    assert boosted.score(IRIS, y) > 0.5


def test_negative_scores_keep_their_order():
    # the same order, once below zero and once above
    parameters = {"criterion": Screening(side="source"), "f_weight": 1.0, "sparsity": 0.8}
    masks = [
        quick(
            MLPClassifier((8,), max_iter=3, tol=None, random_state=0),
            score_func=lambda A, y, shift=shift: A.std(axis=0) - shift,
            **parameters,
        )
        .fit(X, y)
        .masks_[0]
        for shift in (X.std(axis=0).min(), 10.0)
    ]
    np.testing.assert_array_equal(*masks)
    with pytest.raises(ValueError, match="scores that are numbers, got nan"):
        quick(
            MLPClassifier((8,), max_iter=1, tol=None),
            score_func=lambda A, y: np.full(A.shape[1], np.nan),
        ).fit(X, y)
