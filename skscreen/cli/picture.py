"""The picture of ``--plot``."""

from skscreen.inspection import LayersDisplay, SparsityDisplay, StatisticsDisplay, TrainingDisplay


def draw(pruner, path, search=None):
    """Draw the training, the statistics and the layers of a pruned network into a file.

    Parameters
    ----------
    pruner : ScreeningPruner
        Fitted.
    path : path-like
    search : ScreeningPrunerCV or None, default=None
        That chose the sparsity; its scores are drawn as well.

    Raises
    ------
    ImportError
        Without matplotlib.
    """
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError("--plot needs matplotlib: pip install 'skscreen[plot]'") from error
    names = ["training", "statistics", "densities", "shapes"]
    rows = [names[:2], names[2:]]
    if search is not None:
        rows.insert(0, ["search", "search"])
    figure, axes = plt.subplot_mosaic(rows, figsize=(12, 3.8 * len(rows)), layout="constrained")
    if search is not None:
        SparsityDisplay.from_estimator(search, ax=axes["search"])
    TrainingDisplay.from_estimator(pruner, ax=axes["training"])
    StatisticsDisplay.from_estimator(pruner, ax=axes["statistics"])
    LayersDisplay.from_estimator(pruner, ax=[axes["densities"], axes["shapes"]])
    figure.savefig(path, dpi=120)
    plt.close(figure)
