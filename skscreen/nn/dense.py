"""A fully connected layer."""

import numpy as np

from skscreen.kernels.activations import ACTIVATIONS
from skscreen.nn.layer import Layer
from skscreen.nn.parameters import glorot_uniform
from skscreen.nn.sparse import SPARSE_BELOW, SPARSE_FROM, SparseProduct


class DenseBuffers:
    """Working memory of a `Dense` layer for up to ``n_samples`` samples.

    The backward arrays exist only where ``training`` is true.
    """

    def __init__(self, layer, n_samples, training):
        n_inputs, n_outputs = layer.weight.shape
        dtype = layer.weight.dtype
        self.output = np.empty((n_samples, n_outputs), dtype)
        self.read = np.empty((n_samples, 0 if layer.reads is None else n_inputs), dtype)
        # while predicting the weights stay as they are, so what is kept of them is listed once
        sparse = not training and layer.is_sparse(n_samples)
        self.sparse = SparseProduct(layer.weight, layer.mask) if sparse else None
        if not training:
            return
        self.grad_weight = np.empty_like(layer.weight)
        self.grad_bias = np.empty_like(layer.bias)
        self.delta_input = np.empty((n_samples, n_inputs), dtype)
        if layer.dropout:
            self.keep = np.empty((n_samples, n_outputs), dtype)
            self.dropped = np.empty((n_samples, n_outputs), dtype)


class Dense(Layer):
    """``activation(x @ weight + bias)``.

    Parameters
    ----------
    weight : ndarray of shape (n_inputs, n_outputs)
    bias : ndarray of shape (n_outputs,)
    activation : {"identity", "logistic", "tanh", "relu"}
    dropout : float in [0, 1), default=0.0
        Share of the outputs set to zero in each training pass; the rest is scaled up.
    reads : ndarray of int of shape (n_inputs,) or None, default=None
        Which values of a flattened sample are the inputs, in rising order; None for all.

    Attributes
    ----------
    mask : ndarray of bool of shape (n_inputs, n_outputs) or None
        False where a connection is cut; set by `set_mask`.
    """

    def __init__(self, weight, bias, activation="relu", *, dropout=0.0, reads=None):
        super().__init__(weight, bias, activation)
        self.dropout = dropout
        self.reads = reads

    @classmethod
    def initialise(cls, n_inputs, n_outputs, activation, rng, dtype, *, dropout=0.0):
        """Make a layer with Glorot-uniform weights."""
        weight, bias = glorot_uniform(
            n_inputs, n_outputs, activation, (n_inputs, n_outputs), rng, dtype
        )
        return cls(weight, bias, activation, dropout=dropout)

    @property
    def dimensions(self):
        """Sizes that span the weight, for the Erdos-Renyi kernel allocation."""
        return self.weight.shape

    @property
    def n_positions(self):
        """How often each weight is used for one sample."""
        return 1

    @property
    def n_output_positions(self):
        """Values that one unit has for one sample."""
        return 1

    @property
    def pads(self):
        """Whether zeros stand for inputs beyond a border."""
        return False

    def is_sparse(self, n_samples):
        """Return whether such a batch is predicted faster from the kept weights alone."""
        return n_samples >= SPARSE_FROM and self.n_weights < SPARSE_BELOW * self.weight.size

    def source_units(self, n_units):
        """Return the unit of the layer before that each input belongs to.

        Parameters
        ----------
        n_units : int or None
            Units, or channels, of the layer before; None for the first layer, whose inputs are
            units of their own.

        Returns
        -------
        units : ndarray of int of shape (n_inputs,)
        """
        if n_units is None:
            return np.arange(self.n_inputs)
        return self._positions() % n_units

    def _positions(self):
        """Places of the inputs in a flattened sample."""
        return np.arange(self.n_inputs) if self.reads is None else self.reads

    def take(self, mask, bias, units, columns):
        """Build the layer that is left when inputs and units go.

        Parameters
        ----------
        mask : ndarray of bool of shape (n_inputs, n_outputs)
            Connections that are kept.
        bias : ndarray of shape (n_outputs,)
        units : ndarray of bool of shape (n_units,) or None
            Units of the layer before that are still there; None for the first layer.
        columns : ndarray of int
            Units of this layer that are kept.

        Returns
        -------
        layer : Dense
            Reads only what a kept connection needs.
        """
        mask = mask[:, columns]
        there = np.ones(self.n_inputs, dtype=bool)
        places = self._positions()
        if units is not None:
            place, unit = np.divmod(places, len(units))
            places = place * np.count_nonzero(units) + (np.cumsum(units) - 1)[unit]
            there = units[unit]
        read = there & mask.any(axis=1)
        if not read.any():
            read[np.argmax(there)] = True  # the layer is a constant; it keeps its shape
        reads = None if self.reads is None and read[there].all() else places[read]
        layer = Dense(
            self.weight[np.ix_(read, columns)],
            bias[columns],
            self.activation,
            dropout=self.dropout,
            reads=reads,
        )
        if not mask[read].all():
            layer.set_mask(mask[read])
        return layer

    def output_shape(self):
        """Shape of one sample's output."""
        return (self.n_outputs,)

    def buffers(self, n_samples, training=False):
        """Allocate the working memory of `forward` and, for training, of `backward`."""
        return DenseBuffers(self, n_samples, training)

    def forward(self, x, buffers, rng=None):
        """Compute the layer's output.

        Parameters
        ----------
        x : ndarray of shape (n_samples, ...)
            Input, read as flat samples.
        buffers : DenseBuffers
            Working memory; the output lives there until the next call.
        rng : numpy.random.Generator or None
            With a generator dropout is active, as in training.

        Returns
        -------
        output : ndarray of shape (n_samples, n_outputs)
        """
        n_samples = x.shape[0]
        output = buffers.output[:n_samples]
        source = self.sources(x, buffers.read[:n_samples])
        if buffers.sparse is None:
            np.dot(source, self.weight, out=output)
        else:
            buffers.sparse(source, output)
        ACTIVATIONS[self.activation][0](output, self.bias)
        if rng is None or not self.dropout:
            return output
        keep = buffers.keep[:n_samples]
        rng.random(out=keep, dtype=keep.dtype)
        np.greater_equal(keep, self.dropout, out=keep)
        keep /= 1.0 - self.dropout
        return np.multiply(output, keep, out=buffers.dropped[:n_samples])

    def sources(self, x, out=None):
        """Return the inputs of the layer, of shape (n_samples, n_inputs).

        Parameters
        ----------
        x : ndarray of shape (n_samples, ...)
        out : ndarray of shape (n_samples, n_inputs) or None
            Where to put them if they are only a part of the values.
        """
        flat = x.reshape(x.shape[0], -1)
        if self.reads is None:
            return flat
        # mode="clip" lets take write straight into out; the indices are always in range
        return np.take(flat, self.reads, axis=1, out=out, mode="clip")

    def source_values(self, x):
        """Return what screening sees of the inputs, of shape (n_samples, 1, n_inputs)."""
        return self.sources(x)[:, None]

    def features(self, rows, n_features):
        """Mark the features of a flat sample that inputs belong to, were the layer the first.

        Parameters
        ----------
        rows : ndarray of bool of shape (n_inputs,)
            The inputs.
        n_features : int

        Returns
        -------
        features : ndarray of bool of shape (n_features,)
        """
        features = np.zeros(n_features, dtype=bool)
        features[self._positions()[rows]] = True
        return features

    def backward(self, x, delta, buffers, *, dropped=False, need_delta_input=True):
        """Fill the gradients and carry ``delta`` to the layer's input.

        Parameters
        ----------
        x : ndarray of shape (n_samples, ...)
            The input that `forward` saw.
        delta : ndarray of shape (n_samples, n_outputs)
            Gradient of the loss with respect to the output; overwritten.
        buffers : DenseBuffers
            The working memory that `forward` used.
        dropped : bool, default=False
            Whether `forward` ran with dropout.
        need_delta_input : bool, default=True
            False for the first layer, which saves a product.

        Returns
        -------
        delta_input : ndarray of the shape of x, or None
        """
        n_samples = x.shape[0]
        source = x.reshape(n_samples, -1) if self.reads is None else buffers.read[:n_samples]
        if dropped and self.dropout:
            delta *= buffers.keep[:n_samples]
        ACTIVATIONS[self.activation][1](delta, buffers.output[:n_samples])
        np.dot(source.T, delta, out=buffers.grad_weight)
        np.sum(delta, axis=0, out=buffers.grad_bias)
        if not need_delta_input:
            return None
        back = np.dot(delta, self.weight.T, out=buffers.delta_input[:n_samples])
        if self.reads is not None:
            scattered = np.zeros((n_samples, x[0].size), back.dtype)
            scattered[:, self.reads] = back
            back = scattered
        return back.reshape(x.shape)
