"""Moments of units and numeric targets: streaming, weighted, mergeable."""

import numpy as np

from skscreen._params import require_counts
from skscreen.kernels.moments import update_regression_moments
from skscreen.screening.batches import (
    as_floats,
    checked_batch,
    exponents,
    first_mean,
    of_positive_weight,
    require_finite,
    require_same_counts,
    scaled,
    shift,
)
from skscreen.screening.spread import Spread
from skscreen.screening.weights import WeightTotals


class RegressionMoments:
    """Weighted variances of units and numeric targets, and their covariances.

    Streams and merges like `ClassMoments`.

    Parameters
    ----------
    n_units : int
        Number of units.
    n_outputs : int
        Number of targets.

    Examples
    --------
    >>> import numpy as np
    >>> from skscreen.screening import RegressionMoments
    >>> moments = RegressionMoments(n_units=1, n_outputs=1)
    >>> moments.partial_fit(np.array([[0.0], [1.0], [2.0]]), np.array([[0.0], [2.0], [4.0]])).sxy
    array([[4.]])
    """

    def __init__(self, n_units, n_outputs):
        require_counts(n_units=n_units, n_outputs=n_outputs)
        self._totals = WeightTotals.empty()
        self._units = Spread.empty((n_units,))
        self._targets = Spread.empty((n_outputs,))
        self._covariance = np.zeros((n_outputs, n_units))

    @property
    def n_units(self):
        """Number of units."""
        return self._covariance.shape[1]

    @property
    def n_outputs(self):
        """Number of targets."""
        return self._covariance.shape[0]

    @property
    def weight_sum(self):
        """Sum of the sample weights; without weights the number of samples."""
        return float(self._totals.sum)

    def effective_size(self):
        """Samples that the weights are worth; see `ClassMoments.effective_sizes`."""
        return float(self._totals.effective_sizes())

    @property
    def sxx(self):
        """Sum of squares of each unit around its mean, of shape (n_units,)."""
        return self._units.natural(self._units.variance * self.effective_size(), 2)

    @property
    def syy(self):
        """Likewise of each target, of shape (n_outputs,)."""
        return self._targets.natural(self._targets.variance * self.effective_size(), 2)

    @property
    def sxy(self):
        """Sums of products, of shape (n_outputs, n_units)."""
        powers = shift(self._targets.exponent, 0)[:, None] + shift(self._units.exponent, 0)
        return scaled(self._covariance * self.effective_size(), powers)

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
        weights, A, targets = of_positive_weight(weights, A, targets)
        if len(A) == 0:
            return self
        batch = RegressionMoments(self.n_units, self.n_outputs)
        batch._collect(A, targets, weights, self)
        return self.merge(batch)

    def _collect(self, A, targets, weights, earlier):
        """Fill empty moments with samples, in the scale and at the origins of earlier ones."""
        A, self._units = _opened(A, earlier._units, "A")
        targets, self._targets = _opened(targets, earlier._targets, "targets")
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
        self._totals = WeightTotals(total * largest, (weights @ weights) * largest / total)

    def forget(self, factor):
        """Give the samples so far ``factor`` times their weight; whether they vary stays."""
        self._totals.forget(factor)
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
        require_same_counts(
            (self.n_units, self.n_outputs), (other.n_units, other.n_outputs), ("units", "targets")
        )
        if other.weight_sum == 0:
            return self
        new = self.weight_sum == 0
        share = self._totals.merge(other._totals)
        covariance, other_covariance = self._covariance, other._covariance
        before = self._powers()
        step = self._units.merge(other._units, share, new)
        target_step = self._targets.merge(other._targets, share, new)
        after = self._powers()
        covariance = scaled(covariance, np.where(covariance == 0, 0, before - after))
        other_covariance = scaled(
            other_covariance, np.where(other_covariance == 0, 0, other._powers() - after)
        )
        change = other_covariance - covariance + (1 - share) * np.outer(target_step, step)
        self._covariance = covariance + share * change
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
        return self._units.natural(self._units.origin + self._units.mean)

    def variance(self):
        """Weighted variance around the mean, of shape (n_units,)."""
        return self._units.natural(self._units.variance, 2)

    def mean_square(self):
        """Weighted mean of the squared values, of shape (n_units,)."""
        return self._units.natural(self._units.squares(), 2)


def _opened(values, earlier, name):
    """Return values in a scale of their own, and an empty `Spread` of that scale near them.

    Scale and origin are those of an earlier part, if there is one that they suit.
    """
    low, high = values.min(axis=0), values.max(axis=0)
    exponent = np.maximum(exponents(low, high), earlier.exponent)
    values = scaled(values, shift(0, exponent))
    is_first = np.isinf(earlier.low).any()
    origin = first_mean(values) if is_first else earlier.origin_in(exponent)
    require_finite(origin, name)
    mean, variance = np.zeros(len(low)), np.zeros(len(low))
    return values, Spread(exponent, origin, mean, variance, low, high)
