"""Statistics that tell how well a unit separates the classes."""

from skscreen.screening.anova import anova_table
from skscreen.screening.moments import ClassMoments, RegressionMoments, class_moments
from skscreen.screening.pooling import POOLINGS, PooledMoments, Samples
from skscreen.screening.screens import SCREENS, Screen, resolve_screen, screen
from skscreen.screening.second_moments import SecondMoments
from skscreen.screening.selection import (
    SELECTIONS,
    permutation_screen,
    permutation_test,
    select,
)
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
    "Samples",
    "Screen",
    "SecondMoments",
    "anova_table",
    "class_moments",
    "f_from_moments",
    "f_statistic",
    "omega_squared",
    "permutation_screen",
    "permutation_test",
    "resolve_screen",
    "screen",
    "select",
]
