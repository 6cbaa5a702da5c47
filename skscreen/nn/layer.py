"""What layers with weights have in common: masks, parameters, pickling."""

import numpy as np

from skscreen.nn.parameters import NO_MASK, Parameter


class Layer:
    """A layer with a weight of shape (n_inputs, n_outputs) and a bias.

    Parameters
    ----------
    weight : ndarray of shape (n_inputs, n_outputs)
    bias : ndarray of shape (n_outputs,)
    activation : {"identity", "logistic", "tanh", "relu"}

    Attributes
    ----------
    mask : ndarray of bool of shape (n_inputs, n_outputs) or None
        False where a connection is cut; set by `set_mask`.
    """

    def __init__(self, weight, bias, activation):
        # the optimiser updates flat views, which only contiguous arrays have
        self.weight = np.ascontiguousarray(weight)
        self.bias = np.ascontiguousarray(bias)
        self.activation = activation
        self.mask = None

    @property
    def n_inputs(self):
        """Number of source units."""
        return self.weight.shape[0]

    @property
    def n_outputs(self):
        """Number of units, or channels, of the layer."""
        return self.weight.shape[1]

    @property
    def n_weights(self):
        """Number of connections that are not cut."""
        return self.weight.size if self.mask is None else int(np.count_nonzero(self.mask))

    def set_mask(self, mask):
        """Cut the connections where ``mask`` is False, now and in all training to come."""
        self.mask = np.ascontiguousarray(mask, dtype=bool)
        self.weight[~self.mask] = 0

    def parameters(self):
        """Return the layer's weight and bias as `Parameter` tuples."""
        mask = NO_MASK if self.mask is None else self.mask
        return [Parameter(self.weight, mask, True), Parameter(self.bias, NO_MASK, False)]

    def gradients(self, buffers):
        """Return the arrays `backward` fills, in the order of `parameters`."""
        return [buffers.grad_weight, buffers.grad_bias]

    def __getstate__(self):
        """Of a masked weight store only what is kept, and the mask as bits."""
        state = dict(vars(self))
        if self.mask is not None:
            state["weight"] = self.weight[self.mask]
            state["mask"] = np.packbits(self.mask)
            state["shape"] = self.weight.shape
        return state

    def __setstate__(self, state):
        state = dict(state)
        shape = state.pop("shape", None)
        if shape is not None:
            bits = np.unpackbits(state["mask"], count=shape[0] * shape[1])
            state["mask"] = bits.astype(bool).reshape(shape)
            weight = np.zeros(shape, state["weight"].dtype)
            weight[state["mask"]] = state["weight"]
            state["weight"] = weight
        vars(self).update(state)
