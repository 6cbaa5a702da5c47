"""benchmarks/few_report.py: the sections about few samples and about epochs."""

import few_report
import pandas as pd
from few_samples import KEY, MEASURED

RUN = {
    **{"data": "fashion", "split": "test", "network": "lenet-300-100", "samples": 1000},
    **{"cut": "connections 90 %", "dense_accuracy": 0.9, "n_weights": 9, "macs": 9, "seconds": 8},
}


def runs(recipe, below, **changes):
    """Rows of runs that are so many points below dense, one for each seed."""
    return [
        RUN
        | {"recipe": recipe, "seed": seed, "accuracy": 0.9 - points / 100, "cpu_seconds": 4.25}
        | changes
        for seed, points in enumerate(below)
    ]


def test_sections(tmp_path):
    samples = [
        *runs("refit", [1.0, 2.0, 3.0]),
        *runs("training", [2.0, 4.0, 6.0]),
        *runs("refit", [50.0], split="validation"),
    ]
    columns = KEY + MEASURED
    pd.DataFrame(samples, columns=columns).to_csv(tmp_path / "few_samples.csv", index=False)
    epochs = runs("20 epochs", [-0.5], samples=60_000)
    pd.DataFrame(epochs, columns=columns).to_csv(tmp_path / "epochs.csv", index=False)
    lines = few_report.sections(tmp_path).splitlines()
    rows = [line for line in lines if line.startswith("| 300-100-10")]
    assert rows == [
        "| 300-100-10 | connections 90 % | 1,000 | refit | 10.00 | 2.00 ± 1.00 | +2.00 ± 2.48 "
        "| 4.2 | 3 |",
        "| 300-100-10 | connections 90 % | 1,000 | training | 10.00 | 4.00 ± 2.00 |  | 4.2 | 3 |",
        "| 300-100-10 | connections 90 % | 20 epochs | 10.00 | −0.50 | 4 | 1 |",
    ]
    assert [line for line in lines if line.startswith("## ")] == [
        "## Few samples",
        "## What epochs cost",
    ]
