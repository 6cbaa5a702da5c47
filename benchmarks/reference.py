"""What networks and statistics must give, in plain NumPy and float64, and how far off rounding is.

Nothing of the package is used but the arrays of its layers. Beside each output comes a bound of
what rounding in the network's own precision may make of it (Higham, "Accuracy and Stability of
Numerical Algorithms", section 3.1), so that what is beyond it is an error and not noise.
"""

import numpy as np
from scipy import stats

from skscreen.nn import Conv, Dense

#: name -> (function, largest slope)
ACTIVATIONS = {
    "identity": (lambda z: z, 1.0),
    "relu": (lambda z: np.maximum(z, 0.0), 1.0),
    "tanh": (np.tanh, 1.0),
    "logistic": (lambda z: 1 / (1 + np.exp(-z)), 0.25),
}
# Units in the last place that tanh and exp of float32 may be off, generously.
FUNCTION_ERROR = 16


def logits(network, X):
    """Compute the outputs of each layer's end, the last of which are the logits.

    Parameters
    ----------
    network : Network
    X : ndarray of shape (n_samples, n_features)
        Bytes are divided by 255.

    Returns
    -------
    outputs : list of (ndarray, ndarray)
        What each layer reads first, and at the end the logits, of shape (n_samples, ...): the
        values, and the bound of their rounding errors.
    """
    eps = float(np.finfo(network.dtype).eps)
    x = X / 255.0 if X.dtype == np.uint8 else X.astype(np.float64)
    outputs = [(x, 2 * eps * np.abs(x))]
    for layer in network.layers:
        outputs.append(LAYERS[type(layer)](layer, *outputs[-1], eps))
    return outputs


def _product(layer, x, error, eps):
    """Apply weight, bias and activation to rows of inputs."""
    weight, bias = layer.weight.astype(np.float64), layer.bias.astype(np.float64)
    if layer.mask is not None:
        weight = np.where(layer.mask, weight, 0.0)
    function, slope = ACTIVATIONS[layer.activation]
    with np.errstate(over="ignore"):  # of exp, where the result is zero
        out = function(x @ weight + bias)
    size = (np.abs(x) + error) @ np.abs(weight) + np.abs(bias)
    error = slope * (error @ np.abs(weight) + (len(weight) + 4) * eps * size)
    return out, error + FUNCTION_ERROR * eps * np.abs(out)


def _dense(layer, x, error, eps):
    x, error = x.reshape(len(x), -1), error.reshape(len(x), -1)
    reads = slice(None) if layer.reads is None else layer.reads
    return _product(layer, x[:, reads], error[:, reads], eps)


def _convolution(layer, x, error, eps):
    height, width, n_channels = layer.input_shape
    out = [0, 0]
    pads = [(0, 0)]
    for axis, (size, kernel) in enumerate(zip((height, width), layer.kernel_size, strict=True)):
        out[axis] = (size - kernel) // layer.stride + 1
        before = after = 0
        if layer.padding == "same":
            out[axis] = -(-size // layer.stride)
            extra = max((out[axis] - 1) * layer.stride + kernel - size, 0)
            before, after = extra // 2, extra - extra // 2
        pads.append((before, after))
    padded = [
        np.pad(part.reshape(len(x), height, width, n_channels), [*pads, (0, 0)])
        for part in (x, error)
    ]
    given = np.empty((2, len(x), *out, layer.n_outputs))
    for row, column in np.ndindex(*out):
        top, left = row * layer.stride, column * layer.stride
        rows = slice(top, top + layer.kernel_size[0])
        columns = slice(left, left + layer.kernel_size[1])
        patch, off = (part[:, rows, columns].reshape(len(x), -1) for part in padded)
        given[:, :, row, column] = _product(layer, patch, off, eps)
    return _pooled(given[0], layer.pool_size), _pooled(given[1], layer.pool_size)


def _pooled(images, pool_size):
    """Largest value of each window; of values that are off, it is off by no more than they are."""
    height, width = (size // pool for size, pool in zip(images.shape[1:3], pool_size, strict=True))
    whole = images[:, : height * pool_size[0], : width * pool_size[1]]
    windows = whole.reshape(len(images), height, pool_size[0], width, pool_size[1], -1)
    return windows.max(axis=(2, 4))


LAYERS = {Dense: _dense, Conv: _convolution}


def f_test(A, y, weight=None):
    """One-way analysis of variance of each column, in two passes over long doubles.

    Parameters
    ----------
    A : ndarray of shape (n_samples, n_units)
    y : ndarray of shape (n_samples,)
    weight : ndarray of shape (n_samples,) or None
        A class of weights w counts as ``sum(w)**2 / sum(w**2)`` samples.

    Returns
    -------
    F, p, eta2 : ndarray of shape (n_units,)
    """
    A = A.astype(np.longdouble)
    weight = np.ones(len(A)) if weight is None else weight
    sizes, means, within = [], [], []
    for label in np.unique(y[weight > 0]):
        w, a = weight[y == label].astype(np.longdouble), A[y == label]
        sizes.append(w.sum() ** 2 / (w**2).sum())
        means.append(w @ a / w.sum())
        within.append(sizes[-1] * (w @ (a - means[-1]) ** 2) / w.sum())
    sizes, means = np.array(sizes), np.array(means)
    grand = sizes @ means / sizes.sum()
    between, within = sizes @ (means - grand) ** 2, np.sum(within, axis=0)
    df_between, df_within = len(sizes) - 1, float(sizes.sum() - len(sizes))
    F = np.float64(between / df_between / (within / df_within))
    return F, stats.f.sf(F, df_between, df_within), np.float64(between / (between + within))
