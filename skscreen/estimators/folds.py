"""One walk down the sparsities in each fold of a cross-validation, and what the folds found."""

import time

import numpy as np
from scipy.stats import rankdata

from skscreen.estimators._sklearn import safe_indexing
from skscreen.estimators.path import SIZES, a_number, network_size, walk


def walk_fold(pruner, X, y, fold, sparsities, scorer, routed, fine_tune_epochs):
    """Train, walk and score in one fold.

    Parameters
    ----------
    pruner : ScreeningPruner
        Unfitted.
    X, y : array-like
        All samples and targets.
    fold : tuple of ndarray of int
        Rows to train on and rows to score on.
    sparsities : list of float, or of int
        From `check_sparsities`.
    scorer : callable
        ``scorer(estimator, X, y, **metadata)``.
    routed : Bunch
        The metadata of ``estimator.fit`` and ``scorer.score``.
    fine_tune_epochs : int, "auto" or None
        See `walk`.

    Returns
    -------
    rows : list of dict
        The score of the dense network, then of each stop its score, times (seconds) and sizes.
    """
    train, test = fold
    # by keys: some versions of dask make plain dicts of what goes to a worker
    fit_params = _rows_of(routed["estimator"]["fit"], X, train)
    score_params = _rows_of(routed["scorer"]["score"], X, test)
    X_train, y_train = safe_indexing(X, train), safe_indexing(y, train)
    X_test, y_test = safe_indexing(X, test), safe_indexing(y, test)
    weight = fit_params.pop("sample_weight", None)
    begin = time.perf_counter()
    dense, leans = walk(pruner, X_train, y_train, sparsities, weight, fit_params, fine_tune_epochs)
    rows = [{"score": a_number(scorer(dense, X_test, y_test, **score_params))}]
    for network, lean in leans:
        fitted = time.perf_counter()
        score = a_number(scorer(lean, X_test, y_test, **score_params))
        times = {"fit_time": fitted - begin, "score_time": time.perf_counter() - fitted}
        sizes = dict(zip(SIZES, network_size(network), strict=True))
        rows.append({"score": score, **times, **sizes})
        begin = time.perf_counter()
    return rows


def _rows_of(metadata, X, rows):
    """Take rows of what has one for each sample; leave the rest as it is."""
    n_samples = X.shape[0] if hasattr(X, "shape") else len(X)
    return {
        name: safe_indexing(value, rows)
        if hasattr(value, "__len__") and len(value) == n_samples
        else value
        for name, value in metadata.items()
    }


def collect_results(found, sparsities):
    """Collect the rows of all folds as `GridSearchCV` has them.

    Parameters
    ----------
    found : list of list of dict
        Of each fold what `walk_fold` returns.
    sparsities : list of float, or of int

    Returns
    -------
    results : dict of ndarray of shape (n_sparsities,)
    dense_scores : ndarray of shape (n_splits,)
    """
    dense_scores = np.array([rows[0]["score"] for rows in found], dtype=float)

    def collect(name):
        return np.array([[row[name] for row in rows[1:]] for rows in found], dtype=float)

    results = {}
    for name in ("fit_time", "score_time"):
        times = collect(name)
        results |= {f"mean_{name}": times.mean(axis=0), f"std_{name}": times.std(axis=0)}
    results["param_sparsity"] = np.ma.array(sparsities, mask=False)
    results["params"] = [{"sparsity": sparsity} for sparsity in sparsities]
    scores = collect("score")
    results |= {f"split{number}_test_score": row for number, row in enumerate(scores)}
    means = scores.mean(axis=0)
    results |= {
        "mean_test_score": means,
        "std_test_score": scores.std(axis=0),
        "rank_test_score": rankdata(-means, method="min").astype(np.int32),
    }
    results |= {f"mean_{name}": collect(name).mean(axis=0) for name in SIZES}
    return results, dense_scores
