"""How many of many units say nothing: estimated from their p-values alone."""

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import false_discovery_control

# p-values above this are taken for those of nulls.
THRESHOLD = 0.5
# Standard errors that an estimate may be wrong by where something hangs on it.
MARGIN = 2
# False discovery rate of the units that count as found.
LEVEL = 0.05


def null_share(p: ArrayLike, *, threshold: float = THRESHOLD) -> float:
    """Estimate the share of null units among all of them (Storey 2002).

    The p-values of nulls are uniform, and those of other units small. So hardly any but those of
    nulls are above a threshold, where ``1 - threshold`` of all nulls are.

    Parameters
    ----------
    p : array-like of shape (n_units,)
        p-values of units that vary: one that is constant is not tested.
    threshold : float in (0, 1), default=0.5
        The larger, the less biased upwards by units that say a little, and the less certain.

    Returns
    -------
    share : float
        ``min(1, #{p > threshold} / ((1 - threshold) * n_units))``; 1 without any unit, since then
        none is known to say something.

    Raises
    ------
    ValueError
        If a p-value is not in [0, 1], or the threshold not between 0 and 1.

    See Also
    --------
    null_share_error : How certain the estimate is.

    Notes
    -----
    A large p-value is no proof of a null where the test has little power: of 1,000 units that all
    say a little, seen on few samples, many are counted as nulls. `certain_null_share` tells the
    two apart.

    References
    ----------
    .. [1] J. D. Storey, "A direct approach to false discovery rates", Journal of the Royal
       Statistical Society B 64, 2002.

    Examples
    --------
    >>> import numpy as np
    >>> from skscreen.screening import null_share
    >>> p = np.concatenate([np.linspace(0, 1, 800), np.full(200, 1e-4)])
    >>> round(null_share(p), 3)
    0.8
    """
    p = _checked(p, threshold)
    if len(p) == 0:
        return 1.0
    return min(1.0, float(np.mean(p > threshold)) / (1 - threshold))


def null_share_error(p: ArrayLike, *, threshold: float = THRESHOLD) -> float:
    """Standard error of `null_share`, for independent units.

    Parameters
    ----------
    p : array-like of shape (n_units,)
        p-values.
    threshold : float in (0, 1), default=0.5
        That of the estimate.

    Returns
    -------
    error : float
        By the number of p-values above the threshold, which is binomial; infinite without units.

    Raises
    ------
    ValueError
        If a p-value is not in [0, 1], or the threshold not between 0 and 1.

    Examples
    --------
    >>> import numpy as np
    >>> from skscreen.screening import null_share_error
    >>> round(null_share_error(np.linspace(0, 1, 400)), 3)
    0.05
    """
    p = _checked(p, threshold)
    if len(p) == 0:
        return np.inf
    above = np.mean(p > threshold)
    return float(np.sqrt(above * (1 - above) / len(p))) / (1 - threshold)


def certain_null_share(p: ArrayLike) -> float:
    """Estimate the share of units that are null beyond doubt, not merely too weak to be found.

    Parameters
    ----------
    p : array-like of shape (n_units,)
        p-values of units that vary.

    Returns
    -------
    share : float
        `null_share`, less two of its standard errors, times the power of the test: the share of
        the other units that are found at a false discovery rate of 0.05. If nothing is found, 0.

    Raises
    ------
    ValueError
        If a p-value is not in [0, 1].

    Notes
    -----
    With pi0 the share of nulls, e its standard error and d the share that is found, the power is
    d / max(d, 1 - pi0 - 2 e): with the benefit of the doubt, since where nearly all are null the
    number of the others is hardly known.

    Few units are seldom null for sure, because of the error; and where every unit says a little
    the power is small.

    Examples
    --------
    >>> import numpy as np
    >>> from skscreen.screening import certain_null_share, f_statistic, null_share
    >>> rng = np.random.default_rng(0)
    >>> y = rng.integers(2, size=100)
    >>> noise = rng.standard_normal((100, 1000))
    >>> few_strong, many_weak = noise.copy(), noise + 0.25 * y[:, None]
    >>> few_strong[:, :100] += 2 * y[:, None]
    >>> for A in (few_strong, many_weak):
    ...     p = f_statistic(A, y).p
    ...     print(round(null_share(p), 2), round(certain_null_share(p), 2))
    0.9 0.83
    0.55 0.0
    """
    p = _checked(p, THRESHOLD)
    if len(p) == 0:
        return 0.0
    found = float(np.mean(false_discovery_control(p) <= LEVEL))
    if found == 0:
        return 0.0
    share = null_share(p)
    error = MARGIN * null_share_error(p)
    return max(0.0, share - error) * found / max(found, 1 - share - error)


def _checked(p, threshold):
    p = np.asarray(p, dtype=np.float64)
    if p.ndim != 1:
        raise ValueError(f"p must have one dimension, got shape {p.shape}")
    outside = ~((p >= 0) & (p <= 1))  # NaN too
    if outside.any():
        raise ValueError(f"p must be p-values in [0, 1], got {p[outside][0]:g}")
    if not 0 < threshold < 1:
        raise ValueError(f"threshold must be between 0 and 1, got {threshold!r}")
    return p
