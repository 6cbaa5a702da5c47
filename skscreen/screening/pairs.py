"""Units that tell something of the target only together with another: F of their products."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special
from sklearn.utils import check_array, check_consistent_length

from skscreen.screening.permutation import design_columns
from skscreen.screening.statistics import f_from_moments, moments_for, resolve_task

# Units of which all products are tested at once.
BLOCK = 256
# Standard deviations at which a unit is cut off: products have heavy tails, F expects none.
LARGEST = 2.5


def significant_in_pairs(
    A: ArrayLike, y: ArrayLike, *, level: float = 0.05, task: str = "auto"
) -> NDArray[np.bool_]:
    """Mark the units whose product with another unit, or square, tells something of the target.

    A marginal F sees no interaction: of two units of which only the product matters (exclusive
    or), neither is significant by itself. So F of all products of two centred units is tested.

    Parameters
    ----------
    A : array-like of shape (n_samples, n_units)
        Activations or features.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        Classes or numbers.
    level : float in (0, 1), default=0.05
        Family-wise error: the chance that any pair is marked if none matters (Bonferroni).
    task : {"auto", "classification", "regression"}, default="auto"
        What ``y`` is, see `f_statistic`.

    Returns
    -------
    marked : ndarray of bool of shape (n_units,)
        True for both units of each significant pair.

    Raises
    ------
    ValueError
        For one class only, no more samples than classes, or bad input.

    Notes
    -----
    Units are standardised and cut off at 2.5 standard deviations. With K classes (or K numeric
    targets) it takes of the order of ``n_samples * n_units**2`` multiplications, and memory for
    256 times ``n_units`` numbers. With several numeric targets the explained share is averaged.

    Examples
    --------
    >>> import numpy as np
    >>> from skscreen.screening import f_statistic, significant_in_pairs
    >>> A = np.random.default_rng(0).standard_normal((400, 20))
    >>> y = A[:, 3] * A[:, 7] > 0
    >>> f_statistic(A, y).p[[3, 7]].round(2)
    array([0.62, 0.95])
    >>> np.flatnonzero(significant_in_pairs(A, y))
    array([3, 7])
    """
    A = check_array(A, dtype=[np.float64, np.float32], input_name="A")
    y = check_array(y, ensure_2d=False, dtype=None, input_name="y")
    check_consistent_length(A, y)
    task = resolve_task(y, task)
    moments, target = moments_for(A, y, task)
    f_from_moments(moments.partial_fit(A, target))  # raises where F is not defined
    design = design_columns(target, task)
    n_effects = design.shape[1] - 1 if task == "classification" else 1
    Z = _standardised(A)
    limit = level / (Z.shape[1] * (Z.shape[1] + 1) / 2)
    marked = np.zeros(Z.shape[1], dtype=bool)
    for start in range(0, Z.shape[1], BLOCK):
        block = slice(start, start + BLOCK)
        p = _p_values(Z, block, design, task, n_effects)
        found = p <= limit
        marked[block] |= found.any(axis=1)
        marked |= found.any(axis=0)
    return marked


def _standardised(A):
    """Standardise units and cut them off; constant ones become zero."""
    Z = A - A.mean(axis=0, dtype=np.float64)
    spread = Z.std(axis=0)
    Z = np.divide(Z, spread, out=np.zeros_like(Z), where=spread > 0)
    np.clip(Z, -LARGEST, LARGEST, out=Z)
    return Z - Z.mean(axis=0)


def _p_values(Z, block, design, task, n_effects):
    """P of the products of a block of units with all from its first on, as a matrix."""
    left, right = Z[:, block], Z
    n = len(Z)
    sums = left.T @ right
    total = (left**2).T @ (right**2) - sums**2 / n
    explained = np.zeros_like(total)
    for column in design.T:
        rows = np.flatnonzero(column)
        found = (left[rows] * column[rows, None]).T @ right[rows]
        explained += (found - sums * (column.sum() / n)) ** 2
    if task == "regression":
        explained /= design.shape[1]
    df = n - n_effects - 1
    within = np.maximum(total - explained, 0)
    F = np.zeros_like(total)
    # what is left of a product that does not vary is rounding
    varies = total > 1e-10 * n
    np.divide(explained * df, within * n_effects, out=F, where=varies & (within > 0))
    F[varies & (within == 0) & (explained > 0)] = np.inf
    return special.fdtrc(n_effects, df, F)
