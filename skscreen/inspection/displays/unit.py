"""The analysis of variance of one unit."""

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skscreen.inspection.displays._axes import CUT, DENSE, KEPT, get_axes, tidy


class UnitDisplay:
    """Class means of a unit, with the spread within the classes and the verdict.

    Parameters
    ----------
    means : ndarray of shape (n_classes,)
    deviation : float
        Standard deviation within the classes, pooled.
    classes : sequence of shape (n_classes,)
    title : str
    verdict : str
        F, p, effect size and what became of the unit.
    kept : bool
        Whether anything of it was kept.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure

    Examples
    --------
    >>> import numpy as np
    >>> from skscreen.inspection import UnitDisplay
    >>> display = UnitDisplay(np.array([0.2, 1.4]), 0.5, ["no", "yes"], "age", "F = 9", kept=True)
    >>> display.plot().ax_.get_title(loc="left")
    'age'
    """

    def __init__(self, means, deviation, classes, title, verdict, *, kept):
        self.means = means
        self.deviation = deviation
        self.classes = classes
        self.title = title
        self.verdict = verdict
        self.kept = kept

    @classmethod
    def from_estimator(cls, estimator, layer, unit, *, ax=None):
        """Draw a unit of a fitted pruner of a classifier.

        Parameters
        ----------
        estimator : ScreeningPruner
            Fitted.
        layer : int
            Layer in its report, from 0.
        unit : int
            Row of ``report_.layer(layer)``.
        ax : matplotlib Axes or None, default=None
            None makes a figure.

        Returns
        -------
        display : UnitDisplay

        Raises
        ------
        ValueError
            For a regressor, or a unit that is not there.
        """
        check_is_fitted(estimator)
        table = estimator.report_.layer(layer)
        if "mean" not in table.dtype.names:
            raise ValueError("class means need a pruned classifier, got a regressor")
        if not 0 <= unit < len(table):
            raise ValueError(f"unit must be from 0 to {len(table) - 1}, got {unit}")
        row = table[unit]
        kept = int(row["kept"])
        whole = "score" in table.dtype.names  # whole units were cut, not connections
        fate = ("kept" if kept else "cut") if whole else f"{kept} connections kept"
        verdict = (
            f"F({row['df_between']:g}, {row['df_within']:g}) = {row['F']:.3g}, "
            f"p = {row['p']:.2g}, eta² = {row['eta2']:.3f}: {fate}"
        )
        name = f"layer {layer}, unit {unit}"
        if layer == 0 and not whole and hasattr(estimator, "feature_names_in_"):
            name = str(estimator.feature_names_in_[unit])
        deviation = np.sqrt(row["SSW"] / row["df_within"])
        return cls(row["mean"], deviation, estimator.classes_, name, verdict, kept=kept > 0).plot(
            ax=ax
        )

    def plot(self, ax=None):
        """Draw the means.

        Parameters
        ----------
        ax : matplotlib Axes or None, default=None
            None makes a figure.

        Returns
        -------
        self : UnitDisplay
        """
        n_classes = len(self.means)
        ax, self.figure_ = get_axes(ax, figsize=(max(6.4, 1.6 + 0.5 * n_classes), 3.8))
        places = np.arange(n_classes)
        ax.axhline(np.mean(self.means), color=DENSE, linestyle="--", label="mean of the means")
        ax.errorbar(
            places,
            self.means,
            self.deviation,
            fmt="o",
            color=KEPT if self.kept else CUT,
            capsize=3,
            label="class mean ± pooled standard deviation within",
        )
        ax.set_xticks(places, [str(label) for label in self.classes])
        ax.set(xlabel="class", ylabel="activation")
        ax.set_title(self.title, loc="left", fontweight="bold", pad=22)
        ax.text(0, 1.03, self.verdict, transform=ax.transAxes, size=9)
        tidy(ax)
        ax.legend(
            frameon=False, fontsize=8, loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=2
        )
        self.ax_ = ax
        return self
