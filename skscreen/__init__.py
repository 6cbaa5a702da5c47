"""Pruning neural networks by statistical screening, behind the scikit-learn API."""

from skscreen._version import __version__
from skscreen.estimators import (
    CNNClassifier,
    CNNRegressor,
    HiddenActivations,
    MLPClassifier,
    MLPRegressor,
    ScreeningPruner,
    ScreeningPrunerCV,
    pruning_path,
)
from skscreen.pruning import Distillation, Screening
from skscreen.screening import Screen, Significance, f_statistic

__all__ = [
    "CNNClassifier",
    "CNNRegressor",
    "Distillation",
    "HiddenActivations",
    "MLPClassifier",
    "MLPRegressor",
    "Screen",
    "Screening",
    "ScreeningPruner",
    "ScreeningPrunerCV",
    "Significance",
    "__version__",
    "f_statistic",
    "pruning_path",
]
