"""Benchmarks that repeat: the same rows in one process, in several and on a cluster."""

import argparse

import inputs
import pandas as pd
import pytest
import redundancy
import significance
import sweep
from distributed import LocalCluster

# of dask and of the processes it starts and stops, not of this package
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


def parsed(*arguments):
    parser = argparse.ArgumentParser()
    sweep.add_options(parser)
    return parser.parse_args(arguments)


@pytest.fixture(scope="module")
def everywhere():
    """Options for one process, for two, and for a cluster of two workers."""
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as workers:
        yield [[], ["--jobs", "2"], ["--dask", workers.scheduler_address]]


TASKS = [(20, "even", "none", False, "normal"), (20, "uneven", "Pareto", True, "exponential")]


@pytest.mark.parametrize(
    ("function", "tasks"), [(significance.weighted_row, TASKS), (redundancy.run, [(0,)])]
)
def test_runs_are_the_same_everywhere(function, tasks, everywhere):
    wanted = [function(*task) for task in tasks]
    for options in everywhere:
        assert list(sweep.sweep(function, tasks, parsed(*options))) == wanted


def test_results_come_in_order_or_as_they_are_there(everywhere):
    for options in everywhere:
        tasks = [(number, 2) for number in range(20)]
        wanted = [number**2 for number in range(20)]
        assert list(sweep.sweep(pow, tasks, parsed(*options))) == wanted
        found = sweep.sweep(pow, tasks, parsed(*options), in_order=False)
        assert sorted(found) == wanted


def test_rows_of_inputs_are_added_once(everywhere, tmp_path, capsys):
    command = ["--data", "digits", "--n-features", "10", "--seeds", "2", "--methods"]
    tables = []
    for number, options in enumerate(everywhere):
        path = tmp_path / f"{number}.csv"
        for methods in (["f_classif"], ["f_classif", "skscreen, one round"]):
            inputs.main([*command, *methods, "--results", str(path), *options])
        rows = pd.read_csv(path).drop(columns=["seconds", "cpu_seconds"])
        tables.append(rows.sort_values(["method", "seed"], ignore_index=True))
    assert len(tables[0]) == 4
    assert all(table.equals(tables[0]) for table in tables)
