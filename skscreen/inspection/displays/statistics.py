"""F of every unit, and what became of it."""

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skscreen.inspection.displays._axes import CUT, KEPT, get_axes, tidy

WIDTH = 0.36  # of the strip of a layer, to either side


class StatisticsDisplay:
    """F-statistic of the units that were screened, layer by layer: kept and cut.

    Parameters
    ----------
    F : list of ndarray of shape (n_units,)
        For each layer, the statistic of its units.
    kept : list of ndarray of bool of shape (n_units,)
        True for units that the pruned network still uses.
    names : list of str
        Of the layers.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure

    Examples
    --------
    >>> import numpy as np
    >>> from skscreen.inspection import StatisticsDisplay
    >>> F, kept = np.array([3.0, 90.0]), np.array([False, True])
    >>> StatisticsDisplay([F], [kept], ["layer 0"]).plot().ax_.get_yscale()
    'log'
    """

    def __init__(self, F, kept, names):
        self.F = F
        self.kept = kept
        self.names = names

    @classmethod
    def from_estimator(cls, estimator, *, ax=None):
        """Draw the statistics in the report of a fitted pruner.

        Parameters
        ----------
        estimator : ScreeningPruner
            Fitted.
        ax : matplotlib Axes or None, default=None
            None makes a figure.

        Returns
        -------
        display : StatisticsDisplay
        """
        check_is_fitted(estimator)
        report = estimator.report_
        tables = [report.layer(number) for number in range(report.n_layers)]
        return cls(
            [table["F"] for table in tables],
            [table["kept"] > 0 for table in tables],
            [f"layer {number}" for number in range(report.n_layers)],
        ).plot(ax=ax)

    def plot(self, ax=None):
        """Draw a strip of dots for each layer.

        Parameters
        ----------
        ax : matplotlib Axes or None, default=None
            None makes a figure.

        Returns
        -------
        self : StatisticsDisplay
        """
        ax, self.figure_ = get_axes(ax, figsize=(1.8 + 1.6 * len(self.F), 4.4))
        shown = self._within_the_axis()
        rng = np.random.default_rng(0)  # the sideways scatter means nothing
        for number, (F, kept) in enumerate(zip(shown, self.kept, strict=True)):
            place = number + rng.uniform(-WIDTH, WIDTH, len(F))
            alpha = float(np.clip(100 / len(F), 0.25, 0.9))
            for which, colour, mark in ((~kept, CUT, "x"), (kept, KEPT, "o")):
                ax.scatter(place[which], F[which], s=16, c=colour, marker=mark, alpha=alpha)
        ax.set_yscale("log")
        labels = [
            f"{name}\n{np.count_nonzero(kept)} of {len(kept)} kept"
            for name, kept in zip(self.names, self.kept, strict=True)
        ]
        ax.set_xticks(range(len(labels)), labels)
        ax.set(ylabel="F-statistic (0 at the lower edge)", xlim=(-0.6, len(labels) - 0.4))
        tidy(ax)
        handles = [
            ax.scatter([], [], s=16, c=colour, marker=mark, label=label)
            for label, colour, mark in (("still used", KEPT, "o"), ("cut", CUT, "x"))
        ]
        ax.legend(handles=handles, frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
        self.ax_ = ax
        return self

    def _within_the_axis(self):
        """Statistics with 0 and infinity at the ends of what a logarithm can show."""
        every = np.concatenate(self.F)
        positive = every[np.isfinite(every) & (every > 0)]
        low, high = (positive.min(), positive.max()) if positive.size else (1.0, 1.0)
        return [np.clip(F, low / 2, 2 * high) for F in self.F]
