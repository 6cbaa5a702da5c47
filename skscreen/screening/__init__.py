"""Statistics that tell how well a unit separates the classes."""

from skscreen.screening.moments import ClassMoments, RegressionMoments
from skscreen.screening.statistics import FStatistics, f_from_moments, f_statistic

__all__ = [
    "ClassMoments",
    "FStatistics",
    "RegressionMoments",
    "f_from_moments",
    "f_statistic",
]
