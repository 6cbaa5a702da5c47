"""Whole hidden units and channels as what is cut."""

import numpy as np

from skscreen.pruning.allocation import CUT, allocate
from skscreen.pruning.granularity import Choice, Granularity, register, significant_or_best

BUDGETS = ("weights", "macs", "units")


@register("channel")
class Units(Granularity):
    """Cuts hidden units and channels, with all weights that they receive and give.

    As many are kept as the budget allows: of weights, multiply-accumulates, or units.
    """

    side = "unit"
    least_alpha = 0.05
    screens_inputs = True
    eliminates = True

    @property
    def n_scored(self):
        """Number of hidden layers."""
        return len(self.network.layers) - 1

    @classmethod
    def check(cls, network):
        """Raise a ValueError for a network without hidden layers."""
        if len(network.layers) == 1:
            raise ValueError(
                f"granularity={cls.name!r} needs a network with hidden layers, got one without; "
                "its single connections can be cut"
            )

    @classmethod
    def default_allocation(cls, network):
        """Return "uniform"."""
        return "uniform"

    @property
    def counted(self):
        """What the sparsity counts: the budget."""
        return self.budget

    def candidates(self, evidence):
        """Return the `Evidence` of each hidden layer's units."""
        return evidence.units()

    def kept(self):
        """Return which units of each hidden layer have connections left."""
        return [layer.connected().any(axis=0) for layer in self.network.layers[:-1]]

    def cut_share(self):
        """Return the share of the budget that is cut."""
        kept = self.kept()
        return 1 - self._cost(kept) / self._full_cost(kept)

    def _full_cost(self, kept):
        return self._cost([np.ones(len(units), dtype=bool) for units in kept])

    def _cost(self, kept):
        """What a choice of units costs, in the unit of the budget."""
        if self.budget == "units":
            return sum(int(np.count_nonzero(units)) for units in kept)
        total = 0
        rows_kept = np.ones(self.network.layers[0].n_inputs, dtype=bool)
        for number, layer in enumerate(self.network.layers):
            if number:
                rows_kept = kept[number - 1][self.sources[number]]
            last = number == len(kept)
            columns = layer.n_outputs if last else np.count_nonzero(kept[number])
            repeats = layer.n_positions if self.budget == "macs" else 1
            total += int(np.count_nonzero(rows_kept)) * int(columns) * repeats
        return total

    def select(self, evidence, scores, goal):
        """Choose the units to keep; see `Granularity.select`."""
        if goal.significance is not None:
            scores = [
                np.where(significant_or_best(score, found, goal.significance), score, CUT)
                for score, found in zip(scores, self.statistics(evidence), strict=True)
            ]
        kept = [score != CUT for score in scores]
        if goal.sparsity is not None:
            kept = self._as_many_as_allowed(evidence, scores, goal)
        masks = self._masks(kept)
        if goal.inputs is not None:
            masks[0][~goal.inputs] = False
        return Choice(masks, kept, scores)

    def _as_many_as_allowed(self, evidence, scores, goal):
        """Keep the largest number of units that costs no more than the sparsity allows."""
        magnitudes = self.magnitudes(evidence)
        dimensions = [layer.dimensions for layer in self.network.layers[:-1]]

        def choose(n_keep):
            return allocate(scores, magnitudes, n_keep, goal.allocation, dimensions)

        full = self._full_cost(scores)
        allowed = (1 - goal.sparsity) * full * (1 + 1e-12)
        low, high = len(scores), sum(int(np.count_nonzero(score != CUT)) for score in scores)
        if self._cost(choose(low)) > allowed:
            raise ValueError(
                f"sparsity={goal.sparsity:.4f} leaves less than one unit in each layer, which "
                f"costs {self._cost(choose(low)) / full:.4f} of the {self.budget}: choose another "
                "sparsity"
            )
        while low < high:  # the cost grows with the number of units
            middle = (low + high + 1) // 2
            if self._cost(choose(middle)) <= allowed:
                low = middle
            else:
                high = middle - 1
        return choose(low)

    def _masks(self, kept):
        """Return what connects the kept units, of the connections that are left."""
        masks = []
        for number, layer in enumerate(self.network.layers):
            mask = layer.connected()
            if number:
                mask[~kept[number - 1][self.sources[number]]] = False
            if number < len(kept):
                mask[:, ~kept[number]] = False
            masks.append(mask)
        return masks
