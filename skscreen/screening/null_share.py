"""How many of many units say nothing: estimated from their p-values alone."""

import numpy as np

# p-values above this are taken for those of nulls.
THRESHOLD = 0.5


def null_share(p, *, threshold=THRESHOLD):
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
    say a little, seen on few samples, many are counted as nulls. What share of the others the
    test finds tells the two apart; `skscreen.ScreeningPruner` looks at both.

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


def null_share_error(p, *, threshold=THRESHOLD):
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
