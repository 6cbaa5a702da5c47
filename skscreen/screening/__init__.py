"""Statistics that tell how well a unit separates the classes."""

from skscreen.screening.moments import ClassMoments, RegressionMoments
from skscreen.screening.pooling import POOLINGS, PooledMoments
from skscreen.screening.screens import SCREENS, Screen, resolve_screen, screen
from skscreen.screening.selection import SELECTIONS, permutation_test, select
from skscreen.screening.statistics import (
    FStatistics,
    f_from_moments,
    f_statistic,
    omega_squared,
)

__all__ = [
    "POOLINGS",
    "SCREENS",
    "SELECTIONS",
    "ClassMoments",
    "FStatistics",
    "PooledMoments",
    "RegressionMoments",
    "Screen",
    "f_from_moments",
    "f_statistic",
    "omega_squared",
    "permutation_test",
    "resolve_screen",
    "screen",
    "select",
]
