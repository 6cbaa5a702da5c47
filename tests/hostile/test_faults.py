"""Interrupts and failures at every epoch and every round: all or nothing is learnt."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from threadpoolctl import threadpool_info

from skscreen import CNNClassifier, MLPClassifier, ScreeningPruner
from skscreen.nn.training import MinibatchTrainer

RNG = np.random.default_rng(0)
X = RNG.random((60, 16))
y = np.arange(60) % 3
SHORT = {"max_iter": 3, "tol": None, "random_state": 0, "batch_size": 20}
MLP = MLPClassifier((6, 5), **SHORT)
CNN = CNNClassifier((4, 4), conv_channels=3, hidden_layer_sizes=(5,), **SHORT)
# 3 epochs of the dense network, 3 in as many rounds, 2 of fine-tuning
N_EPOCHS, N_ROUNDS = 8, 3


def pruner(net, **parameters):
    return ScreeningPruner(
        net, n_rounds=N_ROUNDS, pruning_epochs=3, fine_tune_epochs=2, sparsity=0.5, **parameters
    )


class Fault:
    """Wraps a function; fails at one of its calls."""

    def __init__(self, function, number, error):
        self.function = function
        self.number = number
        self.error = error
        self.n_calls = 0

    def __call__(self, *args, **kwargs):
        self.n_calls += 1
        if self.n_calls == self.number:
            raise self.error
        return self.function(*args, **kwargs)

    def __get__(self, instance, owner):
        return lambda *args, **kwargs: self(instance, *args, **kwargs)


def blas_threads():
    return [lib["num_threads"] for lib in threadpool_info() if lib["user_api"] == "blas"]


@pytest.mark.parametrize(
    "error", [KeyboardInterrupt(), MemoryError()], ids=["interrupt", "memory"]
)
@pytest.mark.parametrize("number", range(1, N_EPOCHS + 1))
@pytest.mark.parametrize("net", [MLP, CNN], ids=["MLP", "CNN"])
def test_in_every_epoch(monkeypatch, net, number, error):
    estimator = pruner(clone(net)).fit(X, y)
    before, threads = pickle.dumps(estimator), blas_threads()
    expected = estimator.predict_proba(X)
    with monkeypatch.context() as patch:
        patch.setattr(MinibatchTrainer, "epoch", Fault(MinibatchTrainer.epoch, number, error))
        with pytest.raises(type(error)):
            estimator.fit(X[::-1], y[::-1])
    assert pickle.dumps(estimator) == before
    assert blas_threads() == threads
    # and nothing is left behind that would change what comes next
    np.testing.assert_array_equal(estimator.fit(X, y).predict_proba(X), expected)


@pytest.mark.parametrize("granularity", ["connection", "channel"])
@pytest.mark.parametrize("number", range(1, N_ROUNDS + 1))
def test_a_criterion_that_fails_in_a_round(granularity, number):
    estimator = pruner(MLP, granularity=granularity).fit(X, y)
    before = estimator.predict_proba(X)
    n_layers = 3 if granularity == "connection" else 2
    error = RuntimeError("not today")
    fault = Fault(lambda evidence: evidence.magnitude, 1 + n_layers * (number - 1), error)
    with pytest.raises(RuntimeError, match="not today"):
        estimator.set_params(criterion=fault).fit(X, y)
    np.testing.assert_array_equal(estimator.predict_proba(X), before)


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_statistic_that_fails(number):
    def statistic(A, target):
        return np.ones(A.shape[1])

    estimator = pruner(MLP, f_weight=0.5).fit(X, y)
    before = estimator.predict_proba(X)
    fault = Fault(statistic, number, FloatingPointError("no statistic"))
    with pytest.raises(FloatingPointError, match="no statistic"):
        estimator.set_params(score_func=fault).fit(X, y)
    np.testing.assert_array_equal(estimator.predict_proba(X), before)


@pytest.mark.parametrize("net", [MLP, CNN], ids=["MLP", "CNN"])
def test_a_schedule_that_fails(net):
    estimator = pruner(clone(net)).fit(X, y)
    before = estimator.predict_proba(X)
    with pytest.raises(ZeroDivisionError):
        estimator.set_params(schedule=lambda done: 1 / 0).fit(X, y)
    np.testing.assert_array_equal(estimator.predict_proba(X), before)


@pytest.mark.parametrize("net", [MLP, CNN], ids=["MLP", "CNN"])
def test_partial_fit_in_every_epoch(monkeypatch, net):
    estimator, twin = clone(net), clone(net)
    for number in range(4):
        before = dict(vars(estimator))
        with monkeypatch.context() as patch:
            fault = Fault(MinibatchTrainer.epoch, 1, KeyboardInterrupt())
            patch.setattr(MinibatchTrainer, "epoch", fault)
            with pytest.raises(KeyboardInterrupt):
                estimator.partial_fit(X, y, classes=[0, 1, 2])
        assert dict(vars(estimator)) == before
        estimator.partial_fit(X, y, classes=[0, 1, 2])
        twin.partial_fit(X, y, classes=[0, 1, 2])
        assert estimator.n_iter_ == number + 1
        np.testing.assert_array_equal(estimator.predict_proba(X), twin.predict_proba(X))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # overflow, on the way to the error
def test_a_loss_that_is_no_longer_finite():
    estimator = pruner(MLP).fit(X, y)
    before = estimator.predict_proba(X)
    with pytest.raises(FloatingPointError, match="scale the features"):
        estimator.set_params(learning_rate_init=1e30).fit(X, y)
    np.testing.assert_array_equal(estimator.predict_proba(X), before)
