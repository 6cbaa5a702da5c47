"""p-values from shuffled labels, without assuming normality."""

from math import ceil

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_random_state

from skscreen._params import require_counts
from skscreen.screening.statistics import checked_samples, f_from_moments, moments_for

# Permutations that share one matrix product.
PERMUTATION_BLOCK = 64


def permutation_test(
    A: ArrayLike,
    y: ArrayLike,
    *,
    n_permutations: int = 1000,
    task: str = "auto",
    random_state: int | np.random.RandomState | None = None,
    n_jobs: int | None = None,
) -> NDArray[np.float64]:
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
    require_counts(n_permutations=n_permutations)
    A, y, task = checked_samples(A, y, task)
    moments, target = moments_for(A, y, task)
    f_from_moments(moments.partial_fit(A, target))  # raises where F is not defined
    A = A - A.mean(axis=0, dtype=np.float64)
    design = design_columns(target, task)
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


def design_columns(target, task):
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
