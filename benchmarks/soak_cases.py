"""Random pruners on random data, for `soak.py`: the same case for the same number."""

from dataclasses import dataclass

import numpy as np

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
from skscreen.pruning import ALLOCATIONS, BUDGETS, CRITERIA, SCHEDULES

#: (the network of an MLP or CNN) by (is a CNN, is a classifier)
NETWORKS = {
    (False, False): MLPRegressor,
    (False, True): MLPClassifier,
    (True, False): CNNRegressor,
    (True, True): CNNClassifier,
}


@dataclass
class Case:
    """What one cycle does.

    Parameters
    ----------
    number : tuple of int
        Seed and cycle, of which all else follows.
    pruner : ScreeningPruner
        Not fitted.
    X : ndarray of shape (n_samples, n_features)
    y : ndarray of shape (n_samples,)
    weight : ndarray of shape (n_samples,) or None
    X_new : ndarray of shape (n_new, n_features)
        Samples to predict, of another dtype by chance.
    """

    number: tuple
    pruner: object
    X: np.ndarray
    y: np.ndarray
    weight: object
    X_new: np.ndarray

    @property
    def rng(self):
        """A fresh generator for the checks."""
        return np.random.default_rng([*self.number, 1])


def draw(seed, cycle):
    """Return the `Case` of a cycle."""
    rng = np.random.default_rng([seed, cycle])
    convolutional, classifies = bool(rng.random() < 0.4), bool(rng.random() < 0.7)
    shape = (int(rng.integers(2, 40)),)
    if convolutional:
        shape = (*map(int, rng.integers(4, 11, 2)), int(rng.integers(1, 4)))
    network = _network(rng, convolutional, classifies, shape)
    X, y = _data(rng, shape, classifies)
    weight = [None, rng.integers(1, 5, len(X)), rng.lognormal(0, 1, len(X))][
        rng.choice(3, p=[0.6, 0.2, 0.2])
    ]
    pruner = _pruner(rng, network, weighted=weight is not None, classifies=classifies)
    n_new = int(rng.choice([1, 5, 40, 130, 700], p=[0.1, 0.2, 0.4, 0.25, 0.05]))
    X_new = X[rng.integers(0, len(X), n_new)]
    if X.dtype != np.uint8:
        X_new = (X_new + 0.1 * rng.standard_normal(X_new.shape)).astype(
            rng.choice(["float32", "float64"])
        )
    return Case((seed, cycle), pruner, X, y, weight, X_new)


def _data(rng, shape, classifies):
    """Draw samples, of which some features tell the target."""
    n_samples = int(rng.integers(40, 200))
    X = rng.random((n_samples, int(np.prod(shape))))
    hint = X[:, : 1 + X.shape[1] // 3].mean(axis=1)
    hint = (hint - hint.mean()) / hint.std() + 0.3 * rng.standard_normal(n_samples)
    if rng.random() < 0.2:
        # images are scaled as they are read; with features of hundreds a training may diverge
        X = ((255 if len(shape) == 3 else 8) * X).astype(np.uint8)
    else:
        X = X.astype(rng.choice(["float32", "float64"]))
    if not classifies:
        return X, hint
    n_classes = int(rng.integers(2, 7))
    codes = np.argsort(np.argsort(hint)) * n_classes // n_samples
    names = [np.arange(n_classes) * 3 - 2, np.array([f"class {i}" for i in range(n_classes)])]
    return X, names[rng.integers(2)][codes]


def _network(rng, convolutional, classifies, shape):
    solver = str(rng.choice(["adam", "sgd", "lbfgs"], p=[0.7, 0.2, 0.1]))
    options = {
        "hidden_layer_sizes": tuple(map(int, rng.integers(1, 50, rng.integers(0, 4)))),
        "activation": str(rng.choice(["identity", "logistic", "tanh", "relu", "relu"])),
        "solver": solver,
        "batch_size": rng.choice(np.array(["auto", 7, 16, 50], dtype=object)),
        "learning_rate_init": float(rng.choice([0.001, 0.01])),
        "max_iter": int(rng.integers(1, 5)),
        "tol": None,
        "random_state": int(rng.integers(2**31)),
        "dtype": str(rng.choice(["float32", "float64"], p=[0.7, 0.3])),
    }
    if solver != "lbfgs":
        options["dropout"] = float(rng.choice([0.0, 0.0, 0.3]))
        options["checkpoint_epoch"] = 1
    if convolutional:
        n_layers = int(rng.integers(1, 3))
        options["image_shape"] = shape
        options["conv_channels"] = tuple(map(int, rng.integers(1, 7, n_layers)))
        options["padding"] = str(rng.choice(["same", "valid"]))
        options["kernel_size"] = int(rng.integers(1, 3 if options["padding"] == "valid" else 4))
        options["stride"] = int(rng.choice([1, 1, 2] if n_layers == 1 else [1]))
        options["pool_size"] = int(rng.integers(1, 3))
    return NETWORKS[convolutional, classifies](**options)


def _pruner(rng, network, *, weighted, classifies):
    granularity = str(rng.choice(["connection", "channel", "input"], p=[0.55, 0.3, 0.15]))
    if granularity == "channel" and not network.hidden_layer_sizes:
        network.set_params(hidden_layer_sizes=(int(rng.integers(2, 30)),))
    criterion = str(rng.choice([*CRITERIA, "screening", "screening", "screening"]))
    if criterion == "screening":
        criterion = Screening(
            str(rng.choice(["standardized", "product", "convex"])),
            side=str(rng.choice(["source", "target", "both"])),
        )
    selection = None
    if rng.random() < 0.25:
        selection = Significance(
            str(rng.choice(["fpr", "fdr", "fwe"])),
            level=float(rng.choice([0.01, 0.2])),
            min_effect=float(rng.choice([0.0, 0.01])),
        )
    sparsity = float(rng.uniform(0.05, 0.8 if granularity == "connection" else 0.6))
    sparsity = None if selection is not None and rng.random() < 0.5 else sparsity
    pruning_epochs, fine_tune_epochs = int(rng.integers(0, 5)), int(rng.integers(0, 3))
    return ScreeningPruner(
        network,
        granularity=granularity,
        sparsity=sparsity,
        budget=str(rng.choice(BUDGETS)) if granularity == "channel" else "weights",
        criterion=criterion,
        f_weight="auto" if rng.random() < 0.4 else float(rng.random()),
        score_func=_statistic(rng, classifies and not weighted, selection),
        selection=selection,
        allocation=str(rng.choice(["auto", *ALLOCATIONS])),
        schedule=str(rng.choice(list(SCHEDULES))),
        n_rounds=int(rng.integers(1, 5)),
        pruning_epochs=pruning_epochs,
        fine_tune_epochs=fine_tune_epochs,
        refit="least-squares" if rng.random() < 0.25 else None,
        distill=Distillation(0.5) if rng.random() < 0.2 else 0.0,
        rewind=network.checkpoint_epoch is not None and bool(rng.random() < 0.1),
        validation_fraction=0.25 if network.solver != "lbfgs" and rng.random() < 0.1 else None,
        random_state=int(rng.integers(2**31)),
    )


def _statistic(rng, ranks, selection):
    """Draw a statistic: one of ranks takes no weights and needs classes."""
    names = ["f", "f", "f", "kruskal"] if ranks else ["f"]
    poolings = ["mean", "max"] if selection is not None else ["mean", "max", "positions", "local"]
    return Screen(str(rng.choice(names)), pooling=str(rng.choice(poolings)))
