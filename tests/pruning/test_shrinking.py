"""Training without the units that are cut gives what training with them gives."""

import numpy as np
import pytest

from skscreen.nn import Conv, Dense, Loss, Network, TrainingOptions, train
from skscreen.pruning.shrinking import shrink

RNG = np.random.default_rng(0)
IMAGES = RNG.random((60, 6, 6, 1))
CODES = np.arange(60) % 3


def deep(density=0.5):
    """Build a fully connected network of which every other hidden unit is cut."""
    rng = np.random.RandomState(0)
    sizes = (36, 120, 100, 3)
    layers = [
        Dense.initialise(*shape, name, rng, np.float64)
        for *shape, name in zip(sizes[:-1], sizes[1:], ["relu", "tanh", "identity"], strict=True)
    ]
    there = [np.ones(36, bool), np.arange(120) % 2 > 0, np.arange(100) % 2 > 0, np.ones(3, bool)]
    for layer, before, after in zip(layers, there[:-1], there[1:], strict=True):
        mask = rng.random_sample(layer.weight.shape) < density
        layer.set_mask(mask & before[:, None] & after)
    return Network(layers, "softmax")


def convolutional():
    """Build a network with convolutions of which one channel and half of the units are cut."""
    rng = np.random.RandomState(0)
    conv = Conv.initialise(
        4, "relu", rng, np.float64, input_shape=(6, 6, 1), kernel_size=(3, 3), pool_size=(2, 2)
    )
    dense = Dense.initialise(16, 10, "tanh", rng, np.float64)
    last = Dense.initialise(10, 3, "identity", rng, np.float64)
    network = Network([conv, dense, last], "softmax")
    first, second, third = (layer.connected() for layer in network.layers)
    first[:, 1:3] = False
    second[np.isin(network.source_units()[1], [1, 2])] = False
    second[:, ::2] = False
    third[::2] = False
    for layer, mask in zip(network.layers, (first, second, third), strict=True):
        layer.set_mask(mask)
    return network


@pytest.mark.parametrize("build", [deep, convolutional])
@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
def test_the_smaller_network_is_trained_like_the_whole_one(build, solver):
    options = TrainingOptions(solver=solver, batch_size=20, max_iter=3, tol=None, alpha=0.01)
    loss, found = Loss("softmax", CODES), []
    for small in (False, True):
        network, rng = build(), np.random.RandomState(0)
        samples = IMAGES if network.is_sharded else IMAGES.reshape(len(IMAGES), -1)
        optimizer = None if solver == "lbfgs" else options.new_optimizer(network.parameters())
        curve = []
        for _ in range(2):  # the second time with the state of the first
            shrunk = shrink(network) if small else None
            if small:
                assert shrunk.network.n_weights == network.n_weights
                assert shrunk.network.layers[0].weight.size < network.layers[0].weight.size
                own = shrunk.optimizer(optimizer)
                result = train(shrunk.network, samples, loss, options, rng, optimizer=own)
                shrunk.give_back(optimizer, own)
            else:
                result = train(network, samples, loss, options, rng, optimizer=optimizer)
            curve += result.loss_curve
        logits = network.logits(samples)
        found.append([curve, logits, *(layer.weight for layer in network.layers)])
    for whole, small in zip(*found, strict=True):
        np.testing.assert_allclose(small, whole, atol=1e-9)


def test_nothing_is_shrunk_where_no_unit_is_cut_or_little_is_gained():
    network = deep()
    for layer in network.layers:
        layer.set_mask(np.ones(layer.weight.shape, bool))
    assert shrink(network) is None
    mask = np.ones((36, 120), bool)
    mask[:, 0] = False
    network.layers[0].set_mask(mask)
    assert shrink(network) is None  # what the unit gives is read: it is a constant
    rows = np.ones((120, 100), bool)
    rows[0] = False
    network.layers[1].set_mask(rows)
    assert shrink(network) is None  # one of many
    mask[:, :119] = False
    rows[:119] = False
    network.layers[0].set_mask(mask)
    network.layers[1].set_mask(rows)
    assert shrink(network).network.layers[0].weight.shape == (36, 1)
