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
from skscreen.inspection.versions import kernel_hint, show_versions

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
    "kernel_hint",
    "network_costs",
    "rank_stability",
    "show_versions",
]
