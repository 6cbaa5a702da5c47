"""scikit-learn's own networks as network estimators of this package."""

import math

import numpy as np
from sklearn import neural_network
from sklearn.frozen import FrozenEstimator
from sklearn.utils.validation import check_is_fitted, has_fit_parameter

from skscreen.estimators._inputs import refuse_device_arrays
from skscreen.estimators.adapt import fitted_estimator
from skscreen.estimators.mlp import MLPClassifier, MLPRegressor
from skscreen.nn import Dense, Network

#: scikit-learn's class -> ours
COUNTERPARTS = {
    neural_network.MLPClassifier: MLPClassifier,
    neural_network.MLPRegressor: MLPRegressor,
}
#: fitted attributes that mean the same
SHARED_FACTS = (
    "n_features_in_",
    "feature_names_in_",
    "classes_",
    "best_loss_",
    "validation_scores_",
    "best_validation_score_",
)


def sklearn_counterpart(mlp):
    """Return the class that stands here for one of scikit-learn's networks, or None.

    Parameters
    ----------
    mlp : object
        Of any type.
    """
    return next((ours for theirs, ours in COUNTERPARTS.items() if isinstance(mlp, theirs)), None)


def unfitted_counterpart(estimator):
    """Return what stands here for an estimator before it is fitted.

    Parameters
    ----------
    estimator : estimator
        One of scikit-learn's networks, or a `FrozenEstimator` around one, or anything else.

    Returns
    -------
    estimator : estimator
        A network of this package with the same parameters; anything else as it is.
    """
    inner = estimator.estimator if isinstance(estimator, FrozenEstimator) else estimator
    kind = sklearn_counterpart(inner)
    return estimator if kind is None else kind(**translate_parameters(inner))


def translate_parameters(mlp):
    """Return the parameters by which this package trains on as scikit-learn would.

    Parameters
    ----------
    mlp : sklearn.neural_network.MLPClassifier or MLPRegressor

    Returns
    -------
    parameters : dict
        Of `MLPClassifier` or `MLPRegressor`, without ``dtype``, which follows the data.
    """
    parameters = mlp.get_params(deep=False)
    parameters.pop("loss", None)
    if mlp.solver != "sgd":  # scikit-learn has schedules for "sgd" alone
        parameters["learning_rate"] = "constant"
    if mlp.solver == "lbfgs":  # and ignores this there
        parameters["early_stopping"] = False
    if math.isinf(mlp.n_iter_no_change):  # training never stalls
        parameters |= {"tol": None, "n_iter_no_change": 10}
    if mlp.validation_fraction == 0:
        parameters["validation_fraction"] = 0.1
    return parameters


def from_sklearn(mlp):
    """Convert a fitted network of scikit-learn.

    Parameters
    ----------
    mlp : sklearn.neural_network.MLPClassifier or MLPRegressor
        Fitted, with any activation and solver; stays as it is.

    Returns
    -------
    net : MLPClassifier or MLPRegressor
        Of this package, fitted: predicts the same, in the precision in which `mlp` was trained.
        ``partial_fit`` goes on from its weights with a fresh optimiser.

    Raises
    ------
    NotFittedError
        For a network that is not fitted.
    ValueError
        For anything but a network of scikit-learn, for one of several labels per sample and for
        the Poisson loss.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.neural_network import MLPClassifier
    >>> from skscreen.interop import from_sklearn
    >>> X, y = load_iris(return_X_y=True)
    >>> mlp = MLPClassifier((10,), solver="lbfgs", max_iter=500, random_state=0).fit(X, y)
    >>> net = from_sklearn(mlp)
    >>> type(net).__module__.split(".")[0], bool((net.predict(X) == mlp.predict(X)).all())
    ('skscreen', True)
    """
    kind = sklearn_counterpart(mlp)
    if kind is None:
        raise ValueError(
            "mlp must be an MLPClassifier or MLPRegressor of sklearn.neural_network, got "
            f"{type(mlp).__name__}"
        )
    check_is_fitted(mlp, "coefs_")
    output = _output(mlp)
    activations = [mlp.activation] * (len(mlp.coefs_) - 1) + ["identity"]
    layers = [
        Dense(np.array(weight, order="C"), np.array(bias), activation)
        for weight, bias, activation in zip(mlp.coefs_, mlp.intercepts_, activations, strict=True)
    ]
    facts = {name: getattr(mlp, name) for name in SHARED_FACTS if hasattr(mlp, name)}
    facts |= {"n_iter_": int(mlp.n_iter_), "t_": int(mlp.t_), "loss_": float(mlp.loss_)}
    facts["loss_curve_"] = [float(loss) for loss in getattr(mlp, "loss_curve_", [])]
    parameters = translate_parameters(mlp) | {"dtype": layers[0].weight.dtype.name}
    return fitted_estimator(kind, parameters, Network(layers, output), facts)


def fit_sklearn(mlp, X, y, sample_weight=None, **fit_params):
    """Fit one of scikit-learn's networks and convert it.

    Parameters
    ----------
    mlp : sklearn.neural_network.MLPClassifier or MLPRegressor
        Is fitted.
    X : array-like of shape (n_samples, n_features)
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
    sample_weight : array-like of shape (n_samples,), default=None
        Needs scikit-learn 1.7.
    **fit_params : dict
        Must be empty: its networks take nothing else.

    Returns
    -------
    net : MLPClassifier or MLPRegressor
    """
    if fit_params:
        raise ValueError(
            f"fit got {sorted(fit_params)}, which {type(mlp).__name__} of scikit-learn does not "
            "take"
        )
    refuse_device_arrays(X=X, y=y)
    shape = y.shape if hasattr(y, "shape") else np.asarray(y).shape
    if isinstance(mlp, neural_network.MLPClassifier) and len(shape) > 1 and shape[1] > 1:
        raise ValueError(f"y must have one label per sample, got shape {tuple(shape)}; {ADVICE}")
    weight = {} if sample_weight is None else {"sample_weight": sample_weight}
    if weight and not has_fit_parameter(mlp, "sample_weight"):
        raise ValueError(
            f"sample_weight must be None with {type(mlp).__name__} of scikit-learn before "
            "version 1.7, which takes no weights; that of this package does"
        )
    return from_sklearn(mlp.fit(X, y, **weight))


ADVICE = "take sklearn.multioutput.MultiOutputClassifier around a pruner instead"


def _output(mlp):
    """Return what the outputs mean, or raise for what no network of this package has."""
    if mlp.out_activation_ == "exp":
        raise ValueError("loss must be 'squared_error', got 'poisson'")
    if mlp.out_activation_ == "logistic" and mlp.n_outputs_ > 1:
        raise ValueError(
            f"y must have one label per sample, got a network of {mlp.n_outputs_} labels; {ADVICE}"
        )
    return mlp.out_activation_
