"""What was known of each connection or unit when it was last a candidate."""

from dataclasses import dataclass

import numpy as np

from skscreen.screening import null_share


@dataclass
class LayerRecord:
    """Records of one layer, for the report.

    Parameters
    ----------
    table : structured ndarray
        Analysis of variance of the units, see `anova_table`. A unit's row is from the last time
        that the statistics of all samples were computed while it was in use: in the first round,
        in the last one, and in all that cut by significance.
    magnitude, score : ndarray
        Of each connection or unit, from the round that cut it or, if it was kept, the last one.
    target_F : ndarray or None
        F-statistic of the unit that each connection leads to, from the same rounds as the table.
    round : ndarray of int
        Round that cut it, counted from 1; 0 for what was kept.
    significant : ndarray of bool of shape (n_units,) or None
        Which units the selection marked in the last round; None without a selection.
    pi0 : float
        Estimated share of null units before the first cut, among those that vary and are
        connected; NaN where there is none, or the statistic has no p-values.
    """

    table: np.ndarray
    magnitude: np.ndarray
    score: np.ndarray
    target_F: np.ndarray | None
    round: np.ndarray
    significant: np.ndarray | None = None
    pi0: float = np.nan

    def kept_significant(self):
        """Whether any unit that is kept is significant; true without a selection."""
        return self.significant is None or (self.significant & (self.table["kept"] > 0)).any()


class Record:
    """Collects `LayerRecord`, round by round.

    Parameters
    ----------
    granularity : Granularity
    """

    def __init__(self, granularity):
        self.granularity = granularity
        self.layers = None

    def observe(self, evidence, *, final, whole):
        """Take down what a round has found, before anything is cut in the network.

        Parameters
        ----------
        evidence : NetworkEvidence
        final : bool
            Whether it is the last round.
        whole : bool
            Whether the evidence is of all samples.
        """
        granularity = self.granularity
        magnitudes = granularity.magnitudes(evidence)
        if self.layers is None:
            self.layers = [
                LayerRecord(
                    table,
                    magnitude.astype(np.float32),
                    np.zeros(magnitude.shape),
                    F,
                    np.zeros(magnitude.shape, np.int16),
                    pi0=_null_share(table, kept),
                )
                for table, magnitude, F, kept in zip(
                    granularity.tables(evidence),
                    magnitudes,
                    granularity.target_statistics(evidence),
                    granularity.kept(),
                    strict=True,
                )
            ]
            return
        for layer, magnitude in zip(self.layers, magnitudes, strict=True):
            alive = layer.round == 0
            layer.magnitude[alive] = magnitude[alive]
        if final or (whole and evidence.knows(granularity.side)):
            self._update_tables(granularity.tables(evidence))
        if final or (whole and evidence.knows("unit")):
            self._update_targets(granularity.target_statistics(evidence))

    def _update_tables(self, tables):
        for layer, table in zip(self.layers, tables, strict=True):
            alive = layer.round == 0
            used = alive if alive.ndim == 1 else alive.any(axis=1)
            layer.table[used] = table[used]

    def _update_targets(self, statistics):
        for layer, F in zip(self.layers, statistics, strict=True):
            if F is not None:
                alive = layer.round == 0
                layer.target_F[alive] = F[alive]

    def judge(self, significant):
        """Take down which units of each layer the selection marks in the last round."""
        for layer, marked in zip(self.layers, significant, strict=True):
            layer.significant = marked

    def cut(self, number, choice):
        """Take down the `Choice` of a round: the scores, and what is no longer kept."""
        for layer, kept, score in zip(self.layers, choice.kept, choice.scores, strict=True):
            layer.score = np.where(layer.round == 0, score, layer.score)
            layer.round[~kept & (layer.round == 0)] = number
            layer.table["kept"] = np.count_nonzero(kept, axis=1) if kept.ndim == 2 else kept


def _null_share(table, kept):
    """Estimate the share of nulls among the units of a table that vary and are kept."""
    used = kept if kept.ndim == 1 else kept.any(axis=1)
    p = table["p"][(table["F"] > 0) & used]
    return null_share(p) if len(p) and not np.isnan(p).any() else np.nan
