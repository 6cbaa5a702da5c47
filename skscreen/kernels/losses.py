"""Losses of a batch: value and gradient with respect to the logits in one pass.

Each kernel reads the rows ``index`` of targets and sample weights that hold the whole data set, so
a minibatch needs no copy of them, writes ``weight * dloss/dlogits / total`` into ``delta`` and
returns the weighted sum of the losses, not yet divided by ``total``.
"""

import math

import numpy as np

from skscreen.kernels._compile import kernel


@kernel
def softmax_cross_entropy(logits, codes, weights, index, total, delta):
    """Cross-entropy of the softmax; ``codes`` are class numbers."""
    loss = 0.0
    n_classes = logits.shape[1]
    for i in range(logits.shape[0]):
        row = index[i]
        top = logits[i, 0]
        for k in range(1, n_classes):
            top = max(top, logits[i, k])
        norm = 0.0
        for k in range(n_classes):
            norm += math.exp(np.float64(logits[i, k] - top))
        scale = weights[row] / total
        for k in range(n_classes):
            delta[i, k] = scale * math.exp(np.float64(logits[i, k] - top)) / norm
        delta[i, codes[row]] -= scale
        loss += weights[row] * (math.log(norm) - (logits[i, codes[row]] - top))
    return loss


@kernel
def binary_cross_entropy(logits, codes, weights, index, total, delta):
    """Cross-entropy of the logistic function; one logit, ``codes`` are 0 or 1."""
    loss = 0.0
    for i in range(logits.shape[0]):
        row = index[i]
        z = np.float64(logits[i, 0])
        small = math.exp(-abs(z))  # never overflows
        probability = 1.0 / (1.0 + small) if z >= 0 else small / (1.0 + small)
        loss += weights[row] * (max(z, 0.0) + math.log1p(small) - codes[row] * z)
        delta[i, 0] = weights[row] / total * (probability - codes[row])
    return loss


@kernel
def half_squared_error(outputs, targets, weights, index, total, delta):
    """Half the squared error, averaged over the outputs (scikit-learn's convention)."""
    loss = 0.0
    n_outputs = outputs.shape[1]
    for i in range(outputs.shape[0]):
        row = index[i]
        scale = weights[row] / (total * n_outputs)
        for k in range(n_outputs):
            error = outputs[i, k] - targets[row, k]
            loss += 0.5 * weights[row] * error * error / n_outputs
            delta[i, k] = scale * error
    return loss


@kernel
def add_softmax_distillation(logits, teacher, weights, index, total, share, temperature, delta):
    """Mix the cross-entropy's gradient with that of distillation (Hinton et al. 2015).

    ``delta`` becomes ``(1 - share) * delta + share * d/dlogits``, where the second is that of
    ``temperature**2`` times the divergence from the teacher's to the network's class
    probabilities, both softened by ``temperature``. Returns the weighted sum of that divergence.
    """
    loss = 0.0
    n_classes = logits.shape[1]
    for i in range(logits.shape[0]):
        row = index[i]
        top = teacher_top = -np.inf
        for k in range(n_classes):
            top = max(top, logits[i, k] / temperature)
            teacher_top = max(teacher_top, teacher[row, k] / temperature)
        norm = teacher_norm = 0.0
        for k in range(n_classes):
            norm += math.exp(logits[i, k] / temperature - top)
            teacher_norm += math.exp(teacher[row, k] / temperature - teacher_top)
        scale = share * temperature * weights[row] / total
        for k in range(n_classes):
            student = logits[i, k] / temperature - top
            soft = teacher[row, k] / temperature - teacher_top
            p, q = math.exp(student) / norm, math.exp(soft) / teacher_norm
            delta[i, k] = (1.0 - share) * delta[i, k] + scale * (p - q)
            gap = soft - math.log(teacher_norm) - student + math.log(norm)
            loss += weights[row] * temperature * temperature * q * gap
    return loss


@kernel
def add_logistic_distillation(logits, teacher, weights, index, total, share, temperature, delta):
    """Distil a single logit; see `add_softmax_distillation`, with the classes' logits 0 and z."""
    loss = 0.0
    for i in range(logits.shape[0]):
        row = index[i]
        z = logits[i, 0] / temperature
        t = teacher[row, 0] / temperature
        p = 0.5 * (1.0 + math.tanh(0.5 * z))  # the logistic function, which never overflows
        q = 0.5 * (1.0 + math.tanh(0.5 * t))
        scale = share * temperature * weights[row] / total
        delta[i, 0] = (1.0 - share) * delta[i, 0] + scale * (p - q)
        # log of the normalisers, 1 + exp(z) and 1 + exp(t)
        norm = max(z, 0.0) + math.log1p(math.exp(-abs(z)))
        teacher_norm = max(t, 0.0) + math.log1p(math.exp(-abs(t)))
        divergence = q * (t - z) + norm - teacher_norm
        loss += weights[row] * temperature * temperature * divergence
    return loss


@kernel
def add_squared_distillation(outputs, teacher, weights, index, total, share, temperature, delta):
    """Distil numbers: half the squared error to the teacher's outputs, without temperature."""
    loss = 0.0
    n_outputs = outputs.shape[1]
    for i in range(outputs.shape[0]):
        row = index[i]
        scale = share * weights[row] / (total * n_outputs)
        for k in range(n_outputs):
            error = outputs[i, k] - teacher[row, k]
            delta[i, k] = (1.0 - share) * delta[i, k] + scale * error
            loss += 0.5 * weights[row] * error * error / n_outputs
    return loss
