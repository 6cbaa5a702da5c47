"""The F-statistic of units across the classes, with its p-value and effect size."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special
from sklearn.utils import check_array, check_consistent_length
from sklearn.utils.multiclass import type_of_target

from skscreen.screening.moments import ClassMoments
from skscreen.screening.regression_moments import RegressionMoments

EFFECTIVE = " (with sample weights, what they are worth: (sum of w)**2 / (sum of w**2))"
TASKS = ("auto", "classification", "regression")


class FStatistics(NamedTuple):
    """F, p and effect size of units.

    Parameters
    ----------
    F : ndarray of shape (n_units,)
        F-statistic; 0 for a constant unit, infinite where there is no variation within classes.
    p : ndarray of shape (n_units,)
        Probability of an F at least as large if the unit tells nothing of the target.
    eta2 : ndarray of shape (n_units,)
        Share of the unit's variation that lies between the classes (for a regression, the share
        of the target's variation that the unit explains).
    """

    F: np.ndarray
    p: np.ndarray
    eta2: np.ndarray


def f_from_moments(moments: ClassMoments | RegressionMoments) -> FStatistics:
    """Compute F, p and eta2 from accumulated moments.

    Parameters
    ----------
    moments : ClassMoments or RegressionMoments

    Returns
    -------
    statistics : FStatistics

    Raises
    ------
    ValueError
        With fewer than two classes, or no more samples than classes.
    """
    if isinstance(moments, ClassMoments):
        return _anova(moments)
    return _regression(moments)


def _anova(moments):
    """One-way analysis of variance; classes without samples are left out."""
    n_classes = int(np.count_nonzero(moments.weight_sum))
    n = _whole(moments.effective_sizes().sum())
    if n_classes < 2:
        raise ValueError(f"an F-statistic needs samples of at least 2 classes, got {n_classes}")
    if n <= n_classes:
        raise ValueError(
            f"an F-statistic of {n_classes} classes needs more than {n_classes} samples, got "
            f"n_samples = {n:g}{EFFECTIVE}"
        )
    between = moments.scaled_between()
    within = moments.scaled_within().sum(axis=0)
    within[moments.constant_within()] = 0.0
    between[moments.constant()] = 0.0
    df_between, df_within = n_classes - 1, n - n_classes
    F = _ratio(between / df_between, within / df_within)
    return FStatistics(F, _p_value(F, df_between, df_within), _share(between, within))


def _regression(moments):
    """Univariate linear regression; the explained share is averaged over the targets."""
    n = _whole(moments.effective_size())
    if n <= 2:
        raise ValueError(
            "an F-statistic of a regression needs more than 2 samples, got "
            f"n_samples = {n:g}{EFFECTIVE}"
        )
    varying = ~moments.constant_targets()
    if not varying.any():
        raise ValueError("an F-statistic needs a target that varies, got constants")
    explained = moments.explained()[varying].mean(axis=0)
    F = _ratio(explained, (1 - explained) / (n - 2))
    return FStatistics(F, _p_value(F, 1, n - 2), explained)


def _whole(n):
    """Undo the rounding of a sum of weights that should be a whole number."""
    return float(round(n)) if np.isclose(n, round(n), rtol=1e-12) else n


def _ratio(numerator, denominator):
    """Divide; 0 / 0 is 0 and x / 0 is infinite."""
    ratio = np.where(numerator > 0, np.inf, 0.0)
    with np.errstate(over="ignore"):
        return np.divide(numerator, denominator, out=ratio, where=denominator > 0)


def _p_value(F, df_between, df_within):
    return special.fdtrc(df_between, df_within, F)


def _share(between, within):
    total = between + within
    return np.divide(between, total, out=np.zeros_like(total), where=total > 0)


def f_statistic(
    A: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None, *, task: str = "auto"
) -> FStatistics:
    """F-statistic of each unit: how well it tells the classes apart.

    One-way analysis of variance of each column of ``A`` across the classes of ``y``; for a
    numeric target, the F-test of the univariate linear regression.

    Parameters
    ----------
    A : array-like of shape (n_samples, n_units)
        Activations or features.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        Classes or numbers.
    sample_weight : array-like of shape (n_samples,), default=None
        Weights, of which only the ratios within a class matter; see the notes.
    task : {"auto", "classification", "regression"}, default="auto"
        What ``y`` is. "auto" takes floating-point numbers with a fractional part, and several
        columns, for a regression and everything else for classes.

    Returns
    -------
    statistics : FStatistics
        ``F``, ``p`` and ``eta2``, each of shape (n_units,).

    Raises
    ------
    ValueError
        For one class only, no more samples than classes, or bad input.

    Notes
    -----
    With K classes of n_k samples, n in all:

    - SSB = sum_k n_k (mean_k - mean)^2, between the classes,
    - SSW = sum_k sum_{x in k} (x - mean_k)^2, within them,
    - F = (SSB / (K - 1)) / (SSW / (n - K)), eta2 = SSB / (SSB + SSW).

    A constant unit has F = 0; one that varies between the classes but not within them has an
    infinite F. Everything is computed in float64 from centred values:
    `sklearn.feature_selection.f_classif` sums squares in the input's precision and can give a
    negative F for float32 data with an offset. With several numeric targets the explained share
    is averaged over those that vary.

    Sample weights enter the means and variances of the classes, and n_k is then the effective
    sample size of Kish [2]_, the squared sum of the weights over the sum of their squares: what
    the mean of a class is worth under them. So weights that are constant within each class, such
    as those that balance classes, change nothing, and p-values keep their meaning, where weights
    counted as repetitions would make noise significant. To count samples several times, repeat
    them. Weights that depend on the values within a class are beyond this.

    References
    ----------
    .. [1] R. A. Fisher, "Statistical Methods for Research Workers", 1925.
    .. [2] L. Kish, "Survey Sampling", 1965.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skscreen.screening import f_statistic
    >>> F, p, eta2 = f_statistic(*load_iris(return_X_y=True))
    >>> F.round(1), eta2.round(3)
    (array([ 119.3,   49.2, 1180.2,  960. ]), array([0.619, 0.401, 0.941, 0.929]))
    """
    A, y, task = checked_samples(A, y, task, sample_weight)
    moments, target = moments_for(A, y, task)
    return f_from_moments(moments.partial_fit(A, target, sample_weight))


def checked_samples(A, y, task, sample_weight=None):
    """Return units, target and task as statistics take them, or raise a ValueError.

    Parameters
    ----------
    A, y, task, sample_weight
        As for `f_statistic`; the weights' number is checked, not what they are.

    Returns
    -------
    A : ndarray of float32 or float64 of shape (n_samples, n_units)
    y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
    task : {"classification", "regression"}
    """
    A = check_array(A, dtype=[np.float64, np.float32], input_name="A")
    y = check_array(y, ensure_2d=False, dtype=None, input_name="y")
    check_consistent_length(A, y, sample_weight)
    return A, y, resolve_task(y, task)


def resolve_task(y, task):
    """Return "classification" or "regression"; "auto" looks at the target."""
    if task not in TASKS:
        raise ValueError(f"task must be one of {TASKS}, got {task!r}")
    if task != "auto":
        return task
    with np.errstate(invalid="ignore"):  # numbers beyond all integers
        kind = type_of_target(y, input_name="y")
    return "classification" if kind in ("binary", "multiclass") else "regression"


def moments_for(A, y, task):
    """Return empty moments that fit a target, and the target as they take it."""
    if task == "regression":
        targets = y.reshape(len(y), -1).astype(np.float64)
        return RegressionMoments(A.shape[1], targets.shape[1]), targets
    if y.ndim > 1 and y.shape[1] > 1:
        raise ValueError(f"classes must be given as one column, got shape {y.shape}")
    classes, codes = np.unique(y, return_inverse=True)
    return ClassMoments(len(classes), A.shape[1]), codes.ravel()


def omega_squared(moments: ClassMoments) -> NDArray[np.float64]:
    """Effect size omega2: eta2 without its upward bias in small samples.

    Parameters
    ----------
    moments : ClassMoments

    Returns
    -------
    omega2 : ndarray of shape (n_units,)
        ``(SSB - (K - 1) MSW) / (SSB + SSW + MSW)``; may be slightly negative, 0 for a constant
        unit.

    References
    ----------
    .. [1] W. L. Hays, "Statistics for Psychologists", 1963.
    """
    n_classes = int(np.count_nonzero(moments.weight_sum))
    F = f_from_moments(moments).F
    excess = (n_classes - 1) * (F - 1)
    omega2 = np.ones(len(F))
    finite = np.isfinite(F)
    omega2[finite] = excess[finite] / (excess[finite] + moments.effective_sizes().sum())
    return np.where(moments.constant(), 0.0, omega2)
