"""The sparsity chosen by cross-validation."""

import joblib
import numpy as np
import pytest
import sklearn
from counted import CountedMLP
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.datasets import load_diabetes
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import GroupKFold, StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator
from small import X, network, quick, y

from skscreen import (
    CNNClassifier,
    MLPClassifier,
    MLPRegressor,
    ScreeningPruner,
    ScreeningPrunerCV,
    Significance,
    pruning_path,
)

SPARSITIES = [0.5, 0.8, 0.95]


def search(estimator=None, **parameters):
    estimator = quick(network()) if estimator is None else estimator
    defaults = {"sparsities": SPARSITIES, "cv": 3}
    return ScreeningPrunerCV(estimator, **(defaults | parameters))


@pytest.fixture(scope="module")
def fitted():
    return search().fit(X, y)


class TestChoice:
    def test_results_have_the_form_of_a_grid_search(self, fitted):
        results = fitted.cv_results_
        assert results["params"] == [{"sparsity": sparsity} for sparsity in SPARSITIES]
        assert results["param_sparsity"].tolist() == SPARSITIES
        splits = np.array([results[f"split{number}_test_score"] for number in range(3)])
        np.testing.assert_allclose(results["mean_test_score"], splits.mean(axis=0))
        np.testing.assert_allclose(results["std_test_score"], splits.std(axis=0))
        assert results["rank_test_score"].min() == 1
        assert (results["mean_fit_time"] > 0).all()
        total = 64 * 30 + 30 * 20 + 20 * 10
        expected = [round((1 - sparsity) * total) for sparsity in SPARSITIES]
        assert results["mean_weights"].tolist() == expected
        assert (np.diff(results["mean_bytes"]) < 0).all()
        assert fitted.dense_scores_.shape == (3,)
        assert fitted.n_splits_ == 3

    def test_it_predicts_with_a_pruner_of_the_chosen_sparsity(self, fitted):
        assert fitted.best_sparsity_ == SPARSITIES[fitted.best_index_]
        assert fitted.best_score_ == fitted.cv_results_["mean_test_score"][fitted.best_index_]
        again = quick(network(), sparsity=fitted.best_sparsity_).fit(X, y)
        np.testing.assert_array_equal(fitted.predict_proba(X), again.predict_proba(X))
        np.testing.assert_array_equal(fitted.get_support(), again.get_support())
        assert fitted.sparsity_ == again.sparsity_
        assert fitted.score(X, y) == again.score(X, y)
        assert fitted.transform(X).shape == again.transform(X).shape
        assert str(fitted.report_) == str(again.report_)
        assert len(fitted.masks_) == len(fitted.scores_) == 3
        assert fitted.history_[-1]["phase"] == "fine-tuning"

    def test_limits_on_the_size(self, fitted):
        results = fitted.cv_results_
        found = search(limits={"weights": 200}, rule="best").fit(X, y)
        assert found.best_sparsity_ == 0.95
        assert found.limit_ in ("weights", "best")
        n_bytes = (results["mean_bytes"][0] + results["mean_bytes"][1]) / 2
        found = search(limits={"bytes": n_bytes}, rule=lambda results: 0).fit(X, y)
        assert (found.best_sparsity_, found.limit_) == (0.8, "bytes")

    def test_at_most_so_far_below_dense(self, fitted):
        means, dense = fitted.cv_results_["mean_test_score"], fitted.dense_scores_.mean()
        allowed = dense - means[1] + 1e-9
        expected = SPARSITIES[np.flatnonzero(means >= dense - allowed)[-1]]
        found = search(limits={"below_dense": allowed}).fit(X, y)
        assert (found.best_sparsity_, found.limit_) == (expected, "below_dense")

    @pytest.mark.parametrize(
        ("limits", "message"),
        [
            ({"macs": 3}, r"no sparsity is within limits=\{'macs': 3\}: there are macs from 136"),
            ({"below_dense": -2.0}, "below dense"),
        ],
    )
    def test_limits_that_nothing_meets(self, limits, message):
        with pytest.raises(ValueError, match=message):
            search(limits=limits).fit(X, y)


class TestCost:
    def test_one_dense_network_a_fold_and_one_at_the_end(self, tmp_path):
        log = tmp_path / "log"
        net = CountedMLP((20,), log=str(log), max_iter=4, tol=None, random_state=0)
        pruner = quick(net, n_rounds=2, pruning_epochs=2, fine_tune_epochs=1)
        sparsities = [0.3, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95]
        ScreeningPrunerCV(pruner, sparsities=sparsities, cv=5).fit(X, y)
        assert len(log.read_text().split()) == 5 + 1

    def test_the_same_choice_on_several_workers(self, fitted):
        other = search(n_jobs=2).fit(X, y)
        for number in range(3):
            np.testing.assert_array_equal(
                other.cv_results_[f"split{number}_test_score"],
                fitted.cv_results_[f"split{number}_test_score"],
            )
        assert other.best_sparsity_ == fitted.best_sparsity_
        np.testing.assert_array_equal(other.predict_proba(X), fitted.predict_proba(X))

    def test_without_a_fit_on_all_samples(self, fitted, capsys, monkeypatch):
        found = search(refit=False, verbose=1).fit(X, y)
        assert "3/3" in capsys.readouterr().err
        assert found.best_score_ == fitted.best_score_
        with pytest.raises(NotFittedError):
            found.predict(X)
        assert not hasattr(clone(fitted).set_params(refit=False).fit(X, y), "pruner_")
        monkeypatch.setitem(__import__("sys").modules, "tqdm.auto", None)
        search(refit=False, verbose=1, cv=2).fit(X, y)
        assert capsys.readouterr().out.splitlines() == ["1 of 2 folds done", "2 of 2 folds done"]


class TestForms:
    def test_a_network_alone(self):
        found = ScreeningPrunerCV(network(max_iter=4), sparsities=[0.5, 0.9], cv=2).fit(X, y)
        assert isinstance(found.pruner_, ScreeningPruner)
        assert is_classifier(found)
        assert found.classes_.tolist() == list(range(10))

    def test_numbers_of_inputs(self):
        pruner = quick(network(), granularity="input")
        found = search(pruner, sparsities=[5, 20, 10], cv=2, rule=lambda results: 1).fit(X, y)
        assert found.cv_results_["param_sparsity"].tolist() == [20, 10, 5]
        assert found.cv_results_["params"][2] == {"sparsity": 5}
        assert found.best_sparsity_ == 10
        assert found.get_support().sum() == 10
        path = pruning_path(pruner, X, y, sparsities=[7, 3])
        assert path.sparsity.tolist() == [7, 3]
        reads = [layer.network_.layers[0].n_inputs for layer in path.estimators]
        assert reads == [7, 3]

    def test_a_seed(self):
        scores = []
        for seed, own in ((1, None), (1, None), (2, None), (1, 5), (2, 5)):
            pruner = quick(network(random_state=own), random_state=own)
            found = search(pruner, cv=2, sparsities=[0.8], random_state=seed).fit(X, y)
            assert clone(found).random_state == seed
            assert found.get_params()["estimator__random_state"] == own
            scores.append([found.best_score_, *found.predict_proba(X)[0]])
        assert scores[0] == scores[1]
        assert scores[0] != scores[2]
        assert scores[3] == scores[4]  # a seed of its own is heeded

    def test_regression(self):
        A, b = load_diabetes(return_X_y=True)
        b = (b - b.mean()) / b.std()
        net = MLPRegressor((20,), max_iter=20, tol=None, random_state=0, batch_size=50)
        found = search(quick(net), scoring="neg_mean_absolute_error").fit(A, b)
        assert is_regressor(found)
        assert not hasattr(found, "predict_proba")
        assert found.best_score_ < 0
        assert found.predict(A).shape == (442,)

    @pytest.mark.parametrize(
        "pruner",
        [
            quick(network(), granularity="channel"),
            quick(network(), distill=0.5, criterion="wanda"),
            quick(network(checkpoint_epoch=2), rewind=True),
            quick(network(), selection=Significance("fdr")),
            quick(network(), validation_fraction=0.2, schedule="one-shot"),
            quick(network(), n_rounds=1, pruning_epochs=0, fine_tune_epochs=0),
            quick(network(solver="lbfgs")),
            quick(
                CNNClassifier((8, 8), conv_channels=3, hidden_layer_sizes=10, max_iter=2, tol=None)
            ),
        ],
        ids=lambda pruner: repr(pruner)[:60].replace("\n", ""),
    )
    def test_any_way_of_pruning(self, pruner):
        found = search(pruner, cv=2, sparsities=[0.3, 0.6]).fit(X[:300], y[:300])
        sizes = found.cv_results_["mean_weights"]
        assert sizes[1] < sizes[0]

    def test_in_a_pipeline_and_cross_validated(self):
        pipe = make_pipeline(StandardScaler(), search(cv=2, sparsities=[0.5, 0.8]))
        assert cross_val_score(pipe, X, y, cv=2).shape == (2,)
        with pytest.raises(ValueError, match="has seen the samples of every fold"):
            make_pipeline(network(), search()).fit(X, y)

    def test_parameters_and_copies(self, fitted, tmp_path):
        found = clone(search()).set_params(estimator__criterion="magnitude", rule="best")
        assert found.get_params()["estimator__criterion"] == "magnitude"
        joblib.dump(fitted, tmp_path / "a")
        np.testing.assert_array_equal(joblib.load(tmp_path / "a").predict(X), fitted.predict(X))
        with pytest.raises(NotFittedError):
            search().predict(X)
        assert not hasattr(search(), "masks_")

    @pytest.mark.parametrize(
        ("parameters", "message"),
        [
            ({"sparsities": []}, r"sparsities must be numbers in \[0, 1\), or .* got \[\]"),
            ({"sparsities": [0.5, 1.0]}, "sparsities must be numbers"),
            ({"sparsities": [np.nan]}, "sparsities must be numbers"),
            ({"sparsities": [True]}, "sparsities must be numbers"),
            ({"sparsities": ["half"]}, "sparsities must be numbers"),
            ({"sparsities": [0.5, 10]}, r"got \[0.5, 10\]; shares and numbers can't be mixed"),
            ({"sparsities": [20, 0]}, "shares and numbers can't be mixed"),
            ({"sparsities": [20, 10]}, "a number to keep can be given for inputs only"),
            ({"random_state": -1}, "random_state of ScreeningPrunerCV must be None, an integer"),
            ({"rule": "most"}, "rule of ScreeningPrunerCV must be one of 'best', 'one-se'"),
            ({"limits": {"grams": 3}}, r"limits must be among .* got \['grams'\]"),
            ({"limits": 3}, "limits of ScreeningPrunerCV must be a dict or None, got 3"),
            ({"fine_tune_epochs": -1}, "fine_tune_epochs of ScreeningPrunerCV must be"),
        ],
    )
    def test_bad_parameters(self, parameters, message):
        with pytest.raises(ValueError, match=message):
            search(**parameters).fit(X, y)

    @pytest.mark.parametrize(
        ("parameters", "message"),
        [
            ({"scoring": ["accuracy", "neg_log_loss"]}, "scoring must be a str, a callable or"),
            ({"scoring": {"a": "accuracy"}}, "scoring must be a str, a callable or"),
            ({"scoring": lambda net, A, b: {"a": 1.0}}, "scoring must give a number, got {'a'"),
            ({"scoring": lambda net, A, b: np.nan}, "scoring must give a number, got nan"),
            ({"scoring": lambda net, A, b: "good"}, "scoring must give a number, got 'good'"),
            ({"scoring": lambda net, A, b: np.ones(2)}, "scoring must give a number, got array"),
            ({"rule": lambda results: 7}, "rule must return .* from 0 to 0, got 7"),
            ({"rule": lambda results: -1}, "rule must return .* from 0 to 0, got -1"),
            ({"rule": lambda results: 0.5}, "rule must return .* from 0 to 0, got 0.5"),
            ({"rule": lambda results: None}, "rule must return .* from 0 to 0, got None"),
            ({"limits": {"weights": "few"}}, "limits must be numbers, got {'weights': 'few'}"),
            ({"limits": {"macs": np.nan}}, "limits must be numbers, got"),
            ({"limits": {"below_dense": None}}, "limits must be numbers, got"),
            ({"cv": []}, "cv must give splits, got none"),
            ({"cv": [(np.arange(50), np.arange(50, 60))]}, "rule='one-se' needs at least 2 split"),
        ],
    )
    def test_what_shows_while_it_searches(self, parameters, message):
        found = search(sparsities=[0.5], rule="best", cv=2).fit(X[:100], y[:100])
        before = found.predict(X)
        changed = {"rule": "one-se"} | parameters
        with pytest.raises(ValueError, match=message):
            found.set_params(**changed).fit(X[:100], y[:100])
        np.testing.assert_array_equal(found.predict(X), before)

    def test_a_single_split(self):
        for parameters in ({"rule": "best"}, {"limits": {"below_dense": 1.0}}):
            found = search(cv=[(np.arange(300), np.arange(300, 400))], **parameters).fit(X, y)
            assert found.n_splits_ == 1
            assert found.cv_results_["std_test_score"].tolist() == [0.0] * 3

    @pytest.mark.parametrize("scoring", [["r2"], lambda net, A, b: np.nan])
    def test_scores_of_a_path(self, scoring):
        with pytest.raises(ValueError, match="scoring must"):
            pruning_path(quick(network()), X, y, sparsities=[0.5], scoring=scoring)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", [MLPClassifier, MLPRegressor])
def test_checks_of_scikit_learn(kind):
    net = kind((10,), max_iter=60, dtype="float64", random_state=0)
    estimator = ScreeningPrunerCV(ScreeningPruner(net, n_rounds=2), sparsities=[0.3, 0.5], cv=2)
    expected = {}
    if kind is MLPRegressor:
        why = "its targets are constant in each of two folds, so that F is not defined"
        expected = {"check_estimators_nan_inf": why}
    results = check_estimator(
        estimator, expected_failed_checks=expected, on_fail=None, on_skip=None
    )
    failed = [result["check_name"] for result in results if result["status"] == "failed"]
    assert failed == []
    assert sum(result["status"] == "passed" for result in results) >= 60


def test_no_targets():
    with pytest.raises(ValueError, match="requires y to be passed"):
        search().fit(X, None)


class TestMetadata:
    def test_groups_go_to_the_splitter(self):
        groups = np.arange(600) // 100
        found = search(cv=GroupKFold(2), sparsities=[0.5]).fit(X, y, groups=groups)
        assert found.n_splits_ == 2
        with pytest.raises(ValueError, match="The 'groups' parameter should not be None"):
            search(cv=GroupKFold(2)).fit(X, y)

    def test_weights_are_split_with_the_samples(self):
        weight = np.ones(600)
        weight[:200] = 0
        heavy = search(cv=StratifiedKFold(2), sparsities=[0.5]).fit(X, y, sample_weight=weight)
        plain = search(cv=StratifiedKFold(2), sparsities=[0.5]).fit(X, y)
        assert not np.array_equal(heavy.predict_proba(X), plain.predict_proba(X))
        with pytest.raises(ValueError, match=r"fit got \['price'\], which needs"):
            search().fit(X, y, price=weight)

    def test_routing(self):
        weight, groups = np.linspace(0.5, 1.5, 600), np.arange(600) // 100
        with sklearn.config_context(enable_metadata_routing=True):
            pruner = quick(network().set_fit_request(sample_weight=True))
            pruner.set_fit_request(sample_weight=True).set_score_request(sample_weight=False)
            found = search(pruner, cv=GroupKFold(2), sparsities=[0.5]).fit(
                X, y, sample_weight=weight, groups=groups
            )
            direct = quick(network(), sparsity=0.5).fit(X, y, sample_weight=weight)
        np.testing.assert_array_equal(found.predict_proba(X), direct.predict_proba(X))


class TestPath:
    def test_the_walk(self):
        path = pruning_path(quick(network()), X, y, sparsities=[0.9, 0.5, 0.0])
        assert path.sparsity.tolist() == [0.0, 0.5, 0.9]
        total = 64 * 30 + 30 * 20 + 20 * 10
        assert path.n_weights.tolist() == [total, total // 2, round(0.1 * total)]
        assert path.macs.tolist() == path.n_weights.tolist()
        assert (np.diff(path.n_bytes) < 0).all()
        for score, estimator in zip(path.score, path.estimators, strict=True):
            assert score == estimator.score(X, y)

    def test_masks_are_nested(self):
        reads = [
            set(
                np.flatnonzero(
                    lean.network_.layers[0].features(
                        np.arange(lean.network_.layers[0].n_inputs), 64
                    )
                )
            )
            for lean in pruning_path(quick(network()), X, y, sparsities=SPARSITIES).estimators
        ]
        assert reads[2] <= reads[1] <= reads[0]

    def test_scores_on_held_out_samples(self):
        path = pruning_path(
            network(max_iter=4),
            X[:400],
            y[:400],
            sparsities=[0.5],
            X_val=X[400:],
            y_val=y[400:],
            scoring="accuracy",
            fine_tune_epochs=1,
        )
        assert path.score[0] == path.estimators[0].score(X[400:], y[400:])
        with pytest.raises(ValueError, match="X_val and y_val must be given together"):
            pruning_path(network(), X, y, X_val=X)


def test_a_refit_on_the_way_is_that_of_a_pruner_by_itself():
    net = MLPClassifier((32,), max_iter=20, tol=None, random_state=0).fit(X, y)
    pruner = ScreeningPruner(
        FrozenEstimator(net),
        refit="least-squares",
        n_rounds=1,
        pruning_epochs=0,
        fine_tune_epochs=0,
        random_state=0,
    )
    path = pruning_path(pruner, X, y, sparsities=[0.8], fine_tune_epochs=0)
    alone = clone(pruner).set_params(sparsity=0.8).fit(X, y)
    for walked, own in zip(path.estimators[0].network_.layers, alone.network_.layers, strict=True):
        np.testing.assert_allclose(walked.weight, own.weight, atol=1e-5)
