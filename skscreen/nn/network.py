"""A network: a list of layers and the meaning of its last output."""

import copy
import math

import numpy as np
from scipy.special import expit

from skscreen.nn.parameters import Parameter
from skscreen.nn.plan import BYTE_SCALE, PredictionPlan, as_numbers, sharded_length
from skscreen.nn.threads import shard_pool

__all__ = ["Network", "Parameter"]

# Chunks whose results are there at a time: enough for all threads.
GROUP = 32
# Samples, and values of the inputs, of a chunk without convolutions: what is done once for each
# chunk is dear, and threads wait for each other in it.
OBSERVED_CHUNK = 4096
OBSERVED_VALUES = 2**22


class Network:
    """Layers in a row, as plain arrays that copy and pickle as they are.

    A chain: each layer reads what the one before it gives, and nothing else; the first reads the
    samples, and the outputs of the last one are the logits. Forward and backward passes, the paths
    that pruning keeps open and compaction rest on that: a network with branches is not one of
    these.

    Parameters
    ----------
    layers : list of Layer
    output : {"softmax", "logistic", "identity"}
        What the last layer's outputs, the logits, mean.
    """

    def __init__(self, layers, output):
        self.layers = list(layers)
        self.output = output
        self._plans = {}

    @property
    def dtype(self):
        """Precision of the weights and of all that is computed."""
        return self.layers[0].weight.dtype

    @property
    def n_weights(self):
        """Number of connections that are not cut."""
        return sum(layer.n_weights for layer in self.layers)

    @property
    def sparsity(self):
        """Share of the weights that are cut."""
        return 1 - self.n_weights / sum(layer.weight.size for layer in self.layers)

    @property
    def is_sharded(self):
        """Whether samples are worked on in shards on threads: with convolutions."""
        return any(layer.is_sharded for layer in self.layers)

    def dropout_rates(self, dropout):
        """Return the share of units that each layer drops: hidden ones where it has a meaning."""
        rates = [dropout if layer.drops_units else 0.0 for layer in self.layers]
        return [*rates[:-1], 0.0]

    def plan(self, inference="auto"):
        """Return the `PredictionPlan` that holds for the present weights.

        Parameters
        ----------
        inference : {"auto", "dense", "sparse"}
        """
        plan = self._plans.get(inference)
        if plan is None or not plan.holds(self):
            plan = self._plans[inference] = PredictionPlan(self, inference)
        return plan

    def unlock(self):
        """Make the weights writable again, some of which a prediction has made read-only."""
        for layer in self.layers:
            layer.unlock()

    def __getstate__(self):
        """Leave out the plans: they are made again where they are needed."""
        return vars(self) | {"_plans": {}}

    def source_units(self):
        """Return for each layer the unit of the layer before that each input belongs to."""
        n_units = [None, *(layer.n_outputs for layer in self.layers)]
        return [
            layer.source_units(number) for layer, number in zip(self.layers, n_units, strict=False)
        ]

    def copy(self):
        """Return a network that shares nothing with this one."""
        return copy.deepcopy(self)

    def rewind(self, checkpoint):
        """Take up the weights of an earlier state; what is cut stays cut.

        Parameters
        ----------
        checkpoint : Network
            Of the same layers.
        """
        self.unlock()
        for layer, earlier in zip(self.layers, checkpoint.layers, strict=True):
            np.multiply(earlier.weight, layer.connected(), out=layer.weight)
            layer.bias[:] = earlier.bias

    def parameters(self, forms=None):
        """Return the `Parameter` tuples of all layers, weight before bias.

        Those of a layer with a form, see `training_forms`, are the kept weights alone.
        """
        forms = forms or [None] * len(self.layers)
        return [
            parameter
            for layer, form in zip(self.layers, forms, strict=True)
            for parameter in (form or layer).parameters()
        ]

    def kept_forms(self, n_samples):
        """Return each layer's kept weights where batches of so many samples gain by them.

        Returns
        -------
        forms : list of KeptDense or None
        """
        return self._forms([layer.pays_kept(n_samples) for layer in self.layers])

    def training_forms(self, n_samples):
        """Return each layer's kept weights where training on so many samples gains by them.

        Without convolutions they are worth it only where the whole network gains: beside layers on
        one thread BLAS must stay on one too, for while its others wait for work they take the
        time of this one.

        Returns
        -------
        forms : list of KeptDense or None
        """
        costs = [
            layer.training_costs(n_samples, 2 + (number > 0))
            for number, layer in enumerate(self.layers)
        ]
        threaded = sum(cost for cost, _, _ in costs)
        single = sum(min(cost, kept) for _, cost, kept in costs)
        gain = self.is_sharded or single < threaded
        return self._forms([gain and kept < cost for _, cost, kept in costs])

    def _forms(self, wanted):
        return [
            layer.kept_form(None) if is_wanted else None
            for layer, is_wanted in zip(self.layers, wanted, strict=True)
        ]

    def gradients(self, buffers):
        """Return the arrays that `backward` fills, in the order of `parameters`."""
        return [
            gradient
            for layer, own in zip(self.layers, buffers, strict=True)
            for gradient in layer.gradients(own)
        ]

    def buffers(self, n_samples, training=False, dropout=0.0, *, forms=None):
        """Allocate the working memory for up to ``n_samples`` samples; see `Layer.buffers`."""
        rates = self.dropout_rates(dropout)
        forms = forms or [None] * len(self.layers)
        return [
            layer.buffers(n_samples, training, rate, form=form)
            for layer, rate, form in zip(self.layers, rates, forms, strict=True)
        ]

    def forward(self, x, buffers, *, rng=None, dropout=0.0, observe=None, depth=None):
        """Compute the logits of a batch.

        Parameters
        ----------
        x : ndarray of shape (n_samples, ...)
            The batch, of the network's dtype.
        buffers : list
            From `buffers`; holds every layer's output afterwards.
        rng : numpy.random.Generator or None
            With a generator dropout is active.
        dropout : float in [0, 1), default=0.0
            Share of each fully connected hidden layer's units that is dropped.
        observe : callable or None
            ``observe(number, source, output)`` is called for each layer with what it read and
            what it gave.
        depth : int or None
            Number of layers to run; None for all.

        Returns
        -------
        output : ndarray of shape (n_samples, n_outputs)
            A view of the working memory, valid until the next call.
        """
        rates = self.dropout_rates(dropout)
        for number, layer in enumerate(self.layers[:depth]):
            output = layer.forward(x, buffers[number], rng=rng, dropout=rates[number])
            if observe is not None:
                observe(number, x, output)
            x = output
        return x

    def backward(self, x, delta, buffers, *, dropout=0.0):
        """Fill the gradients from ``delta``, the gradient with respect to the logits.

        Parameters
        ----------
        x : ndarray of shape (n_samples, ...)
            The batch that `forward` saw.
        delta : ndarray of shape (n_samples, n_outputs)
            Overwritten.
        buffers : list
            The working memory that `forward` used.
        dropout : float in [0, 1), default=0.0
            The dropout that was active in `forward`.
        """
        rates = self.dropout_rates(dropout)
        fed = [
            (own.dropped if rate else own.output)[: len(x)]
            for own, rate in zip(buffers, rates, strict=True)
        ]
        sources = [x, *fed[:-1]]
        for number in range(len(self.layers) - 1, -1, -1):
            delta = self.layers[number].backward(
                sources[number],
                delta,
                buffers[number],
                dropout=rates[number],
                need_delta_input=number > 0,
            )

    def gather(self, X, index, out):
        """Copy samples to where the network reads them; bytes become numbers from 0 to 1.

        Parameters
        ----------
        X : ndarray of shape (n_samples, ...)
            Bytes (uint8) are divided by 255; of any other dtype they are taken as they are.
        index : ndarray of int of shape (n_batch,)
        out : ndarray of shape (n_batch, ...)
            Of the network's dtype.

        Returns
        -------
        out : ndarray of shape (n_batch, ...)
        """
        if X.dtype == out.dtype:
            # mode="clip" lets take write straight into out; the indices are always in range
            return np.take(X, index, axis=0, out=out, mode="clip")
        if X.dtype == np.uint8:
            return np.multiply(X[index], out.dtype.type(BYTE_SCALE), out=out)
        out[...] = X[index]
        return out

    def over_chunks(self, X, function):
        """Apply a function to chunks of samples, on threads.

        Parameters
        ----------
        X : ndarray of shape (n_samples, ...)
            Samples; see `gather`.
        function : callable
            ``function(rows, x, buffers)``; ``rows`` is the slice of the samples ``x``.

        Yields
        ------
        result : object
            In the order of the samples; no more than some are there at a time, as long as they are
            taken one by one. The chunks do not depend on the number of threads. BLAS is held to
            one thread until the last is taken, or the generator is closed.
        """
        length = sharded_length(len(X)) if self.is_sharded else _observed_length(X)
        chunks = [slice(i, min(i + length, len(X))) for i in range(0, len(X), length)]
        spare = []
        most = min(length, len(X))
        forms = self.kept_forms(most)

        def apply(rows):
            x = as_numbers(X[rows], self.dtype)
            try:
                buffers = spare.pop()
            except IndexError:
                buffers = self.buffers(most, forms=forms)
            result = function(rows, x, buffers)
            spare.append(buffers)
            return result

        # what the function does takes as long as the products: threads of BLAS would not help it
        with shard_pool(min(GROUP, len(chunks))) as run:
            for start in range(0, len(chunks), GROUP):
                yield from run(apply, chunks[start : start + GROUP])

    def logits(self, X, *, depth=None, inference="auto"):
        """Compute the logits of any number of samples.

        Parameters
        ----------
        X : ndarray of shape (n_samples, ...)
            Samples; see `gather`.
        depth : int or None
            Number of layers to run; None for all.
        inference : {"auto", "dense", "sparse"}
            Whether layers are computed from their whole weights or from the kept ones alone.
            "auto" takes for each what costs less for the number of samples.

        Returns
        -------
        logits : ndarray of shape (n_samples, n_outputs), or of that of the last layer run
        """
        return self.plan(inference).logits(X, depth)

    def probabilities(self, X, *, inference="auto"):
        """Class probabilities of shape (n_samples, n_classes); for a classifier's network."""
        logits = self.logits(X, inference=inference)
        if self.output == "softmax":
            # for one sample, scipy's softmax takes longer than the network
            logits -= logits.max(axis=1, keepdims=True)
            np.exp(logits, out=logits)
            logits /= logits.sum(axis=1, keepdims=True)
            return logits
        positive = expit(logits[:, 0])
        return np.column_stack([1 - positive, positive])


def _observed_length(X):
    """Samples of a chunk: an even number of chunks of one length, for two threads."""
    most = max(1, min(OBSERVED_CHUNK, OBSERVED_VALUES // math.prod(X.shape[1:])))
    n_pairs = max(1, math.ceil(len(X) / (2 * most)))
    return max(1, math.ceil(len(X) / (2 * n_pairs)))
