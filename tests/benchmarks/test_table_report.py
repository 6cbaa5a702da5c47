"""benchmarks/table_report.py: the sections about tables with many inputs."""

import pandas as pd
import pytest
import table_report
from tables import KEY, MEASURED


def rows_of(*values):
    columns = ["table", "method", "sparsity", "seed", "score", "revision"]
    rows = pd.DataFrame(values, columns=columns).assign(part="test")
    return rows.reindex(columns=KEY + MEASURED)


@pytest.fixture
def rows():
    return rows_of(
        ("leaf", "screening", 0.9, 0, 10.0, "old"),
        ("leaf", "screening", 0.9, 5, 10.0, "old"),
        ("leaf", "screening", 0.9, 0, 90.0, "new"),
        ("leaf", "screening", 0.9, 1, 92.0, "new"),
        ("leaf", "screening", 0.98, 0, 80.0, "new"),
        ("leaf", "lasso", 0.0, 0, 85.0, "old"),
        ("wine+300", "screening", 0.9, 0, 70.0, "old"),
        ("digits+64", "screening", 0.9, 0, 60.0, "old"),
    )


def test_the_default_is_of_one_revision(rows):
    kept = table_report.of_one_revision(rows)
    assert list(kept[kept.table == "leaf"].score) == [90.0, 92.0, 80.0, 85.0]
    assert list(kept[kept.table != "leaf"].score) == [70.0, 60.0]


def test_means_and_other_numbers_of_seeds_in_brackets(rows):
    text = table_report.scores(
        table_report.of_one_revision(rows), ["leaf"], ["screening", "lasso", "wanda"]
    )
    assert text.splitlines()[2] == "| leaf | 2 | 91.0 / 80.0 | 85.0 (1) |  |"


def test_differences_are_over_common_seeds(rows):
    text = table_report.ahead(
        table_report.of_one_revision(rows).query("sparsity != 0.98"),
        ["leaf"],
        ["screening", "lasso"],
    )
    assert text.splitlines()[2] == "| leaf | +5.00 |"


def test_all_sections(rows, tmp_path):
    rows.to_csv(tmp_path / "tables.csv", index=False)
    text = table_report.sections(tmp_path / "tables.csv")
    headings = [line for line in text.splitlines() if line.startswith("#")]
    assert headings == [
        "## Tables with many inputs",
        "### Kept apart",
        "### With noise, of the development",
        "## 50 of the 784 inputs of Fashion-MNIST",
    ]
    assert "Points that the default is ahead of, 98 % cut:" in text
    assert "| skscreen | 0.824 ± 0.004 |" in text
