"""What users do with a fitted pruner: names, importances, pictures in a notebook, regression."""

import warnings

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from sklearn.base import is_classifier, is_regressor
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import load_diabetes, load_iris
from sklearn.ensemble import VotingRegressor
from sklearn.feature_selection import RFE, SelectFromModel
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from small import X, network, quick, y

from skscreen import CNNClassifier, MLPClassifier, MLPRegressor, ScreeningPrunerCV

IRIS, SPECIES = load_iris(return_X_y=True, as_frame=True)
A, b = load_diabetes(return_X_y=True)
b = (b - b.mean()) / b.std()


@pytest.fixture(scope="module")
def pruner():
    return quick(network(), sparsity=0.9).fit(X, y)


@pytest.fixture(scope="module")
def named():
    net = MLPClassifier((8,), solver="lbfgs", max_iter=50, tol=None, random_state=0)
    return quick(net, sparsity=0.6).fit(IRIS, SPECIES)


def regressor(**parameters):
    defaults = {"max_iter": 10, "tol": None, "random_state": 0, "batch_size": 50}
    return MLPRegressor((20, 10), **(defaults | parameters))


class TestNames:
    def test_in_the_report(self, named):
        frame = named.report_.to_frame(0)
        assert frame["name"].tolist() == list(IRIS.columns)
        connections = named.report_.to_frame(0, connections=True)
        assert connections["name"].tolist() == np.repeat(IRIS.columns, 8).tolist()
        assert "name" not in named.report_.to_frame(1)
        first = named.report_.describe(0, 1).splitlines()[0]
        assert first == "layer 0, unit 1 (sepal width (cm))"
        assert named.report_.describe(1, 1).splitlines()[0] == "layer 1, unit 1"
        assert repr(named.report_) == str(named.report_)
        assert (
            sum(line.endswith("  petal width (cm)") for line in str(named.report_).splitlines())
            == 1
        )

    def test_not_where_the_units_are_no_features(self):
        lean = quick(named_network(), granularity="channel", sparsity=0.3).fit(IRIS, SPECIES)
        assert "name" not in lean.report_.to_frame(0)
        assert "round" in repr(lean.report_) or "kept" in repr(lean.report_)


def named_network():
    return MLPClassifier((8, 6), max_iter=5, tol=None, random_state=0)


class TestImportances:
    def test_of_each_feature(self, pruner):
        importances = pruner.feature_importances_
        assert importances.shape == (64,)
        assert importances.sum() == pytest.approx(1)
        np.testing.assert_array_equal(importances > 0, pruner.get_support() & (X.std(axis=0) > 0))
        norm = np.sqrt((pruner.coefs_[0] ** 2).sum(axis=1))
        expected = norm * X.std(axis=0)[pruner.get_support()]
        np.testing.assert_allclose(
            importances[pruner.get_support()], expected / expected.sum(), rtol=1e-4
        )

    def test_do_not_depend_on_the_form_of_the_samples(self, pruner):
        sparse = quick(network(), sparsity=0.9).fit(sp.csr_array(X), y)
        np.testing.assert_allclose(
            sparse.feature_importances_, pruner.feature_importances_, rtol=1e-5
        )

    def test_select_features(self, pruner):
        chosen = SelectFromModel(FrozenEstimator(pruner), threshold=1e-9, prefit=True).transform(X)
        assert chosen.shape[1] == np.count_nonzero(pruner.feature_importances_)
        rfe = RFE(quick(network(max_iter=3)), n_features_to_select=40, step=12).fit(X, y)
        assert rfe.support_.sum() == 40
        search = ScreeningPrunerCV(quick(network(max_iter=3)), sparsities=[0.8], cv=2).fit(X, y)
        assert search.feature_importances_.shape == (64,)

    def test_of_an_image(self):
        rng = np.random.default_rng(0)
        images = rng.random((300, 6, 6, 2)).astype(np.float32)
        target = rng.integers(0, 2, 300)
        images[target == 1, ..., 1] += 0.5  # the second channel alone tells the classes apart
        images[:, :, 0] = 0.5  # a column of pixels that tells nothing
        net = CNNClassifier((6, 6, 2), conv_channels=(6,), max_iter=15, tol=None, random_state=0)
        flat = images.reshape(300, -1)
        lean = quick(net, sparsity=0.9).fit(flat, target)
        importances = lean.feature_importances_
        assert importances.sum() == pytest.approx(1)
        by_pixel = importances.reshape(6, 6, 2)
        np.testing.assert_array_equal(by_pixel[:, 0], 0)
        assert by_pixel[..., 1].sum() > 1.3 * by_pixel[..., 0].sum()
        assert by_pixel[2:4, 2:4].mean() > by_pixel[[0, 5], 2:4].mean()
        chosen = SelectFromModel(lean, prefit=True, max_features=20, threshold=-np.inf)
        kept = chosen.fit(flat, target).get_support(indices=True)
        assert set(kept) == set(np.argsort(-importances, kind="stable")[:20])
        assert (kept % 2 == 1).mean() > 0.7

    def test_not_before_fit(self):
        assert not hasattr(quick(network()), "feature_importances_")


class TestFacts:
    def test_rows_of_the_first_weights_are_the_features_read(self, pruner):
        kept = pruner.get_support(indices=True)
        assert pruner.coefs_[0].shape == (len(kept), pruner.network_.layers[0].n_outputs)
        by_hand = np.maximum(X[:, kept] @ pruner.coefs_[0] + pruner.intercepts_[0], 0)
        for weight, bias in zip(pruner.coefs_[1:-1], pruner.intercepts_[1:-1], strict=True):
            by_hand = np.maximum(by_hand @ weight + bias, 0)
        logits = by_hand @ pruner.coefs_[-1] + pruner.intercepts_[-1]
        np.testing.assert_allclose(logits, pruner.decision_function(X), rtol=1e-3, atol=1e-4)

    def test_epochs_and_losses(self, pruner):
        assert pruner.n_iter_ == 3 + 2
        assert pruner.loss_curve_[-1] == pruner.history_[-1]["loss"]
        assert pruner.estimator_.n_iter_ == 8
        assert not hasattr(quick(network()), "loss_curve_")

    def test_a_page_for_a_notebook(self, pruner):
        page = pruner._repr_html_()
        assert "ScreeningPruner" in page
        assert "skscreen-layers" in page
        kept = pruner.masks_[0].sum()
        assert f">{kept:,}</td>" in page
        assert "90.00% of the weights cut" in page
        assert "skscreen-layers" in pruner._repr_mimebundle_()["text/html"]
        assert "skscreen-layers" not in quick(network())._repr_html_()


def test_weights_that_reach_the_network_alone_are_warned_of():
    pipe = Pipeline([("net", network()), ("prune", quick())])
    weight = np.linspace(0.5, 1.5, 600)
    with pytest.warns(UserWarning, match="Hand the weights to both steps"):
        pipe.fit(X, y, net__sample_weight=weight)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pipe.fit(X, y, net__sample_weight=weight, prune__sample_weight=weight)
        pipe.fit(X, y)


class TestRegression:
    def test_before_fit_the_tags_follow_the_network(self):
        assert is_regressor(quick(regressor()))
        assert is_regressor(quick(FrozenEstimator(regressor().fit(A, b))))
        assert is_classifier(quick())
        assert is_regressor(quick(task="regression"))

    def test_a_task_that_contradicts_raises(self):
        with pytest.raises(ValueError, match="task='classification' contradicts the network"):
            quick(regressor(), task="classification").fit(A, b)
        with pytest.raises(ValueError, match="task='regression' contradicts the network"):
            make_pipeline(network(), quick(task="regression")).fit(X, y)

    def test_a_pipeline_becomes_a_regressor(self):
        pipe = make_pipeline(StandardScaler(), regressor(), quick())
        assert is_regressor(pipe.fit(A, b))
        assert not hasattr(pipe, "predict_proba")
        pipe.score(A, b)

    def test_targets_that_look_like_classes_are_warned_of(self):
        counts = np.round(3 * b)
        pipe = Pipeline([("net", regressor()), ("prune", quick())])
        with pytest.warns(UserWarning, match="Set task='regression'"):
            pipe.fit(A, counts)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            pipe.fit(A, b)
            pipe.set_params(prune__task="regression").fit(A, counts)
            GridSearchCV(pipe, {"prune__sparsity": [0.5, 0.8]}, cv=3).fit(A, counts)

    def test_in_other_regressors(self):
        lean = quick(regressor(), sparsity=0.7)
        voting = VotingRegressor([("net", lean), ("ridge", Ridge())]).fit(A, b)
        assert voting.predict(A).shape == (442,)
        log = TransformedTargetRegressor(lean, func=np.log1p, inverse_func=np.expm1)
        assert log.fit(A, b - b.min()).score(A, b - b.min()) > 0
        assert cross_val_score(make_pipeline(StandardScaler(), lean), A, b, cv=3).mean() > 0.2

    def test_several_outputs(self):
        targets = np.column_stack([b, -b, A[:, 2]])
        lean = quick(regressor(), sparsity=0.7).fit(A, targets)
        assert lean.predict(A).shape == (442, 3)
        frame = pd.DataFrame(targets, columns=list("xyz"))
        np.testing.assert_array_equal(
            quick(regressor(), sparsity=0.7).fit(A, frame).predict(A), lean.predict(A)
        )
