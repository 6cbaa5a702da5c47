"""benchmarks/pruning.py: rows are run once, kept and summed up."""

import re

import numpy as np
import pandas as pd
import pruning
import pytest
from sklearn.base import clone

from skscreen import MLPClassifier, Screen, ScreeningPruner

RUN = {
    **{"data": "digits", "split": "test", "network": "small", "granularity": "connection"},
    **{"allocation": "auto", "schedule": "gradual", "options": "", "sparsity": 0.9},
}


def runs(errors, criterion="screening", **changes):
    """Rows of runs with these errors in per cent, one for each seed."""
    f_weight = 0.05 if criterion == "screening" else 0.0
    return [
        RUN
        | {"criterion": criterion, "f_weight": f_weight, "seed": seed, "dense_accuracy": 0.9}
        | {"accuracy": 1 - error / 100, "n_weights": 100, "macs": 10, "dense_macs": 100}
        | {"seconds": 1.0, "revision": "abc1234"}
        | changes
        for seed, error in enumerate(errors)
    ]


def test_summarise_pairs_the_seeds():
    table = pd.DataFrame(
        [
            *runs([11.0, 12.0, 13.0]),
            *runs([12.0, 12.5, 15.0], "magnitude"),
            *runs([50.0], "magnitude", sparsity=0.5),
        ]
    )
    ours, magnitude, alone = pruning.summarise(table).itertuples()
    assert (ours.seeds, magnitude.seeds, alone.seeds) == (3, 3, 1)
    assert ours.below == pytest.approx(2)
    assert ours.sd == pytest.approx(1)
    # differences 1, 0.5, 2: mean 7/6, standard error 0.440959, t(2) = 4.302653
    assert ours.ahead == pytest.approx(7 / 6)
    assert ours.half == pytest.approx(0.440959 * 4.302653, rel=1e-5)
    assert np.isnan(magnitude.ahead)
    assert np.isnan(alone.ahead)
    assert ours.revisions == "abc1234"
    text = pruning.summary(table)
    assert "+1.167 +- 1.897" in text
    assert text.startswith("data=digits, split=test")


def test_a_run_is_made_once_and_leaves_its_revision(tmp_path, monkeypatch, capsys):
    net = MLPClassifier((8,), batch_size=128, learning_rate="cosine")
    monkeypatch.setitem(pruning.NETWORKS, "small", (net, 1))
    fits = []
    fit = ScreeningPruner.fit
    monkeypatch.setattr(ScreeningPruner, "fit", lambda *a, **k: fits.append(1) or fit(*a, **k))
    arguments = ["--network", "small", "--sparsities", "0.5", "--seeds", "2"]
    arguments += ["--out", str(tmp_path / "runs.csv"), "--cache", str(tmp_path / "cache")]
    arguments += ["--figure", str(tmp_path / "figure.png"), "--options", "n_rounds=1 alpha=None"]
    pruning.main(arguments)
    printed = capsys.readouterr().out
    assert len(fits) == 4
    table = pruning.read(tmp_path / "runs.csv")
    assert list(table.columns) == pruning.KEY + pruning.MEASURED
    assert table.criterion.tolist() == ["screening"] * 2 + ["magnitude"] * 2
    assert table.n_weights.tolist() == [(64 * 8 + 8 * 10) // 2] * 4
    assert all(re.fullmatch(r"([0-9a-f]{7}\+?)?", name) for name in table.revision)
    assert table.revision.tolist() == [pruning.revision()] * 4
    pruning.main(arguments)
    assert len(fits) == 4
    assert capsys.readouterr().out == printed
    assert (tmp_path / "figure.png").stat().st_size > 5000


def test_options_reach_parameters_of_parameters():
    pruner = ScreeningPruner()
    pruning.set_options(pruner, "score_func__pooling=mean n_rounds=3 alpha=None budget=macs")
    assert (pruner.n_rounds, pruner.alpha, pruner.budget) == (3, None, "macs")
    assert isinstance(pruner.score_func, Screen)
    assert pruner.score_func.pooling == "mean"
    assert clone(ScreeningPruner()).score_func == "f"


@pytest.mark.parametrize(
    ("text", "value"),
    [("None", None), ("3", 3), ("0.5", 0.5), ("erk", "erk"), ("True", True), ("auto", "auto")],
)
def test_values_of_options(text, value):
    found = pruning.parse_value(text)
    assert found == value
    assert type(found) is type(value)


def test_fewer_samples_and_a_part_held_out():
    X, y, X_held, y_held = pruning.load("digits:100", "validation")
    assert X.shape == (100, 64)
    assert len(y) == 100
    whole, _, tested, _ = pruning.load("digits", "test")
    assert len(X_held) == len(y_held) == np.ceil(len(whole) / 6)
    assert not any((row == tested).all(axis=1).any() for row in X_held[:20])


def test_the_kept_results_are_whole():
    table = pruning.read(pruning.HERE / "results" / "pruning.csv")
    assert not table.duplicated(pruning.KEY).any()
    assert table.revision.str.fullmatch(r"[0-9a-f]{7}").all()
    assert table.accuracy.between(0, 1).all()
