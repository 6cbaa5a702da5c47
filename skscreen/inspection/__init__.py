"""Looking at networks: costs, tables, plots."""

from skscreen.inspection.costs import Costs, network_costs
from skscreen.inspection.tables import format_table

__all__ = ["Costs", "format_table", "network_costs"]
