"""Feature selection: ``granularity="input"``."""

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import make_regression
from sklearn.exceptions import NotFittedError
from sklearn.feature_selection import RFE, SelectFromModel
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from small import X, network, quick, y

from skscreen import CNNClassifier, MLPRegressor, ScreeningPruner
from skscreen.pruning import CRITERIA, compact
from skscreen.pruning.masks import mask_network


@pytest.fixture(scope="module")
def dense():
    return network().fit(X, y)


def inputs(estimator, **parameters):
    return quick(estimator, granularity="input", random_state=0, **parameters)


def blobs(n_samples=400, seed=0):
    """Four informative features, copies of the first two, and six of noise."""
    rng = np.random.default_rng(seed)
    target = rng.integers(0, 3, n_samples)
    centres = 3 * rng.standard_normal((3, 4))
    told = centres[target] + rng.standard_normal((n_samples, 4))
    return np.hstack([told, told[:, :2], rng.standard_normal((n_samples, 6))]), target


class TestCounts:
    @pytest.mark.parametrize("n_kept", [1, 7, 40, 64])
    def test_an_integer_is_the_number_that_is_kept(self, dense, n_kept):
        pruner = inputs(FrozenEstimator(dense), sparsity=n_kept).fit(X, y)
        assert pruner.get_support().sum() == n_kept
        assert len(pruner.get_support(indices=True)) == n_kept

    @pytest.mark.parametrize(("share", "n_kept"), [(0, 64), (0.5, 32), (0.9, 6), (0.97, 2)])
    def test_a_number_below_one_is_the_share_that_is_cut(self, dense, share, n_kept):
        pruner = inputs(FrozenEstimator(dense), sparsity=share).fit(X, y)
        assert pruner.get_support().sum() == n_kept

    @pytest.mark.parametrize("criterion", sorted(CRITERIA))
    def test_with_every_criterion(self, dense, criterion):
        pruner = inputs(FrozenEstimator(dense), sparsity=20, criterion=criterion).fit(X, y)
        assert pruner.get_support().sum() == 20

    def test_with_a_criterion_of_ones_own(self, dense):
        def last(evidence):
            return np.arange(64.0) - 100

        pruner = inputs(FrozenEstimator(dense), sparsity=5, criterion=last).fit(X, y)
        assert pruner.get_support(indices=True).tolist() == [59, 60, 61, 62, 63]

    def test_a_selection_goes_before_the_number(self):
        data, target = blobs()
        for sparsity, n_kept in ((None, 6), (3, 3)):
            pruner = inputs(network(), sparsity=sparsity, selection="fwe").fit(data, target)
            assert pruner.get_support().sum() == n_kept
            assert not pruner.get_support()[6:].any()


class TestWhatIsKept:
    def test_of_two_copies_one(self):
        data, target = blobs()
        kept = inputs(network(max_iter=20), sparsity=4).fit(data, target).get_support()
        assert kept[:2].sum() + kept[4:6].sum() == 2
        assert kept[0] + kept[4] == 1
        assert kept[2:4].all()

    @pytest.mark.parametrize("f_weight", [0, 0.3])
    def test_noise_goes_first(self, f_weight):
        data, target = blobs()
        pruner = inputs(network(max_iter=20), sparsity=3, f_weight=f_weight).fit(data, target)
        assert not pruner.get_support()[6:].any()
        importances = pruner.feature_importances_
        assert importances[6:].max() < np.sort(importances[:6])[-3]

    def test_an_interaction_without_effects_of_its_own_is_kept(self):
        rng = np.random.default_rng(0)
        data = rng.standard_normal((600, 10))
        target = (data[:, 3] > 0) ^ (data[:, 7] > 0)
        net = network(max_iter=60, alpha=1e-3)
        kept = inputs(net, sparsity=2, f_weight=0).fit(data, target).get_support(indices=True)
        assert kept.tolist() == [3, 7]

    def test_regression(self):
        data, target = make_regression(300, 30, n_informative=4, random_state=0, noise=1.0)
        net = MLPRegressor((20,), max_iter=30, tol=None, random_state=0)
        told = np.abs(np.corrcoef(data.T, target)[-1, :-1]).argsort()[-3:]
        kept = inputs(net, sparsity=4).fit(data, target / target.std()).get_support(indices=True)
        assert set(told) <= set(kept)

    def test_samples_without_weight_do_not_count(self, dense):
        weight = np.r_[np.ones(400), np.zeros(200)]
        other = X.copy()
        other[400:] = np.random.default_rng(0).random((200, 64))
        settings = {"sparsity": 15, "pruning_epochs": 0, "fine_tune_epochs": 0, "n_rounds": 1}
        supports = [
            inputs(FrozenEstimator(dense), f_weight=0.2, **settings)
            .fit(values, y, sample_weight=weight)
            .get_support()
            for values in (X, other)
        ]
        np.testing.assert_array_equal(*supports)

    def test_more_inputs_than_are_judged_jointly(self, dense, monkeypatch):
        monkeypatch.setattr("skscreen.pruning.input_evidence.MOST_JOINTLY", 30)
        settings = {"pruning_epochs": 0, "fine_tune_epochs": 0, "n_rounds": 1}
        pruner = inputs(FrozenEstimator(dense), sparsity=30, **settings).fit(X, y)
        scores = pruner.scores_[0]
        assert (scores[pruner.get_support()] > 0).all()
        assert (scores[~pruner.get_support()] < 0).all()
        assert inputs(FrozenEstimator(dense), sparsity=12, **settings).fit(X, y).score(X, y) > 0.2


class TestNetwork:
    def test_masks_are_whole_rows_and_the_support(self, dense):
        pruner = inputs(FrozenEstimator(dense), sparsity=20).fit(X, y)
        first, *others = pruner.masks_
        np.testing.assert_array_equal(first, np.tile(pruner.get_support()[:, None], (1, 30)))
        assert all(mask.all() for mask in others)
        assert pruner.network_.layers[0].weight.shape == (20, 30)
        assert pruner.sparsity_ == pytest.approx(44 * 30 / (64 * 30 + 30 * 20 + 20 * 10))

    def test_what_is_cut_is_not_read(self, dense):
        pruner = inputs(FrozenEstimator(dense), sparsity=20).fit(X, y)
        other = X.copy()
        other[:, ~pruner.get_support()] = 1e3
        np.testing.assert_array_equal(pruner.predict_proba(other), pruner.predict_proba(X))

    def test_compaction_is_exact(self, dense):
        pruner = inputs(FrozenEstimator(dense), sparsity=20).fit(X, y)
        masked = dense.network_.copy()
        mask_network(masked, pruner.masks_)
        np.testing.assert_allclose(
            compact(masked).logits(X.astype(np.float32)),
            masked.logits(X.astype(np.float32)),
            rtol=1e-5,
            atol=1e-5,
        )

    def test_rounds_are_nested_and_importances_know_it(self, dense):
        pruner = inputs(FrozenEstimator(dense), sparsity=10).fit(X, y)
        table = pruner.report_.layer(0)
        importances = pruner.feature_importances_
        assert importances.shape == (64,)
        assert importances.sum() == pytest.approx(1)
        assert (importances >= 0).all()
        rounds = np.where(table["round"] == 0, 4, table["round"])
        assert sorted(set(rounds)) == [1, 2, 3, 4]
        for number in (1, 2, 3):
            assert importances[rounds == number].max() <= importances[rounds > number].min()
        np.testing.assert_array_equal(table["kept"] > 0, pruner.get_support())
        assert "of the inputs" in pruner.report_.rule

    def test_a_network_cut_before_is_cut_further(self, dense):
        some = inputs(FrozenEstimator(dense), sparsity=30).fit(X, y)
        fewer = inputs(FrozenEstimator(some.estimator_), sparsity=10).fit(X, y)
        assert fewer.get_support().sum() == 10
        assert (fewer.get_support() <= some.get_support()).all()

    def test_channels_of_an_image(self):
        rng = np.random.default_rng(0)
        images = rng.random((200, 6, 6, 3)).astype(np.float32)
        target = rng.integers(0, 2, 200)
        images[target == 1, :3, :, 1] += 1  # one channel alone tells the classes apart
        flat = images.reshape(200, -1)
        net = CNNClassifier(
            (6, 6, 3), conv_channels=(4,), kernel_size=3, max_iter=5, tol=None, random_state=0
        )
        pruner = inputs(net, sparsity=1).fit(flat, target)
        kept = pruner.get_support().reshape(6, 6, 3)
        assert kept[..., 1].all()
        assert not kept[..., [0, 2]].any()
        assert pruner.feature_importances_.shape == (108,)
        assert pruner.feature_importances_.reshape(36, 3).argmax(axis=1).tolist() == [1] * 36
        assert len(pruner.report_.layer(0)) == 3


class TestWithScikitLearn:
    def test_a_grid_over_a_pipeline(self):
        pipe = Pipeline([("scale", StandardScaler()), ("net", network()), ("prune", inputs(None))])
        search = GridSearchCV(pipe, {"prune__sparsity": [5, 20]}, cv=2).fit(X, y)
        assert search.best_params_ == {"prune__sparsity": 20}
        assert search.best_estimator_["prune"].get_support().sum() == 20

    def test_names_of_a_frame(self):
        data, target = blobs()
        names = [f"x{k}" for k in range(12)]
        pruner = inputs(network(), sparsity=3).fit(pd.DataFrame(data, columns=names), target)
        kept = pruner.feature_names_in_[pruner.get_support()]
        assert len(kept) == 3
        assert set(kept) <= set(names[:6])

    def test_select_from_model(self):
        data, target = blobs()
        model = SelectFromModel(inputs(network(), sparsity=4), threshold=-np.inf, max_features=4)
        selected = model.fit(data, target)
        assert selected.transform(data).shape == (400, 4)
        np.testing.assert_array_equal(selected.get_support(), selected.estimator_.get_support())

    def test_recursive_elimination(self):
        data, target = blobs()
        kept = RFE(inputs(network(), sparsity=0.3), n_features_to_select=3, step=3)
        assert not kept.fit(data, target).support_[6:].any()


class TestErrors:
    def test_more_than_there_are(self):
        with pytest.raises(ValueError, match=r"inputs to keep, of the 64 .* got 65"):
            inputs(network(), sparsity=65).fit(X, y)

    def test_none_left(self):
        with pytest.raises(ValueError, match="choose another sparsity"):
            inputs(network(), sparsity=0.999).fit(X, y)

    @pytest.mark.parametrize("granularity", ["connection", "channel"])
    def test_numbers_of_what_else_is_cut(self, granularity):
        with pytest.raises(ValueError, match=f"granularity='{granularity}', got 50"):
            quick(network(), granularity=granularity, sparsity=50).fit(X, y)

    @pytest.mark.parametrize("sparsity", [-1, 1.5, True, "50"])
    def test_what_is_no_sparsity(self, sparsity):
        with pytest.raises(ValueError, match="sparsity of ScreeningPruner must be"):
            inputs(network(), sparsity=sparsity).fit(X, y)

    def test_a_single_channel(self):
        net = CNNClassifier((8, 8), conv_channels=(4,), max_iter=1, tol=None)
        with pytest.raises(ValueError, match="reads one alone"):
            inputs(net, sparsity=0.5).fit(X, y)

    def test_importances_before_fit(self):
        assert not hasattr(ScreeningPruner(network()), "feature_importances_")
        with pytest.raises(NotFittedError):
            ScreeningPruner(network()).get_support()
