"""scikit-learn's own networks, there and back."""

import pickle

import numpy as np
import pandas as pd
import pytest
from nets import random_estimator, samples
from sklearn import neural_network
from sklearn.datasets import load_iris, make_multilabel_classification
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from small import X, network, quick, y

from skscreen import CNNClassifier, MLPClassifier
from skscreen.estimators.adapt import fitted_estimator
from skscreen.interop import from_sklearn, to_sklearn
from skscreen.nn import Dense, Network

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
IRIS = load_iris(return_X_y=True)
TARGETS = {
    "two classes": (neural_network.MLPClassifier, IRIS[1] == 2),
    "three classes": (neural_network.MLPClassifier, np.array(["a", "b", "c"])[IRIS[1]]),
    "a number": (neural_network.MLPRegressor, IRIS[0] @ [1, 2, -1, 0.5]),
    "two numbers": (neural_network.MLPRegressor, IRIS[0][:, :2] ** 2),
}


def numbers(model, X):
    return getattr(model, "predict_proba", model.predict)(X)


@pytest.mark.parametrize(("kind", "target"), TARGETS.values(), ids=TARGETS)
@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
@pytest.mark.parametrize("activation", ["identity", "logistic", "tanh", "relu"])
def test_there_and_back(kind, target, solver, activation):
    features = IRIS[0]
    mlp = kind(
        hidden_layer_sizes=(7, 5),
        activation=activation,
        solver=solver,
        max_iter=20,
        random_state=0,
    )
    mlp.fit(features, target)
    net = from_sklearn(mlp)
    again = to_sklearn(net)
    np.testing.assert_allclose(numbers(net, features), numbers(mlp, features), atol=1e-12)
    np.testing.assert_allclose(numbers(again, features), numbers(mlp, features), atol=1e-12)
    np.testing.assert_array_equal(again.predict(features), mlp.predict(features))
    assert net.get_params()["activation"] == activation
    assert type(again) is kind
    assert again.get_params() == mlp.get_params()
    for name in ("n_iter_", "t_", "loss_", "n_layers_", "n_outputs_", "out_activation_"):
        assert getattr(again, name) == getattr(mlp, name)
        assert getattr(net, name) == getattr(mlp, name)


def test_200_random_networks_there_and_back():
    for seed in range(200):
        net = random_estimator(seed, convolutional=False, labels=[np.arange], dtype="float64")
        features = samples(net, seed=seed)
        mlp = to_sklearn(net)
        again = from_sklearn(pickle.loads(pickle.dumps(mlp)))
        wanted = numbers(net, features)
        np.testing.assert_allclose(numbers(mlp, features), wanted, atol=1e-6)
        np.testing.assert_allclose(numbers(again, features), wanted, atol=1e-6)
        np.testing.assert_allclose(again.predict(features), net.predict(features), atol=1e-6)
        assert mlp.coefs_[0].shape[0] == net.n_features_in_


def test_single_precision_stays():
    mlp = neural_network.MLPClassifier((5,), max_iter=5).fit(X.astype(np.float32), y)
    net = from_sklearn(mlp)
    assert net.dtype == "float32"
    assert net.network_.dtype == np.float32
    proba = to_sklearn(net).predict_proba(X.astype(np.float32))
    np.testing.assert_array_equal(proba, mlp.predict_proba(X.astype(np.float32)))


def test_what_scikit_learn_calls_otherwise():
    mlp = neural_network.MLPClassifier(
        (5,),
        solver="adam",
        learning_rate="adaptive",
        n_iter_no_change=np.inf,
        validation_fraction=0,
        verbose=0,
        max_iter=3,
    ).fit(X, y)
    net = from_sklearn(mlp).partial_fit(X, y)  # its parameters are checked here
    assert net.learning_rate == "constant"
    assert net.tol is None
    assert net.validation_fraction == 0.1
    net.set_params(learning_rate="cosine")
    back = to_sklearn(net)
    assert back.n_iter_no_change == np.inf
    assert back.learning_rate == "constant"
    assert back.partial_fit(X, y).n_iter_ == 1


def test_feature_names_are_kept():
    frame = pd.DataFrame(IRIS[0], columns=list("abcd"))
    mlp = neural_network.MLPRegressor(hidden_layer_sizes=(3,), solver="lbfgs", max_iter=5).fit(
        frame, IRIS[1]
    )
    again = to_sklearn(from_sklearn(mlp))
    np.testing.assert_array_equal(again.feature_names_in_, list("abcd"))
    np.testing.assert_allclose(again.predict(frame), mlp.predict(frame))


@pytest.mark.parametrize("granularity", ["connection", "channel", "input"])
def test_a_pruned_network_is_handed_back(granularity):
    dense = network(hidden_layer_sizes=(60, 40), dtype="float64").fit(X, y)
    pruner = quick(FrozenEstimator(dense), sparsity=0.8, granularity=granularity).fit(X, y)
    mlp = to_sklearn(pruner)
    assert type(mlp) is neural_network.MLPClassifier
    np.testing.assert_allclose(mlp.predict_proba(X), pruner.predict_proba(X), atol=1e-6)
    assert mlp.hidden_layer_sizes == tuple(
        layer.n_outputs for layer in pruner.network_.layers[:-1]
    )
    before = mlp.loss_
    for _ in range(5):
        mlp.partial_fit(X, y)
    assert mlp.loss_ < before
    np.testing.assert_array_equal(mlp.classes_, dense.classes_)


def test_the_pickle_of_a_pruned_network_is_smaller():
    mlp = neural_network.MLPClassifier((60, 40), max_iter=5, random_state=0).fit(X, y)
    net = FrozenEstimator(from_sklearn(mlp))
    lean = to_sklearn(quick(net, sparsity=0.8, granularity="channel").fit(X, y))
    assert len(pickle.dumps(lean)) < 0.3 * len(pickle.dumps(to_sklearn(net)))
    assert len(pickle.dumps(lean)) < 0.1 * len(pickle.dumps(mlp))  # holds the optimiser's state


def mixed_activations():
    rng = np.random.default_rng(0)
    layers = [
        Dense(rng.normal(size=(4, 3)), np.zeros(3), "relu"),
        Dense(rng.normal(size=(3, 3)), np.zeros(3), "tanh"),
        Dense(rng.normal(size=(3, 3)), np.zeros(3), "identity"),
    ]
    facts = {"classes_": np.arange(3), "n_features_in_": 4}
    return fitted_estimator(MLPClassifier, {}, Network(layers, "softmax"), facts)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: CNNClassifier((8, 8), max_iter=1, tol=None).fit(X, y), "no convolutions"),
        (mixed_activations, "one activation"),
        (
            lambda: quick(make_pipeline(StandardScaler(), network())).fit(X, y),
            "stands in a Pipeline, .* give the pruner's estimator_",
        ),
        (lambda: 3, "got int"),
    ],
)
def test_what_scikit_learn_has_no_class_for(make, words):
    with pytest.raises(ValueError, match=words):
        to_sklearn(make())


def test_several_labels_per_sample_are_refused():
    features, labels = make_multilabel_classification(n_samples=50, random_state=0)
    mlp = neural_network.MLPClassifier((5,), max_iter=3).fit(features, labels)
    with pytest.raises(ValueError, match=r"one label per sample, .* of 5 labels"):
        from_sklearn(mlp)


def test_the_poisson_loss_is_refused():
    mlp = neural_network.MLPRegressor(hidden_layer_sizes=(5,), max_iter=3)
    if "loss" not in mlp.get_params():  # from scikit-learn 1.7 on
        return
    with pytest.raises(ValueError, match="got 'poisson'"):
        from_sklearn(mlp.set_params(loss="poisson").fit(IRIS[0], IRIS[1]))


def test_what_is_no_fitted_network_of_scikit_learn():
    with pytest.raises(ValueError, match="got MLPClassifier"):
        from_sklearn(network())
    with pytest.raises(NotFittedError):
        from_sklearn(neural_network.MLPClassifier())
