"""The statistical reason for every cut."""

import numpy as np
from numpy.lib import recfunctions


class ScreeningReport:
    """Analysis of variance of what a pruner screened, and what became of it.

    Parameters
    ----------
    tables : list of structured ndarray
        From `anova_table`, one per layer.
    magnitudes, scores : list of ndarray
        Sizes of the weights and scores in the last round, of each layer's connections or units.
    rounds : list of ndarray of int
        Round in which each was cut; 0 for what was kept.
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

    def __init__(self, tables, magnitudes, scores, rounds, rule):
        self._tables = tables
        self._magnitudes = magnitudes
        self._scores = scores
        self._rounds = rounds
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
            See `skscreen.screening.anova_table`. ``kept`` is the number of connections; with
            channel granularity it is 1 or 0, and there are ``magnitude``, ``score`` and ``round``
            (in which the unit was cut, 0 if it was kept) as well.
        """
        if self._scores[number].ndim == 2:
            return self._tables[number]
        return recfunctions.append_fields(
            self._tables[number],
            ["magnitude", "score", "round"],
            [self._magnitudes[number], self._scores[number], self._rounds[number]],
            usemask=False,
        )

    def connections(self, number):
        """Return one row for each connection of a layer.

        Parameters
        ----------
        number : int
            Layer, from 0.

        Returns
        -------
        table : structured ndarray of shape (n_inputs * n_outputs,)
            ``source``, ``target``; ``F``, ``p`` and ``eta2`` of the source (the rest of its
            analysis is row ``source`` of `layer`); ``magnitude`` and ``score`` when it was scored
            last, -inf if it had been cut before; ``kept``, and ``round``, in which it was cut.

        Raises
        ------
        ValueError
            With channel granularity, where units are scored: see `layer`.
        """
        scores, table = self._scores[number], self._tables[number]
        if scores.ndim != 2:
            raise ValueError("whole units were scored, not connections: see layer()")
        source, target = (index.ravel() for index in np.indices(scores.shape))
        rounds = self._rounds[number].ravel()
        columns = {
            "source": source,
            "target": target,
            "F": table["F"][source],
            "p": table["p"][source],
            "eta2": table["eta2"][source],
            "magnitude": self._magnitudes[number].ravel(),
            "score": scores.ravel(),
            "kept": rounds == 0,
            "round": rounds,
        }
        return np.rec.fromarrays(list(columns.values()), names=list(columns)).view(np.ndarray)

    def to_frame(self, number, *, connections=False):
        """Return the table of a layer's units, or connections, as a pandas DataFrame.

        Raises
        ------
        ImportError
            Without pandas.
        """
        try:
            import pandas as pd
        except ImportError as error:
            raise ImportError("to_frame needs pandas: pip install pandas") from error
        table = self.connections(number) if connections else self.layer(number)
        columns = {}
        for name in table.dtype.names:
            if table[name].ndim == 1:
                columns[name] = table[name]
            else:
                for k in range(table[name].shape[1]):
                    columns[f"{name}_{k}"] = table[name][:, k]
        index = ["source", "target"] if connections else "unit"
        return pd.DataFrame(columns).set_index(index)

    def describe(self, number, unit, target=None):
        """Write the analysis of variance of one unit, or connection, as text.

        Parameters
        ----------
        number : int
            Layer, from 0.
        unit : int
            Row of `layer`.
        target : int or None
            Unit that the connection leads to. None describes the unit alone.

        Returns
        -------
        text : str

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from skscreen import MLPClassifier, ScreeningPruner
        >>> net = MLPClassifier((8,), solver="lbfgs", max_iter=50, tol=None, random_state=0)
        >>> pruner = ScreeningPruner(net, mode="fwe", min_effect=0.5, random_state=0)
        >>> print(pruner.fit(*load_iris(return_X_y=True)).report_.describe(0, 1))
        layer 0, unit 1
        class means: 3.428, 2.77, 2.974
        source             SS     df           MS            F          p
        between         11.34      2        5.672        49.16   4.49e-17
        within          16.96    147       0.1154
        total           28.31    149
        eta2 = 0.4008, omega2 = 0.391
        0 connections kept; rule: fwe at 0.05, eta2 of at least 0.5
        """
        row = self.layer(number)[unit]
        where = f"layer {number}, unit {unit}" + ("" if target is None else f" to unit {target}")
        effect = f"eta2 = {row['eta2']:.4g}"
        lines = [where]
        if "SSB" in row.dtype.names:
            lines += _variance_lines(row)
            effect += f", omega2 = {row['omega2']:.4g}"
        else:
            lines.append(f"F = {row['F']:.4g}, p = {row['p']:.3g}")
        lines.append(effect)
        if target is not None or "score" in row.dtype.names:
            place = unit if target is None else (unit, target)
            lines.append(
                f"|w| = {self._magnitudes[number][place]:.4g}, "
                f"score = {self._scores[number][place]:.4g}"
            )
            rounds = self._rounds[number][place]
            fate = f"cut in round {rounds}" if rounds else "kept"
        else:
            fate = f"{row['kept']} connections kept"
        lines.append(f"{fate}; rule: {self.rule}")
        return "\n".join(lines)

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


def _variance_lines(row):
    """Lay out sums of squares, degrees of freedom and mean squares."""
    header = f"{'source':<10} {'SS':>10} {'df':>6} {'MS':>12} {'F':>12} {'p':>10}"
    lines = ["class means: " + ", ".join(f"{mean:.4g}" for mean in row["mean"]), header]
    for name, squares, df, tail in (
        ("between", row["SSB"], row["df_between"], f" {row['F']:>12.4g} {row['p']:>10.3g}"),
        ("within", row["SSW"], row["df_within"], ""),
    ):
        lines.append(f"{name:<10} {squares:>10.4g} {df:>6g} {squares / df:>12.4g}{tail}")
    total = row["SSB"] + row["SSW"], row["df_between"] + row["df_within"]
    return [*lines, f"{'total':<10} {total[0]:>10.4g} {total[1]:>6g}"]
