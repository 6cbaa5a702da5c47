"""Threads beside the package's own: the limit of BLAS, interrupts, forks."""

import os
import signal
import threading

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from skscreen.nn import Conv, Dense, Network, threads
from skscreen.nn.threads import shard_pool, single_threaded_blas


def blas_threads():
    return [lib["num_threads"] for lib in threadpool_info() if lib["user_api"] == "blas"]


@pytest.fixture
def two_blas_threads():
    with threadpool_limits(2, user_api="blas"):
        yield blas_threads()


def small_cnn():
    rng = np.random.RandomState(0)
    conv = Conv.initialise(
        4, "relu", rng, np.float32, input_shape=(8, 8, 1), kernel_size=(3, 3), pool_size=(2, 2)
    )
    return Network([conv, Dense.initialise(36, 3, "identity", rng, np.float32)], "softmax")


class Holder:
    """Holds the limit on a thread of its own, until told to give it back."""

    def __init__(self):
        self.held, self.end, self.gone = (threading.Event() for _ in range(3))
        self.thread = threading.Thread(target=self.hold)
        self.thread.start()
        assert self.held.wait(30)

    def hold(self):
        with single_threaded_blas():
            self.held.set()
            self.end.wait(30)
        self.gone.set()

    def release(self):
        self.end.set()
        self.thread.join(30)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2)])
def test_the_limit_is_lifted_whatever_the_order_of_threads(order, two_blas_threads):
    holders = [Holder() for _ in range(3)]
    for number in order:
        assert set(blas_threads()) == {1}
        holders[number].release()
    assert blas_threads() == two_blas_threads


def test_the_limit_is_lifted_by_a_thread_that_did_not_set_it(two_blas_threads):
    # the thread that set it lives on, as one of a pool does
    first, keep = Holder(), threading.Event()
    pool_thread = threading.Thread(target=lambda: (first.hold(), keep.wait(30)))
    first.release()
    for event in (first.held, first.end, first.gone):
        event.clear()
    pool_thread.start()
    assert first.held.wait(30)
    second = Holder()
    first.end.set()
    assert first.gone.wait(30)
    second.release()
    assert blas_threads() == two_blas_threads
    keep.set()
    pool_thread.join(30)


def test_two_threads_that_predict_leave_blas_as_it_was(two_blas_threads):
    network = small_cnn()
    X = np.random.default_rng(0).random((400, 64)).astype(np.float32)
    expected = network.logits(X)
    wrong = []

    def predict():
        wrong.extend(i for i in range(10) if not np.array_equal(network.logits(X), expected))

    workers = [threading.Thread(target=predict) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert not wrong
    assert blas_threads() == two_blas_threads


def test_an_interrupt_while_the_limit_is_set_lifts_it(two_blas_threads, monkeypatch):
    setter = threads._set_blas_threads

    def interrupted(numbers):
        setter(numbers)
        monkeypatch.setattr(threads, "_set_blas_threads", setter)
        raise KeyboardInterrupt

    monkeypatch.setattr(threads, "_set_blas_threads", interrupted)
    with pytest.raises(KeyboardInterrupt), single_threaded_blas():
        raise AssertionError("not reached")
    assert blas_threads() == two_blas_threads


def test_an_interrupt_while_the_limit_is_lifted_does_not_keep_it(two_blas_threads, monkeypatch):
    release = threads._limit.release

    def interrupted(token):
        monkeypatch.setattr(threads._limit, "release", release)
        raise KeyboardInterrupt

    monkeypatch.setattr(threads._limit, "release", interrupted)
    with pytest.raises(KeyboardInterrupt), single_threaded_blas():
        pass
    assert blas_threads() == two_blas_threads


def test_an_interrupt_on_a_shard_lifts_the_limit(two_blas_threads):
    def work(number):
        if number == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), shard_pool(4) as run:
        run(work, range(4))
    assert blas_threads() == two_blas_threads


def child_of_a_fork(work):
    """Run a function in a forked child; return its exit status, 0 if it gave True."""
    pid = os.fork()
    if pid == 0:
        signal.alarm(60)  # a child that hangs ends by this signal
        status = 1
        try:
            status = 0 if work() else 2
        finally:
            os._exit(status)
    return os.waitpid(pid, 0)[1]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes cannot fork here")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
class TestFork:
    def test_while_another_thread_has_the_lock(self):
        # the fork waits for it, so that the child finds a consistent state and a free lock
        network = small_cnn()
        X = np.random.default_rng(0).random((400, 64)).astype(np.float32)
        expected = network.logits(X)
        held, end = threading.Event(), threading.Event()

        def hold():
            with threads._limit.lock:
                held.set()
                end.wait(0.3)

        worker = threading.Thread(target=hold)
        worker.start()
        assert held.wait(30)
        status = child_of_a_fork(lambda: np.array_equal(network.logits(X), expected))
        end.set()
        worker.join(30)
        assert status == 0

    def test_the_child_is_not_limited_by_threads_it_does_not_have(self, two_blas_threads):
        holder = Holder()
        status = child_of_a_fork(lambda: blas_threads() == two_blas_threads)
        holder.release()
        assert status == 0
        assert blas_threads() == two_blas_threads

    def test_within_the_limit(self, two_blas_threads):
        def work():
            return set(blas_threads()) == {1}

        with single_threaded_blas():
            assert child_of_a_fork(work) == 0
        assert blas_threads() == two_blas_threads

    def test_while_another_thread_compiles(self):
        from numba.core.compiler_lock import global_compiler_lock

        held, end = threading.Event(), threading.Event()

        def hold():
            with global_compiler_lock:
                held.set()
                end.wait(0.3)

        worker = threading.Thread(target=hold)
        worker.start()
        assert held.wait(30)

        def work():
            with global_compiler_lock:
                return True

        status = child_of_a_fork(work)
        end.set()
        worker.join(30)
        assert status == 0
