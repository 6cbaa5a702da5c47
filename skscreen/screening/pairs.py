"""Units that tell something of the target only together with another: F of their products."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from skscreen.screening.permutation import design_columns
from skscreen.screening.statistics import checked_samples, f_from_moments, moments_for

# Units of which all products are tested at once.
BLOCK = 256
# Standard deviations at which a unit is cut off: products have heavy tails, F expects none.
LARGEST = 2.5
# Classes of fewer samples than this, and than this share of an equal part, are left out: the mean
# of so few heavy-tailed products beside that of many is called significant far too often.
FEW, SMALL = 20, 0.25
# What is left of a product that does not vary, per sample.
ROUNDING = 1e-10


def significant_in_pairs(
    A: ArrayLike, y: ArrayLike, *, level: float = 0.05, task: str = "auto"
) -> NDArray[np.bool_]:
    """Mark the units whose product with another unit, or square, tells something of the target.

    A marginal F sees no interaction: of two units of which only the product matters (exclusive
    or), neither is significant by itself. So all products of two centred units are tested.

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
    Units are standardised and cut off at 2.5 standard deviations. The product of noise and a unit
    that spreads more in one class than in another has unequal variances, for which F is not made.
    So classes are compared by F and by F* [1]_ with the degrees of freedom of [2]_, and both must
    be significant; numbers by the F of a linear regression. It takes of the order of
    ``n_samples * n_units**2`` multiplications, and memory for a few times 256 times ``n_units``
    numbers. With several numeric targets the explained share is averaged. Classes of one sample,
    and of fewer than 20 where that is less than a quarter of an equal part, are left out.

    References
    ----------
    .. [1] M. B. Brown & A. B. Forsythe, "The small sample behavior of some statistics which test
       the equality of several means", Technometrics 16, 1974.
    .. [2] D. V. Mehrotra, "Improving the Brown-Forsythe solution to the generalized
       Behrens-Fisher problem", Communications in Statistics B 26, 1997.

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
    values, y, task = checked_samples(A, y, task)
    moments, target = moments_for(values, y, task)
    f_from_moments(moments.partial_fit(values, target))  # raises where F is not defined
    p_values = _p_of_numbers
    if task == "classification":
        p_values, rows = _p_of_classes, _of_large_classes(target)
        values, target = values[rows], np.unique(target[rows], return_inverse=True)[1]
        if len(values) == 0:
            return np.zeros(values.shape[1], dtype=np.bool_)
    Z = _standardised(values)
    limit = level / (Z.shape[1] * (Z.shape[1] + 1) / 2)
    marked = np.zeros(Z.shape[1], dtype=bool)
    for start in range(0, Z.shape[1], BLOCK):
        block = slice(start, start + BLOCK)
        found = p_values(Z[:, block], Z, target) <= limit
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


def _of_large_classes(codes):
    """Mark the samples of classes that are large enough; none if that is a single class."""
    sizes = np.bincount(codes)
    equal = len(codes) / np.count_nonzero(sizes)
    large = (sizes > 1) & ((sizes >= FEW) | (sizes >= SMALL * equal))
    return large[codes] & (np.count_nonzero(large) > 1)


def _p_of_classes(left, right, codes):
    """P of the products of units with all others, as a matrix: the larger of those of F and F*."""
    sizes = np.bincount(codes)
    n, n_classes, sums = len(codes), len(sizes), left.T @ right
    between, within, expected = (np.zeros_like(sums) for _ in range(3))
    pooled, squares, squares_by_df = (np.zeros_like(sums) for _ in range(3))
    for k, n_k in enumerate(sizes):
        rows, share = codes == k, n_k / n
        found = left[rows].T @ right[rows]
        variance = (left[rows] ** 2).T @ (right[rows] ** 2) - found**2 / n_k
        variance = np.maximum(variance, 0) / (n_k - 1)
        between += (found - sums * share) ** 2 / n_k
        within += (n_k - 1) * variance
        expected += (1 - share) * variance
        pooled += share * variance
        squares += (1 - 2 * share) * variance**2
        squares_by_df += ((1 - share) * variance) ** 2 / (n_k - 1)
    varies = expected > ROUNDING
    otherwise = np.where(between > ROUNDING * n, np.inf, 0.0)
    F = _ratio(between * (n - n_classes), within * (n_classes - 1), varies, otherwise)
    unequal = _ratio(between, expected, varies, otherwise)
    df = _ratio(expected**2, pooled**2 + squares, varies, 1.0)
    df_error = _ratio(expected**2, squares_by_df, varies, 1.0)
    return np.maximum(
        special.fdtrc(n_classes - 1, n - n_classes, F), special.fdtrc(df, df_error, unequal)
    )


def _p_of_numbers(left, right, target):
    """P of the products of units with all others, as a matrix, by F of a regression."""
    design = design_columns(target, "regression")
    n, sums = len(target), left.T @ right
    total = (left**2).T @ (right**2) - sums**2 / n
    explained = np.zeros_like(total)
    for column in design.T:
        explained += ((left * column[:, None]).T @ right) ** 2 / design.shape[1]
    within = np.maximum(total - explained, 0)
    known = (total > ROUNDING * n) & (within > 0)
    found = np.where((total > ROUNDING * n) & (explained > 0), np.inf, 0.0)
    return special.fdtrc(1, n - 2, _ratio(explained * (n - 2), within, known, found))


def _ratio(above, below, where, otherwise):
    """Divide where it makes sense."""
    out = np.broadcast_to(otherwise, above.shape).astype(above.dtype)
    return np.divide(above, below, out=out, where=where)
