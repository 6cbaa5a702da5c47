"""Fifty inputs of many: whole inputs cut, against other ways to choose features.

    python benchmarks/inputs.py --methods skscreen f_classif rfe --seeds 5
    python benchmarks/inputs.py --methods lassonet --seeds 1

The protocol is that of LassoNet (Lemhadri, Ruan, Abraham & Tibshirani 2021): the 10,000 test
images of Fashion-MNIST, scaled to [0, 1], 40 % of them to choose with and to learn from, 60 % to
be judged by, networks with one hidden layer of a third of the inputs. What was chosen is judged by
two learners that no method has seen: extra trees and a network of scikit-learn. ``--data
fashion-train`` takes 10,000 of the training images in their place, ``mnist5k`` 5,000 digits and
``digits`` 1,797 small ones: use them whenever something is to be chosen.

Each run is a row of a CSV file; runs that are there already are not repeated, the others may go
to several processes (``--jobs``) or machines (``--dask``). Times are of one process: seconds on
the clock and seconds of CPU; ratios are of the latter, since other work on the machine does not
change them. LassoNet needs ``pip install lassonet``. Its search for the start of the path and the
path itself take minutes to hours on a CPU: ``--lassonet-start`` spares the one, a larger
``--lassonet-step`` than its own 1.02 makes the other coarser.
"""

import argparse
import csv
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import sweep
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_selection import RFE, SelectKBest, f_classif
from sklearn.linear_model import RidgeClassifier
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier as OtherMLPClassifier

from skscreen import MLPClassifier, ScreeningPruner
from skscreen.datasets import load_dataset

RESULTS = Path(__file__).parent / "results" / "inputs.csv"
KEY = ["data", "n_features", "method", "seed"]
MEASURED = ["extra_trees", "mlp", "seconds", "cpu_seconds"]
# Of the images that are chosen with, LassoNet holds out a part to stop by, as its authors do.
HELD_OUT = 0.125
# Epochs of the dense network: 20, or with few samples as many as see this number.
SAMPLES_SEEN = 80_000


def load(name):
    """Return samples in [0, 1] and their labels."""
    data = load_dataset(name.removesuffix("-train"))
    if name in ("mnist5k", "digits"):
        return np.vstack([data.X_train, data.X_test]), np.r_[data.y_train, data.y_test]
    if name == "fashion":
        return data.X_test, data.y_test
    rows = np.random.RandomState(99).permutation(len(data.X_train))[:10_000]
    return data.X_train[rows], data.y_train[rows]


def network(X, seed):
    return MLPClassifier(
        (X.shape[1] // 3,),
        max_iter=max(20, SAMPLES_SEEN // len(X)),
        tol=None,
        batch_size=128,
        learning_rate="cosine",
        random_state=seed,
    )


def by_pruner(**parameters):
    """Make a method of a `ScreeningPruner`, the training of the dense network included."""

    def choose(X, y, n_features, seed, options):
        pruner = ScreeningPruner(
            network(X, seed), granularity="input", sparsity=n_features, **parameters
        )
        return pruner.fit(X, y).get_support(indices=True)

    return choose


def by_selector(make):
    """Make a method of one of scikit-learn's selectors."""

    def choose(X, y, n_features, seed, options):
        return make(n_features).fit(X.astype(np.float64), y).get_support(indices=True)

    return choose


class Reached(Exception):
    """LassoNet's path has come to the number of features."""


def by_lassonet(X, y, n_features, seed, options):
    """Walk down LassoNet's path to so few features; where a step skips them, take the best.

    The best by the norms of the skip layer, in the last model that had more.
    """
    from lassonet import LassoNetClassifier

    def stop(model, history):
        if options.verbose:
            count = int(history[-1].selected.sum())
            print(f"  {len(history)}: {count} features, {time.process_time():.0f} s", flush=True)
        count = int(history[-1].selected.sum())
        if count >= n_features:
            norms = model.model.skip.weight.detach().norm(dim=0).numpy()
            found[:] = [np.argsort(-norms, kind="stable")[:n_features]]
        if count <= n_features:
            raise Reached

    found = []
    X, X_val, y, y_val = train_test_split(X, y, test_size=HELD_OUT, random_state=seed)
    model = LassoNetClassifier(
        hidden_dims=(X.shape[1] // 3,),
        M=10,
        lambda_start=options.lassonet_start or "auto",
        path_multiplier=options.lassonet_step,
        random_state=seed,
        torch_seed=seed,
        verbose=0,
    )
    try:
        model.path(X, y, X_val=X_val, y_val=y_val, callback=stop)
    except Reached:
        return np.sort(found[0])
    raise RuntimeError("LassoNet's path ended before it came to so few features")


METHODS = {
    "skscreen": by_pruner(),
    "skscreen, one round": by_pruner(n_rounds=1, pruning_epochs=0, fine_tune_epochs=0),
    "skscreen, partial-f": by_pruner(criterion="partial-f"),
    "skscreen, wanda": by_pruner(criterion="wanda"),
    "f_classif": by_selector(lambda n: SelectKBest(f_classif, k=n)),
    "rfe": by_selector(lambda n: RFE(RidgeClassifier(), n_features_to_select=n, step=8)),
    "lassonet": by_lassonet,
}


def judge(columns, X, y, X_test, y_test, seed):
    """Return test accuracies of extra trees and of a network on some columns."""
    learners = [
        ExtraTreesClassifier(100, random_state=seed),
        OtherMLPClassifier((X.shape[1] // 3,), max_iter=60, random_state=seed),
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # 60 epochs, for all alike
        return [
            learner.fit(X[:, columns], y).score(X_test[:, columns], y_test) for learner in learners
        ]


def run(name, n_features, method, seed, options):
    """Choose and judge; return a row."""
    X, X_test, y, y_test = train_test_split(*load(name), test_size=0.6, random_state=seed)
    clock, cpu = time.perf_counter(), time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # constant pixels have no F
        columns = METHODS[method](X, y, n_features, seed, options)
    seconds, cpu_seconds = time.perf_counter() - clock, time.process_time() - cpu
    scores = judge(columns, X, y, X_test, y_test, seed)
    values = [f"{value:.4f}" for value in (*scores, seconds, cpu_seconds)]
    label = method
    if method == "lassonet":
        label = f"lassonet, step {options.lassonet_step:g}"
    return [name, len(columns), label, seed, *values]


def table(rows):
    """Summarise: means over the seeds, and times of CPU."""
    columns = {"extra_trees": ["mean", "std"], "mlp": ["mean", "std"]}
    columns |= {"cpu_seconds": "median", "seed": "count"}
    return rows.groupby(["data", "method"]).agg(columns).round(4)


def is_known(options, method, seed):
    """Return whether there is a row of these data, number, method and seed."""
    known = pd.read_csv(options.results)
    few = known.n_features <= options.n_features  # LassoNet may keep fewer
    same = known.method.str.split(", step").str[0] == method
    return (few & same & (known.data == options.data) & (known.seed == seed)).any()


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--data", default="fashion", choices=["fashion", "fashion-train", "mnist5k", "digits"]
    )
    parser.add_argument("--methods", nargs="+", default=["skscreen"], choices=list(METHODS))
    parser.add_argument("--n-features", type=int, default=50)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--lassonet-step", type=float, default=1.02)
    parser.add_argument("--lassonet-start", type=float, help="default: its own search, minutes")
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--verbose", action="store_true")
    sweep.add_options(parser)
    options = parser.parse_args(argv)
    if not options.results.exists():
        options.results.write_text(",".join(KEY + MEASURED) + "\n")
    tasks = [
        (options.data, options.n_features, method, seed, options)
        for seed in range(options.seeds)
        for method in options.methods
        if not is_known(options, method, seed)
    ]
    for row in sweep.sweep(run, tasks, options, in_order=False):
        with options.results.open("a", newline="") as file:
            csv.writer(file).writerow(row)
        print(*row, flush=True)
    print(table(pd.read_csv(options.results)).to_string())


if __name__ == "__main__":
    main()
