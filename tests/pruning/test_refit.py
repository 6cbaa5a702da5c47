"""Refit: against explicit least squares, exactness, masks, threads."""

import naive
import numpy as np
import pytest
from nets import two_convolutions
from threadpoolctl import threadpool_limits

from skscreen.nn import Conv, Dense, Network
from skscreen.pruning.masks import mask_network
from skscreen.pruning.refit import (
    RIDGES,
    USUAL_RIDGE,
    LayerMoments,
    choose_ridge,
    held_out_error,
    merged,
    refit,
    ridge_scale,
    solve_kept,
)
from skscreen.screening import SecondMoments

RNG = np.random.default_rng(0)


def mlp(dtype="float64"):
    rng = np.random.RandomState(0)
    sizes = [(12, 9, "relu"), (9, 7, "tanh"), (7, 3, "identity")]
    layers = [
        Dense.initialise(n, m, activation, rng, np.dtype(dtype)) for n, m, activation in sizes
    ]
    for layer in layers:
        layer.shift_bias(rng.normal(size=layer.n_outputs).astype(dtype))
    return Network(layers, "softmax")


def cnn():
    return two_convolutions("float64")


def samples(network, n_samples=150, dtype="float64"):
    shape = (8, 8, 2) if isinstance(network.layers[0], Conv) else (12,)
    X = RNG.normal(size=(n_samples, int(np.prod(shape)))) @ RNG.normal(
        size=(int(np.prod(shape)),) * 2
    )
    return (X / X.std()).reshape(n_samples, *shape).astype(dtype)


def cut_at_random(network, share, seed=1):
    rng = np.random.default_rng(seed)
    mask_network(network, [rng.random(layer.weight.shape) > share for layer in network.layers])


def divergence(lean, teacher, X):
    """Mean Kullback-Leibler divergence of the lean network's probabilities from the teacher's."""
    p, q = lean.probabilities(X), teacher.probabilities(X)
    return np.mean(np.sum(q * np.log(q / p), axis=1))


@pytest.mark.parametrize("build", [mlp, cnn])
def test_is_the_explicit_least_squares_fit_of_each_unit(build):
    teacher, lean = build(), build()
    X = samples(teacher)
    cut_at_random(lean, 0.5)
    refit(lean, teacher, LayerMoments(X), ridge=0.05)
    for number, (layer, before) in enumerate(zip(lean.layers, teacher.layers, strict=True)):
        read, wanted = (
            net.layers[number].source_values(X if number == 0 else net.logits(X, depth=number))
            for net in (lean, teacher)
        )
        A = read.reshape(-1, layer.n_inputs)
        target = wanted.reshape(A.shape) @ before.weight + before.bias
        penalty = 0.05 * A.var(axis=0)[A.var(axis=0) > 0].mean()
        for unit in range(layer.n_outputs):
            weight, bias = naive.refit_unit(
                A,
                target[:, unit],
                np.flatnonzero(layer.mask[:, unit]),
                before.weight[:, unit],
                penalty,
            )
            np.testing.assert_allclose(layer.weight[:, unit], weight, rtol=1e-7, atol=1e-9)
            np.testing.assert_allclose(layer.bias[unit], bias, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("build", [mlp, cnn])
def test_with_nothing_cut_nothing_changes(build):
    teacher, lean = build(), build()
    refit(lean, teacher, LayerMoments(samples(teacher)))
    for layer, before in zip(lean.layers, teacher.layers, strict=True):
        np.testing.assert_allclose(layer.weight, before.weight, rtol=1e-9, atol=1e-10)
        np.testing.assert_allclose(layer.bias, before.bias, rtol=1e-9, atol=1e-10)


def test_float32_with_an_offset_stays_as_it_was_to_rounding():
    teacher, lean = mlp("float32"), mlp("float32")
    X = samples(teacher, dtype="float32") + np.float32(1000)
    for network in (teacher, lean):
        first = network.layers[0]
        first.shift_bias(-1000 * first.weight.sum(axis=0))
    refit(lean, teacher, LayerMoments(X))
    np.testing.assert_allclose(lean.logits(X), teacher.logits(X), atol=2e-3)


@pytest.mark.parametrize("offset", [0, 1000])
def test_what_others_can_stand_in_for_is_made_up_for(offset):
    teacher, lean = mlp(), mlp()
    X = samples(teacher) + offset
    X[:, 6:] = X[:, :6]  # each input is there twice
    masks = [layer.connected() for layer in lean.layers]
    masks[0][6:] = False
    mask_network(lean, masks)
    assert np.abs(lean.logits(X) - teacher.logits(X)).max() > 0.1
    refit(lean, teacher, LayerMoments(X), ridge=1e-9)
    np.testing.assert_allclose(lean.logits(X), teacher.logits(X), atol=1e-5)


@pytest.mark.parametrize("build", [mlp, cnn])
def test_masks_stay_and_the_fit_gets_better(build):
    teacher, lean = build(), build()
    X = samples(teacher, 400)
    cut_at_random(lean, 0.4)
    masks = [layer.mask.copy() for layer in lean.layers]
    before = divergence(lean, teacher, X)
    ridges = refit(lean, teacher, LayerMoments(X))
    assert divergence(lean, teacher, X) < 0.5 * before
    assert set(ridges) <= set(RIDGES)
    for layer, mask in zip(lean.layers, masks, strict=True):
        np.testing.assert_array_equal(layer.mask, mask)
        assert not layer.weight[~mask].any()


def test_the_last_layer_follows_the_teachers_probabilities():
    teacher, lean = mlp(), mlp()
    X = samples(teacher, 400)
    cut_at_random(lean, 0.4)
    squares = lean.copy()
    refit(squares, teacher, LayerMoments(X), ridge=USUAL_RIDGE)
    refit(lean, teacher, LayerMoments(X))
    assert divergence(lean, teacher, X) < divergence(squares, teacher, X)


def test_predictions_before_the_refit_do_not_hold_it_up():
    teacher, lean = mlp(), mlp()
    X = samples(teacher)
    cut_at_random(lean, 0.9)
    before = lean.plan("sparse").logits(X).copy()
    refit(lean, teacher, LayerMoments(X))
    after = lean.plan("sparse").logits(X)
    assert np.abs(after - before).max() > 0.01
    np.testing.assert_allclose(after, lean.plan("dense").logits(X), atol=1e-9)


def test_a_unit_without_inputs_takes_the_mean_of_its_target():
    teacher, lean = mlp(), mlp()
    X = samples(teacher)
    masks = [layer.connected() for layer in lean.layers]
    masks[0][:, 2] = False
    mask_network(lean, masks)
    refit(lean, teacher, LayerMoments(X))
    target = X @ teacher.layers[0].weight[:, 2] + teacher.layers[0].bias[2]
    np.testing.assert_allclose(lean.layers[0].bias[2], target.mean())


@pytest.mark.parametrize("build", [mlp, cnn])
def test_threads_change_no_bit(build):
    results = []
    for n_threads in (1, 2):
        teacher, lean = build(), build()
        X = np.random.default_rng(3).normal(size=(2500, *samples(teacher, 1).shape[1:]))
        cut_at_random(lean, 0.5)
        with threadpool_limits(n_threads, user_api="blas"):
            refit(lean, teacher, LayerMoments(X))
        results.append([layer.weight.copy() for layer in lean.layers])
    for one, other in zip(*results, strict=True):
        np.testing.assert_array_equal(one, other)


def test_weights_of_samples_are_repetitions():
    X = samples(mlp(), 60)
    repeats = np.random.default_rng(0).integers(0, 3, 60)
    weights = []
    for moments in (
        LayerMoments(X, repeats.astype(float)),
        LayerMoments(np.repeat(X, repeats, 0)),
    ):
        teacher, lean = mlp(), mlp()
        cut_at_random(lean, 0.5)
        refit(lean, teacher, moments, ridge=0.1)
        weights.append(lean.layers[2].weight)
    np.testing.assert_allclose(*weights, rtol=1e-9, atol=1e-12)


def test_samples_of_weight_zero_change_nothing():
    X = samples(mlp(), 200)
    weights = []
    for data, weight in (
        (X, np.full(200, 3.0)),
        (np.concatenate([X, 50 * X]), np.repeat([3.0, 0.0], 200)),
    ):
        teacher, lean = mlp(), mlp()
        cut_at_random(lean, 0.5)
        refit(lean, teacher, LayerMoments(data, weight))
        weights.append(lean.layers[2].weight)
    np.testing.assert_allclose(*weights, rtol=1e-9, atol=1e-12)


def test_moments_are_collected_again_only_when_the_layers_before_have_changed():
    network, teacher = mlp(), mlp()
    moments = LayerMoments(samples(network))
    folds = moments.of(network, 1, teacher)
    network.layers[1].shift_bias(np.ones(7))
    network.layers[2].weight[:] = 0
    assert moments.of(network, 1, teacher) is folds
    assert moments.of(network, 1) is folds
    network.layers[0].shift_bias(np.ones(9))
    assert moments.of(network, 1, teacher) is not folds


def test_bytes_are_scaled_as_the_network_reads_them():
    network = cnn()
    images = RNG.integers(0, 256, (40, 8, 8, 2)).astype(np.uint8)
    of_bytes = merged(LayerMoments(images).of(network, 0)).covariance()
    of_numbers = merged(LayerMoments(images / 255).of(network, 0)).covariance()
    np.testing.assert_allclose(of_bytes, of_numbers, rtol=1e-9)


def test_held_out_error_is_that_of_the_samples():
    A, T = RNG.normal(size=(80, 4)) + 5, RNG.normal(size=(80, 2)) - 3
    weight, bias = RNG.normal(size=(4, 2)), RNG.normal(size=2)
    error = np.mean((T - A @ weight - bias) ** 2, axis=0) / T.var(axis=0)
    moments = SecondMoments(4, 2).partial_fit(A, T)
    assert held_out_error(moments, weight, bias) == pytest.approx(error.mean())


@pytest.mark.parametrize(("noise", "wanted"), [(0.0, RIDGES[0]), (30.0, RIDGES[-1])])
def test_the_ridge_follows_the_data(noise, wanted):
    rng = np.random.default_rng(1)
    anchor = rng.normal(size=(10, 4))
    anchor[0] = 0  # the cut costs nothing
    folds = []
    for _ in range(4):
        A = rng.normal(size=(12, 10))
        # the kept weights must move far from the anchor, or had better stay
        T = A @ (3 * anchor if noise == 0 else anchor) + noise * rng.normal(size=(12, 4))
        folds.append(SecondMoments(10, 4).partial_fit(A, T))
    mask = np.ones((10, 4), dtype=bool)
    mask[0] = False
    assert choose_ridge(folds, mask, anchor) == wanted


def test_without_enough_samples_or_a_cut_the_usual_ridge():
    folds = [SecondMoments(3, 2).partial_fit(np.eye(3), np.ones((3, 2))), SecondMoments(3, 2)]
    assert choose_ridge(folds, np.eye(3, 2, dtype=bool), np.ones((3, 2))) == USUAL_RIDGE
    assert choose_ridge(folds[:1] * 4, np.ones((3, 2), bool), np.ones((3, 2))) == USUAL_RIDGE


def test_constant_units_keep_their_weights():
    moments = SecondMoments(2, 1).partial_fit(np.ones((5, 2)), np.full((5, 1), 7.0))
    assert ridge_scale(moments.covariance()) == 1.0
    anchor = np.array([[2.0], [3.0]])
    weight, bias = solve_kept(moments, np.array([[True], [False]]), anchor, 0.1)
    np.testing.assert_allclose(weight, [[2.0], [0.0]])
    np.testing.assert_allclose(bias, [5.0])
