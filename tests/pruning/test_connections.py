"""Single connections as what is cut: how many, which, and what stands behind them."""

from types import SimpleNamespace

import numpy as np
import pytest
from campaign import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from nets import random_estimator, relu_network

from skscreen.pruning import ALLOCATIONS, Connections, Goal
from skscreen.pruning.masks import mask_network


def mlp(*sizes):
    return relu_network(np.random.default_rng(0), *sizes)


def observed(net, statistics=None):
    parts = [SimpleNamespace(magnitude=np.abs(layer.weight)) for layer in net.layers]
    return SimpleNamespace(connections=lambda: parts, statistics=lambda side: statistics)


def ints(masks):
    return [mask.astype(int).tolist() for mask in masks]


def significant(*marks):
    """Return statistics of the sources of each layer, and a significance that takes them."""
    return [np.array(units, dtype=bool) for units in marks], lambda found: found


FIRST = np.array([[9.0, 8.0], [7.0, 6.0], [5.0, 4.0]])
SECOND = np.array([[3.0, 2.0], [1.5, 1.0]])


@pytest.mark.parametrize(
    ("sparsity", "masks"),
    [
        # sources 0 and 1, and of the hidden units the first
        (None, [[[1, 0], [1, 0], [0, 0]], [[1, 1], [0, 0]]]),
        # 10 weights in all: 2 of them are fewer than the four that are significant
        (0.8, [[[1, 0], [0, 0], [0, 0]], [[1, 0], [0, 0]]]),
        (0.7, [[[1, 0], [1, 0], [0, 0]], [[1, 0], [0, 0]]]),
        # no more than are significant and do something are kept: of six two lead on to nothing
        (0.4, [[[1, 0], [1, 0], [0, 0]], [[1, 1], [0, 0]]]),
        (0.1, [[[1, 0], [1, 0], [0, 0]], [[1, 1], [0, 0]]]),
    ],
)
def test_significant_connections_and_no_more_than_the_sparsity_leaves(sparsity, masks):
    net = mlp(3, 2, 2)
    statistics, significance = significant([1, 1, 0], [1, 0])
    goal = Goal(sparsity, "uniform", significance=significance)
    choice = Connections(net).select(observed(net, statistics), [FIRST, SECOND], goal)
    assert ints(choice.masks) == masks
    assert choice.kept is choice.masks


def test_a_path_is_kept_among_the_significant():
    # the best of each layer, where nothing is significant, do not meet: 0 -> 0 and 1 -> 0
    net = mlp(2, 2, 1)
    scores = [np.array([[4.0, 3.0], [2.0, 1.0]]), np.array([[1.0], [2.0]])]
    statistics, significance = significant([0, 0], [0, 0])
    goal = Goal(None, "uniform", significance=significance)
    choice = Connections(net).select(observed(net, statistics), scores, goal)
    assert [int(mask.sum()) for mask in choice.masks] == [1, 1]
    assert choice.masks[0].any(axis=0).tolist() == choice.masks[1].any(axis=1).tolist()


@pytest.mark.parametrize(
    ("sparsity", "n_kept"), [(None, 8), (0.0, 8), (0.2, 8), (0.3, 7), (0.5, 5)]
)
def test_of_inputs_that_are_not_read_nothing_is_kept(sparsity, n_kept):
    net = mlp(3, 2, 2)
    inputs = np.array([True, False, True])
    goal = Goal(sparsity, "uniform", inputs=inputs)
    choice = Connections(net).select(observed(net), [FIRST, SECOND], goal)
    assert sum(mask.sum() for mask in choice.masks) == n_kept
    assert not choice.masks[0][1].any()


@pytest.mark.parametrize("worst", [-8.0, -np.inf])
def test_scores_of_what_was_given_up_are_the_lowest(worst):
    # unit 1 leads nowhere, once -9.9 is cut: with negative scores the lowest is not zero, and
    # what was cut before has none
    net = mlp(3, 2, 1)
    scores = [np.array([[-1.0, -9.0], [worst, -2.0], [-7.0, -12.0]]), np.array([[-5.0], [-9.9]])]
    given = [score.copy() for score in scores]
    choice = Connections(net).select(observed(net), scores, Goal(5 / 8, "global"))
    assert ints(choice.masks) == [[[1, 0], [0, 0], [1, 0]], [[1], [0]]]
    assert choice.scores[0][:, 1].tolist() == [-12, -12, -12]
    for score, before in zip(scores, given, strict=True):
        np.testing.assert_array_equal(score, before)


@settings(max_examples=examples(60), deadline=None)
@given(
    seed=st.integers(0, 2**31),
    share=st.floats(0, 1),
    allocation=st.sampled_from(sorted(ALLOCATIONS)),
)
def test_any_number_is_kept_exactly_also_where_much_is_idle(seed, share, allocation):
    # most units lead nowhere already, and what does something may be less than the number
    rng = np.random.default_rng(seed)
    net = mlp(4, 5, 4, 2)
    masks = [rng.random(layer.weight.shape) < 0.5 for layer in net.layers]
    for mask in masks:
        mask[0, 0] = True
    mask_network(net, masks)
    scores = [np.where(mask, rng.random(mask.shape), -np.inf) for mask in masks]
    n_left = sum(int(mask.sum()) for mask in masks)
    n_keep = max(3, round(share * n_left))
    total = sum(mask.size for mask in masks)
    choice = Connections(net).select(observed(net), scores, Goal(1 - n_keep / total, allocation))
    assert sum(mask.sum() for mask in choice.masks) == n_keep
    for found, before in zip(choice.masks, masks, strict=True):
        assert not (found & ~before).any()


def test_what_is_made_up_has_the_best_scores_of_all_layers():
    # of unit 1 nothing leads on; six of the seven that are left shall stay
    net = mlp(3, 2, 1)
    scores = [np.array([[1.0, 5.0], [2.0, 4.0], [3.0, 6.0]]), np.array([[9.0], [-np.inf]])]
    choice = Connections(net).select(observed(net), scores, Goal(2 / 8, "global"))
    assert ints(choice.masks) == [[[1, 1], [1, 0], [1, 1]], [[1], [0]]]


def test_f_of_what_each_connection_leads_to():
    net = mlp(3, 2, 2)
    statistics = [SimpleNamespace(F=np.array([1.5, 4.0])), SimpleNamespace(F=np.array([7.0, 0.1]))]
    sides = []
    evidence = SimpleNamespace(statistics=lambda side: sides.append(side) or statistics)
    first, second = Connections(net).target_statistics(evidence)
    assert sides == ["unit"]
    assert first.tolist() == [[1.5, 4.0]] * 3
    np.testing.assert_array_equal(second, np.float32([[7.0, 0.1]] * 2))
    assert first.dtype == second.dtype == np.float32


def test_defaults():
    net = mlp(3, 2, 2)
    assert Connections(net).counted == "weights"
    assert Connections.default_allocation(net) == "erk"
    assert Connections.default_allocation(random_estimator(1, convolutional=True).network_) == (
        "lamp"
    )
    assert Connections.drops_out
    assert Connections.screens_inputs
    assert Connections.least_alpha == 0.02
    assert not Connections.eliminates
    assert Connections(net).cut_share() == 0
    net.layers[0].set_mask(np.array([[0, 1], [1, 0], [0, 0]]))
    assert Connections(net).cut_share() == pytest.approx(0.4)
    assert ints(Connections(net).kept()) == [[[0, 1], [1, 0], [0, 0]], [[1, 1], [1, 1]]]
