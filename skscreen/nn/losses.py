"""The loss of a network on a data set."""

from typing import NamedTuple

import numpy as np

from skscreen.kernels.losses import (
    add_logistic_distillation,
    add_softmax_distillation,
    add_squared_distillation,
    binary_cross_entropy,
    half_squared_error,
    softmax_cross_entropy,
)

#: output of the network -> kernels of the loss and of the distillation
LOSSES = {
    "softmax": (softmax_cross_entropy, add_softmax_distillation),
    "logistic": (binary_cross_entropy, add_logistic_distillation),
    "identity": (half_squared_error, add_squared_distillation),
}


class Teacher(NamedTuple):
    """A teacher's logits and how much they count (Hinton, Vinyals & Dean 2015, arXiv 1503.02531).

    Parameters
    ----------
    logits : ndarray of shape (n_samples, n_outputs)
        Of the teacher, for the whole data set.
    share : float in [0, 1]
        Weight of the teacher; the targets have the rest.
    temperature : float > 0
        Softens the class probabilities.
    """

    logits: np.ndarray
    share: float
    temperature: float


class Loss:
    """Targets and sample weights of a data set, with the loss that fits the network's output.

    Parameters
    ----------
    output : {"softmax", "logistic", "identity"}
        Cross-entropy for the first two, half the mean squared error for the last.
    target : ndarray
        Class codes of shape (n_samples,), or for "identity" values of shape
        (n_samples, n_outputs).
    sample_weight : ndarray of shape (n_samples,) or None
        Weights, not all zero.
    teacher : Teacher or None
        A teacher to be followed as well.

    Notes
    -----
    A batch of m samples is divided by m times the mean weight of the whole data set, not by the
    batch's own weights: that keeps the gradient unbiased, and a full batch gives just the
    weighted mean.
    """

    def __init__(self, output, target, sample_weight=None, teacher=None):
        self.kernel, self.distil = LOSSES[output]
        self.teacher = teacher
        self.target = np.ascontiguousarray(target)
        if sample_weight is None:
            sample_weight = np.ones(len(self.target))
        self.weights = np.ascontiguousarray(sample_weight, dtype=np.float64)
        self.mean_weight = float(self.weights.mean())

    def total(self, n_samples):
        """Weight that ``n_samples`` samples stand for."""
        return n_samples * self.mean_weight

    def gradient(self, logits, index, delta, total):
        """Fill ``delta`` with the gradient of a batch's mean loss; return the samples' share.

        Parameters
        ----------
        logits : ndarray of shape (n_batch, n_outputs)
        index : ndarray of int of shape (n_batch,)
            Rows of the data set: those of the batch, or of a shard of it.
        delta : ndarray of shape (n_batch, n_outputs)
            Receives the gradient with respect to the logits.
        total : float
            Weight of the whole batch, from `total`.

        Returns
        -------
        loss : float
        """
        value = self.kernel(logits, self.target, self.weights, index, total, delta)
        if self.teacher is not None:
            teacher, share, temperature = self.teacher
            divergence = self.distil(
                logits, teacher, self.weights, index, total, share, temperature, delta
            )
            value = (1 - share) * value + share * divergence
        return value / total
