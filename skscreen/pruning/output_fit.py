"""The last layer of a refit: a generalised linear model of what the teacher's outputs say.

Least squares count an error in a logit alike wherever it is. What the network says changes with
logits only where it is unsure, so the last layer is fitted again as a multinomial, or logistic,
regression, with the teacher's probabilities in the place of labels: convex, and Newton's method
needs a few steps.
"""

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit, log_expit, log_softmax, softmax

# Newton steps are stopped there, if they have not come to rest before.
MOST_STEPS = 10
# Mean step of a parameter, below which they have.
SMALL_STEP = 1e-3


def fit_output(read, teacher_logits, output, start, mask, penalty, sample_weight=None):
    """Fit the kept weights of a last layer to the probabilities of a teacher.

    Parameters
    ----------
    read : ndarray of shape (n_samples, n_inputs)
        What the layer reads.
    teacher_logits : ndarray of shape (n_samples, n_outputs)
    output : {"softmax", "logistic", "identity"}
        What logits mean, see `Network`.
    start : tuple of ndarray
        Weight of shape (n_inputs, n_outputs), towards which the penalty draws, and bias; float64.
    mask : ndarray of bool of shape (n_inputs, n_outputs)
        Weights that are kept.
    penalty : float > 0
        Half of it times the squared distance of the weights from ``start`` is added to the mean
        divergence of a sample.
    sample_weight : ndarray of shape (n_samples,) or None, default=None

    Returns
    -------
    weight : ndarray of float64 of shape (n_inputs, n_outputs)
        Zero where the mask is False.
    bias : ndarray of float64 of shape (n_outputs,)
        Both as they were for outputs that are no probabilities: least squares fit these.
    """
    if output not in FAMILIES:
        return start
    family = FAMILIES[output]
    share = np.full(len(read), 1.0) if sample_weight is None else sample_weight.astype(np.float64)
    share = (share / share.sum())[:, None]
    means = (share * read).sum(axis=0)
    # around their means, so that weights and biases hardly depend on each other: fewer steps
    read = np.column_stack([read - means, np.ones(len(read))])
    target = family.mean(teacher_logits.astype(np.float64))
    free = np.vstack([mask, np.ones(mask.shape[1], dtype=bool)])
    pull = np.repeat([penalty, 0.0], [mask.sum(), mask.shape[1]])  # the biases are free
    weight, bias = start
    first = np.vstack([weight, bias + means @ np.where(mask, weight, 0.0)])[free]
    divergence = _Divergence(family, read, share, target, free, pull, first)
    found = minimize(
        divergence.loss,
        first,
        jac=True,
        hessp=divergence.curvature,
        method="Newton-CG",
        options={"maxiter": MOST_STEPS, "xtol": SMALL_STEP},
    )
    fitted = divergence.spread(found.x)
    return fitted[:-1], fitted[-1] - means @ fitted[:-1]


class _Divergence:
    """Mean divergence of a layer from its teacher, and the penalty, by its free parameters.

    Parameters
    ----------
    family : class
        One of `FAMILIES`.
    read : ndarray of shape (n_samples, n_rows)
        What the layer reads, a column of ones for the biases included.
    share : ndarray of shape (n_samples, 1)
        Of each sample in the weights.
    target : ndarray of shape (n_samples, n_outputs)
        Means that the teacher gives.
    free : ndarray of bool of shape (n_rows, n_outputs)
        Which parameters are free; the others are zero.
    pull : ndarray of shape (n_free,)
        Penalty of each free parameter.
    first : ndarray of shape (n_free,)
        Where the penalty draws them.
    """

    def __init__(self, family, read, share, target, free, pull, first):
        self.family = family
        self.read = read
        self.share = share
        self.target = target
        self.free = free
        self.pull = pull
        self.first = first
        self._last = None, None  # values, and the outputs with them

    def spread(self, values):
        """Return the parameters as a matrix, of shape (n_rows, n_outputs)."""
        full = np.zeros(self.free.shape)
        full[self.free] = values
        return full

    def outputs(self, values):
        """Return logits and means; the loss and its curvature are asked for at the same values."""
        key = values.tobytes()
        if self._last[0] != key:
            logits = self.read @ self.spread(values)
            self._last = key, (logits, self.family.mean(logits))
        return self._last[1]

    def loss(self, values):
        """Return the loss and its gradient."""
        logits, mean = self.outputs(values)
        gradient = self.read.T @ (self.share * (mean - self.target))
        away = values - self.first
        total = np.sum(self.share * self.family.entropy(logits, self.target))
        return total + self.pull @ away**2 / 2, gradient[self.free] + self.pull * away

    def curvature(self, values, step):
        """Return the product of the second derivatives and a step."""
        change = self.family.slope(self.outputs(values)[1], self.read @ self.spread(step))
        return (self.read.T @ (self.share * change))[self.free] + self.pull * step


class _Softmax:
    """One class out of several."""

    @staticmethod
    def mean(logits):
        return softmax(logits, axis=1)

    @staticmethod
    def entropy(logits, target):
        return -target * log_softmax(logits, axis=1)

    @staticmethod
    def slope(mean, step):
        change = mean * step
        return change - mean * change.sum(axis=1, keepdims=True)


class _Logistic:
    """Yes or no, for each output."""

    @staticmethod
    def mean(logits):
        return expit(logits)

    @staticmethod
    def entropy(logits, target):
        return -target * log_expit(logits) - (1 - target) * log_expit(-logits)

    @staticmethod
    def slope(mean, step):
        return mean * (1 - mean) * step


#: output of the network -> the mean that logits stand for, the cross entropy to a target, and the
#: change of the mean, where it is that, with a step of the logits
FAMILIES = {"softmax": _Softmax, "logistic": _Logistic}
