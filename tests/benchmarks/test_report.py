"""benchmarks/report.py: the committed tables are those of the results."""

import numpy as np
import pytest
import report
from pruning import read, summarise


def test_the_documents_are_up_to_date(capsys):
    assert report.main(["--check"]) == 0, "run python benchmarks/report.py"


@pytest.mark.parametrize(
    ("value", "digits", "sign", "text"),
    [
        (-0.494, 2, "", "−0.49"),
        (0.2, 2, "+", "+0.20"),
        (np.nan, 2, "", ""),
        (12.34, 1, "", "12.3"),
    ],
)
def test_numbers(value, digits, sign, text):
    assert report.number(value, digits, sign) == text


def test_spreads():
    assert report.with_spread(-0.5, 0.25, "+") == "−0.50 ± 0.25"
    assert report.with_spread(0.5, np.nan) == "0.50"
    assert report.with_spread(np.nan, np.nan) == ""


def test_every_setting_has_its_row():
    settings = summarise(read(report.RESULTS).query("split == 'test'"))
    text = report.document(settings)
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    sections = text.count("\n## ")
    assert len(lines) == len(settings) + 2 * sections
    assert "| 95 %, trained on as the dense one | magnitude |" in text
    assert "12.5 % of the multiply" not in text
    assert "| 87.5 % of the multiply-accumulates | screening, λ = 0.05 |" in text


def test_the_front_page_has_eight_rows_and_shows_losses():
    settings = summarise(read(report.RESULTS).query("split == 'test'"))
    rows = report.front(settings).splitlines()[2:]
    assert len(rows) == 8
    assert any("| −0.49 ± 0.41 |" in row for row in rows)


def test_insert_replaces_what_stands_between_the_markers():
    old = f"a\n{report.BEGIN}\n\nold\n\n{report.END}\nb\n"
    assert report.insert(old, "new") == old.replace("old", "new")


def test_stale_documents_are_found_and_written(tmp_path, monkeypatch, capsys):
    readme = tmp_path / "README.md"
    readme.write_text(f"{report.BEGIN}\n{report.END}\n")
    monkeypatch.setattr(report, "ROOT", tmp_path)
    monkeypatch.setattr(report, "README", readme)
    monkeypatch.setattr(report, "DOCUMENT", tmp_path / "results.md")
    assert report.main(["--check"]) == 1
    assert "README.md is not what" in capsys.readouterr().out
    assert report.main([]) == 0
    assert report.main(["--check"]) == 0
