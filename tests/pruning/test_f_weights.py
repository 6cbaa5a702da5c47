"""How much F weighs, by the share of nulls; and which inputs go before all else."""

import numpy as np
import pytest

from skscreen import CNNClassifier, MLPClassifier, MLPRegressor, Screen
from skscreen.pruning import FWeight, FWeights, NetworkEvidence, ScreeningData
from skscreen.pruning.f_weights import FLOOR, TOP
from skscreen.pruning.input_screen import (
    inputs_worth_reading,
    nulls_prevail,
    samples_per_input,
)
from skscreen.screening import certain_null_share, f_statistic

N_SAMPLES, N_INPUTS, N_TRUE = 300, 120, 8


def table(seed=0, effect=1.5, n_true=N_TRUE):
    rng = np.random.default_rng(seed)
    y = rng.integers(3, size=N_SAMPLES)
    X = rng.standard_normal((N_SAMPLES, N_INPUTS))
    X[:, :n_true] += effect * y[:, None]
    return X.astype(np.float32), y


def observe(X, y, weights, statistic="f", network=None, n_classes=3, sample_weight=None):
    if network is None:
        network = MLPClassifier((10,), max_iter=1, tol=None, random_state=0).fit(X, y).network_
    rng = np.random.RandomState(0)
    data = ScreeningData(X, y, n_classes, sample_weight)
    return NetworkEvidence(network, data, Screen(statistic).resolve(rng), rng, weights)


def test_a_number_is_the_same_everywhere():
    X, y = table()
    assert observe(X, y, FWeights(0.3)).f_weights == [FWeight(0.3)] * 2
    assert FWeights(0.3).inputs(observe(X, y, FWeights(0.3))) is None


def test_nulls_give_the_source_weight():
    X, y = table()
    first, second = observe(X, y, FWeights("auto")).f_weights
    share = certain_null_share(f_statistic(X, y).p)
    assert share == pytest.approx(1 - N_TRUE / N_INPUTS, abs=0.35)
    assert first.source == pytest.approx(TOP * share)
    assert (first.noise, second.noise) == (0, share)
    assert first.side == pytest.approx(FLOOR * (1 - share) * (1 - TOP * share))
    assert second.side == pytest.approx(FLOOR * (1 - share) * (1 - second.source))


def test_where_all_says_something_it_is_the_floor():
    X, y = table(effect=2.0, n_true=N_INPUTS)
    weights = observe(X, y, FWeights("auto", screens_inputs=True))
    assert weights.f_weights[0] == FWeight(FLOOR)
    assert inputs_worth_reading(weights) is None


@pytest.mark.parametrize("effect", [0.0, 0.08])
def test_too_little_power_is_no_proof_of_nulls(effect):
    X, y = table(effect=effect, n_true=N_INPUTS)
    evidence = observe(X, y, FWeights("auto", screens_inputs=True))
    assert evidence.f_weights[0].source < 0.1 * TOP
    assert inputs_worth_reading(evidence) is None


def test_without_p_values_it_is_the_floor():
    X, y = table()
    evidence = observe(X, y, FWeights("auto", screens_inputs=True), statistic="mutual_info")
    assert np.isnan(evidence.statistics("source")[0].p).all()
    assert evidence.f_weights == [FWeight(FLOOR)] * 2
    assert inputs_worth_reading(evidence) is None


def test_it_is_settled_once():
    X, y = table()
    weights = FWeights("auto", screens_inputs=True)
    before = observe(X, y, weights)
    first, inputs = before.f_weights, weights.inputs(before)
    assert inputs[:N_TRUE].all()
    assert inputs.mean() < 0.2
    after = observe(X[:, ::-1].copy(), y, weights)
    assert after.f_weights is first
    assert weights.inputs(after) is inputs


def test_cut_and_constant_inputs_do_not_count():
    X, y = table()
    X[:, 60:] = 1.0
    network = MLPClassifier((10,), max_iter=1, tol=None, random_state=0).fit(X, y).network_
    mask = np.ones((N_INPUTS, 10), dtype=bool)
    mask[N_TRUE + 4 : 60] = False  # of the nulls four are left
    network.layers[0].set_mask(mask)
    evidence = observe(X, y, FWeights("auto"), network=network)
    expected = certain_null_share(f_statistic(X[:, : N_TRUE + 4], y).p)
    assert evidence.f_weights[0].source == pytest.approx(TOP * expected)


def test_few_samples_go_towards_the_magnitude():
    X, y = table(effect=3.0)
    X, y = X[:45], y[:45]
    evidence = observe(X, y, FWeights("auto"))
    ratio = samples_per_input(evidence)
    assert ratio == pytest.approx((45 - 3) / N_INPUTS)
    share = certain_null_share(f_statistic(X, y).p)
    assert share > 0.5
    first, second = evidence.f_weights
    assert first.source == pytest.approx(ratio * TOP * share)
    assert first.noise == 0  # the scale of an input is no fit
    assert second.noise == pytest.approx(1 - ratio * (1 - share))
    assert first.side == pytest.approx(FLOOR * ratio * (1 - share) * (1 - first.source))
    assert second.side == pytest.approx(FLOOR * ratio * (1 - share) * (1 - second.source))


def test_samples_count_by_what_their_weights_are_worth():
    X, y = table()
    weight = np.where(np.arange(N_SAMPLES) < 60, 1.0, 0.0)
    weighted = observe(X, y, FWeights("auto"), sample_weight=weight)
    assert samples_per_input(weighted) == pytest.approx((60 - 3) / N_INPUTS)
    assert samples_per_input(observe(X, y, FWeights("auto"))) == 1
    unequal = np.where(np.arange(N_SAMPLES) < 60, 3.0, 1.0)  # (60 * 3 + 240)^2 / (60 * 9 + 240)
    assert ScreeningData(X, y, 3, unequal).effective_size() == pytest.approx(420**2 / 780)


def test_a_regression_has_one_error_degree_less():
    X, y = table()
    numbers = y[:90].astype(float)
    net = MLPRegressor((10,), max_iter=1, tol=None, random_state=0).fit(X[:90], numbers)
    evidence = observe(
        X[:90], numbers[:, None], FWeights("auto"), network=net.network_, n_classes=None
    )
    assert samples_per_input(evidence) == pytest.approx(89 / N_INPUTS)


def test_what_stays_after_the_inputs_are_screened_has_no_nulls():
    X, y = table()
    weights = observe(X, y, FWeights("auto", screens_inputs=True)).f_weights
    assert weights[0].source == 0
    assert weights[1].noise > 0.6


def test_units_have_the_weight_of_the_layer_that_reads_them():
    X, y = table()
    evidence = observe(X, y, FWeights("auto"))
    assert evidence.units()[0].f_weight == evidence.f_weights[1]
    assert evidence.connections()[0].f_weight == evidence.f_weights[0]


def test_inputs_that_matter_by_their_product_stay():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((900, 100)).astype(np.float32)
    y = (2 * X[:, 10] * X[:, 11] + X[:, 12] + X[:, 13] > 0).astype(int)
    evidence = observe(X, y, FWeights("auto", screens_inputs=True), n_classes=2)
    found = set(np.flatnonzero(inputs_worth_reading(evidence)))
    assert found >= {10, 11, 12, 13}
    assert len(found) <= 6


def test_a_regression_by_its_own_F():
    rng = np.random.default_rng(1)
    X = rng.standard_normal((400, 80)).astype(np.float32)
    y = X[:, :3].sum(axis=1) + X[:, 5] ** 2
    net = MLPRegressor((10,), max_iter=1, tol=None, random_state=0).fit(X, y)
    weights = FWeights("auto", screens_inputs=True)
    evidence = observe(X, y[:, None], weights, network=net.network_, n_classes=None)
    found = set(np.flatnonzero(weights.inputs(evidence)))
    assert found >= {0, 1, 2, 5}
    assert len(found) <= 8


def test_few_nulls_are_left_to_the_pruning():
    p = np.concatenate([np.full(10, 1e-8), np.linspace(0.01, 1, 300)])
    assert nulls_prevail(p)
    assert not nulls_prevail(np.concatenate([np.full(10, 1e-8), np.linspace(0.01, 1, 40)]))
    assert not nulls_prevail(np.empty(0))


def test_the_fewer_samples_the_more_must_be_null_before_any_is_cut():
    p = np.concatenate([np.full(100, 1e-8), np.linspace(0.01, 1, 140)])
    assert 0.42 < certain_null_share(p) < 0.5
    assert nulls_prevail(p)
    assert nulls_prevail(p, 0.75)  # 0.4 are needed
    assert not nulls_prevail(p, 0.5)  # 0.5
    surer = np.concatenate([np.full(10, 1e-8), np.linspace(0.01, 1, 300)])
    assert nulls_prevail(surer, 0.0)


def test_images_are_as_they_were():
    rng = np.random.default_rng(2)
    y = rng.integers(3, size=200)
    X = (rng.random((200, 36)) + 0.5 * y[:, None]).astype(np.float32)
    net = CNNClassifier((6, 6), conv_channels=(4,), hidden_layer_sizes=(5,), max_iter=1, tol=None)
    net.set_params(random_state=0).fit(X, y)
    evidence = observe(
        X.reshape(-1, 6, 6, 1), y, FWeights("auto", screens_inputs=True), network=net.network_
    )
    assert evidence.f_weights[0] == FWeight(FLOOR)
    assert inputs_worth_reading(evidence) is None
