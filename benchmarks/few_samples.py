"""Pruning a trained network with a few samples: refit without labels against training on them.

    python benchmarks/few_samples.py --network lenet-300-100 --seeds 2
    python benchmarks/few_samples.py --network lenet-5 --seeds 1

The dense networks are trained on all training data; the pruner gets ``--samples`` of them, drawn
anew for each seed. The training recipes see their labels, the refit does not. Each run is a row
of a CSV file; runs that are there already are not repeated. With ``--split validation`` a sixth of
the training data is held out and the test data are not read. ``--epochs`` runs what numbers of
epochs of the default training cost with all training data instead. `report.py` makes the tables of
docs/results.md from both files.
"""

import argparse
import csv
import itertools
import sys
import time
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
from pruning import HERE, load, mean_and_half_interval, train_dense
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import train_test_split

from skscreen import ScreeningPruner
from skscreen.inspection import network_costs

#: what is cut: name -> parameters of the pruner, "lenet-300-100" first
CUTS = {
    "lenet-300-100": {
        "connections 90 %": {"sparsity": 0.9},
        "connections 95 %": {"sparsity": 0.95},
        "units 50 %": {"granularity": "channel", "budget": "units", "sparsity": 0.5},
        "units 70 %": {"granularity": "channel", "budget": "units", "sparsity": 0.7},
        "units 80 %": {"granularity": "channel", "budget": "units", "sparsity": 0.8},
    },
    "lenet-5": {
        "connections 90 %": {"sparsity": 0.9},
        "channels, half the multiply-accumulates": {
            "granularity": "channel",
            "budget": "macs",
            "sparsity": 0.5,
        },
    },
}
UNTRAINED = {"pruning_epochs": 0, "fine_tune_epochs": 0}
LONG = {"pruning_epochs": 50, "fine_tune_epochs": 50}
#: name -> (whether it gets labels, parameters of the pruner)
RECIPES = {
    "refit": (False, {"criterion": "partial-f", "refit": "least-squares", **UNTRAINED}),
    "refit, screening": (True, {"refit": "least-squares", **UNTRAINED}),
    "untrained": (True, UNTRAINED),
    "training": (True, {}),
    "training, 100 epochs": (True, LONG),
    "training, 100 epochs, half distilled": (True, {"distill": 0.5, **LONG}),
    "training, 100 epochs, distilled, as the dense one": (
        True,
        {"distill": 1.0, "alpha": None, "dropout": None, "learning_rate_init": None, **LONG},
    ),
    "refit, then distilled": (
        False,
        {
            "criterion": "partial-f",
            "refit": "least-squares",
            "pruning_epochs": 0,
            "fine_tune_epochs": 20,
            "distill": 1.0,
            "alpha": None,
            "dropout": None,
            "learning_rate_init": None,
        },
    ),
}
KEY = ["data", "split", "network", "cut", "samples", "recipe", "seed"]
MEASURED = ["dense_accuracy", "accuracy", "n_weights", "macs", "seconds", "cpu_seconds"]


#: rivals of the refit: the training recipes on the same samples
RIVALS = [name for name in RECIPES if name.startswith("training")]
#: the recipe that stands for the default training with all data, so many epochs in all
EPOCHS = {f"{number} epochs": number for number in (2, 5, 10, 20)}
EPOCHS_CUTS = {f"connections {cut} %": {"sparsity": cut / 100} for cut in (90, 95, 98)}


def run(key, cache):
    """Prune one network and return its row."""
    settings = dict(zip(KEY, key, strict=True))
    dense = joblib.Memory(cache, verbose=0).cache(train_dense)(
        settings["data"], settings["split"], settings["network"], settings["seed"]
    )
    X, y, X_eval, y_eval = load(settings["data"], settings["split"])
    if settings["samples"] < len(X):
        rows, _ = train_test_split(
            np.arange(len(X)),
            train_size=settings["samples"],
            stratify=y,
            random_state=settings["seed"],
        )
        X, y = X[rows], y[rows]
    labelled, parameters = parameters_of(settings)
    pruner = ScreeningPruner(FrozenEstimator(dense), **parameters)
    pruner.set_params(random_state=settings["seed"])
    wall, cpu = time.perf_counter(), time.process_time()
    pruner.fit(X, y if labelled else None)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    costs = network_costs(pruner.network_).total
    measured = [
        dense.score(X_eval, y_eval),
        pruner.score(X_eval, y_eval),
        costs.n_weights,
        costs.macs,
        round(wall, 1),
        round(cpu, 1),
    ]
    return dict(zip(KEY + MEASURED, [*key, *measured], strict=True))


def parameters_of(settings):
    """Return whether a run gets labels, and the parameters of its pruner."""
    if settings["recipe"] in EPOCHS:
        number = EPOCHS[settings["recipe"]]
        training = {"pruning_epochs": number // 2, "fine_tune_epochs": number - number // 2}
        return True, EPOCHS_CUTS[settings["cut"]] | training
    labelled, parameters = RECIPES[settings["recipe"]]
    return labelled, CUTS[settings["network"]][settings["cut"]] | parameters


def summarise(table):
    """One row for each setting: means over the seeds, and the difference to the best rival.

    Parameters
    ----------
    table : DataFrame
        Runs.

    Returns
    -------
    settings : DataFrame
        The columns of `KEY` but the seed; ``seeds``; ``dense`` error and points ``below`` dense in
        per cent with ``sd``; ``ahead`` of that training recipe which loses least on the same
        samples, with ``half`` of the paired 95 % interval, over the seeds that both have; means of
        the seconds.
    """
    setting = [name for name in KEY if name != "seed"]
    table = table.assign(
        dense=100 * (1 - table.dense_accuracy),
        below=100 * (table.dense_accuracy - table.accuracy),
    )
    rows = []
    for values, group in table.groupby(setting, sort=False):
        row = dict(zip(setting, values, strict=True)) | {"seeds": len(group)}
        row |= {name: group[name].mean() for name in ("dense", "below", "seconds", "cpu_seconds")}
        row |= {"sd": group.below.std(ddof=1), "ahead": np.nan, "half": np.nan}
        rivals = table[(table[setting[:-1]] == list(values[:-1])).all(axis=1)]
        rivals = rivals[rivals.recipe.isin(RIVALS)]
        if row["recipe"].startswith("refit") and len(rivals):
            best = rivals.groupby("recipe").below.mean().idxmin()
            pairs = group.merge(rivals[rivals.recipe == best], on="seed", suffixes=("", "_rival"))
            row["ahead"], row["half"] = mean_and_half_interval(pairs.below_rival - pairs.below)
        rows.append(row)
    return pd.DataFrame(rows)


def build_parser():
    """Build the parser of the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--data", default="fashion", help="name or folder, see skscreen.datasets")
    add("--split", choices=["test", "validation"], default="test")
    add("--network", nargs="+", choices=list(CUTS), default=list(CUTS))
    add("--cuts", nargs="+", help="names; all by default")
    add("--samples", nargs="+", type=int, default=[300, 1000])
    add("--recipes", nargs="+", choices=list(RECIPES), default=list(RECIPES))
    add("--seeds", type=int, default=5, help="number of seeds")
    add("--epochs", action="store_true", help="the cost of epochs with all training data")
    add("--out", type=Path, help="results/few_samples.csv, of the epochs results/epochs.csv")
    add("--cache", default=".skscreen-cache", help="folder of the dense networks")
    return parser


def keys_of(arguments):
    """List the runs that the arguments ask for."""
    if arguments.epochs:
        samples, recipes = [60_000], list(EPOCHS)
        cuts = dict.fromkeys(arguments.network, EPOCHS_CUTS)
    else:
        samples, recipes, cuts = arguments.samples, arguments.recipes, CUTS
    return [
        (arguments.data, arguments.split, network, cut, number, recipe, seed)
        for network in arguments.network
        for seed in range(arguments.seeds)
        for number, cut in itertools.product(samples, cuts[network])
        for recipe in recipes
        if not arguments.cuts or cut in arguments.cuts
    ]


def main(argv=None):
    """Run what is missing and print the table."""
    arguments = build_parser().parse_args(argv)
    out = arguments.out
    if out is None:
        out = HERE / "results" / ("epochs.csv" if arguments.epochs else "few_samples.csv")
    keys = keys_of(arguments)
    done = set()
    if out.exists():
        done = set(pd.read_csv(out)[KEY].itertuples(index=False, name=None))
    todo = [key for key in keys if key not in done]
    for number, key in enumerate(todo, 1):
        row = run(key, arguments.cache)
        new = not out.exists()
        out.parent.mkdir(parents=True, exist_ok=True)
        with open(out, "a", newline="") as file:
            writer = csv.DictWriter(file, KEY + MEASURED, lineterminator="\n")
            if new:
                writer.writeheader()
            writer.writerow(row)
        print(f"[{number}/{len(todo)}] {row}", file=sys.stderr, flush=True)
    table = pd.read_csv(out).merge(pd.DataFrame(keys, columns=KEY), on=KEY)
    shown = summarise(table).drop(columns=["data", "split"])
    print(shown.to_string(index=False, float_format=lambda value: f"{value:.2f}"))


if __name__ == "__main__":
    main()
