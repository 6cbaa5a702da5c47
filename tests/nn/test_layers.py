"""The contract of layers and what a network makes of it."""

import numpy as np
import pytest

from skscreen.nn import Conv, Dense, Network
from skscreen.nn.layer import Layer


def three_layers():
    rng = np.random.RandomState(0)
    conv = Conv.initialise(
        2, "relu", rng, np.float32, input_shape=(6, 6, 1), kernel_size=(3, 3), pool_size=(9, 2)
    )
    return Network(
        [
            conv,
            Dense.initialise(4, 5, "relu", rng, np.float32),
            Dense.initialise(5, 3, "identity", rng, np.float32),
        ],
        "softmax",
    )


def test_a_layer_without_the_contract_cannot_be_made():
    class Half(Layer):
        def forward(self, x, buffers, *, rng=None, dropout=0.0):
            return x

    with pytest.raises(TypeError, match="abstract"):
        Half(np.zeros((1, 1)), np.zeros(1), "relu")


def test_a_pool_window_is_cut_to_the_size_of_the_convolution():
    conv = three_layers().layers[0]
    assert conv.conv_shape == (4, 4)
    assert conv.pool_size == (4, 2)
    assert conv.output_shape() == (1, 2, 2)


def test_only_fully_connected_hidden_layers_drop_units():
    network = three_layers()
    assert network.dropout_rates(0.3) == [0.0, 0.3, 0.0]
    x = np.random.default_rng(0).random((50, 36)).astype(np.float32)
    buffers = network.buffers(50, training=True, dropout=0.3)
    network.forward(x, buffers, rng=np.random.default_rng(1), dropout=0.3)
    given, dropped = buffers[1].output, buffers[1].dropped
    gone = (dropped == 0) & (given > 0)
    assert 0 < gone.sum() < (given > 0).sum()
    np.testing.assert_allclose(dropped[~gone], given[~gone] / np.float32(0.7), rtol=1e-6)


def test_sparsity_is_the_share_of_weights_that_are_cut():
    network = three_layers()
    assert network.sparsity == 0
    mask = np.zeros((4, 5), bool)
    mask[0] = True
    network.layers[1].set_mask(mask)
    assert network.sparsity == pytest.approx(15 / (18 + 20 + 15))


def test_a_network_is_sharded_if_a_layer_is():
    network = three_layers()
    assert network.is_sharded
    assert not Network(network.layers[1:], "softmax").is_sharded
