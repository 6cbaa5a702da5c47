"""Prediction plans: every form gives the same, and none outlives a change of the weights."""

import copy
import pickle
import threading

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from skscreen.nn import Conv, Dense, Loss, Network, TrainingOptions, costs, train

SIZES = [1, 3, 4, 7, 9, 33, 100, 129, 1030]
RNG = np.random.default_rng(0)


def n_blas_threads():
    return max(lib["num_threads"] for lib in threadpool_info() if lib["user_api"] == "blas")


def masked(layers, density):
    rng = np.random.default_rng(1)
    for layer in layers:
        layer.set_mask(rng.random(layer.weight.shape) < density)
    return Network(layers, "softmax")


def mlp(density=0.1, activation="relu", sizes=(60, 40, 30, 5)):
    rng = np.random.RandomState(0)
    names = [activation] * (len(sizes) - 2) + ["identity"]
    layers = [
        Dense.initialise(*shape, name, rng, np.float32)
        for *shape, name in zip(sizes[:-1], sizes[1:], names, strict=True)
    ]
    return masked(layers, density)


def cnn(density=0.2, padding="valid"):
    rng = np.random.RandomState(0)
    first = Conv.initialise(
        *(4, "relu", rng, np.float32),
        input_shape=(10, 6, 1),
        kernel_size=(3, 3),
        pool_size=(2, 2),
        padding=padding,
    )
    shape = first.output_shape()
    second = Conv.initialise(
        *(5, "tanh", rng, np.float32), input_shape=shape, kernel_size=(2, 2), padding=padding
    )
    n_inputs = int(np.prod(second.output_shape()))
    dense = Dense.initialise(n_inputs, 7, "logistic", rng, np.float32)
    last = Dense.initialise(7, 3, "identity", rng, np.float32)
    return masked([first, second, dense, last], density)


NETWORKS = {"mlp": mlp, "cnn": cnn, "padded": lambda: cnn(padding="same")}


@pytest.mark.parametrize("name", sorted(NETWORKS))
@pytest.mark.parametrize("depth", [None, 1, 2])
def test_all_forms_give_the_same(name, depth):
    network = NETWORKS[name]()
    assert set(network.plan("sparse").forms(10)) == {"sparse"}
    assert set(network.plan("dense").forms(1000)) == {"dense"}
    for n_samples in SIZES:
        X = RNG.random((n_samples, 60)).astype(np.float32)
        expected = network.logits(X, inference="dense", depth=depth)
        for inference in ("sparse", "auto"):
            found = network.logits(X, inference=inference, depth=depth)
            np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("dtype", [np.uint8, np.float64, np.float16, np.int32])
def test_samples_of_other_types(dtype):
    network = mlp()
    X = (100 * RNG.random((50, 60))).astype(dtype)
    expected = network.logits(X, inference="dense")
    np.testing.assert_allclose(network.logits(X, inference="sparse"), expected, atol=1e-4)


def test_what_is_read_of_a_sample():
    first = Dense(RNG.random((3, 4)).astype(np.float32), np.zeros(4), reads=np.array([1, 4, 7]))
    network = masked([first], 0.7)
    X = RNG.random((20, 9)).astype(np.float32)
    expected = X[:, [1, 4, 7]] @ first.weight
    np.testing.assert_allclose(network.logits(X, inference="sparse"), expected, atol=1e-6)


def test_nothing_is_read_where_all_is_cut():
    network = mlp(density=0.0)
    for n_samples in (1, 40):
        logits = network.logits(RNG.random((n_samples, 60)), inference="sparse")
        np.testing.assert_allclose(logits, np.tile(logits[0], (n_samples, 1)))
        expected = network.logits(RNG.random((n_samples, 60)), inference="dense")
        np.testing.assert_allclose(logits, expected, atol=1e-6)


def test_one_by_one_is_all_at_once():
    network = mlp(density=0.05, sizes=(784, 300, 100, 10))
    X = RNG.random((40, 784)).astype(np.float32)
    assert set(network.plan().forms(1)) == {"sparse"}
    one_by_one = np.concatenate([network.logits(X[i : i + 1]) for i in range(40)])
    np.testing.assert_allclose(network.logits(X), one_by_one, atol=1e-4)


class TestForms:
    def test_the_sparser_the_sooner(self):
        sizes = (784, 300, 100, 10)
        assert set(mlp(0.5, sizes=sizes).plan().forms(1000)) == {"dense"}
        assert set(mlp(0.02, sizes=sizes).plan().forms(1000)) == {"sparse"}
        assert set(mlp(0.02, sizes=sizes).plan().forms(1)) == {"sparse"}

    def test_the_cheapest_of_all(self):
        # the search over forms against all combinations of three layers
        network = mlp(0.12, sizes=(200, 150, 100, 10))
        for n_samples in (1, 4, 20, 128):
            found = {}
            for forms in np.ndindex(2, 2, 2):
                cost, columns = 0.0, False
                for layer, sparse in zip(network.layers, forms, strict=True):
                    n_read, n_given = layer.sizes_turned()
                    if sparse:
                        cost += 0 if columns else costs.turning(n_read * n_samples)
                        cost += layer.kept_cost(n_samples)
                    else:
                        cost += costs.turning(n_read * n_samples) if columns else 0
                        cost += costs.MARGIN * layer.dense_cost(n_samples)
                    columns = bool(sparse)
                cost += costs.turning(n_given * n_samples) if columns else 0
                found[forms] = cost
            best = min(found, key=found.get)
            names = ["sparse" if sparse else "dense" for sparse in best]
            assert network.plan().forms(n_samples) == names

    @pytest.mark.parametrize("n_samples", [1, 8, 32, 128, 512, 10_000])
    @pytest.mark.parametrize("density", [0.5, 0.2, 0.1, 0.02])
    def test_no_sparse_form_where_threads_of_blas_are_as_fast(self, density, n_samples):
        network = mlp(density, sizes=(784, 300, 100, 10))
        n_samples = min(n_samples, 512)
        dense = sum(layer.dense_cost(n_samples, threaded=True) for layer in network.layers)
        kept = sum(layer.kept_cost(n_samples) for layer in network.layers)
        kept += costs.turning(n_samples * 784) + costs.turning(n_samples * 10)
        if n_samples >= 128 and kept > costs.WORTH_THREADS:
            kept = costs.threaded(kept)
        if kept > dense:
            assert set(network.plan().forms(n_samples)) != {"sparse"}
        if kept < 0.5 * dense:
            assert "sparse" in network.plan().forms(n_samples)

    def test_a_stride_has_no_sparse_form(self):
        rng = np.random.RandomState(0)
        conv = Conv.initialise(
            2, "relu", rng, np.float32, input_shape=(6, 6, 1), kernel_size=(2, 2), stride=2
        )
        assert masked([conv], 0.1).plan("sparse").forms(10) == ["dense"]

    def test_another_word_is_refused(self):
        with pytest.raises(ValueError, match=r"inference must be one of .* got 'fast'"):
            mlp().logits(np.zeros((1, 60)), inference="fast")

    @pytest.mark.parametrize("n_samples", range(1, 300, 7))
    def test_blocks_hold_all_samples(self, n_samples):
        n_blocks, width = costs.blocks_of(n_samples, 128)
        assert width <= 128
        assert (n_blocks - 1) * width < n_samples <= n_blocks * width


def test_a_plan_cut_short_leaves_blas_its_threads(monkeypatch):
    network = mlp(1.0, sizes=(256, 256)), mlp(0.02, sizes=(256, 1024, 1024, 10))
    network = Network([*network[0].layers, *network[1].layers], "identity")
    assert network.plan().forms(800) == ["dense", "sparse", "sparse", "sparse"]
    X = RNG.random((800, 256)).astype(np.float32)
    expected = network.logits(X, depth=1, inference="dense")

    def refuse(*arguments, **options):
        raise AssertionError("no pool is needed")

    monkeypatch.setattr("skscreen.nn.plan.shard_pool", refuse)
    np.testing.assert_array_equal(network.logits(X, depth=1), expected)


def test_samples_in_any_order_of_memory():
    network = mlp(0.02, sizes=(784, 256, 10))
    X = RNG.random((300, 784)).astype(np.float32)
    expected = network.logits(X, inference="dense")
    for given in (np.asfortranarray(X), np.repeat(X, 2, axis=1)[:, ::2]):
        np.testing.assert_allclose(network.logits(given), expected, atol=1e-5)
        chunks = network.over_chunks(
            given, lambda rows, x, buffers: network.forward(x, buffers).copy()
        )
        np.testing.assert_allclose(np.concatenate(list(chunks)), expected, atol=1e-5)


class TestChanges:
    X = RNG.random((40, 60)).astype(np.float32)

    def test_a_plan_is_made_once(self):
        network = mlp()
        network.logits(self.X)
        plan = network.plan()
        network.logits(self.X[:3])
        assert network.plan() is plan

    def test_a_write_to_a_weight_is_refused_until_it_is_unlocked(self):
        network = mlp()
        before = network.logits(self.X, inference="sparse")
        weight = network.layers[0].weight
        with pytest.raises(ValueError, match="read-only"):
            weight[0] = 1
        network.unlock()
        weight[weight != 0] = 1
        changed = network.logits(self.X, inference="sparse")
        assert not np.allclose(before, changed)
        np.testing.assert_allclose(changed, network.logits(self.X, inference="dense"), atol=1e-5)

    def test_a_new_mask_counts(self):
        network = mlp(0.5)
        network.logits(self.X, inference="sparse")
        for layer in network.layers:
            layer.set_mask(layer.mask & (RNG.random(layer.mask.shape) < 0.5))
        np.testing.assert_allclose(
            network.logits(self.X, inference="sparse"),
            network.logits(self.X, inference="dense"),
            atol=1e-5,
        )

    def test_a_new_bias_counts(self):
        network = mlp()
        before = network.logits(self.X, inference="sparse")
        network.layers[-1].bias += 1
        after = network.logits(self.X, inference="sparse")
        np.testing.assert_allclose(after, before + 1, atol=1e-6)

    def test_without_a_mask_a_weight_may_be_written(self):
        network = cnn()
        for layer in network.layers:
            layer.mask = None
        network.logits(self.X, inference="sparse")
        network.layers[0].weight *= 2
        np.testing.assert_allclose(
            network.logits(self.X, inference="sparse"),
            network.logits(self.X, inference="dense"),
            atol=1e-5,
        )

    @pytest.mark.parametrize("copied", [copy.deepcopy, lambda n: pickle.loads(pickle.dumps(n))])
    def test_a_copy_has_no_plan_and_may_be_written(self, copied):
        network = mlp()
        before = network.logits(self.X, inference="sparse")
        size = len(pickle.dumps(mlp()))
        assert len(pickle.dumps(network)) == size
        other = copied(network)
        other.layers[0].weight *= 2
        np.testing.assert_array_equal(network.logits(self.X, inference="sparse"), before)


def test_threads_that_predict_at_once_do_not_meet():
    network = mlp(0.1, sizes=(60, 200, 100, 5))
    X = RNG.random((700, 60)).astype(np.float32)
    expected = network.logits(X, inference="sparse")
    wrong = []

    def predict():
        for _ in range(20):
            if not np.array_equal(network.logits(X, inference="sparse"), expected):
                wrong.append(True)

    workers = [threading.Thread(target=predict) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not wrong


def test_training_by_the_kept_weights_pays_where_few_are_left():
    for density, pays in ((0.02, True), (0.08, True), (0.3, False)):
        network = mlp(density, sizes=(784, 300, 100, 10))
        forms = network.training_forms(200)
        assert [form is not None for form in forms[:2]] == [pays, pays]
        # nothing is masked, so nothing is left out
        network.layers[0].mask = None
        assert network.training_forms(200)[0] is None


def test_training_by_the_kept_weights_leaves_blas_one_thread(monkeypatch):
    given = {"max_iter": 1, "tol": None, "batch_size": 200}
    X, loss = RNG.random((400, 784)).astype(np.float32), Loss("softmax", np.arange(400) % 10)
    seen = []
    monkeypatch.setattr(
        Network,
        "gather",
        lambda *given, own=Network.gather: seen.append(n_blas_threads()) or own(*given),
    )
    for density in (0.02, 0.5):
        with threadpool_limits(2, user_api="blas"):
            network = mlp(density, sizes=(784, 300, 100, 10))
            train(network, X, loss, TrainingOptions(**given), np.random.RandomState(0))
            assert n_blas_threads() == 2
    assert seen == [1, 1, 2, 2]


def test_the_number_of_threads_changes_no_bit(monkeypatch):
    network = mlp(0.1, sizes=(784, 300, 100, 10))
    X = RNG.random((2000, 784)).astype(np.float32)
    results = []
    for n_threads in (1, 2, 4):
        monkeypatch.setattr("skscreen.nn.threads._blas_threads", lambda n=n_threads: n)
        results.append(network.logits(X))
    for other in results[1:]:
        np.testing.assert_array_equal(results[0], other)


@pytest.mark.parametrize("solver", ["adam", "sgd"])
def test_training_the_kept_weights_is_training(solver, monkeypatch):
    X, loss = RNG.random((90, 20)), Loss("softmax", np.arange(90) % 5)
    options = TrainingOptions(solver=solver, batch_size=40, max_iter=3, tol=None, alpha=0.01)
    found = []
    for kept in (False, True):
        costs = (0.0, 2.0, 1.0 if kept else 3.0)
        monkeypatch.setattr(Dense, "training_costs", lambda *_, costs=costs: costs)
        monkeypatch.setattr(Network, "is_sharded", kept)
        rng = np.random.RandomState(0)
        layers = [
            Dense.initialise(20, 30, "relu", rng, np.float64),
            Dense.initialise(30, 5, "identity", rng, np.float64),
        ]
        network = masked(layers, 0.3)
        optimizer = options.new_optimizer(network.parameters())
        curve = []
        for _ in range(2):  # the state is handed on from masks to fewer
            result = train(network, X, loss, options, rng, optimizer=optimizer)
            curve += result.loss_curve
            mask = network.layers[0].mask & (np.arange(30) % 3 > 0)
            network.layers[0].set_mask(mask)
        found.append([curve, *(parameter.value for parameter in network.parameters())])
    for dense, sparse in zip(*found, strict=True):
        np.testing.assert_allclose(dense, sparse, atol=1e-12)


@pytest.mark.parametrize("n_samples", [40, 300])
@pytest.mark.parametrize("reads", [None, np.array([1, 3, 4, *range(10, 57)])])
def test_gradients_of_the_kept_weights(n_samples, reads):
    rng = np.random.RandomState(0)
    n_inputs = 60 if reads is None else len(reads)
    weight = rng.standard_normal((n_inputs, 40))
    second = Dense(weight, rng.standard_normal(40), "tanh", reads=reads)
    first = Dense.initialise(20, 60, "relu", rng, np.float64)
    network = masked([first, second, Dense.initialise(40, 5, "identity", rng, np.float64)], 0.02)
    X = RNG.random((n_samples, 20))
    found = []
    for kept in (False, True):
        forms = [layer.kept_form(None) if kept else None for layer in network.layers]
        buffers = network.buffers(n_samples, training=True, forms=forms)
        for n in (n_samples, n_samples - 11):  # the second batch is shorter
            logits = network.forward(X[:n], buffers).copy()
            network.backward(X[:n], np.ones((n, 5)), buffers)
            gradients = network.gradients(buffers)
            weights = [
                weight.copy() if form else weight.reshape(-1)[layer.kept_form(None).places]
                for layer, form, weight in zip(network.layers, forms, gradients[::2], strict=True)
            ]
            found.append([logits, *weights, *(bias.copy() for bias in gradients[1::2])])
    for dense, sparse in zip(found[:2], found[2:], strict=True):
        for a, b in zip(dense, sparse, strict=True):
            np.testing.assert_allclose(a, b, atol=1e-10)
