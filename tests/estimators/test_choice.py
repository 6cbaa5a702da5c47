"""Which sparsity is chosen, from scores and sizes alone."""

import numpy as np
import pytest

from skscreen.estimators.choice import check_limits, choose

# best mean 0.94; its standard error is 0.02: all but the last are within it
SPLITS = np.array([[0.90, 0.92, 0.90, 0.80], [0.94, 0.96, 0.94, 0.90]])
RESULTS = {
    "split0_test_score": SPLITS[0],
    "split1_test_score": SPLITS[1],
    "mean_test_score": SPLITS.mean(axis=0),
    "mean_weights": np.array([500.0, 200.0, 50.0, 10.0]),
    "mean_macs": np.array([900.0, 800.0, 90.0, 10.0]),
    "mean_bytes": np.array([4000.0, 2000.0, 900.0, 800.0]),
    "params": [{"sparsity": sparsity} for sparsity in (0.5, 0.8, 0.95, 0.99)],
}
DENSE = np.array([0.95, 0.97])


@pytest.mark.parametrize(
    ("rule", "index", "reason"),
    [("best", 1, "best"), ("one-se", 2, "one-se"), (lambda results: 0, 0, "rule")],
)
def test_rules(rule, index, reason):
    assert choose(RESULTS, DENSE, rule) == (index, reason)


def test_of_equal_scores_the_sparsest():
    results = RESULTS | {"mean_test_score": np.full(4, 0.9)}
    assert choose(results, DENSE, "best") == (3, "best")


@pytest.mark.parametrize(
    ("limits", "index", "reason"),
    [
        ({"weights": 200}, 1, "best"),
        ({"weights": 199}, 2, "weights"),
        ({"weights": 200, "macs": 100}, 2, "macs"),
        ({"bytes": 850}, 3, "bytes"),
    ],
)
def test_the_best_within_limits(limits, index, reason):
    assert choose(RESULTS, DENSE, "best", limits) == (index, reason)


def test_a_rule_sees_what_is_within_the_limits():
    seen = []

    def first(results):
        seen.append(results)
        return 0

    assert choose(RESULTS, DENSE, first, {"macs": 95}) == (2, "macs")
    assert seen[1]["mean_macs"].tolist() == [90.0, 10.0]
    assert seen[1]["params"][0] == {"sparsity": 0.95}


@pytest.mark.parametrize(("allowed", "index"), [(0.02, 1), (0.04, 2), (0.2, 3)])
def test_the_sparsest_so_far_below_dense(allowed, index):
    limits = {"below_dense": allowed + 1e-12}
    assert choose(RESULTS, DENSE, "best", limits) == (index, "below_dense")


def test_limits_and_scores_together():
    limits = {"below_dense": 0.2, "bytes": 850}
    assert choose(RESULTS, DENSE, "best", limits) == (3, "below_dense")


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({"macs": 3}, r"no sparsity is within limits=\{'macs': 3\}: there are macs from 10$"),
        ({"below_dense": 0.01}, "there are scores from 0.02 below dense"),
        ({"weights": 9, "below_dense": 0.5}, "weights from 10, scores from 0.02 below dense"),
    ],
)
def test_nothing_within_the_limits(limits, message):
    with pytest.raises(ValueError, match=message):
        choose(RESULTS, DENSE, "one-se", limits)


def test_unknown_limits():
    check_limits(None)
    check_limits({"macs": 3})
    with pytest.raises(ValueError, match=r"limits must be among .*, got \['flops'\]"):
        check_limits({"flops": 3, "macs": 3})
