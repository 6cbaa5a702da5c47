"""What holds of whole fits and predictions, whatever the shapes and parameters."""

import itertools
import pickle
from functools import cache

import numpy as np
import pytest
from campaign import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from nets import outputs, random_estimator, samples
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator

from skscreen import CNNClassifier, MLPClassifier, MLPRegressor, Screening, ScreeningPruner
from skscreen.interop import load, save
from skscreen.nn import Conv, Dense, Network
from skscreen.pruning import ALLOCATIONS, SCHEDULES, loop
from skscreen.pruning.masks import live_units, unit_links

RNG = np.random.default_rng(0)
X = RNG.random((90, 16))
SCORE = X[:, :5].sum(axis=1) + 0.1 * RNG.standard_normal(90)
y = np.digitize(SCORE, np.quantile(SCORE, [0.3, 0.6]))

SHORT = {"max_iter": 2, "tol": None, "random_state": 0, "batch_size": 30}
UNTRAINED = {"pruning_epochs": 0, "fine_tune_epochs": 0}


@cache
def dense(name):
    """Return a fitted network, as a pickle."""
    net = {
        "MLP": MLPClassifier((9, 8, 7), **SHORT),
        "MLP64": MLPClassifier((9, 8), dtype="float64", **SHORT),
        "regressor": MLPRegressor((12, 5), **SHORT),
        "CNN": CNNClassifier((4, 4), conv_channels=(5, 4), hidden_layer_sizes=(6,), **SHORT),
    }[name]
    return pickle.dumps(net.fit(X, SCORE if name == "regressor" else y))


def target(name):
    return SCORE if name == "regressor" else y


def masks_of_rounds(pruner, target, monkeypatch):
    """Fit a pruner; return the masks that each round set."""
    seen = []

    def noted(network, masks, means):
        seen.append([mask.copy() for mask in masks])
        mask_network(network, masks, means)

    mask_network = loop.mask_network
    with monkeypatch.context() as patch:
        patch.setattr(loop, "mask_network", noted)
        pruner.fit(X, target)
    return seen


@settings(max_examples=examples(60), deadline=None)
@given(
    name=st.sampled_from(["MLP", "regressor", "CNN"]),
    granularity=st.sampled_from(["connection", "channel"]),
    sparsity=st.floats(0.02, 0.6),
    allocation=st.sampled_from(["auto", *ALLOCATIONS]),
    schedule=st.sampled_from(sorted(SCHEDULES)),
    n_rounds=st.integers(1, 5),
    budget=st.sampled_from(["weights", "macs", "units"]),
    weighting=st.sampled_from(["standardized", "product", "convex"]),
    side=st.sampled_from(["source", "target", "both"]),
    f_weight=st.floats(0, 1),
)
def test_counts_nested_masks_and_paths(
    name, granularity, sparsity, allocation, schedule, n_rounds, budget, weighting, side, f_weight
):
    net = pickle.loads(dense(name))
    pruner = ScreeningPruner(
        FrozenEstimator(net),
        granularity=granularity,
        sparsity=sparsity,
        allocation=allocation,
        schedule=schedule,
        n_rounds=n_rounds,
        budget=budget if granularity == "channel" else "weights",
        criterion=Screening(weighting, side=side),
        f_weight=f_weight,
        **UNTRAINED,
    )
    with pytest.MonkeyPatch.context() as monkeypatch:
        rounds = masks_of_rounds(pruner, target(name), monkeypatch)
    assert 1 <= len(rounds) <= n_rounds  # a single one where the schedule is one-shot
    for earlier, later in itertools.pairwise(rounds):
        assert all(not (b & ~a).any() for a, b in zip(earlier, later, strict=True))
    sources = net.network_.source_units()
    for masks in rounds:
        assert all(mask.any() for mask in masks)
        assert all(units.any() for units in live_units(unit_links(masks, sources)))
    for last, mask in zip(rounds[-1], pruner.masks_, strict=True):
        np.testing.assert_array_equal(last, mask)
    total = sum(mask.size for mask in pruner.masks_)
    kept = sum(mask.sum() for mask in pruner.masks_)
    if granularity == "connection":
        assert kept == round((1 - sparsity) * total)
    elif budget == "weights":
        assert kept <= (1 - sparsity) * total + 1e-9
    elif budget == "units":
        tables = [pruner.report_.layer(number) for number in range(pruner.report_.n_layers)]
        n_kept = sum(np.count_nonzero(table["kept"]) for table in tables)
        assert n_kept == int((1 - sparsity) * sum(map(len, tables)) * (1 + 1e-12))


@settings(max_examples=examples(60), deadline=None)
@given(seed=st.integers(0, 2**31))
def test_files_and_pickles_give_the_same_bits(seed, tmp_path_factory):
    estimator = random_estimator(seed)
    X = samples(estimator, 12, seed)
    path = tmp_path_factory.mktemp("files") / "network.npz"
    save(estimator, path)
    for other in (load(path), pickle.loads(pickle.dumps(estimator))):
        np.testing.assert_array_equal(outputs(other, X), outputs(estimator, X))
        for one, layer in zip(other.network_.layers, estimator.network_.layers, strict=True):
            np.testing.assert_array_equal(one.connected(), layer.connected())
            np.testing.assert_array_equal(one.weight, layer.weight)


class TestWeights:
    """Weights are relative; in training, those that are all whole numbers are repetitions."""

    @settings(max_examples=examples(10), deadline=None)
    @given(
        constant=st.floats(1e-6, 1e6).filter(lambda c: c != round(c)),
        solver=st.sampled_from(["adam", "sgd", "lbfgs"]),
    )
    def test_a_constant_changes_no_bit(self, constant, solver):
        net = MLPClassifier((9,), **SHORT | {"solver": solver})
        plain = clone(net).fit(X, y)
        weighted = clone(net).fit(X, y, np.full(90, constant))
        np.testing.assert_array_equal(plain.predict_proba(X), weighted.predict_proba(X))

    @settings(max_examples=examples(10), deadline=None)
    @given(seed=st.integers(0, 2**31), whole_batch=st.integers(200, 400), alpha=st.floats(0, 1))
    def test_whole_numbers_are_copies(self, seed, whole_batch, alpha):
        # one batch, in which the order of samples is one of summation alone
        weight = np.random.default_rng(seed).integers(0, 4, 90)
        net = MLPClassifier((9,), alpha=alpha, dtype="float64", **SHORT)
        net.set_params(batch_size=whole_batch, max_iter=5, learning_rate_init=0.01)
        weighted = clone(net).fit(X, y, weight)
        copies = clone(net).set_params(batch_size=int(weight.sum()))
        copies.fit(np.repeat(X, weight, axis=0), np.repeat(y, weight))
        np.testing.assert_allclose(
            weighted.predict_proba(X), copies.predict_proba(X), rtol=1e-6, atol=1e-9
        )

    @settings(max_examples=examples(10), deadline=None)
    @given(constant=st.floats(1e-6, 1e6), granularity=st.sampled_from(["connection", "channel"]))
    def test_a_constant_changes_no_cut(self, constant, granularity):
        pruner = ScreeningPruner(
            FrozenEstimator(pickle.loads(dense("MLP"))),
            granularity=granularity,
            sparsity=0.5,
            f_weight=0.5,
            **UNTRAINED,
        )
        plain = clone(pruner).fit(X, y)
        weighted = clone(pruner).fit(X, y, np.full(90, constant))
        for one, other in zip(plain.masks_, weighted.masks_, strict=True):
            np.testing.assert_array_equal(one, other)
        for one, other in zip(plain.f_statistics_, weighted.f_statistics_, strict=True):
            np.testing.assert_allclose(one.F, other.F, rtol=1e-9)


@settings(max_examples=examples(10), deadline=None)
@given(
    labels=st.one_of(
        st.lists(st.integers(-(2**40), 2**40), min_size=3, max_size=3, unique=True),
        st.lists(st.text("abcxyz", min_size=1), min_size=3, max_size=3, unique=True),
    ),
    granularity=st.sampled_from(["connection", "channel", "input"]),
)
def test_names_of_the_classes_in_the_same_order_change_no_bit(labels, granularity):
    names = np.array(sorted(labels))
    pruner = ScreeningPruner(
        MLPClassifier((9, 8), **SHORT),
        granularity=granularity,
        sparsity=0.4,
        n_rounds=2,
        pruning_epochs=2,
        fine_tune_epochs=1,
    )
    plain, renamed = clone(pruner).fit(X, y), clone(pruner).fit(X, names[y])
    np.testing.assert_array_equal(plain.predict_proba(X), renamed.predict_proba(X))
    np.testing.assert_array_equal(names[plain.predict(X)], renamed.predict(X))


@settings(max_examples=examples(12), deadline=None)
@given(order=st.permutations(range(3)), weighting=st.sampled_from(["standardized", "convex"]))
def test_the_order_of_the_classes_changes_no_cut(order, weighting):
    # the outputs of the network in another order, and the labels with them
    order = np.array(order)
    net = pickle.loads(dense("MLP64"))
    other = pickle.loads(dense("MLP64"))
    last = other.network_.layers[-1]
    last.weight[:] = last.weight[:, order]
    last.bias[:] = last.bias[order]
    pruner = ScreeningPruner(
        sparsity=0.6, criterion=Screening(weighting), f_weight=0.3, n_rounds=2, **UNTRAINED
    )
    plain = clone(pruner).set_params(estimator=FrozenEstimator(net)).fit(X, y)
    changed = clone(pruner).set_params(estimator=FrozenEstimator(other))
    changed.fit(X, np.argsort(order)[y])
    *hidden, outputs = changed.masks_
    for one, mask in zip(plain.masks_, hidden, strict=False):
        np.testing.assert_array_equal(one, mask)
    np.testing.assert_array_equal(plain.masks_[-1][:, order], outputs)
    np.testing.assert_allclose(
        plain.predict_proba(X)[:, order], changed.predict_proba(X), atol=1e-12
    )


@settings(max_examples=examples(12), deadline=None)
@given(
    order=st.permutations(range(16)),
    granularity=st.sampled_from(["connection", "channel", "input"]),
    refit=st.sampled_from([None, "least-squares"]),
)
def test_the_order_of_the_features_changes_no_cut(order, granularity, refit):
    # all but the training, whose minibatches round in another way
    order = np.array(order)
    net = pickle.loads(dense("MLP64"))
    other = pickle.loads(dense("MLP64"))
    first = other.network_.layers[0]
    first.weight[:] = first.weight[order]
    pruner = ScreeningPruner(
        granularity=granularity, sparsity=0.5, f_weight=0.3, n_rounds=2, refit=refit, **UNTRAINED
    )
    plain = clone(pruner).set_params(estimator=FrozenEstimator(net)).fit(X, y)
    changed = clone(pruner).set_params(estimator=FrozenEstimator(other)).fit(X[:, order], y)
    np.testing.assert_array_equal(plain.masks_[0][order], changed.masks_[0])
    for one, mask in zip(plain.masks_[1:], changed.masks_[1:], strict=True):
        np.testing.assert_array_equal(one, mask)
    np.testing.assert_array_equal(plain.get_support()[order], changed.get_support())
    np.testing.assert_allclose(
        plain.predict_proba(X), changed.predict_proba(X[:, order]), atol=1e-7
    )


def mlp(density, seed=0, sizes=(200, 150, 100, 10)):
    rng = np.random.RandomState(seed)
    layers = [
        Dense.initialise(*shape, name, rng, np.float32)
        for *shape, name in zip(sizes[:-1], sizes[1:], ["relu", "tanh", "identity"], strict=True)
    ]
    return masked(layers, density, seed)


def cnn(density, seed=0):
    rng = np.random.RandomState(seed)
    geometry = {"kernel_size": (3, 3), "pool_size": (2, 2), "padding": "same"}
    first = Conv.initialise(6, "relu", rng, np.float32, input_shape=(10, 10, 2), **geometry)
    second = Conv.initialise(
        8, "relu", rng, np.float32, input_shape=first.output_shape(), **geometry
    )
    n_inputs = int(np.prod(second.output_shape()))
    dense = Dense.initialise(n_inputs, 5, "identity", rng, np.float32)
    return masked([first, second, dense], density, seed)


def masked(layers, density, seed):
    rng = np.random.default_rng(seed)
    for layer in layers:
        layer.set_mask(rng.random(layer.weight.shape) < density)
    return Network(layers, "softmax")


LARGEST = 1100
#: where blocks and chunks of samples end, beside where the forms change
EDGES = [1, 4, 8, 16, 24, 64, 128, 256, 512, 1024]


def switching_points(network):
    """Numbers of samples that are the first to be predicted in another way."""
    forms = [network.plan().forms(n) for n in range(1, LARGEST)]
    return [n + 1 for n in range(1, len(forms)) if forms[n] != forms[n - 1]]


@pytest.mark.parametrize("make", [mlp, cnn])
@pytest.mark.parametrize("density", [0.02, 0.05, 0.12, 0.2, 0.35, 0.6])
def test_batches_agree_with_one_by_one_at_every_switching_point(make, density):
    network = make(density)
    n_features = 200
    X = np.random.default_rng(1).random((LARGEST, n_features)).astype(np.float32)
    one_by_one = np.concatenate([network.logits(X[i : i + 1]) for i in range(LARGEST)])
    for point in {*EDGES, *switching_points(network)}:
        for n in {max(point - 1, 1), point, point + 1}:
            np.testing.assert_allclose(network.logits(X[:n]), one_by_one[:n], rtol=0, atol=1e-5)


def test_the_forms_do_change():
    networks = [make(density) for make in (mlp, cnn) for density in (0.05, 0.12, 0.2, 0.35)]
    assert sum(len(switching_points(network)) for network in networks) >= 3


@settings(max_examples=examples(60), deadline=None)
@given(seed=st.integers(0, 2**31), n_samples=st.integers(1, 300), start=st.integers(0, 299))
def test_any_batch_agrees_with_one_by_one(seed, n_samples, start):
    estimator = random_estimator(seed)
    X = samples(estimator, 300, seed)[start : start + n_samples]
    for inference in ("auto", "dense", "sparse"):
        found = estimator.network_.logits(X, inference=inference)
        for row in {0, len(X) // 2, len(X) - 1}:
            alone = estimator.network_.logits(X[row : row + 1])[0]
            np.testing.assert_allclose(found[row], alone, rtol=1e-4, atol=1e-4)
