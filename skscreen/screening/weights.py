"""What sample weights add up to, and how many samples they are worth."""

import numpy as np


def effective_size(sample_weight):
    """Samples of equal weight that weighted ones are worth, after Kish [1]_.

    The mean of samples of equal variance varies as that of so many samples without weights.

    Parameters
    ----------
    sample_weight : ndarray of shape (n_samples,)
        Not negative, and not all of them zero.

    Returns
    -------
    size : float
        ``(sum of the weights)**2 / (sum of their squares)``.

    References
    ----------
    .. [1] L. Kish, "Survey Sampling", 1965.

    Examples
    --------
    >>> import numpy as np
    >>> from skscreen.screening.weights import effective_size
    >>> effective_size(np.array([2.0, 2.0, 0.0]))
    2.0
    """
    return float(np.sum(sample_weight) ** 2 / np.sum(np.square(sample_weight)))


class WeightTotals:
    """Sum of the sample weights of some groups of samples, and what they are worth.

    Parameters
    ----------
    sum : ndarray of float64 of any shape
        Of the weights of each group.
    mean : ndarray of float64 of that shape
        Of the weights, weighted by themselves: the sum of their squares over their sum.
    """

    def __init__(self, sum, mean):
        self.sum = sum
        self.mean = mean

    @classmethod
    def empty(cls, shape=()):
        """Make those of no samples."""
        return cls(np.zeros(shape), np.zeros(shape))

    def effective_sizes(self):
        """Samples that each group is worth, as `effective_size` has it; 0 for an empty group."""
        empty = np.zeros_like(self.sum)
        return np.divide(self.sum, self.mean, out=empty, where=self.sum > 0)

    def forget(self, factor):
        """Give all samples so far ``factor`` times their weight."""
        self.sum *= factor
        self.mean *= factor

    def merge(self, other):
        """Add other totals; return their share in the sum, 0 where both are empty."""
        total = self.sum + other.sum
        share = np.divide(other.sum, total, out=np.zeros_like(total), where=total > 0)
        self.mean += (other.mean - self.mean) * share
        self.sum = total
        return share
