"""benchmarks/soak.py: its reference is right, it finds what is wrong, and nothing is."""

from collections import Counter

import naive
import numpy as np
import pytest
import reference
import soak
import soak_checks
from nets import random_estimator, samples
from scipy.stats import f_oneway
from soak_cases import draw

from skscreen.nn import Conv, Network


def by_the_twins(network, X):
    """Logits of a network from the naive twins."""
    x = X.astype(np.float64)
    for layer in network.layers:
        if isinstance(layer, Conv):
            x = x.reshape(len(x), *layer.input_shape)
            z = naive.convolve(x, layer.weight, layer.kernel_size, layer.stride, layer.padding)
            x = naive.max_pool(naive.activate(layer.activation, z + layer.bias), layer.pool_size)
        else:
            x = x.reshape(len(x), -1)
            x = x if layer.reads is None else x[:, layer.reads]
            x = naive.activate(layer.activation, x @ layer.weight + layer.bias)
    return x


@pytest.mark.parametrize("seed", range(12))
def test_the_reference_is_the_naive_twin(seed):
    estimator = random_estimator(seed)
    X = samples(estimator, 6)
    found, bound = reference.logits(estimator.network_, X)[-1]
    np.testing.assert_allclose(found, by_the_twins(estimator.network_, X), rtol=1e-10, atol=1e-12)
    # no wider than it must be, or nothing would ever be found
    eps = np.finfo(estimator.network_.dtype).eps
    assert (bound > 0).all()
    assert (bound < 3e4 * eps * (1 + np.abs(found).max())).all()


def test_bytes_are_fractions():
    network = random_estimator(3).network_
    X = np.arange(2 * 50, dtype=np.uint8).reshape(2, 50)[:, : random_estimator(3).n_features_in_]
    found = reference.logits(network, X)[-1][0]
    np.testing.assert_array_equal(found, reference.logits(network, X / 255)[-1][0])


def test_F_is_that_of_scipy():
    rng = np.random.default_rng(0)
    A, y = rng.standard_normal((60, 4)), np.arange(60) % 3
    A[:, 1] += y
    F, p, eta2 = reference.f_test(A, y)
    expected = f_oneway(*(A[y == k] for k in range(3)))
    np.testing.assert_allclose(F, expected.statistic, rtol=1e-12)
    np.testing.assert_allclose(p, expected.pvalue, rtol=1e-9)
    np.testing.assert_allclose(eta2, 2 * F / (2 * F + 57), rtol=1e-12)
    for found, same in zip(reference.f_test(A, y, np.full(60, 0.1)), (F, p, eta2), strict=True):
        np.testing.assert_allclose(found, same, rtol=1e-12)


def cycles(numbers):
    return soak.soak(0, numbers, np.inf, say=lambda line: None)


@pytest.mark.filterwarnings("ignore:nothing is significant")
def test_nothing_disagrees():
    summary = cycles(range(24))
    assert summary["disagreements"] == []
    assert summary["cycles"] == len(summary["memory"]) == 24
    assert sum(summary["refusals"].values()) < 6


def test_a_cycle_is_the_same_again():
    one, other = draw(3, 5), draw(3, 5)
    assert repr(one.pruner) == repr(other.pruner)
    np.testing.assert_array_equal(one.X, other.X)
    np.testing.assert_array_equal(one.X_new, other.X_new)
    assert not np.array_equal(one.X, draw(3, 6).X)


class Wrong:
    """Ways in which a fitted pruner or the package may be wrong, and the check that says so."""

    @staticmethod
    def predictions(pruner, monkeypatch):
        logits = Network.logits
        monkeypatch.setattr(
            Network, "logits", lambda *args, **options: logits(*args, **options) * 1.0001
        )

    @staticmethod
    def compaction(pruner, monkeypatch):
        def forgetful(network):
            network = network.copy()
            network.layers[-1].bias += 0.01
            return network

        monkeypatch.setattr(soak_checks, "compact", forgetful)

    @staticmethod
    def counts(pruner, monkeypatch):
        mask = pruner.masks_[0]
        mask[np.unravel_index(np.argmin(mask), mask.shape)] = True

    @staticmethod
    def paths(pruner, monkeypatch):
        pruner.masks_[-1][:] = False

    @staticmethod
    def statistics(pruner, monkeypatch):
        f_statistic = soak_checks.f_statistic
        monkeypatch.setattr(
            soak_checks, "f_statistic", lambda A, y, weight: f_statistic(A[1:], y[1:])
        )

    @staticmethod
    def round_trips(pruner, monkeypatch):
        load = soak_checks.load

        def other(path):
            network = load(path)
            network.network_.unlock()
            network.network_.layers[0].weight *= 2
            return network

        monkeypatch.setattr(soak_checks, "load", other)

    @staticmethod
    def the_same_again(pruner, monkeypatch):
        pruner.masks_[0] ^= True


@pytest.mark.parametrize("name", [name for name in vars(Wrong) if not name.startswith("_")])
def test_what_is_wrong_is_found(name, monkeypatch):
    case = draw(0, CONNECTIONS)
    pruner = case.pruner.fit(case.X, case.y, case.weight)
    check = getattr(soak_checks, name)
    assert list(check(case, pruner)) == []
    getattr(Wrong, name)(pruner, monkeypatch)
    assert list(check(case, pruner))


#: a cycle that cuts single connections of an MLP by sparsity alone
CONNECTIONS = next(
    cycle
    for cycle in range(0, 400, 4)
    for pruner in [draw(0, cycle).pruner]
    if pruner.granularity == "connection"
    and pruner.selection is None
    and type(pruner.estimator).__name__ == "MLPClassifier"
)


def test_an_exception_is_a_disagreement(monkeypatch):
    def broken(case, pruner):
        raise ZeroDivisionError("of a check")

    monkeypatch.setattr(soak, "CHECKS", [broken])
    (found,) = cycles([CONNECTIONS])["disagreements"]
    assert found.startswith(f"cycle {CONNECTIONS}: Traceback")
    assert "of a check" in found


def summary_of(memory, threads=None, **changes):
    n = len(memory)
    facts = {
        "cycles": n,
        "refusals": Counter(),
        "disagreements": [],
        "memory": np.asarray(memory) * soak.MEGABYTE,
        "threads": np.ones(n) if threads is None else threads,
    }
    return facts | changes


@pytest.mark.parametrize(
    ("summary", "status"),
    [
        (summary_of(np.full(2000, 300.0)), 0),
        # what the first quarter loads is no growth
        (summary_of(np.repeat([100.0, 300.0, 300.0, 301.0], 500)), 0),
        (summary_of(np.linspace(300, 400, 2000)), 1),
        (summary_of(np.linspace(300, 400, 100)), 0),
        (summary_of(np.full(800, 300.0), np.repeat([1, 1, 1, 2], 200)), 1),
        (summary_of(np.full(10, 300.0), disagreements=["cycle 3: counts"]), 1),
        (summary_of(np.full(10, 300.0), refusals=Counter({"sparsity": 5})), 1),
    ],
)
def test_the_exit_status(summary, status):
    assert soak.report(summary, say=lambda line: None) == status


def test_the_command(capsys):
    assert soak.main(["--only", str(CONNECTIONS)]) == 0
    assert "disagreements: 0" in capsys.readouterr().out
    assert soak.main(["--cycles", "3", "--seconds", "0"]) == 0
    assert capsys.readouterr().out.startswith("cycles: 0")
    with pytest.raises(SystemExit):
        soak.main([])
