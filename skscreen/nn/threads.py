"""Threads over shards of samples, each with single-threaded BLAS.

OpenBLAS's own threads spin after each product and starve whatever else runs. So where work is
split over threads here, BLAS is held to one thread meanwhile. That limit belongs to the whole
process: the first that needs it sets it and the last one lifts it, whichever threads they run on.
"""

import os
import threading
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager, nullcontext
from functools import cache

import threadpoolctl
from threadpoolctl import ThreadpoolController


@cache
def _blas_libraries():
    # finding the loaded libraries takes milliseconds, once
    return ThreadpoolController().select(user_api="blas").lib_controllers


def _blas_threads():
    return max((library.num_threads for library in _blas_libraries()), default=1)


def _set_blas_threads(numbers):
    """Set the number of threads of each library, on whatever thread this runs.

    threadpoolctl 3.8 lets only one thread act, the first that came; so it is told to forget it.
    """
    forget = getattr(threadpoolctl, "OpenBLASController", None)
    forget = getattr(forget, "clear_controlling_thread", None)
    for library, number in zip(_blas_libraries(), numbers, strict=True):
        if forget is not None:
            forget(force=True)
        library.set_num_threads(number)
    if forget is not None:
        forget(force=True)


class _BlasLimit:
    """Holds BLAS to one thread as long as somebody holds a token of it."""

    def __init__(self):
        self.lock = threading.RLock()
        self.holders = {}  # token -> thread
        self.before = None  # threads of each library without the limit

    def hold(self, token):
        """Set the limit unless it is set; return the number of threads without it."""
        with self.lock:
            self.holders[token] = threading.get_ident()
            if self.before is None:
                self.before = [library.num_threads for library in _blas_libraries()]
                self.allowed = _blas_threads()
                _set_blas_threads([1] * len(self.before))
            return self.allowed

    def allowed_now(self):
        """Return the number of threads without the limit."""
        with self.lock:
            return self.allowed if self.before is not None else _blas_threads()

    def release(self, token):
        """Give a token back, if it is held, and lift the limit if it was the last one."""
        with self.lock:
            self.holders.pop(token, None)
            self._lift_if_unused()

    def _lift_if_unused(self):
        if not self.holders and self.before is not None:
            _set_blas_threads(self.before)
            self.before = None

    def after_fork(self):
        """In a child only the thread that forked goes on: the others never give tokens back."""
        self.lock = threading.RLock()  # it was held for the fork, so that all here is consistent
        own = threading.get_ident()
        self.holders = {token: t for token, t in self.holders.items() if t == own}
        self._lift_if_unused()


_limit = _BlasLimit()


@contextmanager
def shard_pool(n_shards, *, blas=True):
    """Give a function that maps over shards on threads, with single-threaded BLAS.

    There are as many threads as BLAS may use now, which is what joblib, threadpoolctl and the
    environment (``OPENBLAS_NUM_THREADS``, ...) say, and no more than shards.

    Parameters
    ----------
    n_shards : int
        Most shards that come at a time.
    blas : bool, default=True
        Whether BLAS is called for a shard; if not, it is left alone.

    Yields
    ------
    run : callable
        ``run(function, arguments)`` is ``list(map(function, arguments))``.
    """
    with single_threaded_blas() if blas else nullcontext(_limit.allowed_now()) as allowed:
        n_threads = min(n_shards, allowed)
        if n_threads < 2:
            yield lambda function, arguments: list(map(function, arguments))
            return
        # the caller is one of the threads, so that work begins before another one has started
        yield lambda function, arguments: _map(n_threads - 1, function, arguments)


@cache
def _helpers():
    """Return the threads that help; they start when they are first needed, and then wait."""
    return ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="skscreen")


def _map(n_helpers, function, arguments):
    """Apply a function to arguments, in this thread and in some that help."""
    arguments = list(arguments)
    results = [None] * len(arguments)
    indices = iter(range(len(arguments)))  # each thread takes the next one

    def work():
        try:
            for i in indices:
                results[i] = function(arguments[i])
        except BaseException:
            for _ in indices:  # nobody needs the rest
                pass
            raise

    helpers = [_helpers().submit(work) for _ in range(min(n_helpers, len(arguments) - 1))]
    try:
        work()
    finally:
        begun = [helper for helper in helpers if not helper.cancel()]  # the rest is not needed
        wait(begun)
    for helper in begun:
        helper.result()
    return results


def _after_fork():
    _limit.after_fork()
    _helpers.cache_clear()  # a child has none of the threads


if hasattr(os, "register_at_fork"):  # not where processes cannot fork
    os.register_at_fork(
        before=lambda: _limit.lock.acquire(),
        after_in_parent=lambda: _limit.lock.release(),
        after_in_child=_after_fork,
    )


@contextmanager
def single_threaded_blas():
    """Hold BLAS to one thread; yield the number of threads it may use otherwise."""
    token = object()
    try:
        yield _limit.hold(token)
    finally:
        try:
            _limit.release(token)
        finally:
            _limit.release(token)  # again, should an interrupt have come in between
