"""Whether an order of the channels that avoids redundant ones prunes better.

    python benchmarks/redundancy.py

F is marginal: two copies of a good unit both score high. Here the units of each layer are chosen
one by one, each time the one with the largest score times one minus ``penalty`` times its largest
squared correlation with a unit chosen already. The network is an MLP (64-64-32-10) on digits; the
test accuracy is compared with that of the plain scores on the same seeds.
"""

import argparse
import itertools

import numpy as np
import sweep
from scipy import stats
from sklearn.datasets import load_digits
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import train_test_split

from skscreen import MLPClassifier, ScreeningPruner
from skscreen.inspection import format_table
from skscreen.pruning import Screening


class NonRedundant:
    """Screening scores, turned into ranks of a forward selection.

    Parameters
    ----------
    penalty : float in [0, 1]
        How much of a score a perfect copy of a chosen unit loses.
    """

    def __init__(self, penalty):
        self.penalty = penalty

    def __call__(self, evidence):
        """Return ``n_units`` for the unit chosen first down to 1 for the last."""
        scores = Screening()(evidence)
        outputs = evidence.network.logits(evidence.data.X, depth=evidence.layer + 1)
        with np.errstate(divide="ignore", invalid="ignore"):  # units that are constant
            squared = np.nan_to_num(np.corrcoef(outputs.astype(np.float64), rowvar=False)) ** 2
        ranks = np.zeros(len(scores))
        overlap = np.zeros(len(scores))
        for rank in range(len(scores), 0, -1):
            worth = np.where(ranks == 0, scores * (1 - self.penalty * overlap), -1.0)
            chosen = int(worth.argmax())
            ranks[chosen] = rank
            overlap = np.maximum(overlap, squared[chosen])
        return ranks


PENALTIES = (None, 0.5, 0.9)
SPARSITIES = (0.8, 0.9, 0.95)


def run(seed):
    """Return the test accuracy for each penalty and sparsity, as a dict."""
    X, y = load_digits(return_X_y=True)
    X_train, X_test, y_train, y_test = train_test_split(
        X / 16, y, stratify=y, test_size=0.3, random_state=seed
    )
    net = MLPClassifier(
        (64, 32),
        max_iter=60,
        tol=None,
        learning_rate="cosine",
        learning_rate_init=0.005,
        random_state=seed,
    ).fit(X_train, y_train)
    accuracy = {}
    for penalty, sparsity in itertools.product(PENALTIES, SPARSITIES):
        pruner = ScreeningPruner(
            FrozenEstimator(net),
            granularity="channel",
            criterion="screening" if penalty is None else NonRedundant(penalty),
            sparsity=sparsity,
        ).fit(X_train, y_train)
        accuracy[penalty, sparsity] = pruner.score(X_test, y_test)
    return accuracy


def main(argv=None):
    """Print the differences."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--seeds", type=int, default=10)
    sweep.add_options(parser)
    options = parser.parse_args(argv)
    found = list(sweep.sweep(run, [(seed,) for seed in range(options.seeds)], options))
    rows = []
    for penalty, sparsity in itertools.product(PENALTIES[1:], SPARSITIES):
        difference = [100 * (each[penalty, sparsity] - each[None, sparsity]) for each in found]
        half = stats.sem(difference) * stats.t.ppf(0.975, len(found) - 1)
        gained = f"{np.mean(difference):+.2f} +- {half:.2f}"
        rows.append([f"{sparsity:.0%}", f"{penalty}", gained])
    print(format_table(["weights cut", "penalty", "points gained"], rows))


if __name__ == "__main__":
    main()
