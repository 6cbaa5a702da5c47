"""A user's script on a table with categories runs unchanged through all of scikit-learn."""

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_transformer
from sklearn.ensemble import StackingClassifier
from sklearn.impute import SimpleImputer
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_predict
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from skscreen import MLPClassifier, ScreeningPruner


@pytest.fixture(scope="module")
def people():
    """Members of a club: age and town decide, height and shoes do not."""
    rng = np.random.default_rng(0)
    n = 300
    frame = pd.DataFrame(
        {
            "age": rng.normal(40, 12, n),
            "height": rng.normal(172, 9, n),
            "town": rng.choice(["Aachen", "Bonn", "Celle", "Dresden"], n),
            "shoes": rng.choice(["black", "brown"], n),
        }
    )
    member = (frame["age"] > 40) ^ (frame["town"] == "Bonn")
    frame.loc[rng.random(n) < 0.1, "age"] = np.nan
    frame.loc[rng.random(n) < 0.1, "town"] = None
    return frame, np.where(member, "member", "guest")


@pytest.fixture(scope="module")
def pipe():
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    categories = OneHotEncoder(handle_unknown="ignore", sparse_output=True)
    prepare = make_column_transformer(
        (numbers, ["age", "height"]), (categories, ["town", "shoes"]), sparse_threshold=1.0
    )
    net = MLPClassifier((32, 16), max_iter=40, tol=None, random_state=0, learning_rate_init=0.01)
    return Pipeline([("prepare", prepare), ("net", net), ("prune", ScreeningPruner(sparsity=0.7))])


def test_the_preparation_is_sparse(pipe, people):
    X, y = people
    lean = clone(pipe).fit(X, y)
    assert hasattr(lean["prepare"].transform(X), "tocsr")
    assert lean.score(X, y) > 0.85
    assert lean.classes_.tolist() == ["guest", "member"]


def test_grid_search_with_a_memory(pipe, people, tmp_path):
    grid = {"prune__sparsity": [0.5, 0.8], "prune__criterion": ["screening", "magnitude"]}
    search = GridSearchCV(clone(pipe).set_params(memory=str(tmp_path)), grid, cv=3).fit(*people)
    assert search.best_score_ > 0.8
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_cross_val_predict(pipe, people):
    X, y = people
    probabilities = cross_val_predict(clone(pipe), X, y, cv=3, method="predict_proba")
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-6)
    assert np.mean((probabilities[:, 1] > 0.5) == (y == "member")) > 0.8


def test_calibration(pipe, people):
    X, y = people
    calibrated = CalibratedClassifierCV(clone(pipe), cv=3).fit(X, y)
    assert calibrated.score(X, y) > 0.8


def test_stacking(pipe, people):
    X, y = people
    scaled = clone(pipe)
    stack = StackingClassifier([("lean", scaled)], LogisticRegression(), cv=3).fit(X, y)
    assert stack.score(X, y) > 0.8


def test_permutation_importance(pipe, people):
    X, y = people
    found = permutation_importance(clone(pipe).fit(X, y), X, y, n_repeats=3, random_state=0)
    age, height, town, shoes = found.importances_mean
    assert min(age, town) > max(height, shoes)


def test_html_and_files(pipe, people, tmp_path):
    X, y = people
    lean = clone(pipe).fit(X, y)
    page = lean._repr_html_()
    assert "ScreeningPruner" in page
    assert "OneHotEncoder" in page
    joblib.dump(lean, tmp_path / "lean.joblib")
    again = joblib.load(tmp_path / "lean.joblib")
    np.testing.assert_array_equal(again.predict_proba(X), lean.predict_proba(X))


def test_names_of_what_is_read(pipe, people):
    X, y = people
    lean = clone(pipe).set_params(prune__sparsity=0.9).fit(X, y)
    names = lean["prepare"].get_feature_names_out()[lean["prune"].get_support()]
    assert any("age" in name for name in names)
    assert any("Bonn" in name for name in names)
