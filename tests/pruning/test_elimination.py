"""Backward elimination and partial F against refitting from scratch."""

import naive
import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from skscreen.nn import Dense, Network
from skscreen.pruning.elimination import eliminate
from skscreen.pruning.partial_f import (
    MOST_PASSES,
    connection_scores,
    partial_variances,
    root_of,
    unit_importance,
    unit_metrics,
    unit_scores,
)

RNG = np.random.default_rng(0)
A = RNG.normal(size=(300, 12)) @ RNG.normal(size=(12, 12))
COVARIANCE = np.cov(A.T, bias=True)
WEIGHT = RNG.normal(size=(12, 3))
IMPORTANCE = np.array([1.0, 2.0, 0.5])


@pytest.mark.parametrize(
    "groups",
    [np.arange(12), np.repeat([0, 1, 2, 3], 3), np.array([0, 5, 0, 1, 5, 2, 3, 3, 3, 3, 1, 5])],
    ids=["single", "equal", "unequal"],
)
def test_drops_in_the_order_of_refits_from_scratch(groups):
    scores = eliminate(COVARIANCE, WEIGHT, IMPORTANCE, groups)
    left, lost, highest = np.unique(groups).tolist(), 0.0, 0.0
    for group in np.argsort(scores, kind="stable")[-len(left) :]:
        costs = naive.removal_costs(COVARIANCE, WEIGHT, IMPORTANCE, groups, left)
        assert left[int(np.argmin(costs))] == group
        highest = max(highest, costs.min() - lost)
        assert scores[group] == pytest.approx(np.sqrt(highest), rel=1e-6)
        lost = costs.min()
        left.remove(group)


def test_of_two_that_say_the_same_only_one_goes_early():
    twins = np.array([[1.0, 0.999], [0.999, 1.0]])
    scores = eliminate(twins, np.ones((2, 1)), np.ones(1), np.arange(2))
    assert scores.min() < 0.05
    assert scores.max() > 1.9


def test_scores_do_not_depend_on_threads():
    big = np.cov(RNG.normal(size=(200, 150)).T) + 0.1 * np.eye(150)
    weight = RNG.normal(size=(150, 40))
    results = []
    for n_threads in (1, 2):
        with threadpool_limits(n_threads, user_api="blas"):
            results.append(eliminate(big, weight, np.ones(40), np.arange(150)))
    np.testing.assert_array_equal(*results)


def test_partial_variance_is_what_the_others_do_not_explain():
    mask = RNG.random((12, 3)) > 0.4
    variances = partial_variances(COVARIANCE, mask)
    for unit, target in zip(*np.nonzero(mask), strict=True):
        others = np.flatnonzero(mask[:, target] & (np.arange(12) != unit))
        centred = A - A.mean(axis=0)
        fit = np.linalg.lstsq(centred[:, others], centred[:, unit], rcond=None)[0]
        left = np.var(centred[:, unit] - centred[:, others] @ fit)
        assert variances[unit, target] == pytest.approx(left, rel=1e-3)
    assert not variances[~mask].any()


def test_scores_of_connections():
    covariance = np.diag([4.0, 1.0])
    mask = np.array([[True, False], [True, True]])
    scores = connection_scores(covariance, np.array([[1.0, 9.0], [-3.0, 2.0]]), mask, [1.0, 4.0])
    # independent inputs: |w| s times the root of the importance, but for the ridge
    np.testing.assert_allclose(scores, [[2.0, 0.0], [3.0, 4.0]], rtol=0.05)


def test_units_that_nothing_reads_score_nothing():
    mask = np.ones((12, 3), dtype=bool)
    mask[[1, 6, 7, 11]] = False
    units = np.arange(12) % 5
    metric = np.diag(IMPORTANCE)
    scores = unit_scores(COVARIANCE, np.where(mask, WEIGHT, 0), mask, metric, units, 6)
    np.testing.assert_array_equal(scores == 0, [False, True, False, False, False, True])


def test_units_whose_effects_on_the_targets_make_up_for_each_other_go_first():
    covariance, mask, units = np.eye(3), np.ones((3, 2), dtype=bool), np.arange(3)
    weight = np.array([[1.0, -1.0], [0.8, 0.8], [0.1, 0.3]])
    apart = unit_scores(covariance, weight, mask, np.eye(2), units, 3)
    assert np.argsort(apart).tolist() == [2, 1, 0]
    # an error in both targets alike is all that the output shows
    together = unit_scores(covariance, weight, mask, np.ones((2, 2)), units, 3)
    assert np.argsort(together).tolist() == [0, 2, 1]


def test_a_metric_without_any_change_of_the_output():
    scores = unit_scores(
        COVARIANCE, WEIGHT, np.ones((12, 3), dtype=bool), np.zeros((3, 3)), np.arange(12), 12
    )
    assert np.isfinite(scores).all()


def test_root_of_a_metric_leaves_out_what_does_not_count():
    B = np.random.default_rng(1).normal(size=(6, 2))
    root = root_of(B @ B.T)
    assert root.shape == (6, 2)
    np.testing.assert_allclose(root @ root.T, B @ B.T, atol=1e-10)


@pytest.mark.parametrize("output", ["softmax", "logistic", "identity"])
@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_importance_is_the_change_of_the_output(output, activation):
    rng = np.random.RandomState(0)
    n_outputs = 1 if output == "logistic" else 3
    layers = [
        Dense.initialise(5, 4, activation, rng, np.dtype("float64")),
        Dense.initialise(4, n_outputs, "identity", rng, np.dtype("float64")),
    ]
    network = Network(layers, output)
    X = RNG.normal(size=(40, 5))
    found = unit_importance(network, X)[0]
    logits = network.logits(X)
    for unit in range(4):
        step = np.zeros(4)
        step[unit] = 1e-5
        layers[0].shift_bias(step)
        change = (network.logits(X) - logits) / 1e-5
        layers[0].shift_bias(-step)
        if output == "identity":
            wanted = (change**2).sum(axis=1)
        elif output == "logistic":
            p = network.probabilities(X)[:, 1:]
            wanted = (p * (1 - p) * change**2).sum(axis=1)
        else:
            p = network.probabilities(X)
            wanted = (p * change**2).sum(axis=1) - (p * change).sum(axis=1) ** 2
        assert found[unit] == pytest.approx(wanted.mean(), rel=1e-3)


@pytest.mark.parametrize("output", ["softmax", "logistic"])
def test_what_is_certain_cannot_change(output):
    # of logits that are huge every error leaves the probabilities as they are
    last = np.array([[1e4]]) if output == "logistic" else np.array([[-1e4, 0.0, 1e4]])
    layers = [
        Dense(np.ones((1, 1)), np.zeros(1), "identity"),
        Dense(last, np.zeros(last.shape[1]), "identity"),
    ]
    importance = unit_importance(Network(layers, output), np.array([[-1.0], [1.0]]))
    assert [found.tolist() for found in importance] == [[0.0], [0.0] * last.shape[1]]


@pytest.mark.parametrize("output", ["softmax", "identity"])
def test_the_metric_is_the_change_with_several_units(output):
    rng = np.random.RandomState(0)
    layers = [
        Dense.initialise(5, 6, "relu", rng, np.dtype("float64")),
        Dense.initialise(6, 4, "tanh", rng, np.dtype("float64")),
        Dense.initialise(4, 3, "identity", rng, np.dtype("float64")),
    ]
    network = Network(layers, output)
    X = np.random.default_rng(1).normal(size=(40, 5))
    metrics = unit_metrics(network, X)
    assert list(metrics) == [1, 2]
    for number, metric in metrics.items():
        importance = unit_importance(network, X)[number]
        np.testing.assert_allclose(np.diagonal(metric), importance, rtol=1e-6)
    logits = network.logits(X)
    step = np.array([1.0, -2.0, 0.5, 3.0])
    layers[1].shift_bias(1e-5 * step)
    change = (network.logits(X) - logits) / 1e-5
    wanted = (change**2).sum(axis=1)
    if output == "softmax":
        layers[1].shift_bias(-1e-5 * step)
        p = network.probabilities(X)
        wanted = (p * change**2).sum(axis=1) - (p * change).sum(axis=1) ** 2
    assert step @ metrics[1] @ step == pytest.approx(wanted.mean(), rel=1e-3)


def test_importance_with_many_outputs_is_an_estimate():
    n_outputs, ratios = 20 * MOST_PASSES, []
    for seed in range(20):
        rng = np.random.RandomState(seed)
        layers = [
            Dense.initialise(5, 4, "relu", rng, np.dtype("float64")),
            Dense.initialise(4, n_outputs, "identity", rng, np.dtype("float64")),
        ]
        X = rng.normal(size=(60, 5))
        active = (X @ layers[0].weight > 0).mean(axis=0)
        exact = (layers[1].weight ** 2).sum(axis=1) * active
        ratios.append(unit_importance(Network(layers, "identity"), X)[0] / exact)
    # chance directions: a relative deviation of (2 / MOST_PASSES)^(1/2), and none in the mean
    assert np.std(ratios) < 0.7
    assert np.mean(ratios) == pytest.approx(1, abs=0.15)
