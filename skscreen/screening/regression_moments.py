"""Moments of units and numeric targets: streaming, weighted, mergeable."""

import numpy as np

from skscreen._params import is_integer
from skscreen.kernels.moments import update_regression_moments
from skscreen.screening.batches import (
    NO_EXPONENT,
    as_floats,
    checked_batch,
    exponents,
    first_mean,
    require_finite,
    scaled,
    shift,
)


class _Side:
    """Origin, mean, variance and range of the units, or of the targets, in a scale of their own.

    All but the range is in units of ``2**exponent``; the mean is relative to the origin.
    """

    def __init__(self, n_columns):
        self.exponent = np.full(n_columns, NO_EXPONENT)
        self.origin = np.zeros(n_columns)
        self.mean = np.zeros(n_columns)
        self.variance = np.zeros(n_columns)
        self.low = np.full(n_columns, np.inf)
        self.high = np.full(n_columns, -np.inf)

    def open(self, values, earlier, name):
        """Choose scale and origin for values, those of an earlier part if there is one."""
        self.low, self.high = values.min(axis=0), values.max(axis=0)
        self.exponent = np.maximum(exponents(self.low, self.high), earlier.exponent)
        values = scaled(values, shift(0, self.exponent))
        if np.isinf(earlier.low).any():
            self.origin = first_mean(values)
        else:
            self.origin = scaled(earlier.origin, shift(earlier.exponent, self.exponent))
        require_finite(self.origin, name)
        return values

    def in_scale(self, exponent):
        """Return origin, mean and variance in another scale."""
        powers = shift(self.exponent, exponent)
        return (
            scaled(self.origin, powers),
            scaled(self.mean, powers),
            scaled(self.variance, 2 * powers),
        )

    def merge(self, other, share, new):
        """Add what another part has seen; return the step between the means."""
        exponent = np.maximum(self.exponent, other.exponent)
        self.origin, self.mean, self.variance = self.in_scale(exponent)
        self.exponent = exponent
        origin, mean, variance = other.in_scale(exponent)
        if new:
            self.origin = origin
        step = mean + (origin - self.origin) - self.mean
        self.mean = self.mean + step * share
        change = variance - self.variance
        self.variance = self.variance + share * (change + (1 - share) * step**2)
        self.low = np.minimum(self.low, other.low)
        self.high = np.maximum(self.high, other.high)
        return step


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
        Sum of the sample weights; the number of samples, without weights.

    Examples
    --------
    >>> import numpy as np
    >>> from skscreen.screening import RegressionMoments
    >>> moments = RegressionMoments(n_units=1, n_outputs=1)
    >>> moments.partial_fit(np.array([[0.0], [1.0], [2.0]]), np.array([[0.0], [2.0], [4.0]])).sxy
    array([[4.]])
    """

    def __init__(self, n_units, n_outputs):
        for name, value in (("n_units", n_units), ("n_outputs", n_outputs)):
            if not is_integer(value) or value < 1:
                raise ValueError(f"{name} must be an integer of at least 1, got {value!r}")
        self.weight_sum = 0.0
        self._weight_mean = 0.0  # of the weights, weighted by themselves
        self._units = _Side(n_units)
        self._targets = _Side(n_outputs)
        self._covariance = np.zeros((n_outputs, n_units))

    @property
    def n_units(self):
        """Number of units."""
        return self._covariance.shape[1]

    @property
    def n_outputs(self):
        """Number of targets."""
        return self._covariance.shape[0]

    def effective_size(self):
        """Samples that the weights are worth; see `ClassMoments.effective_sizes`."""
        return self.weight_sum / self._weight_mean if self.weight_sum else 0.0

    @property
    def sxx(self):
        """Sum of squares of each unit around its mean, of shape (n_units,)."""
        return self._sum(self._units.variance, 2 * shift(self._units.exponent, 0))

    @property
    def syy(self):
        """Likewise of each target, of shape (n_outputs,)."""
        return self._sum(self._targets.variance, 2 * shift(self._targets.exponent, 0))

    @property
    def sxy(self):
        """Sums of products, of shape (n_outputs, n_units)."""
        powers = shift(self._targets.exponent, 0)[:, None] + shift(self._units.exponent, 0)
        return self._sum(self._covariance, powers)

    def _sum(self, mean, powers):
        return scaled(mean * self.effective_size(), powers)

    def partial_fit(self, A, targets, sample_weight=None):
        """Add a batch.

        Parameters
        ----------
        A : array-like of shape (n_samples, n_units)
            Activations, float32 or float64.
        targets : array-like of shape (n_samples, n_outputs)
        sample_weight : array-like of shape (n_samples,), default=None
            Weights, of which only the ratios matter.

        Returns
        -------
        self : RegressionMoments

        Raises
        ------
        ValueError
            For other shapes, negative weights, or values that are not finite.
        """
        targets = as_floats(targets, "targets")
        if targets.ndim != 2 or targets.shape[1] != self.n_outputs:
            raise ValueError(
                f"targets must have shape (n_samples, {self.n_outputs}), got {targets.shape}"
            )
        A, weights = checked_batch(A, self.n_units, len(targets), sample_weight)
        if not weights.all():
            counted = weights > 0
            A, targets, weights = A[counted], targets[counted], weights[counted]
        if len(A) == 0:
            return self
        batch = RegressionMoments(self.n_units, self.n_outputs)
        batch._collect(A, targets, weights, self)
        return self.merge(batch)

    def _collect(self, A, targets, weights, earlier):
        """Fill empty moments with samples, in the scale and at the origins of earlier ones."""
        A = self._units.open(A, earlier._units, "A")
        targets = self._targets.open(targets, earlier._targets, "targets")
        # relative to the largest: the squares of tiny weights would vanish
        largest = weights.max()
        weights = weights / largest
        total = update_regression_moments(
            A,
            targets,
            weights,
            0.0,
            self._units.origin,
            self._targets.origin,
            self._units.mean,
            self._targets.mean,
            self._units.variance,
            self._targets.variance,
            self._covariance,
        )
        require_finite(self._units.mean, "A")
        require_finite(self._targets.mean, "targets")
        for sums in (self._units.variance, self._targets.variance, self._covariance):
            sums /= total
        self.weight_sum = total * largest
        self._weight_mean = (weights @ weights) * largest / total

    def forget(self, factor):
        """Give the samples so far ``factor`` times their weight; whether they vary stays."""
        self.weight_sum *= factor
        self._weight_mean *= factor
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
        if other._covariance.shape != self._covariance.shape:
            raise ValueError(
                f"moments to merge must have {self.n_units} units and {self.n_outputs} targets, "
                f"got {other.n_units} and {other.n_outputs}"
            )
        if other.weight_sum == 0:
            return self
        total = self.weight_sum + other.weight_sum
        share = other.weight_sum / total
        covariance, other_covariance = self._covariance, other._covariance
        before = self._powers()
        new = self.weight_sum == 0
        step = self._units.merge(other._units, share, new)
        target_step = self._targets.merge(other._targets, share, new)
        after = self._powers()
        covariance = scaled(covariance, np.where(covariance == 0, 0, before - after))
        other_covariance = scaled(
            other_covariance, np.where(other_covariance == 0, 0, other._powers() - after)
        )
        change = other_covariance - covariance + (1 - share) * np.outer(target_step, step)
        self._covariance = covariance + share * change
        self._weight_mean += (other._weight_mean - self._weight_mean) * share
        self.weight_sum = total
        return self

    def _powers(self):
        """Exponents of the units that the covariances are in."""
        return self._targets.exponent[:, None] + self._units.exponent

    def explained(self):
        """Share of each target's variation that each unit explains.

        Returns
        -------
        shares : ndarray of shape (n_outputs, n_units)
            Squared correlations; 0 for a constant unit, or target.
        """
        product = np.outer(self._targets.variance, self._units.variance)
        shares = np.divide(
            self._covariance**2, product, out=np.zeros_like(product), where=product > 0
        )
        shares[self.constant_targets()] = 0.0
        shares[:, self.constant()] = 0.0
        return np.minimum(shares, 1.0)

    def constant(self):
        """Whether each unit has the same value in all samples, of shape (n_units,)."""
        return self._units.low == self._units.high

    def constant_targets(self):
        """Whether each target has the same value in all samples, of shape (n_outputs,)."""
        return self._targets.low == self._targets.high

    def mean(self):
        """Weighted mean of the values, of shape (n_units,)."""
        return scaled(self._units.mean + self._units.origin, shift(self._units.exponent, 0))

    def variance(self):
        """Weighted variance around the mean, of shape (n_units,)."""
        return scaled(self._units.variance, 2 * shift(self._units.exponent, 0))

    def mean_square(self):
        """Weighted mean of the squared values, of shape (n_units,)."""
        units = self._units
        squares = units.variance + (units.mean + units.origin) ** 2
        return scaled(squares, 2 * shift(units.exponent, 0))
