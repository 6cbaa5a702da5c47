"""What the rounds of pruning look at."""

import numpy as np
import pytest
from scipy.sparse import csr_array
from sklearn.frozen import FrozenEstimator

from skscreen import MLPClassifier, Screen, ScreeningPruner, pruning_path
from skscreen.estimators.samples import SparseRows
from skscreen.pruning import NetworkEvidence, ScreeningData
from skscreen.pruning.connections import Connections

rng = np.random.default_rng(0)
X = rng.standard_normal((800, 12))
Y = rng.integers(0, 4, 800)
X[:, :4] += Y[:, None]
NET = MLPClassifier((20, 10), max_iter=3, tol=None, random_state=0).fit(X, Y)
ROUNDS = {"n_rounds": 3, "pruning_epochs": 3, "fine_tune_epochs": 1, "random_state": 0}


@pytest.fixture
def seen(monkeypatch):
    """Number of samples that each round looks at."""
    sizes = []
    begin = NetworkEvidence.__init__

    def note(self, network, data, *given, **options):
        sizes.append(len(data.X))
        begin(self, network, data, *given, **options)

    monkeypatch.setattr(NetworkEvidence, "__init__", note)
    return sizes


def pruner(**parameters):
    return ScreeningPruner(FrozenEstimator(NET), **ROUNDS | parameters)


def test_rounds_on_the_way_look_at_some_samples(seen):
    pruner(score_func=Screen(samples=100)).fit(X, Y)
    assert seen == [800, 100, 800]


def test_rounds_that_cut_by_significance_look_at_all(seen):
    pruner(score_func=Screen(samples=100), selection="fpr").fit(X, Y)
    assert seen == [800, 800, 800]


def test_what_a_path_hands_out_was_cut_by_all_samples(seen):
    whole = {"sparsity": 0.9, "score_func": Screen(samples=100)}
    list(pruning_path(pruner(**whole), X, Y, sparsities=[0.7, 0.9]))
    assert seen == [800, 800, 100, 800]  # at 63, 70, 87 and 90 %


def test_there_are_samples_of_each_class_however_few_are_asked_for(seen):
    pruner(score_func=Screen(samples=10)).fit(X, Y)
    assert seen == [800, 40, 800]


def test_sparse_samples_stay_sparse_and_weights_of_zero_do_not_count():
    weight = np.ones(800)
    weight[:500] = 0
    data = ScreeningData(SparseRows(csr_array(X)), Y, 4, weight)
    drawn = data.drawn(60, np.random.RandomState(0))
    assert isinstance(drawn.X, SparseRows)
    rows = [np.flatnonzero((row == X).all(axis=1))[0] for row in np.asarray(drawn.X)]
    assert len(rows) == 60
    assert min(rows) >= 500
    np.testing.assert_array_equal(drawn.target, Y[rows])
    np.testing.assert_allclose(np.bincount(drawn.target), np.bincount(Y[500:]) / 5, atol=1)
    assert data.drawn(800, np.random.RandomState(0)) is data


@pytest.mark.parametrize(("rule", "n_tables"), [("fpr", 3), (None, 2)])
def test_the_report_has_what_the_selection_looks_at(rule, n_tables, monkeypatch):
    """Also where the criterion looks at no statistics: then they come up after the scores."""
    tables = []
    monkeypatch.setattr(
        Connections,
        "tables",
        lambda self, evidence, own=Connections.tables: (
            tables.append(own(self, evidence)) or tables[-1]
        ),
    )
    pruner(criterion="magnitude", selection=rule, sparsity=None if rule else 0.8).fit(X, Y)
    assert len(tables) == n_tables


def test_what_is_rewound_may_have_been_predicted_with():
    network = MLPClassifier((300, 200), max_iter=1, tol=None, random_state=0).fit(X, Y).network_
    start = network.copy()
    for layer in network.layers:
        layer.set_mask(np.arange(layer.weight.size).reshape(layer.weight.shape) % 40 == 0)
    network.logits(X.astype(network.dtype))  # makes a plan, for which the weights must stay
    assert not network.layers[0].weight.flags.writeable
    network.rewind(start)
    kept = network.layers[0].mask
    np.testing.assert_array_equal(network.layers[0].weight[kept], start.layers[0].weight[kept])
