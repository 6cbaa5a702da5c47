"""The scikit-learn estimators."""

from skscreen.estimators.cnn import CNNClassifier, CNNRegressor
from skscreen.estimators.handoff import HiddenActivations
from skscreen.estimators.mlp import MLPClassifier, MLPRegressor
from skscreen.estimators.pruner import ScreeningPruner

__all__ = [
    "CNNClassifier",
    "CNNRegressor",
    "HiddenActivations",
    "MLPClassifier",
    "MLPRegressor",
    "ScreeningPruner",
]
