"""Scores, budgets, masks and schedules: how a network is pruned.

- `loop` goes from round to round, by `schedules`; `path` stops on the way; `record` and `report`
  keep why.
- What is cut at once: `granularity` is the contract; `connections`, `units` and `inputs` keep it.
- What it is worth: `criteria` look at `evidence` (`network_evidence`, `input_evidence`,
  `gradients`, `partial_f` with the eliminations), in which F has its `f_weights`.
- What is kept: `allocation` shares the cuts among layers, `masks` keep a way through, `compaction`
  takes away what does nothing.
- Between the cuts: `refit` with `output_fit`, and training with `distillation`, on `data`.
"""

from skscreen.pruning.allocation import ALLOCATIONS, allocate
from skscreen.pruning.compaction import compact
from skscreen.pruning.connections import Connections
from skscreen.pruning.criteria import CRITERIA, NEED_LABELS, Screening, resolve_criterion
from skscreen.pruning.data import ScreeningData
from skscreen.pruning.distillation import Distillation, resolve_distillation
from skscreen.pruning.evidence import Evidence
from skscreen.pruning.f_weights import FWeight, FWeights
from skscreen.pruning.granularity import GRANULARITIES, Choice, Goal, Granularity, register
from skscreen.pruning.inputs import Inputs
from skscreen.pruning.loop import PruningPlan, PruningResult, prune
from skscreen.pruning.network_evidence import NetworkEvidence
from skscreen.pruning.path import prune_path
from skscreen.pruning.report import ScreeningReport
from skscreen.pruning.schedules import SCHEDULES
from skscreen.pruning.units import BUDGETS, Units

__all__ = [
    "ALLOCATIONS",
    "BUDGETS",
    "CRITERIA",
    "GRANULARITIES",
    "NEED_LABELS",
    "SCHEDULES",
    "Choice",
    "Connections",
    "Distillation",
    "Evidence",
    "FWeight",
    "FWeights",
    "Goal",
    "Granularity",
    "Inputs",
    "NetworkEvidence",
    "PruningPlan",
    "PruningResult",
    "Screening",
    "ScreeningData",
    "ScreeningReport",
    "Units",
    "allocate",
    "compact",
    "prune",
    "prune_path",
    "register",
    "resolve_criterion",
    "resolve_distillation",
]
