"""Mean, variance and range of columns, mergeable and in a scale of their own."""

from dataclasses import dataclass

import numpy as np

from skscreen.screening.batches import NO_EXPONENT, scaled, shift


@dataclass
class Spread:
    """Mean, variance and range of columns in each of some groups of samples.

    Parameters
    ----------
    exponent : ndarray of int of shape (n_columns,)
        Origin, mean and variance are in units of ``2**exponent``, so that the squares of huge and
        of tiny values stay within float64.
    origin : ndarray of float64 of shape (..., n_columns)
        Near the data, so that an offset does not eat the digits of a small variance.
    mean : ndarray of float64 of shape (..., n_columns)
        Relative to the origin.
    variance : ndarray of float64 of shape (..., n_columns)
        Around the mean.
    low, high : ndarray of float64 of shape (..., n_columns)
        Smallest and largest value, in no scale.
    """

    exponent: np.ndarray
    origin: np.ndarray
    mean: np.ndarray
    variance: np.ndarray
    low: np.ndarray
    high: np.ndarray

    @classmethod
    def empty(cls, shape):
        """Make that of no samples, of shape (..., n_columns)."""
        return cls(
            exponent=np.full(shape[-1], NO_EXPONENT),
            origin=np.zeros(shape),
            mean=np.zeros(shape),
            variance=np.zeros(shape),
            low=np.full(shape, np.inf),
            high=np.full(shape, -np.inf),
        )

    @property
    def shape(self):
        """(..., n_columns)."""
        return self.mean.shape

    def natural(self, values, power=1):
        """Take values, or with ``power`` 2 squares, out of the scale."""
        return scaled(values, power * shift(self.exponent, 0))

    def squares(self):
        """Mean of the squared values, in the square of the scale."""
        return self.variance + (self.origin + self.mean) ** 2

    def origin_in(self, exponent):
        """Return the origin in another scale."""
        return scaled(self.origin, shift(self.exponent, exponent))

    def merge(self, other, share, new):
        """Add what another object has seen.

        Parameters
        ----------
        other : Spread
            Of the same shape; stays as it is.
        share : ndarray of float of shape (...,)
            Of its weight in the sum of weights, for each group.
        new : ndarray of bool of shape (...,)
            Whether a group was empty here; it takes the origin of the other.

        Returns
        -------
        step : ndarray of shape (..., n_columns)
            From the mean here to that of the other, in the scale of both.
        """
        share, new = np.asarray(share)[..., None], np.asarray(new)[..., None]
        exponent = np.maximum(self.exponent, other.exponent)
        self._rescale(exponent)
        powers = shift(other.exponent, exponent)
        origin = scaled(other.origin, powers)
        self.origin = np.where(new, origin, self.origin)
        step = scaled(other.mean, powers) + (origin - self.origin) - self.mean
        self.mean += step * share
        change = scaled(other.variance, 2 * powers) - self.variance
        self.variance += share * (change + (1 - share) * step**2)
        np.minimum(self.low, other.low, out=self.low)
        np.maximum(self.high, other.high, out=self.high)
        return step

    def _rescale(self, exponent):
        powers = shift(self.exponent, exponent)
        self.origin = scaled(self.origin, powers)
        self.mean = scaled(self.mean, powers)
        self.variance = scaled(self.variance, 2 * powers)
        self.exponent = exponent
