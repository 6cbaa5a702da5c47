"""The samples that a network is screened with."""

from dataclasses import dataclass

import numpy as np

from skscreen.screening import ClassMoments, RegressionMoments, Samples
from skscreen.screening.weights import effective_size


@dataclass(frozen=True)
class ScreeningData:
    """Samples to screen with.

    Parameters
    ----------
    X : ndarray of shape (n_samples, ...)
        Of the network's dtype, or uint8.
    target : ndarray
        Class codes of shape (n_samples,), or numbers of shape (n_samples, n_outputs).
    n_classes : int or None
        Number of classes; None for regression.
    sample_weight : ndarray of shape (n_samples,) or None
        Only their ratios matter; see `f_statistic`.
    """

    X: np.ndarray
    target: np.ndarray
    n_classes: int | None
    sample_weight: np.ndarray | None = None

    def collector(self, statistic):
        """Return the function that makes what a `Statistic` collects of so many units."""
        if not statistic.streams:
            task = "regression" if self.n_classes is None else "classification"
            return lambda n_units: Samples(task, self.n_classes)
        if self.n_classes is None:
            return lambda n_units: RegressionMoments(n_units, self.target.shape[1])
        return lambda n_units: ClassMoments(self.n_classes, n_units)

    def effective_size(self):
        """Return how many samples of equal weight these are worth."""
        return len(self.X) if self.sample_weight is None else effective_size(self.sample_weight)

    def subsample(self, n_samples, rng):
        """Draw at most so many of the samples that count, stratified by class, as an array."""
        rows = self._draw(n_samples, rng)
        return self._with(self.X[rows], rows)

    def drawn(self, n_samples, rng):
        """Do the same for a network to read: all as they are where so many are not there.

        Sparse samples stay sparse.
        """
        if len(self.X) <= n_samples:
            return self
        rows = self._draw(n_samples, rng)
        return self._with(self.X.subset(rows) if hasattr(self.X, "subset") else self.X[rows], rows)

    def _with(self, X, rows):
        weight = None if self.sample_weight is None else self.sample_weight[rows]
        return ScreeningData(X, self.target[rows], self.n_classes, weight)

    def _draw(self, n_samples, rng):
        """Return the rows of at most so many samples of positive weight, in rising order."""
        rows = np.arange(len(self.X))
        if self.sample_weight is not None:
            rows = np.flatnonzero(self.sample_weight)
        if len(rows) <= n_samples:
            return rows
        rows = rng.permutation(rows)
        if self.n_classes is not None:
            # each class's samples evenly over the order, so that its head is stratified
            codes = self.target[rows]
            rank = np.empty(len(rows))
            for k in range(self.n_classes):
                own = np.flatnonzero(codes == k)
                rank[own] = (np.arange(len(own)) + 0.5) / max(len(own), 1)
            rows = rows[np.argsort(rank, kind="stable")]
        return np.sort(rows[:n_samples])

    def unweighted_subsample(self, n_samples, rng):
        """Do the same for screens that take no weights.

        Raises
        ------
        ValueError
            If the samples that count have unequal weights.
        """
        drawn = self.subsample(n_samples, rng)
        weight = self.sample_weight
        if weight is not None and np.ptp(weight[weight > 0]) > 0:
            raise ValueError("this score_func takes no sample or class weights, got unequal ones")
        return ScreeningData(drawn.X, drawn.target, self.n_classes)
