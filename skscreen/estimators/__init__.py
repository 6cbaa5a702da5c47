"""The scikit-learn estimators."""

from skscreen.estimators.cnn import CNNClassifier, CNNRegressor
from skscreen.estimators.handoff import HiddenActivations
from skscreen.estimators.mlp import MLPClassifier, MLPRegressor
from skscreen.estimators.path import PruningPath, pruning_path
from skscreen.estimators.pruner import ScreeningPruner
from skscreen.estimators.pruner_cv import ScreeningPrunerCV

__all__ = [
    "CNNClassifier",
    "CNNRegressor",
    "HiddenActivations",
    "MLPClassifier",
    "MLPRegressor",
    "PruningPath",
    "ScreeningPruner",
    "ScreeningPrunerCV",
    "pruning_path",
]
