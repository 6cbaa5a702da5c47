"""Choosing units by significance and effect size instead of by number."""

from math import ceil

import numpy as np
from joblib import Parallel, delayed
from scipy.stats import false_discovery_control
from sklearn.utils import check_array, check_consistent_length, check_random_state

from skscreen.screening.screens import Screen
from skscreen.screening.statistics import (
    FStatistics,
    f_from_moments,
    moments_for,
    resolve_task,
)

# Permutations that share one matrix product.
PERMUTATION_BLOCK = 64


def _false_positive_rate(p, significance):
    return p <= significance


def _false_discovery_rate(p, significance):
    return false_discovery_control(p) <= significance


def _family_wise_error(p, significance):
    return p <= significance / len(p)


#: mode -> function of (p, significance) that marks what is significant
SELECTIONS = {
    "fpr": _false_positive_rate,
    "fdr": _false_discovery_rate,
    "fwe": _family_wise_error,
}


def select(statistics, mode, significance=0.05, *, min_effect=0.0):
    """Mark the units that are significant and have some effect.

    Parameters
    ----------
    statistics : FStatistics
        With p-values.
    mode : {"fpr", "fdr", "fwe"}
        What is held at ``significance``: the share of false positives among the units without
        effect; the expected share of false ones among those marked (Benjamini & Hochberg 1995);
        the chance of any false one (Bonferroni).
    significance : float in (0, 1), default=0.05
    min_effect : float in [0, 1], default=0.0
        Least eta2, for a screen that has it. With many samples the tiniest effect is
        significant; this asks for one that matters.

    Returns
    -------
    selected : ndarray of bool of shape (n_units,)

    Raises
    ------
    ValueError
        If the statistics have no p-values.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skscreen.screening import f_statistic, select
    >>> found = f_statistic(*load_iris(return_X_y=True))
    >>> select(found, "fwe", 0.001, min_effect=0.6)
    array([ True, False,  True,  True])
    """
    if np.isnan(statistics.p).any():
        raise ValueError(f"mode={mode!r} needs a screen with p-values, got NaN")
    selected = SELECTIONS[mode](statistics.p, significance)
    if min_effect == 0:
        return selected
    if np.isnan(statistics.eta2).any():
        raise ValueError(f"min_effect={min_effect} needs a screen with an effect size, got NaN")
    return selected & (statistics.eta2 >= min_effect)


def permutation_test(A, y, *, n_permutations=1000, task="auto", random_state=None, n_jobs=None):
    """p-values of the F-statistic from shuffled labels, without assuming normality.

    Parameters
    ----------
    A : array-like of shape (n_samples, n_units)
        Activations or features.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        Classes or numbers.
    n_permutations : int >= 1, default=1000
        Exactly so many shuffles are made.
    task : {"auto", "classification", "regression"}, default="auto"
        What ``y`` is, see `f_statistic`.
    random_state : int, RandomState or None, default=None
        Seeds the shuffles; the result does not depend on ``n_jobs``.
    n_jobs : int or None, default=None
        Workers of joblib.

    Returns
    -------
    p : ndarray of shape (n_units,)
        ``(1 + number of shuffles with an F at least as large) / (1 + n_permutations)``, which is
        never zero (Phipson & Smyth 2010).

    Notes
    -----
    A shuffle leaves the total sum of squares as it is, so F rises with SSB alone, and the SSB of
    many shuffles is one matrix product.

    References
    ----------
    .. [1] B. Phipson, G. K. Smyth, "Permutation p-values should never be zero", Statistical
       Applications in Genetics and Molecular Biology 9, 2010.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skscreen.screening import permutation_test
    >>> X, y = load_iris(return_X_y=True)
    >>> permutation_test(X, y, n_permutations=99, random_state=0)
    array([0.01, 0.01, 0.01, 0.01])
    """
    if n_permutations < 1:
        raise ValueError(f"n_permutations must be at least 1, got {n_permutations}")
    A = check_array(A, dtype=[np.float64, np.float32], input_name="A")
    y = check_array(y, ensure_2d=False, dtype=None, input_name="y")
    check_consistent_length(A, y)
    task = resolve_task(y, task)
    moments, target = moments_for(A, y, task)
    f_from_moments(moments.partial_fit(A, target))  # raises where F is not defined
    A = A - A.mean(axis=0, dtype=np.float64)
    design = _design(target, task)
    observed = _explained(A, design[None])[0]
    rng = check_random_state(random_state)
    seeds = rng.randint(2**31 - 1, size=ceil(n_permutations / PERMUTATION_BLOCK))
    sizes = np.full(len(seeds), PERMUTATION_BLOCK)
    sizes[-1] = n_permutations - PERMUTATION_BLOCK * (len(seeds) - 1)
    counts = Parallel(n_jobs=n_jobs)(
        delayed(_exceedances)(A, design, observed, seed, size)
        for seed, size in zip(seeds, sizes, strict=True)
    )
    return (1 + np.sum(counts, axis=0)) / (1 + n_permutations)


def permutation_screen(n_permutations, random_state=None, n_jobs=None):
    """Make a `Screen`: F and eta2 with p-values from shuffled labels; see `permutation_test`."""

    def function(A, y, task):
        moments, target = moments_for(A, y, task)
        F, _, eta2 = f_from_moments(moments.partial_fit(A, target))
        p = permutation_test(
            A,
            y,
            n_permutations=n_permutations,
            task=task,
            random_state=random_state,
            n_jobs=n_jobs,
        )
        return FStatistics(F, p, eta2)

    return Screen(function, streams=False)


def _design(target, task):
    """Columns whose squared products with a centred unit add up to what they explain."""
    if task == "classification":
        indicator = (target[:, None] == np.unique(target)).astype(np.float64)
        return indicator / np.sqrt(indicator.sum(axis=0))
    centred = target - target.mean(axis=0)
    norms = np.linalg.norm(centred, axis=0)
    return centred[:, norms > 0] / norms[norms > 0]


def _explained(A, designs):
    """Explained sum of squares of each unit, of shape (n_designs, n_units)."""
    n_designs, n_samples, n_columns = designs.shape
    stacked = designs.transpose(1, 0, 2).reshape(n_samples, -1)
    products = (A.T @ stacked).reshape(-1, n_designs, n_columns)
    return (products**2).sum(axis=2).T


def _exceedances(A, design, observed, seed, size):
    """Count the shuffles that explain at least as much, up to rounding."""
    rng = np.random.default_rng(seed)
    designs = np.stack([design[rng.permutation(len(design))] for _ in range(size)])
    return (_explained(A, designs) >= observed * (1 - 1e-10)).sum(axis=0)
