"""The sections of docs/results.md about few samples, and about what epochs cost."""

import few_samples
import pandas as pd
from layout import NETWORKS, number, with_spread
from pruning import HERE
from table_report import table_of

FEW = """\
## Few samples

A network trained on all of Fashion-MNIST is pruned with some of its samples, drawn anew for each
seed: `python benchmarks/few_samples.py`. "refit" is `refit="least-squares", criterion="partial-f"`
without training and without labels; "ahead" is its paired difference to that training recipe which
loses least on the same samples, and its 95 % interval. ± is the standard deviation over the seeds.
Seconds are processor time of one thread.
"""
EPOCHS = """\
## What epochs cost

The default training with all 60,000 samples of Fashion-MNIST, half of the epochs while the network
is cut and half afterwards: `python benchmarks/few_samples.py --epochs`.
"""


def sections(folder=HERE / "results"):
    """Return the text of both sections, from few_samples.csv and epochs.csv in a folder."""
    samples, epochs = (
        few_samples.summarise(pd.read_csv(folder / name).query("split == 'test'"))
        for name in ("few_samples.csv", "epochs.csv")
    )
    return f"{of_samples(samples)}\n{of_epochs(epochs)}"


def of_samples(settings):
    """Return the section about few samples, from `few_samples.summarise`."""
    rows = [
        [
            NETWORKS[row.network],
            row.cut,
            f"{row.samples:,}",
            row.recipe,
            number(row.dense),
            with_spread(row.below, row.sd),
            with_spread(row.ahead, row.half, "+"),
            number(row.cpu_seconds, 1),
            row.seeds,
        ]
        for row in settings.sort_values(
            ["network", "cut", "samples", "recipe"], kind="stable"
        ).itertuples()
    ]
    header = ["network", "cut", "samples", "recipe", "dense error [%]", "points below dense"]
    return f"{FEW}\n{table_of([*header, 'ahead', 'seconds', 'seeds'], rows)}\n"


def of_epochs(settings):
    """Return the section about the cost of epochs, from `few_samples.summarise`."""
    rows = [
        [
            NETWORKS[row.network],
            row.cut,
            row.recipe,
            number(row.dense),
            with_spread(row.below, row.sd),
            f"{row.cpu_seconds:.0f}",
            row.seeds,
        ]
        for row in settings.itertuples()
    ]
    header = ["network", "cut", "training", "dense error [%]", "points below dense"]
    return f"{EPOCHS}\n{table_of([*header, 'seconds', 'seeds'], rows)}\n"
