"""From values at many positions of an image to observations of a unit.

A channel, or an im2col column, has one value per position; an F-statistic needs observations. The
poolings differ in what they make of the positions.
"""

import numpy as np


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


class PooledMoments:
    """Moments of units that have values at several positions.

    Parameters
    ----------
    new_moments : callable
        ``new_moments(n_columns)`` makes empty `ClassMoments` or `RegressionMoments`.
    n_positions : int
        Positions of each unit.
    n_units : int
    pooling : {"mean", "max", "positions", "local"}
        What an observation is; without effect for a single position.
    """

    def __init__(self, new_moments, n_positions, n_units, pooling):
        self.pooling = "mean" if n_positions == 1 else pooling
        self.n_positions = n_positions
        self.moments = new_moments(n_units * (n_positions if self.pooling == "local" else 1))

    def update(self, values, target, sample_weight=None):
        """Add samples; ``values`` has shape (n_samples, n_positions, n_units)."""
        pooling = POOLINGS[self.pooling]
        observations = values[:, 0] if self.n_positions == 1 else pooling(values)
        if self.pooling == "positions":
            target = np.repeat(target, self.n_positions, axis=0)
            if sample_weight is not None:
                sample_weight = np.repeat(sample_weight, self.n_positions)
        self.moments.update(observations, target, sample_weight)
        return self

    def merge(self, other):
        """Add the samples that another object has seen."""
        self.moments.merge(other.moments)
        return self

    def statistics(self, from_moments):
        """Compute statistics of each unit.

        Parameters
        ----------
        from_moments : callable
            Returns a NamedTuple of arrays with one entry per column, such as `f_from_moments`.
        """
        found = from_moments(self.moments)
        if self.pooling != "local":
            return found
        return type(found)(*(array.reshape(self.n_positions, -1).mean(axis=0) for array in found))
