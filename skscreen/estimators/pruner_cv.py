"""The sparsity chosen by cross-validation."""

import time
from numbers import Real

import numpy as np
import sklearn
from joblib import Parallel, delayed
from scipy.stats import rankdata
from sklearn.base import BaseEstimator, MetaEstimatorMixin, clone, is_classifier
from sklearn.model_selection import check_cv
from sklearn.utils import Bunch, check_random_state, indexable
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping, process_routing

from skscreen._params import (
    boolean,
    check_parameters,
    function,
    integer,
    is_integer,
    mapping,
    none,
    one_of,
    random_state,
)
from skscreen.estimators._sklearn import safe_indexing
from skscreen.estimators.delegation import PrunedNetworkMixin
from skscreen.estimators.handoff import find_handoff
from skscreen.estimators.path import (
    a_number,
    as_pruner,
    check_sparsities,
    network_size,
    one_scorer,
    walk,
)
from skscreen.estimators.progress import progress


def best(results):
    """Return the candidate with the highest mean score; of equals the sparsest."""
    means = results["mean_test_score"]
    return int(np.flatnonzero(means == means.max())[-1])


def one_se(results):
    """Return the sparsest candidate within one standard error of the best."""
    means, place = results["mean_test_score"], best(results)
    splits = [results[key][place] for key in results if key.startswith("split")]
    error = np.std(splits, ddof=1) / np.sqrt(len(splits))
    return int(np.flatnonzero(means >= means[place] - error)[-1])


RULES = {"best": best, "one-se": one_se}
SIZES = ("weights", "macs", "bytes")
LIMITS = (*SIZES, "below_dense")

CHECKS = {
    "rule": one_of(*RULES) | function,
    "limits": mapping | none,
    "fine_tune_epochs": one_of("auto") | integer(0) | none,
    "refit": boolean,
    "random_state": random_state,
    "verbose": boolean | integer(0),
}


class ScreeningPrunerCV(PrunedNetworkMixin, MetaEstimatorMixin, BaseEstimator):
    """Prune a network to the sparsity that cross-validation chooses.

    In each fold one dense network is trained, and pruned in one walk down nested masks; at each
    sparsity a copy is fine-tuned and scored. Then the pruner is fitted on all samples with the
    sparsity that was chosen.

    Parameters
    ----------
    estimator : ScreeningPruner or network estimator
        A network stands for ``ScreeningPruner(network)``. The `sparsity` of the pruner has no
        effect.
    sparsities : sequence of float in [0, 1), or of int, \
            default=(0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99)
        To choose from: shares to cut; or integers, the numbers of inputs to keep, for a pruner of
        ``granularity="input"``. The two can't be mixed.
    cv : int, splitter, iterable or None, default=None
        As in `sklearn.model_selection.GridSearchCV`.
    scoring : str, callable or None, default=None
        What is compared; None takes the estimator's ``score``.
    rule : {"one-se", "best"} or callable, default="one-se"
        The sparsest network within one standard error of the best, or the best. A callable takes
        `cv_results_` of the candidates within the `limits` and returns the number of one.
    limits : dict or None, default=None
        What the network may cost at most: "weights", "macs" (multiply-accumulates for a sample),
        "bytes" (of the pickled network), means over the folds; or "below_dense": how far the
        mean score may be below that of the dense networks. With "below_dense" the `rule` has no
        effect: the sparsest such network is taken.
    fine_tune_epochs : int, "auto" or None, default="auto"
        Epochs of each copy. None takes all that a pruning to its sparsity alone would still have,
        "auto" three quarters of them, which costs less. The scores are near those of full fits,
        but where a network begins to starve (see docs/tables.md). The last fit, with the
        sparsity that was chosen, is a full one in any case.
    refit : bool, default=True
        Whether the pruner is fitted on all samples in the end; without it there are the results
        alone.
    n_jobs : int or None, default=None
        Folds at once, by joblib. The choice does not depend on it.
    random_state : int, RandomState or None, default=None
        Seeds the pruner, and through it the network, where they have no seed of their own; the
        same in each fold. The splits are those of `cv`, which has its own.
    verbose : int, default=0
        1 shows how many folds are done: a bar where tqdm is installed, else lines. The last fit
        goes by the `verbose` of the pruner.

    Attributes
    ----------
    pruner_ : ScreeningPruner
        Fitted on all samples; its attributes (`masks_`, `report_`, `history_`, `network_` and
        so on) are also here.
    sparsity_ : float
        That of the network.
    best_index_ : int
        Row of `cv_results_` that was chosen.
    best_sparsity_ : float or int
        Its sparsity, or number of inputs kept.
    best_score_ : float
        Its mean score.
    limit_ : str
        What decided: the name of a limit that excluded what the rule would have taken, or the
        rule.
    cv_results_ : dict of ndarray
        As of `sklearn.model_selection.GridSearchCV`, one row for each sparsity from the least to
        the most that is cut; and ``mean_weights``, ``mean_macs`` and ``mean_bytes`` of the
        networks.
    dense_scores_ : ndarray of shape (n_splits,)
        Of the dense network of each fold.
    n_splits_ : int

    See Also
    --------
    skscreen.pruning_path : One such walk.
    skscreen.inspection.SparsityDisplay : Draws the scores.

    Notes
    -----
    It trains ``n_splits + 1`` dense networks, a `GridSearchCV` without a memory
    ``n_splits * n_sparsities + 1``. A network before it in a Pipeline is refused: that one has
    seen the samples of every fold.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skscreen import MLPClassifier, ScreeningPrunerCV
    >>> net = MLPClassifier((8,), max_iter=60, tol=None, random_state=0)
    >>> search = ScreeningPrunerCV(net, sparsities=[0.2, 0.5], cv=3)
    >>> search.fit(*load_iris(return_X_y=True)).best_sparsity_ in (0.2, 0.5)
    True
    """

    task = "auto"
    _follows_network = False

    def __init__(
        self,
        estimator,
        *,
        sparsities=(0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99),
        cv=None,
        scoring=None,
        rule="one-se",
        limits=None,
        fine_tune_epochs="auto",
        refit=True,
        n_jobs=None,
        random_state=None,
        verbose=0,
    ):
        self.estimator = estimator
        self.sparsities = sparsities
        self.cv = cv
        self.scoring = scoring
        self.rule = rule
        self.limits = limits
        self.fine_tune_epochs = fine_tune_epochs
        self.refit = refit
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose

    def fit(self, X, y, sample_weight=None, *, groups=None, **params):
        """Choose the sparsity and fit the pruner with it.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Samples.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights, for the fits; with metadata routing also for the scores where requested.
        groups : array-like of shape (n_samples,), default=None
            For a `cv` that keeps groups together.
        **params : dict
            With metadata routing: what the estimator, the splitter and the scorer requested.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            For a bad parameter or bad input, or where no sparsity is within the `limits`.
        """
        self._check(X, y)
        if sample_weight is not None:
            sample_weight = np.asarray(sample_weight)
        sparsities = check_sparsities(self.sparsities)
        pruner = as_pruner(self.estimator)
        if self.random_state is not None and pruner.random_state is None:
            seed = check_random_state(self.random_state).randint(2**31 - 1)
            pruner.set_params(random_state=seed)
        scorer = one_scorer(pruner, self.scoring)
        routed = self._routed(sample_weight, groups, params)
        X, y = indexable(X, y)
        splitter = check_cv(self.cv, y, classifier=is_classifier(pruner))
        folds = list(splitter.split(X, y, **routed.splitter.split))
        self._check_number(folds)
        found = Parallel(n_jobs=self.n_jobs, return_as="generator")(
            delayed(_walk_fold)(
                clone(pruner), X, y, fold, sparsities, scorer, routed, self.fine_tune_epochs
            )
            for fold in folds
        )
        found = list(progress(found, len(folds), "folds") if self.verbose else found)
        results, dense_scores = _results(found, sparsities)
        index, limit = self._choose(results, dense_scores)
        fitted = {
            "best_index_": index,
            "best_sparsity_": sparsities[index],
            "best_score_": float(results["mean_test_score"][index]),
            "limit_": limit,
            "cv_results_": results,
            "dense_scores_": dense_scores,
            "n_splits_": len(folds),
        }
        if self.refit:
            pruner.set_params(sparsity=sparsities[index])
            fitted["pruner_"] = pruner.fit(X, y, **routed.estimator.fit)
            fitted["estimator_"] = pruner.estimator_
        for name in ("pruner_", "estimator_"):  # of an earlier fit
            vars(self).pop(name, None)
        vars(self).update(fitted)
        return self

    def _check(self, X, y):
        check_parameters(self, CHECKS)
        if y is None:
            raise ValueError("ScreeningPrunerCV requires y to be passed, but the target y is None")
        if find_handoff(X) is not None:
            raise ValueError(
                "a network before ScreeningPrunerCV in a Pipeline has seen the samples of every "
                "fold: give it the network as estimator instead"
            )
        unknown = set(self.limits or {}) - set(LIMITS)
        if unknown:
            raise ValueError(f"limits must be among {', '.join(LIMITS)}, got {sorted(unknown)}")
        values = (self.limits or {}).values()
        if not all(isinstance(limit, Real) and not np.isnan(limit) for limit in values):
            raise ValueError(f"limits must be numbers, got {self.limits}")

    def _check_number(self, folds):
        if not folds:
            raise ValueError("cv must give splits, got none")
        if len(folds) == 1 and self.rule == "one-se" and "below_dense" not in (self.limits or {}):
            raise ValueError(
                "rule='one-se' needs at least 2 splits for a standard error, got 1: take "
                "rule='best'"
            )

    def _routed(self, sample_weight, groups, params):
        """Sort out who gets which metadata."""
        given = {"sample_weight": sample_weight, "groups": groups}
        given = {name: value for name, value in given.items() if value is not None}
        if sklearn.get_config()["enable_metadata_routing"]:
            return process_routing(self, "fit", **given, **params)
        if params:
            raise ValueError(
                f"fit got {sorted(params)}, which needs "
                "sklearn.set_config(enable_metadata_routing=True)"
            )
        groups = {name: given.pop(name) for name in ("groups",) if name in given}
        return Bunch(
            estimator=Bunch(fit=given), splitter=Bunch(split=groups), scorer=Bunch(score={})
        )

    def get_metadata_routing(self):
        """Say which metadata the estimator, the splitter and the scorer request.

        Returns
        -------
        router : MetadataRouter
        """
        pruner = as_pruner(self.estimator)
        return (
            MetadataRouter(owner=self)
            .add(estimator=pruner, method_mapping=MethodMapping().add(caller="fit", callee="fit"))
            .add(
                splitter=check_cv(self.cv, classifier=is_classifier(pruner)),
                method_mapping=MethodMapping().add(caller="fit", callee="split"),
            )
            .add(
                scorer=one_scorer(pruner, self.scoring),
                method_mapping=MethodMapping().add(caller="fit", callee="score"),
            )
        )

    def _choose(self, results, dense_scores):
        """Return the row to take, and what decided."""
        limits = dict(self.limits or {})
        within = np.ones(len(results["mean_test_score"]), dtype=bool)
        for name in SIZES:
            if name in limits:
                within &= results[f"mean_{name}"] <= limits[name]
        rule = RULES.get(self.rule, self.rule) if isinstance(self.rule, str) else self.rule
        name = self.rule if isinstance(self.rule, str) else "rule"
        if "below_dense" in limits:
            least = dense_scores.mean() - limits["below_dense"]
            near = within & (results["mean_test_score"] >= least)
            if near.any():
                return int(np.flatnonzero(near)[-1]), "below_dense"
            raise ValueError(_nothing_within(limits, results, dense_scores))
        if not within.any():
            raise ValueError(_nothing_within(limits, results, dense_scores))
        free = _row(rule, results)
        if within[free]:
            return free, name
        rows = np.flatnonzero(within)
        part = {key: np.asanyarray(values)[rows] for key, values in results.items()}
        index = int(rows[_row(rule, part)])
        exceeded = [s for s in SIZES if s in limits and results[f"mean_{s}"][free] > limits[s]]
        return index, exceeded[0]

    @property
    def wrapped_(self):
        """See `ScreeningPruner`."""
        return self._fitted_pruner().wrapped_

    @property
    def _support(self):
        return self._fitted_pruner().get_support()

    @property
    def _importances(self):
        return self._fitted_pruner()._importances

    @property
    def feature_deviations_(self):
        """See `ScreeningPruner`."""
        return self._fitted_pruner().feature_deviations_

    @property
    def sparsity_(self):
        """Share of the weights that are cut."""
        return self._fitted_pruner().sparsity_

    @property
    def masks_(self):
        """See `ScreeningPruner`."""
        return self._fitted_pruner().masks_

    @property
    def scores_(self):
        """See `ScreeningPruner`."""
        return self._fitted_pruner().scores_

    @property
    def report_(self):
        """See `ScreeningPruner`."""
        return self._fitted_pruner().report_

    @property
    def history_(self):
        """See `ScreeningPruner`."""
        return self._fitted_pruner().history_

    def _fitted_pruner(self):
        # hasattr must be False before fit, so this is an AttributeError, not a NotFittedError
        return self.__getattribute__("pruner_")


def _row(rule, results):
    """Return the number of the candidate that a rule takes, or raise a ValueError."""
    row, n_candidates = rule(results), len(results["params"])
    if not is_integer(row) or not 0 <= row < n_candidates:
        raise ValueError(
            f"rule must return the number of a candidate from 0 to {n_candidates - 1}, got {row!r}"
        )
    return int(row)


def _nothing_within(limits, results, dense_scores):
    found = [
        f"{name} from {results[f'mean_{name}'].min():.0f}" for name in SIZES if name in limits
    ]
    if "below_dense" in limits:
        nearest = dense_scores.mean() - results["mean_test_score"].max()
        found.append(f"scores from {nearest:.4g} below dense")
    return f"no sparsity is within limits={limits}: there are {', '.join(found)}"


def _walk_fold(pruner, X, y, fold, sparsities, scorer, routed, fine_tune_epochs):
    """Train, walk and score in one fold; return a row for the dense network and each stop."""
    train, test = fold
    own = {
        name: {
            key: safe_indexing(value, rows) if _is_per_sample(value, X) else value
            for key, value in metadata.items()
        }
        for name, metadata, rows in (
            # by keys: some versions of dask make plain dicts of what goes to a worker
            ("fit", routed["estimator"]["fit"], train),
            ("score", routed["scorer"]["score"], test),
        )
    }
    X_train, y_train = safe_indexing(X, train), safe_indexing(y, train)
    X_test, y_test = safe_indexing(X, test), safe_indexing(y, test)
    weight = own["fit"].pop("sample_weight", None)
    begin = time.perf_counter()
    dense, leans = walk(pruner, X_train, y_train, sparsities, weight, own["fit"], fine_tune_epochs)
    rows = [{"score": a_number(scorer(dense, X_test, y_test, **own["score"]))}]
    for network, lean in leans:
        fitted = time.perf_counter()
        score = a_number(scorer(lean, X_test, y_test, **own["score"]))
        sizes = dict(zip(SIZES, network_size(network), strict=True))
        row = {
            "score": score,
            "fit_time": fitted - begin,
            "score_time": time.perf_counter() - fitted,
            **sizes,
        }
        rows.append(row)
        begin = time.perf_counter()
    return rows


def _is_per_sample(value, X):
    return hasattr(value, "__len__") and len(value) == (
        X.shape[0] if hasattr(X, "shape") else len(X)
    )


def _results(found, sparsities):
    """Collect the rows of all folds as `GridSearchCV` has them."""
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
