"""Turning a masked network into one that is really smaller and computes the same.

What goes: units and channels that lead nowhere; units whose inputs are all gone, which are
constant, so that their value moves into the biases that read them; positions of a flattened image
and input features that nothing reads.
"""

import numpy as np

from skscreen.kernels.activations import ACTIVATIONS
from skscreen.nn import Network
from skscreen.pruning.masks import unit_links, useful_units


def compact(network):
    """Build the smaller network that computes the same as a masked one.

    Parameters
    ----------
    network : Network
        Stays as it is.

    Returns
    -------
    lean : Network
        Takes the same samples, features that it does not read included. Its layers are masked
        only where a connection between two kept units is cut.

    Notes
    -----
    A constant unit that a zero-padded convolution reads is kept unless its value is zero: near
    the border the padding takes its place, so no bias can stand for it.
    """
    sources = network.source_units()
    masks, biases = _fold_constants(network, sources)
    # each hidden layer keeps at least one unit, so that the network keeps its shape
    kept = useful_units(unit_links(masks, sources), keep_one=True)
    return Network(take_units(network.layers, masks, biases, kept), network.output)


def take_units(layers, masks, biases, kept):
    """Build the layers that are left when units go; see `Layer.take`.

    Parameters
    ----------
    layers : list of Layer
    masks, biases : list of ndarray
        Of each layer.
    kept : list of ndarray of bool
        Which inputs, and which units of each layer, are kept; the samples keep all features.

    Returns
    -------
    layers : list of Layer
    """
    return [
        layer.take(mask, bias, before if number else None, np.flatnonzero(after))
        for number, (layer, mask, bias, before, after) in enumerate(
            zip(layers, masks, biases, kept[:-1], kept[1:], strict=True)
        )
    ]


def _fold_constants(network, sources):
    """Cut what reads constant units and put their contribution into the biases.

    Returns
    -------
    masks : list of ndarray of bool
        Without the connections from constants.
    biases : list of ndarray
        With their contributions.
    """
    masks, biases = [], []
    constant = np.zeros(int(sources[0].max()) + 1, dtype=bool)
    value = np.zeros(len(constant), network.dtype)
    for layer, source in zip(network.layers, sources, strict=True):
        foldable = constant & ((value == 0) | (not layer.pads))
        rows = foldable[source]
        mask = np.ones(layer.weight.shape, bool) if layer.mask is None else layer.mask.copy()
        bias = layer.bias + value[source][rows] @ layer.weight[rows]
        mask[rows] = False
        constant = ~mask.any(axis=0)
        outputs = bias[None, :].copy()
        ACTIVATIONS[layer.activation][0](outputs, np.zeros_like(bias))
        value = np.where(constant, outputs[0], 0).astype(network.dtype)
        masks.append(mask)
        biases.append(bias)
    return masks, biases
