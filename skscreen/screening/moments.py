"""Class moments of units: streaming, weighted, mergeable."""

from dataclasses import replace

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import ArrayLike

from skscreen._params import require_counts
from skscreen.kernels.moments import first_class_means, update_class_moments
from skscreen.screening.batches import (
    ORIGIN_SAMPLES,
    checked_batch,
    checked_codes,
    exponents,
    of_positive_weight,
    require_finite,
    require_same_counts,
    scaled,
    shift,
)
from skscreen.screening.spread import Spread
from skscreen.screening.weights import WeightTotals


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

    Notes
    -----
    All sums are centred and in float64, by the recursions of Welford [1]_ and of Chan, Golub and
    LeVeque [2]_, relative to an origin near the data of the class, and in units of a power of two
    where values are huge or tiny.

    Sample weights are relative: multiplied by a constant they change nothing, and within a class
    they are worth ``effective_sizes()`` samples, which is what sums of squares count [3]_.

    References
    ----------
    .. [1] B. P. Welford, "Note on a method for calculating corrected sums of squares and
       products", Technometrics 4, 1962.
    .. [2] T. F. Chan, G. H. Golub, R. J. LeVeque, "Algorithms for computing the sample variance",
       The American Statistician 37, 1983.
    .. [3] L. Kish, "Survey Sampling", 1965.

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
        require_counts(n_classes=n_classes, n_units=n_units)
        if not 0 < decay <= 1:
            raise ValueError(f"decay must be in (0, 1], got {decay}")
        self.decay = decay
        self._totals = WeightTotals.empty((n_classes,))
        self._units = Spread.empty((n_classes, n_units))

    @property
    def n_classes(self):
        """Number of classes."""
        return self._units.shape[0]

    @property
    def n_units(self):
        """Number of units."""
        return self._units.shape[1]

    @property
    def weight_sum(self):
        """Sum of the sample weights of each class, of shape (n_classes,).

        Without weights the number of samples.
        """
        return self._totals.sum

    @property
    def low(self):
        """Smallest value of each class, of shape (n_classes, n_units)."""
        return self._units.low

    @property
    def high(self):
        """Largest value of each class, of shape (n_classes, n_units)."""
        return self._units.high

    @property
    def means(self):
        """Mean of each class, of shape (n_classes, n_units); NaN for an empty class."""
        means = self._natural(self._units.origin + self._units.mean)
        means[self.weight_sum == 0] = np.nan
        return means

    @property
    def within(self):
        """Sum of squares around the class mean, of shape (n_classes, n_units)."""
        return self._natural(self.scaled_within(), 2)

    def _natural(self, values, power=1):
        return self._units.natural(values, power).copy()

    def effective_sizes(self):
        """Samples that each class is worth, of shape (n_classes,); 0 for an empty class.

        Kish's ``(sum of the weights)**2 / (sum of their squares)``: the mean of samples of equal
        variance varies as that of so many samples without weights. Equal weights make it the
        number of samples.
        """
        return self._totals.effective_sizes()

    def partial_fit(self, A, codes, sample_weight=None):
        """Add a batch.

        Parameters
        ----------
        A : array-like of shape (n_samples, n_units)
            Activations, float32 or float64.
        codes : array-like of int of shape (n_samples,)
            Class numbers from 0 to n_classes - 1.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights, of which only the ratios matter.

        Returns
        -------
        self : ClassMoments

        Raises
        ------
        ValueError
            For other shapes, unknown classes, negative weights, or values that are not finite.
        """
        codes = checked_codes(codes, self.n_classes)
        A, weights = checked_batch(A, self.n_units, len(codes), sample_weight)
        weights, A, codes = of_positive_weight(weights, A, codes)
        if len(A) == 0:
            return self
        batch = self._batch(A, codes, weights)
        if not self.weight_sum.any():
            vars(self).update(vars(batch) | {"decay": self.decay})
            return self
        return self.forget(self.decay).merge(batch)

    def _batch(self, A, codes, weights):
        """Return moments of samples, at the origins of the earlier ones."""
        batch = ClassMoments(self.n_classes, self.n_units)
        exponent = shift(self._units.exponent, 0)
        while True:
            with np.errstate(over="ignore", invalid="ignore"):  # in the wrong scale, or not finite
                batch._totals, units = self._collect(
                    scaled(A, -exponent), codes, weights, exponent
                )
            # a pass over the data to find their scale first would cost more, for it is mostly 1
            found = exponents(units.low.min(axis=0), units.high.max(axis=0))
            found = np.maximum(found, self._units.exponent)
            if (shift(found, exponent) == 0).all():
                break
            exponent = shift(found, 0)
        require_finite(units.origin, "A")
        require_finite(units.mean, "A")
        batch._units = replace(units, exponent=found)
        return batch

    def _collect(self, A, codes, weights, exponent):
        """Return the totals and the spread of samples in a scale."""
        order = np.argsort(codes, kind="stable")
        ends = np.searchsorted(codes, np.arange(self.n_classes), side="right", sorter=order)
        starts = np.concatenate([[0], ends[:-1]])
        origin = self._units.origin_in(exponent).copy()
        new = np.flatnonzero((self.weight_sum == 0) & (ends > starts))
        first_class_means(A, order, starts, np.minimum(ends, starts + ORIGIN_SAMPLES), new, origin)
        units = replace(Spread.empty(origin.shape), exponent=exponent, origin=origin)
        # relative to the largest of the class: the squares of tiny weights would vanish
        largest = np.zeros(self.n_classes)
        np.maximum.at(largest, codes, weights)
        weights = weights / largest[codes]
        total = np.zeros(self.n_classes)
        update_class_moments(
            A,
            order[weights[order] > 0],
            codes,
            weights,
            origin,
            total,
            units.mean,
            units.variance,
            units.low,
            units.high,
        )
        present = total > 0
        units.variance[present] /= total[present, None]
        squares = np.bincount(codes, weights**2, self.n_classes) * largest
        mean = np.divide(squares, total, out=np.zeros_like(total), where=present)
        low, high = units.natural(units.low), units.natural(units.high)
        return WeightTotals(total * largest, mean), replace(units, low=low, high=high)

    def forget(self, factor):
        """Give the samples so far ``factor`` times their weight; ``low`` and ``high`` stay."""
        self._totals.forget(factor)
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
        require_same_counts(self._units.shape, other._units.shape, ("classes", "units"))
        new = self.weight_sum == 0
        share = self._totals.merge(other._totals)
        self._units.merge(other._units, share, new)
        return self

    def scaled_means(self):
        """Mean of each class relative to that of the first that has samples.

        Differences between classes keep their digits whatever the offset of the data.

        Returns
        -------
        means : ndarray of shape (n_classes, n_units)
            Of classes with samples, in units of a power of two for each unit of the network: 1
            unless its values are huge or tiny.
        """
        first = np.argmax(self.weight_sum > 0)
        origin, mean = self._units.origin, self._units.mean
        return (origin - origin[first]) + (mean - mean[first])

    def scaled_within(self):
        """Like `within`, in the square of the units of `scaled_means`."""
        return self._units.variance * self.effective_sizes()[:, None]

    def scaled_between(self):
        """Like `between`, in the square of the units of `scaled_means`."""
        return self._between(self.effective_sizes())

    def _between(self, sizes):
        present = sizes > 0
        sizes, means = sizes[present], self.scaled_means()[present]
        grand = sizes @ means / sizes.sum()
        return sizes @ (means - grand) ** 2

    def between(self):
        """Sum of squares between the class means, of shape (n_units,)."""
        return self._natural(self.scaled_between(), 2)

    def constant(self):
        """Whether each unit has the same value in all samples, of shape (n_units,)."""
        present = self.weight_sum > 0
        return self.low[present].min(axis=0) == self.high[present].max(axis=0)

    def constant_within(self):
        """Whether each unit has one value per class, of shape (n_units,)."""
        present = self.weight_sum > 0
        return (self.low[present] == self.high[present]).all(axis=0)

    def mean(self):
        """Weighted mean over all classes, of shape (n_units,)."""
        return self._natural(self._shares() @ (self._units.origin + self._units.mean))

    def variance(self):
        """Weighted variance around the common mean, of shape (n_units,)."""
        shares = self._shares()
        return self._natural(shares @ self._units.variance + self._between(shares), 2)

    def mean_square(self):
        """Weighted mean of the squared values, of shape (n_units,)."""
        return self._natural(self._shares() @ self._units.squares(), 2)

    def _shares(self):
        """Share of each class in the sum of weights."""
        largest = self.weight_sum.max()
        return self.weight_sum / largest / (self.weight_sum / largest).sum()


def class_moments(
    A: ArrayLike,
    codes: ArrayLike,
    n_classes: int,
    sample_weight: ArrayLike | None = None,
    *,
    chunk_size: int = 8192,
    n_jobs: int | None = None,
) -> ClassMoments:
    """Compute class moments chunk by chunk, in the workers of joblib.

    Parameters
    ----------
    A : array-like of shape (n_samples, n_units)
        Also a ``numpy.memmap``, of which a chunk at a time is read.
    codes : array-like of int of shape (n_samples,)
        Class numbers from 0 to n_classes - 1.
    n_classes : int
    sample_weight : array-like of shape (n_samples,), default=None
        Weights, of which only the ratios matter.
    chunk_size : int >= 1, default=8192
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
    require_counts(chunk_size=chunk_size)
    A, codes = (np.asanyarray(array) for array in (A, codes))
    if A.ndim != 2:
        raise ValueError(f"A must have shape (n_samples, n_units), got {A.shape}")
    whole = ClassMoments(n_classes, A.shape[1])
    checked_codes(codes, n_classes)
    for name, array in (("targets", codes), ("sample weights", sample_weight)):
        if array is not None and len(array) != len(A):
            raise ValueError(f"A has {len(A)} samples, but there are {len(array)} {name}")
    parts = Parallel(n_jobs=n_jobs, return_as="generator")(
        delayed(_chunk_moments)(
            A[start : start + chunk_size],
            codes[start : start + chunk_size],
            n_classes,
            None if sample_weight is None else sample_weight[start : start + chunk_size],
        )
        for start in range(0, len(A), chunk_size)
    )
    for part in parts:
        whole.merge(part)
    return whole


def _chunk_moments(A, codes, n_classes, sample_weight):
    return ClassMoments(n_classes, A.shape[1]).partial_fit(A, codes, sample_weight)
