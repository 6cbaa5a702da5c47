"""ScreeningPruner in all its forms."""

import copy
import pickle

import joblib
import numpy as np
import pandas as pd
import pytest
import sklearn
from counted import CountedMLP
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.datasets import load_diabetes
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from small import X, network, quick, y

from skscreen import MLPRegressor, ScreeningPruner
from skscreen.pruning import ALLOCATIONS, CRITERIA, SCHEDULES


def weights(estimator):
    return [weight.copy() for weight in estimator.coefs_]


def same(first, second):
    return all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


class TestForms:
    def test_a_step_of_a_pipeline(self):
        pipe = Pipeline([("net", network()), ("prune", quick(sparsity=0.7))]).fit(X, y)
        assert pipe["prune"].sparsity_ == pytest.approx(0.7, abs=1e-3)
        np.testing.assert_array_equal(pipe.predict(X), pipe["prune"].predict(X))
        assert pipe.score(X, y) == accuracy_score(y, pipe.predict(X))
        assert pipe.predict_proba(X).shape == (600, 10)

    def test_a_step_leaves_the_network_before_it_untouched(self):
        alone = network().fit(X, y)
        pipe = Pipeline([("net", network()), ("prune", quick())]).fit(X, y)
        assert same(weights(pipe["net"]), weights(alone))
        assert all(layer.mask is None for layer in pipe["net"].network_.layers)

    def test_wrapping_gives_the_same_as_a_step(self):
        wrapped = quick(network()).fit(X, y)
        pipe = Pipeline([("net", network()), ("prune", quick())]).fit(X, y)
        assert same(weights(wrapped.estimator_), weights(pipe["prune"].estimator_))

    def test_a_frozen_network_is_not_trained_again(self):
        dense = network().fit(X, y)
        before = weights(dense)
        frozen = quick(FrozenEstimator(dense)).fit(X, y)
        assert same(weights(dense), before)
        assert same(weights(frozen.estimator_), weights(quick(network()).fit(X, y).estimator_))

    def test_a_frozen_network_without_any_training(self):
        dense = network().fit(X, y)
        lean = quick(FrozenEstimator(dense), n_rounds=1, pruning_epochs=0, fine_tune_epochs=0).fit(
            X, y
        )
        by_hand = copy.deepcopy(dense)
        for number, mask in enumerate(lean.masks_):
            layer = by_hand.network_.layers[number]
            read = dense.network_.logits(X.astype(np.float32), depth=number) if number else X
            # the bias takes over the mean of what is cut
            layer.bias += read.mean(axis=0) @ np.where(mask, 0, layer.weight)
            layer.weight *= mask
        np.testing.assert_allclose(lean.predict_proba(X), by_hand.predict_proba(X), atol=1e-6)

    def test_pandas_between_the_steps(self):
        pipe = Pipeline([("net", network()), ("prune", quick())])
        frame = pd.DataFrame(X, columns=[f"pixel{number}" for number in range(64)])
        plain = clone(pipe).fit(X, y).predict(X)
        pipe.set_output(transform="pandas").fit(frame, y)
        np.testing.assert_array_equal(pipe.predict(frame), plain)
        assert list(pipe["prune"].feature_names_in_) == list(frame.columns)
        np.testing.assert_array_equal(pipe["prune"].predict(frame), plain)

    def test_names_through_a_pipeline(self):
        pipe = Pipeline([("net", network()), ("prune", quick())])
        frame = pd.DataFrame(X, columns=[f"pixel{number}" for number in range(64)])
        for data in (X, frame):
            names = pipe.fit(data, y).get_feature_names_out()
            assert len(names) == pipe.transform(data).shape[1]

    def test_no_network_anywhere_raises(self):
        with pytest.raises(ValueError, match="estimator must be a network"):
            ScreeningPruner().fit(X, y)
        with pytest.raises(ValueError, match="estimator must be a network estimator of skscreen"):
            ScreeningPruner(LogisticRegression()).fit(X, y)
        with pytest.raises(ValueError, match="give it one of the two"):
            make_pipeline(network(), quick(network())).fit(X, y)


class TestPredictionThroughThePipeline:
    def test_computes_no_dense_forward_pass(self, monkeypatch):
        pipe = Pipeline([("net", network()), ("prune", quick())]).fit(X, y)
        dense = pipe["net"].network_
        passes = []
        logits = type(dense).logits
        monkeypatch.setattr(
            type(dense),
            "logits",
            lambda self, *args, **kwargs: (
                passes.append(self is dense) or logits(self, *args, **kwargs)
            ),
        )
        pipe.predict(X)
        pipe.predict_proba(X)
        pipe.score(X, y)
        assert passes
        assert not any(passes)


class TestGridSearch:
    grid = {"prune__sparsity": [0.5, 0.7, 0.9]}

    @pytest.mark.parametrize("n_jobs", [1, 2])
    def test_memory_trains_the_dense_network_once_per_fold(self, tmp_path, n_jobs):
        log = tmp_path / "fits"
        net = CountedMLP((20,), log=log, max_iter=3, tol=None, random_state=0)
        pipe = Pipeline([("net", net), ("prune", quick())], memory=str(tmp_path / "cache"))
        search = GridSearchCV(pipe, self.grid, cv=3, n_jobs=n_jobs).fit(X, y)
        fits = len(log.read_text().split())
        # 3 folds and the refit; two workers may start on the same fold at once
        assert fits == 4 if n_jobs == 1 else 4 <= fits <= 7
        best = search.best_estimator_["prune"]
        assert best.sparsity_ == pytest.approx(search.best_params_["prune__sparsity"], abs=2e-3)

    def test_without_memory_the_step_before_is_untouched(self):
        search = GridSearchCV(
            Pipeline([("net", network()), ("prune", quick())]), self.grid, cv=2
        ).fit(X, y)
        assert same(weights(search.best_estimator_["net"]), weights(network().fit(X, y)))

    def test_folds_are_stratified_though_the_pruner_is_unfitted(self):
        assert is_classifier(ScreeningPruner())
        assert is_classifier(Pipeline([("net", network()), ("prune", ScreeningPruner())]))
        assert is_regressor(ScreeningPruner(task="regression"))
        assert is_regressor(ScreeningPruner(MLPRegressor()))

    def test_cross_val_score_with_threads(self):
        pruner = quick(network(), sparsity=0.5)
        with joblib.parallel_backend("threading"):
            threads = cross_val_score(pruner, X, y, cv=2, n_jobs=2)
        np.testing.assert_array_equal(threads, cross_val_score(pruner, X, y, cv=2))


class TestZerosStayZero:
    @pytest.fixture(params=["adam", "sgd", "lbfgs"])
    def pruner(self, request):
        return quick(network(solver=request.param), sparsity=0.9).fit(X, y)

    @staticmethod
    def check(pruner):
        n_weights = 0
        for layer in pruner.network_.layers:
            mask = np.ones(layer.weight.shape, bool) if layer.mask is None else layer.mask
            assert not layer.weight[~mask].any()
            assert layer.weight[mask].all()
            n_weights += mask.sum()
        # what was kept but leads nowhere is gone as well
        assert n_weights <= sum(mask.sum() for mask in pruner.masks_)

    def test_after_fine_tuning(self, pruner):
        self.check(pruner)

    def test_in_copies_and_pickles(self, pruner):
        for twin in (copy.deepcopy(pruner), pickle.loads(pickle.dumps(pruner))):
            self.check(twin)
            np.testing.assert_array_equal(twin.predict_proba(X), pruner.predict_proba(X))

    def test_in_further_training(self, pruner):
        if pruner.estimator.solver == "lbfgs":
            assert not hasattr(pruner, "partial_fit")
            return
        twin = pickle.loads(pickle.dumps(pruner))
        for _ in range(3):
            twin.partial_fit(X, y)
        assert not same(weights(twin.estimator_), weights(pruner.estimator_))
        self.check(twin)
        assert twin.network_ is twin.estimator_.network_

    def test_in_a_second_pruning(self, pruner):
        again = quick(FrozenEstimator(pruner.estimator_), sparsity=0.95).fit(X, y)
        self.check(again)
        total = sum(layer.weight.size for layer in pruner.network_.layers)
        assert sum(mask.sum() for mask in again.masks_) == round((1 - 0.95) * total)
        sizes = [mask.shape for mask in again.masks_]
        assert sizes == [layer.weight.shape for layer in pruner.network_.layers]


class TestOptions:
    @pytest.mark.parametrize("allocation", sorted(ALLOCATIONS))
    @pytest.mark.parametrize("schedule", sorted(SCHEDULES))
    def test_the_count_is_exact(self, allocation, schedule):
        pruner = quick(network(), sparsity=0.873, allocation=allocation, schedule=schedule)
        pruner.fit(X, y)
        total = 64 * 30 + 30 * 20 + 20 * 10
        assert sum(mask.sum() for mask in pruner.masks_) == round((1 - 0.873) * total)
        assert pruner.sparsity_ == 1 - round((1 - 0.873) * total) / total
        assert all(mask.any() for mask in pruner.masks_)

    @pytest.mark.parametrize(
        "criterion", [*sorted(CRITERIA), lambda evidence: evidence.F * evidence.magnitude]
    )
    def test_criteria(self, criterion):
        pruner = quick(network(), criterion=criterion, sparsity=0.5).fit(X, y)
        assert [score.shape for score in pruner.scores_] == [(64, 30), (30, 20), (20, 10)]
        assert [stat.F.shape for stat in pruner.f_statistics_] == [(64,), (30,), (20,)]

    def test_the_scores_explain_the_masks(self):
        pruner = quick(network(), allocation="uniform", schedule="one-shot", sparsity=0.6)
        pruner.fit(X, y)
        for mask, score in zip(pruner.masks_, pruner.scores_, strict=True):
            assert score[mask].min() >= score[~mask].max()

    def test_f_statistics_are_those_of_the_inputs(self):
        from sklearn.feature_selection import f_classif

        pruner = quick(network(dtype="float64"), sparsity=0.5).fit(X, y)
        constant = X.max(axis=0) == X.min(axis=0)
        expected = f_classif(X[:, ~constant], y)[0]
        np.testing.assert_allclose(pruner.f_statistics_[0].F[~constant], expected, rtol=1e-9)
        assert not pruner.f_statistics_[0].F[constant].any()

    def test_history_tells_the_rounds(self):
        pruner = quick(network(), sparsity=0.8).fit(X, y)
        assert [entry["phase"] for entry in pruner.history_] == ["pruning"] * 3 + ["fine-tuning"]
        sparsity = [entry["sparsity"] for entry in pruner.history_]
        assert sparsity == sorted(sparsity)
        assert sparsity[0] == pytest.approx(0.8 * (1 - (2 / 3) ** 3), abs=1e-3)
        assert [entry["n_epochs"] for entry in pruner.history_] == [1, 1, 1, 2]

    def test_auto_takes_the_epochs_of_the_dense_training(self):
        pruner = ScreeningPruner(network(max_iter=24)).fit(X, y)
        assert sum(entry["n_epochs"] for entry in pruner.history_) == 24
        assert [entry["n_epochs"] for entry in pruner.history_] == [1] * 4 + [2] + [1] * 4 + [
            2,
            12,
        ]

    def test_few_minibatches_are_pruned_to_the_target_too(self):
        few, classes = X[:60], y[:60]
        pruner = ScreeningPruner(network(batch_size=60, max_iter=1), sparsity=0.9)
        assert pruner.fit(few, classes).sparsity_ == pytest.approx(0.9, abs=1e-3)

    def test_support_is_what_the_predictions_depend_on(self):
        net = network(dtype="float64").set_params(activation="identity")
        pruner = quick(net, sparsity=0.97, allocation="global").fit(X, y)
        support = pruner.get_support()
        assert 0 < support.sum() < 64
        np.testing.assert_array_equal(np.flatnonzero(support), pruner.get_support(indices=True))
        noise = np.where(support, X, np.random.default_rng(0).random(X.shape))
        np.testing.assert_array_equal(pruner.predict_proba(noise), pruner.predict_proba(X))
        for feature in np.flatnonzero(support):
            changed = X.copy()
            changed[:, feature] += 1
            assert not np.array_equal(
                pruner.decision_function(changed), pruner.decision_function(X)
            )

    def test_verbose_prints_a_line_a_round(self, capsys):
        quick(network(), verbose=True).fit(X, y)
        assert capsys.readouterr().out.count("weights left") == 4


class TestData:
    def test_string_labels_and_sample_weight(self):
        names = np.array([f"digit {label}" for label in y])
        pruner = quick(network()).fit(X, names, sample_weight=np.ones(len(X)))
        assert set(pruner.predict(X)) <= set(names)
        assert list(pruner.classes_) == sorted(set(names))

    def test_zero_weight_is_absence(self):
        rng = np.random.default_rng(0)
        parameters = {"solver": "lbfgs", "dtype": "float64", "max_iter": 10}
        extra = rng.random((100, 64)), rng.integers(0, 10, 100)
        weight = np.r_[np.ones(600), np.zeros(100)]
        both = quick(network(**parameters)).fit(
            np.vstack([X, extra[0]]), np.r_[y, extra[1]], sample_weight=weight
        )
        alone = quick(network(**parameters)).fit(X, y)
        np.testing.assert_allclose(both.f_statistics_[0].F, alone.f_statistics_[0].F)
        np.testing.assert_allclose(both.predict_proba(X), alone.predict_proba(X), atol=1e-6)

    def test_binary(self):
        rows = y < 2
        pruner = quick(network()).fit(X[rows], y[rows])
        assert pruner.decision_function(X).shape == (600,)
        assert pruner.score(X[rows], y[rows]) > 0.95

    def test_regression_with_several_outputs(self):
        data, target = load_diabetes(return_X_y=True)
        target = (target - target.mean()) / target.std()
        both = np.column_stack([target, -target])
        pipe = make_pipeline(
            StandardScaler(),
            MLPRegressor((20,), max_iter=30, tol=None, random_state=0),
            quick(sparsity=0.5, task="regression", pruning_epochs=10, fine_tune_epochs=10),
        )
        assert pipe.fit(data, both).predict(data).shape == (442, 2)
        assert pipe.score(data, both) > 0.3
        assert not hasattr(pipe, "predict_proba")

    def test_metadata_routing(self):
        with sklearn.config_context(enable_metadata_routing=True):
            pipe = Pipeline(
                [
                    ("net", network().set_fit_request(sample_weight=True)),
                    ("prune", quick().set_fit_request(sample_weight=True)),
                ]
            )
            weight = np.where(np.arange(len(y)) % 3, 1.0, 0.01)
            weighted = pipe.fit(X, y, sample_weight=weight)
        plain = clone(pipe).fit(X, y)
        F, unweighted = (p["prune"].f_statistics_[0].F for p in (weighted, plain))
        assert not np.allclose(F, unweighted)

    def test_held_out_data_reach_the_network(self):
        pruner = quick(network(early_stopping=True))
        pruner.fit(X[:500], y[:500], X_val=X[500:], y_val=y[500:])
        assert len(pruner.estimator_.validation_scores_) == 8


class TestErrors:
    @pytest.mark.parametrize(
        ("parameters", "message"),
        [
            (
                {"sparsity": 1.0},
                r"sparsity of ScreeningPruner must be a number in \[0, 1\) or an .* got 1.0",
            ),
            (
                {"f_weight": "a"},
                r"f_weight of ScreeningPruner must be 'auto' or a number in \[0, 1\], got 'a'",
            ),
            ({"criterion": "best"}, "criterion of ScreeningPruner must be one of .*got 'best'"),
            ({"allocation": None}, "allocation of ScreeningPruner must be one of .*got None"),
            (
                {"n_rounds": 0},
                "n_rounds of ScreeningPruner must be an integer of at least 1, got 0",
            ),
            ({"n_rounds": True}, "n_rounds of ScreeningPruner must be an integer"),
            ({"sparsity": 0.9999}, "choose another sparsity"),
        ],
    )
    def test_are_named_and_change_nothing(self, parameters, message):
        pruner = quick(network()).fit(X, y)
        before = pruner.predict_proba(X)
        pruner.set_params(**parameters)
        with pytest.raises(ValueError, match=message):
            pruner.fit(X, y)
        np.testing.assert_array_equal(pruner.predict_proba(X), before)

    def test_channels_of_a_network_without_hidden_layers(self):
        flat = network(hidden_layer_sizes=())
        with pytest.raises(ValueError, match="granularity='channel' needs a network with hidden"):
            quick(flat, granularity="channel", sparsity=0.5).fit(X, y)
        assert quick(flat, sparsity=0.5).fit(X, y).sparsity_ == 0.5

    def test_not_fitted(self):
        with pytest.raises(NotFittedError):
            ScreeningPruner(network()).predict(X)
        with pytest.raises(NotFittedError):
            ScreeningPruner(FrozenEstimator(network())).fit(X, y)

    def test_labels_the_network_does_not_know(self):
        dense = network().fit(X[y < 5], y[y < 5])
        with pytest.raises(ValueError, match="classes that are not among"):
            quick(FrozenEstimator(dense)).fit(X, y)

    def test_frozen_takes_no_fit_parameters(self):
        dense = network().fit(X, y)
        with pytest.raises(ValueError, match="FrozenEstimator is not fitted again"):
            quick(FrozenEstimator(dense)).fit(X, y, X_val=X, y_val=y)

    def test_the_pruner_seeds_a_network_without_a_seed(self):
        first, second = (
            quick(network(random_state=None), random_state=3).fit(X, y) for _ in range(2)
        )
        assert same(weights(first.estimator_), weights(second.estimator_))
