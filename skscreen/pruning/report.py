"""The statistical reason for every cut."""

import numpy as np
from numpy.lib import recfunctions

from skscreen._params import is_integer


class ScreeningReport:
    """Analysis of variance of what a pruner screened, and what became of it.

    Parameters
    ----------
    records : list of LayerRecord
        What was known of each connection or unit when it was last a candidate, one per layer.
    rule : str
        What decided.
    names : sequence of str or None, default=None
        Of the units of the first layer, where these are named features.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skscreen import MLPClassifier, ScreeningPruner, Significance
    >>> net = MLPClassifier((8,), solver="lbfgs", max_iter=50, tol=None, random_state=0)
    >>> pruner = ScreeningPruner(
    ...     net, selection=Significance("fwe", min_effect=0.5), sparsity=None, random_state=0
    ... )
    >>> pruner.fit(*load_iris(return_X_y=True)).report_.rule
    'fwe at 0.05, eta2 of at least 0.5'
    >>> pruner.report_.layer(0)["eta2"].round(2)
    array([0.62, 0.4 , 0.94, 0.93])
    """

    def __init__(self, records, rule, names=None):
        self._records = records
        self.rule = rule
        self.names = names

    @property
    def n_layers(self):
        """Number of layers that were screened."""
        return len(self._records)

    @property
    def pi0(self):
        """Share of null units of each layer, as estimated in the dense network.

        Of those that vary and are connected, by their p-values (`skscreen.screening.null_share`);
        NaN for a statistic without p-values.
        """
        return np.array([record.pi0 for record in self._records])

    def layer(self, number):
        """Return the table of a layer's units, one row each.

        Parameters
        ----------
        number : int
            Layer, from 0. The units are those its connections read, with channel granularity
            its own, and of whole inputs, which are layer 0, the inputs.

        Returns
        -------
        table : structured ndarray
            See `skscreen.screening.anova_table`. ``kept`` is the number of connections; of
            channels and inputs it is 1 or 0, and there are ``magnitude``, ``score`` and ``round``
            (in which the unit was cut, 0 if it was kept) as well. A row is from the last time
            that the statistics of all samples were computed while the unit was in use: the first
            round, the last one, and all that cut by significance.
        """
        record = self._record(number)
        if record.score.ndim == 2:
            return record.table
        return recfunctions.append_fields(
            record.table,
            ["magnitude", "score", "round"],
            [record.magnitude, record.score, record.round],
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
            analysis is row ``source`` of `layer`) and ``target_F``, F of the target; ``magnitude``
            and ``score`` in the round that cut it or, if it was kept, the last one (0 for what
            belonged to a unit that no longer did anything: nothing else led to it, or from it);
            ``kept``; and ``round``, in which it was cut, 0 if it was kept.

        Raises
        ------
        ValueError
            Where channels or inputs are scored, not connections: see `layer`.
        """
        record = self._of_connections(number)
        source, target = (index.ravel() for index in np.indices(record.score.shape))
        columns = {
            "source": source,
            "target": target,
            "F": record.table["F"][source],
            "p": record.table["p"][source],
            "eta2": record.table["eta2"][source],
            "target_F": record.target_F.ravel(),
            "magnitude": record.magnitude.ravel(),
            "score": record.score.ravel(),
            "kept": record.round.ravel() == 0,
            "round": record.round.ravel(),
        }
        return np.rec.fromarrays(list(columns.values()), names=list(columns)).view(np.ndarray)

    def _record(self, number):
        if not is_integer(number) or not 0 <= number < self.n_layers:
            raise ValueError(
                f"number of the layer must be an integer from 0 to {self.n_layers - 1}, got "
                f"{number!r}"
            )
        return self._records[number]

    def _of_connections(self, number):
        record = self._record(number)
        if record.score.ndim != 2:
            raise ValueError("whole units were scored, not connections: see layer()")
        return record

    def to_frame(self, number, *, connections=False):
        """Return the table of a layer's units, or connections, as a pandas DataFrame.

        Where the units are named features there is a column ``name``.

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
        if self.names is not None and number == 0:
            columns["name"] = np.asarray(self.names)[columns["source" if connections else "unit"]]
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

        Raises
        ------
        ValueError
            For a unit that is not there, or a ``target`` where no connections are scored.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from skscreen import MLPClassifier, ScreeningPruner, Significance
        >>> net = MLPClassifier((8,), solver="lbfgs", max_iter=50, tol=None, random_state=0)
        >>> pruner = ScreeningPruner(
        ...     net, selection=Significance("fwe", min_effect=0.5), sparsity=None, random_state=0
        ... )
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
        record = self._record(number) if target is None else self._of_connections(number)
        limits = {"unit": (unit, len(record.table))}
        if target is not None:
            limits["target"] = target, record.score.shape[1]
        for name, (value, stop) in limits.items():
            if not is_integer(value) or not 0 <= value < stop:
                raise ValueError(
                    f"{name} must be an integer from 0 to {stop - 1} in layer {number}, got "
                    f"{value!r}"
                )
        row = self.layer(number)[unit]
        lines = [f"layer {number}, {self._called(number, unit)}"]
        effect = f"eta2 = {row['eta2']:.4g}"
        if "SSB" in row.dtype.names:
            lines += _variance_lines(row)
            effect += f", omega2 = {row['omega2']:.4g}"
        else:
            lines.append(f"statistic {row['F']:.4g}, p = {row['p']:.3g}")
        lines.append(effect)
        place = unit
        if target is not None:
            place = unit, target
            lines.append(f"connection to unit {target}, whose F is {record.target_F[place]:.4g}")
        if record.score[place].ndim == 0:
            lines.append(f"|w| = {record.magnitude[place]:.4g}, score = {record.score[place]:.4g}")
        lines.append(f"{_fate(record, unit, place, row['kept'])}; rule: {self.rule}")
        return "\n".join(lines)

    def _called(self, number, unit):
        """Return what a unit is called: by its name if it has one."""
        named = self.names is not None and number == 0
        return f"unit {unit} ({self.names[unit]})" if named else f"unit {unit}"

    def _label(self, number, unit):
        return f"  {self.names[unit]}" if self.names is not None and number == 0 else ""

    def __repr__(self):
        return str(self)

    def __str__(self):
        lines = [f"rule: {self.rule}"]
        for number, record in enumerate(self._records):
            table = record.table
            kept = np.count_nonzero(table["kept"])
            chance = "" if record.kept_significant() else ", though none of them is significant"
            nulls = "" if np.isnan(record.pi0) else f" (pi0 = {record.pi0:.2f} at first)"
            lines.append(
                f"\nlayer {number}: {kept} of {len(table)} units are still used{chance}{nulls}"
            )
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
                    f"{unit['eta2']:>7.4f} {unit['kept']:>6}" + self._label(number, row)
                )
        return "\n".join(lines)


def _fate(record, unit, place, n_kept):
    """Say what became of a unit, or of a connection from it."""
    if record.score[place].ndim:  # a unit whose connections were scored one by one
        fate = f"{n_kept} connections kept"
    elif not record.round[place]:
        fate = "kept"
    else:
        idle = " (its unit no longer did anything, or nothing in it varied)"
        return f"cut in round {record.round[place]}{'' if record.score[place] else idle}"
    if n_kept and record.significant is not None and not record.significant[unit]:
        fate += " though not significant: every layer keeps something, and a way through"
    return fate


def _variance_lines(row):
    """Lay out sums of squares, degrees of freedom and mean squares, and the screen's statistic."""
    between, within = row["SSB"] / row["df_between"], row["SSW"] / row["df_within"]
    classical = within > 0 and np.isclose(between / within, row["F"], rtol=1e-6)
    test = f" {row['F']:>12.4g} {row['p']:>10.3g}" if classical else ""
    header = f"{'source':<10} {'SS':>10} {'df':>6} {'MS':>12}"
    lines = [
        "class means: " + ", ".join(f"{mean:.4g}" for mean in row["mean"]),
        header + (f" {'F':>12} {'p':>10}" if classical else ""),
        f"{'between':<10} {row['SSB']:>10.4g} {row['df_between']:>6g} {between:>12.4g}{test}",
        f"{'within':<10} {row['SSW']:>10.4g} {row['df_within']:>6g} {within:>12.4g}",
    ]
    total = row["SSB"] + row["SSW"], row["df_between"] + row["df_within"]
    lines.append(f"{'total':<10} {total[0]:>10.4g} {total[1]:>6g}")
    if not classical:  # another screen, another pooling, or no variance within the classes
        lines.append(f"statistic of the screen: {row['F']:.4g}, p = {row['p']:.3g}")
    return lines
