"""What ``verbose`` shows of a fit, with tqdm and without."""

import sys

import pytest
from small import X, network, quick, y

from skscreen import ScreeningPrunerCV


@pytest.fixture
def without_tqdm(monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)


def shown(capsys):
    """Lines that were printed, and the last state of each bar."""
    captured = capsys.readouterr()
    bars = [line.rsplit("\r", 1)[-1] for line in captured.err.split("\n") if "epochs" in line]
    return captured.out.splitlines(), bars


class TestNetworks:
    def test_a_bar(self, capsys):
        network(verbose=1, max_iter=3).fit(X, y)
        lines, (bar,) = shown(capsys)
        assert lines == []
        assert bar.startswith("MLPClassifier: 100%")
        assert "3/3" in bar
        assert "loss " in bar

    def test_a_bar_that_ends_early(self, capsys):
        network(verbose=1, max_iter=50, early_stopping=True, tol=1.0, n_iter_no_change=2).fit(X, y)
        lines, bars = shown(capsys)
        assert lines == []
        assert "/50" in bars[-1]

    @pytest.mark.parametrize("parameters", [{"verbose": 2}, {"verbose": 2, "solver": "lbfgs"}])
    def test_lines(self, capsys, parameters):
        network(max_iter=3, **parameters).fit(X, y)
        lines, bars = shown(capsys)
        assert [line[:11] for line in lines] == ["Iteration 1", "Iteration 2", "Iteration 3"]
        assert bars == []

    def test_lines_where_there_is_no_tqdm(self, capsys, without_tqdm):
        network(verbose=True, max_iter=3).fit(X, y)
        assert len(shown(capsys)[0]) == 3

    def test_one_epoch_is_a_line(self, capsys):
        net = network(verbose=1)
        net.partial_fit(X, y, classes=range(10))
        lines, bars = shown(capsys)
        assert (len(lines), bars) == (1, [])


class TestPruners:
    @pytest.mark.parametrize(("verbose", "n_lines", "n_bars"), [(0, 0, 0), (1, 5, 1), (2, 10, 0)])
    def test_levels(self, capsys, verbose, n_lines, n_bars):
        quick(network(), verbose=verbose).fit(X, y)
        lines, bars = shown(capsys)
        # the share of null units, rounds and fine-tuning; with 2 each epoch as well
        assert (len(lines), len(bars)) == (n_lines, n_bars)
        if bars:
            assert bars[0].startswith("ScreeningPruner: 100%")
            assert "5/5" in bars[0]

    def test_lines_of_the_rounds_where_there_is_no_tqdm(self, capsys, without_tqdm):
        quick(network(), verbose=1).fit(X, y)
        lines, bars = shown(capsys)
        assert (len(lines), bars) == (5, [])

    def test_the_network_has_its_own(self, capsys):
        quick(network(verbose=1, max_iter=2)).fit(X, y)
        lines, bars = shown(capsys)
        assert lines == []
        assert [bar.split(":")[0] for bar in bars] == ["MLPClassifier"]

    def test_folds_are_quiet(self, capsys):
        pruner = quick(network(max_iter=2), verbose=1)
        ScreeningPrunerCV(pruner, sparsities=[0.5], cv=2, refit=False).fit(X, y)
        assert capsys.readouterr() == ("", "")
