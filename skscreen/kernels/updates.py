"""Optimiser updates: gradient, L2 penalty, mask, state and weights in one fused pass.

All arrays are flat and of one length, but for ``mask``, which is empty where every weight is free.
A masked weight, its gradient and its state become exactly zero, so momentum cannot bring it back.
Scalars come in the dtype of the arrays: a float64 scalar would turn the pass into float64.
"""

import math

import numpy as np

from skscreen.kernels._compile import kernel

# Weights of dead inputs decay towards zero without end. Denormal numbers slow every product that
# meets them, so what is smaller than this is zero.
TINY = np.float32(1e-30)


@kernel
def sgd_update(weights, gradient, velocity, mask, rate, momentum, nesterov, decay):
    """Stochastic gradient descent with (Nesterov) momentum.

    The gradient is that of the loss; ``decay * weights`` is added here.
    """
    zero = weights.dtype.type(0)
    masked = mask.size > 0
    for i in range(weights.size):
        w = weights[i]
        step = rate * (gradient[i] + decay * w)
        v = momentum * velocity[i] - step
        w = w + momentum * v - step if nesterov else w + v
        v = zero if abs(v) < TINY else v
        w = zero if abs(w) < TINY else w
        if masked:
            v = v if mask[i] else zero
            w = w if mask[i] else zero
        velocity[i] = v
        weights[i] = w


@kernel
def adam_update(weights, gradient, first, second, mask, rate, beta_1, beta_2, epsilon, decay):
    """Adam (Kingma & Ba 2015); ``rate`` already holds the bias correction."""
    zero = weights.dtype.type(0)
    one = weights.dtype.type(1)
    masked = mask.size > 0
    for i in range(weights.size):
        w = weights[i]
        g = gradient[i] + decay * w
        m = first[i] + (one - beta_1) * (g - first[i])
        v = second[i] + (one - beta_2) * (g * g - second[i])
        w -= rate * m / (math.sqrt(v) + epsilon)
        m = zero if abs(m) < TINY else m
        v = zero if v < TINY else v
        w = zero if abs(w) < TINY else w
        if masked:
            m = m if mask[i] else zero
            v = v if mask[i] else zero
            w = w if mask[i] else zero
        first[i] = m
        second[i] = v
        weights[i] = w
