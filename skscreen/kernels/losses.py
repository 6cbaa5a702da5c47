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
