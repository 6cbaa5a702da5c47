"""Single connections as what is cut."""

import numpy as np

from skscreen.pruning.allocation import CUT, allocate
from skscreen.pruning.granularity import Choice, Granularity, register, significant_or_best
from skscreen.pruning.masks import idle_connections, keep_a_path


@register("connection")
class Connections(Granularity):
    """Cuts single weights; the sparsity counts weights, exactly.

    Units that no longer do anything, because nothing leads to them or from them, are given up, and
    other connections are kept in the place of theirs.
    """

    drops_out = True
    screens_inputs = True
    counted = "weights"

    @classmethod
    def default_allocation(cls, network):
        """Return "lamp" with convolutions and "erk" without."""
        return "lamp" if network.is_sharded else "erk"

    def candidates(self, evidence):
        """Return the `Evidence` of each layer's connections."""
        return evidence.connections()

    def kept(self):
        """Return the masks of the connections of each layer."""
        return [layer.connected() for layer in self.network.layers]

    def cut_share(self):
        """Return the share of the weights that are cut."""
        return self.network.sparsity

    def target_statistics(self, evidence):
        """Return F of the unit that each connection leads to, for each layer."""
        return [
            np.broadcast_to(found.F, layer.weight.shape).astype(np.float32)
            for found, layer in zip(evidence.statistics("unit"), self.network.layers, strict=True)
        ]

    def select(self, evidence, scores, goal):
        """Choose the connections to keep; see `Granularity.select`."""
        useful = [score != CUT for score in scores]
        if goal.significance is not None:
            useful = [
                significant_or_best(score, found, goal.significance)
                for score, found in zip(scores, self.statistics(evidence), strict=True)
            ]
            keep_a_path(useful, scores, self.sources)
        if goal.inputs is not None:
            useful = [useful[0] & goal.inputs[:, None], *useful[1:]]
        n_keep = sum(int(np.count_nonzero(mask)) for mask in useful)
        if goal.sparsity is not None:
            n_wanted = round((1 - goal.sparsity) * sum(score.size for score in scores))
            if goal.significance is None or n_wanted < n_keep:
                n_keep = min(n_wanted, n_keep)
                return self._best(evidence, scores, useful, n_keep, goal.allocation)
        return self._all_that_does_something(scores, useful)

    def _all_that_does_something(self, scores, masks):
        """Keep all of the masks but what leads nowhere or comes from a unit without inputs."""
        scores = [score.copy() for score in scores]
        while (idle := idle_connections(masks, self.sources)) is not None:
            for score, mask, found in zip(scores, masks, idle, strict=True):
                _give_up(score, mask & found)
            masks = [mask & ~found for mask, found in zip(masks, idle, strict=True)]
        return Choice(masks, masks, scores)

    def _best(self, evidence, scores, useful, n_keep, allocation):
        """Keep so many of what is useful, by score.

        Where too few are left that do something, all of those are kept and the number is made up
        from the rest.
        """
        dimensions = [layer.dimensions for layer in self.network.layers]
        ties = self.magnitudes(evidence)
        scores = [score.copy() for score in scores]
        while True:
            candidates = [np.where(u, s, CUT) for u, s in zip(useful, scores, strict=True)]
            masks = allocate(candidates, ties, n_keep, allocation, dimensions)
            keep_a_path(masks, candidates, self.sources)
            if (idle := idle_connections(masks, self.sources)) is None:
                break
            active = [u & ~found for u, found in zip(useful, idle, strict=True)]
            n_short = n_keep - sum(int(np.count_nonzero(a)) for a in active)
            if n_short > 0:
                masks = _fill_up(active, useful, scores, n_short)
                break
            for score, before, found in zip(scores, useful, idle, strict=True):
                _give_up(score, before & found)
            useful = active
        return Choice(masks, masks, scores)


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
