"""Gradients that criteria look at, against central differences and by hand."""

import numpy as np
import pytest
from sklearn.base import clone

from skscreen import CNNClassifier, MLPClassifier, MLPRegressor, ScreeningPruner
from skscreen.nn import Loss
from skscreen.pruning import CRITERIA, FWeights, NetworkEvidence, ScreeningData
from skscreen.pruning.gradients import MINIBATCH
from skscreen.screening import Screen

rng = np.random.default_rng(0)
X = rng.standard_normal((150, 16))
Y = rng.integers(0, 3, 150)


def evidence(estimator, target, n_classes, weight=None, samples=150):
    estimator.set_params(max_iter=2, tol=None, dtype="float64", random_state=0).fit(X, target)
    data = ScreeningData(X, target.reshape(150, -1) if n_classes is None else target, n_classes)
    data = ScreeningData(data.X, data.target, n_classes, weight)
    random = np.random.RandomState(0)
    screen = Screen(samples=samples).resolve(random)
    return NetworkEvidence(estimator.network_, data, screen, random, FWeights(0.0))


def mean_loss(found, rows=slice(None)):
    data, network = found.data, found.network
    index = np.arange(150)[rows]
    loss = Loss(network.output, data.target, data.sample_weight)
    logits = network.logits(data.X[rows])
    return loss.gradient(logits, index, np.empty_like(logits), loss.total(len(index)))


def slope(found, change, rows=slice(None), step=1e-5):
    """Central difference of the loss along ``change(sign * step)``."""
    values = []
    for signed in (step, -step):
        undo = change(signed)
        values.append(mean_loss(found, rows))
        undo()
    return (values[0] - values[1]) / (2 * step)


def of_weight(layer, place):
    def change(step):
        before = layer.weight[place]
        layer.weight[place] = before * (1 + step)
        return lambda: layer.weight.__setitem__(place, before)

    return change


def of_unit(layer, unit):
    def change(step):
        weight, bias = layer.weight[:, unit].copy(), layer.bias[unit]
        layer.weight[:, unit] *= 1 + step
        layer.bias[unit] *= 1 + step

        def undo():
            layer.weight[:, unit] = weight
            layer.bias[unit] = bias

        return undo

    return change


CASES = {
    "mlp": lambda: evidence(MLPClassifier((6, 5), activation="tanh"), Y, 3),
    "weights": lambda: evidence(
        MLPClassifier((6, 5), activation="tanh"), Y, 3, rng.integers(1, 4, 150).astype(float)
    ),
    "cnn": lambda: evidence(
        CNNClassifier((4, 4), conv_channels=(4,), hidden_layer_sizes=(5,), activation="tanh"), Y, 3
    ),
    "regressor": lambda: evidence(MLPRegressor((6,), activation="tanh"), X[:, 0] ** 2, None),
}


@pytest.mark.parametrize("case", CASES)
def test_saliency_is_the_slope_of_the_loss(case):
    found = CASES[case]()
    for number, (connections, layer) in enumerate(
        zip(found.connections(), found.network.layers, strict=True)
    ):
        for place in [(0, 0), (2, 1)]:
            if place[1] < layer.n_outputs:
                expected = slope(found, of_weight(layer, place))
                assert connections.saliency[place] == pytest.approx(expected, abs=1e-8)
        if number < len(found.network.layers) - 1:
            units = found.units()[number]
            assert units.saliency[2] == pytest.approx(slope(found, of_unit(layer, 2)), abs=1e-8)


def test_squares_are_those_of_minibatches():
    found = CASES["mlp"]()
    layer = found.network.layers[0]
    for change, value in [
        (of_weight(layer, (3, 2)), found.connections()[0].saliency_rms[3, 2]),
        (of_unit(layer, 2), found.units()[0].saliency_rms[2]),
    ]:
        drawn = np.random.RandomState(0).permutation(150)
        first = slope(found, change, drawn[:MINIBATCH])
        second = slope(found, change, drawn[MINIBATCH:])
        share = MINIBATCH / 150
        expected = np.sqrt(share * first**2 + (1 - share) * second**2)
        assert value == pytest.approx(expected, rel=1e-5)


def test_the_network_stays_as_it_was():
    found = CASES["cnn"]()
    before = found.network.copy()
    assert len(found.gradients) == 3
    for layer, old in zip(found.network.layers, before.layers, strict=True):
        np.testing.assert_array_equal(layer.weight, old.weight)


def test_wanda_is_magnitude_times_activation():
    found = CASES["mlp"]()
    first = found.connections()[0]
    expected = np.abs(first.weight) * np.sqrt((X**2).mean(axis=0))[:, None]
    np.testing.assert_allclose(CRITERIA["wanda"](first), expected, rtol=1e-12)


def test_criteria_of_gradients():
    found = CASES["mlp"]()
    for evidence in (found.connections()[0], found.units()[0]):
        np.testing.assert_array_equal(CRITERIA["taylor"](evidence), evidence.saliency_rms)
        np.testing.assert_array_equal(CRITERIA["snip"](evidence), np.abs(evidence.saliency))


@pytest.mark.parametrize("granularity", ["connection", "channel"])
@pytest.mark.parametrize("criterion", ["wanda", "taylor", "snip"])
def test_every_criterion_prunes(criterion, granularity):
    net = CNNClassifier((4, 4), conv_channels=(4,), hidden_layer_sizes=(8,), max_iter=2, tol=None)
    pruner = ScreeningPruner(
        net, criterion=criterion, granularity=granularity, sparsity=0.6, random_state=0
    )
    weight = rng.integers(0, 3, 150)
    pruner.fit(X, Y, sample_weight=weight)
    assert 0.55 < pruner.sparsity_ < 0.9
    others = [
        clone(pruner).set_params(criterion=other).fit(X, Y, sample_weight=weight).masks_[1]
        for other in ("magnitude", "random")
    ]
    assert not any(np.array_equal(pruner.masks_[1], mask) for mask in others)
