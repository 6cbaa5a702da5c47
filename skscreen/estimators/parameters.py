"""What the parameters of the network estimators may be."""

from skscreen._params import (
    INFINITY,
    Check,
    boolean,
    check_parameters,
    integer,
    is_integer,
    mapping,
    none,
    one_of,
    random_state,
    real,
    sizes,
)

TRAINING_CHECKS = {
    "solver": one_of("adam", "sgd", "lbfgs"),
    "alpha": real(0, INFINITY, closed="left"),
    "batch_size": integer(1) | one_of("auto"),
    "learning_rate": one_of("constant", "cosine", "invscaling", "adaptive"),
    "learning_rate_init": real(0, INFINITY, closed="neither"),
    "power_t": real(0, INFINITY, closed="left"),
    "max_iter": integer(1),
    "shuffle": boolean,
    "random_state": random_state,
    "tol": real(0, INFINITY, closed="left") | none,
    "verbose": boolean | integer(0),
    "warm_start": boolean,
    "momentum": real(0, 1),
    "nesterovs_momentum": boolean,
    "early_stopping": boolean,
    "validation_fraction": real(0, 1, closed="neither"),
    "beta_1": real(0, 1, closed="left"),
    "beta_2": real(0, 1, closed="left"),
    "epsilon": real(0, INFINITY, closed="neither"),
    "n_iter_no_change": integer(1),
    "max_fun": integer(1),
    "checkpoint_epoch": integer(0) | none,
    "dropout": real(0, 1, closed="left"),
    "inference": one_of("auto", "dense", "sparse"),
    "dtype": one_of("float32", "float64"),
}

MLP_CHECKS = TRAINING_CHECKS | {
    "hidden_layer_sizes": sizes,
    "activation": one_of("identity", "logistic", "tanh", "relu"),
}

image_shape = Check(
    lambda value: (
        value is None
        or (
            isinstance(value, list | tuple)
            and len(value) in (2, 3)
            and all(is_integer(size) and size >= 1 for size in value)
        )
    ),
    "None, (height, width) or (height, width, n_channels)",
)

CNN_CHECKS = MLP_CHECKS | {
    "image_shape": image_shape,
    "conv_channels": sizes,
    "kernel_size": sizes,
    "stride": sizes,
    "padding": one_of("same", "valid"),
    "pool_size": sizes,
}

CLASSIFIER_CHECKS = {"class_weight": mapping | one_of("balanced") | none}


def check_network_parameters(estimator, table):
    """Raise a ValueError for a parameter that is not what its check wants, or not with "lbfgs"."""
    check_parameters(estimator, table)
    if estimator.early_stopping:
        require_minibatches(estimator.solver, "early_stopping")
    if estimator.dropout:
        require_minibatches(estimator.solver, "dropout")
    if estimator.checkpoint_epoch is not None:
        require_minibatches(estimator.solver, "checkpoint_epoch")


def require_minibatches(solver, what):
    """Raise a ValueError for what "lbfgs", which takes all samples in each step, cannot do."""
    if solver == "lbfgs":
        raise ValueError(f"{what} needs solver 'adam' or 'sgd', got solver='lbfgs'")
