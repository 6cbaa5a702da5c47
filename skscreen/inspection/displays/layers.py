"""Shapes and densities of the layers, before and after."""

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skscreen.inspection.displays._axes import DENSE, KEPT, get_axes, tidy


class LayersDisplay:
    """Inputs and outputs of each layer, and the share of its connections that was kept.

    Parameters
    ----------
    masks : list of ndarray of bool of shape (n_inputs, n_outputs)
        Connections of the dense network's layers that were kept.
    names : list of str
        Of the layers.

    Attributes
    ----------
    axes_ : list of matplotlib Axes
    figure_ : matplotlib Figure

    Examples
    --------
    >>> import numpy as np
    >>> from skscreen.inspection import LayersDisplay
    >>> LayersDisplay([np.eye(4, dtype=bool), np.ones((4, 2), dtype=bool)], ["1", "2"]).densities
    [0.25, 1.0]
    """

    def __init__(self, masks, names):
        self.masks = masks
        self.names = names

    @classmethod
    def from_estimator(cls, estimator, *, ax=None):
        """Draw the layers of a fitted pruner.

        Parameters
        ----------
        estimator : ScreeningPruner
            Fitted.
        ax : sequence of 2 matplotlib Axes or None, default=None
            None makes a figure.

        Returns
        -------
        display : LayersDisplay
        """
        check_is_fitted(estimator)
        layers = estimator.network_.layers
        names = [f"{number} {layer.kind}" for number, layer in enumerate(layers, 1)]
        return cls(estimator.masks_, names).plot(ax=ax)

    @property
    def densities(self):
        """Share of each layer's connections that was kept."""
        return [float(mask.mean()) for mask in self.masks]

    def plot(self, ax=None):
        """Draw densities and shapes.

        Parameters
        ----------
        ax : sequence of 2 matplotlib Axes or None, default=None
            None makes a figure.

        Returns
        -------
        self : LayersDisplay
        """
        axes, self.figure_ = get_axes(ax, 2, figsize=(9.6, 1.6 + 0.5 * len(self.masks)))
        places = np.arange(len(self.masks))[::-1]
        self._plot_densities(axes[0], places)
        self._plot_shapes(axes[1], places)
        for ax in axes:
            tidy(ax)
        self.axes_ = axes
        return self

    def _plot_densities(self, ax, places):
        bars = ax.barh(places, np.multiply(100, self.densities), color=KEPT, height=0.6)
        labels = [
            f"{100 * mask.mean():.3g} % ({np.count_nonzero(mask):,} of {mask.size:,})"
            for mask in self.masks
        ]
        ax.bar_label(bars, labels, padding=4, fontsize=9)
        ax.set_yticks(places, self.names)
        ax.set(xlabel="connections kept [%]", xlim=(0, 1.9 * 100 * max(self.densities)))

    def _plot_shapes(self, ax, places):
        """Draw the units that each layer reads and gives, over those of the dense network."""
        for side, axis, shift in (("reads", 1, 0.2), ("gives", 0, -0.2)):
            before = np.array([mask.shape[1 - axis] for mask in self.masks])
            after = np.array([np.count_nonzero(mask.any(axis=axis)) for mask in self.masks])
            ax.barh(places + shift, before, color=DENSE, alpha=0.35, height=0.34)
            ax.barh(
                places + shift, after, color=KEPT, height=0.34, alpha=1 if side == "reads" else 0.6
            )
            labels = [f"{side} {new:,} of {old:,}" for new, old in zip(after, before, strict=True)]
            for x, y, label in zip(before, places + shift, labels, strict=True):
                ax.annotate(
                    label, (x, y), xytext=(4, 0), textcoords="offset points", va="center", size=8
                )
        ax.set_yticks(places, [])
        largest = max(max(mask.shape) for mask in self.masks)
        ax.set(xlabel="units still used", xlim=(0, 1.45 * largest))
