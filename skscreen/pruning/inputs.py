"""Whole inputs as what is cut: feature selection by a network."""

from functools import cached_property

import numpy as np

from skscreen._params import is_integer
from skscreen.pruning.allocation import CUT, allocate
from skscreen.pruning.granularity import Choice, Granularity, register, significant_or_best
from skscreen.pruning.masks import read_inputs


@register("input")
class Inputs(Granularity):
    """Cuts whole inputs: features, or with a convolution first the channels of the image.

    The criterion "screening" judges them jointly, by backward elimination: of two inputs that tell
    the same only one is kept. See `InputEvidence.screened`.
    """

    side = "inputs"
    counted = "inputs"
    n_scored = 1

    @classmethod
    def check(cls, network):
        """Raise a ValueError where there is one input alone."""
        if len(np.unique(network.source_units()[0])) == 1:
            raise ValueError(
                f"granularity={cls.name!r} cuts features, or the channels of an image where a "
                "convolution comes first, and at least one is kept; the network reads one alone: "
                "choose another granularity"
            )

    @classmethod
    def share_to_cut(cls, network, sparsity):
        """Return the share of the inputs to cut; an integer is the number to keep."""
        if sparsity is None or not (is_integer(sparsity) and sparsity >= 1):
            return sparsity
        n_inputs = int(network.source_units()[0].max()) + 1
        if sparsity > n_inputs:
            raise ValueError(
                f"sparsity must be a share in [0, 1) or the number of inputs to keep, of the "
                f"{n_inputs} that the network reads, got {sparsity!r}"
            )
        return 1 - sparsity / n_inputs

    @classmethod
    def default_allocation(cls, network):
        """Return "uniform": there is one layer to cut from."""
        return "uniform"

    @cached_property
    def units(self):
        """Input that each row of the first layer's weight belongs to."""
        return self.sources[0]

    def candidates(self, evidence):
        """Return the `Evidence` of the inputs, a list of one."""
        return evidence.inputs()

    def kept(self):
        """Return which inputs are read on a path to an output, a list of one mask."""
        rows = read_inputs([layer.connected() for layer in self.network.layers], self.sources)
        kept = np.zeros(int(self.units.max()) + 1, dtype=bool)
        kept[self.units[rows]] = True
        return [kept]

    def cut_share(self):
        """Return the share of the inputs that are cut."""
        return 1 - float(np.mean(self.kept()[0]))

    def select(self, evidence, scores, goal):
        """Choose the inputs to keep; see `Granularity.select`."""
        (score,) = scores
        if goal.significance is not None:
            (found,) = self.statistics(evidence)
            score = np.where(significant_or_best(score, found, goal.significance), score, CUT)
        kept = score != CUT
        if goal.sparsity is not None:
            n_keep = round((1 - goal.sparsity) * len(score))
            if goal.significance is None or n_keep < np.count_nonzero(kept):
                magnitudes = self.magnitudes(evidence)
                (kept,) = allocate([score], magnitudes, n_keep, goal.allocation, [score.shape])
        masks = [layer.connected() for layer in self.network.layers]
        masks[0][~kept[self.units]] = False
        return Choice(masks, [kept], [score])

    def input_importances(self, records):
        """Return the score of each input when it went or at the end, as shares of their sum.

        What went in a later round is never below what went before.
        """
        (record,) = records
        finite = record.score[np.isfinite(record.score)]
        top = 2 * max(finite.max(initial=0.0), np.finfo(np.float32).tiny)
        score = np.clip(record.score, 0, top) / top
        least = 0.0
        for number in (*range(1, int(record.round.max()) + 1), 0):
            own = record.round == number
            score[own] = np.maximum(score[own], least)
            least = score[own].max(initial=least)
        return score / (score.sum() or 1.0)
