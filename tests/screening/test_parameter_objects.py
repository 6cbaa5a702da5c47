"""`Screen` and `Significance`: objects that a grid search can reach into."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.feature_selection import f_classif

from skscreen.screening import (
    STATISTICS,
    FStatistics,
    Screen,
    Significance,
    check_selection,
    f_statistic,
    permutation_test,
    resolve_screen,
    resolve_selection,
    screen,
    select,
)

X, Y = load_iris(return_X_y=True)


@pytest.mark.parametrize(
    ("made", "parameters", "text"),
    [
        (
            Screen("welch", pooling="mean", samples=20),
            {"statistic": "welch", "pooling": "mean", "samples": 20, "permutations": None},
            "Screen(pooling='mean', samples=20, statistic='welch')",
        ),
        (
            Significance("fwe", min_effect=0.5),
            {"rule": "fwe", "level": 0.05, "min_effect": 0.5},
            "Significance(min_effect=0.5, rule='fwe')",
        ),
    ],
)
def test_they_are_parameters_like_those_of_estimators(made, parameters, text):
    assert made.get_params() == parameters
    assert clone(made).get_params() == parameters
    assert repr(made) == text


class TestScreen:
    def test_resolves_names(self):
        found = Screen("kruskal", pooling="local", samples=77).resolve(None)
        assert found.statistic is STATISTICS["kruskal"]
        assert (found.pooling, found.samples) == ("local", 77)

    def test_resolves_functions(self):
        statistic = Screen(f_classif).resolve(None).statistic
        assert not statistic.streams
        found = statistic.function(X, Y, "classification")
        np.testing.assert_allclose(found.F, f_classif(X, Y)[0])

    def test_permutations_are_seeded_by_the_generator(self):
        statistic = Screen(permutations=50).resolve(np.random.RandomState(3)).statistic
        assert not statistic.streams
        seed = np.random.RandomState(3).randint(2**31 - 1)
        noise = np.random.default_rng(0).standard_normal((60, 5))
        labels = np.arange(60) % 3
        expected = permutation_test(noise, labels, n_permutations=50, random_state=seed)
        found = statistic.function(noise, labels, "classification")
        np.testing.assert_array_equal(found.p, expected)
        np.testing.assert_array_equal(found.F, f_statistic(noise, labels).F)

    @pytest.mark.parametrize("given", ["welch", f_classif, Screen("fisher", samples=30)])
    def test_what_stands_for_one(self, given):
        found = resolve_screen(given)
        if isinstance(given, Screen):
            assert found is given
        else:
            assert found.get_params() == Screen(given).get_params()

    @pytest.mark.parametrize(
        ("parameters", "message"),
        [
            ({"statistic": "anova"}, "statistic of Screen must be one of 'f', .* got 'anova'"),
            ({"statistic": None}, "statistic of Screen must be .* a callable, got None"),
            ({"pooling": "median"}, "pooling of Screen must be one of .* got 'median'"),
            ({"samples": 9}, "samples of Screen must be an integer of at least 10, got 9"),
            ({"samples": True}, "samples of Screen .* got True"),
            ({"permutations": 0}, "permutations of Screen .* at least 1 or None, got 0"),
            ({"permutations": 1.5}, "permutations of Screen .* got 1.5"),
            (
                {"statistic": "welch", "permutations": 9},
                "permutations=9 shuffles .* 'f_regression', got statistic='welch'",
            ),
            ({"statistic": f_classif, "permutations": 9}, "permutations=9 shuffles"),
        ],
    )
    def test_bad_parameters_are_named(self, parameters, message):
        with pytest.raises(ValueError, match=message):
            Screen(**parameters).resolve(np.random.RandomState(0))

    @pytest.mark.parametrize("given", [None, "anova", 3, ("f",)])
    def test_bad_score_functions_are_named(self, given):
        with pytest.raises(ValueError, match=r"score_func must be one of .* or a Screen"):
            resolve_screen(given)
        with pytest.raises(ValueError, match="score_func must be one of"):
            screen(X, Y, given)


class TestSignificance:
    statistics = f_statistic(X, Y)

    def test_call(self):
        rule = Significance("fwe", level=0.001, min_effect=0.6)
        np.testing.assert_array_equal(rule(self.statistics), [True, False, True, True])
        np.testing.assert_array_equal(
            rule(self.statistics), select(self.statistics, "fwe", 0.001, min_effect=0.6)
        )
        effect = float(self.statistics.eta2[1])
        assert Significance("fpr", min_effect=effect)(self.statistics)[1]
        assert not Significance("fpr", min_effect=np.nextafter(effect, 1))(self.statistics)[1]

    @pytest.mark.parametrize(
        ("rule", "p"), [("fpr", [0.05, 0.06]), ("fwe", [0.025, 0.026]), ("fdr", [0.025, 0.05])]
    )
    def test_the_level_itself_is_significant(self, rule, p):
        # adjusted for two units, the second p of fdr and the first of the others is just 0.05
        found = FStatistics(np.ones(2), np.array(p), np.ones(2))
        expected = [True, rule == "fdr"]
        assert Significance(rule)(found).tolist() == expected
        assert Significance(rule, level=0.0499)(found).tolist() == [False, False]

    def test_defaults(self):
        p, eta2 = np.array([0.024, 0.05, 0.06]), np.array([0.0, 0.5, 1.0])
        found = FStatistics(np.ones(3), p, eta2)
        assert Significance()(found).tolist() == select(found).tolist() == [False] * 3
        assert select(found, "fpr").tolist() == [True, True, False]
        assert select(found, "fwe", 0.16).tolist() == [True, True, False]
        assert select(found, level=0.0601).tolist() == [True] * 3
        smaller = FStatistics(np.ones(3), p**4, eta2)
        assert select(smaller, level=1e-5).tolist() == [True, True, False]
        assert not select(found, "fpr", min_effect=1).any()
        assert select(found, "fpr", 0.06, min_effect=1).tolist() == [False, False, True]

    def test_effects_may_be_unknown_where_none_is_asked_for(self):
        found = FStatistics(np.ones(2), np.array([0.01, 0.9]), np.full(2, np.nan))
        assert Significance("fpr")(found).tolist() == [True, False]
        with pytest.raises(ValueError, match=r"min_effect=0\.1 needs a statistic with an effect"):
            Significance("fpr", min_effect=0.1)(found)
        found = FStatistics(np.ones(2), np.array([0.01, np.nan]), np.ones(2))
        with pytest.raises(
            ValueError, match="rule='fpr' needs a statistic with p-values, got NaN"
        ):
            Significance("fpr")(found)

    def test_text(self):
        assert str(Significance()) == "fdr at 0.05"
        assert (
            str(Significance("fpr", level=0.01, min_effect=0.5))
            == "fpr at 0.01, eta2 of at least 0.5"
        )

    @pytest.mark.parametrize(
        ("parameters", "message"),
        [
            ({"rule": "x"}, "rule of Significance must be one of 'fpr', 'fdr', 'fwe', got 'x'"),
            ({"rule": None}, "rule of Significance .* got None"),
            *[
                ({"level": level}, rf"level of Significance must be a number in \(0, 1\), got {w}")
                for level, w in ((0, 0), (1, 1), (2, 2), (-1, -1), (np.nan, "nan"), ("a", "'a'"))
            ],
            *[
                (
                    {"min_effect": effect},
                    r"min_effect of Significance must be a number in \[0, 1\]",
                )
                for effect in (-0.1, 1.1, 5, np.nan, None, True)
            ],
        ],
    )
    def test_bad_parameters_are_named(self, parameters, message):
        with pytest.raises(ValueError, match=message):
            Significance(**parameters).check()
        with pytest.raises(ValueError, match=message):
            Significance(**parameters)(self.statistics)
        with pytest.raises(ValueError, match=message):
            select(self.statistics, **parameters)
        with pytest.raises(ValueError, match=message):
            resolve_selection(Significance(**parameters))

    def test_what_stands_for_one(self):
        assert resolve_selection(None) is None
        assert resolve_selection("fwe").get_params() == Significance("fwe").get_params()
        rule = Significance(level=0.1)
        assert resolve_selection(rule) is rule

    @pytest.mark.parametrize("given", ["sparsity", 0.05, Significance, ["fdr"]])
    def test_bad_selections_are_named(self, given):
        with pytest.raises(ValueError, match="selection must be None, one of 'fpr', 'fdr', 'fwe'"):
            resolve_selection(given)


@pytest.mark.parametrize(
    ("pooling", "reason"), [("positions", "counts correlated positions"), ("local", "averages")]
)
def test_p_values_of_several_positions_are_refused(pooling, reason):
    for n_positions in (2, [1, 24]):
        with pytest.raises(ValueError, match=f"pooling='{pooling}' {reason}.*'mean' or 'max'"):
            check_selection(pooling, n_positions)
        check_selection("mean", n_positions)
        check_selection("max", n_positions)
    for n_positions in (1, [1, 1], []):
        check_selection(pooling, n_positions)
