"""Axes to draw on; matplotlib is imported when something is drawn, not before."""

KEPT, CUT, DENSE = "#1f5a99", "#e08214", "#999999"


def get_axes(ax, n_axes=None, figsize=None):
    """Return axes to draw on, new ones if none are given.

    Parameters
    ----------
    ax : Axes, sequence of Axes or None
    n_axes : int or None
        How many are needed side by side; None for one, returned by itself.
    figsize : tuple of float or None
        Width and height of a new figure in inches.

    Returns
    -------
    axes : Axes or list of Axes
    figure : Figure

    Raises
    ------
    ImportError
        Without matplotlib.
    ValueError
        For another number of axes than needed.
    """
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError("pictures need matplotlib: pip install 'skscreen[plot]'") from error
    if ax is None:
        figure, axes = plt.subplots(
            1, n_axes or 1, figsize=figsize, squeeze=False, layout="constrained"
        )
        axes = list(axes[0])
    else:
        axes = list(ax) if n_axes is not None and hasattr(ax, "__len__") else [ax]
        if len(axes) != (n_axes or 1):
            raise ValueError(f"ax must hold {n_axes} axes, got {len(axes)}")
        figure = axes[0].figure
    return (axes if n_axes is not None else axes[0]), figure


def tidy(ax):
    """Take the upper and right frame lines away."""
    ax.spines[["top", "right"]].set_visible(False)
