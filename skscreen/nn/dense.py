"""A fully connected layer."""

import math

import numpy as np

from skscreen.kernels.activations import ACTIVATIONS, drop_units
from skscreen.nn import costs
from skscreen.nn.kept import TRAINING_WIDTH, WIDTH, KeptDense, KeptRows
from skscreen.nn.layer import Layer
from skscreen.nn.parameters import glorot_uniform


class DenseBuffers:
    """Working memory of a `Dense` layer for up to ``n_samples`` samples.

    The backward arrays exist only where ``training`` is true.
    """

    def __init__(self, layer, n_samples, training, dropout, form):
        n_inputs, n_outputs = layer.weight.shape
        dtype = layer.weight.dtype
        self.output = np.empty((n_samples, n_outputs), dtype)
        self.read = np.empty((n_samples, 0 if layer.reads is None else n_inputs), dtype)
        self.kept = None if form is None else KeptRows(form, n_samples, training)
        if not training:
            return
        self.grad_weight = np.empty_like(layer.weight) if form is None else self.kept.gradient
        self.grad_bias = np.empty_like(layer.bias)
        self.delta_input = np.empty((n_samples, n_inputs), dtype)
        if dropout:
            self.keep = np.empty((n_samples, n_outputs), dtype)
            self.dropped = np.empty((n_samples, n_outputs), dtype)


class Dense(Layer):
    """``activation(x @ weight + bias)``.

    Parameters
    ----------
    weight : ndarray of shape (n_inputs, n_outputs)
    bias : ndarray of shape (n_outputs,)
    activation : {"identity", "logistic", "tanh", "relu"}
    reads : ndarray of int of shape (n_inputs,) or None, default=None
        Which values of a flattened sample are the inputs, in rising order; None for all.

    Attributes
    ----------
    mask : ndarray of bool of shape (n_inputs, n_outputs) or None
        False where a connection is cut; set by `set_mask`.
    """

    drops_units = True

    def __init__(self, weight, bias, activation="relu", *, reads=None):
        super().__init__(weight, bias, activation)
        self.reads = reads

    @classmethod
    def initialise(cls, n_inputs, n_outputs, activation, rng, dtype):
        """Make a layer with Glorot-uniform weights."""
        weight, bias = glorot_uniform(
            n_inputs, n_outputs, activation, (n_inputs, n_outputs), rng, dtype
        )
        return cls(weight, bias, activation)

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

    def dense_cost(self, n_samples, *, threaded=False):
        """Return what a batch costs with the whole weight; see `Layer.dense_cost`."""
        n_picked = 0 if self.reads is None else self.n_inputs
        sizes = self.weight.size, self.n_inputs, n_picked
        return costs.dense_product(*sizes, n_samples, threaded=threaded)

    def kept_cost(self, n_samples, width=WIDTH):
        """Return what a batch costs with the kept weights alone, in blocks of such a width."""
        blocks = costs.blocks_of(n_samples, width)
        copying = costs.copying(self.n_weights) if self.mask is None else 0.0
        return copying + costs.kept_product(self.n_weights, self.n_inputs, self.n_outputs, blocks)

    def pays_kept(self, n_samples):
        """Return whether rows in and rows out cost less with the kept weights alone."""
        kept = self.kept_cost(n_samples) + self._turning(n_samples)
        return kept < costs.MARGIN * self.dense_cost(n_samples)

    def _turning(self, n_samples):
        return costs.turning(sum(self.sizes_turned()) * n_samples)

    def training_costs(self, n_samples, n_products):
        """Return what a step of training costs; see `Layer.training_costs`."""
        given = self.dense_cost(n_samples), self.weight.size, n_samples, n_products
        kept = self.kept_cost(n_samples, TRAINING_WIDTH)
        kept = costs.training_kept(kept, self.n_weights, n_products) + self._turning(n_samples)
        return (
            costs.training_dense(*given, threaded=True),
            costs.training_dense(*given, threaded=False),
            math.inf if self.mask is None else kept,
        )

    def sizes_turned(self):
        """Return how many values of a sample `kept_form` reads and gives."""
        return self.n_inputs, self.n_outputs

    def kept_form(self, features):
        """Return the layer as a list of its kept weights."""
        return KeptDense(self, features)

    def source_units(self, n_units):
        """Return the unit of the layer before that each input belongs to; see `Layer`.

        Those of a first layer are units of their own.
        """
        if n_units is None:
            return np.arange(self.n_inputs)
        return self.positions() % n_units

    def positions(self):
        """Places of the inputs in a flattened sample."""
        return np.arange(self.n_inputs) if self.reads is None else self.reads

    def take(self, mask, bias, units, columns):
        """Build the layer that is left when inputs and units go; see `Layer.take`.

        It reads only what a kept connection needs.
        """
        mask = mask[:, columns]
        there = np.ones(self.n_inputs, dtype=bool)
        places = self.positions()
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
            reads=reads,
        )
        if not mask[read].all():
            layer.set_mask(mask[read])
        return layer

    def output_shape(self):
        """Shape of one sample's output."""
        return (self.n_outputs,)

    def buffers(self, n_samples, training=False, dropout=0.0, *, form=None):
        """Allocate the working memory of `forward` and, for training, of `backward`."""
        return DenseBuffers(self, n_samples, training, dropout, form)

    def forward(self, x, buffers, *, rng=None, dropout=0.0):
        """Compute the layer's output; see `Layer.forward`."""
        n_samples = x.shape[0]
        output = buffers.output[:n_samples]
        if buffers.kept is not None:
            buffers.kept.forward(x, output)
        else:
            np.dot(self.sources(x, buffers.read[:n_samples]), self.weight, out=output)
            ACTIVATIONS[self.activation][0](output, self.bias)
        if rng is None or not dropout:
            return output
        return self._dropped(output, buffers, rng, dropout)

    @staticmethod
    def _dropped(output, buffers, rng, dropout):
        """Return the output with a share of it set to zero, to 1 / 65536."""
        # sixteen bits for each unit take half the time of a random float
        words = rng.integers(0, 2**64, -(-output.size // 4), dtype=np.uint64)
        bits = words.view(np.uint16)[: output.size].reshape(output.shape)
        least = min(round(dropout * 2**16), 2**16 - 1)
        keep, dropped = buffers.keep[: len(output)], buffers.dropped[: len(output)]
        scale = output.dtype.type(2**16 / (2**16 - least))
        drop_units(output, bits, np.uint16(least), scale, keep, dropped)
        return dropped

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

    @property
    def n_input_positions(self):
        """Values that one input has for one sample."""
        return 1

    def input_values(self, x):
        """Return the inputs, of shape (n_samples, 1, n_inputs); see `Layer`."""
        return self.source_values(x)

    def features(self, rows, n_features):
        """Mark the features of a flat sample that inputs belong to; see `Layer.features`."""
        features = np.zeros(n_features, dtype=bool)
        features[self.positions()[rows]] = True
        return features

    def feature_squares(self, n_features):
        """Sum the squared weights of each feature; see `Layer.feature_squares`."""
        squares = np.zeros(n_features)
        squares[self.positions()] = np.square(self.weight, dtype=np.float64).sum(axis=1)
        return squares

    def backward(self, x, delta, buffers, *, dropout=0.0, need_delta_input=True):
        """Fill the gradients and carry ``delta`` to the layer's input; see `Layer.backward`."""
        n_samples = x.shape[0]
        if dropout:
            delta *= buffers.keep[:n_samples]
        ACTIVATIONS[self.activation][1](delta, buffers.output[:n_samples])
        np.sum(delta, axis=0, out=buffers.grad_bias)
        if buffers.kept is not None:
            return buffers.kept.backward(x, delta, need_delta_input)
        source = x.reshape(n_samples, -1) if self.reads is None else buffers.read[:n_samples]
        np.dot(source.T, delta, out=buffers.grad_weight)
        if not need_delta_input:
            return None
        back = np.dot(delta, self.weight.T, out=buffers.delta_input[:n_samples])
        if self.reads is not None:
            scattered = np.zeros((n_samples, x[0].size), back.dtype)
            scattered[:, self.reads] = back
            back = scattered
        return back.reshape(x.shape)
