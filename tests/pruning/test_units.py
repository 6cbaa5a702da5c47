"""Whole units as what is cut: what they cost, how many fit a budget, what goes with them."""

from types import SimpleNamespace

import numpy as np
import pytest
from campaign import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from nets import random_weights
from nets import relu_network as mlp

from skscreen.nn import Conv, Network
from skscreen.pruning import ALLOCATIONS, Goal, Units
from skscreen.pruning.allocation import allocate
from skscreen.pruning.masks import mask_network


def cnn(rng):
    """Two convolutions, of 5 x 5 and 4 x 4 positions, and two dense layers."""
    convolutions = [
        Conv(
            random_weights(rng, 4 * shape[2], n_channels),
            random_weights(rng, n_channels),
            "relu",
            input_shape=shape,
            kernel_size=(2, 2),
            pool_size=(1, 1),
        )
        for shape, n_channels in (((6, 6, 2), 4), ((5, 5, 4), 3))
    ]
    return Network([*convolutions, *mlp(rng, 48, 5, 2).layers], "softmax")


NETWORKS = {"MLP": lambda rng: mlp(rng, 6, 7, 5, 4, 3), "CNN": cnn}
BUDGETS = ["weights", "macs", "units"]


def cost(net, masks, kept, budget):
    """Count what the masks leave."""
    if budget == "units":
        return sum(int(units.sum()) for units in kept)
    positions = [layer.n_positions if budget == "macs" else 1 for layer in net.layers]
    return sum(int(mask.sum()) * n for mask, n in zip(masks, positions, strict=True))


def masks_of(net, kept):
    """Connections between kept units, unit by unit."""
    masks, before = [], None
    for number, layer in enumerate(net.layers):
        mask = layer.connected()
        sources = net.source_units()[number]
        for row, column in np.ndindex(mask.shape):
            mask[row, column] &= before is None or before[sources[row]]
            mask[row, column] &= number == len(kept) or kept[number][column]
        masks.append(mask)
        before = kept[number] if number < len(kept) else None
    return masks


def observed(net, scores, statistics=None):
    units = [
        SimpleNamespace(magnitude=np.abs(layer.weight).sum(axis=0)) for layer in net.layers[:-1]
    ]
    return SimpleNamespace(units=lambda: units, statistics=lambda side: statistics)


@settings(max_examples=examples(60), deadline=None)
@given(
    seed=st.integers(0, 2**31),
    kind=st.sampled_from(sorted(NETWORKS)),
    budget=st.sampled_from(BUDGETS),
    sparsity=st.floats(0, 0.7),
    allocation=st.sampled_from(sorted(ALLOCATIONS)),
    cut_before=st.booleans(),
)
def test_as_many_units_as_the_budget_allows(seed, kind, budget, sparsity, allocation, cut_before):
    rng = np.random.default_rng(seed)
    net = NETWORKS[kind](rng)
    scores = [rng.random(layer.n_outputs) for layer in net.layers[:-1]]
    every = [np.ones(len(score), dtype=bool) for score in scores]
    full = cost(net, masks_of(net, every), every, budget)
    if cut_before:
        scores[0][1] = -np.inf
        mask_network(net, masks_of(net, [score != -np.inf for score in scores]))
    granularity = Units(net, budget)
    evidence = observed(net, scores)
    magnitudes = [part.magnitude for part in evidence.units()]
    dimensions = [layer.dimensions for layer in net.layers[:-1]]
    n_left = sum(int((score != -np.inf).sum()) for score in scores)
    affordable = []
    for n_keep in range(len(scores), n_left + 1):
        kept = allocate(scores, magnitudes, n_keep, allocation, dimensions)
        if cost(net, masks_of(net, kept), kept, budget) <= (1 - sparsity) * full * (1 + 1e-12):
            affordable.append(kept)
    goal = Goal(sparsity, allocation)
    if not affordable:
        with pytest.raises(ValueError, match="less than one unit in each layer"):
            granularity.select(evidence, scores, goal)
        return
    choice = granularity.select(evidence, scores, goal)
    for found, expected in zip(choice.kept, affordable[-1], strict=True):
        np.testing.assert_array_equal(found, expected)
    for found, expected in zip(choice.masks, masks_of(net, choice.kept), strict=True):
        np.testing.assert_array_equal(found, expected)
    mask_network(net, choice.masks)
    for found, expected in zip(granularity.kept(), choice.kept, strict=True):
        np.testing.assert_array_equal(found, expected)
    share = 1 - cost(net, choice.masks, choice.kept, budget) / full
    assert granularity.cut_share() == pytest.approx(share, abs=1e-12)


@pytest.mark.parametrize(
    ("budget", "share"),
    # one unit in each layer: 6 + 1 + 3 of 42 + 35 + 15 weights, 2 of 12 units
    [("weights", "0.1087 of the weights"), ("units", "0.1667 of the units")],
)
def test_a_budget_that_is_too_small_is_refused_with_what_the_least_costs(budget, share):
    net = mlp(np.random.default_rng(0), 6, 7, 5, 3)
    scores = [np.arange(7.0), np.arange(5.0)]
    with pytest.raises(ValueError, match=rf"sparsity=0.9000 leaves less .* costs {share}"):
        Units(net, budget).select(observed(net, scores), scores, Goal(0.9, "uniform"))


def test_the_least_is_not_refused_where_it_is_just_allowed():
    net = mlp(np.random.default_rng(0), 6, 7, 5, 3)
    scores = [np.arange(7.0), np.arange(5.0)]
    for budget, least in (("weights", 10 / 92), ("units", 2 / 12)):
        choice = Units(net, budget).select(
            observed(net, scores), scores, Goal(1 - least, "uniform")
        )
        assert [units.nonzero()[0].tolist() for units in choice.kept] == [[6], [4]]


@pytest.mark.parametrize(
    ("sparsity", "kept"),
    [
        # what is significant, whatever its number
        (None, [[1, 0, 1], [0, 1]]),
        # of it no more than the sparsity leaves: 2 of 5
        (0.6, [[0, 0, 1], [0, 1]]),
        # nor does a lower sparsity bring back what is not significant
        (0.2, [[1, 0, 1], [0, 1]]),
    ],
)
def test_units_by_significance(sparsity, kept):
    net = mlp(np.random.default_rng(0), 2, 3, 2, 2)
    scores = [np.array([3.0, 9.0, 4.0]), np.array([1.0, 2.0])]
    marks = [np.array([True, False, True]), np.array([False, False])]  # then the best is kept
    goal = Goal(sparsity, "uniform", significance=lambda found: found)
    choice = Units(net, "units").select(observed(net, scores, [*marks, None]), scores, goal)
    assert [units.astype(int).tolist() for units in choice.kept] == kept
    for score, before, mark in zip(choice.scores, scores, kept, strict=True):
        assert (score[np.array(mark, dtype=bool)] == before[np.array(mark, dtype=bool)]).all()
    assert choice.scores[0][1] == choice.scores[1][0] == -np.inf
    assert scores[0].tolist() == [3, 9, 4]
    assert choice.masks[1].astype(int).tolist() == np.outer(*kept).tolist()


def test_inputs_that_are_not_read_any_more():
    net = mlp(np.random.default_rng(0), 3, 2, 2)
    scores = [np.array([1.0, 2.0])]
    inputs = np.array([True, False, True])
    choice = Units(net, "units").select(
        observed(net, scores), scores, Goal(0.5, "uniform", inputs=inputs)
    )
    assert choice.masks[0].astype(int).tolist() == [[0, 1], [0, 0], [0, 1]]
    assert choice.masks[1].astype(int).tolist() == [[0, 0], [1, 1]]


def test_what_the_sparsity_counts():
    net = cnn(np.random.default_rng(0))
    assert [Units(net, budget).counted for budget in BUDGETS] == BUDGETS
    assert Units(net).counted == "weights"
    assert Units(net).n_scored == 3
    assert Units.side == "unit"
    assert Units.least_alpha == 0.05
    assert Units.screens_inputs
    assert Units.eliminates
    assert not Units.drops_out
    assert Units.default_allocation(net) == "uniform"
    for budget in BUDGETS:
        assert Units(net, budget).cut_share() == 0
    # a third of the second convolution's channels: 16 of its weights, and 16 rows of the next
    kept = [np.ones(n, dtype=bool) for n in (4, 3, 5)]
    kept[1][0] = False
    mask_network(net, masks_of(net, kept))
    n_weights = 32 + 48 + 240 + 10
    assert Units(net, "weights").cut_share() == pytest.approx((16 + 80) / n_weights)
    n_macs = 25 * 32 + 16 * 48 + 240 + 10
    assert Units(net, "macs").cut_share() == pytest.approx((16 * 16 + 80) / n_macs)
    assert Units(net, "units").cut_share() == pytest.approx(1 / 12)


def test_a_network_without_hidden_layers():
    rng = np.random.default_rng(0)
    assert Units.check(mlp(rng, 3, 2, 2)) is None
    with pytest.raises(ValueError, match="granularity='channel' needs a network with hidden"):
        Units.check(mlp(rng, 3, 2))
