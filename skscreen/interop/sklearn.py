"""Networks handed back to scikit-learn's own classes."""

import math

import numpy as np
from sklearn import neural_network
from sklearn.base import BaseEstimator, is_classifier
from sklearn.preprocessing import LabelBinarizer

from skscreen.interop.layers import full_weight
from skscreen.interop.models import network_estimator


def to_sklearn(model: BaseEstimator) -> BaseEstimator:
    """Hand a network back as one of scikit-learn's own.

    Parameters
    ----------
    model : estimator
        A fitted `ScreeningPruner`, whose lean network is meant, or a fitted `MLPClassifier` or
        `MLPRegressor` of this package.

    Returns
    -------
    mlp : sklearn.neural_network.MLPClassifier or MLPRegressor
        Fitted, with the hidden units that are left: predicts the same, and takes all features.

    Raises
    ------
    ValueError
        For convolutions, and for hidden layers of more than one activation.

    Notes
    -----
    scikit-learn's networks know no masks: what was cut between two units that are left is a zero
    in ``coefs_``, takes its place in memory and in files, and is trained like any other weight by
    ``partial_fit``; so are the weights of features that were given up. Networks cut with
    ``granularity="channel"`` are small and stay so. `dropout`, `class_weight` and
    `checkpoint_epoch` have no counterpart; "cosine" becomes "constant".

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.neural_network import MLPClassifier
    >>> from skscreen import ScreeningPruner
    >>> from skscreen.interop import from_sklearn, to_sklearn
    >>> X, y = load_iris(return_X_y=True)
    >>> mlp = MLPClassifier((10,), solver="lbfgs", max_iter=500, random_state=0).fit(X, y)
    >>> to_sklearn(from_sklearn(mlp)).predict_proba(X).shape
    (150, 3)
    """
    estimator = network_estimator(model)
    layers = estimator.network_.layers
    activations = {layer.activation for layer in layers[:-1]} or {estimator.activation}
    if any(len(layer.dimensions) > 2 for layer in layers):
        raise ValueError(f"scikit-learn has no convolutions, which {type(estimator).__name__} has")
    if len(activations) > 1:
        raise ValueError(f"scikit-learn has one activation for all layers, got {activations}")
    classifies = is_classifier(estimator)
    mlp = neural_network.MLPClassifier() if classifies else neural_network.MLPRegressor()
    mlp.set_params(
        **_parameters(estimator, mlp.get_params()),
        activation=activations.pop(),
        hidden_layer_sizes=tuple(layer.n_outputs for layer in layers[:-1]),
    )
    # as unpickling does: the one way by which an object is given its state
    mlp.__setstate__({**mlp.__getstate__(), **_state(estimator)})
    return mlp


def _parameters(estimator, known):
    """Return the parameters that scikit-learn's networks have as well, but for the layers'."""
    parameters = {
        name: value
        for name, value in estimator.get_params(deep=False).items()
        if name in known and name not in ("activation", "hidden_layer_sizes")
    }
    if estimator.learning_rate == "cosine":
        parameters["learning_rate"] = "constant"
    if estimator.tol is None:
        parameters |= {"tol": 0.0, "n_iter_no_change": math.inf}
    return parameters


def _state(estimator):
    """Return the fitted attributes that scikit-learn's networks have."""
    layers = estimator.network_.layers
    sizes = [estimator.n_features_in_, *(layer.n_outputs for layer in layers)]
    state = {
        "coefs_": [full_weight(*pair) for pair in zip(layers, sizes, strict=False)],
        "intercepts_": [layer.bias.copy() for layer in layers],
        "n_layers_": len(layers) + 1,
        "n_outputs_": estimator.n_outputs_,
        "out_activation_": estimator.network_.output,
        "n_features_in_": estimator.n_features_in_,
        "n_iter_": estimator.n_iter_,
        "t_": estimator.t_,
        "loss_": estimator.loss_,
        "loss_curve_": list(estimator.loss_curve_),
        "best_loss_": np.inf if estimator.best_loss_ is None else estimator.best_loss_,
        "validation_scores_": estimator.validation_scores_,
        "best_validation_score_": estimator.best_validation_score_,
        "_no_improvement_count": 0,
    }
    if hasattr(estimator, "feature_names_in_"):
        state["feature_names_in_"] = estimator.feature_names_in_
    if is_classifier(estimator):
        state["classes_"] = estimator.classes_
        state["_label_binarizer"] = LabelBinarizer().fit(estimator.classes_)
    return state
