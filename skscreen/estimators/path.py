"""The networks along one walk down the sparsities."""

import pickle
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, clone
from sklearn.metrics import check_scoring

from skscreen._params import is_integer, real
from skscreen.estimators.planning import training_options
from skscreen.estimators.pruner import ScreeningPruner
from skscreen.estimators.pruning_job import prepare
from skscreen.pruning import compact, prune_path

is_share = real(0, 1, closed="left").holds


class PruningPath(NamedTuple):
    """What is left of a network at each of some sparsities.

    Parameters
    ----------
    sparsity : ndarray of float, or int, of shape (n_sparsities,)
        Share of what the pruner's `budget` counts that was asked for; or numbers of inputs kept.
    n_weights : ndarray of int of shape (n_sparsities,)
        Connections that are left.
    macs : ndarray of int of shape (n_sparsities,)
        Multiply-accumulates for one sample.
    n_bytes : ndarray of int of shape (n_sparsities,)
        Size of the pickled network.
    score : ndarray of float of shape (n_sparsities,)
    estimators : list of estimator
        The lean networks.
    """

    sparsity: np.ndarray
    n_weights: np.ndarray
    macs: np.ndarray
    n_bytes: np.ndarray
    score: np.ndarray
    estimators: list


def pruning_path(
    estimator: BaseEstimator,
    X: ArrayLike,
    y: ArrayLike,
    *,
    sparsities: Sequence[float] | Sequence[int] = (0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99),
    X_val: ArrayLike | None = None,
    y_val: ArrayLike | None = None,
    sample_weight: ArrayLike | None = None,
    scoring: str | Callable | None = None,
    fine_tune_epochs: int | str | None = None,
):
    """Train one dense network and walk down the sparsities with it.

    Parameters
    ----------
    estimator : ScreeningPruner or network estimator
        A network stands for ``ScreeningPruner(network)``. The pruner's own `sparsity` has no
        effect; its rounds and epochs are those of the whole walk.
    X : array-like of shape (n_samples, n_features)
        Samples.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        Targets.
    sparsities : sequence of float in [0, 1), or of int
        Where to stop; in any order. Integers are numbers of inputs to keep, for a pruner of
        ``granularity="input"``.
    X_val, y_val : array-like or None, default=None
        Samples for the scores; None takes the training samples, whose scores flatter.
    sample_weight : array-like of shape (n_samples,), default=None
        Weights.
    scoring : str, callable or None, default=None
        As in `sklearn.model_selection.cross_val_score`.
    fine_tune_epochs : int, "auto" or None, default=None
        For the copy at each stop; see `ScreeningPrunerCV`.

    Returns
    -------
    path : PruningPath

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skscreen import MLPClassifier, pruning_path
    >>> net = MLPClassifier((8,), max_iter=50, tol=None, random_state=0)
    >>> path = pruning_path(net, *load_iris(return_X_y=True), sparsities=[0.25, 0.5])
    >>> path.n_weights.tolist()
    [42, 28]
    """
    if (X_val is None) != (y_val is None):
        raise ValueError("X_val and y_val must be given together, got only one of them")
    pruner = as_pruner(estimator)
    scorer = one_scorer(pruner, scoring)
    if X_val is None:
        X_val, y_val = X, y
    sparsities = check_sparsities(sparsities)
    rows = []
    leans = walk(pruner, X, y, sparsities, sample_weight, {}, fine_tune_epochs)[1]
    for network, lean in leans:
        rows.append((*network_size(network), a_number(scorer(lean, X_val, y_val)), lean))
    n_weights, macs, n_bytes, score, estimators = zip(*rows, strict=True)
    return PruningPath(
        np.array(sparsities),
        np.array(n_weights),
        np.array(macs),
        np.array(n_bytes),
        np.array(score),
        list(estimators),
    )


def as_pruner(estimator):
    """Return an unfitted `ScreeningPruner` for a pruner or a network estimator."""
    if isinstance(estimator, ScreeningPruner):
        return clone(estimator)
    return ScreeningPruner(clone(estimator))


def one_scorer(pruner, scoring):
    """Return the scorer that a name or a callable stands for; several at once are refused."""
    if not (scoring is None or isinstance(scoring, str) or callable(scoring)):
        raise ValueError(f"scoring must be a str, a callable or None, got {scoring!r}")
    return check_scoring(pruner, scoring)


def a_number(score):
    """Return what a scorer gave as a float, or raise a ValueError."""
    value = np.asarray(score)
    if value.shape or value.dtype.kind not in "biuf" or np.isnan(value):
        raise ValueError(f"scoring must give a number, got {score!r}")
    return float(value)


def check_sparsities(sparsities):
    """Return the sparsities from the least to the most that is cut, or raise a ValueError.

    They are shares, or all of them integers: numbers of inputs to keep.
    """
    values = list(sparsities) if isinstance(sparsities, Iterable) else [sparsities]
    numbers = [value for value in values if is_integer(value) and value >= 1]
    if numbers and len(numbers) == len(values):
        return sorted({int(value) for value in numbers}, reverse=True)
    shares = [float(value) for value in values if is_share(value)]
    if not shares or len(shares) < len(values):
        hint = "; shares and numbers can't be mixed" if shares and numbers else ""
        raise ValueError(
            "sparsities must be numbers in [0, 1), or all of them integers, the numbers of inputs "
            f"to keep, got {sparsities!r}{hint}"
        )
    return np.unique(shares).tolist()


def walk(pruner, X, y, sparsities, sample_weight, fit_params, fine_tune_epochs=None):
    """Fit the dense network of a pruner, and make an iterator over its lean networks.

    Parameters
    ----------
    pruner : ScreeningPruner
        Its `sparsity` is set.
    X, y, sample_weight, fit_params
        For the pruner.
    sparsities : list of float, or of int
        From `check_sparsities`.
    fine_tune_epochs : int, "auto" or None
        None takes all that a fit to that sparsity would still have, "auto" three quarters.

    Returns
    -------
    dense : estimator
        Fitted.
    leans : iterator of (Network, estimator)
        One for each sparsity: the pruned and fine-tuned network, and what it stands in.
    """
    pruner.set_params(sparsity=sparsities[-1])
    job = prepare(pruner, X, y, sample_weight, fit_params)
    dense = job.lean.detached_copy()
    shares = [job.plan.granularity.share_to_cut(dense.network_, each) for each in sparsities]
    leans = _lean_estimators(pruner, job, dense, shares, fine_tune_epochs)
    return job.wrapping.rewrap(dense), leans


def _lean_estimators(pruner, job, dense, shares, fine_tune_epochs):
    """Yield the pruned and fine-tuned network at each share, and what it stands in."""
    # "auto" options depend on the share, and on the dense network alone
    options_at = {
        share: training_options(clone(pruner).set_params(sparsity=share), dense, len(job.data.X))
        for share in shares
    }
    for share, network in prune_path(
        job.lean.network_,
        job.data,
        replace(job.plan, say=None),
        job.rng,
        shares,
        options_at.__getitem__,
        fine_tune_epochs=lambda left: {None: left, "auto": -(-3 * left // 4)}.get(
            fine_tune_epochs, fine_tune_epochs
        ),
        score=job.score,
    ):
        lean = job.lean.with_network(compact(network)).detached_copy()
        lean.adopt(options_at[share])
        yield lean.network_, job.wrapping.rewrap(lean)


# What `network_size` tells, in its order.
SIZES = ("weights", "macs", "bytes")


def network_size(network):
    """Return weights, multiply-accumulates and bytes of a network."""
    n_macs = sum(layer.n_macs for layer in network.layers)
    return network.n_weights, n_macs, len(pickle.dumps(network))
