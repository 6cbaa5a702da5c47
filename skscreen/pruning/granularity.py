"""What is cut: single connections, or whole channels and hidden units."""

import numpy as np

from skscreen.pruning.allocation import CUT, allocate
from skscreen.pruning.criteria import checked_scores
from skscreen.pruning.masks import idle_connections, keep_a_path
from skscreen.screening import anova_table


class Connections:
    """Cuts single weights; ``sparsity`` counts weights.

    Parameters
    ----------
    network : Network
    budget : str
        Has no effect on single weights.
    """

    def __init__(self, network, budget):
        self.network = network

    def cut_share(self):
        """Share of the weights that are cut."""
        return self.network.sparsity

    @property
    def kept(self):
        """Masks of the connections of each layer."""
        return [layer.mask for layer in self.network.layers]

    def magnitudes(self, evidence):
        """Sizes of each layer's weights."""
        return [part.magnitude for part in evidence.connections()]

    def statistics(self, evidence):
        """`FStatistics` of what the connections read."""
        return evidence.source_statistics

    def tables(self, evidence):
        """ANOVA table of each layer's source units; ``kept`` is filled in later."""
        return [
            anova_table(moments, found, np.zeros(len(found.F), dtype=int))
            for moments, found in zip(
                evidence.source_moments, evidence.source_statistics, strict=True
            )
        ]

    def has_tables(self, evidence):
        """Whether what the tables need has been computed already."""
        return "source_moments" in vars(evidence)

    def target_statistics(self, evidence):
        """F of the unit that each connection leads to, for each layer."""
        return [
            np.broadcast_to(found.F, layer.weight.shape).astype(np.float32)
            for found, layer in zip(evidence.unit_statistics, self.network.layers, strict=True)
        ]

    def has_target_statistics(self, evidence):
        """Whether they have been computed already."""
        return "unit_moments" in vars(evidence)

    def keep_significant(self, evidence, scores, selector):
        """Return masks of the connections of the source units that a selection marks.

        What does nothing without the others, because it leads nowhere or comes from a unit that
        has lost all its inputs, is cut as well; of that the scores are lowered, as by `keep_best`.
        """
        masks = []
        for score, found in zip(scores, evidence.source_statistics, strict=True):
            mask = (score != CUT) & selector(found)[:, None]
            if not mask.any():
                mask[np.unravel_index(np.argmax(score), score.shape)] = True
            masks.append(mask)
        sources = self.network.source_units()
        keep_a_path(masks, scores, sources)
        while (idle := idle_connections(masks, sources)) is not None:
            for mask, score, found in zip(masks, scores, idle, strict=True):
                _give_up(score, mask & found)
                mask &= ~found
        return masks

    def scores(self, evidence, criterion):
        """Scores of each layer's connections; -inf for those that are cut."""
        scores = [checked_scores(criterion, part) for part in evidence.connections()]
        for layer, score in zip(self.network.layers, scores, strict=True):
            if layer.mask is not None:
                score[~layer.mask] = CUT
        return scores

    def keep_best(self, evidence, scores, allocation, sparsity):
        """Return masks that cut the network down to a sparsity.

        Units that do nothing are given up: in ``scores`` their connections get the lowest (zero,
        as a rule) and others are kept instead. Where too few are left, all that do something are
        kept and the number is made up from the rest.
        """
        n_keep = round((1 - sparsity) * sum(score.size for score in scores))
        dimensions = [layer.dimensions for layer in self.network.layers]
        sources = self.network.source_units()
        ties = self.magnitudes(evidence)
        useful = [score != CUT for score in scores]
        while True:
            candidates = [np.where(u, s, CUT) for u, s in zip(useful, scores, strict=True)]
            masks = allocate(candidates, ties, n_keep, allocation, dimensions)
            keep_a_path(masks, candidates, sources)
            if (idle := idle_connections(masks, sources)) is None:
                break
            active = [u & ~found for u, found in zip(useful, idle, strict=True)]
            n_short = n_keep - sum(int(np.count_nonzero(a)) for a in active)
            if n_short > 0:
                masks = _fill_up(active, useful, scores, n_short)
                break
            useful = active
            for score, candidate in zip(scores, useful, strict=True):
                _give_up(score, ~candidate & (score != CUT))
        return masks


def _give_up(score, connections):
    """Lower the scores of connections of a layer to zero, or below it to its lowest."""
    score[connections] = np.min(score, where=score != CUT, initial=0.0)


def _fill_up(masks, candidates, scores, n_more):
    """Add to masks the candidates with the largest scores, whatever their layer."""
    flat = np.concatenate(
        [
            np.where(candidate & ~mask, score, CUT).ravel()
            for mask, candidate, score in zip(masks, candidates, scores, strict=True)
        ]
    )
    added = np.zeros(flat.size, dtype=bool)
    added[np.argsort(-flat, kind="stable")[:n_more]] = True
    parts = np.split(added, np.cumsum([mask.size for mask in masks])[:-1])
    return [mask | part.reshape(mask.shape) for mask, part in zip(masks, parts, strict=True)]


class Units:
    """Cuts hidden units and channels, with all weights that they receive and give.

    Parameters
    ----------
    network : Network
    budget : {"weights", "macs", "units"}
        What ``sparsity`` counts.
    """

    def __init__(self, network, budget):
        self.network = network
        self.sources = network.source_units()
        self.budget = budget
        self.kept = [self._masked_units(number) for number in range(len(network.layers) - 1)]
        self.full_cost = self.cost([np.ones(len(kept), dtype=bool) for kept in self.kept])

    def _masked_units(self, number):
        mask = self.network.layers[number].mask
        if mask is None:
            return np.ones(self.network.layers[number].n_outputs, dtype=bool)
        return mask.any(axis=0)

    def cut_share(self):
        """Share of the budget that is cut."""
        return 1 - self.cost(self.kept) / self.full_cost

    def cost(self, kept):
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

    def magnitudes(self, evidence):
        """Sizes of each hidden layer's units' weights."""
        return [part.magnitude for part in evidence.units()]

    def statistics(self, evidence):
        """`FStatistics` of the hidden units."""
        return evidence.unit_statistics[:-1]

    def tables(self, evidence):
        """ANOVA table of each hidden layer's units; ``kept`` is filled in later."""
        return [
            anova_table(moments, found, np.zeros(len(found.F), dtype=int))
            for moments, found in zip(
                evidence.unit_moments[:-1], evidence.unit_statistics[:-1], strict=True
            )
        ]

    def has_tables(self, evidence):
        """Whether what the tables need has been computed already."""
        return "unit_moments" in vars(evidence)

    def target_statistics(self, evidence):
        """Nothing: a unit has its own statistics."""
        return [None] * len(self.kept)

    def has_target_statistics(self, evidence):
        """Whether they have been computed already."""
        return False

    def keep_significant(self, evidence, scores, selector):
        """Note in `kept` which units a selection marks; return masks of what connects them."""
        chosen = []
        for score, found in zip(scores, evidence.unit_statistics, strict=False):
            kept = (score != CUT) & selector(found)
            if not kept.any():
                kept[np.argmax(score)] = True
            chosen.append(kept)
        self.kept = chosen
        return self._masks()

    def scores(self, evidence, criterion):
        """Scores of each hidden layer's units; -inf for those that are cut."""
        scores = [checked_scores(criterion, part) for part in evidence.units()]
        for score, kept in zip(scores, self.kept, strict=True):
            score[~kept] = CUT
        return scores

    def keep_best(self, evidence, scores, allocation, sparsity):
        """Note in `kept` the most units a sparsity allows; return masks of what connects them."""
        magnitudes = self.magnitudes(evidence)
        dimensions = [layer.dimensions for layer in self.network.layers[:-1]]

        def choose(n_keep):
            return allocate(scores, magnitudes, n_keep, allocation, dimensions)

        allowed = (1 - sparsity) * self.full_cost * (1 + 1e-12)
        low, high = len(scores), sum(int(np.count_nonzero(kept)) for kept in self.kept)
        if self.cost(choose(low)) > allowed:
            raise ValueError(
                f"sparsity={sparsity:.4f} leaves less than one unit in each layer, which costs "
                f"{self.cost(choose(low)) / self.full_cost:.4f} of the {self.budget}: choose "
                "another sparsity"
            )
        while low < high:  # the cost grows with the number of units
            middle = (low + high + 1) // 2
            if self.cost(choose(middle)) <= allowed:
                low = middle
            else:
                high = middle - 1
        self.kept = choose(low)
        return self._masks()

    def _masks(self):
        masks = []
        for number, layer in enumerate(self.network.layers):
            mask = np.ones(layer.weight.shape, dtype=bool) if layer.mask is None else layer.mask
            mask = mask.copy()
            if number:
                mask[~self.kept[number - 1][self.sources[number]]] = False
            if number < len(self.kept):
                mask[:, ~self.kept[number]] = False
            masks.append(mask)
        return masks


def mask_network(network, masks, means=None):
    """Set the masks of a network.

    Parameters
    ----------
    network : Network
    masks : list of ndarray of bool
    means : list of ndarray of shape (n_inputs,) or None
        Mean of what each layer reads. With it the bias takes over the mean of what each newly cut
        connection carried, and only what varied about it is lost (Evci et al. 2018).
    """
    for number, (layer, mask) in enumerate(zip(network.layers, masks, strict=True)):
        if means is not None:
            layer.bias += np.where(mask, 0, layer.weight).T @ means[number].astype(network.dtype)
        layer.set_mask(mask)


GRANULARITIES = {"connection": Connections, "channel": Units}
BUDGETS = ("weights", "macs", "units")
