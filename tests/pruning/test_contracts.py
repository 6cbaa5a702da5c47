"""Kinds of room-mates: a new one is a new class, and no other file knows its name."""

import ast
from pathlib import Path

import numpy as np
import pytest
from small import X, network, quick, y

import skscreen
from skscreen.pruning import GRANULARITIES, Choice, Connections, Granularity, register

ROOT = Path(skscreen.__file__).parent


@pytest.fixture
def two_of_four():
    @register("2:4")
    class Blocks(Connections):
        def select(self, evidence, scores, goal):
            masks = []
            for score in scores:
                rank = np.full((-(-len(score) // 4) * 4, score.shape[1]), -np.inf)
                rank[: len(score)] = score
                order = rank.reshape(-1, 4, score.shape[1]).argsort(1).argsort(1)
                masks.append((order >= 2).reshape(rank.shape)[: len(score)] | (score == np.inf))
            return Choice(masks, masks, scores)

    yield
    del GRANULARITIES["2:4"]


@pytest.mark.usefixtures("two_of_four")
def test_a_granularity_of_ones_own():
    pruner = quick(network(), granularity="2:4", random_state=0).fit(X, y)
    for mask in pruner.masks_[:1]:
        assert (mask.reshape(-1, 4, mask.shape[1]).sum(axis=1) == 2).all()
    assert pruner.sparsity_ == pytest.approx(0.5, abs=0.01)
    assert pruner.score(X, y) > 0.8
    assert "layer 0:" in str(pruner.report_)


def test_what_is_not_written_cannot_be_used():
    class Nothing(Granularity):
        pass

    with pytest.raises(TypeError, match="abstract method"):
        Nothing(network().fit(X, y).network_)


def code_strings(path):
    """String constants of a module that are not docstrings, nor defaults of a signature."""
    tree = ast.parse(path.read_text())
    spared = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            first = node.body[0]
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                spared.add(first.value)
        if isinstance(node, ast.arguments):
            spared |= {*node.defaults, *node.kw_defaults}
        if isinstance(node, ast.keyword) and node.arg == "default":
            spared.add(node.value)
    return {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in spared
    }


def test_no_file_but_its_own_knows_the_name_of_a_granularity():
    for name, granularity in GRANULARITIES.items():
        files = [path for path in ROOT.rglob("*.py") if name in code_strings(path)]
        own = ROOT.joinpath(*granularity.__module__.split(".")[1:]).with_suffix(".py")
        assert files == [own], name


def private_names(tree):
    """Names with one leading underscore that classes and functions of a module define."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            names.add(node.attr)
    return {name for name in names if name.startswith("_") and not name.startswith("__")}


def test_no_private_name_is_used_across_rooms():
    trees = {path: ast.parse(path.read_text()) for path in ROOT.rglob("*.py")}
    defined = {}
    for path, tree in trees.items():
        room = path.relative_to(ROOT).parts[0]
        defined.setdefault(room, set()).update(private_names(tree))
    for path, tree in trees.items():
        room = path.relative_to(ROOT).parts[0]
        others = set().union(*(names for other, names in defined.items() if other != room))
        used = {
            node.attr
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute)
            and node.attr.startswith("_")
            and not node.attr.startswith("__")
        }
        assert not (used & others) - defined[room], path


def test_private_names_of_scikit_learn_stay_in_one_file():
    files = set()
    for path in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sklearn"):
                names = [*node.module.split("."), *(alias.name for alias in node.names)]
                if any(name.startswith("_") for name in names):
                    files.add(path.name)
    assert len(files) <= 1, files
