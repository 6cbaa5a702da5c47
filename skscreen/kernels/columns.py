"""Products with the kept weights alone, vectorised over samples that stand side by side.

Samples are held as columns, in blocks: an array of shape (n_blocks, n_rows, width) holds the value
``row`` of sample ``block * width + column``. A row belongs to a unit, or to one place of a
channel. The last block may be short of samples; what is left of it is computed from whatever
stands there and never read.

Every kernel that makes units adds the bias and applies the activation while a row is in cache;
``code`` is the activation's number in `ACTIVATION_CODES`.
"""

import math

import numpy as np

from skscreen.kernels._compile import kernel
from skscreen.kernels._lanes import TURNED, put_larger, sum_kept, sum_products, turn

ACTIVATION_CODES = {"identity": 0, "relu": 1, "tanh": 2, "logistic": 3}
_RELU, _TANH, _LOGISTIC = 1, 2, 3


@kernel
def _activate(row, code):
    """Apply an activation to a row in place."""
    if code == _RELU:
        zero = row.dtype.type(0)
        for s in range(row.size):
            # NaN passes, as in add_bias_relu
            row[s] = zero if row[s] <= zero else row[s]
    elif code == _TANH:
        for s in range(row.size):
            row[s] = math.tanh(row[s])
    elif code == _LOGISTIC:
        one = row.dtype.type(1)
        for s in range(row.size):
            row[s] = one / (one + math.exp(-row[s]))


@kernel
def gather_columns(x, features, scale, out):
    """Put the samples side by side, eight at a time, with only the features that are read.

    Parameters
    ----------
    x : C-contiguous ndarray of shape (n_samples, n_features)
        Of any number type; multiplied by ``scale``.
    features : ndarray of int32 of shape (n_rows,)
    scale : float of the dtype of out
    out : ndarray of shape (n_blocks, n_rows, width)
    """
    n_blocks, n_rows, width = out.shape
    n_features = np.uintp(x.shape[1])
    given, turned = x.reshape(x.size), out.reshape(out.size)
    for block in range(n_blocks):
        first = block * width
        stop = min(len(x), first + width)
        start = first
        while start + TURNED <= stop:
            sample = np.uintp(start) * n_features
            to = np.uintp(block * n_rows * width + start - first)
            for row in range(n_rows):
                turn(given, sample + np.uintp(features[row]), n_features, scale, turned, to)
                to += np.uintp(width)
            start += TURNED
        for sample in range(start, stop):
            for row in range(n_rows):
                # unsigned: an index that might be negative is tested each time
                out[block, row, sample - first] = scale * x[sample, np.uintp(features[row])]


@kernel
def scatter_columns(columns, features, out):
    """Put samples below each other again: the way back from `gather_columns`.

    Parameters
    ----------
    columns : ndarray of shape (n_blocks, n_rows, width)
    features : ndarray of int32 of shape (n_rows,)
        Where each row goes in a flat sample.
    out : ndarray of shape (n_samples, n_features)
    """
    n_blocks, n_rows, width = columns.shape
    for block in range(n_blocks):
        first = block * width
        stop = min(len(out), first + width)
        start = first
        while start + 8 <= stop:
            x0, x1, x2, x3 = out[start], out[start + 1], out[start + 2], out[start + 3]
            x4, x5, x6, x7 = out[start + 4], out[start + 5], out[start + 6], out[start + 7]
            for row in range(n_rows):
                f = np.uintp(features[row])
                given = columns[block, row, start - first : start - first + 8]
                x0[f], x1[f], x2[f], x3[f] = given[0], given[1], given[2], given[3]
                x4[f], x5[f], x6[f], x7[f] = given[4], given[5], given[6], given[7]
            start += 8
        for sample in range(start, stop):
            for row in range(n_rows):
                out[sample, np.uintp(features[row])] = columns[block, row, sample - first]


@kernel
def kept_product(x, starts, rows, values, bias, code, out):
    """``activation(W.T @ x + bias)`` for a weight W given by the kept ones of each output.

    Parameters
    ----------
    x : ndarray of shape (n_blocks, n_rows, width)
    starts : ndarray of int32 of shape (n_outputs + 1,)
        Where the weights of each output start.
    rows : ndarray of int32 of shape (n_weights,)
        Row of x that each weight reads.
    values : ndarray of shape (n_weights,)
        The weights.
    bias : ndarray of shape (n_outputs,)
    code : int
    out : ndarray of shape (n_blocks, n_outputs, width)
        A multiple of 32 is the fastest width, one of 8 the next.
    """
    n_blocks, n_outputs, width = out.shape
    is_relu = code == _RELU
    given, units = x.reshape(x.size), out.reshape(out.size)
    for block in range(n_blocks):
        shift, first = block * x.shape[1] * width, block * n_outputs * width
        for j in range(n_outputs):
            k, stop = starts[j], starts[j + 1]
            sum_kept(
                *(given, rows, width, shift, values, k, stop, bias[j], is_relu),
                *(units, first, width),
            )
            if code > _RELU:
                _activate(out[block, j], code)
            first += width


@kernel
def kept_product_of_one(x, starts, units, values, bias, code, out):
    """`kept_product` for blocks of one sample: adds up what each input that is not zero gives.

    Parameters
    ----------
    x : ndarray of shape (n_samples, n_rows, 1)
    starts : ndarray of int32 of shape (n_rows + 1,)
        Where the weights of each input start.
    units : ndarray of int32 of shape (n_weights,)
        Output that each weight leads to; no output twice for an input.
    values : ndarray of shape (n_weights,)
    bias : ndarray of shape (n_outputs,)
    code : int
    out : ndarray of shape (n_samples, n_outputs, 1)
    """
    four, one = np.uintp(4), np.uintp(1)
    for sample in range(len(x)):
        to = out[sample].reshape(bias.size)
        to[:] = bias
        given = x[sample].reshape(x.shape[1])
        for i in range(given.size):
            value = given[i]
            if value == 0:
                continue
            k, stop = np.uintp(starts[i]), np.uintp(starts[i + 1])
            while k + four <= stop:
                a, b = np.uintp(units[k]), np.uintp(units[k + one])
                c, d = np.uintp(units[k + one + one]), np.uintp(units[k + four - one])
                # all are loaded before one is stored: the outputs of an input differ
                va, vb = to[a] + value * values[k], to[b] + value * values[k + one]
                vc = to[c] + value * values[k + one + one]
                vd = to[d] + value * values[k + four - one]
                to[a], to[b], to[c], to[d] = va, vb, vc, vd
                k += four
            while k < stop:
                to[np.uintp(units[k])] += value * values[k]
                k += one
        _activate(to, code)


@kernel
def kept_gradient(x, delta, starts, rows, gradient):
    """Gradient of the kept weights alone: the product of what each reads and what it leads to.

    Parameters
    ----------
    x : ndarray of shape (n_blocks, n_rows, width)
        What the layer read.
    delta : ndarray of shape (n_blocks, n_outputs, width)
        Gradient of the loss before the activation. Zero for columns without a sample.
    starts, rows : ndarray of int32
        See `kept_product`.
    gradient : ndarray of shape (n_weights,)
    """
    n_blocks, n_outputs, width = delta.shape
    for k in range(gradient.size):
        gradient[k] = gradient.dtype.type(0)
    given, slopes = x.reshape(x.size), delta.reshape(delta.size)
    at = 0
    for block in range(n_blocks):
        first = np.uintp(block * x.shape[1])
        for j in range(n_outputs):
            for k in range(starts[j], starts[j + 1]):
                row = (first + np.uintp(rows[k])) * np.uintp(width)
                gradient[k] += sum_products(given, row, slopes, at, width)
            at += width


@kernel
def pad_columns(x, n_channels, height, width, top, left, out):
    """Surround images with zeros.

    Parameters
    ----------
    x : ndarray of shape (n_blocks, n_channels * height * width, n_columns)
    n_channels, height, width, top, left : int
        Sizes of an image, and the zero rows above and zero columns to the left.
    out : ndarray of shape (n_blocks, n_channels, padded height, padded width, n_columns)
        Zero around the image already.
    """
    for block in range(len(x)):
        for c in range(n_channels):
            for y in range(height):
                for i in range(width):
                    out[block, c, top + y, left + i] = x[block, (c * height + y) * width + i]


@kernel
def kept_convolution(
    x, line, starts, offsets, values, bias, code, out_h, out_w, window_h, window_w, plane, out
):
    """Convolve and pool with the kept weights alone, a channel at a time.

    Neighbours in a line of an image are neighbours in memory, with all their samples: each kept
    weight meets a whole line of positions in one run, and nothing is copied.

    Parameters
    ----------
    x : ndarray of shape (n_blocks, n_rows, width)
        Images, with the rows in the order (channel, y, x).
    line : int
        Rows of one line of an image.
    starts : ndarray of int32 of shape (n_outputs + 1,)
        Where the weights of each channel start.
    offsets : ndarray of int32 of shape (n_weights,)
        Row of x that each weight reads at the first position.
    values, bias, code
        See `kept_product`.
    out_h, out_w : int
        Positions, at a stride of 1.
    window_h, window_w : int
        Size of the windows of the pooling.
    plane : ndarray of shape (out_h, out_w * width)
        Working memory.
    out : ndarray of shape (n_blocks, n_outputs * pooled height * pooled width, width)
    """
    width = x.shape[2]
    pooled_h, pooled_w = out_h // window_h, out_w // window_w
    n_used = pooled_h * window_h
    n = plane.shape[1]
    is_relu = code == _RELU
    given, lines, units = x.reshape(x.size), plane.reshape(plane.size), out.reshape(out.size)
    to = 0
    for block in range(len(x)):
        for j in range(bias.size):
            for y in range(n_used):
                shift = (block * x.shape[1] + y * line) * width
                sum_kept(
                    *(given, offsets, width, shift, values, starts[j], starts[j + 1], bias[j]),
                    *(False, lines, y * n, n),
                )
            # activations rise, so that the largest value can be looked for first
            for y in range(pooled_h):
                top = y * window_h * n
                for below in range(1, window_h):
                    put_larger(lines, top, lines, top + below * n, False, lines, top, n)
                for i in range(pooled_w):
                    at = top + i * window_w * width
                    beside = at + (window_w > 1) * width
                    put_larger(lines, at, lines, beside, is_relu, units, to, width)
                    for across in range(2, window_w):
                        beside = at + across * width
                        put_larger(units, to, lines, beside, is_relu, units, to, width)
                    if code > _RELU:
                        _activate(units[to : to + width], code)
                    to += width
