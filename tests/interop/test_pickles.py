"""Pickles, joblib and skops; and what a model needs in a file."""

import io
import pickle

import joblib
import numpy as np
import pytest
import sklearn
import skops.io
from nets import outputs, random_estimator, samples
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from small import X, network, quick, y

from skscreen import (
    CNNClassifier,
    Distillation,
    MLPClassifier,
    Screen,
    Screening,
    ScreeningPrunerCV,
    Significance,
)
from skscreen.interop import TRUSTED_TYPES, lean_copy


def by_joblib(model):
    stream = io.BytesIO()
    joblib.dump(model, stream)
    stream.seek(0)
    return joblib.load(stream)


def by_skops(model):
    content = skops.io.dumps(model)
    assert set(skops.io.get_untrusted_types(data=content)) <= set(TRUSTED_TYPES)
    return skops.io.loads(content, trusted=list(TRUSTED_TYPES))


WAYS = {
    "pickle": lambda model: pickle.loads(pickle.dumps(model)),
    "joblib": by_joblib,
    "skops": by_skops,
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_200_random_networks_come_back(way):
    for seed in range(200):
        net = random_estimator(seed)
        inputs = samples(net, seed=seed)
        np.testing.assert_array_equal(outputs(way(net), inputs), outputs(net, inputs))


MODELS = {
    "pruner": lambda: quick(network(solver="sgd", learning_rate_init=0.1)),
    "pruner of a frozen network": lambda: quick(FrozenEstimator(network().fit(X, y))),
    "CNN": lambda: quick(CNNClassifier((8, 8), max_iter=2, tol=None), granularity="channel"),
    "pruner with options": lambda: quick(
        network(),
        criterion=Screening(),
        score_func=Screen(),
        selection=Significance(),
        distill=Distillation(),
    ),
    "Pipeline": lambda: make_pipeline(StandardScaler(), network(), quick()),
    "pruner around a Pipeline": lambda: quick(make_pipeline(StandardScaler(), network())),
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("make", MODELS.values(), ids=MODELS)
def test_fitted_models_come_back(make, way):
    model = make().fit(X, y)
    np.testing.assert_array_equal(way(model).predict_proba(X), model.predict_proba(X))
    if hasattr(model, "report_"):
        model.partial_fit(X, y)  # with the optimiser's state
        again = way(model)
        assert str(again.report_) == str(model.report_)
        np.testing.assert_array_equal(
            again.partial_fit(X, y).predict_proba(X), model.partial_fit(X, y).predict_proba(X)
        )


@pytest.mark.parametrize("make", MODELS.values(), ids=MODELS)
def test_a_lean_copy_predicts_the_same(make):
    model = make().fit(X, y)
    lean = WAYS["pickle"](lean_copy(model))
    np.testing.assert_allclose(lean.predict_proba(X), model.predict_proba(X), atol=1e-6)
    pruner = lean[-1] if hasattr(lean, "steps") else lean
    assert not hasattr(pruner, "report_")
    assert pruner.get_support().shape == (64,)
    assert pruner.sparsity_ > 0
    before = model[-1] if hasattr(model, "steps") else model
    assert before.report_.n_layers > 0  # it stayed as it was


def test_a_lean_copy_is_small():
    dense = MLPClassifier((300, 100), max_iter=3, tol=None, random_state=0)
    pruner = quick(FrozenEstimator(dense.fit(X, y)), sparsity=0.95).fit(X, y)
    pruner.partial_fit(X, y)
    lean = lean_copy(pruner)
    network_alone = len(pickle.dumps(pruner.estimator_.detached_copy()))
    assert len(pickle.dumps(lean)) < network_alone + 4000
    assert len(pickle.dumps(lean)) < len(pickle.dumps(pruner)) / 20
    assert not hasattr(lean.estimator.fit, "network_")
    assert lean.partial_fit(X, y).network_.n_weights == pruner.network_.n_weights
    assert type(lean_copy(dense)) is type(lean_copy(FrozenEstimator(dense))) is MLPClassifier
    assert not hasattr(lean_copy(FrozenEstimator(pruner)), "report_")


def test_what_cross_validation_chose():
    search = ScreeningPrunerCV(quick(network()), sparsities=[0.5, 0.8], cv=2).fit(X, y)
    for way in (*WAYS.values(), lean_copy):
        np.testing.assert_array_equal(way(search).predict_proba(X), search.predict_proba(X))
    assert len(pickle.dumps(lean_copy(search))) < len(pickle.dumps(search)) / 3
    assert type(lean_copy(search)) is type(search.pruner_)


def test_a_pipeline_that_reads_hidden_activations_stays_whole():
    pipeline = make_pipeline(network(), network(max_iter=1)).fit(X, y)
    with pytest.raises(ValueError, match="only the last step may be a network"):
        lean_copy(pipeline)


def test_metadata_is_routed():
    weight = np.linspace(0.5, 1.5, len(X))
    with sklearn.config_context(enable_metadata_routing=True):
        net = network().set_fit_request(sample_weight=True)
        prune = quick(sparsity=0.5).set_fit_request(sample_weight=True)
        routed = make_pipeline(net, prune).fit(X, y, sample_weight=weight).predict_proba(X)
    steps = {"mlpclassifier__sample_weight": weight, "screeningpruner__sample_weight": weight}
    by_name = make_pipeline(network(), quick(sparsity=0.5)).fit(X, y, **steps)
    np.testing.assert_array_equal(by_name.predict_proba(X), routed)
