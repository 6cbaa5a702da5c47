"""What a network learns from: checked samples, their targets and their weights."""

from dataclasses import dataclass, field, replace

import numpy as np

from skscreen.estimators.samples import subset

# Larger floating-point numbers are whole by their nature more often than as counts.
LARGEST_COUNT = 2**31


@dataclass
class Target:
    """A checked target, as the loss reads it.

    Parameters
    ----------
    values : ndarray
        Class codes (n_samples,) or numbers (n_samples, n_outputs).
    n_outputs : int
        Outputs of the network.
    output : {"softmax", "logistic", "identity"}
        Their meaning.
    encode : callable
        Turns further targets, such as held-out ones, into ``values``.
    fitted_attributes : dict
        What ``fit`` sets once training went well.
    input_attributes : dict
        Likewise, from the check of ``X``.
    """

    values: np.ndarray
    n_outputs: int
    output: str
    encode: object
    fitted_attributes: dict
    input_attributes: dict = field(default_factory=dict)

    @property
    def n_classes(self):
        """Number of classes; None for a regression."""
        classes = self.fitted_attributes.get("classes_")
        return None if classes is None else len(classes)


@dataclass
class TrainingSet:
    """Checked samples with their targets and weights.

    Parameters
    ----------
    X : ndarray, SparseRows or SomeRows of shape (n_samples, n_features)
    target : Target
    weight : ndarray of float64 of shape (n_samples,) or None
        Weights of samples and classes, see `relative_weights`; None for none.
    is_weighted : bool, default=False
        Whether the user gave sample weights.
    """

    X: object
    target: Target
    weight: np.ndarray | None
    is_weighted: bool = False

    def __len__(self):
        return len(self.X)

    @property
    def n_features(self):
        """Features of a sample."""
        return self.X.shape[1]

    def part(self, rows):
        """Return some of the samples, as `subset` does it."""
        return replace(
            self,
            X=subset(self.X, rows),
            target=replace(self.target, values=self.target.values[rows]),
            weight=self.weight[rows],
        )


def relative_weights(weight):
    """Give weights a mean of one, unless they are whole numbers, which count repetitions.

    What they add up to would else decide how much the L2 penalty counts, and very small ones
    would leave nothing but the penalty.

    Parameters
    ----------
    weight : ndarray of shape (n_samples,)
        Not negative, and not all of them zero.

    Returns
    -------
    weight : ndarray of shape (n_samples,)
    """
    if weight.max() < LARGEST_COUNT and (weight == np.round(weight)).all():
        return weight
    weight = weight / weight.max()  # the mean of equal weights is then exactly one
    return weight / weight.mean()
