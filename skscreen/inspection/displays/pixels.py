"""The image of F, and of the connections that each pixel kept."""

import math

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skscreen.inspection.displays._axes import get_axes


class PixelsDisplay:
    """F-statistic of each input pixel, and the connections from it that were kept.

    Parameters
    ----------
    F : ndarray of shape (height, width)
    kept : ndarray of int of shape (height, width)
        Connections.

    Attributes
    ----------
    axes_ : list of matplotlib Axes
    figure_ : matplotlib Figure

    Examples
    --------
    >>> import numpy as np
    >>> from skscreen.inspection import PixelsDisplay
    >>> display = PixelsDisplay(np.ones((8, 8)), np.eye(8, dtype=int)).plot()
    >>> display.axes_[1].get_title()
    'connections kept: 8 of 64 pixels read'
    """

    def __init__(self, F, kept):
        self.F = F
        self.kept = kept

    @classmethod
    def from_estimator(cls, estimator, *, image_shape=None, ax=None):
        """Draw the inputs of a fitted pruner of a fully connected network for images.

        Parameters
        ----------
        estimator : ScreeningPruner
            Fitted; it has screened what its first layer reads.
        image_shape : tuple (height, width) or None, default=None
            None takes a square.
        ax : sequence of 2 matplotlib Axes or None, default=None
            None makes a figure.

        Returns
        -------
        display : PixelsDisplay

        Raises
        ------
        ValueError
            If the inputs are no images, or were not screened one by one.
        """
        check_is_fitted(estimator)
        table, n_features = estimator.report_.layer(0), estimator.n_features_in_
        if len(table) != n_features or len(estimator.masks_[0]) != n_features:
            raise ValueError(
                "estimator must have screened each input of a fully connected first layer, but "
                f"its report has {len(table)} units for {n_features} inputs"
            )
        if image_shape is None:
            image_shape = (math.isqrt(n_features),) * 2
        if math.prod(image_shape) != n_features:
            raise ValueError(
                f"image_shape must have {n_features} pixels, got {tuple(image_shape)}"
            )
        kept = np.count_nonzero(estimator.masks_[0], axis=1)
        return cls(table["F"].reshape(image_shape), kept.reshape(image_shape)).plot(ax=ax)

    def plot(self, ax=None):
        """Draw the two images.

        Parameters
        ----------
        ax : sequence of 2 matplotlib Axes or None, default=None
            None makes a figure.

        Returns
        -------
        self : PixelsDisplay
        """
        axes, self.figure_ = get_axes(ax, 2, figsize=(8.4, 3.8))
        n_read = np.count_nonzero(self.kept)
        finite = np.where(np.isfinite(self.F), self.F, np.nan)
        for ax, values, title in (
            (axes[0], finite, "F-statistic"),
            (axes[1], self.kept, f"connections kept: {n_read} of {self.kept.size} pixels read"),
        ):
            shown = np.ma.masked_where(~(np.asarray(values) > 0), values)
            image = ax.imshow(shown, cmap="viridis", vmin=0)
            ax.set_facecolor("#e6e6e6")  # of pixels with none
            ax.set(title=title, xticks=[], yticks=[])
            self.figure_.colorbar(image, ax=ax, shrink=0.85)
        self.axes_ = axes
        return self
