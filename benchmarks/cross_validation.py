"""What a walk down the sparsities costs and scores, beside a grid search that fits each of them.

    python benchmarks/cross_validation.py

prints the table of docs/tables.md: mean scores of the copies on the walk less those of full fits
on the same folds, in points of accuracy, with the standard error over the folds.
"""

import argparse
import time

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV, StratifiedKFold

from skscreen import MLPClassifier, ScreeningPruner, ScreeningPrunerCV
from skscreen.inspection import format_table

SPARSITIES = (0.5, 0.7, 0.8, 0.85, 0.9, 0.95, 0.98, 0.99)


def timed(search, X, y):
    """Fit a search; return scores, of shape (n_splits, n_sparsities), and CPU seconds."""
    begin = time.process_time()
    results = search.fit(X, y).cv_results_
    seconds = time.process_time() - begin
    names = [name for name in results if name.startswith("split") and name.endswith("test_score")]
    return np.array([results[name] for name in names]), seconds


def compare(epochs, n_folds):
    """Return the rows of the table."""
    X, y = load_digits(return_X_y=True)
    X = X / 16
    net = MLPClassifier((300, 100), max_iter=epochs, tol=None, random_state=0)
    folds = StratifiedKFold(n_folds)
    ScreeningPruner(net.set_params(max_iter=2)).fit(X, y)  # compiles
    net.set_params(max_iter=epochs)
    grid = GridSearchCV(ScreeningPruner(net), {"sparsity": list(SPARSITIES)}, cv=folds)
    full, seconds = timed(grid, X, y)
    rows = [["full fits", *(f"{score:.3f}" for score in full.mean(axis=0)), "1"]]
    for fine_tune_epochs in ("auto", None):
        search = ScreeningPrunerCV(
            net, sparsities=SPARSITIES, cv=folds, fine_tune_epochs=fine_tune_epochs
        )
        walk, own_seconds = timed(search, X, y)
        less = 100 * (walk - full)
        errors = less.std(axis=0, ddof=1) / np.sqrt(n_folds)
        cells = [
            f"{mean:+.2f} ± {error:.2f}" for mean, error in zip(less.mean(0), errors, strict=True)
        ]
        rows.append([repr(fine_tune_epochs), *cells, f"{own_seconds / seconds:.2f}"])
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--folds", type=int, default=5)
    arguments = parser.parse_args()
    header = ["", *(f"{sparsity:.0%}" for sparsity in SPARSITIES), "CPU time"]
    print(format_table(header, compare(arguments.epochs, arguments.folds)))


if __name__ == "__main__":
    main()
