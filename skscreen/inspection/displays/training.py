"""The loss of a pruned network's whole training."""

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skscreen.inspection.displays._axes import CUT, DENSE, KEPT, get_axes


class TrainingDisplay:
    """Training loss of the dense epochs, the rounds of pruning and the fine-tuning.

    Parameters
    ----------
    dense : sequence of float
        Loss of each epoch of the dense training.
    history : list of dict
        ``history_`` of a pruner.

    Attributes
    ----------
    ax_ : matplotlib Axes
    sparsity_ax_ : matplotlib Axes
        The scale on the right, of the sparsity.
    figure_ : matplotlib Figure

    Examples
    --------
    >>> from skscreen.inspection import TrainingDisplay
    >>> history = [{"phase": "pruning", "round": 1, "sparsity": 0.9, "loss_curve": [0.3, 0.2]},
    ...            {"phase": "fine-tuning", "round": 1, "sparsity": 0.9, "loss_curve": [0.1]}]
    >>> TrainingDisplay([0.9, 0.5], history).starts
    [2, 4]
    """

    def __init__(self, dense, history):
        self.dense = dense
        self.history = history

    @classmethod
    def from_estimator(cls, estimator, *, ax=None):
        """Draw the training of a fitted pruner.

        Parameters
        ----------
        estimator : ScreeningPruner
            Fitted.
        ax : matplotlib Axes or None, default=None
            None makes a figure.

        Returns
        -------
        display : TrainingDisplay
        """
        check_is_fitted(estimator)
        return cls(estimator.estimator_.loss_curve_, estimator.history_).plot(ax=ax)

    @property
    def starts(self):
        """Epoch, from 0, at which each entry of the history starts."""
        lengths = [len(self.dense)] + [len(entry["loss_curve"]) for entry in self.history]
        return np.cumsum(lengths)[:-1].tolist()

    def plot(self, ax=None):
        """Draw loss and sparsity.

        Parameters
        ----------
        ax : matplotlib Axes or None, default=None
            None makes a figure.

        Returns
        -------
        self : TrainingDisplay
        """
        ax, self.figure_ = get_axes(ax, figsize=(7.2, 4.0))
        from matplotlib.ticker import LogLocator, NullFormatter

        curves = {"dense": [*self.dense], "pruning": [], "fine-tuning": []}
        for entry in self.history:
            curves[entry["phase"]] += [*entry["loss_curve"]]
        start = 0
        for (phase, curve), colour in zip(curves.items(), (DENSE, CUT, KEPT), strict=True):
            if curve:
                epochs = np.arange(start + 1, start + len(curve) + 1)
                ax.plot(epochs, curve, color=colour, marker=".", label=f"loss, {phase}")
            start += len(curve)
        for place, entry in zip(self.starts, self.history, strict=True):
            line = ":" if entry["phase"] == "pruning" else "-"
            ax.axvline(place + 0.5, color=DENSE, linestyle=line, linewidth=0.8, zorder=0)
        self._plot_sparsity(ax, start)
        ax.set(xlabel="epoch (dotted: a round of cuts)", ylabel="training loss", yscale="log")
        ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        ax.yaxis.set_major_formatter("{x:g}")
        ax.yaxis.set_minor_formatter(NullFormatter())
        ax.spines["top"].set_visible(False)
        lines = [*ax.get_legend_handles_labels()[0], *self.sparsity_ax_.lines]
        ax.legend(
            handles=lines,
            frameon=False,
            loc="upper center",
            ncols=4,
            fontsize=8,
            bbox_to_anchor=(0.5, 1.12),
        )
        self.ax_ = ax
        return self

    def _plot_sparsity(self, ax, n_epochs):
        right = ax.twinx()
        places = [0.5, *(place + 0.5 for place in self.starts), n_epochs + 0.5]
        values = [0.0, *(entry["sparsity"] for entry in self.history)]
        right.stairs(np.multiply(100, values), places, color="black", alpha=0.55, baseline=None)
        right.plot([], [], color="black", alpha=0.55, label="sparsity")
        right.set(ylabel="sparsity [%]", ylim=(0, 102))
        right.spines["top"].set_visible(False)
        self.sparsity_ax_ = right
