"""Costs of networks."""

import pickle

import numpy as np
import pytest

from skscreen.inspection import compare_costs, network_costs
from skscreen.nn import Conv, Dense, Network


def network():
    rng = np.random.RandomState(0)
    conv = Conv.initialise(
        4, "relu", rng, np.float32, input_shape=(8, 8, 2), kernel_size=(3, 3), pool_size=(2, 2)
    )
    return Network([conv, Dense.initialise(36, 5, "identity", rng, np.float32)], "softmax")


def test_counts():
    costs = network_costs(network())
    assert [(c.name, c.shape, c.n_weights, c.macs) for c in costs.layers] == [
        ("1 conv", "18-4", 72, 72 * 36),
        ("2 dense", "36-5", 180, 180),
    ]
    assert (costs.total.n_weights, costs.total.macs) == (252, 72 * 36 + 180)
    assert costs.total.n_bytes == len(pickle.dumps(network()))


def test_what_is_cut_does_not_count():
    dense, lean = network(), network()
    mask = np.zeros((36, 5), bool)
    mask[:7, 2] = True
    lean.layers[1].set_mask(mask)
    comparison = compare_costs(dense, lean)
    assert comparison.after.total.n_weights == 72 + 7
    assert comparison.after.layers[1].n_bytes < comparison.before.layers[1].n_bytes
    lines = str(comparison).splitlines()
    assert lines[0].split() == ["layer", "shape", "weights", "MACs", "bytes"]
    assert lines[3].split()[:9] == ["2", "dense", "36-5", "->", "36-5", "180", "->", "7", "180"]
    assert lines[4].split()[:4] == ["all", "252", "->", "79"]


def test_networks_of_different_depth_are_refused():
    deep = network()
    with pytest.raises(ValueError, match="same number of layers, got 2 and 1"):
        compare_costs(deep, Network(deep.layers[:1], "softmax"))


def test_the_form_of_each_layer():
    rng = np.random.RandomState(0)
    layer = Dense.initialise(784, 300, "relu", rng, np.float32)
    wide = Dense.initialise(300, 100, "identity", rng, np.float32)
    layer.set_mask(rng.random_sample((784, 300)) < 0.02)
    costs = network_costs(Network([layer, wide], "softmax"))
    assert [c.form for c in costs.layers] == ["sparse", "dense"]
    assert str(costs).splitlines()[0].split()[-1] == "form"


def test_the_form_is_that_of_the_estimator():
    from small import X, network, y

    net = network(inference="sparse").fit(X, y)
    assert {c.form for c in network_costs(net).layers} == {"sparse"}
