"""Runs that do not depend on one another: in this process, in several, or on a cluster.

A script adds the options and iterates over what comes back::

    sweep.add_options(parser)
    for row in sweep.sweep(run, tasks, parser.parse_args()):

``--jobs 4`` then takes four processes; ``--dask scheduler:8786`` the workers of a cluster of
`dask.distributed`, which must have this package and, on their path, the folder of the script,
since a script may import its neighbours. Each run has its own seed, so the results are the same.
"""

from contextlib import contextmanager

import joblib

from skscreen.interop.extras import DASK, require_extra


def add_options(parser):
    """Add ``--jobs`` and ``--dask`` to a parser.

    Parameters
    ----------
    parser : argparse.ArgumentParser
    """
    parser.add_argument("--jobs", type=int, default=1, help="runs at the same time, -1: all cores")
    parser.add_argument("--dask", metavar="ADDRESS", help="scheduler of a cluster to run on")


def sweep(function, tasks, options, *, in_order=True):
    """Call a function for each task, wherever the options say, and yield what it returns.

    Parameters
    ----------
    function : callable
    tasks : iterable of tuple
        Arguments of each call.
    options : argparse.Namespace
        With ``jobs`` and ``dask``.
    in_order : bool, default=True
        Whether the results come in the order of the tasks; otherwise as soon as they are there.

    Yields
    ------
    result : object
    """
    order = "generator" if in_order else "generator_unordered"
    with _backend(options.dask):
        n_jobs = options.jobs if options.dask is None else -1
        yield from joblib.Parallel(n_jobs, return_as=order)(
            joblib.delayed(function)(*task) for task in tasks
        )


@contextmanager
def _backend(address):
    """Let joblib use a cluster, if there is an address."""
    if address is None:
        yield
        return
    distributed = require_extra("distributed", DASK)
    with (
        distributed.Client(address, set_as_default=False) as client,
        joblib.parallel_config("dask", client=client),
    ):
        yield
