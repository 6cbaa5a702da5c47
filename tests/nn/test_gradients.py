"""Gradients against central differences, outputs against naive loops, in float64."""

import naive
import numpy as np
import pytest

from skscreen.nn import Conv, Dense, Loss, Network

ACTIVATIONS = ["identity", "logistic", "tanh", "relu"]


def target_for(output, rng, n_samples, n_outputs):
    if output == "identity":
        return rng.standard_normal((n_samples, n_outputs))
    return rng.integers(0, max(2, n_outputs), n_samples)


def largest_error(network, X, target, output):
    """Largest difference between the gradients and central differences."""
    loss = Loss(output, target, np.linspace(0.5, 2, len(X)))
    index = np.arange(len(X))
    delta = np.empty((len(X), network.layers[-1].n_outputs))
    buffers = network.buffers(len(X), training=True)
    total = loss.total(len(X))

    def value():
        logits = network.forward(X, network.buffers(len(X)))
        return loss.gradient(logits, index, np.empty_like(delta), total)

    loss.gradient(network.forward(X, buffers), index, delta, total)
    network.backward(X, delta, buffers)
    gradients = [gradient.copy() for gradient in network.gradients(buffers)]
    step, worst = 1e-5, 0.0
    for parameter, gradient in zip(network.parameters(), gradients, strict=True):
        for place in np.ndindex(parameter.value.shape):
            before = parameter.value[place]
            parameter.value[place] = before + step
            above = value()
            parameter.value[place] = before - step
            slope = (above - value()) / (2 * step)
            parameter.value[place] = before
            worst = max(worst, abs(slope - gradient[place]))
    return worst


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize(
    ("output", "n_outputs"), [("softmax", 3), ("logistic", 1), ("identity", 2)]
)
def test_dense(activation, output, n_outputs):
    rng = np.random.RandomState(0)
    layers = [
        Dense.initialise(5, 6, activation, rng, np.float64),
        Dense.initialise(6, 4, activation, rng, np.float64),
        Dense.initialise(4, n_outputs, "identity", rng, np.float64),
    ]
    generator = np.random.default_rng(1)
    X = generator.standard_normal((7, 5))
    target = target_for(output, generator, 7, n_outputs)
    assert largest_error(Network(layers, output), X, target, output) < 1e-6


def test_dense_that_reads_a_part():
    rng = np.random.RandomState(0)
    first = Dense.initialise(6, 4, "tanh", rng, np.float64)
    second = Dense.initialise(2, 3, "identity", rng, np.float64)
    first = Dense(first.weight[:3].copy(), first.bias, "tanh", reads=np.array([0, 2, 5]))
    second.reads = np.array([1, 3])
    X = np.random.default_rng(0).standard_normal((5, 6))
    network = Network([first, second], "softmax")
    assert largest_error(network, X, np.array([0, 1, 2, 0, 1]), "softmax") < 1e-6


GEOMETRIES = [
    {"input_shape": (6, 6, 1), "kernel_size": (3, 3), "padding": "valid", "pool_size": (2, 2)},
    {"input_shape": (5, 7, 2), "kernel_size": (3, 2), "padding": "same", "pool_size": (2, 2)},
    {"input_shape": (5, 5, 2), "kernel_size": (2, 3), "padding": "same", "stride": 2},
    {"input_shape": (7, 6, 1), "kernel_size": (3, 3), "padding": "valid", "stride": 2},
    {"input_shape": (1, 4, 2), "kernel_size": (3, 3), "padding": "same", "pool_size": (1, 2)},
    # a window of 324 places: their numbers need more than a byte
    {"input_shape": (18, 19, 1), "kernel_size": (1, 2), "padding": "valid", "pool_size": (18, 18)},
]


@pytest.mark.parametrize("geometry", GEOMETRIES)
class TestConv:
    def layer(self, geometry, activation="tanh", n_outputs=3):
        rng = np.random.RandomState(0)
        return Conv.initialise(n_outputs, activation, rng, np.float64, **geometry)

    @pytest.mark.parametrize("activation", ACTIVATIONS)
    def test_gradients(self, geometry, activation):
        rng = np.random.RandomState(1)
        first = self.layer(geometry, activation)
        shape = first.output_shape()
        second = Conv.initialise(
            2, activation, rng, np.float64, input_shape=shape, kernel_size=(2, 2), padding="same"
        )
        last = Dense.initialise(2 * shape[0] * shape[1], 3, "identity", rng, np.float64)
        X = np.random.default_rng(0).standard_normal((4, *geometry["input_shape"]))
        network = Network([first, second, last], "softmax")
        assert largest_error(network, X, np.array([0, 1, 2, 0]), "softmax") < 1e-6

    @pytest.mark.parametrize("activation", ACTIVATIONS)
    def test_outputs(self, geometry, activation):
        layer = self.layer(geometry, activation)
        X = np.random.default_rng(0).standard_normal((20, *geometry["input_shape"]))
        conv = naive.convolve(X, layer.weight, layer.kernel_size, layer.stride, layer.padding)
        expected = naive.max_pool(naive.activate(activation, conv + layer.bias), layer.pool_size)
        assert expected.shape[1:] == layer.output_shape()
        for training in (True, False):
            output = layer.forward(X, layer.buffers(20, training))
            np.testing.assert_allclose(output, expected, atol=1e-12)

    def test_blocks_change_nothing(self, geometry, monkeypatch):
        layer = self.layer(geometry)
        X = np.random.default_rng(0).standard_normal((9, *geometry["input_shape"]))
        whole = layer.forward(X, layer.buffers(9)).copy()
        monkeypatch.setattr("skscreen.nn.conv.BLOCK_BYTES", 1)
        np.testing.assert_allclose(layer.forward(X, layer.buffers(9)), whole, atol=1e-13)

    def test_what_is_carried_back_does_not_need_the_gradients(self, geometry):
        layer, generator = self.layer(geometry), np.random.default_rng(0)
        X = generator.standard_normal((5, *geometry["input_shape"]))
        delta = generator.standard_normal((5, *layer.output_shape()))
        carried = []
        for back in (layer.backward, layer.carry_back):
            buffers = layer.buffers(5, training=True)
            layer.forward(X, buffers)
            carried.append(back(X, delta.copy(), buffers).copy())
        np.testing.assert_array_equal(*carried)

    def test_features_are_those_that_matter(self, geometry):
        layer = self.layer(geometry)
        rows = np.random.default_rng(3).random(layer.n_inputs) < 0.3
        layer.weight[~rows] = 0
        n_features = int(np.prod(geometry["input_shape"]))
        columns = layer.patches(np.arange(1.0, n_features + 1).reshape(1, -1))
        touched = np.unique(columns[:, rows]).astype(int)
        expected = np.isin(np.arange(1, n_features + 1), touched)
        np.testing.assert_array_equal(layer.features(rows, n_features), expected)


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize(("size", "kernel"), [((9, 8), 3), ((7, 7), 5)])
def test_conv_agrees_with_torch(stride, size, kernel):
    torch = pytest.importorskip("torch")
    rng = np.random.RandomState(0)
    layer = Conv.initialise(
        4,
        "identity",
        rng,
        np.float64,
        input_shape=(*size, 3),
        kernel_size=(kernel, kernel),
        stride=stride,
    )
    X = np.random.default_rng(0).standard_normal((5, *size, 3))
    weight = layer.weight.reshape(kernel, kernel, 3, 4).transpose(3, 2, 0, 1)
    expected = torch.nn.functional.conv2d(
        torch.from_numpy(X.transpose(0, 3, 1, 2).copy()),
        torch.from_numpy(weight.copy()),
        torch.from_numpy(layer.bias),
        stride=stride,
    )
    np.testing.assert_allclose(
        layer.forward(X, layer.buffers(5)), expected.numpy().transpose(0, 2, 3, 1), atol=1e-10
    )
