"""Scores, budgets, masks and schedules: how a network is pruned."""

from skscreen.pruning.allocation import ALLOCATIONS, allocate
from skscreen.pruning.compaction import compact
from skscreen.pruning.criteria import CRITERIA, Screening, resolve_criterion
from skscreen.pruning.data import ScreeningData
from skscreen.pruning.evidence import Evidence, NetworkEvidence
from skscreen.pruning.granularity import BUDGETS, GRANULARITIES
from skscreen.pruning.loop import PruningPlan, PruningResult, prune
from skscreen.pruning.report import ScreeningReport
from skscreen.pruning.schedules import SCHEDULES

__all__ = [
    "ALLOCATIONS",
    "BUDGETS",
    "CRITERIA",
    "GRANULARITIES",
    "SCHEDULES",
    "Evidence",
    "NetworkEvidence",
    "PruningPlan",
    "PruningResult",
    "Screening",
    "ScreeningData",
    "ScreeningReport",
    "allocate",
    "compact",
    "prune",
    "resolve_criterion",
]
