"""From values at many positions of an image to observations of a unit.

A channel, or an im2col column, has one value per position; an F-statistic needs observations. The
poolings differ in what they make of the positions.
"""

import numpy as np

from skscreen.screening.moments import ClassMoments
from skscreen.screening.regression_moments import RegressionMoments


def _mean(values):
    return values.mean(axis=1)


def _maximum(values):
    return values.max(axis=1)


def _positions(values):
    return values.reshape(-1, values.shape[2])


def _local(values):
    return values.reshape(len(values), -1)


#: name -> function from (n_samples, n_positions, n_units) to (n_observations, n_columns)
POOLINGS = {
    "mean": _mean,  # one observation per sample: the mean over its positions
    "max": _maximum,  # one observation per sample: the largest value
    "positions": _positions,  # every position of every sample is an observation
    "local": _local,  # every position is a unit of its own; their statistics are averaged
}


class Samples:
    """Observations kept as they are, for screens that class moments are not enough for.

    Parameters
    ----------
    task : {"classification", "regression"}
    n_classes : int or None
    """

    def __init__(self, task, n_classes):
        self.task = task
        self.n_classes = n_classes
        self._parts = []

    def partial_fit(self, A, target, sample_weight=None):
        """Add samples; weights are not taken."""
        self._parts.append((np.array(A), np.array(target)))
        return self

    def merge(self, other):
        """Add the samples that another object has seen."""
        self._parts += other._parts
        return self

    def arrays(self):
        """Return all observations and their targets."""
        A, target = (np.concatenate(part) for part in zip(*self._parts, strict=True))
        return A, target

    def moments(self):
        """Return `ClassMoments` or `RegressionMoments` of the observations."""
        A, target = self.arrays()
        if self.task == "classification":
            return ClassMoments(self.n_classes, A.shape[1]).partial_fit(A, target)
        return RegressionMoments(A.shape[1], target.shape[1]).partial_fit(A, target)


class PooledMoments:
    """Moments, or samples, of units that have values at several positions.

    Parameters
    ----------
    collect : callable
        ``collect(n_columns)`` makes empty `ClassMoments`, `RegressionMoments` or `Samples`.
    n_positions : int
        Positions of each unit.
    n_units : int
    pooling : {"mean", "max", "positions", "local"}
        What an observation is; without effect for a single position.
    """

    def __init__(self, collect, n_positions, n_units, pooling):
        self.pooling = "mean" if n_positions == 1 else pooling
        self.n_positions = n_positions
        self.collected = collect(n_units * (n_positions if self.pooling == "local" else 1))

    def partial_fit(self, values, target, sample_weight=None):
        """Add samples; ``values`` has shape (n_samples, n_positions, n_units)."""
        pooling = POOLINGS[self.pooling]
        observations = values[:, 0] if self.n_positions == 1 else pooling(values)
        if self.pooling == "positions":
            target = np.repeat(target, self.n_positions, axis=0)
            if sample_weight is not None:
                sample_weight = np.repeat(sample_weight, self.n_positions)
        self.collected.partial_fit(observations, target, sample_weight)
        return self

    def merge(self, other):
        """Add the samples that another object has seen."""
        self.collected.merge(other.collected)
        return self

    def forget(self, factor):
        """Give the samples so far ``factor`` times their weight."""
        self.collected.forget(factor)
        return self

    def statistics(self, statistic):
        """Compute the `FStatistics` of each unit by a `Statistic`."""
        if isinstance(self.collected, Samples):
            found = statistic.function(*self.collected.arrays(), self.collected.task)
        else:
            found = statistic.function(self.collected)
        return type(found)(*(self.per_unit(array) for array in found))

    def moments(self):
        """Return the moments of the columns; with "local" pooling a unit has several."""
        collected = self.collected
        return collected.moments() if isinstance(collected, Samples) else collected

    def per_unit(self, array):
        """Average what belongs to one unit; the columns are the last axis."""
        if self.pooling != "local":
            return array
        shape = (*array.shape[:-1], self.n_positions, -1)
        return array.reshape(shape).mean(axis=-2)
