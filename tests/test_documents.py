"""Every Python block of the documents runs, in the order of its file."""

import importlib.util
import re
from pathlib import Path

import pytest
import sklearn.datasets

ROOT = Path(__file__).parents[1]
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)#]*)(#[^)]*)?\)")


def blocks(path):
    """Code of a document, with its line numbers as in the file."""
    text = path.read_text(encoding="utf-8")
    return [
        compile("\n" * text[: found.start(1)].count("\n") + found[1], str(path), "exec")
        for found in BLOCK.finditer(text)
    ]


def test_the_documents_have_blocks():
    assert len(blocks(ROOT / "README.md")) >= 3
    assert len(blocks(ROOT / "docs" / "guide.md")) >= 8


@pytest.mark.filterwarnings("default")  # of the packages that the blocks call
@pytest.mark.parametrize("path", [p for p in DOCUMENTS if blocks(p)], ids=lambda p: p.name)
def test_blocks_run(path, tmp_path, monkeypatch, capsys):
    whole = sklearn.datasets.load_digits

    def few_digits(**options):
        found = whole(**options)
        if isinstance(found, tuple):
            return tuple(part[:240] for part in found)
        found.update(data=found.data[:240], target=found.target[:240])
        return found

    monkeypatch.setattr(sklearn.datasets, "load_digits", few_digits)
    monkeypatch.chdir(tmp_path)
    names = {"__name__": "document"}
    for block in blocks(path):
        # gigabytes, so the tests' environment need not have it; .ci/run does
        if "torch" not in block.co_names or importlib.util.find_spec("torch"):
            exec(block, names)


def anchors(path):
    """Anchors of a document's headings."""
    headings = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {"#" + re.sub(r"[^\w\- ]", "", name).lower().replace(" ", "-") for name in headings}


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda p: p.name)
def test_links_lead_somewhere(path):
    for target, anchor in LINK.findall(path.read_text(encoding="utf-8")):
        if target.startswith("http"):
            continue
        file = (path.parent / target).resolve() if target else path
        assert file.exists(), target
        assert not anchor or anchor in anchors(file), target + anchor


def test_the_front_page_is_short():
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 180
