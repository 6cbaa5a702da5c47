"""MLPClassifier and MLPRegressor."""

import pickle

import numpy as np
import pytest
from sklearn.datasets import load_digits, make_regression
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier as SklearnMLP

from skscreen import MLPClassifier, MLPRegressor

DIGITS, LABELS = load_digits(return_X_y=True)
X, y = DIGITS[:800] / 16, LABELS[:800]
X_TEST, Y_TEST = DIGITS[800:1200] / 16, LABELS[800:1200]


def quick(**parameters):
    defaults = {"max_iter": 10, "tol": None, "random_state": 0, "learning_rate_init": 0.01}
    return MLPClassifier(**({"hidden_layer_sizes": (30,)} | defaults | parameters))


def test_lbfgs_finds_the_optimum_of_scikit_learn():
    # a convex problem: no hidden layer, so both must find the same minimum
    rows = y < 3
    parameters = {"solver": "lbfgs", "alpha": 1.0, "max_iter": 2000, "tol": 1e-9}
    ours = MLPClassifier((), dtype="float64", random_state=0, **parameters).fit(X[rows], y[rows])
    theirs = SklearnMLP((), random_state=1, **parameters).fit(X[rows], y[rows])
    np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), atol=1e-3)
    assert ours.loss_ == pytest.approx(theirs.loss_, rel=1e-6)


@pytest.mark.parametrize("activation", ["identity", "logistic", "tanh", "relu"])
@pytest.mark.parametrize("solver", ["adam", "sgd"])
def test_learns_digits(activation, solver):
    rate = 0.3 if solver == "sgd" else 0.01
    net = quick(activation=activation, solver=solver, learning_rate_init=rate, max_iter=30)
    assert net.fit(X, y).score(X_TEST, Y_TEST) > 0.87


@pytest.mark.parametrize("schedule", ["constant", "cosine", "invscaling", "adaptive"])
def test_learning_rate_schedules(schedule):
    net = quick(
        solver="sgd", learning_rate=schedule, learning_rate_init=0.3, max_iter=20, power_t=0.1
    )
    assert net.fit(X, y).score(X_TEST, Y_TEST) > 0.85


def test_attributes_are_those_of_scikit_learn():
    ours = quick().fit(X, y)
    theirs = SklearnMLP((30,), max_iter=3, random_state=0)
    with pytest.warns(ConvergenceWarning):
        theirs.fit(X, y)
    ignored = {"_", "n_features_in_"}
    for name in vars(theirs):
        if name.endswith("_") and not name.startswith("_") and name not in ignored:
            assert hasattr(ours, name), name
    assert [w.shape for w in ours.coefs_] == [w.shape for w in theirs.coefs_]
    assert (ours.n_layers_, ours.n_outputs_, ours.out_activation_) == (3, 10, "softmax")
    assert ours.n_iter_ == len(ours.loss_curve_) == 10
    assert ours.loss_ == ours.loss_curve_[-1]
    assert ours.best_loss_ == min(ours.loss_curve_)
    assert ours.t_ == 8000


def test_sample_weight_is_repetition_and_class_weight_multiplies_it():
    weight = np.where(y == 1, 3, 1)
    parameters = {"solver": "lbfgs", "dtype": "float64", "max_iter": 15}
    weighted = quick(**parameters).fit(X, y, sample_weight=weight)
    repeated = quick(**parameters).fit(np.repeat(X, weight, axis=0), np.repeat(y, weight))
    by_class = quick(class_weight={1: 3.0}, **parameters).fit(X, y)
    np.testing.assert_allclose(weighted.predict_proba(X), repeated.predict_proba(X), atol=1e-6)
    np.testing.assert_allclose(weighted.predict_proba(X), by_class.predict_proba(X), atol=1e-9)


@pytest.mark.parametrize("solver", ["lbfgs", "adam"])
@pytest.mark.parametrize("weight", [np.ones(len(y)), np.random.default_rng(0).random(len(y))])
@pytest.mark.parametrize("factor", [1e-5, 1e-300, 1e200])
def test_weights_are_relative(solver, weight, factor):
    parameters = {"solver": solver, "dtype": "float64", "alpha": 0.1, "max_iter": 10}
    expected = quick(**parameters).fit(X, y, sample_weight=weight).predict_proba(X)
    found = quick(**parameters).fit(X, y, sample_weight=factor * weight).predict_proba(X)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    if weight[0] == 1:
        np.testing.assert_allclose(found, quick(**parameters).fit(X, y).predict_proba(X), 1e-12)


def test_a_penalty_for_each_class_weight_would_be_one_too_many():
    parameters = {"solver": "lbfgs", "dtype": "float64", "alpha": 0.1, "max_iter": 10}
    plain = quick(**parameters).fit(X, y).predict_proba(X)
    tiny = quick(class_weight=dict.fromkeys(range(10), 1e-6), **parameters).fit(X, y)
    np.testing.assert_allclose(tiny.predict_proba(X), plain, rtol=1e-12)


@pytest.mark.parametrize("bad", [-1.0, np.nan, np.inf, "2", None, True])
def test_class_weights_are_checked(bad):
    net = quick(max_iter=1)
    with pytest.raises(
        ValueError, match="class_weight of MLPClassifier must hold finite numbers of at least 0"
    ):
        net.set_params(class_weight={0: 1.0, 3: bad}).fit(X, y)
    assert not hasattr(net, "network_")


def test_balanced_classes_help_the_rare_one():
    keep = (y != 3) | (np.cumsum(y == 3) <= 4)
    found = [
        (quick(class_weight=mode, max_iter=15).fit(X[keep], y[keep]).predict(X_TEST) == 3)[
            Y_TEST == 3
        ].mean()
        for mode in (None, "balanced")
    ]
    assert found[1] > found[0]


class TestEarlyStopping:
    def test_keeps_the_best_epoch(self):
        net = quick(
            early_stopping=True, max_iter=60, tol=1e-4, n_iter_no_change=5, learning_rate_init=0.01
        )
        net.fit(X, y, X_val=X_TEST, y_val=Y_TEST)
        assert net.n_iter_ < 60
        assert net.best_validation_score_ == max(net.validation_scores_)
        assert net.score(X_TEST, Y_TEST) == net.best_validation_score_
        assert len(net.validation_scores_) == net.n_iter_
        assert net.best_loss_ is None

    def test_holds_out_a_part_by_itself(self):
        net = quick(early_stopping=True, validation_fraction=0.25).fit(X, y)
        assert net.t_ == 10 * 600
        assert net.validation_scores_[-1] > 0.8

    @pytest.mark.parametrize(
        ("early_stopping", "given", "message"),
        [
            (False, {"X_val": X, "y_val": y}, "needs early_stopping=True, got False"),
            (True, {"X_val": X}, "must be given together"),
            (True, {"X_val": X[:, :5], "y_val": y}, "5 features"),
            (True, {"X_val": X, "y_val": y + 7}, "classes that are not among"),
        ],
    )
    def test_wrong_held_out_data(self, early_stopping, given, message):
        with pytest.raises(ValueError, match=message):
            quick(early_stopping=early_stopping).fit(X, y, **given)

    @pytest.mark.parametrize("parameter", [{"early_stopping": True}, {"dropout": 0.5}])
    def test_not_with_lbfgs(self, parameter):
        with pytest.raises(ValueError, match=f"{next(iter(parameter))} needs solver 'adam' or"):
            quick(solver="lbfgs", **parameter).fit(X, y)


class TestPartialFit:
    def test_goes_on_with_weights_and_state(self):
        net = quick()
        for _ in range(15):
            net.partial_fit(X, y, classes=np.arange(10))
        assert net.score(X_TEST, Y_TEST) > 0.8
        assert net.n_iter_ == len(net.loss_curve_) == 15
        assert net.loss_curve_[-1] < net.loss_curve_[0]
        twin = pickle.loads(pickle.dumps(net))
        np.testing.assert_array_equal(
            twin.partial_fit(X, y).predict_proba(X), net.partial_fit(X, y).predict_proba(X)
        )

    def test_every_call_shuffles_and_drops_anew(self):
        net = quick(learning_rate_init=1e-30, dropout=0.5, tol=None)
        for _ in range(3):  # the weights stay, so only shuffling and dropout make the loss differ
            net.partial_fit(X, y, classes=np.arange(10))
        assert len(set(net.loss_curve_)) == 3
        by_fit = quick(max_iter=3, tol=None, dropout=0.5).fit(X, y)
        by_part = quick(dropout=0.5, tol=None)
        for _ in range(3):
            by_part.partial_fit(X, y, classes=np.arange(10))
        assert by_part.loss_curve_[0] == by_fit.loss_curve_[0]
        assert by_part.loss_curve_[1] != by_part.loss_curve_[0]

    def test_an_interrupt_leaves_all_or_nothing(self, monkeypatch):
        net = quick().partial_fit(X, y, classes=np.arange(10))
        before = dict(vars(net))

        def interrupted(*args, **kwargs):
            raise KeyboardInterrupt

        monkeypatch.setattr("skscreen.estimators.base.train", interrupted)
        with pytest.raises(KeyboardInterrupt):
            net.partial_fit(X, y)
        assert vars(net) == before

    def test_records_validation_scores(self):
        net = quick(early_stopping=True)
        for number in range(3):
            net.partial_fit(X, y, classes=np.arange(10), X_val=X_TEST, y_val=Y_TEST)
            assert len(net.validation_scores_) == number + 1
        assert net.best_validation_score_ == max(net.validation_scores_)

    def test_classes(self):
        with pytest.raises(ValueError, match="classes must be given at the first call"):
            quick().partial_fit(X, y)
        net = quick().partial_fit(X[y < 4], y[y < 4], classes=np.arange(10))
        assert list(net.classes_) == list(range(10))
        with pytest.raises(ValueError, match="classes must stay those of the first call"):
            net.partial_fit(X, y, classes=np.arange(9))
        with pytest.raises(ValueError, match="classes that are not among"):
            net.partial_fit(X, y + 1)

    def test_not_with_lbfgs(self):
        assert not hasattr(quick(solver="lbfgs"), "partial_fit")


def test_warm_start_goes_on():
    net = quick(warm_start=True).fit(X, y)
    loss = net.loss_
    net.fit(X, y)
    assert net.n_iter_ == 20
    assert net.loss_ < loss
    assert quick(warm_start=False).fit(X, y).fit(X, y).n_iter_ == 10


def test_no_convergence_warns_with_advice():
    with pytest.warns(ConvergenceWarning, match="max_iter=2 before it converged: raise max_iter"):
        quick(max_iter=2, tol=1e-4).fit(X, y)


@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
def test_a_loss_that_is_not_finite_raises_and_changes_nothing(solver):
    net = MLPRegressor((5,), solver=solver, max_iter=50, tol=None, random_state=0)
    target = X[:, 20]
    before = net.fit(X, target).predict(X)
    net.set_params(learning_rate_init=1e30)
    with (
        np.errstate(all="ignore"),
        pytest.raises(FloatingPointError, match=r"scale the features .* lower learning_rate_init"),
    ):
        net.fit(X * 1e30, target)
    np.testing.assert_array_equal(net.predict(X), before)
    assert net.n_iter_ == len(net.loss_curve_)


def test_dropout_is_reproducible_and_only_in_training():
    first, second = (quick(dropout=0.5).fit(X, y) for _ in range(2))
    np.testing.assert_array_equal(first.predict_proba(X), second.predict_proba(X))
    np.testing.assert_array_equal(first.predict_proba(X), first.predict_proba(X))
    assert not np.array_equal(first.coefs_[0], quick().fit(X, y).coefs_[0])


def test_dtype():
    assert quick().fit(X, y).predict_proba(X).dtype == np.float32
    assert quick(dtype="float64").fit(X, y).coefs_[0].dtype == np.float64


def test_regression_on_one_output_and_several():
    features, targets = make_regression(300, 8, n_targets=2, noise=1.0, random_state=0)
    targets /= targets.std(axis=0)
    net = MLPRegressor((40,), solver="lbfgs", max_iter=300, tol=None, random_state=0)
    assert net.fit(features, targets).score(features, targets) > 0.99
    assert net.predict(features).shape == (300, 2)
    assert net.fit(features, targets[:, 0]).predict(features).shape == (300,)


def test_a_pickle_of_another_version_warns():
    state = quick().fit(X, y).__getstate__()
    fresh = MLPClassifier()
    with pytest.warns(UserWarning, match=r"saved by skscreen 0.0.1"):
        fresh.__setstate__({**state, "_skscreen_version": "0.0.1"})


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"hidden_layer_sizes": (3, 0)}, "hidden_layer_sizes of MLPClassifier must be an integer"),
        ({"activation": "swish"}, "must be one of 'identity', 'logistic', 'tanh', 'relu', got"),
        ({"alpha": -1}, r"alpha of MLPClassifier must be a number in \[0, inf\), got -1"),
        ({"learning_rate_init": 0}, r"a number in \(0, inf\), got 0"),
        ({"batch_size": 1.5}, "an integer of at least 1 or 'auto', got 1.5"),
        ({"shuffle": 1}, "shuffle of MLPClassifier must be a bool, got 1"),
        ({"dtype": "float16"}, "dtype of MLPClassifier must be one of 'float32', 'float64'"),
        ({"class_weight": "even"}, "class_weight of MLPClassifier must be a dict or 'balanced'"),
        ({"dropout": 1.0}, r"dropout of MLPClassifier must be a number in \[0, 1\), got 1.0"),
    ],
)
def test_bad_parameters_are_named(parameters, message):
    with pytest.raises(ValueError, match=message):
        quick(**parameters).fit(X, y)
