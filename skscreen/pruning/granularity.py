"""The contract of what is cut at once: single connections, whole units, or a kind of your own."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np

from skscreen.pruning.allocation import CUT
from skscreen.pruning.criteria import checked_scores
from skscreen.screening import anova_table

#: name -> subclass of `Granularity`; a class enters itself, see `register`
GRANULARITIES: dict[str, type["Granularity"]] = {}


def register(name):
    """Enter a `Granularity` under a name that ``ScreeningPruner(granularity=...)`` takes."""

    def enter(granularity):
        granularity.name = name
        GRANULARITIES[name] = granularity
        return granularity

    return enter


@dataclass(frozen=True)
class Goal:
    """How far a round shall cut.

    Parameters
    ----------
    sparsity : float in [0, 1) or None
        Share that shall be cut after the round; None leaves it to the significance.
    allocation : str
        How the cuts are shared among the layers; see `allocate`.
    significance : Significance or None
        Marks the units to keep from their `FStatistics`: all else is cut, whatever the sparsity.
    inputs : ndarray of bool of shape (n_inputs,) or None
        The inputs of the first layer that may still be read, for a granularity that
        ``screens_inputs``; None for all. What reads others is cut, whatever the sparsity.
    """

    sparsity: float | None
    allocation: str
    significance: object = None
    inputs: np.ndarray | None = None


@dataclass(frozen=True)
class Choice:
    """What a round keeps.

    Parameters
    ----------
    masks : list of ndarray of bool of shape (n_inputs, n_outputs)
        The connections of each layer that are kept.
    kept : list of ndarray of bool
        The same in terms of what is scored, of the shapes of the scores.
    scores : list of ndarray
        The scores as they decided: ``-inf`` for what was cut before, the lowest (zero, as a rule)
        for what was given up because it no longer did anything.
    """

    masks: list
    kept: list
    scores: list


class Granularity(ABC):
    """What is cut at once.

    It scores candidates, layer by layer, and chooses which to keep; that it returns as a `Choice`
    and changes nothing. A subclass says what the candidates are and how they are chosen.

    Parameters
    ----------
    network : Network
        The network to be pruned; its present masks are respected.
    budget : str
        What the sparsity counts, where there is a choice.

    Attributes
    ----------
    name : str
        The name it is registered under.
    side : {"source", "unit", "inputs"}
        Whose statistics stand behind the cuts: those of what a layer reads, of its own units, or
        of the inputs of the network.
    least_alpha : float
        Least L2 penalty of the training between and after the rounds.
    drops_out : bool
        Whether that training gains by dropout, by how many connections are kept per sample.
    eliminates : bool
        Whether the criterion "partial-f" goes step by step by itself: then it needs no rounds.
    screens_inputs : bool
        Whether it can cut what reads single inputs.
    """

    side = "source"
    least_alpha = 0.02
    drops_out = False
    eliminates = False
    screens_inputs = False

    def __init__(self, network, budget="weights"):
        self.network = network
        self.budget = budget
        self.sources = network.source_units()

    @property
    def n_scored(self):
        """Number of layers that are scored, from the first on."""
        return len(self.network.layers)

    @classmethod
    def check(cls, network):
        """Raise a ValueError for a network that cannot be cut in this way; this one takes any."""
        return

    @classmethod
    def share_to_cut(cls, network, sparsity):
        """Return the share to cut that ``sparsity`` asks for: itself, or an error for a number.

        A granularity that takes an integer as the number to keep says what share that is.
        """
        if sparsity is not None and sparsity >= 1:
            raise ValueError(
                f"sparsity must be a number in [0, 1) or None with granularity={cls.name!r}, got "
                f"{sparsity!r}; a number to keep can be given for inputs only"
            )
        return sparsity

    @classmethod
    @abstractmethod
    def default_allocation(cls, network):
        """Return the name of the allocation that ``allocation="auto"`` stands for."""

    @property
    @abstractmethod
    def counted(self):
        """What the sparsity counts: "weights", "macs", "units" or "inputs"."""

    @abstractmethod
    def candidates(self, evidence):
        """Return the `Evidence` of each layer that is scored.

        Parameters
        ----------
        evidence : NetworkEvidence

        Returns
        -------
        candidates : list of Evidence
        """

    @abstractmethod
    def kept(self):
        """Return masks, of the shapes of the scores, of what the network has left now."""

    @abstractmethod
    def cut_share(self):
        """Return the share that is cut now of what the sparsity counts."""

    @abstractmethod
    def select(self, evidence, scores, goal):
        """Choose what to keep.

        Parameters
        ----------
        evidence : NetworkEvidence
        scores : list of ndarray
            From `scores`; stay as they are.
        goal : Goal

        Returns
        -------
        choice : Choice

        Raises
        ------
        ValueError
            If the goal leaves less than one candidate in each layer.
        """

    def scores(self, evidence, criterion):
        """Score each layer's candidates; ``-inf`` for those that are cut.

        Parameters
        ----------
        evidence : NetworkEvidence
        criterion : callable
            Scores from an `Evidence`.

        Returns
        -------
        scores : list of ndarray
        """
        scores = [checked_scores(criterion, part) for part in self.candidates(evidence)]
        return [
            np.where(kept, score, CUT) for kept, score in zip(self.kept(), scores, strict=True)
        ]

    def magnitudes(self, evidence):
        """Return the size of each layer's candidates, which breaks ties."""
        return [part.magnitude for part in self.candidates(evidence)]

    def statistics(self, evidence):
        """Return the `FStatistics` behind the cuts, for each layer that is scored."""
        return evidence.statistics(self.side)[: self.n_scored]

    def tables(self, evidence):
        """Return the ANOVA table of each layer that is scored; ``kept`` is filled in later."""
        return [
            anova_table(moments, found, np.zeros(len(found.F), dtype=int))
            for moments, found in zip(
                evidence.moments(self.side), self.statistics(evidence), strict=False
            )
        ]

    def input_importances(self, records):
        """Return how important each input of the network is, where that is what is scored.

        Parameters
        ----------
        records : list of LayerRecord
            At the end.

        Returns
        -------
        importances : ndarray of shape (n_inputs,) or None
            Not negative, with the sum 1.
        """
        return None

    def target_statistics(self, evidence):
        """Return F of what each candidate leads to, for each layer; None where it is its own."""
        return [None] * self.n_scored


def significant_or_best(scores, statistics, significance):
    """Mark what is not cut yet and significant, or if nothing is, the best.

    Parameters
    ----------
    scores : ndarray of shape (n_units,) or (n_units, n_targets)
        ``-inf`` where something is cut.
    statistics : FStatistics
        Of the units.
    significance : Significance

    Returns
    -------
    marked : ndarray of bool of the shape of scores
    """
    selected = significance(statistics)
    marked = (scores != CUT) & selected.reshape(-1, *[1] * (scores.ndim - 1))
    if not marked.any():
        marked[np.unravel_index(np.argmax(scores), scores.shape)] = True
    return marked
