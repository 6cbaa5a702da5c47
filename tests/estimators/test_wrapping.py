"""Networks inside Pipelines, searches and transformed targets are pruned where they stand."""

import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import load_diabetes
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV, cross_val_score
from sklearn.neural_network import MLPClassifier as TheirMLP
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from small import X, network, quick, y

from skscreen import MLPRegressor, ScreeningPrunerCV, pruning_path
from skscreen.interop import lean_copy, load, save

A, b = load_diabetes(return_X_y=True)
SCALED = StandardScaler().fit(X)


def regressor():
    return MLPRegressor((20,), max_iter=15, tol=None, random_state=0, batch_size=50)


def by_hand(**parameters):
    """The same pruning, on samples scaled before."""
    return quick(network(), **parameters).fit(SCALED.transform(X), y)


def assert_same_probabilities(lean, expected):
    found = expected.predict_proba(SCALED.transform(X))
    np.testing.assert_array_equal(lean.predict_proba(X), found)


def test_a_pipeline():
    lean = quick(make_pipeline(StandardScaler(), network()), sparsity=0.8).fit(X, y)
    expected = by_hand(sparsity=0.8)
    np.testing.assert_array_equal(
        lean.predict_proba(X), expected.predict_proba(SCALED.transform(X))
    )
    assert isinstance(lean.wrapped_, Pipeline)
    np.testing.assert_array_equal(lean.wrapped_.predict(X), lean.predict(X))
    assert lean.wrapped_[-1] is lean.estimator_
    assert lean.score(X, y) == lean.wrapped_.score(X, y)
    np.testing.assert_array_equal(lean.transform(X), expected.transform(SCALED.transform(X)))
    np.testing.assert_array_equal(lean.get_support(), expected.get_support())
    assert is_classifier(quick(make_pipeline(StandardScaler(), network())))


def test_a_bare_network_is_its_own_wrapping():
    lean = quick(network()).fit(X, y)
    assert lean.wrapped_ is lean.estimator_
    assert not hasattr(quick(network()), "wrapped_")


def test_nothing_of_the_parts_is_changed():
    pipe = make_pipeline(StandardScaler(), network()).fit(X, y)
    before = pipe.predict_proba(X)
    lean = quick(FrozenEstimator(pipe), sparsity=0.9).fit(X, y)
    np.testing.assert_array_equal(pipe.predict_proba(X), before)
    expected = by_hand(sparsity=0.9)
    np.testing.assert_array_equal(lean.predict(X), expected.predict(SCALED.transform(X)))


@pytest.mark.parametrize("kind", [GridSearchCV, RandomizedSearchCV])
def test_a_search(kind):
    options = {"n_iter": 2, "random_state": 0} if kind is RandomizedSearchCV else {}
    search = kind(network(max_iter=4), {"alpha": [1e-4, 1e-2]}, cv=2, **options)
    lean = quick(search, sparsity=0.8).fit(X, y)
    assert isinstance(lean.wrapped_, kind)
    assert lean.wrapped_.best_estimator_ is lean.estimator_
    best = lean.wrapped_.best_params_
    expected = quick(network(max_iter=4, **best), sparsity=0.8).fit(X, y)
    np.testing.assert_array_equal(lean.predict(X), expected.predict(X))


def test_a_transformed_target():
    lean = quick(TransformedTargetRegressor(regressor(), transformer=StandardScaler()))
    assert is_regressor(lean)
    lean.set_params(sparsity=0.5).fit(A, b)
    scaled = StandardScaler().fit(b[:, None])
    expected = quick(regressor(), sparsity=0.5).fit(A, scaled.transform(b[:, None])[:, 0])
    back = scaled.inverse_transform(expected.predict(A)[:, None])[:, 0]
    np.testing.assert_allclose(lean.predict(A), back, rtol=1e-5)
    assert lean.score(A, b) == pytest.approx(lean.wrapped_.score(A, b))


def test_all_of_them_at_once():
    inner = make_pipeline(StandardScaler(), regressor())
    target = TransformedTargetRegressor(inner, func=np.log, inverse_func=np.exp)
    search = GridSearchCV(target, {"regressor__mlpregressor__alpha": [1e-4, 1e-2]}, cv=2)
    lean = quick(search, sparsity=0.5).fit(A, b)
    network_inside = lean.wrapped_.best_estimator_.regressor_[-1]
    assert network_inside is lean.estimator_
    assert (lean.predict(A) > 0).all()
    assert lean.sparsity_ == pytest.approx(0.5, abs=0.01)


def test_weights_by_metadata_routing():
    weight = np.linspace(0.1, 2, 600)
    expected = quick(network(), sparsity=0.8).fit(SCALED.transform(X), y, sample_weight=weight)
    with sklearn.config_context(enable_metadata_routing=True):
        scaler = StandardScaler().set_fit_request(sample_weight=False)
        net = network().set_fit_request(sample_weight=True)
        lean = quick(make_pipeline(scaler, net), sparsity=0.8).fit(X, y, sample_weight=weight)
        outside = make_pipeline(
            scaler, quick(network(), sparsity=0.8).set_fit_request(sample_weight=True)
        ).fit(X, y, sample_weight=weight)
        for name in ("sample_weight", "unknown"):
            with pytest.raises((ValueError, TypeError), match=name):
                quick(make_pipeline(scaler, network())).fit(X, y, **{name: weight})
    assert_same_probabilities(lean, expected)
    assert_same_probabilities(outside, expected)


def test_a_frozen_wrapper_takes_no_parameters_of_fit():
    frozen = FrozenEstimator(make_pipeline(StandardScaler(), network()).fit(X, y))
    with pytest.raises(ValueError, match=r"fit got \['X_val'\], but a FrozenEstimator is not"):
        quick(frozen).fit(X, y, X_val=X)


def test_weights_and_further_training():
    weight = np.linspace(0.1, 2, 600)
    pipe = make_pipeline(StandardScaler(), network())
    lean = quick(pipe, sparsity=0.8).fit(X, y, sample_weight=weight)
    expected = quick(network(), sparsity=0.8).fit(SCALED.transform(X), y, sample_weight=weight)
    np.testing.assert_array_equal(
        lean.predict_proba(X), expected.predict_proba(SCALED.transform(X))
    )
    lean.partial_fit(X, y)
    expected.partial_fit(SCALED.transform(X), y)
    np.testing.assert_array_equal(
        lean.predict_proba(X), expected.predict_proba(SCALED.transform(X))
    )


def test_names_are_those_of_the_whole():
    frame = pd.DataFrame(X, columns=[f"pixel {number}" for number in range(64)])
    lean = quick(make_pipeline(StandardScaler(), network())).fit(frame, y)
    assert list(lean.feature_names_in_) == list(frame.columns)
    assert lean.n_features_in_ == 64
    lean.predict(frame)


def test_lean_copies_and_files(tmp_path):
    search = ScreeningPrunerCV(quick(network()), sparsities=[0.5, 0.8], cv=2).fit(X, y)
    lean = lean_copy(search)
    np.testing.assert_array_equal(lean.predict_proba(X), search.predict_proba(X))
    save(search, tmp_path / "lean.npz")
    np.testing.assert_array_equal(load(tmp_path / "lean.npz").predict(X), search.predict(X))
    whole = quick(make_pipeline(StandardScaler(), network())).fit(X, y)
    copied = lean_copy(whole)
    before = whole.predict_proba(X)
    np.testing.assert_array_equal(copied.partial_fit(X, y).wrapped_.predict(X), copied.predict(X))
    np.testing.assert_array_equal(whole.predict_proba(X), before)
    assert not np.array_equal(copied.predict_proba(X), before)


def test_scikit_learns_network_inside():
    pipe = make_pipeline(
        StandardScaler(), TheirMLP((20,), solver="lbfgs", max_iter=1000, random_state=0)
    )
    lean = quick(pipe, sparsity=0.5).fit(X, y)
    assert lean.score(X, y) > 0.9
    assert lean.wrapped_[-1] is lean.estimator_


def test_cross_validated_and_searched():
    pruner = quick(make_pipeline(StandardScaler(), network()))
    assert cross_val_score(clone(pruner), X, y, cv=2).mean() > 0.3
    found = ScreeningPrunerCV(pruner, sparsities=[0.5, 0.8], cv=2).fit(X, y)
    assert isinstance(found.wrapped_, Pipeline)
    np.testing.assert_array_equal(found.predict(X), found.wrapped_.predict(X))
    path = pruning_path(pruner, X, y, sparsities=[0.5])
    assert path.score[0] == path.estimators[0].score(X, y)


def test_something_else_inside():
    with pytest.raises(ValueError, match="the innermost estimator must be a network"):
        quick(make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))).fit(X, y)
    with pytest.raises(ValueError, match="task='regression' contradicts"):
        quick(make_pipeline(StandardScaler(), network()), task="regression").fit(X, y)
