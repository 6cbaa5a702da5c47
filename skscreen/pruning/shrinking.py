"""Training without the units that are cut: a smaller network aside, whose weights come back."""

from itertools import pairwise

import numpy as np

from skscreen.nn import Network, costs
from skscreen.pruning.compaction import take_units
from skscreen.pruning.masks import unit_links

# Samples by which it is judged whether the smaller network costs less.
BATCH = 128


class Shrunk:
    """What is left of a network without the hidden units that nothing leads to or from.

    It is trained in the place of the whole one and gives the same gradients, but for the weights
    that are cut.

    Parameters
    ----------
    network : Network
        The whole one.
    units : list of ndarray of bool
        Of the inputs and of each layer, those to keep.

    Attributes
    ----------
    network : Network
        The smaller one.
    """

    def __init__(self, network, units):
        self._whole = network
        masks = [layer.connected() for layer in network.layers]
        biases = [layer.bias for layer in network.layers]
        self.network = Network(take_units(network.layers, masks, biases, units), network.output)
        # the same done with places in the stead of weights tells where each weight was
        numbered = take_units([layer.numbered() for layer in network.layers], masks, biases, units)
        self._places = []
        for small, places, kept in zip(self.network.layers, numbered, units[1:], strict=True):
            inner = np.flatnonzero(small.connected())
            outer = places.weight.reshape(-1)[inner].astype(np.intp)
            self._places += [(inner, outer), (np.arange(kept.sum()), np.flatnonzero(kept))]

    def optimizer(self, optimizer):
        """Return an optimiser for the smaller network, with the state of that of the whole one."""
        return optimizer and optimizer.taken(
            self._whole.parameters(), self.network.parameters(), self._places
        )

    def give_back(self, optimizer=None, small_optimizer=None):
        """Give the whole network the weights, and its optimiser the state, of the smaller one."""
        self._whole.unlock()
        small, whole = self.network.parameters(), self._whole.parameters()
        for (inner, outer), given, taken in zip(self._places, small, whole, strict=True):
            taken.value.reshape(-1)[outer] = given.value.reshape(-1)[inner]
        if optimizer is not None:
            optimizer.give_back(small_optimizer, small, self._places)


def shrink(network):
    """Leave out the units that are cut, where that makes the training cheaper.

    Parameters
    ----------
    network : Network
        Masked; stays as it is.

    Returns
    -------
    shrunk : Shrunk or None
        None where little would be gained.
    """
    links = unit_links([layer.connected() for layer in network.layers], network.source_units())
    units = [np.ones(len(links[0]), dtype=bool)]
    for before, after in pairwise(links):
        there = before.any(axis=0) | after.any(axis=1)
        there[0] |= not there.any()
        units.append(there)
    units.append(np.ones(links[-1].shape[1], dtype=bool))
    if all(there.all() for there in units):
        return None
    shrunk = Shrunk(network, units)
    pays = _cost(shrunk.network) < costs.MARGIN * _cost(network)
    return shrunk if pays else None


def _cost(network):
    return sum(layer.dense_cost(BATCH) for layer in network.layers)
