"""Tables on which most inputs say nothing: the pruner cuts those before all else."""

import numpy as np
import pytest
from sklearn.datasets import make_classification
from sklearn.frozen import FrozenEstimator

from skscreen import MLPClassifier, ScreeningPruner

X, y = make_classification(
    800,
    120,
    n_informative=6,
    n_redundant=0,
    class_sep=1.5,
    shuffle=False,
    n_clusters_per_class=1,
    random_state=0,
)
INFORMATIVE = np.arange(120) < 6


@pytest.fixture(scope="module")
def dense():
    return MLPClassifier((20, 8), max_iter=30, tol=None, random_state=0).fit(X[:500], y[:500])


def pruned(dense, **parameters):
    defaults = {"pruning_epochs": 6, "fine_tune_epochs": 20, "n_rounds": 3, "random_state": 0}
    pruner = ScreeningPruner(FrozenEstimator(dense), **(defaults | parameters))
    return pruner.fit(X[:500], y[:500])


@pytest.mark.parametrize("granularity", ["connection", "channel"])
def test_they_go_first(dense, granularity):
    pruner = pruned(dense, granularity=granularity, sparsity=0.5)
    support = pruner.get_support()
    assert support.sum() <= 10
    assert (support & INFORMATIVE).sum() >= 4
    assert pruner.score(X[500:], y[500:]) > dense.score(X[500:], y[500:]) + 0.02
    assert "of 120 inputs: the others are null" in pruner.report_.rule


def test_fewer_weights_may_be_left_than_were_asked_for(dense):
    pruner = pruned(dense, sparsity=0.5)
    assert pruner.sparsity_ > 0.8
    assert not pruner.masks_[0][~pruner.get_support()].any()
    # a further cut is exact again
    n_weights = sum(mask.size for mask in pruner.masks_)
    assert pruned(dense, sparsity=0.95).sparsity_ == 1 - round(0.05 * n_weights) / n_weights


@pytest.mark.parametrize(
    "parameters",
    [{"f_weight": 0.05}, {"criterion": "magnitude"}, {"score_func": "mutual_info"}],
    ids=lambda parameters: next(iter(parameters)),
)
def test_not_with_a_weight_another_criterion_or_without_p_values(dense, parameters):
    pruner = pruned(dense, sparsity=0.5, **parameters)
    n_weights = sum(mask.size for mask in pruner.masks_)
    assert pruner.sparsity_ == 1 - round(0.5 * n_weights) / n_weights
    assert pruner.get_support().sum() > 60
    assert "null" not in pruner.report_.rule


def test_the_share_is_in_the_report_and_said(dense, capsys):
    pruner = pruned(dense, verbose=True)
    np.testing.assert_allclose(pruner.report_.pi0, [1 - 6 / 120, 0, 0], atol=0.2)
    assert "inputs go" in capsys.readouterr().out
    assert f"pi0 = {pruner.report_.pi0[0]:.2f}" in str(pruner.report_)
    without = pruned(dense, score_func="mutual_info", sparsity=0.5)
    assert np.isnan(without.report_.pi0).all()
