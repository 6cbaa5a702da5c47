"""The parameters of ScreeningPruner: how many, and that a grid reaches each of them."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.pipeline import Pipeline
from small import X, network, quick, y

from skscreen import Distillation, Screen, Screening, ScreeningPruner, Significance

#: parameter, also nested -> two values that must lead to different fits
GRID = {
    "granularity": ["connection", "channel"],
    "sparsity": [0.5, 0.8],
    "budget": ["weights", "units"],
    "criterion": ["magnitude", "random"],
    "criterion__weighting": ["product", "convex"],
    "criterion__side": ["source", "target"],
    "f_weight": [0.0, 0.9],
    "score_func": ["welch", "kruskal"],
    "score_func__statistic": ["welch", "kruskal"],
    "score_func__samples": [100, 300],
    "score_func__permutations": [None, 9],
    "selection": [None, "fwe"],
    "selection__rule": ["fpr", "fwe"],
    "selection__level": [0.5, 1e-3],
    "selection__min_effect": [0.0, 0.6],
    "allocation": ["uniform", "global"],
    "schedule": ["one-shot", "linear"],
    "n_rounds": [1, 3],
    "pruning_epochs": [1, 3],
    "fine_tune_epochs": [0, 2],
    "refit": [None, "least-squares"],
    "learning_rate_init": [0.001, 0.01],
    "alpha": [0.0, 1.0],
    "dropout": [0.0, 0.3],
    "distill": [0.0, 1.0],
    "distill__weight": [0.1, 0.9],
    "distill__temperature": [1.0, 9.0],
    "rewind": [False, True],
    "validation_fraction": [None, 0.3],
    "random_state": [1, 2],
}
#: parameters that leave the predictions as they are, or need images
NO_EFFECT_HERE = {"estimator", "task", "verbose", "score_func__pooling"}

#: what the pruner is like where a nested parameter, or one with conditions, is varied
CONDITIONS = {
    "budget": {"granularity": "channel"},
    "criterion__weighting": {"criterion": Screening(), "f_weight": 0.5},
    "criterion__side": {"criterion": Screening(), "f_weight": 0.5},
    "score_func": {"f_weight": 0.9, "criterion": Screening(side="source")},
    "score_func__statistic": {"score_func": Screen(), "f_weight": 0.9},
    "score_func__samples": {"score_func": Screen("kruskal"), "f_weight": 0.9},
    "score_func__permutations": {
        "score_func": Screen(),
        "selection": Significance("fpr", level=0.2),
        "sparsity": None,
    },
    "selection": {"sparsity": 0.1},
    "selection__rule": {"selection": Significance(level=1e-6), "sparsity": None},
    "selection__level": {"selection": Significance(), "sparsity": None},
    "selection__min_effect": {"selection": Significance(), "sparsity": None},
    "distill__weight": {"distill": Distillation()},
    "distill__temperature": {"distill": Distillation()},
}


NAMES = [
    "estimator",
    "granularity",
    "sparsity",
    "budget",
    "criterion",
    "f_weight",
    "score_func",
    "selection",
    "allocation",
    "schedule",
    "n_rounds",
    "pruning_epochs",
    "fine_tune_epochs",
    "refit",
    "learning_rate_init",
    "alpha",
    "dropout",
    "distill",
    "rewind",
    "validation_fraction",
    "task",
    "random_state",
    "verbose",
]


def test_there_are_twenty_three():
    assert set(ScreeningPruner().get_params(deep=False)) == set(NAMES)
    assert len(NAMES) == 23


def test_all_parameters_are_tried():
    nested = {
        f"{name}__{inner}"
        for name, value in (
            ("criterion", Screening()),
            ("score_func", Screen()),
            ("selection", Significance()),
            ("distill", Distillation()),
        )
        for inner in value.get_params()
    }
    assert set(GRID) | NO_EFFECT_HERE == set(ScreeningPruner().get_params(deep=False)) | nested


@pytest.mark.parametrize("name", GRID)
def test_a_grid_reaches_it(name):
    net = network(checkpoint_epoch=1, max_iter=2)
    pipe = Pipeline([("net", net), ("prune", quick(**CONDITIONS.get(name, {})))])
    search = GridSearchCV(
        pipe, {f"prune__{name}": GRID[name]}, cv=StratifiedKFold(2), refit=False
    ).fit(X[:300], y[:300])
    assert not np.isnan(search.cv_results_["mean_test_score"]).any()
    fits = [
        clone(pipe).set_params(**{f"prune__{name}": value}).fit(X[:300], y[:300])
        for value in GRID[name]
    ]
    first, second = (fit.predict_proba(X[:300]) for fit in fits)
    assert not np.array_equal(first, second)


def test_a_name_stands_for_an_object_with_its_defaults():
    dense = FrozenEstimator(network().fit(X, y))
    for names, objects in [
        ({"criterion": "screening"}, {"criterion": Screening()}),
        ({"score_func": "welch"}, {"score_func": Screen("welch")}),
        ({"selection": "fwe"}, {"selection": Significance("fwe")}),
        ({"distill": 0.4}, {"distill": Distillation(0.4)}),
    ]:
        first, second = (quick(dense, **given).fit(X, y) for given in (names, objects))
        np.testing.assert_array_equal(first.predict_proba(X), second.predict_proba(X))


@pytest.fixture(scope="module")
def dense():
    return FrozenEstimator(network().fit(X, y))


class TestSelectionAndSparsity:
    def test_what_is_not_significant_goes_first(self, dense):
        rule = Significance("fwe", min_effect=0.3)
        both = quick(dense, selection=rule, sparsity=0.9, allocation="uniform").fit(X, y)
        weak = ~rule(both.f_statistics_[0])
        assert 10 < weak.sum() < 60
        assert not both.masks_[0][weak].any()
        kept = sum(int(mask.sum()) for mask in both.masks_)
        assert kept == round(0.1 * sum(mask.size for mask in both.masks_))
        assert both.report_.rule == (
            "fwe at 0.05, eta2 of at least 0.3, then sparsity=0.9 of the weights, "
            "uniform allocation"
        )

    def test_the_significance_may_cut_more_than_the_sparsity(self, dense):
        rule = Significance("fwe", min_effect=0.3)
        alone = quick(dense, selection=rule, sparsity=None, n_rounds=1).fit(X, y)
        both = quick(dense, selection=rule, sparsity=0.01, n_rounds=1).fit(X, y)
        assert both.sparsity_ == alone.sparsity_ > 0.3

    def test_units(self, dense):
        rule = Significance("fwe", min_effect=0.3)
        both = quick(
            dense, selection=rule, granularity="channel", budget="units", sparsity=0.7, n_rounds=1
        ).fit(X, y)
        for mask, found in zip(both.masks_, both.f_statistics_, strict=False):
            assert not mask[:, ~rule(found)].any()
        assert sum(mask.any(axis=0).sum() for mask in both.masks_[:-1]) == 15

    def test_neither(self, dense):
        with pytest.raises(ValueError, match="sparsity=None needs a selection"):
            quick(dense, sparsity=None).fit(X, y)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"criterion": Screening("sum")}, "weighting of Screening must be one of"),
        ({"score_func": Screen(samples=3)}, "samples of Screen must be an integer of at least 10"),
        ({"selection": Significance(level=2)}, "level of Significance must be a number in"),
        ({"distill": Distillation(temperature=0)}, "temperature of Distillation must be"),
        ({"distill": "dense"}, r"distill of ScreeningPruner must be .* or a Distillation"),
        ({"selection": "best"}, "selection of ScreeningPruner must be None or one of"),
        ({"verbose": -1}, "verbose of ScreeningPruner must be a bool or an integer"),
    ],
)
def test_bad_options_are_named(parameters, message):
    with pytest.raises(ValueError, match=message):
        quick(network(), **parameters).fit(X, y)


def test_verbose_one_is_as_good_as_true(capsys):
    printed = []
    for verbose in (True, 1):
        quick(network(max_iter=2), verbose=verbose, random_state=0).fit(X, y)
        printed.append(capsys.readouterr().out)
    assert printed[0] == printed[1]
    assert printed[0].count("\n") == 5  # the nulls, three rounds, the fine-tuning
