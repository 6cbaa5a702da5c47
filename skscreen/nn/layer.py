"""What a layer is: the contract, and what all layers have in common."""

import copy
import math
from abc import ABC, abstractmethod

import numpy as np

from skscreen.nn.parameters import NO_MASK, Parameter


class Layer(ABC):
    """A layer with a weight of shape (n_inputs, n_outputs) and a bias.

    All that networks, statistics, pruning and exports ask of a layer stands here; a new kind of
    layer is one new class. ``n_samples`` is the length of a batch, and an input of a layer has any
    shape ``(n_samples, ...)``; where a flat sample is meant, it is flattened in C order.

    Parameters
    ----------
    weight : ndarray of shape (n_inputs, n_outputs)
    bias : ndarray of shape (n_outputs,)
    activation : {"identity", "logistic", "tanh", "relu"}

    Attributes
    ----------
    mask : ndarray of bool of shape (n_inputs, n_outputs) or None
        False where a connection is cut; set by `set_mask`.
    is_sharded : bool
        Whether samples are worked on in shards on threads, with single-threaded BLAS. A network is
        sharded if one of its layers is.
    drops_units : bool
        Whether dropout has a meaning for the layer. Where it has, `buffers`, `forward` and
        `backward` act on ``dropout``; where not, they are never given any.
    """

    is_sharded = False
    drops_units = False

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

    @property
    def n_macs(self):
        """Multiply-accumulates for one sample, those of cut connections left out."""
        return self.n_weights * self.n_positions

    @property
    def kind(self):
        """What kind of layer it is: "dense" or "conv"."""
        return type(self).__name__.lower()

    @property
    @abstractmethod
    def dimensions(self):
        """Sizes that span the weight, a tuple of int, for the Erdos-Renyi kernel allocation."""

    @property
    @abstractmethod
    def n_positions(self):
        """How often each weight is used for one sample."""

    @property
    @abstractmethod
    def n_output_positions(self):
        """Values that one unit, or channel, has for one sample."""

    @property
    @abstractmethod
    def pads(self):
        """Whether zeros stand for inputs beyond a border."""

    @abstractmethod
    def output_shape(self):
        """Shape of one sample's output, a tuple of int that ends with ``n_outputs``."""

    @abstractmethod
    def dense_cost(self, n_samples, *, threaded=False):
        """Return what a batch costs with the whole weight, see `skscreen.nn.costs`.

        ``threaded`` says whether BLAS may use threads of its own; convolutions hold it to one.
        """

    @abstractmethod
    def kept_cost(self, n_samples):
        """Return what a batch costs with the kept weights alone; infinity if there is no form."""

    def pays_kept(self, n_samples):
        """Return whether a pass, rows in and rows out, costs less with the kept weights alone."""
        return False

    def training_costs(self, n_samples, n_products):
        """Return what a step of training costs.

        Parameters
        ----------
        n_samples : int
        n_products : int
            2, and 3 where gradients are carried back.

        Returns
        -------
        threaded, single, kept : float
            With the whole weight, on two threads of BLAS and on one; with the kept weights alone,
            infinity where the layer cannot be trained so.
        """
        cost = n_products * self.dense_cost(n_samples)
        return cost, cost, math.inf

    @abstractmethod
    def sizes_turned(self):
        """Return how many values of a sample `kept_form` reads and gives."""

    @abstractmethod
    def kept_form(self, features):
        """Return the layer as a list of its kept weights; see `skscreen.nn.kept`.

        Parameters
        ----------
        features : ndarray of int32 or None
            What the columns that it reads hold; None for what it wants.
        """

    @abstractmethod
    def buffers(self, n_samples, training=False, dropout=0.0, *, form=None):
        """Allocate the working memory for up to ``n_samples`` samples.

        With a `kept_form` the layer computes from the kept weights alone: the form's parameters
        are trained, and `backward` gives their gradient.

        Returns
        -------
        buffers : object
            ``output`` of shape (n_samples, *output_shape) is what `forward` gave before any
            dropout. For ``training`` there are ``grad_weight`` and ``grad_bias`` too, and where
            ``dropout`` is not zero, ``dropped``: the output after it.
        """

    @abstractmethod
    def forward(self, x, buffers, *, rng=None, dropout=0.0):
        """Compute the layer's output.

        Parameters
        ----------
        x : ndarray of shape (n_samples, ...)
        buffers : object
            From `buffers`; the output lives there until the next call.
        rng : numpy.random.Generator or None
            With a generator dropout is active, as in training.
        dropout : float in [0, 1)
            Share of the outputs set to zero; the rest is scaled up.

        Returns
        -------
        output : ndarray of shape (n_samples, *output_shape)
        """

    @abstractmethod
    def backward(self, x, delta, buffers, *, dropout=0.0, need_delta_input=True):
        """Fill the gradients and carry ``delta`` to the layer's input.

        Parameters
        ----------
        x : ndarray of shape (n_samples, ...)
            The input that `forward` saw.
        delta : ndarray of size n_samples * output size
            Gradient of the loss with respect to the output; overwritten.
        buffers : object
            The working memory that `forward` used.
        dropout : float in [0, 1)
            The dropout that was active in `forward`.
        need_delta_input : bool, default=True
            False for the first layer, which saves a product.

        Returns
        -------
        delta_input : ndarray of the shape of x, or None
        """

    def carry_back(self, x, delta, buffers):
        """Return what `backward` does; the gradients may be left as they are."""
        return self.backward(x, delta, buffers)

    @abstractmethod
    def source_units(self, n_units):
        """Return the unit of the layer before that each input belongs to.

        Parameters
        ----------
        n_units : int or None
            Units, or channels, of the layer before; None for the first layer.

        Returns
        -------
        units : ndarray of int of shape (n_inputs,)
        """

    @abstractmethod
    def source_values(self, x):
        """Return the inputs at each position, of shape (n_samples, n_positions, n_inputs)."""

    @property
    @abstractmethod
    def n_input_positions(self):
        """Values that one unit of the layer before, or channel of an image, has for one sample."""

    @abstractmethod
    def input_values(self, x):
        """Return what is read, of shape (n_samples, n_input_positions, n_units).

        Those are the units that `source_units` tells of for a first layer.
        """

    @abstractmethod
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

    @abstractmethod
    def feature_squares(self, n_features):
        """Sum the squared weights with which each feature is read, were the layer the first.

        A weight that is used at several positions counts at each of them.

        Parameters
        ----------
        n_features : int
            Of a flat sample.

        Returns
        -------
        squares : ndarray of float64 of shape (n_features,)
        """

    @abstractmethod
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
        layer : Layer
            Shares nothing with this one.
        """

    def numbered(self):
        """Return a copy whose weights are their own places in the flat weight.

        What `take` makes of it tells where the weights of a smaller layer come from.
        """
        twin = copy.copy(self)
        twin.weight = np.arange(self.weight.size, dtype=np.float64).reshape(self.weight.shape)
        return twin

    def lock(self):
        """Make weight and mask read-only: something was made from them."""
        for array in (self.weight, self.mask):
            if array is not None:
                array.setflags(write=False)

    def unlock(self):
        """Make weight and mask writable again; what was made from them does not hold any more."""
        for array in (self.weight, self.mask):
            if array is not None and not array.flags.writeable:
                array.setflags(write=True)

    def connected(self):
        """Return the mask as an array of its own; True throughout where nothing is cut."""
        if self.mask is None:
            return np.ones(self.weight.shape, dtype=bool)
        return self.mask.copy()

    def shift_bias(self, step):
        """Add ``step``, of shape (n_outputs,), to the bias."""
        self.bias += step

    def set_mask(self, mask):
        """Cut the connections where ``mask`` is False, now and in all training to come."""
        self.unlock()
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
