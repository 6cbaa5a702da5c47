"""CNNClassifier and CNNRegressor, alone and pruned."""

import pickle

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler

from skscreen import CNNClassifier, CNNRegressor, Screen, ScreeningPruner
from skscreen.inspection import network_costs
from skscreen.pruning import ALLOCATIONS, CRITERIA
from skscreen.screening import POOLINGS

DIGITS, LABELS = load_digits(return_X_y=True)
X, y = DIGITS[:600] / 16, LABELS[:600]
X_TEST, Y_TEST = DIGITS[600:900] / 16, LABELS[600:900]


def network(image_shape=(8, 8), **parameters):
    defaults = {
        "conv_channels": (6, 8),
        "hidden_layer_sizes": (20,),
        "max_iter": 6,
        "tol": None,
        "random_state": 0,
        "batch_size": 50,
        "learning_rate_init": 0.005,
    }
    return CNNClassifier(image_shape, **(defaults | parameters))


def quick(estimator, **parameters):
    defaults = {"n_rounds": 2, "pruning_epochs": 2, "fine_tune_epochs": 2}
    return ScreeningPruner(estimator, **(defaults | parameters))


@pytest.fixture(scope="module")
def dense():
    return network(max_iter=15).fit(X, y)


def test_learns(dense):
    assert dense.score(X_TEST, Y_TEST) > 0.85
    target = (y / 9).astype(float)
    net = CNNRegressor((8, 8), conv_channels=8, max_iter=30, tol=None, random_state=0)
    assert net.fit(X, target).score(X_TEST, Y_TEST / 9) > 0.5


class TestShapes:
    def test_flat_three_axes_and_four_are_the_same(self):
        expected = network().fit(X, y).predict_proba(X)
        images = X.reshape(-1, 8, 8)
        for shape, data in (
            (None, images),
            ((8, 8), images),
            (None, images[..., None]),
            (None, X),
        ):
            net = network(shape).fit(data, y)
            assert net.image_shape_ == (8, 8, 1)
            np.testing.assert_array_equal(net.predict_proba(data), expected)
            np.testing.assert_array_equal(net.predict_proba(X), expected)

    def test_a_number_of_features_that_is_no_square_is_a_row(self):
        assert network(None).fit(X[:, :12], y).image_shape_ == (1, 12, 1)

    def test_channels_come_last(self):
        net = network((4, 8, 2)).fit(X, y)
        assert net.image_shape_ == (4, 8, 2)
        assert net.network_.layers[0].n_inputs == 18

    @pytest.mark.parametrize(
        ("shape", "data", "message"),
        [
            ((7, 8), X, r"image_shape \(7, 8\) needs 56 features, but X has 64"),
            (
                (8, 7),
                X.reshape(-1, 8, 8),
                r"image_shape is \(8, 7\), but X holds images of \(8, 8",
            ),
            (8, X, r"image_shape of CNNClassifier must be None, \(height, width\) or"),
            (None, X.reshape(-1, 2, 2, 4, 4), "X must have 2, 3 or 4 axes"),
        ],
    )
    def test_wrong_shapes_at_fit(self, shape, data, message):
        with pytest.raises(ValueError, match=message):
            network(shape).fit(data, y)

    def test_wrong_shapes_at_predict(self, dense):
        with pytest.raises(ValueError, match="64 features"):
            dense.predict(X[:, :49])
        with pytest.raises(ValueError, match=r"images of shape \(8, 8, 1\), got \(4, 16\)"):
            dense.predict(X.reshape(-1, 4, 16))

    def test_architectures(self):
        lenet = CNNClassifier(
            (28, 28),
            conv_channels=(20, 50),
            kernel_size=5,
            padding="valid",
            pool_size=2,
            hidden_layer_sizes=(500,),
            max_iter=1,
            tol=None,
        ).fit(np.zeros((4, 784)), [0, 1, 2, 3])
        assert [w.shape for w in lenet.coefs_] == [(25, 20), (500, 50), (800, 500), (500, 4)]
        assert network_costs(lenet.network_).total.macs == 576 * 500 + 64 * 25000 + 400000 + 2000
        vgg = network(conv_channels=(4, 4, 8, 8), pool_size=(1, 2, 1, 2)).fit(X, y)
        assert [layer.output_shape() for layer in vgg.network_.layers[:4]] == [
            (8, 8, 4),
            (4, 4, 4),
            (4, 4, 8),
            (2, 2, 8),
        ]

    @pytest.mark.parametrize(
        ("parameters", "message"),
        [
            ({"kernel_size": 9, "padding": "valid"}, "kernel_size 9 of convolution 1 is larger"),
            (
                {"kernel_size": 5, "padding": "valid"},
                "convolution 2 is larger than its input, 2 x 2",
            ),
            ({"pool_size": (1, 2, 1)}, "pool_size must be one number or one for each of 2"),
            ({"stride": 0}, "stride of CNNClassifier must be an integer of at least 1"),
        ],
    )
    def test_what_cannot_be_built(self, parameters, message):
        with pytest.raises(ValueError, match=message):
            network(**parameters).fit(X, y)


def test_bytes_are_scaled_at_fit_and_predict():
    images = (DIGITS[:600] * 15.9).astype(np.uint8)
    as_bytes, as_floats = network().fit(images, y), network().fit(images / 255, y)
    np.testing.assert_allclose(
        as_bytes.predict_proba(images), as_floats.predict_proba(images / 255), atol=1e-3
    )
    np.testing.assert_allclose(
        as_bytes.predict_proba(images), as_bytes.predict_proba(images / 255), atol=1e-5
    )
    lean = quick(FrozenEstimator(as_bytes), sparsity=0.5).fit(images, y)
    np.testing.assert_allclose(
        lean.predict_proba(images), lean.predict_proba(images / 255), atol=1e-5
    )


def test_in_a_pipeline_and_a_grid_search(tmp_path):
    pipe = make_pipeline(
        MinMaxScaler(),
        network(),
        ScreeningPruner(granularity="channel", n_rounds=2, pruning_epochs=2, fine_tune_epochs=2),
        memory=str(tmp_path),
    )
    search = GridSearchCV(pipe, {"screeningpruner__sparsity": [0.3, 0.6]}, cv=2).fit(
        DIGITS, LABELS
    )
    assert search.best_score_ > 0.7


def test_the_hidden_layer_is_handed_on(dense):
    hidden = np.asarray(dense.transform(X))
    assert hidden.shape == (600, 20)
    last = dense.network_.layers[-1]
    np.testing.assert_allclose(
        hidden @ last.weight + last.bias, dense.decision_function(X), atol=1e-4
    )
    flat = network(hidden_layer_sizes=(), max_iter=1).fit(X, y)
    assert np.asarray(flat.transform(X)).shape == (600, 32)


class TestPruning:
    @pytest.mark.parametrize("pooling", sorted(POOLINGS))
    @pytest.mark.parametrize("granularity", ["connection", "channel"])
    def test_every_pooling_gives_a_statistic_per_unit(self, dense, granularity, pooling):
        pruner = quick(
            FrozenEstimator(dense),
            granularity=granularity,
            score_func=Screen(pooling=pooling),
            sparsity=0.5,
        ).fit(X, y)
        sizes = [9, 54, 32, 20] if granularity == "connection" else [6, 8, 20]
        assert [len(stat.F) for stat in pruner.f_statistics_] == sizes
        assert all((stat.F >= 0).all() for stat in pruner.f_statistics_)

    @pytest.mark.parametrize("allocation", sorted(ALLOCATIONS))
    @pytest.mark.parametrize("budget", ["weights", "macs", "units"])
    def test_budgets_hold(self, dense, allocation, budget):
        pruner = quick(
            FrozenEstimator(dense),
            granularity="channel",
            allocation=allocation,
            budget=budget,
            sparsity=0.7,
        ).fit(X, y)
        before, after = (network_costs(n).total for n in (dense.network_, pruner.network_))
        if budget == "macs":
            assert after.macs <= 0.3 * before.macs
        elif budget == "weights":
            assert after.n_weights <= 0.3 * before.n_weights
        else:
            kept = sum(mask.any(axis=0).sum() for mask in pruner.masks_[:-1])
            assert kept == int(0.3 * 34)

    @pytest.mark.parametrize("criterion", sorted(CRITERIA))
    @pytest.mark.parametrize("granularity", ["connection", "channel"])
    def test_criteria(self, dense, criterion, granularity):
        pruner = quick(
            FrozenEstimator(dense), criterion=criterion, granularity=granularity, sparsity=0.5
        ).fit(X, y)
        assert pruner.sparsity_ >= 0.4999
        assert pruner.score(X, y) > 0.3

    def test_channels_are_really_gone(self, dense):
        pruner = quick(
            FrozenEstimator(dense), granularity="channel", allocation="uniform", sparsity=0.8
        ).fit(X, y)
        layers = pruner.network_.layers
        assert all(layer.mask is None for layer in layers)
        for number, mask in enumerate(pruner.masks_[:-1]):
            assert layers[number].n_outputs <= mask.any(axis=0).sum() < mask.shape[1]
        assert len(pickle.dumps(pruner.network_)) < 0.35 * len(pickle.dumps(dense.network_))

    def test_predicting_runs_the_lean_network_only(self, dense, monkeypatch):
        pruner = quick(FrozenEstimator(dense), granularity="channel", sparsity=0.8).fit(X, y)
        widths = []
        logits = type(dense.network_).logits
        monkeypatch.setattr(
            type(dense.network_),
            "logits",
            lambda self, *a, **k: widths.append(self.n_weights) or logits(self, *a, **k),
        )
        pruner.predict(X)
        assert set(widths) == {pruner.network_.n_weights}

    def test_training_goes_on_after_compaction(self, dense):
        pruner = quick(FrozenEstimator(dense), sparsity=0.9).fit(X, y)
        masks = [None if m.mask is None else m.mask.copy() for m in pruner.network_.layers]
        for _ in range(5):
            pruner.partial_fit(X, y)
        for layer, mask in zip(pruner.network_.layers, masks, strict=True):
            assert mask is None or not layer.weight[~mask].any()
        again = quick(FrozenEstimator(pruner.estimator_), granularity="channel", sparsity=0.5)
        assert again.fit(X, y).network_.n_weights < pruner.network_.n_weights

    def test_too_sparse_for_one_unit_a_layer(self, dense):
        with pytest.raises(ValueError, match="less than one unit in each layer"):
            quick(FrozenEstimator(dense), granularity="channel", sparsity=0.999).fit(X, y)

    def test_support_of_an_image(self, dense):
        pruner = quick(FrozenEstimator(dense), sparsity=0.5).fit(X, y)
        assert pruner.get_support().shape == (64,)
        noise = np.where(pruner.get_support(), X, 7.0)
        np.testing.assert_array_equal(pruner.predict(noise), pruner.predict(X))
