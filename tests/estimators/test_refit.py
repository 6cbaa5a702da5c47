"""The pruner with a refit, with and without labels."""

import numpy as np
import pytest
from sklearn.datasets import load_diabetes
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import make_pipeline
from small import X, network, y

from skscreen import CNNClassifier, MLPRegressor, ScreeningPruner

UNTRAINED = {"pruning_epochs": 0, "fine_tune_epochs": 0, "n_rounds": 3, "random_state": 0}
REFIT = {"refit": "least-squares", "criterion": "partial-f", **UNTRAINED}


@pytest.fixture(scope="module")
def dense():
    return network(max_iter=60).fit(X, y)


def pruned(dense, labels=None, **parameters):
    return ScreeningPruner(FrozenEstimator(dense), **(REFIT | parameters)).fit(X, labels)


@pytest.mark.parametrize("granularity", ["connection", "channel"])
@pytest.mark.parametrize("criterion", ["screening", "partial-f"])
def test_keeps_what_the_cut_alone_loses(dense, granularity, criterion):
    options = {"granularity": granularity, "criterion": criterion, "sparsity": 0.6}
    without = pruned(dense, refit=None, **options)
    lean = pruned(dense, **options)
    agreement = np.mean(lean.predict(X) == dense.predict(X))
    assert agreement > 0.9
    assert agreement > np.mean(without.predict(X) == dense.predict(X)) - 0.01
    assert lean.sparsity_ >= 0.6 - 1e-3
    for layer in lean.network_.layers:
        assert layer.mask is None or not layer.weight[~layer.mask].any()


def test_needs_no_labels_and_then_F_has_no_part(dense):
    one = pruned(dense, criterion="screening", f_weight=0.9)
    other = pruned(dense, criterion="screening", f_weight=0.0)
    np.testing.assert_array_equal(one.predict_proba(X), other.predict_proba(X))
    labelled = pruned(dense, y, criterion="screening", f_weight=0.9)
    assert any((a != b).any() for a, b in zip(labelled.masks_, one.masks_, strict=True))


def test_partial_f_is_the_same_with_labels(dense):
    for mask, other in zip(pruned(dense).masks_, pruned(dense, y).masks_, strict=True):
        np.testing.assert_array_equal(mask, other)


def test_the_frozen_network_stays_as_it_was(dense):
    before = [weight.copy() for weight in dense.coefs_]
    pruned(dense)
    for weight, old in zip(dense.coefs_, before, strict=True):
        np.testing.assert_array_equal(weight, old)


def test_the_report_tells_how_units_differ_between_predicted_classes(dense):
    one, other = pruned(dense), pruned(dense, dense.predict(X))
    np.testing.assert_array_equal(one.f_statistics_[0].F, other.f_statistics_[0].F)
    assert one.report_.layer(0)["kept"].sum() == np.count_nonzero(one.masks_[0])


@pytest.mark.parametrize(
    "parameters",
    [
        {"fine_tune_epochs": 1},
        {"pruning_epochs": "auto"},
        {"selection": "fdr"},
        {"criterion": "taylor"},
        {"validation_fraction": 0.2},
    ],
    ids=lambda parameters: next(iter(parameters)),
)
def test_without_labels_what_needs_them_is_refused(dense, parameters):
    (name,) = parameters
    with pytest.raises(ValueError, match=f"y=None needs .* got {name}="):
        pruned(dense, **parameters)


def test_following_the_dense_network_alone_needs_no_labels(dense):
    lean = pruned(dense, fine_tune_epochs=3, distill=1.0, sparsity=0.5)
    assert np.mean(lean.predict(X) == dense.predict(X)) > 0.9


def test_an_unfitted_network_needs_labels():
    with pytest.raises(ValueError, match="requires y to be passed"):
        ScreeningPruner(network(), **REFIT).fit(X)


def test_between_rounds_of_training(dense):
    lean = ScreeningPruner(
        FrozenEstimator(dense),
        refit="least-squares",
        sparsity=0.5,
        pruning_epochs=2,
        fine_tune_epochs=2,
    ).fit(X, y)
    assert lean.score(X, y) > 0.85
    assert lean.sparsity_ == pytest.approx(0.5, abs=1e-3)


def test_behind_a_network_in_a_pipeline(dense):
    pipe = make_pipeline(network(), ScreeningPruner(**REFIT, sparsity=0.5)).fit(X, y)
    assert np.mean(pipe.predict(X) == pipe[0].predict(X)) > 0.9


@pytest.mark.parametrize("granularity", ["connection", "channel"])
def test_convolutions(granularity):
    net = CNNClassifier(
        (8, 8),
        conv_channels=(6,),
        kernel_size=3,
        hidden_layer_sizes=(20,),
        max_iter=8,
        tol=None,
        random_state=0,
    ).fit(X, y)
    lean = pruned(net, granularity=granularity, sparsity=0.5)
    assert np.mean(lean.predict(X) == net.predict(X)) > 0.85


def test_regression_needs_no_targets():
    data, target = load_diabetes(return_X_y=True)
    net = MLPRegressor((30,), max_iter=300, tol=None, random_state=0).fit(data, target)
    lean = ScreeningPruner(FrozenEstimator(net), sparsity=0.7, **REFIT).fit(data)
    outputs = net.predict(data)
    assert np.mean((lean.predict(data) - outputs) ** 2) < 0.1 * outputs.var()


def test_unknown_refits_are_refused(dense):
    with pytest.raises(ValueError, match=r"refit .* must be .*least-squares"):
        pruned(dense, refit="lasso")


@pytest.mark.parametrize(("granularity", "n_rounds"), [("connection", 3), ("channel", 1)])
def test_elimination_needs_one_round(dense, granularity, n_rounds):
    history = pruned(dense, granularity=granularity).history_
    assert sum(entry["phase"] == "pruning" for entry in history) == n_rounds
