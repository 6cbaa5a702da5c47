"""A small problem, and a network and a pruner that are quick on it."""

from sklearn.datasets import load_digits

from skscreen import MLPClassifier, ScreeningPruner

DIGITS, LABELS = load_digits(return_X_y=True)
X, y = DIGITS[:600] / 16, LABELS[:600]


def network(**parameters):
    """Return an MLP that trains for a few epochs."""
    defaults = {
        "hidden_layer_sizes": (30, 20),
        "max_iter": 8,
        "tol": None,
        "random_state": 0,
        "batch_size": 50,
    }
    return MLPClassifier(**(defaults | parameters))


def quick(estimator=None, **parameters):
    """Return a pruner with few rounds and epochs."""
    defaults = {"n_rounds": 3, "pruning_epochs": 3, "fine_tune_epochs": 2}
    return ScreeningPruner(estimator, **(defaults | parameters))
