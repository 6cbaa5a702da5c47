"""scikit-learn's callbacks, which there are from its version 1.9 on."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.callback import ScoringMonitor
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from small import X, network, quick, y

from skscreen import CNNClassifier, MLPRegressor
from skscreen.interop import lean_copy


class Listener:
    """Writes down what it hears, and may ask for an end."""

    def __init__(self, stop_after=None):
        self.stop_after = stop_after
        self.heard = []
        self.fitted = []

    def setup(self, estimator, context):
        self.heard.append("setup")

    def teardown(self, estimator, context):
        self.heard.append("teardown")

    def on_fit_task_begin(self, estimator, context):
        self.heard.append(f"begin {context.task_name}")

    def on_fit_task_end(self, estimator, context, *, X, y, metadata, fitted_estimator):
        self.heard.append(f"end {context.task_name}")
        self.fitted.append((context.task_name, fitted_estimator, metadata))
        return context.task_id + 1 == self.stop_after


class Propagating(Listener):
    """Hears of what is inside as well."""

    max_propagation_depth = None


def tasks(name, count):
    return [f"begin {name}", f"end {name}"] * count


@pytest.mark.parametrize(
    "net",
    [
        network(max_iter=3),
        network(max_iter=3, early_stopping=True),
        network(max_iter=3, solver="lbfgs"),
        CNNClassifier((8, 8), conv_channels=2, max_iter=3, tol=None),
    ],
)
def test_epochs_are_heard_of_and_change_nothing(net):
    listener = Listener()
    wanted = clone(net).set_params(random_state=0).fit(X, y)
    watched = clone(net).set_params(random_state=0).set_callbacks(listener).fit(X, y)
    assert listener.heard == [
        "setup",
        "begin fit",
        *tasks("epoch", 3),
        "end fit",
        "teardown",
    ]
    np.testing.assert_array_equal(watched.predict_proba(X), wanted.predict_proba(X))
    *before, last = [fitted for _, fitted, _ in listener.fitted]
    assert (before[0].predict_proba(X) != last.predict_proba(X)).any()
    np.testing.assert_array_equal(last.predict_proba(X), wanted.predict_proba(X))
    if not net.early_stopping:  # which takes the best epoch in the end
        np.testing.assert_array_equal(before[-1].predict_proba(X), wanted.predict_proba(X))
    assert not {"_callback_fit_ctx", "_skl_callbacks_to_teardown"} & set(vars(watched))


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_a_callback_ends_the_training(solver):
    net = network(max_iter=50, solver=solver, tol=1e-4).set_callbacks(Listener(stop_after=2))
    assert net.fit(X, y).n_iter_ == 2
    alone = network(max_iter=2, solver=solver).fit(X, y)
    np.testing.assert_array_equal(net.predict_proba(X), alone.predict_proba(X))


def test_sample_weights_are_handed_on():
    listener = Listener()
    weight = np.linspace(1, 2, len(X))
    network(max_iter=1).set_callbacks(listener).fit(X, y, weight)
    assert all(metadata["sample_weight"] is weight for _, _, metadata in listener.fitted)


def test_a_failing_fit_tears_down():
    listener = Listener()
    net = network(learning_rate_init=1e30, solver="sgd", max_iter=3).set_callbacks(listener)
    with pytest.raises(FloatingPointError), np.errstate(all="ignore"):
        net.fit(X, y)
    assert listener.heard[-1] == "teardown"
    assert not hasattr(net, "network_")


ROUNDS = ["begin prune", *tasks("round", 3), *tasks("fine-tuning", 1), "end prune"]


def test_rounds_are_heard_of_and_change_nothing():
    listener = Listener()
    wanted = quick(network()).fit(X, y)
    pruner = quick(network()).set_callbacks(listener).fit(X, y)
    around = [*tasks("fit-estimator", 1), *ROUNDS]
    assert listener.heard == ["setup", "begin fit", *around, "end fit", "teardown"]
    np.testing.assert_array_equal(pruner.predict_proba(X), wanted.predict_proba(X))
    rounds = [fitted for name, fitted, _ in listener.fitted if name == "round"]
    left = [fitted.network_.n_weights for fitted in rounds]
    assert left == [entry["n_weights"] for entry in pruner.history_[:-1]]
    assert rounds[0].score(X, y) > 0.3
    tuned = dict((name, fitted) for name, fitted, _ in listener.fitted)["fine-tuning"]
    np.testing.assert_allclose(tuned.predict_proba(X), pruner.predict_proba(X), atol=1e-6)


def test_callbacks_are_handed_on_to_the_dense_network():
    listener = Propagating()
    quick(network(max_iter=2)).set_callbacks(listener).fit(X, y)
    dense = ["begin fit", *tasks("epoch", 2), "end fit"]
    assert listener.heard == ["setup", "begin fit", *dense, *ROUNDS, "end fit", "teardown"]
    listener = Propagating()
    wrapped = make_pipeline(StandardScaler(), network(max_iter=2))
    quick(wrapped).set_callbacks(listener).fit(X, y)
    assert listener.heard.count("end epoch") == 2
    frozen = FrozenEstimator(network().fit(X, y))
    listener = Propagating()
    quick(frozen).set_callbacks(listener).fit(X, y)
    around = [*tasks("fit-estimator", 1), *ROUNDS]
    assert listener.heard == ["setup", "begin fit", *around, "end fit", "teardown"]


def test_a_pipeline_and_a_search_hand_theirs_on():
    listener = Propagating()
    pipeline = make_pipeline(StandardScaler(), network(max_iter=2), quick())
    pipeline.set_callbacks(listener)
    pipeline.fit(X, y)
    assert listener.heard.count("end epoch") == 2
    assert listener.heard.count("end round") == 3
    names = [name for name, fitted, _ in listener.fitted if name == "round"]
    assert len(names) == 3
    listener = Propagating()
    search = GridSearchCV(quick(network(max_iter=2)), {"sparsity": [0.5, 0.8]}, cv=2)
    search.set_callbacks(listener).fit(X, y)
    assert listener.heard.count("end round") == 3 * (2 * 2 + 1)
    assert listener.heard.count("end epoch") == 2 * (2 * 2 + 1)
    assert listener.heard.count("setup") == listener.heard.count("teardown") == 1


def test_scores_of_every_epoch_and_round():
    for model, scoring, name, count in (
        (network(max_iter=4), "accuracy", "epoch", 4),
        (MLPRegressor((5,), max_iter=4, tol=None), "r2", "epoch", 4),
        (quick(network()), "accuracy", "round", 3),
    ):
        monitor = ScoringMonitor(scoring=scoring)
        model.set_callbacks(monitor).fit(X, y)
        rows = [row for row in monitor.get_logs().data if row["task_name"] == name]
        assert len(rows) == count
        assert np.isfinite([row[scoring] for row in rows]).all()


def test_what_is_made_of_a_network_has_none_of_its_callbacks():
    net = network(max_iter=2).set_callbacks(Listener()).fit(X, y)
    assert "_skl_callbacks" not in vars(net.detached_copy())
    pruner = quick(net).set_callbacks(Listener()).fit(X, y)
    assert "_skl_callbacks" not in vars(pruner.estimator_)
    assert "_skl_callbacks" not in vars(lean_copy(pruner))
    assert "_skl_callbacks" in vars(pruner)
    assert len(pickle.loads(pickle.dumps(pruner)).fit(X, y).history_) == 4
    assert [net.partial_fit(X, y).n_iter_, net.n_iter_] == [3, 3]
