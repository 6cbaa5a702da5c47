"""Bias and activation of a layer in one pass over its pre-activations, and the way back.

Every function works in place on a C-contiguous ``(n_samples, n_units)`` block. The derivatives are
taken from the outputs, so that the pre-activations need not be kept.
"""

import math

from skscreen.kernels._compile import kernel


@kernel
def add_bias(z, bias):
    """``z + bias``: the identity activation."""
    for i in range(z.shape[0]):
        for j in range(z.shape[1]):
            z[i, j] += bias[j]


@kernel
def add_bias_relu(z, bias):
    """``max(z + bias, 0)``."""
    zero = z.dtype.type(0)
    for i in range(z.shape[0]):
        for j in range(z.shape[1]):
            value = z[i, j] + bias[j]
            # written so that NaN passes: a diverged network must not look like a dead one
            z[i, j] = zero if value <= zero else value


@kernel
def add_bias_tanh(z, bias):
    """``tanh(z + bias)``."""
    for i in range(z.shape[0]):
        for j in range(z.shape[1]):
            z[i, j] = math.tanh(z[i, j] + bias[j])


@kernel
def add_bias_logistic(z, bias):
    """``1 / (1 + exp(-(z + bias)))``."""
    one = z.dtype.type(1)
    for i in range(z.shape[0]):
        for j in range(z.shape[1]):
            z[i, j] = one / (one + math.exp(-(z[i, j] + bias[j])))


@kernel
def drop_units(output, bits, least, scale, keep, dropped):
    """Set a share of the outputs to zero and scale up the rest, in one pass.

    Parameters
    ----------
    output : ndarray of shape (n_samples, n_units)
    bits : ndarray of uint16 of the same shape
        Uniform random numbers.
    least : uint16
        An output is kept if its number is not below.
    scale : float of the dtype of output
        What the kept ones are multiplied by.
    keep : ndarray of the shape of output
        Becomes what each output was multiplied by, 0 or ``scale``.
    dropped : ndarray of the same shape
    """
    zero = output.dtype.type(0)
    for i in range(output.shape[0]):
        for j in range(output.shape[1]):
            factor = scale if bits[i, j] >= least else zero
            keep[i, j] = factor
            dropped[i, j] = factor * output[i, j]


@kernel
def keep_delta(delta, output):
    """Multiply ``delta`` by the derivative of the identity, one."""


@kernel
def relu_delta(delta, output):
    """Multiply ``delta`` by the derivative of the ReLU, taken as 0 at 0."""
    zero = delta.dtype.type(0)
    for i in range(delta.shape[0]):
        for j in range(delta.shape[1]):
            delta[i, j] = delta[i, j] if output[i, j] > zero else zero


@kernel
def tanh_delta(delta, output):
    """Multiply ``delta`` by ``1 - output**2``."""
    one = delta.dtype.type(1)
    for i in range(delta.shape[0]):
        for j in range(delta.shape[1]):
            delta[i, j] *= one - output[i, j] * output[i, j]


@kernel
def logistic_delta(delta, output):
    """Multiply ``delta`` by ``output * (1 - output)``."""
    one = delta.dtype.type(1)
    for i in range(delta.shape[0]):
        for j in range(delta.shape[1]):
            delta[i, j] *= output[i, j] * (one - output[i, j])


#: name -> (bias and activation in place, derivative applied to delta in place)
ACTIVATIONS = {
    "identity": (add_bias, keep_delta),
    "logistic": (add_bias_logistic, logistic_delta),
    "tanh": (add_bias_tanh, tanh_delta),
    "relu": (add_bias_relu, relu_delta),
}
