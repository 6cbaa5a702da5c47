"""Looking at networks: costs, tables, plots."""

from skscreen.inspection.costs import CostComparison, Costs, compare_costs, network_costs
from skscreen.inspection.displays import (
    LayersDisplay,
    PixelsDisplay,
    SparsityDisplay,
    StatisticsDisplay,
    TrainingDisplay,
    UnitDisplay,
)
from skscreen.inspection.stability import (
    RankStability,
    criteria_agreement,
    rank_stability,
)
from skscreen.inspection.tables import format_table

__all__ = [
    "CostComparison",
    "Costs",
    "LayersDisplay",
    "PixelsDisplay",
    "RankStability",
    "SparsityDisplay",
    "StatisticsDisplay",
    "TrainingDisplay",
    "UnitDisplay",
    "compare_costs",
    "criteria_agreement",
    "format_table",
    "network_costs",
    "rank_stability",
]
