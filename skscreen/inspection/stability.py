"""How far scores can be trusted: their stability, and the agreement of criteria."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import ArrayLike, NDArray
from scipy.stats import kendalltau, spearmanr
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state, resample

from skscreen._params import integer, is_integer, real, require_counts
from skscreen.screening import screen
from skscreen.screening.statistics import checked_samples


class RankStability(NamedTuple):
    """Agreement of rankings from pairs of samples.

    Parameters
    ----------
    spearman : ndarray of shape (n_repeats,)
        Rank correlation of the scores of all units.
    overlap : ndarray of shape (n_repeats,)
        Share of the top units that both rankings have.
    """

    spearman: np.ndarray
    overlap: np.ndarray


def rank_stability(
    A: ArrayLike,
    y: ArrayLike,
    score_func: str | Callable = "f",
    *,
    method: str = "bootstrap",
    n_repeats: int = 20,
    top: float | int = 0.1,
    task: str = "auto",
    random_state: int | np.random.RandomState | None = None,
    n_jobs: int | None = None,
) -> RankStability:
    """Rank units on resampled data, again and again, and see how well the rankings agree.

    Parameters
    ----------
    A : array-like of shape (n_samples, n_units)
        Activations or features.
    y : array-like of shape (n_samples,)
        Classes or numbers.
    score_func : str or callable, default="f"
        See `skscreen.screening.screen`.
    method : {"bootstrap", "split-half"}, default="bootstrap"
        Compare the ranking of all samples with that of a bootstrap sample, or those of two random
        halves. Both are stratified for classes.
    n_repeats : int >= 1, default=20
    top : float in (0, 1] or int >= 1, default=0.1
        Share, or number, of the top units for the overlap; at least one.
    task : {"auto", "classification", "regression"}, default="auto"
        What ``y`` is, see `skscreen.f_statistic`.
    random_state : int, RandomState or None, default=None
        The result does not depend on `n_jobs`.
    n_jobs : int or None, default=None
        Workers of joblib.

    Returns
    -------
    stability : RankStability

    Raises
    ------
    ValueError
        For a bad parameter or bad input.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skscreen.inspection import rank_stability
    >>> found = rank_stability(*load_digits(return_X_y=True), random_state=0)
    >>> float(found.spearman.mean()) > 0.98
    True
    """
    if method not in METHODS:
        raise ValueError(f"method must be one of {tuple(METHODS)}, got {method!r}")
    require_counts(n_repeats=n_repeats)
    check = integer(1) | real(0, 1, closed="right")
    if not check.holds(top):
        raise ValueError(f"top must be {check.words}, got {top!r}")
    A, y, task = checked_samples(A, y, task)
    n_top = top if is_integer(top) else max(round(top * A.shape[1]), 1)
    n_top = min(n_top, A.shape[1])
    seeds = check_random_state(random_state).randint(2**31 - 1, size=n_repeats)
    pairs = Parallel(n_jobs=n_jobs)(
        delayed(_compare)(A, y, task, score_func, METHODS[method], n_top, seed) for seed in seeds
    )
    return RankStability(*np.array(pairs).T)


def _bootstrap(A, y, strata, seed):
    return (A, y), resample(A, y, stratify=strata, random_state=seed)


def _split_half(A, y, strata, seed):
    first, second, y_first, y_second = train_test_split(
        A, y, test_size=0.5, stratify=strata, random_state=seed
    )
    return (first, y_first), (second, y_second)


METHODS = {"bootstrap": _bootstrap, "split-half": _split_half}


def _compare(A, y, task, score_func, method, n_top, seed):
    strata = y if task == "classification" else None
    first, second = (screen(*part, score_func, task=task).F for part in method(A, y, strata, seed))
    tops = [set(np.argsort(-scores, kind="stable")[:n_top]) for scores in (first, second)]
    return spearmanr(first, second).statistic, len(tops[0] & tops[1]) / n_top


def criteria_agreement(
    scores: Mapping[str, Sequence[ArrayLike] | ArrayLike],
) -> tuple[list[str], NDArray[np.float64]]:
    """Kendall's tau between the scores of several criteria.

    Parameters
    ----------
    scores : dict of str to array-like or list of array-like
        Scores of each criterion, such as ``scores_`` of a pruner; -inf and NaN are left out.

    Returns
    -------
    names : list of str
    tau : ndarray of shape (n_criteria, n_criteria)

    Examples
    --------
    >>> from skscreen.inspection import criteria_agreement
    >>> names, tau = criteria_agreement({"a": [1.0, 2.0, 3.0], "b": [1.0, 3.0, 2.0]})
    >>> tau.round(2).tolist()
    [[1.0, 0.33], [0.33, 1.0]]
    """
    names = list(scores)
    flat = [np.concatenate([np.ravel(part) for part in scores[name]]) for name in names]
    if len({len(values) for values in flat}) > 1:
        raise ValueError(
            "all criteria must score the same things, got "
            + ", ".join(f"{len(v)} scores of {n}" for n, v in zip(names, flat, strict=True))
        )
    comparable = np.isfinite(flat).all(axis=0)
    tau = np.eye(len(names))
    for i in range(len(names)):
        for j in range(i):
            found = kendalltau(flat[i][comparable], flat[j][comparable]).statistic
            tau[i, j] = tau[j, i] = found
    return names, tau
