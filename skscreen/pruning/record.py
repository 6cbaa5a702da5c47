"""What was known of each connection or unit when it was last a candidate."""

from dataclasses import dataclass

import numpy as np


@dataclass
class LayerRecord:
    """Records of one layer, for the report.

    Parameters
    ----------
    table : structured ndarray
        Analysis of variance of the units, see `anova_table`. A unit's row is from the last time
        that the statistics were computed while it was in use: in the first round, in the last
        one, and in all in which the criterion or the selection looked at them.
    magnitude, score : ndarray
        Of each connection or unit, from the round that cut it or, if it was kept, the last one.
    target_F : ndarray or None
        F-statistic of the unit that each connection leads to, from the same rounds as the table.
    round : ndarray of int
        Round that cut it, counted from 1; 0 for what was kept.
    """

    table: np.ndarray
    magnitude: np.ndarray
    score: np.ndarray
    target_F: np.ndarray | None
    round: np.ndarray


class Record:
    """Collects `LayerRecord`, round by round.

    Parameters
    ----------
    parts : Connections or Units
    """

    def __init__(self, parts):
        self.parts = parts
        self.layers = None

    def observe(self, evidence, *, final):
        """Take down what a round has found, before anything is cut."""
        magnitudes = self.parts.magnitudes(evidence)
        if self.layers is None:
            tables = self.parts.tables(evidence)
            sides = self.parts.target_statistics(evidence)
            self.layers = [
                LayerRecord(
                    table,
                    magnitude.astype(np.float32),
                    np.zeros(magnitude.shape),
                    F,
                    np.zeros(magnitude.shape, np.int16),
                )
                for table, magnitude, F in zip(tables, magnitudes, sides, strict=True)
            ]
            return
        known = final or self.parts.has_tables(evidence)
        tables = self.parts.tables(evidence) if known else None
        known = final or self.parts.has_target_statistics(evidence)
        sides = self.parts.target_statistics(evidence) if known else None
        for number, layer in enumerate(self.layers):
            alive = layer.round == 0
            layer.magnitude[alive] = magnitudes[number][alive]
            if tables is not None:
                used = alive if alive.ndim == 1 else alive.any(axis=1)
                layer.table[used] = tables[number][used]
            if sides is not None and sides[number] is not None:
                layer.target_F[alive] = sides[number][alive]

    def cut(self, number, scores):
        """Take down the scores of a round, and that it has cut what is no longer kept."""
        for layer, kept, score in zip(self.layers, self.parts.kept, scores, strict=True):
            layer.score = np.where(layer.round == 0, score, layer.score)
            layer.round[~kept & (layer.round == 0)] = number
            layer.table["kept"] = np.count_nonzero(kept, axis=1) if kept.ndim == 2 else kept
