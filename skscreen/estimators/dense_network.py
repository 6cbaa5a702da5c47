"""Where the network comes from that a pruner prunes."""

import warnings

from sklearn.base import clone, is_regressor
from sklearn.frozen import FrozenEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from skscreen.estimators.adapt_sklearn import (
    fit_sklearn,
    from_sklearn,
    sklearn_counterpart,
    unfitted_counterpart,
)
from skscreen.estimators.base import NetworkEstimator
from skscreen.estimators.handoff import find_handoff
from skscreen.estimators.planning import check_unlabelled
from skscreen.estimators.tasks import check_task, looks_like_classes
from skscreen.estimators.wrapping import Bare, is_wrapper, unwrap, weight_parameters


def dense_network(pruner, X, y, sample_weight, fit_params, task):
    """Return the dense network that a pruner shall prune, and the samples to prune it with.

    Parameters
    ----------
    pruner : ScreeningPruner
    X, y, sample_weight
        What its ``fit`` got.
    fit_params : dict
        Likewise, for the ``fit`` of its estimator.
    task : FitTask or QuietTask
        The fitting of the dense network, for callbacks.

    Returns
    -------
    wrapping : Bare
        What the fitted network stands in.
    samples : TrainingSet
        As the network reads them.
    """
    handoff = find_handoff(X)
    if handoff is not None:
        wrapping = _handed_over(pruner, handoff, y, sample_weight, fit_params)
        X = handoff.inputs
        y = _labels(pruner, wrapping.network, handoff, y)
    elif pruner.estimator is None:
        raise ValueError(
            "estimator must be a network, or the pruner must follow a network of this package "
            "in a Pipeline, without a step in between that changes the activations; one of "
            "scikit-learn must be in estimator, ScreeningPruner(MLPClassifier(...)), since it is "
            f"no step of a Pipeline; got estimator=None and X of type {type(X).__name__}"
        )
    else:
        wrapping = _fit_wrapped(pruner, X, y, sample_weight, fit_params, task)
        X = wrapping.inputs(X)
        y = _labels(pruner, wrapping.network, X, y if y is None else wrapping.targets(y))
    samples = wrapping.network.training_set(
        X, y, sample_weight, reset=False, named=handoff is None
    )
    return wrapping, samples


def _handed_over(pruner, handoff, y, sample_weight, fit_params):
    """Return the network of the step before the pruner."""
    if pruner.estimator is not None:
        raise ValueError(
            "the pruner got a network from the step before it and estimator="
            f"{pruner.estimator!r}: give it one of the two"
        )
    if fit_params:
        raise ValueError(
            f"fit got {sorted(fit_params)}, which need a network in estimator, got None"
        )
    check_task(pruner.task, handoff.estimator)
    if pruner.task == "auto" and is_regressor(handoff.estimator) and looks_like_classes(y):
        warnings.warn(
            "the network before the pruner is a regressor, which the Pipeline could not "
            "know before it was fitted: with targets that look like classes the folds of "
            "a search are stratified as for a classifier. Set task='regression'",
            UserWarning,
            stacklevel=5,
        )
    if handoff.estimator.was_weighted and sample_weight is None:
        warnings.warn(
            "the network before the pruner was trained with sample_weight, but the pruner "
            "got none: its statistics and its training count all samples alike. Hand the "
            "weights to both steps, for example net__sample_weight and "
            "prune__sample_weight",
            UserWarning,
            stacklevel=5,
        )
    return Bare(handoff.estimator)


def _labels(pruner, fitted, X, y):
    """Return the targets, or where there are none what the dense network predicts."""
    if y is not None:
        return y
    check_unlabelled(pruner)
    return fitted.predict(X)


def _fit_wrapped(pruner, X, y, sample_weight, fit_params, task):
    """Fit `estimator`, whatever stands around its network; return its wrapping."""
    if not is_wrapper(pruner.estimator):
        return Bare(_fit_dense(pruner, X, y, sample_weight, fit_params, task))
    estimator = clone(pruner.estimator)
    check_task(pruner.task, estimator)
    if isinstance(estimator, FrozenEstimator):
        _refuse_parameters(fit_params)
    else:
        weights = weight_parameters(estimator, sample_weight)
        with task.handing_on(estimator):
            estimator.fit(X, y, **weights, **fit_params)
    wrapping = unwrap(estimator)
    network = wrapping.network
    if sklearn_counterpart(network) is not None:
        return unwrap(wrapping.rewrap(from_sklearn(network)))
    if not isinstance(network, NetworkEstimator):
        raise ValueError(
            "the innermost estimator must be a network estimator of skscreen or of "
            f"scikit-learn, got {network!r}"
        )
    return wrapping


def _refuse_parameters(fit_params):
    if fit_params:
        raise ValueError(
            f"fit got {sorted(fit_params)}, but a FrozenEstimator is not fitted again"
        )


def _fit_dense(pruner, X, y, sample_weight, fit_params, task):
    estimator = clone(pruner.estimator)
    check_task(pruner.task, unfitted_counterpart(estimator))
    frozen = isinstance(estimator, FrozenEstimator)
    network = estimator.estimator if frozen else estimator
    theirs = sklearn_counterpart(network) is not None
    if not (theirs or isinstance(network, NetworkEstimator)):
        raise ValueError(
            "estimator must be a network estimator of skscreen or of scikit-learn, or a "
            f"FrozenEstimator around one, got {pruner.estimator!r}"
        )
    if frozen:
        _refuse_parameters(fit_params)
        if theirs:
            return from_sklearn(network)
        check_is_fitted(network, "network_")
        return network
    if pruner.random_state is not None and network.random_state is None:
        network.random_state = check_random_state(pruner.random_state).randint(2**31 - 1)
    if theirs:
        return fit_sklearn(network, X, y, sample_weight, **fit_params)
    with task.handing_on(network):
        return network.fit(X, y, sample_weight=sample_weight, **fit_params)
