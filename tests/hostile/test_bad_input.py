"""Whatever comes in: an error that says what was wrong, and an estimator that stays as it was."""

import pickle
from functools import cache

import numpy as np
import pytest
from scipy.sparse import csr_array
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator

from skscreen import (
    CNNClassifier,
    CNNRegressor,
    Distillation,
    MLPClassifier,
    MLPRegressor,
    Screen,
    Screening,
    ScreeningPruner,
    Significance,
)

RNG = np.random.default_rng(0)
X = RNG.random((40, 16))
CLASSES = np.arange(40) % 3
NUMBERS = RNG.standard_normal(40)

SHORT = {"max_iter": 2, "tol": None, "random_state": 0}
NETWORKS = {
    "MLPClassifier": MLPClassifier((4,), **SHORT),
    "MLPRegressor": MLPRegressor((4,), **SHORT),
    "CNNClassifier": CNNClassifier((4, 4), conv_channels=2, hidden_layer_sizes=(4,), **SHORT),
    "CNNRegressor": CNNRegressor((4, 4), conv_channels=2, hidden_layer_sizes=(4,), **SHORT),
}
BRIEF = {"n_rounds": 1, "pruning_epochs": 1, "fine_tune_epochs": 1, "sparsity": 0.3}
ESTIMATORS = NETWORKS | {
    f"ScreeningPruner({name})": ScreeningPruner(net, **BRIEF) for name, net in NETWORKS.items()
}


def target(name):
    return NUMBERS if "Regressor" in name else CLASSES


@cache
def fitted(name):
    return pickle.dumps(clone(ESTIMATORS[name]).fit(X, target(name)))


def assert_refused(name, message, call):
    """Check that a call on a fitted estimator raises, and changes nothing it has learnt."""
    estimator = pickle.loads(fitted(name))
    before = estimator.predict(X)
    attributes = {key for key in vars(estimator) if key.endswith("_")}
    with pytest.raises((ValueError, TypeError), match=message) as caught:
        call(estimator)
    assert len(str(caught.value)) > 15
    assert {key for key in vars(estimator) if key.endswith("_")} == attributes
    np.testing.assert_array_equal(estimator.predict(X), before)


def with_value(place, value):
    changed = X.copy()
    changed[place] = value
    return changed


#: what X is -> (X, a part of the message)
BAD_X = {
    "one axis": (X[:, 0], "2D|1D|axes"),
    "a number": (3.0, "2D|scalar|axes|0|shape"),
    "None": (None, "None|2D|axes|0|shape"),
    "no samples": (X[:0], "0 sample|minimum|inconsistent"),
    "NaN": (with_value((3, 2), np.nan), "NaN"),
    "infinity": (with_value((3, 2), np.inf), "infinity"),
    "minus infinity": (with_value((0, 0), -np.inf), "infinity"),
    "too large for float32": (with_value((0, 0), 1e300), "infinity|too large"),
    "complex": (X + 1j, "[Cc]omplex"),
    "words": (np.full((40, 16), "a"), "convert|numeric|dtype|string"),
    "objects": (np.full((40, 16), object()), "float|number|argument"),
    "a dict": ({"a": 1}, "2D|dict|axes|0|float|shape|array"),
}
BAD_X_OF_FIT = {
    "too few rows": (X[:30], "inconsistent"),
    "too many rows": (np.vstack([X, X]), "inconsistent"),
}
BAD_X_OF_PREDICT = {
    "fewer features": (X[:, :15], "features|image"),
    "more features": (np.hstack([X, X]), "features|image"),
    "no features": (X[:, :0], "feature"),
}
BAD_Y = {
    "None": (None, "y|None"),
    "too short": (CLASSES[:30], "inconsistent"),
    "NaN": (np.where(np.arange(40) == 3, np.nan, CLASSES), "NaN"),
    "infinity": (np.where(np.arange(40) == 3, np.inf, CLASSES), "infinity"),
    "three axes": (np.zeros((40, 2, 2)), "dim|axes|1d|expected"),
    "empty": (CLASSES[:0], "inconsistent|empty|0"),
}
BAD_CLASSES = {
    "of two kinds": (np.array(["a", 1, "b"] * 14, dtype=object)[:40], "y must hold .* int, str"),
    "None among them": (np.array(["a", None] * 20, dtype=object), "y must hold .* NoneType, str"),
    "numbers": (NUMBERS, "[Uu]nknown label type|continuous"),
    "one class": (np.zeros(40), "at least 2 classes"),
    "two columns": (np.stack([NUMBERS, NUMBERS], axis=1), "1d|multi|shape"),
}
BAD_WEIGHT = {
    "too short": (np.ones(30), "sample_weight|inconsistent"),
    "too long": (np.ones(41), "sample_weight|inconsistent"),
    "two axes": (np.ones((40, 2)), "1D|sample_weight|2D"),
    "negative": (np.where(np.arange(40) == 3, -1.0, 1.0), "[Nn]egative"),
    "NaN": (np.where(np.arange(40) == 3, np.nan, 1.0), "NaN"),
    "infinity": (np.where(np.arange(40) == 3, np.inf, 1.0), "infinity"),
    "zeros": (np.zeros(40), "zero"),
    "words": (np.full(40, "a"), "convert|string|numeric|dtype"),
}


@pytest.mark.filterwarnings("ignore:overflow encountered in cast:RuntimeWarning")
@pytest.mark.parametrize("name", ESTIMATORS)
class TestData:
    @pytest.mark.parametrize("what", BAD_X | BAD_X_OF_FIT)
    def test_X_of_fit(self, name, what):
        bad, message = (BAD_X | BAD_X_OF_FIT)[what]
        assert_refused(name, message, lambda estimator: estimator.fit(bad, target(name)))

    @pytest.mark.parametrize("what", BAD_X | BAD_X_OF_PREDICT)
    def test_X_of_predict(self, name, what):
        bad, message = (BAD_X | BAD_X_OF_PREDICT)[what]
        assert_refused(name, message, lambda estimator: estimator.predict(bad))

    @pytest.mark.parametrize("what", BAD_Y | BAD_CLASSES)
    def test_y(self, name, what):
        if "Regressor" in name and what in BAD_CLASSES:
            return  # good for a regressor, but for a pruner one of constants: tested below
        bad, message = (BAD_Y | BAD_CLASSES)[what]
        assert_refused(name, message, lambda estimator: estimator.fit(X, bad))

    @pytest.mark.parametrize("what", BAD_WEIGHT)
    def test_sample_weight(self, name, what):
        bad, message = BAD_WEIGHT[what]
        assert_refused(
            name,
            message,
            lambda estimator: estimator.fit(X, target(name), sample_weight=bad),
        )


def test_a_constant_target_has_no_F():
    assert_refused(
        "ScreeningPruner(MLPRegressor)",
        "a target that varies",
        lambda estimator: estimator.set_params(f_weight=0.5).fit(X, np.ones(40)),
    )


@pytest.mark.parametrize("name", [name for name in ESTIMATORS if "Regressor" in name])
def test_targets_beyond_the_dtype(name):
    bad = np.where(np.arange(40) == 3, 1e300, NUMBERS)
    message = "y must hold numbers that are finite in float32, got up to 1e[+]300"
    assert_refused(name, message, lambda estimator: estimator.fit(X, bad))


def test_held_out_targets_beyond_the_dtype():
    message = "y must hold numbers that are finite in float32, got up to 1e[+]300"
    assert_refused(
        "MLPRegressor",
        message,
        lambda net: net.set_params(early_stopping=True).fit(
            X, NUMBERS, X_val=X, y_val=NUMBERS * 0 - 1e300
        ),
    )


@pytest.mark.parametrize("name", [name for name in ESTIMATORS if "Classifier" in name])
def test_products_of_weights_that_are_not_finite(name):
    def fit(estimator):
        net = getattr(estimator, "estimator", estimator)
        net.set_params(class_weight={0: 1e300, 1: 1.0, 2: 1.0})
        estimator.fit(X, CLASSES, sample_weight=np.full(40, 1e300))

    assert_refused(name, "sample_weight times class_weight must be finite", fit)


@pytest.mark.parametrize("name", ["CNNClassifier", "CNNRegressor"])
def test_a_convolution_takes_no_sparse_matrix(name):
    assert_refused(name, "[Ss]parse", lambda estimator: estimator.fit(csr_array(X), target(name)))


COUNT = [0, -1, 1.5, "a", None, True, np.nan]
SHARE = [-0.1, 1.5, "a", np.nan, np.inf, True]
POSITIVE = [0, -1.0, "b", np.nan, np.inf, False]
SIZES = [0, -3, (4, 0), (2.5,), "a", None, [[3]]]
CHOICE = ["something", 3, None, ("adam",), b"adam"]
SWITCH = [2, "yes", None]
#: parameter of a network -> values that it must not have
BAD_PARAMETERS = {
    "hidden_layer_sizes": SIZES,
    "activation": CHOICE,
    "solver": CHOICE,
    "alpha": [-1, "a", np.nan, np.inf, None],
    "batch_size": [0, -1, 1.5, "all", None],
    "learning_rate": CHOICE,
    "learning_rate_init": POSITIVE,
    "power_t": [-1, "a", np.nan],
    "max_iter": COUNT,
    "shuffle": SWITCH,
    "random_state": [-1, 1.5, "a"],
    "tol": [-1e-4, "a", np.nan],
    "verbose": [-1, "a", 0.5],
    "warm_start": SWITCH,
    "momentum": SHARE,
    "nesterovs_momentum": SWITCH,
    "early_stopping": SWITCH,
    "validation_fraction": [0, 1, 2, -0.5, "a", None],
    "beta_1": [1, -0.1, "a", None],
    "beta_2": [1, -0.1, "a", None],
    "epsilon": POSITIVE,
    "n_iter_no_change": COUNT,
    "max_fun": COUNT,
    "checkpoint_epoch": [-1, 1.5, "a"],
    "dropout": [1, -0.1, "a", None],
    "dtype": ["float16", "int", np.float32, None],
}
BAD_OF_IMAGES = {
    "image_shape": [(4,), (4, 4, 1, 1), (0, 16), "4x4", 16, (4.0, 4.0), (5, 5)],
    "conv_channels": SIZES,
    "kernel_size": SIZES,
    "stride": SIZES,
    "padding": CHOICE,
    "pool_size": SIZES,
}
BAD_OF_THE_PRUNER = {
    "granularity": CHOICE,
    "sparsity": [1.0, -0.1, 1.5, "a", np.nan, True],
    "budget": CHOICE,
    "criterion": ["best", 3, None],
    "f_weight": [-0.1, 1.1, "a", None, np.nan],
    "score_func": ["anova", 3, None],
    "selection": ["best", 3, ("fdr",)],
    "allocation": CHOICE,
    "schedule": ["sudden", 3, None],
    "n_rounds": COUNT,
    "pruning_epochs": [-1, 1.5, "many", None],
    "fine_tune_epochs": [-1, 1.5, "many", None],
    "learning_rate_init": [0, -1, "fast", np.inf],
    "alpha": [-1, "strong", np.nan],
    "dropout": [1, -0.1, "some"],
    "distill": [-0.1, 1.5, "dense", None],
    "rewind": SWITCH,
    "validation_fraction": [0, 1, 1.5, "a"],
    "task": CHOICE,
    "random_state": [-1, 1.5, "a"],
    "verbose": [-1, "a", 0.5],
}
BAD_OPTIONS = [
    ("criterion", Screening("sum"), "weighting"),
    ("criterion", Screening(side="left"), "side"),
    ("score_func", Screen("anova"), "statistic"),
    ("score_func", Screen(pooling="median"), "pooling"),
    ("score_func", Screen(samples=1), "samples"),
    ("score_func", Screen(permutations=0), "permutations"),
    ("score_func", Screen(permutations=1.5), "permutations"),
    ("selection", Significance("best"), "rule"),
    ("selection", Significance(level=0), "level"),
    ("selection", Significance(level=np.nan), "level"),
    ("selection", Significance(min_effect=5), "min_effect"),
    ("selection", Significance(min_effect=-0.1), "min_effect"),
    ("distill", Distillation(2), "weight"),
    ("distill", Distillation(temperature=0), "temperature"),
    ("distill", Distillation(temperature=np.nan), "temperature"),
]


def rows():
    """List (estimator, parameter, value, number); a number makes the names of tests short."""
    for name in ESTIMATORS:
        table = BAD_PARAMETERS | (BAD_OF_IMAGES if "CNN" in name else {})
        if "Pruner" in name:
            table = BAD_OF_THE_PRUNER if name == "ScreeningPruner(MLPClassifier)" else {}
        for parameter, values in table.items():
            for number, value in enumerate(values):
                yield pytest.param(name, parameter, value, id=f"{name}-{parameter}-{number}")


@pytest.mark.parametrize(("name", "parameter", "value"), list(rows()))
def test_parameters(name, parameter, value):
    assert_refused(
        name,
        parameter,
        lambda estimator: estimator.set_params(**{parameter: value}).fit(X, target(name)),
    )


@pytest.mark.parametrize(("parameter", "value", "message"), BAD_OPTIONS)
def test_options(parameter, value, message):
    assert_refused(
        "ScreeningPruner(MLPClassifier)",
        message,
        lambda estimator: estimator.set_params(**{parameter: value}).fit(X, CLASSES),
    )


@pytest.mark.parametrize(
    ("estimator", "message"),
    [
        (None, "estimator must be a network"),
        (3, "Cannot clone object '3'"),
        ("MLPClassifier", "Cannot clone object ''MLPClassifier''"),
        (MLPClassifier, "estimator must be a network|clone"),
        (FrozenEstimator(MLPClassifier()), "not fitted"),
    ],
)
def test_networks_of_the_pruner(estimator, message):
    assert_refused(
        "ScreeningPruner(MLPClassifier)",
        message,
        lambda pruner: pruner.set_params(estimator=estimator).fit(X, CLASSES),
    )


def test_the_table_is_long():
    n_data = len(ESTIMATORS) * sum(
        len(table) for table in (BAD_X, BAD_X_OF_FIT, BAD_X, BAD_X_OF_PREDICT, BAD_Y, BAD_WEIGHT)
    )
    assert n_data + len(list(rows())) + len(BAD_OPTIONS) >= 300
