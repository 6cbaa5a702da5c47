"""Pruning a trained network with a few samples: refit without labels against training on them.

    python benchmarks/few_samples.py --network lenet-300-100 --seeds 2
    python benchmarks/few_samples.py --network lenet-5 --seeds 1

The dense networks are trained on all training data; the pruner gets ``--samples`` of them, drawn
anew for each seed. The training recipes see their labels, the refit does not. Each run is a row
of a CSV file; runs that are there already are not repeated. With ``--split validation`` a sixth of
the training data is held out and the test data are not read. ``--epochs`` prints what numbers of
epochs of the default training cost with all training data instead.
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
from pruning import load, train_dense
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import train_test_split

from skscreen import ScreeningPruner
from skscreen.inspection import network_costs

HERE = Path(__file__).parent

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
    labelled, parameters = RECIPES[settings["recipe"]]
    cut = CUTS[settings["network"]][settings["cut"]]
    pruner = ScreeningPruner(FrozenEstimator(dense), **(cut | parameters))
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


def print_epochs(arguments):
    """Print what numbers of epochs of the default training cost with all training data."""
    for network, sparsity, seed, n_epochs in itertools.product(
        arguments.network, (0.9, 0.95, 0.98), range(arguments.seeds), (2, 5, 10, 20)
    ):
        dense = joblib.Memory(arguments.cache, verbose=0).cache(train_dense)(
            arguments.data, arguments.split, network, seed
        )
        X, y, X_eval, y_eval = load(arguments.data, arguments.split)
        pruner = ScreeningPruner(
            FrozenEstimator(dense),
            sparsity=sparsity,
            pruning_epochs=n_epochs // 2,
            fine_tune_epochs=n_epochs - n_epochs // 2,
            random_state=seed,
        )
        cpu = time.process_time()
        pruner.fit(X, y)
        cpu = time.process_time() - cpu
        below = 100 * (dense.score(X_eval, y_eval) - pruner.score(X_eval, y_eval))
        print(
            f"{network} {sparsity:.0%} cut, seed {seed}, {n_epochs} epochs: {below:.2f} points "
            f"below dense, {cpu:.0f} s of one core",
            flush=True,
        )


def summary(table):
    """Mean over the seeds of what each recipe loses."""
    table = table.assign(
        dense_error=100 * (1 - table.dense_accuracy),
        points_below_dense=100 * (table.dense_accuracy - table.accuracy),
    )
    columns = ["dense_error", "points_below_dense", "seconds", "cpu_seconds"]
    groups = table.groupby([name for name in KEY if name != "seed"], sort=False)
    means = groups[columns].mean().assign(seeds=groups.size())
    return means.reset_index().to_string(index=False, float_format=lambda v: f"{v:.2f}")


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
    add("--seeds", type=int, default=2, help="number of seeds")
    add("--epochs", action="store_true", help="the cost of epochs with all training data")
    add("--out", type=Path, default=HERE / "results" / "few_samples.csv")
    add("--cache", default=".skscreen-cache", help="folder of the dense networks")
    return parser


def main(argv=None):
    """Run what is missing and print the table."""
    arguments = build_parser().parse_args(argv)
    if arguments.epochs:
        print_epochs(arguments)
        return
    keys = [
        (arguments.data, arguments.split, network, cut, samples, recipe, seed)
        for network in arguments.network
        for samples, cut in itertools.product(arguments.samples, CUTS[network])
        for seed, recipe in itertools.product(range(arguments.seeds), arguments.recipes)
        if not arguments.cuts or cut in arguments.cuts
    ]
    done = set()
    if arguments.out.exists():
        done = set(pd.read_csv(arguments.out)[KEY].itertuples(index=False, name=None))
    todo = [key for key in keys if key not in done]
    for number, key in enumerate(todo, 1):
        row = run(key, arguments.cache)
        new = not arguments.out.exists()
        arguments.out.parent.mkdir(parents=True, exist_ok=True)
        with open(arguments.out, "a", newline="") as file:
            writer = csv.DictWriter(file, KEY + MEASURED, lineterminator="\n")
            if new:
                writer.writeheader()
            writer.writerow(row)
        print(f"[{number}/{len(todo)}] {row}", file=sys.stderr, flush=True)
    table = pd.read_csv(arguments.out).merge(pd.DataFrame(keys, columns=KEY), on=KEY)
    print(summary(table))


if __name__ == "__main__":
    main()
