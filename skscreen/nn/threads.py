"""Threads over shards of samples, each with single-threaded BLAS.

OpenBLAS's own threads spin after each product and starve whatever else runs. So where work is
split over threads here, BLAS is held to one thread meanwhile. That limit belongs to the whole
process: the first that needs it sets it and the last one lifts it.
"""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache

from threadpoolctl import ThreadpoolController

_lock = threading.Lock()
_users = 0
_limit = None
_allowed = None


@cache
def _controller():
    # finding the loaded libraries takes milliseconds, once
    return ThreadpoolController()


def _blas_threads():
    blas = _controller().select(user_api="blas").info()
    return max((library["num_threads"] for library in blas), default=1)


@contextmanager
def shard_pool(n_shards):
    """Give a function that maps over shards on threads, with single-threaded BLAS.

    There are as many threads as BLAS may use now, which is what joblib, threadpoolctl and the
    environment (``OPENBLAS_NUM_THREADS``, ...) say, and no more than shards.

    Parameters
    ----------
    n_shards : int
        Most shards that come at a time.

    Yields
    ------
    run : callable
        ``run(function, arguments)`` is ``list(map(function, arguments))``.
    """
    with single_threaded_blas() as allowed:
        n_threads = min(n_shards, allowed)
        if n_threads < 2:
            yield lambda function, arguments: list(map(function, arguments))
            return
        # the caller is one of the threads, so that work begins before another one has started
        with ThreadPoolExecutor(n_threads - 1) as pool:
            yield lambda function, arguments: _map(pool, n_threads - 1, function, arguments)


def _map(pool, n_helpers, function, arguments):
    """Apply a function to arguments, in this thread and in some of a pool's."""
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

    helpers = [pool.submit(work) for _ in range(min(n_helpers, len(arguments) - 1))]
    work()
    for helper in helpers:
        if not helper.cancel():  # one that has not begun is not needed
            helper.result()
    return results


@contextmanager
def single_threaded_blas():
    """Hold BLAS to one thread; yield the number of threads it may use otherwise."""
    global _users, _limit, _allowed
    with _lock:
        if _users == 0:
            _allowed = _blas_threads()
            _limit = _controller().limit(limits=1, user_api="blas")
            _limit.__enter__()
        _users += 1
        allowed = _allowed
    try:
        yield allowed
    finally:
        with _lock:
            _users -= 1
            if _users == 0:
                _limit.__exit__(None, None, None)
                _limit = None
