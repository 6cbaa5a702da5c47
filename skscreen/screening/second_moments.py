"""Second moments of units, and with numeric targets: streaming, weighted, mergeable."""

import numpy as np

from skscreen.screening.batches import (
    checked_batch,
    first_mean,
    require_finite,
    require_same_counts,
)


class SecondMoments:
    """Weighted means and products of units, and of units with targets.

    Samples come in batches; the moments of parts can be merged. Memory is of the order of units
    squared, whatever the number of samples.

    Parameters
    ----------
    n_units : int
        Number of units.
    n_targets : int, default=0
        Number of targets.

    Attributes
    ----------
    weight_sum : float
        Sum of the sample weights; the number of samples, without weights.
    scatter : ndarray of shape (n_units, n_units)
        Weighted sums of products of the units, around their means.
    cross : ndarray of shape (n_units, n_targets)
        Likewise of units and targets.
    target_squares : ndarray of shape (n_targets,)
        Weighted sum of squares of each target around its mean.

    Notes
    -----
    All sums are centred and in float64, relative to an origin near the data, batch by batch by the
    recursion of Chan, Golub and LeVeque [1]_: an offset of the data does not eat their digits.
    Sample weights count as repetitions.

    References
    ----------
    .. [1] T. F. Chan, G. H. Golub, R. J. LeVeque, "Algorithms for computing the sample variance",
       The American Statistician 37, 1983.

    Examples
    --------
    >>> import numpy as np
    >>> from skscreen.screening import SecondMoments
    >>> moments = SecondMoments(n_units=2).partial_fit(np.array([[1.0, 0.0], [3.0, 4.0]]))
    >>> moments.covariance()
    array([[1., 2.],
           [2., 4.]])
    """

    def __init__(self, n_units, n_targets=0):
        self.weight_sum = 0.0
        self.scatter = np.zeros((n_units, n_units))
        self.cross = np.zeros((n_units, n_targets))
        self.target_squares = np.zeros(n_targets)
        self._origin = None
        self._mean = np.zeros(n_units)  # relative to the origin
        self._target_mean = np.zeros(n_targets)  # likewise

    @property
    def n_units(self):
        """Number of units."""
        return len(self.scatter)

    @property
    def n_targets(self):
        """Number of targets."""
        return len(self.target_squares)

    @property
    def means(self):
        """Mean of each unit, of shape (n_units,)."""
        return self._mean + (0.0 if self._origin is None else self._origin[0])

    @property
    def target_means(self):
        """Mean of each target, of shape (n_targets,)."""
        return self._target_mean + (0.0 if self._origin is None else self._origin[1])

    def covariance(self):
        """Weighted covariance of the units, of shape (n_units, n_units)."""
        return self.scatter / self.weight_sum

    def cross_covariance(self):
        """Weighted covariance of units and targets, of shape (n_units, n_targets)."""
        return self.cross / self.weight_sum

    def partial_fit(self, A, targets=None, sample_weight=None):
        """Add a batch.

        Parameters
        ----------
        A : array-like of shape (n_samples, n_units)
            Activations, float32 or float64.
        targets : array-like of shape (n_samples, n_targets), default=None
            May be missing where there are no targets.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights, counted as repetitions.

        Returns
        -------
        self : SecondMoments

        Raises
        ------
        ValueError
            For other shapes, negative weights, or values that are not finite.
        """
        if targets is None:
            targets = np.empty((len(A), 0))
        targets = np.asarray(targets)
        if targets.ndim != 2 or targets.shape[1] != self.n_targets:
            raise ValueError(
                f"targets must have shape (n_samples, {self.n_targets}), got {targets.shape}"
            )
        A, weights = checked_batch(A, self.n_units, len(targets), sample_weight)
        if not weights.any():
            return self
        if self._origin is None:
            rows = np.flatnonzero(weights)
            self._take(A, targets, weights, (first_mean(A, rows), first_mean(targets, rows)))
            return self
        batch = SecondMoments(self.n_units, self.n_targets)
        batch._take(A, targets, weights, self._origin)
        return self.merge(batch)

    def _take(self, A, targets, weights, origin):
        """Take the moments of a batch; these moments must be empty."""
        A, mean = _centred(A, origin[0], weights, "A")
        targets, target_mean = _centred(targets, origin[1], weights, "targets")
        self._origin, self._mean, self._target_mean = origin, mean, target_mean
        self.weight_sum = float(weights.sum())
        self.scatter = A.T @ A  # of an array with itself: half the work, and exactly symmetric
        self.cross = A.T @ targets
        self.target_squares = np.einsum("ij,ij->j", targets, targets)

    def merge(self, other):
        """Add the samples that another object has seen.

        Parameters
        ----------
        other : SecondMoments
            Of the same units and targets; stays as it is.

        Returns
        -------
        self : SecondMoments
        """
        require_same_counts(self.cross.shape, other.cross.shape, ("units", "targets"))
        if other._origin is None:
            return self
        if self._origin is None:
            self._copy(other)
            return self
        total = self.weight_sum + other.weight_sum
        share = other.weight_sum / total
        step = other._mean + (other._origin[0] - self._origin[0]) - self._mean
        target_step = other._target_mean + (other._origin[1] - self._origin[1]) - self._target_mean
        root = np.sqrt(self.weight_sum * share)
        # in place, for these arrays are large
        self.scatter += other.scatter
        self.scatter += np.outer(root * step, root * step)
        self.cross += other.cross
        self.cross += np.outer(root * step, root * target_step)
        self.target_squares += other.target_squares + (root * target_step) ** 2
        self._mean = self._mean + share * step
        self._target_mean = self._target_mean + share * target_step
        self.weight_sum = total
        return self

    def _copy(self, other):
        """Take what another object has; these moments must be empty."""
        self._origin, self._mean, self._target_mean = (
            other._origin,
            other._mean,
            other._target_mean,
        )
        self.weight_sum = other.weight_sum
        self.scatter, self.cross = other.scatter.copy(), other.cross.copy()
        self.target_squares = other.target_squares.copy()

    def with_linear_targets(self, weight, bias):
        """Return moments of the same units with ``units @ weight + bias`` as targets.

        Parameters
        ----------
        weight : ndarray of shape (n_units, n_targets)
        bias : ndarray of shape (n_targets,)

        Returns
        -------
        moments : SecondMoments
            What `partial_fit` would have made of them; shares `scatter` with this one.
        """
        weight = weight.astype(np.float64)
        moments = SecondMoments(self.n_units, weight.shape[1])
        moments.weight_sum = self.weight_sum
        moments.scatter = self.scatter
        moments.cross = self.scatter @ weight
        moments.target_squares = np.einsum("ij,ij->j", weight, moments.cross)
        if self._origin is not None:
            moments._origin = self._origin[0], self._origin[0] @ weight + bias
            moments._mean = self._mean
            moments._target_mean = self._mean @ weight
        return moments

    def of_targets(self, index):
        """Return moments of the same units with some of the targets.

        Parameters
        ----------
        index : ndarray of int

        Returns
        -------
        moments : SecondMoments
            Shares `scatter` with this one.
        """
        moments = SecondMoments(self.n_units, len(index))
        moments.weight_sum = self.weight_sum
        moments.scatter = self.scatter
        moments.cross = self.cross[:, index]
        moments.target_squares = self.target_squares[index]
        moments._mean = self._mean
        moments._target_mean = self._target_mean[index]
        if self._origin is not None:
            moments._origin = self._origin[0], self._origin[1][index]
        return moments


def _centred(values, origin, weights, name):
    """Return root-weighted deviations from the mean, in float64, and the mean less the origin."""
    require_finite(origin, name)
    deviations = values - origin  # float64, since the origin is
    mean = weights @ deviations / weights.sum()
    require_finite(mean, name)
    deviations -= mean
    deviations *= np.sqrt(weights)[:, None]
    return deviations, mean
