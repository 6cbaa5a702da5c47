"""Lean networks against dense ones: criteria side by side, over seeds, in one table.

    python benchmarks/pruning.py --data digits --sparsities 0.9 --seeds 5
    python benchmarks/pruning.py --data fashion --sparsities 0.917 --seeds 3
    python benchmarks/pruning.py --data mnist --published

Each run is a row of a CSV file, with the revision of the code that made it; runs that are there
already are not repeated, so a stopped benchmark goes on where it was. `report.py` makes the tables
of the documents from that file. The dense network of a seed is trained once and kept in
``--cache``. With ``--split validation`` a sixth of the training data is held out and the test data
are not read: use it whenever something is to be chosen. With ``--figure`` the table is drawn as
well. ``--published`` runs the table of published marks on the full MNIST digits, see `published`;
these are read from a folder or fetched, see `skscreen.datasets`.
"""

import argparse
import csv
import itertools
import subprocess
import sys
import time
from pathlib import Path

import joblib
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import published
from scipy import stats
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import train_test_split

from skscreen import (
    CNNClassifier,
    Distillation,
    MLPClassifier,
    Screen,
    Screening,
    ScreeningPruner,
    Significance,
)
from skscreen.datasets import load_dataset
from skscreen.inspection import network_costs

HERE = Path(__file__).parent

# Below this number of training samples the dense networks see each sample five times as often.
FEW_SAMPLES = 10_000

LENET_5 = CNNClassifier(
    (28, 28),
    conv_channels=(20, 50),
    kernel_size=5,
    padding="valid",
    pool_size=2,
    hidden_layer_sizes=(500,),
    batch_size=128,
    learning_rate="cosine",
)
#: name -> (estimator, epochs of the dense training)
NETWORKS = {
    "lenet-300-100": (MLPClassifier((300, 100), batch_size=128, learning_rate="cosine"), 20),
    "lenet-5": (LENET_5, 10),
    "lenet-5, 12 epochs": (LENET_5, 12),
}

#: parameters that have parameters of their own
NESTED = {
    "criterion": Screening,
    "score_func": Screen,
    "selection": Significance,
    "distill": Distillation,
}

#: what identifies a run, in the order of the columns
KEY = [
    "data",
    "split",
    "network",
    "granularity",
    "criterion",
    "f_weight",
    "allocation",
    "schedule",
    "options",
    "sparsity",
    "seed",
]
MEASURED = ["dense_accuracy", "accuracy", "n_weights", "macs", "dense_macs", "seconds", "revision"]


def load(name, split):
    """Return training and evaluation data; "fashion:8000" takes 8,000 samples for training."""
    name, _, n_samples = name.partition(":")
    data = load_dataset(name)
    X, y, X_held, y_held = data.X_train, data.y_train, data.X_test, data.y_test
    if split == "validation":
        X, X_held, y, y_held = train_test_split(X, y, stratify=y, test_size=1 / 6, random_state=0)
    rows = slice(int(n_samples) if n_samples else None)
    return X[rows], y[rows], X_held, y_held


def train_dense(data, split, network, seed):
    """Train the dense network of a seed."""
    X, y, _, _ = load(data, split)
    estimator, n_epochs = NETWORKS[network]
    if len(X) < FEW_SAMPLES:
        n_epochs *= 5
    return clone(estimator).set_params(max_iter=n_epochs, tol=None, random_state=seed).fit(X, y)


def run(key, cache):
    """Prune one network and return its row."""
    settings = dict(zip(KEY, key, strict=True))
    dense = joblib.Memory(cache, verbose=0).cache(train_dense)(
        settings["data"], settings["split"], settings["network"], settings["seed"]
    )
    X, y, X_eval, y_eval = load(settings["data"], settings["split"])
    pruner = ScreeningPruner(
        FrozenEstimator(dense),
        granularity=settings["granularity"],
        criterion=settings["criterion"],
        f_weight=settings["f_weight"],
        allocation=settings["allocation"],
        schedule=settings["schedule"],
        sparsity=settings["sparsity"],
        random_state=settings["seed"],
    )
    set_options(pruner, settings["options"])
    start = time.perf_counter()
    pruner.fit(X, y)
    seconds = time.perf_counter() - start
    costs = network_costs(pruner.network_).total
    measured = [
        dense.score(X_eval, y_eval),
        pruner.score(X_eval, y_eval),
        costs.n_weights,
        costs.macs,
        network_costs(dense.network_).total.macs,
        round(seconds, 1),
        revision(),
    ]
    return dict(zip(KEY + MEASURED, [*key, *measured], strict=True))


def revision():
    """Abbreviated commit of the code, with a plus where the package differs; "" without git."""
    try:
        commit, changed = (
            subprocess.run(
                ["git", *command], cwd=HERE.parent, capture_output=True, text=True, check=True
            ).stdout.strip()
            for command in (
                ["rev-parse", "--short=7", "HEAD"],
                ["status", "--porcelain", "skscreen"],
            )
        )
    except (OSError, subprocess.CalledProcessError):
        return ""
    return f"{commit}+" if changed else commit


def set_options(pruner, text):
    """Set further parameters, such as "n_rounds=5 score_func__pooling=mean"."""
    options = dict(option.split("=") for option in text.split())
    for name in {name.partition("__")[0] for name in options if "__" in name}:
        pruner.set_params(**{name: NESTED[name]()})
    pruner.set_params(**{name: parse_value(value) for name, value in options.items()})


def parse_value(text):
    """Read an option's value as a number, a truth value or None, where it is one."""
    if text in ("None", "True", "False"):
        return {"None": None, "True": True, "False": False}[text]
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def summarise(table):
    """One row for each setting: mean errors over the seeds, and the difference to magnitude.

    Parameters
    ----------
    table : DataFrame
        Runs.

    Returns
    -------
    settings : DataFrame
        The columns of `KEY` but the seed; ``seeds``; ``dense`` and ``error`` in per cent with
        ``sd``, ``below`` (points below dense); ``ahead`` of magnitude with ``half``, see
        `paired_difference`; means of what else was measured; ``revisions`` of the code.
    """
    setting = [name for name in KEY if name != "seed"]
    table = table.assign(error=100 * (1 - table.accuracy), dense=100 * (1 - table.dense_accuracy))
    rows = []
    for values, group in table.groupby(setting, sort=False):
        row = dict(zip(setting, values, strict=True)) | {"seeds": len(group)}
        row |= {"dense": group.dense.mean(), "error": group.error.mean()}
        row |= {"sd": group.error.std(ddof=1), "below": (group.error - group.dense).mean()}
        row["ahead"], row["half"] = paired_difference(table, row, group)
        for name in ("n_weights", "macs", "dense_macs", "seconds"):
            row[name] = group[name].mean()
        row["revisions"] = " ".join(group.revision.unique())
        rows.append(row)
    return pd.DataFrame(rows)


def paired_difference(table, row, group):
    """Error of magnitude pruning minus this one's on the same seeds, and half its 95 % interval.

    NaN where there are fewer than two seeds of both.
    """
    same = ["data", "split", "network", "granularity", "allocation", "schedule", "options"]
    same.append("sparsity")
    rivals = table[table.criterion == "magnitude"]
    for name in same:
        rivals = rivals[rivals[name] == row[name]]
    pairs = group.merge(rivals, on="seed", suffixes=("", "_magnitude"))
    if row["criterion"] == "magnitude" or len(pairs) < 2:
        return np.nan, np.nan
    return mean_and_half_interval(pairs.error_magnitude - pairs.error)


def mean_and_half_interval(values):
    """Mean, and half of its 95 % interval, which is NaN for a single value."""
    if len(values) < 2:
        return values.mean(), np.nan
    return values.mean(), stats.sem(values) * stats.t.ppf(0.975, len(values) - 1)


def summary(table):
    """Lay out `summarise` as text, with what all settings share in the title."""
    result = summarise(table)
    setting = [name for name in KEY if name != "seed"]
    constant = [c for c in setting if result[c].nunique() == 1]
    title = ", ".join(f"{c}={result[c].iloc[0]}" for c in constant if result[c].iloc[0] != "")
    ahead = [
        "" if np.isnan(row.ahead) else f"{row.ahead:+.3f} +- {row.half:.3f}"
        for row in result.itertuples()
    ]
    shown = result[[*(c for c in setting if c not in constant), "seeds"]].assign(
        **{
            "dense error": result.dense,
            "error": result.error,
            "sd": result.sd,
            "points below dense": result.below,
            "ahead of magnitude": ahead,
        }
    )
    return f"{title}\n{shown.to_string(index=False, float_format=lambda v: f'{v:.3f}')}"


def draw(table, path):
    """Draw the points below the dense network over the sparsity, a panel for each data set."""
    points = 100 * (table.dense_accuracy - table.accuracy)
    table = table.assign(points=points, cut=100 * table.sparsity)
    panels = list(table.groupby(["data", "network", "granularity"], sort=False))
    figure, axes = plt.subplots(
        1, len(panels), figsize=(4.5 * len(panels), 3.8), squeeze=False, layout="constrained"
    )
    for axis, (title, panel) in zip(axes.flat, panels, strict=True):
        names = ["criterion", "f_weight", "allocation", "options"]
        names = [name for name in names if panel[name].nunique() > 1 or name == "criterion"]
        for values, group in panel.groupby(names, sort=False):
            rows = group.groupby("cut").points
            mean, error = rows.mean(), rows.std().fillna(0.0)
            label = " ".join(str(value) for value in values if value != "")
            places = [f"{cut:g}" for cut in mean.index]
            axis.errorbar(places, mean, error, label=label, marker="o", capsize=3)
        axis.set(title=", ".join(title), xlabel="cut [%]", ylabel="points below dense")
        axis.axhline(0, color="grey", linewidth=0.8)
        axis.legend(fontsize="small")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)


def build_parser():
    """Build the parser of the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--data", nargs="+", default=["digits"], help="names or folders, see skscreen.datasets")
    add("--split", choices=["test", "validation"], default="test")
    add("--network", nargs="+", choices=list(NETWORKS), default=["lenet-300-100"])
    add("--granularity", nargs="+", default=["connection"])
    add("--criteria", nargs="+", default=["screening", "magnitude"])
    add("--f-weights", nargs="+", type=parse_value, default=[ScreeningPruner().f_weight])
    add("--allocations", nargs="+", default=[ScreeningPruner().allocation])
    add("--schedules", nargs="+", default=["gradual"])
    add(
        "--options",
        nargs="+",
        default=[""],
        help="further parameters: 'n_rounds=5 score_func__pooling=mean'",
    )
    add("--sparsities", nargs="+", type=float, default=[0.9])
    add("--published", action="store_true", help="the published marks on MNIST, and no other cuts")
    add("--seeds", type=int, help="number of seeds: 5, of the published marks 3")
    add("--jobs", type=int, default=1, help="runs at the same time")
    add(
        "--out",
        type=Path,
        help="results/pruning.csv, of the published marks results/published.csv",
    )
    add("--figure", type=Path, help="draw the table to this file")
    add("--cache", default=".skscreen-cache", help="folder of the dense networks")
    return parser


def keys_of(arguments):
    """List the runs that the arguments ask for."""
    if not arguments.published:
        return combinations(arguments)
    return [
        key
        for mark in published.MARKS
        for key in combinations(argparse.Namespace(**vars(arguments) | mark.arguments(arguments)))
    ]


def combinations(arguments):
    """List the combinations of what the arguments name."""
    keys = []
    for key in itertools.product(
        arguments.data,
        [arguments.split],
        arguments.network,
        arguments.granularity,
        arguments.criteria,
        arguments.f_weights,
        arguments.allocations,
        arguments.schedules,
        arguments.options,
        arguments.sparsities,
        range(arguments.seeds or (3 if arguments.published else 5)),
    ):
        key = list(key)
        if key[KEY.index("criterion")] != "screening":
            key[KEY.index("f_weight")] = 0.0
        if tuple(key) not in keys:
            keys.append(tuple(key))
    return keys


def read(path):
    """Read the rows that are there."""
    if not path.exists():
        return pd.DataFrame(columns=KEY + MEASURED)
    texts = {"options": str, "revision": str, "f_weight": str}
    table = pd.read_csv(path, keep_default_na=False, dtype=texts)
    # numbers and "auto", as they are in the keys
    return table.assign(f_weight=table.f_weight.map(parse_value).astype(object))


def main(argv=None):
    """Run what is missing and print the table."""
    arguments = build_parser().parse_args(argv)
    keys = keys_of(arguments)
    if arguments.out is None:
        name = "published.csv" if arguments.published else "pruning.csv"
        arguments.out = HERE / "results" / name
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    done = set(read(arguments.out)[KEY].itertuples(index=False, name=None))
    todo = [key for key in keys if key not in done]
    rows = joblib.Parallel(n_jobs=arguments.jobs, return_as="generator_unordered")(
        joblib.delayed(run)(key, arguments.cache) for key in todo
    )
    for number, row in enumerate(rows, 1):
        new = not arguments.out.exists()
        with open(arguments.out, "a", newline="") as file:
            writer = csv.DictWriter(file, KEY + MEASURED, lineterminator="\n")
            if new:
                writer.writeheader()
            writer.writerow(row)
        print(
            f"[{number}/{len(todo)}] {row['data']} {row['criterion']} f_weight={row['f_weight']} "
            f"{row['allocation']} {row['options']} sparsity={row['sparsity']} seed={row['seed']}: "
            f"{row['accuracy']:.4f} (dense {row['dense_accuracy']:.4f}), {row['seconds']} s",
            file=sys.stderr,
        )
    table = read(arguments.out)
    wanted = pd.DataFrame(keys, columns=KEY).astype({"f_weight": object})
    table = table.merge(wanted, on=KEY)
    if arguments.published:
        for data, part in table.groupby("data", sort=False):
            settings = summarise(part)
            for more in arguments.options:
                title = ", ".join(filter(None, [data, more, "test error [%]"]))
                print(f"{title}\n\n{published.table(settings, more)}\n")
    else:
        print(summary(table))
    if arguments.figure:
        draw(table, arguments.figure)


if __name__ == "__main__":
    main()
