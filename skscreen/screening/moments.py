"""Class moments of units: streaming, weighted, mergeable."""

import numpy as np
from joblib import Parallel, delayed

from skscreen.kernels.moments import update_class_moments, update_regression_moments

ORIGIN_SAMPLES = 256


def _checked_batch(A, n_units, n_targets, sample_weight):
    """Return a 2-D batch and its weights, or raise."""
    A = np.asarray(A)
    if A.ndim != 2 or A.shape[1] != n_units:
        raise ValueError(f"A must have shape (n_samples, {n_units}), got {A.shape}")
    if A.dtype not in (np.float32, np.float64):
        A = A.astype(np.float64)
    if len(A) != n_targets:
        raise ValueError(f"A has {len(A)} samples, but there are {n_targets} targets")
    if sample_weight is None:
        return A, np.ones(len(A))
    weights = np.ascontiguousarray(sample_weight, dtype=np.float64)
    if weights.shape != (len(A),):
        raise ValueError(f"sample_weight must have shape ({len(A)},), got {weights.shape}")
    if not np.isfinite(weights).all() or (weights < 0).any():
        raise ValueError("sample_weight must be finite and not negative")
    return A, weights


def _new_origin(A, weights):
    """Mean of the first samples: near enough to the data for the differences to be exact."""
    first = np.flatnonzero(weights)[:ORIGIN_SAMPLES]
    return A[first].mean(axis=0, dtype=np.float64)


def _require_finite(moments, name):
    if not np.isfinite(moments).all():
        raise ValueError(f"{name} must be finite, got NaN or infinity")


class ClassMoments:
    """Weighted mean and variation of units within each class.

    Samples come in batches; the moments of parts can be merged. Memory is of the order of units
    times classes, whatever the number of samples.

    Parameters
    ----------
    n_classes : int
        Number of classes.
    n_units : int
        Number of units.
    decay : float in (0, 1], default=1.0
        For drifting data: before each further batch all that was seen counts only so much.

    Attributes
    ----------
    weight_sum : ndarray of shape (n_classes,)
        Sum of the sample weights of each class; the number of samples, without weights.
    within : ndarray of shape (n_classes, n_units)
        Weighted sum of squares around the class mean.
    low, high : ndarray of shape (n_classes, n_units)
        Smallest and largest value of each class.

    Notes
    -----
    All sums are centred and in float64, by the recursions of Welford [1]_ and of Chan, Golub and
    LeVeque [2]_, relative to an origin near the data.
    Sample weights count as repetitions.

    References
    ----------
    .. [1] B. P. Welford, "Note on a method for calculating corrected sums of squares and
       products", Technometrics 4, 1962.
    .. [2] T. F. Chan, G. H. Golub, R. J. LeVeque, "Algorithms for computing the sample variance",
       The American Statistician 37, 1983.

    Examples
    --------
    >>> import numpy as np
    >>> from skscreen.screening import ClassMoments
    >>> moments = ClassMoments(n_classes=2, n_units=1)
    >>> moments.partial_fit(np.array([[1.0], [3.0], [10.0]]), np.array([0, 0, 1])).means
    array([[ 2.],
           [10.]])
    """

    def __init__(self, n_classes, n_units, *, decay=1.0):
        if not 0 < decay <= 1:
            raise ValueError(f"decay must be in (0, 1], got {decay}")
        self.decay = decay
        shape = (n_classes, n_units)
        self.weight_sum = np.zeros(n_classes)
        self.within = np.zeros(shape)
        self.low = np.full(shape, np.inf)
        self.high = np.full(shape, -np.inf)
        self._origin = None
        self._mean = np.zeros(shape)  # relative to the origin

    @property
    def n_classes(self):
        """Number of classes."""
        return self._mean.shape[0]

    @property
    def n_units(self):
        """Number of units."""
        return self._mean.shape[1]

    @property
    def means(self):
        """Mean of each class, of shape (n_classes, n_units); NaN for an empty class."""
        means = self._mean + (0.0 if self._origin is None else self._origin)
        means[self.weight_sum == 0] = np.nan
        return means

    def partial_fit(self, A, codes, sample_weight=None):
        """Add a batch.

        Parameters
        ----------
        A : array-like of shape (n_samples, n_units)
            Activations, float32 or float64.
        codes : array-like of int of shape (n_samples,)
            Class numbers from 0 to n_classes - 1.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights, counted as repetitions.

        Returns
        -------
        self : ClassMoments

        Raises
        ------
        ValueError
            For other shapes, unknown classes, negative weights, or values that are not finite.
        """
        codes = np.asarray(codes)
        A, weights = _checked_batch(A, self.n_units, len(codes), sample_weight)
        if not weights.any():
            return self
        if codes.min() < 0 or codes.max() >= self.n_classes:
            raise ValueError(
                f"codes must be from 0 to {self.n_classes - 1}, got {codes.min()} to {codes.max()}"
            )
        origin = _new_origin(A, weights) if self._origin is None else self._origin
        _require_finite(origin, "A")
        batch = ClassMoments(self.n_classes, self.n_units)
        batch._origin = origin
        order = np.argsort(codes, kind="stable")
        update_class_moments(
            A,
            order[weights[order] > 0],
            codes,
            weights,
            origin,
            batch.weight_sum,
            batch._mean,
            batch.within,
            batch.low,
            batch.high,
        )
        _require_finite(batch._mean, "A")
        return self.forget(self.decay).merge(batch)

    def forget(self, factor):
        """Give the samples so far ``factor`` times their weight; ``low`` and ``high`` stay."""
        self.weight_sum *= factor
        self.within *= factor
        return self

    def merge(self, other):
        """Add the samples that another object has seen.

        Parameters
        ----------
        other : ClassMoments
            Of the same classes and units; stays as it is.

        Returns
        -------
        self : ClassMoments
        """
        if other._mean.shape != self._mean.shape:
            raise ValueError(
                f"moments to merge must have {self.n_classes} classes and {self.n_units} units, "
                f"got {other.n_classes} and {other.n_units}"
            )
        if other._origin is None:
            return self
        if self._origin is None:
            self._origin = other._origin.copy()
        total = self.weight_sum + other.weight_sum
        share = np.divide(other.weight_sum, total, out=np.zeros_like(total), where=total > 0)
        step = other._mean + (other._origin - self._origin) - self._mean
        self._mean += step * share[:, None]
        self.within += other.within + step**2 * (self.weight_sum * share)[:, None]
        self.weight_sum = total
        np.minimum(self.low, other.low, out=self.low)
        np.maximum(self.high, other.high, out=self.high)
        return self

    def centred_means(self):
        """Mean of each class relative to an origin near the data, of shape (n_classes, n_units).

        Differences between classes keep their digits whatever the offset of the data.
        """
        return self._mean.copy()

    def between(self):
        """Sum of squares between the class means, of shape (n_units,)."""
        present = self.weight_sum > 0
        weights, means = self.weight_sum[present], self._mean[present]
        # relative to one class, so that equal means give exactly zero
        steps = means - means[0]
        grand = weights @ steps / weights.sum()
        return weights @ (steps - grand) ** 2

    def constant(self):
        """Whether each unit has the same value in all samples, of shape (n_units,)."""
        present = self.weight_sum > 0
        return self.low[present].min(axis=0) == self.high[present].max(axis=0)

    def constant_within(self):
        """Whether each unit has one value per class, of shape (n_units,)."""
        present = self.weight_sum > 0
        return (self.low[present] == self.high[present]).all(axis=0)

    def variance(self):
        """Weighted variance around the common mean, of shape (n_units,)."""
        total = self.between() + self.within[self.weight_sum > 0].sum(axis=0)
        return total / self.weight_sum.sum()

    def mean_square(self):
        """Weighted mean of the squared values, of shape (n_units,)."""
        present = self.weight_sum > 0
        weights = self.weight_sum[present]
        squares = self.within[present].sum(axis=0) + weights @ self.means[present] ** 2
        return squares / weights.sum()


class RegressionMoments:
    """Weighted variances of units and numeric targets, and their covariances.

    Streams and merges like `ClassMoments`.

    Parameters
    ----------
    n_units : int
        Number of units.
    n_outputs : int
        Number of targets.

    Attributes
    ----------
    weight_sum : float
        Sum of the sample weights.
    sxx : ndarray of shape (n_units,)
        Weighted sum of squares of each unit around its mean.
    syy : ndarray of shape (n_outputs,)
        Likewise of each target.
    sxy : ndarray of shape (n_outputs, n_units)
        Weighted sums of products.

    Examples
    --------
    >>> import numpy as np
    >>> from skscreen.screening import RegressionMoments
    >>> moments = RegressionMoments(n_units=1, n_outputs=1)
    >>> moments.partial_fit(np.array([[0.0], [1.0], [2.0]]), np.array([[0.0], [2.0], [4.0]])).sxy
    array([[4.]])
    """

    def __init__(self, n_units, n_outputs):
        self.weight_sum = 0.0
        self.sxx = np.zeros(n_units)
        self.syy = np.zeros(n_outputs)
        self.sxy = np.zeros((n_outputs, n_units))
        self._origin = None
        self._mean = np.zeros(n_units)
        self._target_mean = np.zeros(n_outputs)
        self._low = np.full(n_units, np.inf)
        self._high = np.full(n_units, -np.inf)

    @property
    def n_units(self):
        """Number of units."""
        return len(self.sxx)

    @property
    def n_outputs(self):
        """Number of targets."""
        return len(self.syy)

    def partial_fit(self, A, targets, sample_weight=None):
        """Add a batch.

        Parameters
        ----------
        A : array-like of shape (n_samples, n_units)
            Activations, float32 or float64.
        targets : array-like of shape (n_samples, n_outputs)
        sample_weight : array-like of shape (n_samples,), default=None
            Weights, counted as repetitions.

        Returns
        -------
        self : RegressionMoments

        Raises
        ------
        ValueError
            For other shapes, negative weights, or values that are not finite.
        """
        targets = np.asarray(targets, dtype=np.float64)
        if targets.ndim != 2 or targets.shape[1] != self.n_outputs:
            raise ValueError(
                f"targets must have shape (n_samples, {self.n_outputs}), got {targets.shape}"
            )
        A, weights = _checked_batch(A, self.n_units, len(targets), sample_weight)
        if not weights.any():
            return self
        batch = RegressionMoments(self.n_units, self.n_outputs)
        batch._origin = self._origin
        if batch._origin is None:
            batch._origin = _new_origin(A, weights), _new_origin(targets, weights)
        _require_finite(batch._origin[0], "A")
        _require_finite(batch._origin[1], "targets")
        batch.weight_sum = update_regression_moments(
            A,
            targets,
            weights,
            0.0,
            *batch._origin,
            batch._mean,
            batch._target_mean,
            batch.sxx,
            batch.syy,
            batch.sxy,
        )
        _require_finite(batch._mean, "A")
        _require_finite(batch._target_mean, "targets")
        present = A[weights > 0]
        batch._low, batch._high = present.min(axis=0), present.max(axis=0)
        return self.merge(batch)

    def forget(self, factor):
        """Give the samples so far ``factor`` times their weight; whether they vary stays."""
        for sums in ("weight_sum", "sxx", "syy", "sxy"):
            setattr(self, sums, getattr(self, sums) * factor)
        return self

    def merge(self, other):
        """Add the samples that another object has seen.

        Parameters
        ----------
        other : RegressionMoments
            Of the same units and targets; stays as it is.

        Returns
        -------
        self : RegressionMoments
        """
        if other.sxy.shape != self.sxy.shape:
            raise ValueError(
                f"moments to merge must have {self.n_units} units and {self.n_outputs} targets, "
                f"got {other.n_units} and {other.n_outputs}"
            )
        if other._origin is None:
            return self
        if self._origin is None:
            self._origin = tuple(origin.copy() for origin in other._origin)
        total = self.weight_sum + other.weight_sum
        share = other.weight_sum / total
        step = other._mean + (other._origin[0] - self._origin[0]) - self._mean
        target_step = other._target_mean + (other._origin[1] - self._origin[1]) - self._target_mean
        factor = self.weight_sum * share
        self.sxx += other.sxx + factor * step**2
        self.syy += other.syy + factor * target_step**2
        self.sxy += other.sxy + factor * np.outer(target_step, step)
        self._mean = self._mean + share * step
        self._target_mean = self._target_mean + share * target_step
        self.weight_sum = total
        self._low = np.minimum(self._low, other._low)
        self._high = np.maximum(self._high, other._high)
        return self

    def constant(self):
        """Whether each unit has the same value in all samples, of shape (n_units,)."""
        return self._low == self._high

    def mean_square(self):
        """Weighted mean of the squared values, of shape (n_units,)."""
        return self.sxx / self.weight_sum + (self._mean + self._origin[0]) ** 2


def class_moments(A, codes, n_classes, sample_weight=None, *, chunk_size=8192, n_jobs=None):
    """Compute class moments chunk by chunk, in the workers of joblib.

    Parameters
    ----------
    A : array-like of shape (n_samples, n_units)
        Also a ``numpy.memmap``, of which a chunk at a time is read.
    codes : array-like of int of shape (n_samples,)
        Class numbers from 0 to n_classes - 1.
    n_classes : int
    sample_weight : array-like of shape (n_samples,), default=None
        Weights, counted as repetitions.
    chunk_size : int, default=8192
        Samples in a chunk.
    n_jobs : int or None, default=None
        Workers, of whatever backend is active.

    Returns
    -------
    moments : ClassMoments
        To the last bit the same for any number of workers: the chunks are the same, and merged in
        order.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skscreen.screening import class_moments, f_from_moments
    >>> X, y = load_iris(return_X_y=True)
    >>> f_from_moments(class_moments(X, y, 3, chunk_size=40)).F.round(1)
    array([ 119.3,   49.2, 1180.2,  960. ])
    """
    if len(A) != len(codes):
        raise ValueError(f"A has {len(A)} samples, but there are {len(codes)} targets")
    parts = Parallel(n_jobs=n_jobs, return_as="generator")(
        delayed(_chunk_moments)(
            A[start : start + chunk_size],
            codes[start : start + chunk_size],
            n_classes,
            None if sample_weight is None else sample_weight[start : start + chunk_size],
        )
        for start in range(0, len(A), chunk_size)
    )
    whole = ClassMoments(n_classes, A.shape[1])
    for part in parts:
        whole.merge(part)
    return whole


def _chunk_moments(A, codes, n_classes, sample_weight):
    return ClassMoments(n_classes, A.shape[1]).partial_fit(A, codes, sample_weight)
