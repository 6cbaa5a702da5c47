"""benchmarks/published.py: the rows that --published runs, and their table."""

import pandas as pd
import pruning
import published
import pytest
from sklearn.base import clone

from skscreen import CNNClassifier, MLPClassifier

LENET_300_100_WEIGHTS = 784 * 300 + 300 * 100 + 100 * 10
LENET_5_WEIGHTS = 1 * 25 * 20 + 20 * 25 * 50 + 800 * 500 + 500 * 10


def test_the_marks_are_those_cuts():
    *connections, channels = published.MARKS
    for mark in connections:
        total = LENET_300_100_WEIGHTS if mark.network == published.MLP else LENET_5_WEIGHTS
        assert (1 - mark.sparsity) * total == pytest.approx(total / mark.ratio, rel=0.01)
        assert mark.cut.split(",")[0] == f"{mark.ratio}x"
    assert (1 - channels.sparsity) * published.LENET_5_MACS == pytest.approx(157_000, rel=1e-3)
    assert published.LENET_5_MACS == 20 * 25 * 24**2 + 50 * 500 * 8**2 + 800 * 500 + 5000


def test_the_dense_networks_are_as_said():
    mlp, epochs = pruning.NETWORKS[published.MLP]
    assert (mlp.hidden_layer_sizes, mlp.batch_size, mlp.learning_rate) == (
        (300, 100),
        128,
        "cosine",
    )
    assert epochs == 20
    cnn, epochs = pruning.NETWORKS[published.CNN]
    assert (cnn.conv_channels, cnn.hidden_layer_sizes, cnn.batch_size) == ((20, 50), (500,), 128)
    assert epochs == 12


def test_all_cuts_run_by_both_criteria_with_the_defaults():
    arguments = pruning.build_parser().parse_args(["--data", "mnist", "--published"])
    keys = pd.DataFrame(pruning.keys_of(arguments), columns=pruning.KEY)
    assert len(keys) == len(keys.drop_duplicates()) == 9 * 2 * 3
    assert set(keys.split) == {"test"}
    assert set(keys.criterion) == {"screening", "magnitude"}
    assert keys.groupby(["network", "granularity"]).sparsity.nunique().to_dict() == {
        ("lenet-300-100", "connection"): 4,
        ("lenet-5, 12 epochs", "connection"): 2,
        ("lenet-5, 12 epochs", "channel"): 1,
    }
    assert set(keys.options[keys.granularity == "channel"]) == {"budget=macs"}
    longer = keys[keys.options.str.contains("epochs")]
    assert longer.groupby(["network", "sparsity"]).options.unique().str[0].to_dict() == {
        ("lenet-300-100", 0.995): "pruning_epochs=100 fine_tune_epochs=100",
        ("lenet-5, 12 epochs", 0.99667): "pruning_epochs=60 fine_tune_epochs=60",
    }


def test_in_miniature(tmp_path, monkeypatch, capsys):
    """The same command on fewer digits with smaller networks and fewer epochs."""
    mlp, cnn = MLPClassifier((20, 10)), CNNClassifier((8, 8), conv_channels=(4, 6))
    monkeypatch.setitem(pruning.NETWORKS, published.MLP, (clone(mlp), 1))
    monkeypatch.setitem(pruning.NETWORKS, published.CNN, (clone(cnn), 1))
    cuts = [mark for mark in published.MARKS if mark.ratio in (56, 108)]
    channels = published.Mark(
        published.CNN, 2, "half", "channel", "budget=macs", (1.0, 2.0, 3.0), "2", "X 9.9"
    )
    uniform = published.Mark(published.MLP, 56, "56x, uniform", options="allocation=uniform")
    monkeypatch.setattr(published, "MARKS", [*cuts, uniform, channels])
    arguments = ["--data", "digits:200", "--published", "--seeds", "1"]
    more = "pruning_epochs=1 fine_tune_epochs=1"
    arguments += ["--options", more]
    arguments += ["--out", str(tmp_path / "runs.csv"), "--cache", str(tmp_path / "cache")]
    pruning.main(arguments)
    printed = capsys.readouterr().out
    rows = [line.strip("| ").split(" | ") for line in printed.splitlines() if line.startswith("|")]
    assert len(rows) == 2 + 4
    assert rows[0][:6] == ["network", "cut", "dense", "screening", "magnitude", "seeds"]
    table = pruning.read(tmp_path / "runs.csv")
    assert len(table) == 8
    for row, mark in zip(rows[2:], published.MARKS, strict=True):
        runs = table[(table.network == mark.network) & (table.sparsity == mark.sparsity)]
        runs = runs[runs.options == f"{mark.options} {more}".strip()]
        errors = [100 * (1 - runs.dense_accuracy.iloc[0])]
        errors += [
            100 * (1 - runs.accuracy[runs.criterion == name].iloc[0])
            for name in ("screening", "magnitude")
        ]
        assert row[2:5] == [f"{error:.2f}" for error in errors]
        assert row[5] == "1"
    assert rows[2][3:5] != rows[4][3:5]
    assert rows[-1][-5:] == ["1.00", "2.00", "3.00", "2", "X 9.9"]


def test_the_table_without_a_run():
    lines = published.table().splitlines()
    assert len(lines) == 2 + 9
    assert lines[2] == "| lenet-300-100 | 56x | 1.67 | 1.68 | 1.70 | 2 to 3 | DNS 1.99 |"
