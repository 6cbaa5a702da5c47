"""The Python blocks of the documents run, one after the other."""

import importlib.util
import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.filterwarnings("default")  # of the packages that the blocks call
@pytest.mark.parametrize("name", ["interop.md", "scale.md"])
def test_blocks_run(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = (DOCS / name).read_text()
    blocks = re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    variables = {"__name__": "__main__"}
    for block in blocks:
        if "import torch" in block and not importlib.util.find_spec("torch"):
            continue
        exec(compile(block, f"{name}: {block[:60]!r}", "exec"), variables)
    assert blocks or name == "scale.md"
