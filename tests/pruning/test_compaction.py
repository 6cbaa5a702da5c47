"""Masked and compacted networks compute the same."""

import itertools
import pickle

import numpy as np
from campaign import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from skscreen.nn import Conv, Dense, Network
from skscreen.pruning import compact

ACTIVATIONS = ["identity", "logistic", "tanh", "relu"]


def random_mlp(rng, sizes, activation, density):
    layers = []
    for number, shape in enumerate(itertools.pairwise(sizes)):
        last = number == len(sizes) - 2
        layer = Dense(
            rng.standard_normal(shape).astype(np.float32),
            rng.standard_normal(shape[1]).astype(np.float32),
            "identity" if last else activation,
        )
        layer.set_mask(rng.random(shape) < density)
        layers.append(layer)
    return Network(layers, "softmax")


def assert_same(masked, lean, X):
    expected = masked.logits(X)
    scale = np.abs(expected).max() + 1
    np.testing.assert_allclose(lean.logits(X), expected, atol=1e-5 * scale, rtol=1e-5)


@settings(max_examples=examples(300), deadline=None)
@given(
    seed=st.integers(0, 2**31),
    sizes=st.lists(st.integers(1, 7), min_size=2, max_size=5),
    activation=st.sampled_from(ACTIVATIONS),
    density=st.floats(0, 1),
    n_samples=st.integers(1, 40),
)
def test_random_networks_with_random_masks(seed, sizes, activation, density, n_samples):
    rng = np.random.default_rng(seed)
    masked = random_mlp(rng, sizes, activation, density)
    X = rng.standard_normal((n_samples, sizes[0])).astype(np.float32)
    lean = compact(masked)
    assert_same(masked, lean, X)
    assert_same(masked, compact(lean), X)
    assert_same(masked, pickle.loads(pickle.dumps(lean)), X)
    assert lean.n_weights <= masked.n_weights


@st.composite
def random_cnns(draw):
    """Networks with one or two convolutions, some channels and connections cut."""
    rng = np.random.default_rng(draw(st.integers(0, 2**31)))
    activation = draw(st.sampled_from(ACTIVATIONS))
    shape = (draw(st.integers(4, 7)), draw(st.integers(4, 7)), draw(st.integers(1, 2)))
    input_shape, layers = shape, []
    for _ in range(draw(st.integers(1, 2))):
        n_channels, kernel = draw(st.integers(1, 4)), draw(st.integers(1, 3))
        padding = draw(st.sampled_from(["same", "valid"])) if min(shape[:2]) >= kernel else "same"
        layer = Conv(
            rng.standard_normal((kernel * kernel * shape[2], n_channels)).astype(np.float32),
            rng.standard_normal(n_channels).astype(np.float32),
            activation,
            input_shape=shape,
            kernel_size=(kernel, kernel),
            stride=draw(st.integers(1, 2)),
            padding=padding,
        )
        layer.pool_size = tuple(min(draw(st.integers(1, 2)), s) for s in layer.conv_shape)
        layers.append(layer)
        shape = layer.output_shape()
    sizes = [int(np.prod(shape)), *draw(st.lists(st.integers(1, 5), max_size=1)), 3]
    density = draw(st.floats(0, 1))
    layers += random_mlp(rng, sizes, activation, density).layers
    for layer in layers:
        mask = rng.random(layer.weight.shape) < density
        mask[:, rng.random(mask.shape[1]) < draw(st.sampled_from([0.0, 0.5, 1.0]))] = False
        layer.set_mask(mask)
    X = rng.standard_normal((5, int(np.prod(input_shape)))).astype(np.float32)
    return Network(layers, "softmax"), X


@settings(max_examples=examples(300), deadline=None)
@given(random_cnns())
def test_random_convolutional_networks(case):
    masked, X = case
    lean = compact(masked)
    assert_same(masked, lean, X)
    assert_same(masked, compact(lean), X)
    assert_same(masked, pickle.loads(pickle.dumps(lean)), X)
    assert lean.n_weights <= masked.n_weights


def test_what_goes():
    first = Dense(np.ones((3, 4), np.float32), np.array([0, 2, 0, -1], np.float32))
    # unit 0 reads input 0; unit 1 reads nothing and is 2; unit 2 leads nowhere; unit 3 reads
    # nothing and is 0
    first.set_mask([[1, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 0]])
    second = Dense(np.full((4, 1), 3, np.float32), np.zeros(1, np.float32), "identity")
    second.set_mask([[1], [1], [0], [1]])
    lean = compact(Network([first, second], "identity"))
    assert [layer.weight.tolist() for layer in lean.layers] == [[[1.0]], [[3.0]]]
    assert lean.layers[0].reads.tolist() == [0]
    assert lean.layers[1].bias.tolist() == [6.0]
    assert all(layer.mask is None for layer in lean.layers)


def test_an_unmasked_network_stays_as_it_is():
    rng = np.random.default_rng(0)
    masked = random_mlp(rng, [5, 4, 3], "relu", 2.0)
    lean = compact(masked)
    assert [layer.weight.shape for layer in lean.layers] == [(5, 4), (4, 3)]
    assert all(layer.reads is None and layer.mask is None for layer in lean.layers)


def test_a_pickle_of_a_pruned_network_is_small():
    rng = np.random.default_rng(0)
    masked = random_mlp(rng, [300, 200, 10], "relu", 0.1)
    dense = random_mlp(rng, [300, 200, 10], "relu", 2.0)
    for layer in dense.layers:
        layer.mask = None
    assert len(pickle.dumps(compact(masked))) < 0.16 * len(pickle.dumps(dense))


def test_the_sparse_product_is_the_product():
    rng = np.random.default_rng(0)
    masked = random_mlp(rng, [60, 50, 10], "relu", 0.1)
    X = rng.standard_normal((1500, 60)).astype(np.float32)
    by_hand = X
    for layer in masked.layers:
        by_hand = by_hand @ layer.weight + layer.bias
        by_hand = np.maximum(by_hand, 0) if layer.activation == "relu" else by_hand
    assert set(masked.plan("sparse").forms(1500)) == {"sparse"}
    for n_samples in (1500, 3):
        found = masked.logits(X[:n_samples], inference="sparse")
        np.testing.assert_allclose(found, by_hand[:n_samples], atol=1e-4)
