"""Whole inputs as what is cut: feature selection by a network."""

from functools import cached_property

import numpy as np

from skscreen._params import is_integer
from skscreen.pruning.allocation import CUT, allocate
from skscreen.pruning.criteria import checked_scores
from skscreen.pruning.elimination import eliminate
from skscreen.pruning.granularity import Choice, Granularity, register, significant_or_best
from skscreen.pruning.input_elimination import eliminate_variables
from skscreen.pruning.masks import read_inputs
from skscreen.pruning.partial_f import unit_importance
from skscreen.pruning.refit import ridge_scale
from skscreen.screening import SecondMoments

# Ridge of the fits, relative to the mean variance of the inputs; see docs/experiments-inputs.md.
RIDGE = 0.1
# More inputs than these are not judged jointly: those with the lowest scores by themselves go first.
MOST_JOINTLY = 5000
# Samples, for each input, that are enough for the covariances.
SAMPLES_PER_INPUT = 10
# Samples that are worked on at once.
CHUNK = 1024


@register("input")
class Inputs(Granularity):
    """Cuts whole inputs: features, or with a convolution first the channels of the image.

    Criteria that say how a size and F are combined (`Screening`) judge inputs jointly: one is
    worth what the first layer's pre-activations lose without it when the weights of the inputs
    that are left make up for it, so that of two inputs that tell the same only one is kept.
    """

    side = "inputs"
    counted = "inputs"
    n_scored = 1

    def __init__(self, network, budget="weights"):
        super().__init__(network, budget)
        self._covariance = None  # of the inputs, which training does not change

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

    def scores(self, evidence, criterion):
        """Score the inputs, jointly if the criterion tells how; see `Granularity.scores`."""
        weigh = getattr(criterion, "weigh", None)
        if weigh is None:
            return super().scores(evidence, criterion)
        (part,) = self.candidates(evidence)
        index = np.flatnonzero(self.kept()[0])
        scores = np.full(part.shape, CUT)
        if len(index) > MOST_JOINTLY:
            alone = checked_scores(criterion, part)[index]
            order = np.argsort(alone, kind="stable")
            # below all that are judged jointly, in their own order
            scores[index[order]] = np.arange(len(index)) - float(len(index))
            index = np.sort(index[order[-MOST_JOINTLY:]])
        scores[index] = self._jointly(evidence, part, index, weigh)
        return [scores]

    def _jointly(self, evidence, part, index, weigh):
        """Score some inputs by backward elimination."""
        rows = np.flatnonzero(np.isin(self.units, index))
        covariance = self._covariance_of(evidence, rows)
        layer = self.network.layers[0]
        importance = unit_importance(self.network, evidence.data.X)[0]
        weight = layer.weight[rows].astype(np.float64)
        f_weight = part.f_weight.side + part.f_weight.source
        F = part.F if f_weight else np.ones(part.shape)
        if len(rows) > len(index):
            groups = np.searchsorted(index, self.units[rows])
            return weigh(eliminate(covariance, weight, importance, groups), F[index], f_weight)
        index = self.units[rows]  # each row is an input of its own
        return eliminate_variables(
            covariance,
            weight * np.sqrt(importance),
            lambda sizes, left: weigh(sizes, F[index[left]], f_weight),
        )

    def _covariance_of(self, evidence, rows):
        """Covariance of what some rows of the first layer read, with the ridge."""
        if self._covariance is None or not np.isin(rows, self._covariance[0]).all():
            self._covariance = rows, self._observe(evidence, rows)
        known, covariance = self._covariance
        places = np.searchsorted(known, rows)
        return covariance[np.ix_(places, places)]

    def _observe(self, evidence, rows):
        layer = self.network.layers[0]
        enough = max(evidence.screen.samples, SAMPLES_PER_INPUT * len(rows))
        data = evidence.data.subsample(enough, evidence.rng)
        moments = SecondMoments(len(rows))
        for start in range(0, len(data.X), CHUNK):
            index = np.arange(start, min(start + CHUNK, len(data.X)))
            x = np.empty((len(index), *data.X.shape[1:]), self.network.dtype)
            values = layer.source_values(self.network.gather(data.X, index, x))
            weight = None
            if data.sample_weight is not None:
                weight = np.repeat(data.sample_weight[index], values.shape[1])
            moments.partial_fit(values.reshape(-1, layer.n_inputs)[:, rows], sample_weight=weight)
        covariance = moments.covariance()
        covariance[np.diag_indices_from(covariance)] += RIDGE * ridge_scale(covariance)
        return covariance

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
