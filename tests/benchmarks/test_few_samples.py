"""benchmarks/few_samples.py: rows are run once, and the refit is compared with its best rival."""

import few_samples
import numpy as np
import pandas as pd
import pruning
import pytest

from skscreen import MLPClassifier

RUN = {
    **{"data": "fashion", "split": "test", "network": "lenet-300-100", "samples": 300},
    **{"cut": "connections 90 %", "seconds": 2.0, "cpu_seconds": 1.0, "dense_accuracy": 0.9},
}


def runs(below, recipe, **changes):
    """Rows of runs that are so many points below dense, one for each seed."""
    return [
        RUN | {"recipe": recipe, "seed": seed, "accuracy": 0.9 - points / 100} | changes
        for seed, points in enumerate(below)
    ]


def test_the_refit_is_paired_with_the_best_training_on_the_same_samples():
    table = pd.DataFrame(
        [
            *runs([1.0, 2.0, 3.0], "refit"),
            *runs([9.0, 9.0, 9.0], "training"),
            *runs([2.0, 4.0, 6.0], "training, 100 epochs"),
            *runs([0.0, 0.0, 0.0], "training", samples=1000),
            *runs([0.0, 0.0, 0.0], "training", cut="connections 95 %"),
        ]
    )
    refit, *others = few_samples.summarise(table).itertuples()
    assert refit.below == pytest.approx(2)
    assert refit.sd == pytest.approx(1)
    # differences 1, 2, 3: mean 2, standard error 0.577350, t(2) = 4.302653
    assert refit.ahead == pytest.approx(2)
    assert refit.half == pytest.approx(0.577350 * 4.302653, rel=1e-5)
    assert all(np.isnan(row.ahead) for row in others)
    assert (refit.seeds, refit.dense, refit.cpu_seconds) == (3, pytest.approx(10), 1.0)


@pytest.mark.parametrize(
    ("more", "recipes"),
    [
        (["--recipes", "refit", "training", "--samples", "100"], ["refit", "training"]),
        (["--epochs"], list(few_samples.EPOCHS)),
    ],
)
def test_a_run_is_made_once(more, recipes, tmp_path, monkeypatch, capsys):
    net = MLPClassifier((8,), batch_size=128, learning_rate="cosine")
    monkeypatch.setitem(pruning.NETWORKS, "lenet-300-100", (net, 1))
    arguments = ["--data", "digits", "--network", "lenet-300-100", "--cuts", "connections 90 %"]
    arguments += ["--seeds", "1", "--out", str(tmp_path / "runs.csv"), *more]
    arguments += ["--cache", str(tmp_path / "cache")]
    few_samples.main(arguments)
    first = capsys.readouterr()
    assert first.err.count("'recipe'") == len(recipes)
    table = pd.read_csv(tmp_path / "runs.csv")
    assert table.recipe.tolist() == recipes
    assert table.n_weights.between(55, round(0.1 * (64 * 8 + 8 * 10))).all()  # less what is dead
    few_samples.main(arguments)
    again = capsys.readouterr()
    assert (again.out, again.err) == (first.out, "")


def test_the_refit_sees_no_labels_and_has_four_rivals():
    unlabelled = [name for name, (labelled, _) in few_samples.RECIPES.items() if not labelled]
    assert unlabelled == ["refit", "refit, then distilled"]
    assert len(few_samples.RIVALS) == 4
