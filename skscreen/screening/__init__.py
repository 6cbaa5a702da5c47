"""Statistics that tell how well a unit separates the classes."""

from skscreen.screening.moments import ClassMoments, RegressionMoments
from skscreen.screening.pooling import POOLINGS, PooledMoments
from skscreen.screening.statistics import FStatistics, f_from_moments, f_statistic

__all__ = [
    "POOLINGS",
    "ClassMoments",
    "FStatistics",
    "PooledMoments",
    "RegressionMoments",
    "f_from_moments",
    "f_statistic",
]
