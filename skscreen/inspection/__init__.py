"""Looking at networks: costs, tables, plots."""

from skscreen.inspection.costs import CostComparison, Costs, compare_costs, network_costs
from skscreen.inspection.tables import format_table

__all__ = ["CostComparison", "Costs", "compare_costs", "format_table", "network_costs"]
