"""Fits random pruners on random data, as long as told, and compares with plain float64.

    python benchmarks/soak.py --cycles 2000
    python benchmarks/soak.py --seconds 3600 --seed 1
    python benchmarks/soak.py --seed 0 --only 17      a single cycle, that disagreed

A cycle draws shapes and parameters (`soak_cases`), fits, and checks counts, paths, predictions,
compaction, statistics, files and repetition (`soak_checks`, against `reference`). Memory and
threads must not grow. Ends with status 1 if anything disagrees or grows.
"""

import argparse
import gc
import os
import sys
import threading
import time
import traceback
import warnings
from collections import Counter
from pathlib import Path

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from soak_cases import draw
from soak_checks import CHECKS
from threadpoolctl import threadpool_limits

MEGABYTE = 2**20
# Below so many cycles nothing is said of growth: caches and kernels are still being loaded.
ENOUGH_CYCLES = 400
# Megabytes that the median of the last quarter may lie above that of the second.
MOST_GROWTH = 16


def resident_memory():
    """Bytes of the process that are in memory; NaN where the system does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return np.nan
    return pages * os.sysconf("SC_PAGE_SIZE")


def run_cycle(seed, cycle, refusals):
    """Fit and check one case.

    Parameters
    ----------
    seed, cycle : int
    refusals : Counter
        Takes messages of the ValueErrors that a drawn combination of parameters deserves, and of
        trainings that diverge.

    Returns
    -------
    disagreements : list of str
    """
    case = draw(seed, cycle)
    try:
        pruner = case.pruner.fit(case.X, case.y, case.weight)
    except (ValueError, FloatingPointError) as error:
        refusals[str(error)[:70]] += 1
        return []
    found = []
    for check in CHECKS:
        found += [f"{check.__name__}: {sentence}" for sentence in check(case, pruner)]
    return found


def soak(seed, cycles, seconds, say=print):
    """Run cycles until their number or the time is over.

    Parameters
    ----------
    seed : int
    cycles : iterable of int
    seconds : float
    say : callable
        Takes lines of text.

    Returns
    -------
    summary : dict
        ``cycles``, ``refusals`` (by message), ``disagreements`` (list of str), ``memory`` and
        ``threads`` (an array each, an entry a cycle).
    """
    end = time.monotonic() + seconds
    refusals, disagreements, memory, threads = Counter(), [], [], []
    for cycle in cycles:
        if time.monotonic() > end:
            break
        try:
            found = run_cycle(seed, cycle, refusals)
        except Exception:  # noqa: BLE001 - whatever it is, it is reported, and the soak goes on
            found = [traceback.format_exc(limit=-3)]
        for sentence in found:
            disagreements.append(f"cycle {cycle}: {sentence}")
            say(disagreements[-1])
        if cycle % 50 == 0:
            gc.collect()
        memory.append(resident_memory())
        threads.append(threading.active_count())
    return {
        "cycles": len(memory),
        "refusals": refusals,
        "disagreements": disagreements,
        "memory": np.array(memory),
        "threads": np.array(threads),
    }


def growth(values):
    """Median of the last quarter minus that of the second; the first one warms up."""
    second, last = np.array_split(values, 4)[1::2]
    return float(np.median(last) - np.median(second))


def report(summary, say=print):
    """Print a summary; return the exit status."""
    n_refused = sum(summary["refusals"].values())
    say(f"cycles: {summary['cycles']}, of which {n_refused} refused")
    for message, number in summary["refusals"].most_common():
        say(f"  {number} times: {message}")
    say(f"disagreements: {len(summary['disagreements'])}")
    failed = bool(summary["disagreements"]) or n_refused > summary["cycles"] / 4
    if summary["cycles"] >= ENOUGH_CYCLES:
        medians = [np.median(part) / MEGABYTE for part in np.array_split(summary["memory"], 4)]
        grown = growth(summary["memory"]) / MEGABYTE
        say("memory by quarters [MB]: " + ", ".join(f"{median:.1f}" for median in medians))
        say(f"growth from the second to the last [MB]: {grown:.1f}")
        more = int(growth(summary["threads"]))
        say(f"threads: {summary['threads'].max()} at most, {more} more in the end")
        failed |= grown > MOST_GROWTH or more > 0
    return int(failed)


def main(arguments=None):
    """Run the soak; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cycles", type=int, default=sys.maxsize, help="at most so many cycles")
    parser.add_argument("--seconds", type=float, default=np.inf, help="at most so long")
    parser.add_argument("--seed", type=int, default=0, help="of all that is drawn")
    parser.add_argument("--only", type=int, help="run this cycle alone")
    options = parser.parse_args(arguments)
    if options.only is None and options.cycles == sys.maxsize and options.seconds == np.inf:
        parser.error("say how long: --cycles, --seconds or --only")
    cycles = range(options.cycles) if options.only is None else [options.only]
    # the same bits twice are promised for one BLAS thread: float64 products differ with more
    with warnings.catch_warnings(), threadpool_limits(1, user_api="blas"):
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.filterwarnings("ignore", message="nothing is significant")
        # a training that diverges says so by its own error, some products later
        warnings.filterwarnings("ignore", message="(overflow|invalid value) encountered in dot")
        return report(soak(options.seed, cycles, options.seconds))


if __name__ == "__main__":
    sys.exit(main())
