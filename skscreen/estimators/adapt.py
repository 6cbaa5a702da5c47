"""Fitted estimators made from networks that were trained elsewhere."""

from skscreen.estimators.cnn import CNNClassifier, CNNRegressor
from skscreen.estimators.mlp import MLPClassifier, MLPRegressor

#: name -> class of network estimators
ESTIMATORS = {
    kind.__name__: kind for kind in (MLPClassifier, MLPRegressor, CNNClassifier, CNNRegressor)
}

#: what ``fit`` leaves beside the network, as it is where nothing was trained
UNTRAINED: dict[str, object] = {
    "checkpoint_": None,
    "n_iter_": 0,
    "t_": 0,
    "loss_": float("nan"),
    "loss_curve_": [],
    "best_loss_": None,
    "validation_scores_": None,
    "best_validation_score_": None,
}


def fitted_estimator(kind, parameters, network, facts):
    """Make a fitted network estimator around a network.

    Parameters
    ----------
    kind : class
        One of `ESTIMATORS`.
    parameters : dict
        Parameters of its constructor.
    network : Network
        Becomes ``network_``.
    facts : dict
        Fitted attributes: ``n_features_in_``; ``classes_`` of a classifier, ``image_shape_`` of a
        CNN; and whatever of `UNTRAINED` is known.

    Returns
    -------
    estimator : estimator
        Predicts with the network; ``partial_fit`` goes on from it, with a fresh optimiser.
    """
    estimator = kind(**parameters)
    own = {
        "network_": network,
        "n_outputs_": network.layers[-1].n_outputs,
        "out_activation_": network.output,
    }
    # as unpickling does: the one way by which an object is given its state
    estimator.__setstate__({**estimator.__getstate__(), **UNTRAINED, **facts, **own})
    return estimator
