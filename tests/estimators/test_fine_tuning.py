"""How a pruner trains: its own rate and penalty, rewinding, early stopping."""

import numpy as np
import pytest
from sklearn.frozen import FrozenEstimator
from small import X, network, quick, y

from skscreen import CNNClassifier, ScreeningPruner


def test_none_takes_the_rate_and_penalty_of_the_network():
    dense = network(alpha=0.3, learning_rate_init=0.005).fit(X, y)
    inherited = quick(FrozenEstimator(dense), alpha=None, learning_rate_init=None).fit(X, y)
    named = quick(FrozenEstimator(dense), alpha=0.3, learning_rate_init=0.005).fit(X, y)
    for first, second in zip(inherited.network_.layers, named.network_.layers, strict=True):
        np.testing.assert_array_equal(first.weight, second.weight)
    assert dense.alpha == 0.3


@pytest.mark.parametrize(
    ("solver", "parameters", "meant"),
    [
        ("adam", {"sparsity": 0.9}, (0.003, 0.02, 0.0)),  # 5.4 connections for each hidden unit
        ("adam", {"sparsity": 0.8}, (0.003, 0.02, 0.1)),  # 0.9 for each sample
        ("adam", {"sparsity": 0.5}, (0.003, 0.02, 0.2)),  # 2.3 for each sample
        ("adam", {"sparsity": 0.991}, (0.003, 0.02, 0.0)),
        ("adam", {"sparsity": 0.993}, (0.006, 0.02, 0.0)),  # 0.03 for each sample
        ("sgd", {"sparsity": 0.993}, (0.001, 0.02, 0.0)),
        ("adam", {"granularity": "channel", "sparsity": 0.5}, (0.003, 0.05, 0.0)),
        ("adam", {"selection": "fpr", "sparsity": None}, (0.003, 0.02, 0.0)),
        ("sgd", {"sparsity": 0.8}, (0.001, 0.02, 0.1)),
        ("lbfgs", {"sparsity": 0.5}, (0.001, 0.02, None)),
    ],
)
def test_what_auto_means(solver, parameters, meant):
    dense = FrozenEstimator(network(solver=solver).fit(X, y))
    auto = quick(dense, **parameters).fit(X, y)
    rate, alpha, dropout = meant
    named = quick(dense, learning_rate_init=rate, alpha=alpha, dropout=dropout, **parameters)
    np.testing.assert_array_equal(auto.predict_proba(X), named.fit(X, y).predict_proba(X))


@pytest.mark.parametrize(("own_rate", "meant"), [(0.0005, 0.003), (0.002, 0.006), (0.01, 0.01)])
def test_the_rate_of_very_few_connections_goes_by_that_of_the_network(own_rate, meant):
    dense = FrozenEstimator(network(learning_rate_init=own_rate).fit(X, y))
    auto = quick(dense, sparsity=0.993).fit(X, y)
    named = quick(dense, sparsity=0.993, learning_rate_init=meant).fit(X, y)
    np.testing.assert_array_equal(auto.predict_proba(X), named.predict_proba(X))


def test_the_rate_stays_where_samples_are_few_too():
    few, labels = X[:200], y[:200]
    dense = FrozenEstimator(network(hidden_layer_sizes=(40, 30)).fit(few, labels))
    auto = quick(dense, sparsity=0.9925).fit(few, labels)  # 0.15 connections for each sample
    named = quick(dense, sparsity=0.9925, learning_rate_init=0.003).fit(few, labels)
    np.testing.assert_array_equal(auto.predict_proba(few), named.predict_proba(few))


def epochs(pruner):
    """Return the epochs of the rounds together, and of the fine-tuning."""
    *rounds, last = pruner.fit(X, y).history_
    return sum(entry["n_epochs"] for entry in rounds), last["n_epochs"]


class TestEpochs:
    dense = FrozenEstimator(network(max_iter=11, batch_size=300).fit(X, y))

    @pytest.mark.parametrize(
        ("sparsity", "meant"),
        [
            (0.5, (5, 6)),
            (0.992, (5, 6)),
            (0.996, (15, 18)),  # half of 0.8 % are kept
            (0.998, (25, 30)),
        ],
    )
    def test_auto_grows_with_each_halving_of_very_few_connections(self, sparsity, meant):
        assert epochs(ScreeningPruner(self.dense, sparsity=sparsity)) == meant

    def test_auto_does_not_grow_for_units_or_without_a_sparsity(self):
        wide = network(hidden_layer_sizes=(400,), max_iter=11, batch_size=300)
        assert epochs(ScreeningPruner(wide, granularity="channel", sparsity=0.996)) == (5, 6)
        assert epochs(ScreeningPruner(self.dense, selection="fpr", sparsity=None)) == (5, 6)

    def test_numbers_are_taken_as_they_are(self):
        assert epochs(ScreeningPruner(self.dense, sparsity=0.996, pruning_epochs=2)) == (2, 18)


class TestDropout:
    def test_auto_is_at_least_that_of_the_network(self):
        dense = FrozenEstimator(network(dropout=0.15).fit(X, y))
        for sparsity, meant in [(0.95, 0.15), (0.8, 0.15), (0.5, 0.2)]:
            auto = quick(dense, sparsity=sparsity).fit(X, y)
            named = quick(dense, sparsity=sparsity, dropout=meant).fit(X, y)
            np.testing.assert_array_equal(auto.predict_proba(X), named.predict_proba(X))

    def test_auto_is_the_less_the_more_samples(self):
        many = np.tile(X, (10, 1)), np.tile(y, 10)
        dense = FrozenEstimator(network(max_iter=2).fit(*many))
        for sparsity, meant in [(0.5, 0.1), (0.8, 0.05)]:
            auto = quick(dense, sparsity=sparsity).fit(*many)
            named = quick(dense, sparsity=sparsity, dropout=meant).fit(*many)
            np.testing.assert_array_equal(auto.predict_proba(X), named.predict_proba(X))

    def test_auto_is_none_for_a_single_minibatch(self):
        dense = FrozenEstimator(network(batch_size=600).fit(X, y))
        auto = quick(dense, sparsity=0.5).fit(X, y)
        without = quick(dense, sparsity=0.5, dropout=0.0).fit(X, y)
        np.testing.assert_array_equal(auto.predict_proba(X), without.predict_proba(X))

    def test_of_the_pruner_and_of_the_network_are_one(self):
        with_it = network(dropout=0.3).fit(X, y)
        inherited = quick(FrozenEstimator(with_it), dropout=None).fit(X, y)
        named = quick(FrozenEstimator(with_it), dropout=0.3).fit(X, y)
        without = quick(FrozenEstimator(with_it), dropout=0.0).fit(X, y)
        np.testing.assert_array_equal(inherited.predict_proba(X), named.predict_proba(X))
        assert not np.array_equal(without.predict_proba(X), named.predict_proba(X))

    def test_ends_with_the_pruning(self):
        lean = quick(FrozenEstimator(network().fit(X, y)), dropout=0.3).fit(X, y)
        assert lean.estimator_.dropout == 0
        again = quick(FrozenEstimator(network(dropout=0.2).fit(X, y)), dropout=0.3).fit(X, y)
        assert again.estimator_.dropout == 0.2

    def test_convolutions_have_none(self):
        net = CNNClassifier(
            (8, 8), conv_channels=(4,), hidden_layer_sizes=(), max_iter=1, tol=None
        )
        dropped = quick(net, dropout=0.3, random_state=0).fit(X, y)
        without = quick(net, dropout=0.0, random_state=0).fit(X, y)
        np.testing.assert_array_equal(dropped.predict_proba(X), without.predict_proba(X))

    def test_needs_minibatches(self):
        dense = FrozenEstimator(network(solver="lbfgs").fit(X, y))
        with pytest.raises(ValueError, match=r"dropout=0.2 needs solver 'adam' or 'sgd'"):
            quick(dense, dropout=0.2).fit(X, y)


def test_a_penalty_makes_the_weights_smaller():
    dense = FrozenEstimator(network().fit(X, y))
    norms = [
        sum(np.linalg.norm(w) for w in quick(dense, alpha=alpha).fit(X, y).estimator_.coefs_)
        for alpha in (0.0, 10.0)
    ]
    assert norms[1] < 0.9 * norms[0]


def test_without_a_rate_worth_the_name_nothing_moves():
    dense = network().fit(X, y)
    lean = quick(FrozenEstimator(dense), learning_rate_init=1e-12).fit(X, y)
    masked = dense.network_.copy()
    for layer, mask in zip(masked.layers, lean.masks_, strict=True):
        layer.weight *= mask
    expected = masked.probabilities(X.astype(np.float32))
    np.testing.assert_allclose(lean.predict_proba(X), expected, atol=1e-5)


class TestRewind:
    @pytest.mark.parametrize("epoch", [0, 3, 8])
    def test_what_is_kept_has_its_earlier_weights(self, epoch):
        net = network(checkpoint_epoch=epoch).fit(X, y)
        # at a rate of nothing the first epoch leaves the initial weights
        alone = {"max_iter": epoch} if epoch else {"max_iter": 1, "learning_rate_init": 1e-30}
        earlier = network(**alone).fit(X, y)
        for layer, coefs in zip(net.checkpoint_.layers, earlier.coefs_, strict=True):
            np.testing.assert_array_equal(layer.weight, coefs)
        lean = quick(FrozenEstimator(net), rewind=True, fine_tune_epochs=0).fit(X, y)
        masked = earlier.network_.copy()
        for layer, mask in zip(masked.layers, lean.masks_, strict=True):
            layer.weight *= mask
        expected = masked.probabilities(X.astype(np.float32))
        np.testing.assert_allclose(lean.predict_proba(X), expected, atol=1e-5)
        assert not hasattr(lean.estimator_, "checkpoint_")

    def test_training_that_goes_on_leaves_the_checkpoint(self):
        net = network(checkpoint_epoch=2, warm_start=True).fit(X, y)
        before = net.checkpoint_.layers[0].weight.copy()
        net.partial_fit(X, y)
        np.testing.assert_array_equal(net.checkpoint_.layers[0].weight, before)
        net.fit(X, y)
        np.testing.assert_array_equal(net.checkpoint_.layers[0].weight, before)

    def test_then_fine_tuning_learns(self):
        net = network(checkpoint_epoch=0)
        lean = quick(net, rewind=True, fine_tune_epochs=20, learning_rate_init=0.01, alpha=0.05)
        assert lean.fit(X, y).score(X, y) > 0.9
        for layer in lean.network_.layers:
            assert layer.mask is None or not layer.weight[~layer.mask].any()

    def test_a_convolutional_network(self):
        net = CNNClassifier(
            (8, 8), conv_channels=(4,), max_iter=2, tol=None, checkpoint_epoch=1, random_state=0
        )
        lean = quick(net, granularity="channel", sparsity=0.5, rewind=True).fit(X, y)
        assert np.isfinite(lean.predict_proba(X)).all()

    def test_without_an_earlier_state_it_says_so(self):
        with pytest.raises(ValueError, match=r"rewind needs .* got checkpoint_epoch=None"):
            quick(network(), rewind=True).fit(X, y)
        with pytest.raises(ValueError, match="checkpoint_epoch=9 and 8 epochs"):
            quick(network(checkpoint_epoch=9), rewind=True).fit(X, y)
        with pytest.raises(ValueError, match="checkpoint_epoch needs solver"):
            network(checkpoint_epoch=0, solver="lbfgs").fit(X, y)


def test_partial_fit_goes_on_with_the_penalty_of_the_pruner():
    dense = FrozenEstimator(network(alpha=1e-4).fit(X, y))
    pruner = quick(dense, alpha=50.0, random_state=0).fit(X, y)
    assert pruner.estimator_.alpha == 50.0
    size = sum(abs(layer.weight).sum() for layer in pruner.network_.layers)
    for _ in range(5):
        pruner.partial_fit(X, y)
    assert sum(abs(layer.weight).sum() for layer in pruner.network_.layers) < size
    assert dense.estimator.alpha == 1e-4


class TestEarlyStopping:
    def test_it_stops_and_keeps_the_best(self):
        net = network(max_iter=30).fit(X, y).set_params(tol=1e-4, n_iter_no_change=3)
        net = FrozenEstimator(net)
        pruner = quick(net, validation_fraction=0.1, fine_tune_epochs=200, learning_rate_init=0.01)
        pruner.fit(X, y)
        assert pruner.history_[-1]["n_epochs"] < 200
        assert pruner.sparsity_ == pytest.approx(0.9, abs=1e-3)

    def test_the_best_state_is_kept(self):
        # a penalty that drives all weights to zero: the longer the training, the worse
        dense = network(max_iter=30, dtype="float64").fit(X, y)
        ruin = {"alpha": 1000.0, "pruning_epochs": 0, "n_rounds": 1, "fine_tune_epochs": 60}
        early, late = (
            quick(FrozenEstimator(dense), validation_fraction=share, sparsity=0.3, **ruin).fit(
                X, y
            )
            for share in (0.1, None)
        )
        assert late.score(X, y) < 0.5 < 0.8 < early.score(X, y)

    def test_the_held_out_part_is_not_screened(self):
        pruner = quick(network(), validation_fraction=0.5).fit(X, y)
        table = pruner.report_.layer(0)
        assert (table["df_within"] == 300 - 10).all()

    def test_full_batches_have_none(self):
        with pytest.raises(ValueError, match="validation_fraction needs solver"):
            quick(network(solver="lbfgs"), validation_fraction=0.1).fit(X, y)
