"""Layers in the form of their kept weights, over samples that stand side by side.

A form is a snapshot: it holds for the weights and the mask that it was made from. Biases are read
as they are at each call. In training the kept weights are the parameters, a flat array without
gaps, and the layer's own weight is written at the end of an epoch. See
`skscreen.kernels.columns` for what a block of columns is.
"""

import numpy as np

from skscreen.kernels.columns import (
    ACTIVATION_CODES,
    gather_columns,
    kept_convolution,
    kept_gradient,
    kept_product,
    kept_product_of_one,
    pad_columns,
    scatter_columns,
)
from skscreen.nn.costs import blocks_of
from skscreen.nn.parameters import NO_MASK, Parameter

# Samples of a block: as many as the inner loops take at a time, so that what a layer reads of them
# stays in a core's cache.
WIDTH = 32
# For training, where the sums over samples are the dearest.
TRAINING_WIDTH = 128
# Samples that are turned at a time where there is no way back.
SPAN = 512


def listed(mask):
    """List the entries of a mask row by row.

    Returns
    -------
    starts : ndarray of int32 of shape (n_rows + 1,)
        Where the entries of each row start.
    columns : ndarray of int32
        Column of each entry.
    """
    rows, columns = np.nonzero(mask)
    starts = np.searchsorted(rows, np.arange(len(mask) + 1))
    return starts.astype(np.int32), columns.astype(np.int32)


class KeptDense:
    """A fully connected layer as a list of its kept weights.

    Parameters
    ----------
    layer : Dense
    features : ndarray of int32 of shape (n_rows,) or None
        Feature of a flat sample that each row of the columns holds; None to read only those that
        a kept weight needs.

    Attributes
    ----------
    features : ndarray of int32
        What it reads.
    output_features : ndarray of int32 of shape (n_outputs,)
        What it gives.
    places : ndarray of int32 of shape (n_weights,)
        Where each kept weight stands in the flat weight of the layer.
    """

    def __init__(self, layer, features=None):
        self.layer = layer
        mask = np.ones(layer.weight.shape, bool) if layer.mask is None else layer.mask
        positions = layer.positions()
        if features is None:
            features = positions[mask.any(axis=1)]
        self.features = np.asarray(features, dtype=np.int32)
        self.output_features = np.arange(layer.n_outputs, dtype=np.int32)
        row_of = np.zeros(int(max(positions.max(), self.features.max(initial=0))) + 1, np.int32)
        row_of[self.features] = np.arange(len(self.features))
        self.starts, inputs = listed(np.ascontiguousarray(mask.T))
        self.rows = row_of[positions[inputs]]
        outputs = np.repeat(np.arange(layer.n_outputs, dtype=np.int32), np.diff(self.starts))
        # the same weights row by row, as they stand in memory if the rows rise
        by_row = np.argsort(self.rows, kind="stable")
        self.row_starts = np.searchsorted(
            self.rows[by_row], np.arange(len(self.features) + 1)
        ).astype(np.int32)
        self.units = outputs[by_row]
        self.places = (inputs * np.int32(layer.n_outputs) + outputs)[by_row]
        self.by_output = np.argsort(by_row)
        self.code = ACTIVATION_CODES[layer.activation]
        self.refresh()

    def refresh(self):
        """Take the weights of the layer as they are now; the mask must be the same."""
        self.values_by_row = self.layer.weight.reshape(-1).take(self.places)
        self.follow()

    def parameters(self):
        """Return the kept weights and the bias as `Parameter` tuples, to be trained."""
        return [
            Parameter(self.values_by_row, NO_MASK, True),
            Parameter(self.layer.bias, NO_MASK, False),
        ]

    def follow(self):
        """Take up the parameters after an update."""
        self.values = self.values_by_row.take(self.by_output)

    def write_back(self):
        """Give the layer the weights that were trained."""
        self.layer.weight.reshape(-1)[self.places] = self.values_by_row

    def buffers(self, blocks):
        """Allocate the output for blocks, (number, width), of samples."""
        n_blocks, width = blocks
        return np.zeros((n_blocks, self.layer.n_outputs, width), self.layer.weight.dtype)

    def run(self, x, out):
        """Compute the layer's output of columns.

        Parameters
        ----------
        x : ndarray of shape (n_blocks, n_rows, width)
        out : ndarray of shape (n_blocks, n_outputs, width)
            From `buffers`.

        Returns
        -------
        out : ndarray
        """
        bias = self.layer.bias
        if x.shape[2] == 1:
            values, starts, units = self.values_by_row, self.row_starts, self.units
            kept_product_of_one(x, starts, units, values, bias, self.code, out)
        else:
            kept_product(x, self.starts, self.rows, self.values, bias, self.code, out)
        return out

    def gradient(self, x, delta, gradient):
        """Write the gradient of the kept weights.

        Parameters
        ----------
        x : ndarray of shape (n_blocks, n_rows, width)
        delta : ndarray of shape (n_blocks, n_outputs, width)
            Before the activation.
        gradient : ndarray of shape (n_weights,)
            In the order of the parameters.
        """
        kept_gradient(delta, x, self.row_starts, self.units, gradient)

    def carry_back(self, delta, out):
        """Carry ``delta`` to the rows that were read: ``out`` of shape (n_blocks, n_rows, width).

        That is the product with the transposed weight.
        """
        nothing = np.zeros(out.shape[1], out.dtype)
        kept_product(delta, self.row_starts, self.units, self.values_by_row, nothing, 0, out)
        return out


class KeptRows:
    """The kept weights of a fully connected layer between rows, and for training the way back.

    Parameters
    ----------
    form : KeptDense
    n_samples : int
        Most samples of a batch.
    training : bool
        Whether there is a way back.
    """

    def __init__(self, form, n_samples, training):
        self.form = form
        self.real = form.values.dtype.type
        self.span = n_samples if training else min(n_samples, SPAN)
        blocks = blocks_of(self.span, TRAINING_WIDTH)
        self.output = self.form.buffers(blocks)
        self.read = np.zeros((blocks[0], len(self.form.features), blocks[1]), self.real)
        if training:
            self.delta = np.zeros_like(self.output)
            self.back = np.empty_like(self.read)
            self.gradient = np.empty_like(form.values)
            self.delta_input = None

    def forward(self, x, output):
        """Write the layer's output for ``x``, of shape (n_samples, ...)."""
        flat = np.ascontiguousarray(x).reshape(len(x), -1)
        for start in range(0, len(x), self.span):
            rows = slice(start, start + self.span)
            gather_columns(flat[rows], self.form.features, self.real(1), self.read)
            self.form.run(self.read, self.output)
            scatter_columns(self.output, self.form.output_features, output[rows])

    def backward(self, x, delta, need_delta_input):
        """Write `gradient`, of the kept weights, and carry ``delta`` to the shape of ``x``."""
        if len(x) < self.delta.shape[0] * self.delta.shape[2]:
            self.delta[...] = 0  # of an earlier batch that was longer
        gather_columns(delta, self.form.output_features, self.real(1), self.delta)
        self.form.gradient(self.read, self.delta, self.gradient)
        if not need_delta_input:
            return None
        self.form.carry_back(self.delta, self.back)
        if self.delta_input is None:
            # what no kept weight reads stays zero
            most = self.read.shape[0] * self.read.shape[2]
            self.delta_input = np.zeros((most, x[0].size), self.real)
        back = self.delta_input[: len(x)]
        scatter_columns(self.back, self.form.features, back)
        return back.reshape(x.shape)


class KeptConv:
    """A convolution at a stride of 1 as a list of its kept weights; see `KeptDense`.

    Its rows are in the order (channel, y, x), both of what it reads and of what it gives.

    Parameters
    ----------
    layer : Conv
    features : ndarray of int32 or None
        Only checked: columns of a convolution before it are in that order.
    """

    def __init__(self, layer, features=None):
        self.layer = layer
        self.features = _channels_first(layer.input_shape)
        self.output_features = _channels_first(layer.output_shape())
        kernel_h, kernel_w, _, self.top, self.left, self.out_h, self.out_w = layer.geometry()
        height, width, self.n_channels = layer.input_shape
        self.padded = (height, width)
        if layer.pads:
            self.padded = (self.out_h + kernel_h - 1, self.out_w + kernel_w - 1)
        mask = np.ones(layer.weight.shape, bool) if layer.mask is None else layer.mask
        self.starts, inputs = listed(np.ascontiguousarray(mask.T))
        place, channel = np.divmod(inputs, np.int32(self.n_channels))
        dy, dx = np.divmod(place, np.int32(kernel_w))
        self.offsets = (channel * self.padded[0] + dy) * self.padded[1] + dx
        outputs = np.repeat(np.arange(layer.n_outputs), np.diff(self.starts))
        self.places = inputs * np.int32(layer.n_outputs) + outputs
        self.code = ACTIVATION_CODES[layer.activation]
        self.refresh()

    def refresh(self):
        """Take the weights as they are now; the mask must be the same."""
        self.values = self.layer.weight.reshape(-1)[self.places]

    def buffers(self, blocks):
        """Allocate the output, and working memory, for blocks, (number, width), of samples."""
        n_blocks, width = blocks
        dtype = self.layer.weight.dtype
        around = None
        if self.layer.pads:
            around = np.zeros((n_blocks, self.n_channels, *self.padded, width), dtype)
        return (
            around,
            np.empty((self.out_h, self.out_w * width), dtype),
            np.zeros((n_blocks, len(self.output_features), width), dtype),
        )

    def run(self, x, buffers):
        """Compute the layer's output of columns; see `KeptDense.run`."""
        around, plane, out = buffers
        if around is not None:
            height, width, _ = self.layer.input_shape
            pad_columns(x, self.n_channels, height, width, self.top, self.left, around)
            x = around.reshape(len(x), -1, x.shape[2])
        kept_convolution(
            x,
            self.padded[1],
            *(self.starts, self.offsets, self.values, self.layer.bias, self.code),
            *(self.out_h, self.out_w, *self.layer.pool_size, plane, out),
        )
        return out


def _channels_first(shape):
    """Features of flat (y, x, channel) images in the order (channel, y, x)."""
    height, width, n_channels = shape
    features = np.arange(height * width * n_channels, dtype=np.int32)
    return np.ascontiguousarray(features.reshape(-1, n_channels).T).reshape(-1)
