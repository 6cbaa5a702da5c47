"""The training loop: the same bits on any number of threads, masks, stopping, schedules."""

import time

import joblib
import numpy as np
import pytest
from sklearn.base import clone
from threadpoolctl import threadpool_info, threadpool_limits

from skscreen import CNNClassifier
from skscreen.nn import Conv, Dense, Loss, Network, TrainingOptions, train
from skscreen.nn.optimizers import Adam
from skscreen.nn.threads import shard_pool, single_threaded_blas
from skscreen.nn.training import Schedule, Stall

RNG = np.random.default_rng(0)
IMAGES = RNG.random((150, 8, 8, 1)).astype(np.float32)
CODES = RNG.integers(0, 3, 150)


def small_cnn(seed=0):
    rng = np.random.RandomState(seed)
    conv = Conv.initialise(
        4, "relu", rng, np.float32, input_shape=(8, 8, 1), kernel_size=(3, 3), pool_size=(2, 2)
    )
    return Network(
        [
            conv,
            Dense.initialise(36, 20, "relu", rng, np.float32),
            Dense.initialise(20, 3, "identity", rng, np.float32),
        ],
        "softmax",
    )


def trained(network, n_epochs=3, X=IMAGES, solver="adam", **options):
    options = TrainingOptions(
        max_iter=n_epochs, tol=None, batch_size=100, solver=solver, **options
    )
    result = train(network, X, Loss("softmax", CODES), options, np.random.RandomState(0))
    return [parameter.value.copy() for parameter in network.parameters()], result


class TestThreads:
    @pytest.mark.parametrize("dropout", [0.0, 0.3])
    def test_the_number_of_threads_changes_no_bit(self, dropout, monkeypatch):
        results = []
        for n_threads in (1, 2, 4):
            monkeypatch.setattr("skscreen.nn.threads._blas_threads", lambda n=n_threads: n)
            results.append(trained(small_cnn(), dropout=dropout)[0])
        for other in results[1:]:
            for first, second in zip(results[0], other, strict=True):
                np.testing.assert_array_equal(first, second)

    def test_the_pool_has_as_many_threads_as_blas_may_use(self, monkeypatch):
        import threading

        monkeypatch.setattr("skscreen.nn.threads._blas_threads", lambda: 3)
        barrier = threading.Barrier(3, timeout=30)
        with shard_pool(8) as run:
            assert (
                len(set(run(lambda _: (barrier.wait(), threading.get_ident())[1], range(3)))) == 3
            )

    def test_an_error_ends_the_work(self, monkeypatch):
        monkeypatch.setattr("skscreen.nn.threads._blas_threads", lambda: 2)
        done = []

        def work(number):
            if number == 3:
                raise ZeroDivisionError
            time.sleep(0.001)
            done.append(number)

        with pytest.raises(ZeroDivisionError), shard_pool(200) as run:
            run(work, range(200))
        assert len(done) < 190

    @staticmethod
    def blas_threads():
        return [lib["num_threads"] for lib in threadpool_info() if lib["user_api"] == "blas"]

    def test_the_limit_of_blas_is_lifted_by_the_last(self):
        with threadpool_limits(2, user_api="blas"):
            before = self.blas_threads()
            outer, inner = single_threaded_blas(), single_threaded_blas()
            assert outer.__enter__() == inner.__enter__() == max(before)
            outer.__exit__(None, None, None)
            assert set(self.blas_threads()) == {1}
            inner.__exit__(None, None, None)
            assert self.blas_threads() == before

    def test_an_error_on_a_thread_arrives_and_lifts_the_limit(self):
        before = self.blas_threads()
        with pytest.raises(ZeroDivisionError), shard_pool(4) as run:
            run(lambda number: 1 / number, [1, 0, 2])
        assert self.blas_threads() == before

    @pytest.mark.parametrize("backend", ["threading", "loky"])
    def test_inside_joblib(self, backend):
        X = IMAGES.reshape(150, -1)
        nets = [
            CNNClassifier((8, 8), conv_channels=4, max_iter=3, tol=None, random_state=seed)
            for seed in range(4)
        ]
        alone = [clone(net).fit(X, CODES).predict_proba(X) for net in nets]
        fitted = joblib.Parallel(n_jobs=2, backend=backend)(
            joblib.delayed(net.fit)(X, CODES) for net in nets
        )
        for net, expected in zip(fitted, alone, strict=True):
            np.testing.assert_array_equal(net.predict_proba(X), expected)

    def test_prediction_in_chunks_is_prediction_at_once(self):
        network = small_cnn()
        X = np.random.default_rng(1).random((300, 8, 8, 1)).astype(np.float32)
        at_once = network.forward(X, network.buffers(300))
        np.testing.assert_allclose(network.logits(X), at_once, atol=1e-6)
        parts = network.over_chunks(X, lambda rows, x, buffers: rows.start)
        assert list(parts) == [0, 128, 256]
        many = np.zeros((128 * 70, 8, 8, 1), np.uint8)
        seen = []
        parts = network.over_chunks(many, lambda rows, x, buffers: seen.append(rows.start))
        assert next(parts) is None
        assert len(seen) == 32
        assert len(list(parts)) == 69
        assert sorted(seen) == list(range(0, len(many), 128))


def test_bytes_are_scaled():
    images = np.random.default_rng(0).integers(0, 256, (150, 8, 8, 1), dtype=np.uint8)
    floats = (images / np.float32(255)).astype(np.float32)
    as_bytes = trained(small_cnn(), X=images)[0]
    as_floats = trained(small_cnn(), X=floats)[0]
    for first, second in zip(as_bytes, as_floats, strict=True):
        np.testing.assert_allclose(first, second, atol=1e-4)
    network = small_cnn()
    np.testing.assert_allclose(network.logits(images), network.logits(floats), atol=1e-5)


@pytest.mark.parametrize("dtype", [np.float64, np.int32, np.float16])
def test_only_bytes_are_scaled(dtype):
    images = (10 * IMAGES).astype(dtype)
    network = small_cnn()
    expected = network.logits(images.astype(np.float32))
    np.testing.assert_array_equal(network.logits(images), expected)
    index = np.array([3, 0])
    out = network.gather(images, index, np.empty((2, 8, 8, 1), np.float32))
    np.testing.assert_array_equal(out, images[index].astype(np.float32))


@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
def test_masked_weights_stay_exactly_zero(solver):
    network = small_cnn()
    rng = np.random.default_rng(0)
    masks = [rng.random(layer.weight.shape) < 0.4 for layer in network.layers]
    trained(network, 2)  # momentum first
    for layer, mask in zip(network.layers, masks, strict=True):
        layer.set_mask(mask)
    trained(network, 5, solver=solver)
    for layer, mask in zip(network.layers, masks, strict=True):
        assert not layer.weight[~mask].any()
        assert np.abs(layer.weight[mask]).min() > 0


def test_momentum_does_not_bring_back_what_is_cut():
    network = small_cnn()
    options = TrainingOptions(max_iter=3, tol=None)
    optimizer = Adam(network.parameters())
    train(
        network,
        IMAGES,
        Loss("softmax", CODES),
        options,
        np.random.RandomState(0),
        optimizer=optimizer,
    )
    network.layers[1].set_mask(np.zeros((36, 20), bool))
    train(
        network,
        IMAGES,
        Loss("softmax", CODES),
        options,
        np.random.RandomState(0),
        optimizer=optimizer,
    )
    assert not network.layers[1].weight.any()
    assert not any(state[2].any() for state in optimizer.states)


def test_the_loss_falls():
    for solver in ("adam", "sgd", "lbfgs"):
        _, result = trained(small_cnn(), 10, solver=solver, learning_rate_init=0.05)
        assert result.loss_curve[-1] < result.loss_curve[0]


def test_stopping_keeps_the_best_state():
    network = small_cnn()
    scores = iter([0.1, 0.5, 0.3, 0.2, 0.4, 0.1, 0.0, 0.0])
    seen = []

    def score(network):
        seen.append(network.layers[0].weight.copy())
        return next(scores)

    options = TrainingOptions(max_iter=50, n_iter_no_change=3, tol=0.0)
    result = train(
        network, IMAGES, Loss("softmax", CODES), options, np.random.RandomState(0), score=score
    )
    assert result.n_iter == 6  # the best was the second, and more than three did not improve
    assert result.converged
    np.testing.assert_array_equal(network.layers[0].weight, seen[1])


def test_held_out_data_stop_the_training_without_a_tolerance():
    scores = iter([0.1, 0.5, 0.3, 0.2, 0.4, 0.1, 0.0, 0.0])
    options = TrainingOptions(max_iter=8, n_iter_no_change=3, tol=None)
    result = train(
        small_cnn(),
        *(IMAGES, Loss("softmax", CODES), options, np.random.RandomState(0)),
        score=lambda network: next(scores),
    )
    assert result.n_iter == 6
    assert result.converged


class TestSchedule:
    def test_cosine_falls_to_zero(self):
        schedule = Schedule(TrainingOptions(learning_rate="cosine", max_iter=10))
        rates = [schedule.rate(epoch, 0.5, 0) for epoch in range(10)]
        assert rates == sorted(rates, reverse=True)
        assert schedule.rate(5, 0.0, 0) == pytest.approx(0.0005)
        assert schedule.rate(9, 1.0, 0) == pytest.approx(0.0)

    def test_invscaling_is_that_of_scikit_learn(self):
        schedule = Schedule(TrainingOptions(learning_rate="invscaling", power_t=0.25))
        assert schedule.rate(3, 0.0, 15) == pytest.approx(0.001 / 16**0.25)

    def test_adaptive_divides_by_five_until_it_is_tiny(self):
        schedule = Schedule(TrainingOptions(learning_rate="adaptive", learning_rate_init=1e-4))
        assert schedule.slow_down()
        assert schedule.rate(0, 0, 0) == pytest.approx(2e-5)
        assert schedule.slow_down()
        assert not schedule.slow_down()

    def test_constant_stops_at_a_stall(self):
        assert not Schedule(TrainingOptions()).slow_down()


def test_stall_counts_like_scikit_learn():
    stall = Stall(tol=0.1, patience=2)
    assert [stall.update(value) for value in (1.0, 0.95, 0.8, 0.75)] == [True] * 4
    assert not stall.reached
    assert not stall.update(0.9)
    assert stall.count == 2
    stall.update(0.9)
    assert stall.reached
