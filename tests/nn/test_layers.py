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
    scale = 2**16 / (2**16 - round(0.3 * 2**16))  # the share is one of 65536
    np.testing.assert_allclose(dropped[~gone], given[~gone] * scale, rtol=1e-6)


@pytest.mark.parametrize(("dropout", "share"), [(0.25, 0.25), (1e-6, 0.0), (1 - 1e-9, 1.0)])
def test_dropout_drops_its_share(dropout, share):
    layer = Dense(np.ones((1, 64)), np.zeros(64))
    buffers = layer.buffers(1000, training=True, dropout=dropout)
    rng = np.random.default_rng(0)
    dropped = layer.forward(np.ones((1000, 1)), buffers, rng=rng, dropout=dropout)
    assert (dropped == 0).mean() == pytest.approx(share, abs=0.01)
    assert np.unique(dropped[dropped > 0]).size <= 1


def test_sparsity_is_the_share_of_weights_that_are_cut():
    network = three_layers()
    assert network.sparsity == 0
    mask = np.zeros((4, 5), bool)
    mask[0] = True
    network.layers[1].set_mask(mask)
    assert network.sparsity == pytest.approx(15 / (18 + 20 + 15))


def test_multiply_accumulates_are_the_kept_weights_at_each_position():
    network = three_layers()
    assert [layer.kind for layer in network.layers] == ["conv", "dense", "dense"]
    assert [layer.n_macs for layer in network.layers] == [18 * 16, 20, 15]
    mask = np.zeros((9, 2), bool)
    mask[:3, 0] = True
    network.layers[0].set_mask(mask)
    assert network.layers[0].n_macs == 3 * 16


def test_a_network_is_sharded_if_a_layer_is():
    network = three_layers()
    assert network.is_sharded
    assert not Network(network.layers[1:], "softmax").is_sharded


@pytest.mark.parametrize(
    "geometry",
    [
        {"kernel_size": (3, 3)},
        {"kernel_size": (3, 2), "padding": "same"},
        {"kernel_size": (3, 3), "stride": 2, "padding": "same"},
        {"kernel_size": (2, 2), "pool_size": (2, 3)},  # which leaves a row over
    ],
)
def test_squared_weights_of_each_pixel(geometry):
    rng = np.random.RandomState(0)
    conv = Conv.initialise(2, "relu", rng, np.float32, input_shape=(6, 5, 2), **geometry)
    conv.set_mask(rng.random_sample(conv.weight.shape) < 0.5)
    # each pixel alone, through the convolution as it pools
    reached = conv.source_values(np.eye(60, dtype=np.float32)) @ conv.weight.astype(np.float64)
    reached = reached.reshape(60, *conv.conv_shape, 2)
    rows, columns = (
        size // pool * pool for size, pool in zip(conv.conv_shape, conv.pool_size, strict=True)
    )
    expected = np.square(reached[:, :rows, :columns]).sum(axis=(1, 2, 3))
    np.testing.assert_allclose(conv.feature_squares(60), expected, rtol=1e-6)


def test_squared_weights_of_each_feature():
    dense = Dense(np.array([[3.0, 4.0], [0.0, 1.0]]), np.zeros(2), reads=np.array([1, 3]))
    assert dense.feature_squares(5).tolist() == [0, 25, 0, 1, 0]
