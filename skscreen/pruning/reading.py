"""What layers read of the same samples, again and again, while a network changes."""

import math

import numpy as np

from skscreen.nn.threads import shard_pool

# Of what a layer reads of all samples, or of targets, so many bytes are kept at most.
MOST_BYTES = 2**28


class Reading:
    """What a layer of a network reads of chunks of samples.

    It is kept, so that a later layer goes on from there, as long as the layers before have not
    changed and it takes no more than `MOST_BYTES`.

    Parameters
    ----------
    X : ndarray of shape (n_samples, ...)
        Of the network's dtype, or uint8.
    chunks : list of ndarray of int
        Rows of X.
    """

    def __init__(self, X, chunks):
        self.X = X
        self.chunks = chunks
        self._number = 0
        self._before = []
        self._values = None

    def map(self, function, network, number):
        """Apply a function to what a layer reads, chunk by chunk, on threads.

        Parameters
        ----------
        function : callable
            ``function(place, values)`` with the chunk's place in the list and what the layer reads
            of it, of shape (n_chunk, ...); not to be changed.
        network : Network
        number : int
            The layer.

        Returns
        -------
        results : list
            Of all chunks, in order.
        """
        if self._number > number or not same_parameters(self._before, network, self._number):
            self._number, self._before, self._values = 0, [], None
        keeps = 0 < number != self._number and self._size(network, number) <= MOST_BYTES
        kept = [None] * len(self.chunks)

        def apply(place):
            values = self._go_on(network, number, place)
            if keeps:
                kept[place] = values
            return function(place, values)

        with shard_pool(len(self.chunks)) as run:
            results = run(apply, range(len(self.chunks)))
        if keeps:
            self._number, self._values = number, kept
            self._before = parameters_before(network, number)
        return results

    def _go_on(self, network, number, place):
        """Run a chunk from where it is kept to a layer."""
        rows = self.chunks[place]
        if self._number:
            values = self._values[place]
        else:
            values = np.empty((len(rows), *self.X.shape[1:]), network.dtype)
            values = network.gather(self.X, rows, values)
        for layer in network.layers[self._number : number]:
            values = layer.forward(values, layer.buffers(len(rows)))
        return values

    def _size(self, network, number):
        """Bytes of what a layer reads of all samples."""
        n_values = math.prod(network.layers[number - 1].output_shape())
        return sum(map(len, self.chunks)) * n_values * network.dtype.itemsize


def parameters_before(network, number):
    """Copy the weights and biases of the layers before one."""
    layers = network.layers[:number]
    return [array.copy() for layer in layers for array in (layer.weight, layer.bias)]


def same_parameters(arrays, network, number):
    """Return whether the weights and biases of the layers before one are these."""
    now = (array for layer in network.layers[:number] for array in (layer.weight, layer.bias))
    return all(np.array_equal(old, new) for old, new in zip(arrays, now, strict=True))
