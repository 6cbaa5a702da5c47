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
    seen = {}  # the outputs of the last values

    def spread(values):
        full = np.zeros(free.shape)
        full[free] = values
        return full

    def outputs(values):
        key = values.tobytes()
        if key not in seen:
            seen.clear()
            logits = read @ spread(values)
            seen[key] = logits, family.mean(logits)
        return seen[key]

    def loss(values):
        logits, mean = outputs(values)
        gradient = read.T @ (share * (mean - target))
        away = values - first
        total = np.sum(share * family.entropy(logits, target)) + pull @ away**2 / 2
        return total, gradient[free] + pull * away

    def curvature(values, step):
        change = family.slope(outputs(values)[1], read @ spread(step))
        return (read.T @ (share * change))[free] + pull * step

    found = minimize(
        loss,
        first,
        jac=True,
        hessp=curvature,
        method="Newton-CG",
        options={"maxiter": MOST_STEPS, "xtol": SMALL_STEP},
    )
    fitted = spread(found.x)
    return fitted[:-1], fitted[-1] - means @ fitted[:-1]


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
