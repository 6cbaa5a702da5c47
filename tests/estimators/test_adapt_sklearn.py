"""scikit-learn's own networks in a pruner."""

import numpy as np
import pandas as pd
import pytest
from sklearn import neural_network
from sklearn.base import clone, is_classifier
from sklearn.datasets import load_iris, make_multilabel_classification
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import GridSearchCV
from sklearn.multioutput import MultiOutputClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator
from sklearn.utils.validation import has_fit_parameter
from small import X, quick, y

from skscreen import MLPClassifier, MLPRegressor
from skscreen.interop import to_sklearn

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
FEATURES = StandardScaler().fit_transform(load_iris().data)
IRIS = load_iris().target
#: scikit-learn's networks do from version 1.7 on
TAKES_WEIGHTS = has_fit_parameter(neural_network.MLPClassifier(), "sample_weight")
TARGETS = {
    "two classes": (neural_network.MLPClassifier, IRIS == 2),
    "three classes": (neural_network.MLPClassifier, np.array(["a", "b", "c"])[IRIS]),
    "a number": (neural_network.MLPRegressor, FEATURES @ [1, 2, -1, 0.5]),
    "two numbers": (neural_network.MLPRegressor, FEATURES[:, :2] ** 2),
}


def numbers(model, X):
    return getattr(model, "predict_proba", model.predict)(X)


@pytest.mark.parametrize(("kind", "target"), TARGETS.values(), ids=TARGETS)
@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
@pytest.mark.parametrize("activation", ["identity", "logistic", "tanh", "relu"])
@pytest.mark.parametrize("frozen", [False, True])
def test_every_kind_is_pruned_and_handed_back(kind, target, solver, activation, frozen):
    mlp = kind(
        hidden_layer_sizes=(9, 7),
        activation=activation,
        solver=solver,
        max_iter=30,
        learning_rate_init=0.01,
        # scikit-learn 1.6.0 cannot, with names as classes
        early_stopping=solver == "adam" and target.dtype.kind != "U",
        random_state=0,
    )
    estimator = FrozenEstimator(clone(mlp).fit(FEATURES, target)) if frozen else mlp
    pruner = quick(estimator, sparsity=0.4).fit(FEATURES, target)
    assert pruner.sparsity_ == pytest.approx(0.4, abs=0.02)
    lean = to_sklearn(pruner)
    assert type(lean) is kind
    np.testing.assert_allclose(numbers(lean, FEATURES), numbers(pruner, FEATURES), atol=1e-6)
    np.testing.assert_array_equal(lean.predict(FEATURES[:9]).shape, target[:9].shape)
    if solver != "lbfgs":
        again = lean.set_params(early_stopping=False).partial_fit(FEATURES, target)
        assert again.t_ > pruner.estimator_.t_
    if not frozen:
        assert not hasattr(mlp, "coefs_")


def test_what_is_pruned_is_what_scikit_learn_trained():
    mlp = neural_network.MLPClassifier((20,), max_iter=20, random_state=3)
    untouched = {"sparsity": 0.0, "n_rounds": 1, "pruning_epochs": 0, "fine_tune_epochs": 0}
    trained = clone(mlp).fit(X, y)
    for estimator in (mlp, FrozenEstimator(trained)):
        pruner = quick(estimator, **untouched).fit(X, y)
        np.testing.assert_allclose(pruner.predict_proba(X), trained.predict_proba(X), atol=1e-12)
        np.testing.assert_array_equal(pruner.predict(X), trained.predict(X))


def test_the_seed_of_the_pruner_is_for_the_network_too():
    mlp = neural_network.MLPClassifier((20,), max_iter=5)
    first, second = (quick(mlp, random_state=4).fit(X, y).predict_proba(X) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_sample_weights_reach_scikit_learn():
    mlp = neural_network.MLPClassifier((10,), max_iter=5, random_state=0)
    weight = np.where(y < 5, 1.0, 0.0)
    if not TAKES_WEIGHTS:
        with pytest.raises(ValueError, match=r"of scikit-learn before version 1\.7"):
            quick(mlp).fit(X, y, sample_weight=weight)
        return
    pruner = quick(mlp, sparsity=0.3).fit(X, y, sample_weight=weight)
    assert pruner.predict_proba(X)[:, :5].sum() > pruner.predict_proba(X)[:, 5:].sum()


def test_names_and_grids():
    frame = pd.DataFrame(X, columns=[f"pixel {i}" for i in range(64)])
    mlp = neural_network.MLPClassifier((10,), max_iter=5, random_state=0)
    grid = {"sparsity": [0.3, 0.6], "estimator__activation": ["relu", "tanh"]}
    search = GridSearchCV(quick(mlp), grid, cv=2).fit(frame, y)
    assert search.best_estimator_.feature_names_in_[3] == "pixel 3"
    assert search.predict(frame).shape == y.shape


def test_tags_and_methods_are_those_of_this_package():
    pruner = quick(neural_network.MLPClassifier())
    assert is_classifier(pruner)
    tags = pruner.__sklearn_tags__()
    assert not tags.classifier_tags.multi_label
    assert hasattr(pruner, "decision_function")
    assert hasattr(pruner, "partial_fit")
    frozen = quick(FrozenEstimator(neural_network.MLPRegressor(solver="lbfgs")))
    assert not is_classifier(frozen)
    assert not hasattr(frozen, "predict_proba")
    assert not hasattr(frozen, "partial_fit")


@pytest.mark.parametrize("kind", [neural_network.MLPClassifier, neural_network.MLPRegressor])
def test_checks_of_scikit_learn(kind):
    pruner = quick(kind(max_iter=60, learning_rate_init=0.01), sparsity=0.5)
    expected = {  # as for networks of this package, see test_sklearn_checks.py
        f"check_sample_weight_equivalence_on_{kind}_data": "statistics count effective samples"
        for kind in ("dense", "sparse")
    }
    results = check_estimator(pruner, expected_failed_checks=expected, on_skip=None, on_fail=None)
    failed = [
        r
        for r in results
        if r["status"] == "failed" and (TAKES_WEIGHTS or "sample_weight" not in r["check_name"])
    ]
    assert [f"{r['check_name']}: {r['exception']!r}" for r in failed] == []
    assert sum(result["status"] == "passed" for result in results) >= (60 if TAKES_WEIGHTS else 55)


def test_several_labels_per_sample_are_refused_before_training():
    features, labels = make_multilabel_classification(n_samples=60, random_state=0)
    mlp = neural_network.MLPClassifier((8,), max_iter=5)
    with pytest.raises(ValueError, match=r"one label per sample.*MultiOutputClassifier"):
        quick(mlp).fit(features, labels)
    with pytest.raises(ValueError, match="got a network of 5 labels"):
        quick(FrozenEstimator(mlp.fit(features, labels))).fit(features, labels)
    several = MultiOutputClassifier(quick(clone(mlp), sparsity=0.3)).fit(features, labels)
    assert several.predict(features).shape == labels.shape


def test_what_scikit_learn_does_not_take():
    mlp = neural_network.MLPClassifier((8,))
    with pytest.raises(ValueError, match=r"fit got \['X_val', 'y_val'\], which MLPClassifier"):
        quick(mlp).fit(X, y, X_val=X, y_val=y)
    with pytest.raises(ValueError, match="not fitted again"):
        quick(FrozenEstimator(mlp)).fit(X, y, X_val=X, y_val=y)
    with pytest.raises(NotFittedError):
        quick(FrozenEstimator(mlp)).fit(X, y)


def test_as_a_step_it_must_be_wrapped():
    mlp = neural_network.MLPClassifier((8,))
    with pytest.raises(TypeError, match="transform"):  # scikit-learn's word, before ours
        make_pipeline(mlp, quick()).fit(X, y)
    pipeline = make_pipeline(StandardScaler(), quick(mlp, sparsity=0.3)).fit(X, y)
    assert type(pipeline[-1].estimator_) is MLPClassifier


def test_a_regressor_becomes_a_regressor():
    mlp = neural_network.MLPRegressor(hidden_layer_sizes=(8,), max_iter=5)
    pruner = quick(mlp, sparsity=0.3).fit(FEATURES, IRIS)
    assert type(pruner.estimator_) is MLPRegressor
    assert pruner.estimator_.dtype == "float64"
