"""Statistics that follow the steps of the training."""

import numpy as np
import pytest
from scipy import stats
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from small import X, network, quick, y
from threadpoolctl import threadpool_limits

from skscreen import CNNClassifier, ScreeningPruner
from skscreen.pruning import ScreeningData
from skscreen.pruning.evidence import NetworkEvidence, RunningMoments
from skscreen.screening import STATISTICS, ClassMoments


@pytest.fixture(scope="module")
def dense():
    return network().fit(X, y)


def seen_in_steps(net, data, batches):
    running = RunningMoments(net, data, "mean", STATISTICS["f"])
    for index in batches:
        part = running.start()
        observe = running.observer(part, index)
        net.forward(data.X[index], net.buffers(len(index)), observe=observe)
        running.add([part], len(index))
    return running


def test_steps_are_seen_and_fade(dense):
    data = ScreeningData(X.astype(np.float32), y, 10)
    batches = np.split(np.arange(len(X)), 4)
    first = seen_in_steps(dense.network_, data, batches).moments["source"][0].collected
    whole = ClassMoments(10, 64).partial_fit(data.X, y)
    np.testing.assert_allclose(first.weight_sum, whole.weight_sum)
    np.testing.assert_allclose(first.between(), whole.between())
    running = seen_in_steps(dense.network_, data, batches + batches[:2])
    weights = np.repeat([0.75**2 + 0.75, 0.75**2 + 1, 0.75**2, 0.75**2], len(X) // 4)
    faded = ClassMoments(10, 64).partial_fit(data.X, y, weights)
    found = running.moments["source"][0].collected
    np.testing.assert_allclose(found.weight_sum, faded.weight_sum)
    np.testing.assert_allclose(found.between(), faded.between())
    assert running.n_seen == pytest.approx(len(X))


@pytest.mark.parametrize(
    ("target", "n_classes", "weight"),
    [
        (y, 10, None),
        (y, 10, np.arange(len(X)) % 3),
        (X[:, 20:22] ** 2, None, np.arange(len(X)) % 3),
    ],
)
def test_one_batch_of_all_is_a_pass(dense, target, n_classes, weight):
    data = ScreeningData(X.astype(np.float32), target, n_classes, weight)
    running = seen_in_steps(dense.network_, data, [np.arange(len(X))])
    evidence = NetworkEvidence(dense.network_, data, np.random.RandomState(0))
    for side, wanted in (
        ("source", evidence.source_statistics),
        ("unit", evidence.unit_statistics),
    ):
        for moments, found in zip(running.moments[side], wanted, strict=True):
            np.testing.assert_allclose(moments.statistics(STATISTICS["f"]).F, found.F, rtol=1e-6)


def test_where_nothing_moves_both_say_the_same(dense):
    still = {"learning_rate_init": 1e-30, "dropout": 0.0, "n_rounds": 2, "sparsity": 0.1}
    by_round = quick(FrozenEstimator(dense), **still).fit(X, y)
    by_step = quick(FrozenEstimator(dense), refresh="step", **still).fit(X, y)
    for first, second in zip(by_round.f_statistics_, by_step.f_statistics_, strict=True):
        assert stats.spearmanr(first.F, second.F).statistic > 0.9
        assert not np.array_equal(first.F, second.F)


@pytest.mark.parametrize("granularity", ["connection", "channel"])
def test_threads_change_no_bit(granularity):
    net = CNNClassifier((8, 8), conv_channels=(6,), hidden_layer_sizes=(12,), max_iter=2, tol=None)
    pruner = quick(net, refresh="step", granularity=granularity, sparsity=0.5, random_state=0)
    found = []
    for n_threads in (1, 2):
        with threadpool_limits(n_threads, user_api="blas"):
            found.append(clone(pruner).fit(X, y).predict_proba(X))
    np.testing.assert_array_equal(*found)


def test_few_samples_of_many_classes():
    few = np.repeat(np.arange(10), 2)[:14]
    pruner = quick(network(batch_size=2), refresh="step", random_state=0)
    assert len(pruner.fit(X[:14], few).history_) == 4


@pytest.mark.parametrize(
    ("solver", "parameters"),
    [("lbfgs", {}), ("adam", {"score_func": "kruskal"}), ("adam", {"null": "permutation"})],
)
def test_what_cannot_follow_says_so(solver, parameters):
    pruner = ScreeningPruner(network(solver=solver), refresh="step", **parameters)
    with pytest.raises(
        ValueError, match=r"refresh='step' needs solver 'adam' or 'sgd' and a stat"
    ):
        pruner.fit(X, y)
    assert not hasattr(pruner, "masks_")
