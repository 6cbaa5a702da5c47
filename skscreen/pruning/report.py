"""The statistical reason for every cut."""

import numpy as np


class ScreeningReport:
    """Analysis of variance of the units a pruner screened, and what became of them.

    Parameters
    ----------
    tables : list of structured ndarray
        From `anova_table`, one per layer.
    scores : list of ndarray
        Scores of the last round.
    masks : list of ndarray of bool of shape (n_inputs, n_outputs)
        What was kept.
    rule : str
        What decided.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skscreen import MLPClassifier, ScreeningPruner
    >>> net = MLPClassifier((8,), solver="lbfgs", max_iter=50, tol=None, random_state=0)
    >>> pruner = ScreeningPruner(net, mode="fwe", min_effect=0.5, random_state=0)
    >>> pruner.fit(*load_iris(return_X_y=True)).report_.rule
    'fwe at 0.05, eta2 of at least 0.5'
    >>> pruner.report_.layer(0)["eta2"].round(2)
    array([0.62, 0.4 , 0.94, 0.93])
    """

    def __init__(self, tables, scores, masks, rule):
        self._tables = tables
        self._scores = scores
        self._masks = masks
        self.rule = rule

    @property
    def n_layers(self):
        """Number of layers that were screened."""
        return len(self._tables)

    def layer(self, number):
        """Return the table of a layer's units, one row each.

        Parameters
        ----------
        number : int
            Layer, from 0. The units are those its connections read, or with channel granularity
            its own.

        Returns
        -------
        table : structured ndarray
            See `skscreen.screening.anova_table`.
        """
        return self._tables[number]

    def connections(self, number):
        """Return one row for each connection of a layer that could still be cut last.

        Parameters
        ----------
        number : int
            Layer, from 0.

        Returns
        -------
        table : structured ndarray
            ``source``, ``target``, ``F`` and ``eta2`` of the source, ``score``, ``kept``. With
            channel granularity scores belong to units, see `layer`.
        """
        score, mask, table = self._scores[number], self._masks[number], self._tables[number]
        if score.shape != mask.shape:
            raise ValueError("whole units were scored, not connections: see layer()")
        source, target = np.nonzero(np.isfinite(score) | mask)
        rows = np.empty(
            len(source),
            dtype=[
                ("source", int),
                ("target", int),
                ("F", float),
                ("eta2", float),
                ("score", float),
                ("kept", bool),
            ],
        )
        rows["source"], rows["target"] = source, target
        rows["F"], rows["eta2"] = table["F"][source], table["eta2"][source]
        rows["score"], rows["kept"] = score[source, target], mask[source, target]
        return rows

    def to_frame(self, number):
        """Return the table of a layer's units as a pandas DataFrame.

        Raises
        ------
        ImportError
            Without pandas.
        """
        try:
            import pandas as pd
        except ImportError as error:
            raise ImportError("to_frame needs pandas: pip install pandas") from error
        table = self._tables[number]
        columns = {}
        for name in table.dtype.names:
            if table[name].ndim == 1:
                columns[name] = table[name]
            else:
                for k in range(table[name].shape[1]):
                    columns[f"{name}_{k}"] = table[name][:, k]
        return pd.DataFrame(columns).set_index("unit")

    def __str__(self):
        lines = [f"rule: {self.rule}"]
        for number, table in enumerate(self._tables):
            kept = np.count_nonzero(table["kept"])
            lines.append(f"\nlayer {number}: {kept} of {len(table)} units are still used")
            lines.append(f"{'unit':>6} {'F':>12} {'p':>10} {'eta2':>7} {'kept':>6}")
            order = np.argsort(-table["F"], kind="stable")
            shown = order if len(order) <= 10 else [*order[:5], None, *order[-5:]]
            for row in shown:
                if row is None:
                    lines.append("   ...")
                    continue
                unit = table[row]
                lines.append(
                    f"{unit['unit']:>6} {unit['F']:>12.5g} {unit['p']:>10.3g} "
                    f"{unit['eta2']:>7.4f} {unit['kept']:>6}"
                )
        return "\n".join(lines)
