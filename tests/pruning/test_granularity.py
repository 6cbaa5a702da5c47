"""What is kept does something."""

from dataclasses import FrozenInstanceError
from types import SimpleNamespace

import numpy as np
import pytest
from campaign import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from nets import random_weights
from nets import relu_network as mlp
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from small import X, network, quick, y

from skscreen.nn import Conv, Network
from skscreen.pruning import (
    ALLOCATIONS,
    Choice,
    Connections,
    FWeights,
    Goal,
    Granularity,
    NetworkEvidence,
    ScreeningData,
    compact,
    register,
)
from skscreen.pruning import granularity as granularity_module
from skscreen.pruning.granularity import significant_or_best
from skscreen.pruning.masks import mask_network
from skscreen.screening import Screen, f_statistic


def cnn(rng):
    conv = Conv(
        random_weights(rng, 9, 8),
        random_weights(rng, 8),
        "relu",
        input_shape=(6, 6, 1),
        kernel_size=(3, 3),
        pool_size=(2, 2),
    )
    return Network([conv, *mlp(rng, 32, 10, 4).layers], "softmax")


def cut(net, scores, allocation, sparsity):
    magnitudes = [SimpleNamespace(magnitude=np.abs(layer.weight)) for layer in net.layers]
    evidence = SimpleNamespace(connections=lambda: magnitudes)
    choice = Connections(net).select(evidence, scores, Goal(sparsity, allocation))
    mask_network(net, choice.masks)
    return choice


@settings(max_examples=examples(100), deadline=None)
@given(
    seed=st.integers(0, 2**31),
    sparsity=st.floats(0.4, 0.75),
    allocation=st.sampled_from(sorted(ALLOCATIONS)),
    convolution=st.booleans(),
)
def test_every_kept_connection_is_on_a_path(seed, sparsity, allocation, convolution):
    rng = np.random.default_rng(seed)
    net = cnn(rng) if convolution else mlp(rng, 12, 9, 8, 4)
    n_all = net.n_weights
    # units differ much, so that some lose all they read or all that reads them
    scores = [
        rng.random(layer.weight.shape) * rng.uniform(0.2, 1, layer.n_outputs)
        for layer in net.layers
    ]
    cut(net, scores, allocation, sparsity)
    assert net.n_weights == round((1 - sparsity) * n_all)
    assert compact(net).n_weights == net.n_weights


def test_a_hand_made_case():
    # by the scores 0 -> 0 and 1 -> 1 are kept, but unit 1 leads nowhere: 2 -> 0 comes instead
    net = mlp(np.random.default_rng(0), 3, 2, 1)
    scores = [np.array([[9.0, 1.0], [2.0, 8.0], [3.0, 1.0]]), np.array([[5.0], [0.1]])]
    choice = cut(net, scores, "global", 5 / 8)
    assert net.layers[0].mask.astype(int).tolist() == [[1, 0], [0, 0], [1, 0]]
    assert net.layers[1].mask.astype(int).tolist() == [[1], [0]]
    assert choice.scores[0][:, 1].tolist() == [0, 0, 0]
    assert scores[0][:, 1].tolist() == [1, 8, 1]


def test_with_too_few_useful_candidates_all_of_them_are_kept():
    # unit 1 was cut off from the output before, yet five must be kept
    net = mlp(np.random.default_rng(0), 3, 2, 1)
    scores = [np.array([[1.0, 5.0], [2.0, 4.0], [3.0, 6.0]]), np.array([[9.0], [-np.inf]])]
    cut(net, scores, "global", 3 / 8)
    assert net.layers[0].mask.astype(int).tolist() == [[1, 0], [1, 0], [1, 1]]
    assert net.layers[1].mask.tolist() == [[True], [False]]


@pytest.mark.parametrize(
    ("masked", "marks", "kept"),
    [
        # input 1 and unit 0 of the first hidden layer: what leads to that unit goes too
        (None, [[1, 0, 1], [0, 1], [1, 1]], [[[0, 1], [0, 0], [0, 1]], [[0, 0], [1, 1]]]),
        # unit 1 of the first hidden layer reads what is cut: what leads on from it goes too
        (
            [[1, 0], [0, 1], [0, 1]],
            [[1, 0, 0], [1, 1], [1, 1]],
            [[[1, 0], [0, 0], [0, 0]], [[1, 1], [0, 0]]],
        ),
        # unit 1 of the second one leads nowhere; without it all lead on, and unit 1 reads nothing
        (
            [[1, 0], [0, 1], [0, 1]],
            [[1, 0, 0], [1, 1], [1, 0]],
            [[[1, 0], [0, 0], [0, 0]], [[1, 0], [0, 0]]],
        ),
    ],
)
def test_what_does_nothing_without_the_insignificant_goes_too(masked, marks, kept):
    net = mlp(np.random.default_rng(0), 3, 2, 2, 2)
    scores = [np.ones(layer.weight.shape) for layer in net.layers]
    if masked is not None:
        scores[0][np.array(masked) == 0] = -np.inf
    marks = [np.array(units, dtype=bool) for units in marks]
    evidence = SimpleNamespace(statistics=lambda side: marks)
    goal = Goal(None, "global", significance=lambda found: found)
    choice = Connections(net).select(evidence, scores, goal)
    assert [mask.astype(int).tolist() for mask in choice.masks[:2]] == kept
    significant = [
        units[:, None] & (score != -np.inf) for units, score in zip(marks, scores, strict=True)
    ]
    for mask, score, candidate in zip(choice.masks, choice.scores, significant, strict=True):
        assert (score[mask] == 1).all()
        assert (score[candidate & ~mask] == 0).all()


@pytest.mark.parametrize("allocation", sorted(ALLOCATIONS))
def test_hardly_anything_is_wasted_in_a_single_round(allocation):
    # without giving up units a third to two thirds of what is kept would be
    n_kept = n_used = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        net = mlp(rng, 20, 15, 10, 5)
        cut(net, [rng.random(layer.weight.shape) for layer in net.layers], allocation, 0.9)
        n_kept += net.n_weights
        n_used += compact(net).n_weights
    assert n_used > 0.95 * n_kept


@pytest.mark.parametrize("criterion", ["screening", "magnitude", "random"])
def test_a_pruned_network_wastes_nothing(criterion):
    pruner = quick(network(), sparsity=0.95, criterion=criterion, random_state=0).fit(X, y)
    assert pruner.network_.n_weights == sum(mask.sum() for mask in pruner.masks_)


class TestMeans:
    def test_biases_take_over_the_mean_of_what_is_cut(self):
        rng = np.random.default_rng(0)
        net = mlp(rng, 12, 9, 4)
        before = net.copy()
        values = [rng.standard_normal((50, layer.n_inputs)) + 1 for layer in net.layers]
        masks = [rng.random(layer.weight.shape) < 0.5 for layer in net.layers]
        mask_network(net, masks, [value.mean(axis=0) for value in values])
        for value, old, new, mask in zip(values, before.layers, net.layers, masks, strict=True):
            np.testing.assert_allclose(
                (value @ new.weight + new.bias).mean(axis=0),
                (value @ old.weight + old.bias).mean(axis=0),
                rtol=1e-5,
                atol=1e-5,
            )
            np.testing.assert_array_equal(new.weight, np.where(mask, old.weight, 0))

    @pytest.mark.parametrize("granularity", ["connection", "channel"])
    def test_without_any_training_only(self, granularity):
        dense = network().fit(X, y)
        cut = quick(FrozenEstimator(dense), granularity=granularity, n_rounds=1, sparsity=0.3)
        alone = clone(cut).set_params(pruning_epochs=0, fine_tune_epochs=0).fit(X, y)
        number = 0 if granularity == "connection" else 1  # what reads units that are cut
        biases = set(dense.network_.layers[number].bias.tolist())
        without = set(alone.network_.layers[number].bias.tolist())
        assert len(biases & without) < len(biases) / 2
        trained = clone(cut).set_params(learning_rate_init=1e-30, alpha=None).fit(X, y)
        assert set(trained.network_.layers[number].bias.tolist()) <= biases


class AllOrNothing(Granularity):
    """Cuts nothing; what is left to the base class stays as it is."""

    @classmethod
    def default_allocation(cls, network):
        return "uniform"

    @property
    def counted(self):
        return "weights"

    def candidates(self, evidence):
        return evidence.connections()

    def kept(self):
        return [layer.connected() for layer in self.network.layers]

    def cut_share(self):
        return self.network.sparsity

    def select(self, evidence, scores, goal):
        return Choice(self.kept(), self.kept(), scores)


class AllHidden(AllOrNothing):
    side = "unit"

    @property
    def n_scored(self):
        return len(self.network.layers) - 1

    def candidates(self, evidence):
        return evidence.units()

    def kept(self):
        return [layer.connected().any(axis=0) for layer in self.network.layers[:-1]]


class TestBase:
    """What a granularity has from its base class."""

    @pytest.fixture
    def net(self):
        net = mlp(np.random.default_rng(0), 64, 7, 5, 10)
        mask = np.ones((7, 5), dtype=bool)
        mask[:, 1] = mask[2, 3] = False
        net.layers[1].set_mask(mask)
        return net

    @pytest.fixture
    def evidence(self, net):
        rng = np.random.RandomState(0)
        data = ScreeningData(X.astype(np.float32), y, 10)
        return NetworkEvidence(net, data, Screen().resolve(rng), rng, FWeights(0.5))

    def test_without_more_it_is_of_the_sources_of_all_layers(self, net):
        granularity = AllOrNothing(net)
        assert (granularity.network, granularity.budget) == (net, "weights")
        assert (granularity.side, granularity.n_scored) == ("source", 3)
        assert [source.tolist() for source in granularity.sources] == [
            list(range(n)) for n in (64, 7, 5)
        ]
        assert AllOrNothing.check(net) is None
        assert granularity.input_importances([]) is None
        assert granularity.target_statistics(None) == [None] * 3
        assert AllHidden(net, "macs").target_statistics(None) == [None] * 2
        assert AllHidden(net, "macs").budget == "macs"

    def test_the_training_is_regularised_a_little_and_by_nothing_else(self):
        assert AllOrNothing.least_alpha == 0.02
        assert not AllOrNothing.drops_out
        assert not AllOrNothing.eliminates
        assert not AllOrNothing.screens_inputs

    def test_goals_and_choices_stay_as_they_were_made(self):
        goal, choice = Goal(0.5, "uniform"), Choice([], [], [])
        assert (goal.significance, goal.inputs) == (None, None)
        with pytest.raises(FrozenInstanceError):
            goal.sparsity = 0.9
        with pytest.raises(FrozenInstanceError):
            choice.masks = None

    def test_registered_under_a_name(self, monkeypatch):
        monkeypatch.setattr(granularity_module, "GRANULARITIES", {})
        assert register("nothing")(AllOrNothing) is AllOrNothing
        assert AllOrNothing.name == "nothing"
        assert {"nothing": AllOrNothing} == granularity_module.GRANULARITIES

    @pytest.mark.parametrize("share", [None, 0, 0.0, 0.5, 0.999])
    def test_a_share_stays_as_it_is(self, net, share):
        assert AllOrNothing.share_to_cut(net, share) == share

    @pytest.mark.parametrize("number", [1, 1.0, 7])
    def test_a_number_to_keep_is_refused(self, net, number):
        AllOrNothing.name = "nothing"
        message = rf"in \[0, 1\) or None with granularity='nothing', got {number}; a number"
        with pytest.raises(ValueError, match=message):
            AllOrNothing.share_to_cut(net, number)

    def test_scores_of_what_is_cut_are_minus_infinity(self, net, evidence):
        def criterion(part):
            return np.full(part.shape, 3.0 + part.layer)

        first, second, last = AllOrNothing(net).scores(evidence, criterion)
        assert (first == 3).all()
        assert (last == 5).all()
        np.testing.assert_array_equal(second, np.where(net.layers[1].mask, 4.0, -np.inf))
        of_units = AllHidden(net).scores(evidence, criterion)
        assert of_units[1].tolist() == [4, -np.inf, 4, 4, 4]

    def test_sizes_that_break_ties(self, net, evidence):
        found = AllOrNothing(net).magnitudes(evidence)
        for size, layer in zip(found, net.layers, strict=True):
            np.testing.assert_allclose(size, np.abs(layer.weight), rtol=1e-6)
        assert [size.shape for size in AllHidden(net).magnitudes(evidence)] == [(7,), (5,)]

    def test_statistics_and_tables_are_of_the_side(self, net, evidence):
        hidden = [net.logits(X.astype(np.float32), depth=depth) for depth in (1, 2)]
        expected = [f_statistic(values, y) for values in (X.astype(np.float32), *hidden)]
        for granularity, wanted in (
            (AllOrNothing(net), expected),
            (AllHidden(net), expected[1:]),
        ):
            statistics = granularity.statistics(evidence)
            tables = granularity.tables(evidence)
            assert len(statistics) == len(tables) == granularity.n_scored == len(wanted)
            for found, table, each in zip(statistics, tables, wanted, strict=True):
                for values, right in zip(found, each, strict=True):
                    np.testing.assert_allclose(values, right, rtol=1e-9, atol=1e-12)
                np.testing.assert_array_equal(table["F"], found.F)
                assert table["kept"].dtype.kind == "i"
                assert not table["kept"].any()  # filled in later

    @pytest.mark.parametrize(
        ("scores", "significant", "marked"),
        [
            ([3.0, -np.inf, 4.0], [1, 1, 0], [1, 0, 0]),
            # what is cut is not brought back, however significant: the best of the others is kept
            ([3.0, -np.inf, 4.0], [0, 1, 0], [0, 0, 1]),
            ([-3.0, -np.inf, -4.0], [0, 0, 0], [1, 0, 0]),
            ([[1.0, -np.inf], [2.0, 9.0]], [1, 0], [[1, 0], [0, 0]]),
            ([[1.0, 2.0], [2.0, 9.0]], [1, 0], [[1, 1], [0, 0]]),
            ([[1.0, -np.inf], [2.0, 9.0]], [0, 0], [[0, 0], [0, 1]]),
        ],
    )
    def test_the_significant_or_the_best(self, scores, significant, marked):
        significant = np.array(significant, dtype=bool)
        found = significant_or_best(
            np.array(scores), "statistics", {"statistics": significant}.get
        )
        assert found.astype(int).tolist() == marked
