"""Pictures of pruned networks: Display classes as scikit-learn's, drawn with matplotlib."""

from skscreen.inspection.displays.layers import LayersDisplay
from skscreen.inspection.displays.pixels import PixelsDisplay
from skscreen.inspection.displays.sparsity import SparsityDisplay
from skscreen.inspection.displays.statistics import StatisticsDisplay
from skscreen.inspection.displays.training import TrainingDisplay
from skscreen.inspection.displays.unit import UnitDisplay

__all__ = [
    "LayersDisplay",
    "PixelsDisplay",
    "SparsityDisplay",
    "StatisticsDisplay",
    "TrainingDisplay",
    "UnitDisplay",
]
