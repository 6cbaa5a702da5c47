"""Exact counts, deterministic ties, never an empty layer."""

import naive
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skscreen.pruning.allocation import ALLOCATIONS, _lamp, allocate, apportion, top


def layers(rng, shapes, *, ties=False):
    draw = (lambda shape: rng.integers(0, 3, shape).astype(float)) if ties else rng.random
    return [draw(shape) for shape in shapes], [rng.random(shape) for shape in shapes], list(shapes)


@given(
    seed=st.integers(0, 2**31),
    shapes=st.lists(st.tuples(st.integers(1, 9), st.integers(1, 9)), min_size=1, max_size=4),
    share=st.floats(0, 1),
    allocation=st.sampled_from(sorted(ALLOCATIONS)),
    ties=st.booleans(),
)
def test_counts_are_exact_and_no_layer_is_empty(seed, shapes, share, allocation, ties):
    scores, magnitudes, dimensions = layers(np.random.default_rng(seed), shapes, ties=ties)
    total = sum(score.size for score in scores)
    n_keep = max(len(shapes), round(share * total))
    masks = allocate(scores, magnitudes, n_keep, allocation, dimensions)
    assert sum(mask.sum() for mask in masks) == n_keep
    assert all(mask.any() for mask in masks)
    again = allocate(scores, magnitudes, n_keep, allocation, dimensions)
    assert all(np.array_equal(a, b) for a, b in zip(masks, again, strict=True))
    for mask, score, magnitude in zip(masks, scores, magnitudes, strict=True):
        expected = naive.top(score.ravel(), magnitude.ravel(), int(mask.sum()))
        np.testing.assert_array_equal(mask.ravel(), expected)


@given(
    seed=st.integers(0, 2**31),
    sizes=st.lists(st.integers(1, 12), min_size=1, max_size=4),
    exponents=st.lists(st.integers(-323, 308), min_size=1, max_size=3),
    share=st.floats(0, 1),
    allocation=st.sampled_from(sorted(ALLOCATIONS)),
    signed=st.booleans(),
)
def test_counts_are_exact_for_any_finite_scores(seed, sizes, exponents, share, allocation, signed):
    rng = np.random.default_rng(seed)
    factors = [10.0**exponent for exponent in exponents]
    scores = [rng.choice(factors, size) * rng.choice([0.0, 0.5, 1.0, 1.7], size) for size in sizes]
    if signed and allocation != "lamp":
        scores = [score * rng.choice([-1.0, 1.0], len(score)) for score in scores]
    magnitudes = [rng.random(size) for size in sizes]
    n_keep = max(len(sizes), round(share * sum(sizes)))
    masks = allocate(scores, magnitudes, n_keep, allocation, [(size, 1) for size in sizes])
    assert sum(mask.sum() for mask in masks) == n_keep
    for mask, score, magnitude in zip(masks, scores, magnitudes, strict=True):
        assert mask.any()
        np.testing.assert_array_equal(mask, naive.top(score, magnitude, int(mask.sum())))


@pytest.mark.parametrize("scale", [1e308, 1e160, 1.0, 1e-160, 1e-300])
def test_global_compares_layers_relative_to_their_root_mean_square(scale):
    # relative to it: 0.45, 0.9, 1.35 and 0.53, 1.31
    scores = [np.array([1.0, 2.0, 3.0]) * 0.5 * scale, np.array([2.0, 5.0]) * 0.25 * scale]
    masks = allocate(scores, [np.ones(3), np.ones(2)], 3, "global", [(3, 1), (2, 1)])
    assert [mask.tolist() for mask in masks] == [[False, True, True], [False, True]]
    masks = allocate(scores, [np.ones(3), np.ones(2)], 4, "global", [(3, 1), (2, 1)])
    assert [mask.tolist() for mask in masks] == [[False, True, True], [True, True]]


def test_global_divides_by_the_root_mean_square_not_by_the_largest():
    # relative to 8.54: 0.94, 0.94, 0.94, 1.17; to 6.36: 0.16, 0.79, 0.94, 1.57
    scores = [np.array([8.0, 8.0, 8.0, 10.0]), np.array([1.0, 5.0, 6.0, 10.0])]
    masks = allocate(scores, [np.ones(4), np.ones(4)], 4, "global", [(4, 1), (4, 1)])
    assert [int(mask.sum()) for mask in masks] == [2, 2]


def test_global_takes_a_layer_without_any_score_last():
    scores = [np.zeros(3), np.array([1.0, 3.0, 2.0]), np.array([-np.inf, 0.0])]
    masks = allocate(scores, [np.arange(3), np.ones(3), np.ones(2)], 5, "global", [(3, 1)] * 3)
    assert [mask.tolist() for mask in masks] == [[False, False, True], [True] * 3, [False, True]]


@pytest.mark.parametrize("allocation", sorted(ALLOCATIONS))
def test_a_layer_keeps_no_more_than_it_has_left(allocation):
    scores = [np.array([-np.inf, -np.inf, 3.0, -np.inf]), np.array([1.0, 2.0, 2.5, 0.5])]
    masks = allocate(scores, [np.ones(4), np.ones(4)], 4, allocation, [(4, 1), (4, 1)])
    assert masks[0].tolist() == [False, False, True, False]
    assert masks[1].tolist() == [True, True, True, False]
    with pytest.raises(ValueError, match="at most the 5 that are left, got 6 to keep"):
        allocate(scores, [np.ones(4), np.ones(4)], 6, allocation, [(4, 1), (4, 1)])


@pytest.mark.parametrize("allocation", sorted(ALLOCATIONS))
def test_what_was_cut_stays_cut(allocation):
    rng = np.random.default_rng(0)
    scores, magnitudes, dimensions = layers(rng, [(6, 5), (5, 4)])
    first = allocate(scores, magnitudes, 30, allocation, dimensions)
    for score, mask in zip(scores, first, strict=True):
        score[...] = rng.random(score.shape)
        score[~mask] = -np.inf
    second = allocate(scores, magnitudes, 12, allocation, dimensions)
    assert sum(mask.sum() for mask in second) == 12
    assert not any((b & ~a).any() for a, b in zip(first, second, strict=True))


def test_ties_go_to_the_larger_weight_then_the_lower_index():
    scores = np.array([1.0, 0.0, 0.0, 0.0, 0.0])
    magnitudes = np.array([0.1, 0.5, 0.9, 0.5, 0.5])
    np.testing.assert_array_equal(top(scores, magnitudes, 3), [True, True, True, False, False])


def test_infinite_scores_come_first():
    scores = [np.array([[1.0, np.inf], [2.0, np.inf]]), np.array([[5.0], [9.0]])]
    magnitudes = [np.array([[9.0, 1.0], [9.0, 2.0]]), np.ones((2, 1))]
    for allocation in ALLOCATIONS:
        masks = allocate(scores, magnitudes, 3, allocation, [(2, 2), (2, 1)])
        assert masks[0][1, 1]
        assert masks[1][1, 0]


@pytest.mark.parametrize("allocation", sorted(ALLOCATIONS))
def test_a_layer_of_nothing_but_infinite_scores(allocation):
    scores = [np.array([np.inf, np.inf]), np.array([1.0, 2.0])]
    masks = allocate(scores, [np.ones(2), np.ones(2)], 3, allocation, [(2, 1), (2, 1)])
    assert [mask.tolist() for mask in masks] == [[True, True], [False, True]]


@pytest.mark.parametrize("n_keep", [1, 7])
def test_impossible_counts_are_named(n_keep):
    scores = [np.ones((2, 2)), np.ones((2, 1))]
    with pytest.raises(ValueError, match=f"got {n_keep} to keep: choose another sparsity"):
        allocate(scores, scores, n_keep, "global", [(2, 2), (2, 1)])


def test_uniform_keeps_the_same_share():
    scores, magnitudes, dimensions = layers(np.random.default_rng(1), [(20, 10), (10, 8)])
    masks = allocate(scores, magnitudes, 70, "uniform", dimensions)
    assert [int(mask.sum()) for mask in masks] == [50, 20]


def test_erk_densities_follow_the_kernel():
    dimensions = [(100, 50), (50, 20)]
    scores, magnitudes, _ = layers(np.random.default_rng(2), dimensions)
    masks = allocate(scores, magnitudes, 440, "erk", dimensions)
    # wanted: e * 150 and e * 70 weights, e * 220 = 440
    assert [int(mask.sum()) for mask in masks] == [300, 140]


def test_lamp_scores_agree_with_the_definition():
    rng = np.random.default_rng(3)
    scores = rng.integers(0, 6, 40).astype(float)
    np.testing.assert_allclose(_lamp(scores.copy()), naive.lamp(scores), rtol=1e-12)
    assert not _lamp(np.zeros(3)).any()


def test_lamp_never_changes_the_order_within_a_layer():
    scores = np.random.default_rng(4).random(50)
    np.testing.assert_array_equal(np.argsort(_lamp(scores.copy())), np.argsort(scores))


@given(
    wanted=st.lists(st.floats(0.01, 100), min_size=1, max_size=6),
    share=st.floats(0, 1),
    seed=st.integers(0, 1000),
)
def test_apportion_keeps_within_its_limits(wanted, share, seed):
    limits = np.random.default_rng(seed).integers(1, 50, len(wanted))
    total = len(wanted) + round(share * (limits.sum() - len(wanted)))
    counts = apportion(np.array(wanted), limits, total)
    assert counts.sum() == total
    assert (counts >= 1).all()
    assert (counts <= limits).all()


@pytest.mark.parametrize("seed", range(20))
def test_apportion_agrees_with_the_naive_twin(seed):
    rng = np.random.default_rng(seed)
    wanted, limits = 10 ** rng.uniform(-2, 2, 5), rng.integers(1, 50, 5)
    for total in {5, 6, 5 + (limits.sum() - 5) // 2, limits.sum() - 1, limits.sum()}:
        expected = naive.apportion(wanted, limits, total)
        np.testing.assert_array_equal(apportion(wanted, limits, total), expected)


def test_lamp_takes_no_negative_scores():
    scores = [np.array([-1.0, -2.0]), np.array([1.0])]
    with pytest.raises(ValueError, match=r"must not give negative ones, got -2"):
        allocate(scores, scores, 2, "lamp", [(1, 2), (1, 1)])
