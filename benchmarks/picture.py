"""Draw the picture of the README: what a screened network still reads, and what it costs.

    python benchmarks/picture.py

The left two panels are trained in some seconds, on 5,000 digits of MNIST; the right one is drawn
from benchmarks/results/pruning.csv.
"""

import argparse
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from pruning import HERE, read, summarise
from report import F_WEIGHT, PLAIN, RESULTS
from sklearn.frozen import FrozenEstimator

from skscreen import MLPClassifier, ScreeningPruner
from skscreen.datasets import load_dataset

PICTURE = HERE.parent / "docs" / "images" / "front.png"
REGIMES = {PLAIN: "trained as the dense one", "": "default training"}
COLOURS = {"screening": "tab:blue", "magnitude": "tab:orange"}


def draw_pixels(axes, X, y, *, epochs=20):
    """Draw F of each pixel, and how many connections each has left."""
    net = MLPClassifier((300, 100), max_iter=epochs, tol=None, random_state=0).fit(X, y)
    pruner = ScreeningPruner(FrozenEstimator(net), sparsity=0.98).fit(X, y)
    table = pruner.report_.layer(0)
    side = int(np.sqrt(len(table)))
    for axis, name, title in (
        (axes[0], "F", "F of each pixel"),
        (axes[1], "kept", f"connections kept of {net.network_.layers[0].n_outputs}"),
    ):
        image = axis.imshow(table[name].reshape(side, side), cmap="magma")
        axis.set(title=title, xticks=[], yticks=[])
        axis.figure.colorbar(image, ax=axis, shrink=0.8)


def draw_cost(axis, settings):
    """Draw the points below the dense network over the sparsity, for two ways of training."""
    same = "data == 'fashion' and network == 'lenet-300-100' and schedule == 'gradual'"
    settings = settings.query(f"{same} and granularity == 'connection' and sparsity > 0.94")
    for options, training in REGIMES.items():
        for criterion, colour in COLOURS.items():
            rows = settings[(settings.options == options) & (settings.criterion == criterion)]
            rows = rows[rows.f_weight == (F_WEIGHT if criterion == "screening" else 0.0)]
            rows = rows[rows.sparsity.isin([0.95, 0.98, 0.99])].sort_values("sparsity")
            axis.plot(
                [f"{100 * share:g} %" for share in rows.sparsity],
                rows.below,
                marker="o",
                color=colour,
                linestyle="-" if options else ":",
                label=f"{criterion}, {training}",
            )
    axis.set(title="points below dense", xlabel="cut")
    axis.set_ylim(bottom=0)
    axis.legend(fontsize="x-small")


def main(argv=None):
    """Draw the picture."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--out", type=Path, default=PICTURE)
    arguments = parser.parse_args(argv)
    data = load_dataset("mnist5k")
    figure, axes = plt.subplots(1, 3, figsize=(10, 2.9), layout="constrained")
    draw_pixels(axes[:2], data.X_train, data.y_train)
    draw_cost(axes[2], summarise(read(RESULTS).query("split == 'test'")))
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(arguments.out, dpi=100)


if __name__ == "__main__":
    main()
