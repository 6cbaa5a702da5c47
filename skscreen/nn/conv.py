"""A convolution with its activation and max-pooling."""

import math

import numpy as np

from skscreen.kernels.activations import ACTIVATIONS
from skscreen.kernels.conv import col2im, im2col
from skscreen.kernels.planes import convolve_and_pool
from skscreen.kernels.pool import max_pool, max_unpool
from skscreen.nn import costs
from skscreen.nn.kept import WIDTH, KeptConv
from skscreen.nn.layer import Layer
from skscreen.nn.parameters import glorot_uniform

# Bytes of patches worked on at once, so that they stay in a core's second-level cache.
BLOCK_BYTES = 2**19


class ConvBuffers:
    """Working memory of a `Conv` layer for up to ``n_samples`` samples.

    What the way back needs exists only where ``training`` is true.
    """

    def __init__(self, layer, n_samples, training):
        dtype = layer.weight.dtype
        self.output = np.empty((n_samples, *layer.output_shape()), dtype)
        self.block = max(1, min(n_samples, BLOCK_BYTES // (layer.patches_size * dtype.itemsize)))
        rows = self.block * layer.n_positions
        self.columns = np.empty((rows, layer.n_inputs), dtype)
        self.conv = np.empty((self.block, *layer.conv_shape, layer.n_outputs), dtype)
        self.training = training
        if not training and layer.works_on_planes:
            return
        last_place = layer.pool_size[0] * layer.pool_size[1] - 1
        self.winners = np.empty(self.output.shape, np.min_scalar_type(last_place))
        if not training:
            return
        self.grad_weight = np.empty_like(layer.weight)
        self.grad_part = np.empty_like(layer.weight)
        self.grad_bias = np.empty_like(layer.bias)
        self.delta_columns = np.empty_like(self.columns)
        self.delta_input = np.empty((n_samples, *layer.input_shape), dtype)


class Conv(Layer):
    """``max-pool(activation(convolution(x) + bias))``, channels last.

    Parameters
    ----------
    weight : ndarray of shape (kernel height * kernel width * n_channels, n_outputs)
        A row is an im2col column: (row offset, column offset, channel).
    bias : ndarray of shape (n_outputs,)
    activation : {"identity", "logistic", "tanh", "relu"}
        All of them rise, so the pooling comes first and the activation has less to do.
    input_shape : tuple of int
        (height, width, n_channels).
    kernel_size : tuple of int
        (height, width).
    stride : int, default=1
    padding : {"same", "valid"}, default="valid"
        "same" surrounds the image with zeros, so that ``ceil(size / stride)`` positions are left.
    pool_size : tuple of int, default=(1, 1)
        Windows that do not overlap; what is left over at the border is not used. A window is cut
        to the size of what the convolution gives.

    Attributes
    ----------
    mask : ndarray of bool of the shape of weight or None
        False where a connection is cut; set by `set_mask`.
    """

    is_sharded = True

    def __init__(
        self,
        weight,
        bias,
        activation,
        *,
        input_shape,
        kernel_size,
        stride=1,
        padding="valid",
        pool_size=(1, 1),
    ):
        super().__init__(weight, bias, activation)
        self.input_shape = tuple(input_shape)
        self.kernel_size = tuple(kernel_size)
        self.stride = stride
        self.padding = padding
        self.pool_size = tuple(map(min, pool_size, self.conv_shape))

    @classmethod
    def initialise(cls, n_outputs, activation, rng, dtype, **geometry):
        """Make a layer with Glorot-uniform weights; ``geometry`` as in the constructor."""
        height, width = geometry["kernel_size"]
        patch = height * width * geometry["input_shape"][2]
        weight, bias = glorot_uniform(
            patch, height * width * n_outputs, activation, (patch, n_outputs), rng, dtype
        )
        return cls(weight, bias, activation, **geometry)

    @property
    def conv_shape(self):
        """Height and width after the convolution, before the pooling."""
        return tuple(
            -(-size // self.stride)
            if self.padding == "same"
            else (size - kernel) // self.stride + 1
            for size, kernel in zip(self.input_shape, self.kernel_size, strict=False)
        )

    @property
    def n_positions(self):
        """How often each weight is used for one sample."""
        return self.conv_shape[0] * self.conv_shape[1]

    @property
    def n_output_positions(self):
        """Values that one channel has for one sample, after the pooling."""
        height, width, _ = self.output_shape()
        return height * width

    @property
    def patches_size(self):
        """Number of values in the patches of one sample."""
        return self.n_positions * self.n_inputs

    @property
    def pads(self):
        """Whether zeros stand for inputs beyond a border."""
        return self.padding == "same" and self.kernel_size != (1, 1)

    @property
    def works_on_planes(self):
        """Whether predictions have the channels first meanwhile: faster with one input channel."""
        return self.input_shape[2] == 1 and self.stride == 1 and self.pool_size != (1, 1)

    @property
    def dimensions(self):
        """Sizes that span the weight, for the Erdos-Renyi kernel allocation."""
        return (*self.kernel_size, self.input_shape[2], self.n_outputs)

    def dense_cost(self, n_samples, *, threaded=False):
        """Return what a batch costs with the whole weight, on a thread of its own."""
        values = self.n_positions * self.n_outputs
        return costs.dense_convolution(
            self.weight.size, self.patches_size, values, self.n_positions, n_samples
        )

    def kept_cost(self, n_samples):
        """Return what a batch costs with the kept weights alone; there must be no stride."""
        if self.stride != 1:
            return np.inf
        blocks = costs.blocks_of(n_samples, WIDTH)
        values = self.n_positions * self.n_outputs
        pooled = math.prod(self.output_shape())
        copying = costs.copying(self.n_weights) if self.mask is None else 0.0
        return copying + costs.kept_convolution(
            self.n_weights, *self.conv_shape, values, pooled, blocks
        )

    def sizes_turned(self):
        """Return how many values of a sample `kept_form` reads and gives."""
        return math.prod(self.input_shape), math.prod(self.output_shape())

    def kept_form(self, features):
        """Return the layer as a list of its kept weights."""
        return KeptConv(self, features)

    def source_units(self, n_units):
        """Return the channel that each im2col column belongs to; see `Layer`."""
        return np.arange(self.n_inputs) % self.input_shape[2]

    def output_shape(self):
        """Shape (height, width, n_outputs) of one sample's output."""
        pooled = (size // pool for size, pool in zip(self.conv_shape, self.pool_size, strict=True))
        return (*pooled, self.n_outputs)

    def take(self, mask, bias, units, columns):
        """Build the layer that is left when channels go; see `Layer.take`."""
        if units is None:
            units = np.ones(self.input_shape[2], dtype=bool)
        rows = units[self.source_units(None)]
        mask = mask[np.ix_(rows, columns)]
        layer = Conv(
            self.weight[np.ix_(rows, columns)],
            bias[columns],
            self.activation,
            input_shape=(*self.input_shape[:2], np.count_nonzero(units)),
            kernel_size=self.kernel_size,
            stride=self.stride,
            padding=self.padding,
            pool_size=self.pool_size,
        )
        if not mask.all():
            layer.set_mask(mask)
        return layer

    def buffers(self, n_samples, training=False, dropout=0.0, *, form=None):
        """Allocate the working memory of `forward` and, for training, of `backward`."""
        return ConvBuffers(self, n_samples, training)

    def geometry(self):
        """Arguments of `im2col` between the images and the columns."""
        pad = [0, 0]
        if self.padding == "same":
            pad = [
                max((out - 1) * self.stride + kernel - size, 0) // 2
                for out, kernel, size in zip(
                    self.conv_shape, self.kernel_size, self.input_shape, strict=False
                )
            ]
        return (*self.kernel_size, self.stride, *pad, *self.conv_shape)

    def patches(self, images, out=None):
        """Return the im2col columns of some samples.

        Parameters
        ----------
        images : ndarray of shape (n_samples, height * width * n_channels) or with the axes apart
        out : ndarray of shape (n_samples * n_positions, n_inputs) or None
            Where to put them.

        Returns
        -------
        columns : ndarray of shape (n_samples * n_positions, n_inputs)
        """
        images = images.reshape(len(images), *self.input_shape)
        if out is None:
            out = np.empty((len(images) * self.n_positions, self.n_inputs), images.dtype)
        im2col(images, *self.geometry(), out)
        return out

    def source_values(self, x):
        """Return the inputs at each position, of shape (n_samples, n_positions, n_inputs)."""
        return self.patches(x).reshape(len(x), self.n_positions, self.n_inputs)

    @property
    def n_input_positions(self):
        """Pixels of one channel."""
        return self.input_shape[0] * self.input_shape[1]

    def input_values(self, x):
        """Return the pixels of each channel; see `Layer`."""
        return x.reshape(len(x), self.n_input_positions, self.input_shape[2])

    def features(self, rows, n_features):
        """Mark the values of an image that im2col columns touch; see `Layer`."""
        columns = np.tile(rows.astype(self.weight.dtype), (self.n_positions, 1))
        images = np.empty((1, *self.input_shape), self.weight.dtype)
        col2im(columns, *self.geometry(), images)
        return images.ravel() > 0

    def feature_squares(self, n_features):
        """Sum the squared weights of each pixel at all positions; see `Layer.feature_squares`.

        Positions that the pooling leaves over at the border do not count.
        """
        used = [
            size // pool * pool for size, pool in zip(self.conv_shape, self.pool_size, strict=True)
        ]
        columns = np.zeros((*self.conv_shape, self.n_inputs))
        columns[: used[0], : used[1]] = np.square(self.weight, dtype=np.float64).sum(axis=1)
        images = np.empty((1, *self.input_shape))
        col2im(columns.reshape(self.n_positions, -1), *self.geometry(), images)
        return images.ravel()

    def _blocks(self, n_samples, buffers):
        """Yield the slices of samples whose patches fit into the cache."""
        for start in range(0, n_samples, buffers.block):
            yield slice(start, min(start + buffers.block, n_samples))

    def forward(self, x, buffers, *, rng=None, dropout=0.0):
        """Compute the layer's output; see `Layer.forward`."""
        output = buffers.output[: len(x)]
        if self.works_on_planes and not buffers.training:
            self._fill_by_planes(x, buffers)
        else:
            for block in self._blocks(len(x), buffers):
                self._fill(x, block, buffers)
        ACTIVATIONS[self.activation][0](output.reshape(-1, self.n_outputs), self.bias)
        return output

    def _fill(self, x, block, buffers):
        """Convolve and pool a block of samples."""
        size = block.stop - block.start
        columns = self.patches(x[block], buffers.columns[: size * self.n_positions])
        conv = buffers.conv[:size]
        np.dot(columns, self.weight, out=conv.reshape(len(columns), -1))
        if self.pool_size == (1, 1):
            buffers.output[block] = conv
        else:
            max_pool(conv, *self.pool_size, buffers.output[block], buffers.winners[block])

    def _fill_by_planes(self, x, buffers):
        """Do the same for all samples, with the channels first and without what training needs."""
        images = x.reshape(-1, *self.input_shape[:2])
        kernel_h, kernel_w, _, top, left, _, _ = self.geometry()
        convolve_and_pool(
            images,
            np.ascontiguousarray(self.weight.T),
            *(kernel_h, kernel_w, top, left),
            *self.pool_size,
            *(buffers.columns, buffers.conv, buffers.output[: len(images)]),
        )

    def backward(self, x, delta, buffers, *, dropout=0.0, need_delta_input=True):
        """Fill the gradients and carry ``delta`` to the layer's input; see `Layer.backward`."""
        delta = self._before_activation(delta, buffers, len(x))
        np.sum(delta.reshape(-1, self.n_outputs), axis=0, out=buffers.grad_bias)
        buffers.grad_weight.fill(0)
        for block in self._blocks(len(x), buffers):
            conv = self._unpooled(delta, block, buffers)
            columns = self.patches(x[block], buffers.columns[: len(conv)])
            np.dot(columns.T, conv, out=buffers.grad_part)
            buffers.grad_weight += buffers.grad_part
            if need_delta_input:
                self._spread_back(conv, block, buffers)
        return buffers.delta_input[: len(x)].reshape(x.shape) if need_delta_input else None

    def carry_back(self, x, delta, buffers):
        """Carry ``delta`` to the layer's input without the gradients; see `Layer`."""
        delta = self._before_activation(delta, buffers, len(x))
        for block in self._blocks(len(x), buffers):
            self._spread_back(self._unpooled(delta, block, buffers), block, buffers)
        return buffers.delta_input[: len(x)].reshape(x.shape)

    def _before_activation(self, delta, buffers, n_samples):
        """Take ``delta`` back through the activation, in place, to the pooled pre-activations."""
        flat = delta.reshape(-1, self.n_outputs)
        ACTIVATIONS[self.activation][1](flat, buffers.output[:n_samples].reshape(flat.shape))
        return flat.reshape(n_samples, *self.output_shape())

    def _unpooled(self, delta, block, buffers):
        """Return the ``delta`` of a block before the pooling, one position a row."""
        conv = delta[block]
        if self.pool_size != (1, 1):
            conv = buffers.conv[: block.stop - block.start]
            max_unpool(delta[block], buffers.winners[block], *self.pool_size, conv)
        return conv.reshape(-1, self.n_outputs)

    def _spread_back(self, conv, block, buffers):
        """Add up what the positions of a block say of each input."""
        back = np.dot(conv, self.weight.T, out=buffers.delta_columns[: len(conv)])
        col2im(back, *self.geometry(), buffers.delta_input[block])
