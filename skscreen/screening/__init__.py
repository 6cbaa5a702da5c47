"""Statistics that tell how well a unit separates the classes."""

from skscreen.screening.anova import anova_table
from skscreen.screening.moments import ClassMoments, class_moments
from skscreen.screening.nulls import certain_null_share, null_share, null_share_error
from skscreen.screening.pairs import significant_in_pairs
from skscreen.screening.permutation import permutation_test
from skscreen.screening.pooling import POOLINGS, PooledMoments, Samples
from skscreen.screening.regression_moments import RegressionMoments
from skscreen.screening.screens import (
    STATISTICS,
    ResolvedScreen,
    Screen,
    Statistic,
    resolve_screen,
    screen,
)
from skscreen.screening.second_moments import SecondMoments
from skscreen.screening.selection import (
    SELECTIONS,
    Significance,
    check_selection,
    resolve_selection,
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
    "SELECTIONS",
    "STATISTICS",
    "ClassMoments",
    "FStatistics",
    "PooledMoments",
    "RegressionMoments",
    "ResolvedScreen",
    "Samples",
    "Screen",
    "SecondMoments",
    "Significance",
    "Statistic",
    "anova_table",
    "certain_null_share",
    "check_selection",
    "class_moments",
    "f_from_moments",
    "f_statistic",
    "null_share",
    "null_share_error",
    "omega_squared",
    "permutation_test",
    "resolve_screen",
    "resolve_selection",
    "screen",
    "select",
    "significant_in_pairs",
]
