"""Tables with many inputs: pruned networks beside feature selection, over seeds, in one table.

    python benchmarks/tables.py --group noise --seeds 5
    python benchmarks/tables.py --apart --seeds 5 --methods screening magnitude select-fdr lasso
    python benchmarks/tables.py --summary --apart

A network with hidden layers of 100 and 30 units is trained for 60 epochs, then pruned to each
sparsity by the default and by its rivals. What has options of its own (the penalty of the dense
network, the number of features, the level of significance, the penalty of L1 and LassoNet)
chooses them on a quarter of the training part, and is fitted again to all of it. Scores are
accuracies, areas under the curve where one class is rare, and R2 of regressions, all in percent.

Each run is a row of a CSV file with the revision of the code; runs that are there already are not
repeated, so a stopped benchmark goes on where it was, with ``--any-revision`` also those of an
earlier one, which is right for methods that did not change since. With ``--part validation`` the
test parts are not read: use it whenever something is to be chosen. ``table_data.py`` has the
tables.
"""

import argparse
import csv
import subprocess
import sys
import time
import warnings
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
from scipy import stats
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_selection import SelectFdr, SelectKBest, f_classif, f_regression
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import Lasso, LogisticRegression
from sklearn.metrics import get_scorer
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from table_data import TABLES, split_table

from skscreen import MLPClassifier, MLPRegressor, ScreeningPruner

HERE = Path(__file__).parent
HIDDEN = (100, 30)
EPOCHS, EPOCHS_OF_IMAGES = 60, 20

KEY = ["revision", "part", "table", "method", "sparsity", "seed"]
MEASURED = ["score", "chosen", "n_inputs", "n_weights", "seconds"]

#: criteria that prune to a sparsity: method -> parameters of the pruner
PRUNERS = {
    "screening": {},
    "magnitude": {"criterion": "magnitude"},
    "wanda": {"criterion": "wanda"},
    "f-0.05": {"f_weight": 0.05},
}


def new_network(table, split, seed, **options):
    """Return the network of the suite, unfitted."""
    network = MLPRegressor if split.regression else MLPClassifier
    epochs = EPOCHS_OF_IMAGES if TABLES[table].kind == "image" else EPOCHS
    batch = int(np.clip(len(split.X) // 8, 16, 128))  # at least eight steps an epoch
    return network(
        HIDDEN, max_iter=epochs, tol=None, batch_size=batch, random_state=seed, **options
    )


def train_dense(table, seed, part, revision):
    """Train the dense network of a table and a seed."""
    split = split_table(table, seed, part)
    return new_network(table, split, seed).fit(split.X, split.y)


class Dense:
    """The dense network with the penalty that the validation part likes best."""

    options = (1e-4, 1e-2, 1e-1, 1.0, 10.0)

    def __init__(self, table, split, seed):
        self.network = new_network(table, split, seed)

    def make(self, option):
        """Return an unfitted estimator."""
        return clone(self.network).set_params(alpha=option)


class Filter(Dense):
    """Features chosen by a univariate test, then the dense network."""

    def __init__(self, table, split, seed):
        super().__init__(table, split, seed)
        self.test = f_regression if split.regression else f_classif


class KBest(Filter):
    """The best features by F."""

    def __init__(self, table, split, seed):
        super().__init__(table, split, seed)
        sizes = (5, 10, 20, 50, 100, 200, 500)
        self.options = [k for k in sizes if k < split.X.shape[1]]

    def make(self, option):
        """Return an unfitted pipeline."""
        return make_pipeline(SelectKBest(self.test, k=option), clone(self.network))


class FdrOrBest(SelectFdr):
    """Features significant at a false discovery rate, or the best one if there is none."""

    def _get_support_mask(self):
        mask = super()._get_support_mask()
        mask[np.argmin(self.pvalues_)] = True
        return mask


class Fdr(Filter):
    """The features that are significant by F."""

    options = (0.001, 0.01, 0.05, 0.2)

    def make(self, option):
        """Return an unfitted pipeline."""
        return make_pipeline(FdrOrBest(self.test, alpha=option), clone(self.network))


class L1:
    """Logistic regression, or a linear one, with an L1 penalty."""

    def __init__(self, table, split, seed):
        self.regression, self.seed = split.regression, seed
        grid = np.logspace(-3, 0, 7) if split.regression else np.logspace(-2.5, 1, 8)
        self.options = [float(value) for value in grid.round(5)]

    def make(self, option):
        """Return an unfitted estimator."""
        if self.regression:
            return Lasso(alpha=option, max_iter=2000)
        return LogisticRegression(
            C=option, l1_ratio=1, solver="saga", tol=1e-3, max_iter=300, random_state=self.seed
        )


#: methods that choose an option on the validation part
TUNED = {"dense-tuned": Dense, "select-kbest": KBest, "select-fdr": Fdr, "lasso": L1}
METHODS = ("dense", *PRUNERS, *TUNED, "lassonet")


def scorer_of(table):
    """Return the scorer of a table."""
    return get_scorer(TABLES[table].score)


def run_dense(task, dense, split):
    """Score the dense network as it is."""
    return dense, {"chosen": ""}


def run_pruner(task, dense, split):
    """Prune the dense network of the seed to a sparsity."""
    pruner = ScreeningPruner(
        FrozenEstimator(dense),
        sparsity=task["sparsity"],
        random_state=task["seed"],
        **PRUNERS[task["method"]],
    ).fit(split.X, split.y)
    return pruner, {"chosen": ""}


def run_tuned(task, dense, split):
    """Choose an option on a quarter of the training part, and fit with it to all of it."""
    method = TUNED[task["method"]](task["table"], split, task["seed"])
    X, X_held, y, y_held = validation_part(split, task["seed"])
    score = scorer_of(task["table"])
    scores = [score(method.make(option).fit(X, y), X_held, y_held) for option in method.options]
    best = method.options[int(np.argmax(scores))]
    return method.make(best).fit(split.X, split.y), {"chosen": f"{best:g}"}


def run_lassonet(task, dense, split):
    """Follow LassoNet's path of penalties, and take the state that its validation part likes."""
    from lassonet import LassoNetClassifier, LassoNetRegressor

    network = LassoNetRegressor if split.regression else LassoNetClassifier
    model = network(
        hidden_dims=HIDDEN,
        n_iters=(300, 30),
        patience=(30, 5),
        lambda_start=10,  # below the first that drops an input; its own search takes a minute
        path_multiplier=1.05,  # a path of some 120 penalties; the default has 300
        torch_seed=task["seed"],
        random_state=task["seed"],
        verbose=0,
    )
    model.classes_ = np.unique(split.y)  # scorers ask for it
    X, X_held, y, y_held = validation_part(split, task["seed"])
    path = model.path(X, y, X_val=X_held, y_val=y_held, return_state_dicts=True)
    scores = []
    for item in path:
        model.load(item.state_dict)
        scores.append(scorer_of(task["table"])(model, X_held, y_held))
    best = path[len(scores) - 1 - int(np.argmax(scores[::-1]))]  # of equals, the fewest inputs
    model.load(best.state_dict)
    return model, {"chosen": f"{best.lambda_:g}", "n_inputs": int(best.selected.sum())}


def validation_part(split, seed):
    """Split a quarter off the training part; all that choose something choose it there."""
    stratify = None if split.regression else split.y
    return train_test_split(
        split.X, split.y, test_size=1 / 4, stratify=stratify, random_state=2000 + seed
    )


def runner(method):
    """Return the function that runs a method."""
    if method in PRUNERS:
        return run_pruner
    return {"dense": run_dense, "lassonet": run_lassonet}.get(method, run_tuned)


def run(task, cache):
    """Run a method on a table with a seed, and return its row."""
    train = joblib.Memory(cache, verbose=0).cache(train_dense)
    dense = train(task["table"], task["seed"], task["part"], task["revision"])
    split = split_table(task["table"], task["seed"], task["part"])
    start = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # at the ends of the grid of L1
        model, found = runner(task["method"])(task, dense, split)
    seconds = time.perf_counter() - start
    score = scorer_of(task["table"])(model, split.X_held, split.y_held)
    costs = {"n_inputs": n_inputs(model, split), "n_weights": n_weights(model)}
    return task | costs | found | {"score": round(100 * score, 3), "seconds": round(seconds, 1)}


def n_inputs(model, split):
    """Count the inputs that a model reads."""
    if isinstance(model, ScreeningPruner):
        return int(model.get_support().sum())
    if hasattr(model, "coef_"):
        return int(np.any(np.atleast_2d(model.coef_) != 0, axis=0).sum())
    if hasattr(model, "steps"):
        return int(model[0].get_support().sum())
    return split.X.shape[1]


def n_weights(model):
    """Count the weights of a model."""
    last = model[-1] if hasattr(model, "steps") else model
    if hasattr(last, "coef_"):
        return int(np.count_nonzero(last.coef_))
    return last.network_.n_weights if hasattr(last, "network_") else ""


def tasks_of(arguments, revision):
    """List the runs that the arguments ask for, the seeds outside."""
    tasks = []
    for seed in range(arguments.first_seed, arguments.first_seed + arguments.seeds):
        for table in tables_of(arguments):
            for method in arguments.methods:
                sparsities = arguments.sparsities if method in PRUNERS else [0.0]
                values = [revision, arguments.part, table, method]
                tasks += [
                    dict(zip(KEY, [*values, sparsity, seed], strict=True))
                    for sparsity in sparsities
                ]
    return tasks


def tables_of(arguments):
    """List the names of the tables that the arguments ask for."""
    if arguments.tables:
        return arguments.tables
    chosen = {name: table for name, table in TABLES.items() if table.apart == arguments.apart}
    return [name for name, table in chosen.items() if arguments.group in (None, table.kind)]


def read(path):
    """Read the rows that are there."""
    if not path.exists():
        return pd.DataFrame(columns=KEY + MEASURED)
    return pd.read_csv(path, keep_default_na=False, dtype={"revision": str, "chosen": str})


def write(path, row):
    """Add a row to the file."""
    new = not path.exists()
    with open(path, "a", newline="") as file:
        writer = csv.DictWriter(file, KEY + MEASURED, lineterminator="\n")
        if new:
            writer.writeheader()
        writer.writerow(row)


def summary(rows):
    """Mean score of each method and table, and how far the default is ahead on the same seeds.

    Returns
    -------
    text : str
        For each sparsity a table of scores, and below it the paired differences between the
        default and each rival with their 95 % intervals over the seeds; the last lines are over
        tables, each with its mean as one observation.
    """
    rows = rows.drop_duplicates(KEY[1:], keep="last")
    parts = []
    for sparsity in sorted(set(rows.sparsity) - {0.0}):
        here = rows[rows.sparsity.isin([0.0, sparsity])]
        scores = here.pivot_table(
            index=["table", "seed"], columns="method", values="score", sort=False
        )
        scores = scores[[method for method in METHODS if method in scores]]
        means = scores.groupby("table", sort=False).mean()
        parts.append(f"{sparsity:.0%} cut, scores in percent")
        parts.append(means.to_string(float_format="{:.2f}".format, na_rep=""))
        if "screening" in scores:
            parts.append(f"\n{sparsity:.0%} cut, points that the default is ahead of")
            parts.append(differences(scores).to_string(na_rep=""))
    return "\n".join(parts)


def differences(scores):
    """Paired differences to each rival: by table, by kind of table and over all."""
    ahead = scores.drop(columns="screening").rsub(scores["screening"], axis=0)
    lines = {table: group.apply(interval) for table, group in ahead.groupby("table", sort=False)}
    means = ahead.groupby("table", sort=False).mean()
    kinds = pd.Series({table: TABLES[table].kind for table in means.index})
    for kind in kinds.unique():
        lines[f"all of kind {kind}"] = means[kinds == kind].apply(interval)
    lines["all"] = means.apply(interval)
    return pd.DataFrame(lines).T


def interval(values):
    """Mean and half of its 95 % interval, as text."""
    values = values.dropna()
    if len(values) < 2:
        return f"{values.mean():+.2f}" if len(values) else ""
    half = stats.sem(values) * stats.t.ppf(0.975, len(values) - 1)
    return f"{values.mean():+.2f} +- {half:.2f}"


def revision_of_the_code():
    """Return the short name of the commit; "+" marks changes of the package that are in none."""

    def git(*arguments):
        command = ["git", "-C", str(HERE.parent), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    changed = git("status", "--porcelain", "--", "skscreen")
    return git("rev-parse", "--short", "HEAD") + ("+" if changed else "")


def build_parser():
    """Build the parser of the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--tables", nargs="+", choices=list(TABLES), help="by name, instead of by group")
    add("--group", choices=sorted({table.kind for table in TABLES.values()}))
    add("--apart", action="store_true", help="the tables that were kept apart for judging")
    add("--part", choices=["test", "validation"], default="test")
    add("--methods", nargs="+", choices=METHODS, default=["dense", "screening", "magnitude"])
    add("--sparsities", nargs="+", type=float, default=[0.9, 0.98])
    add("--seeds", type=int, default=5, help="number of seeds")
    add("--first-seed", type=int, default=0)
    add("--revision", help="name of the code in the rows; by default that of the commit")
    add("--any-revision", action="store_true", help="rows of another revision need no new run")
    add("--jobs", type=int, default=1, help="runs at the same time")
    add("--summary", action="store_true", help="only print what the rows say")
    add("--out", type=Path, default=HERE / "results" / "tables.csv")
    add("--cache", default=".skscreen-cache", help="folder of the dense networks")
    return parser


def main(argv=None):
    """Run what is missing and print the summary."""
    arguments = build_parser().parse_args(argv)
    if not arguments.summary:
        revision = arguments.revision or revision_of_the_code()
        key = KEY[1:] if arguments.any_revision else KEY
        done = set(read(arguments.out)[key].itertuples(index=False, name=None))
        tasks = tasks_of(arguments, revision)
        tasks = [task for task in tasks if tuple(task[name] for name in key) not in done]
        start = time.perf_counter()
        rows = joblib.Parallel(n_jobs=arguments.jobs, return_as="generator_unordered")(
            joblib.delayed(run)(task, arguments.cache) for task in tasks
        )
        for number, row in enumerate(rows, 1):
            write(arguments.out, row)
            left = (time.perf_counter() - start) / number * (len(tasks) - number)
            print(
                f"[{number}/{len(tasks)}, {left / 60:.0f} min left] {row['table']} "
                f"{row['method']} sparsity={row['sparsity']} seed={row['seed']}: "
                f"{row['score']:.2f} % with {row['n_inputs']} inputs, {row['seconds']} s",
                file=sys.stderr,
            )
    rows = read(arguments.out)
    rows = rows[rows.part.eq(arguments.part) & rows.table.isin(tables_of(arguments))]
    print(summary(rows))


if __name__ == "__main__":
    main()
