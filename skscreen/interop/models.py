"""What the functions of this room take for a model."""

from functools import singledispatch

from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from skscreen.estimators import ScreeningPruner
from skscreen.estimators.base import NetworkEstimator
from skscreen.estimators.delegation import PrunedNetworkMixin
from skscreen.estimators.wrapping import unwrap


@singledispatch
def network_estimator(model):
    """Return the fitted network estimator that a model is, or holds.

    Parameters
    ----------
    model : estimator
        A fitted network estimator; a fitted `ScreeningPruner` or `ScreeningPrunerCV`, whose lean
        network is meant; or a `sklearn.frozen.FrozenEstimator` around one of them.

    Returns
    -------
    estimator : estimator
        The network estimator itself, not a copy.

    Raises
    ------
    ValueError
        For anything else, and for a pruner whose network gets its samples from other steps.
    NotFittedError
        For a model that is not fitted.
    """
    raise ValueError(
        f"model must be a network estimator or a pruner of skscreen, got {type(model).__name__}"
    )


@network_estimator.register
def _(model: NetworkEstimator):
    check_is_fitted(model, "network_")
    return model


@network_estimator.register
def _(model: PrunedNetworkMixin):
    check_is_fitted(model)
    if not unwrap(model.wrapped_).is_neutral:
        raise ValueError(
            f"the network of the pruner stands in a {type(model.wrapped_).__name__}, the rest of "
            "which would be lost: give the pruner's estimator_ if the network alone is meant"
        )
    return model.estimator_


@network_estimator.register
def _(model: FrozenEstimator):
    return network_estimator(model.estimator)


@network_estimator.register
def _(model: Pipeline):
    raise ValueError(
        "model must be a network estimator or a pruner of skscreen, got a Pipeline: give its last "
        "step, pipeline[-1], and keep the steps before it by other means"
    )


def lean_steps(pipeline):
    """Return the steps of a Pipeline before the last, without a network that the pruner follows.

    Parameters
    ----------
    pipeline : Pipeline
        Fitted, with a network estimator or a pruner as the last step.

    Returns
    -------
    steps : list of (name, estimator)

    Raises
    ------
    ValueError
        For a network whose hidden activations are read by later steps.
    """
    steps = pipeline.steps[:-1]
    last = pipeline[-1]
    if isinstance(last, ScreeningPruner) and last.estimator is None:
        steps = steps[:-1]
    for name, step in steps:
        if isinstance(step, NetworkEstimator):
            raise ValueError(
                f"only the last step may be a network, got {name!r} of type {type(step).__name__} "
                "whose hidden activations are the features of the next step"
            )
    return steps
