"""A fully connected layer."""

import numpy as np

from skscreen.kernels.activations import ACTIVATIONS
from skscreen.nn.parameters import NO_MASK, Parameter, glorot_uniform


class DenseBuffers:
    """Working memory of a `Dense` layer for up to ``n_samples`` samples.

    The backward arrays exist only where ``training`` is true.
    """

    def __init__(self, layer, n_samples, training):
        n_inputs, n_outputs = layer.weight.shape
        dtype = layer.weight.dtype
        self.output = np.empty((n_samples, n_outputs), dtype)
        if not training:
            return
        self.grad_weight = np.empty_like(layer.weight)
        self.grad_bias = np.empty_like(layer.bias)
        self.delta_input = np.empty((n_samples, n_inputs), dtype)
        if layer.dropout:
            self.keep = np.empty((n_samples, n_outputs), dtype)
            self.dropped = np.empty((n_samples, n_outputs), dtype)


class Dense:
    """``activation(x @ weight + bias)``.

    Parameters
    ----------
    weight : ndarray of shape (n_inputs, n_outputs)
    bias : ndarray of shape (n_outputs,)
    activation : {"identity", "logistic", "tanh", "relu"}
    dropout : float in [0, 1), default=0.0
        Share of the outputs set to zero in each training pass; the rest is scaled up.

    Attributes
    ----------
    mask : ndarray of bool of shape (n_inputs, n_outputs) or None
        False where a connection is cut; set by `set_mask`.
    """

    def __init__(self, weight, bias, activation="relu", *, dropout=0.0):
        # the optimiser updates flat views, which only contiguous arrays have
        self.weight = np.ascontiguousarray(weight)
        self.bias = np.ascontiguousarray(bias)
        self.activation = activation
        self.dropout = dropout
        self.mask = None

    @classmethod
    def initialise(cls, n_inputs, n_outputs, activation, rng, dtype, *, dropout=0.0):
        """Make a layer with Glorot-uniform weights."""
        weight, bias = glorot_uniform(
            n_inputs, n_outputs, activation, (n_inputs, n_outputs), rng, dtype
        )
        return cls(weight, bias, activation, dropout=dropout)

    @property
    def n_inputs(self):
        """Number of source units."""
        return self.weight.shape[0]

    @property
    def n_outputs(self):
        """Number of units of the layer."""
        return self.weight.shape[1]

    @property
    def n_input_units(self):
        """Number of units or channels that the inputs belong to, were the layer the first."""
        return self.weight.shape[0]

    @property
    def dimensions(self):
        """Sizes that span the weight, for the Erdos-Renyi kernel allocation."""
        return self.weight.shape

    @property
    def n_positions(self):
        """How often each weight is used for one sample."""
        return 1

    def output_shape(self, input_shape):
        """Shape of one sample's output, given the shape of its input."""
        return (self.n_outputs,)

    def set_mask(self, mask):
        """Cut the connections where ``mask`` is False, now and in all training to come."""
        self.mask = np.ascontiguousarray(mask, dtype=bool)
        self.weight[~self.mask] = 0

    def parameters(self):
        """Return the layer's weight and bias as `Parameter` tuples."""
        mask = NO_MASK if self.mask is None else self.mask
        return [Parameter(self.weight, mask, True), Parameter(self.bias, NO_MASK, False)]

    def buffers(self, n_samples, training=False):
        """Allocate the working memory of `forward` and, for training, of `backward`."""
        return DenseBuffers(self, n_samples, training)

    def gradients(self, buffers):
        """Return the arrays `backward` fills, in the order of `parameters`."""
        return [buffers.grad_weight, buffers.grad_bias]

    def forward(self, x, buffers, rng=None):
        """Compute the layer's output.

        Parameters
        ----------
        x : ndarray of shape (n_samples, ...)
            Input; flattened to ``(n_samples, n_inputs)``.
        buffers : DenseBuffers
            Working memory; the output lives there until the next call.
        rng : numpy.random.Generator or None
            With a generator dropout is active, as in training.

        Returns
        -------
        output : ndarray of shape (n_samples, n_outputs)
        """
        n_samples = x.shape[0]
        x = x.reshape(n_samples, -1)
        output = np.dot(x, self.weight, out=buffers.output[:n_samples])
        ACTIVATIONS[self.activation][0](output, self.bias)
        if rng is None or not self.dropout:
            return output
        keep = buffers.keep[:n_samples]
        rng.random(out=keep, dtype=keep.dtype)
        np.greater_equal(keep, self.dropout, out=keep)
        keep /= 1.0 - self.dropout
        return np.multiply(output, keep, out=buffers.dropped[:n_samples])

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
        flat = x.reshape(n_samples, -1)
        if dropped and self.dropout:
            delta *= buffers.keep[:n_samples]
        ACTIVATIONS[self.activation][1](delta, buffers.output[:n_samples])
        np.dot(flat.T, delta, out=buffers.grad_weight)
        np.sum(delta, axis=0, out=buffers.grad_bias)
        if not need_delta_input:
            return None
        back = np.dot(delta, self.weight.T, out=buffers.delta_input[:n_samples])
        return back.reshape(x.shape)
