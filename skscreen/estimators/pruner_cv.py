"""The sparsity chosen by cross-validation."""

import numpy as np
import sklearn
from joblib import Parallel, delayed
from sklearn.base import BaseEstimator, MetaEstimatorMixin, clone, is_classifier
from sklearn.model_selection import check_cv
from sklearn.utils import Bunch, check_random_state, indexable
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping, process_routing

from skscreen._params import (
    boolean,
    check_parameters,
    function,
    integer,
    mapping,
    none,
    one_of,
    random_state,
)
from skscreen.estimators.choice import RULES, check_limits, choose
from skscreen.estimators.delegation import PrunedNetworkMixin
from skscreen.estimators.folds import collect_results, walk_fold
from skscreen.estimators.handoff import find_handoff
from skscreen.estimators.path import as_pruner, check_sparsities, one_scorer
from skscreen.estimators.progress import progress

CHECKS = {
    "rule": one_of(*RULES) | function,
    "limits": mapping | none,
    "fine_tune_epochs": one_of("auto") | integer(0) | none,
    "refit": boolean,
    "random_state": random_state,
    "verbose": boolean | integer(0),
}


def of_the_pruner(name, text="See `ScreeningPruner`."):
    """Make the property that is an attribute of ``pruner_``; before ``fit`` there is none."""
    return property(lambda search: getattr(search.pruner_, name), doc=text)


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
        pruner = self._seeded_pruner()
        scorer = one_scorer(pruner, self.scoring)
        routed = self._routed(sample_weight, groups, params)
        X, y = indexable(X, y)
        splitter = check_cv(self.cv, y, classifier=is_classifier(pruner))
        folds = list(splitter.split(X, y, **routed.splitter.split))
        self._check_number(folds)
        found = Parallel(n_jobs=self.n_jobs, return_as="generator")(
            delayed(walk_fold)(
                clone(pruner), X, y, fold, sparsities, scorer, routed, self.fine_tune_epochs
            )
            for fold in folds
        )
        found = list(progress(found, len(folds), "folds") if self.verbose else found)
        results, dense_scores = collect_results(found, sparsities)
        index, limit = choose(results, dense_scores, self.rule, self.limits)
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
        check_limits(self.limits)

    def _check_number(self, folds):
        if not folds:
            raise ValueError("cv must give splits, got none")
        if len(folds) == 1 and self.rule == "one-se" and "below_dense" not in (self.limits or {}):
            raise ValueError(
                "rule='one-se' needs at least 2 splits for a standard error, got 1: take "
                "rule='best'"
            )

    def _seeded_pruner(self):
        pruner = as_pruner(self.estimator)
        if self.random_state is not None and pruner.random_state is None:
            seed = check_random_state(self.random_state).randint(2**31 - 1)
            pruner.set_params(random_state=seed)
        return pruner

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

    wrapped_ = of_the_pruner("wrapped_")
    masks_ = of_the_pruner("masks_")
    scores_ = of_the_pruner("scores_")
    report_ = of_the_pruner("report_")
    history_ = of_the_pruner("history_")
    sparsity_ = of_the_pruner("sparsity_", "Share of the weights that are cut.")
    feature_deviations_ = of_the_pruner("feature_deviations_")
    _support = of_the_pruner("_support")
    _importances = of_the_pruner("_importances")
