"""What criteria are shown of a network, by the plain formulas."""

import numpy as np
import pytest
from sklearn.feature_selection import f_classif

from skscreen import CNNClassifier, MLPClassifier
from skscreen.pruning import FWeights, NetworkEvidence, Screening, ScreeningData
from skscreen.pruning.network_evidence import InputMoments
from skscreen.screening import Screen

rng = np.random.default_rng(0)
X = rng.standard_normal((200, 36)) + np.linspace(0, 3, 36)
Y = rng.integers(0, 3, 200)
X[:, :6] += Y[:, None]
WEIGHT = rng.integers(0, 3, 200).astype(float)


def evidence(estimator, weight=None):
    estimator.set_params(max_iter=2, tol=None, dtype="float64", random_state=0).fit(X, Y)
    return observe(estimator.network_, ScreeningData(X, Y, 3, weight))


def observe(network, data, f_weight=0.0, **known):
    random = np.random.RandomState(0)
    screen = Screen(pooling="mean").resolve(random)
    return NetworkEvidence(network, data, screen, random, FWeights(f_weight), **known)


@pytest.fixture
def mlp():
    return evidence(MLPClassifier((8, 5)))


@pytest.fixture
def cnn():
    return evidence(CNNClassifier((6, 6), conv_channels=(4, 3), hidden_layer_sizes=(5,)))


def test_scales_of_what_a_dense_layer_reads(mlp):
    first, second, _ = mlp.connections()
    np.testing.assert_allclose(first.spread[:, 0], X.std(axis=0), rtol=1e-12)
    np.testing.assert_allclose(first.rms[:, 0], np.sqrt((X**2).mean(axis=0)), rtol=1e-12)
    hidden = mlp.network.logits(X, depth=1)
    np.testing.assert_allclose(second.spread[:, 0], hidden.std(axis=0), rtol=1e-12)
    # a unit shows the next layer what it is
    np.testing.assert_allclose(mlp.units()[0].spread, hidden.std(axis=0), rtol=1e-12)


def test_scales_of_what_a_convolution_reads(cnn):
    layer = cnn.network.layers[1]
    patches = layer.source_values(cnn.network.logits(X, depth=1))
    flat = patches.reshape(-1, patches.shape[2])
    found = cnn.connections()[1]
    np.testing.assert_allclose(found.spread[:, 0], flat.std(axis=0), rtol=1e-12)
    np.testing.assert_allclose(found.rms[:, 0], np.sqrt((flat**2).mean(axis=0)), rtol=1e-12)
    # a channel is read in several columns: the mean of their variances
    channels = layer.source_units(4)
    expected = [np.sqrt(flat.var(axis=0)[channels == c].mean()) for c in range(4)]
    np.testing.assert_allclose(cnn.units()[0].spread, expected, rtol=1e-12)


@pytest.mark.parametrize("kind", ["mlp", "cnn"])
def test_what_a_layer_reads_is_observed_once(kind, request):
    """Units that are read as they are, and the inputs of a later round, need no further pass."""
    built, inputs = request.getfixturevalue(kind), InputMoments()
    found = observe(built.network, built.data, input_moments=inputs)
    layers = found.network.layers
    passes = []
    found.network.over_chunks = lambda *given: (
        passes.append(1) or type(found.network).over_chunks(found.network, *given)
    )
    sources, units = found.moments("source"), found.moments("unit")
    assert len(passes) == 2 + (kind == "cnn")  # inputs, units, and the columns of convolutions
    x = X
    for number, layer in enumerate(layers):
        values = layer.source_values(
            x.reshape(-1, 6, 6, 1) if layer.is_sharded and not number else x
        )
        np.testing.assert_allclose(
            sources[number].collected.mean(), values.mean(axis=(0, 1)), rtol=1e-9, atol=1e-12
        )
        x = found.network.logits(X, depth=number + 1)
    shared = [number for number in range(1, len(layers)) if sources[number] is units[number - 1]]
    # the last convolution of this one leaves a single position
    assert shared == ([1, 2] if kind == "mlp" else [2, 3])
    passes.clear()
    again = observe(found.network, found.data, input_moments=inputs)
    assert again.moments("source")[0] is sources[0]
    assert len(passes) == 1 + (kind == "cnn")


def test_weights_are_repetitions():
    weighted = evidence(MLPClassifier((8,)), WEIGHT).connections()[0].spread
    expected = np.repeat(X, WEIGHT.astype(int), axis=0).std(axis=0)
    np.testing.assert_allclose(weighted[:, 0], expected, rtol=1e-12)


def test_whose_F(mlp):
    first = mlp.connections()[0]
    source = f_classif(X, Y)[0]
    target = f_classif(mlp.network.logits(X, depth=1), Y)[0]
    np.testing.assert_allclose(first.statistic("source")[:, 0], source, rtol=1e-9)
    np.testing.assert_allclose(first.statistic("target")[0], target, rtol=1e-9)
    both = np.sqrt(source[:, None] * target)
    np.testing.assert_allclose(first.statistic("both"), both, rtol=1e-9)
    unit = mlp.units()[0]
    np.testing.assert_allclose(unit.statistic("source"), target, rtol=1e-9)


def test_the_standardised_score_does_not_see_the_scale_of_a_unit(mlp):
    sides = ("source", "target")
    plain = observe(mlp.network, mlp.data, 0.3).connections()[1]
    before = [Screening(side=side)(plain) for side in sides]
    first, second, _ = mlp.network.layers
    factor = np.linspace(0.1, 10, 8)
    first.weight *= factor
    first.bias *= factor
    second.weight /= factor[:, None]
    scaled = observe(mlp.network, mlp.data, 0.3).connections()[1]
    for side, expected in zip(sides, before, strict=True):
        found = Screening(side=side)(scaled)
        np.testing.assert_allclose(found, expected, rtol=1e-9)
