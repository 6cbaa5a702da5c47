"""Mutation check: does the suite notice when a line of the core says something else?

    python benchmarks/mutants.py                 all modules; docs/mutants.md and its rows are rewritten
    python benchmarks/mutants.py masks pool      some of them
    python benchmarks/mutants.py --survivors     only what survived last time: after a new test
    python benchmarks/mutants.py --report        nothing runs; the document anew from the rows
    python benchmarks/mutants.py --check         fails below 90 %, or for a survivor without a reason

Cosmic Ray (``pip install cosmic-ray``) makes the mutants. Nothing mutated is ever written: each
mutant is imported from memory, in a process that was forked when NumPy and its friends were loaded
already, and meets the tests that mirror its module. Kernels run as plain Python then, for compiling
each mutant would take longer than running it. A survivor's reason is written into
``benchmarks/results/mutants.json`` by hand, and stays there as long as the survivor does.
"""

import argparse
import gc
import importlib.abc
import importlib.machinery
import importlib.util
import itertools
import json
import os
import random
import resource
import sys
import time
import warnings
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ROWS = ROOT / "benchmarks" / "results" / "mutants.json"
DOCUMENT = ROOT / "docs" / "mutants.md"
MARK = "<!-- what follows is written by benchmarks/mutants.py -->\n"
GOAL = 0.9
SEED = 0
SAMPLE = 400
# Numbers of a line's mutants are no mutants of their own: what a type is called decides nothing.
NO_CODE = {"annassign", "tfpdef", "tname"}


@dataclass(frozen=True)
class Target:
    """A module and the tests that mirror it; ``jit`` where they train networks."""

    path: str
    tests: tuple
    keyword: str = ""
    jit: bool = False

    @property
    def name(self):
        """Short name: the file's."""
        return Path(self.path).stem

    @property
    def module(self):
        """Dotted name."""
        return self.path.removesuffix(".py").replace("/", ".")


KERNELS = "tests/kernels/test_kernels.py"
FAST = "not TestUpdates and not decays"
TARGETS = {
    target.name if target.path != "skscreen/kernels/moments.py" else "kernel-moments": target
    for target in (
        Target("skscreen/kernels/activations.py", (KERNELS,), FAST),
        Target("skscreen/kernels/columns.py", ("tests/kernels/test_columns.py",)),
        Target("skscreen/kernels/conv.py", (KERNELS,), FAST),
        Target("skscreen/kernels/losses.py", (KERNELS,), FAST),
        Target("skscreen/kernels/moments.py", (KERNELS,), FAST),
        Target("skscreen/kernels/planes.py", (KERNELS,), FAST),
        Target("skscreen/kernels/pool.py", (KERNELS,), FAST),
        Target("skscreen/kernels/updates.py", (KERNELS,), "TestUpdates or decays"),
        Target("skscreen/pruning/allocation.py", ("tests/pruning/test_allocation.py",)),
        Target(
            "skscreen/pruning/masks.py",
            ("tests/pruning/test_masks.py", "tests/pruning/test_granularity.py"),
            "not pruned_network and not without_any and not every_kept and not wasted",
        ),
        Target("skscreen/screening/selection.py", ("tests/screening/test_parameter_objects.py",)),
        Target(
            "skscreen/screening/moments.py",
            ("tests/screening/test_moments.py", "tests/screening/test_scales.py"),
            "not workers and not partition",
        ),
    )
}


class Mutated(importlib.machinery.SourceFileLoader, importlib.abc.MetaPathFinder):
    """Import one module from a text that is not that of its file."""

    def __init__(self, name, path, source):
        super().__init__(name, path)
        self.code = compile(source, path, "exec")

    def find_spec(self, name, path=None, target=None):
        """Say that this is where the module comes from, and no other."""
        if name == self.name:
            return importlib.util.spec_from_file_location(name, self.path, loader=self)
        return None

    def get_code(self, name):
        """Return the mutant."""
        return self.code


def positions(source):
    """Return (operator, number of the occurrence, name of the function) of each mutant."""
    from cosmic_ray import plugins
    from cosmic_ray.ast import ast_nodes, get_ast
    from cosmic_ray.ast.ast_query import ASTQuery

    nodes = list(ast_nodes(get_ast(source)))
    found = []
    for name in sorted(plugins.operator_names()):
        operator_class = plugins.get_operator(name)
        if operator_class.arguments() or name.endswith("RemoveDecorator"):
            continue  # without the compiler a kernel's decorator does nothing
        operator = operator_class()
        occurrences = (node for node in nodes for _ in operator.mutation_positions(node))
        found += [
            (operator, number, ASTQuery(node).get_definition_name() or "")
            for number, node in enumerate(occurrences)
            if not in_annotation(node)
        ]
    return found


def mutants(source, every, n_mutants, seed):
    """Draw mutants that compile to something else; (function, before, after, text) of each."""
    from cosmic_ray.mutating import mutate_code

    every = random.Random(seed).sample(every, len(every))
    seen = {compile(source, "", "exec")}
    drawn = 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)  # "x is 1" is a mutant like others
        for operator, number, where in every:
            text = mutate_code(source, operator, number)
            try:
                code = compile(text, "", "exec")
            except SyntaxError:
                continue
            if code not in seen:
                seen.add(code)
                yield where, *changed_lines(source, text), text
                drawn += 1
                if drawn == n_mutants:
                    return


def in_annotation(node):
    """Whether a node belongs to what an argument or a variable is said to be."""
    while node is not None and node.type != "suite":
        if node.type in NO_CODE:
            return True
        node = node.parent
    return False


def changed_lines(before, after):
    """Return what a mutant replaces and by what."""
    before, after = before.splitlines(), after.splitlines()
    pairs = itertools.zip_longest(before, after)
    first = next(number for number, (old, new) in enumerate(pairs) if old != new)
    pairs = itertools.zip_longest(reversed(before[first:]), reversed(after[first:]))
    same = sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], pairs))
    parts = (lines[first : len(lines) - same] for lines in (before, after))
    return tuple(" ".join(line.strip() for line in part) for part in parts)


def run(target, source, limit=None):
    """Run a target's tests on a mutant, in a fork of this process.

    Returns
    -------
    outcome : {"survived", "killed", "timeout"}
    seconds : float
        Of the processor.
    """
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    child = os.fork()
    if child == 0:
        _exit_with_tests(target, source, limit)
    status = os.waitpid(child, 0)[1]
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    if status == 0:
        return "survived", seconds
    return "timeout" if os.WIFSIGNALED(status) and seconds >= (limit or 1e9) else "killed", seconds


def _exit_with_tests(target, source, limit):
    import numba
    import pytest
    from hypothesis import settings

    if limit is not None:  # of the processor: a machine that is busy kills no mutant
        resource.setrlimit(resource.RLIMIT_CPU, (limit, limit))
        resource.setrlimit(resource.RLIMIT_AS, (8 << 30, 8 << 30))
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (1, 2) if limit is not None else ():
        os.dup2(nowhere, stream)
    gc.disable()
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    quick = {"derandomize": True, "database": None, "deadline": None, "max_examples": 40}
    settings.register_profile("mutants", **quick)
    settings.load_profile("mutants")
    numba.config.DISABLE_JIT = not target.jit
    sys.meta_path.insert(0, Mutated(target.module, str(ROOT / target.path), source))
    arguments = ["-x", "-q", "--tb=no", "--assert=plain", "-p", "no:cacheprovider"]
    arguments += ["-o", "addopts=", "--import-mode=importlib"]
    keyword = ["-k", target.keyword] if target.keyword else []
    os._exit(int(pytest.main([*arguments, *keyword, *target.tests])))


def preload():
    """Import, once for all forks, what is never mutated."""
    for name in (
        "hypothesis.extra.numpy",
        "joblib",
        "numba",
        "pytest",
        "scipy.optimize",
        "scipy.stats",
        "sklearn.datasets",
        "sklearn.feature_selection",
        "sklearn.model_selection",
        "sklearn.neural_network",
        "sklearn.pipeline",
        "sklearn.utils.estimator_checks",
    ):
        importlib.import_module(name)


def campaign(target, last, *, sample, seed, survivors):
    """Run a module's mutants; return its row."""
    source = (ROOT / target.path).read_text()
    outcome, seconds = run(target, source)
    if outcome != "survived":
        raise SystemExit(f"the tests of {target.path} fail without a mutant")
    limit = int(20 + 5 * seconds)
    every = positions(source)
    old = {(s["where"], s["before"], s["after"]): s["reason"] for s in last.get("survivors", [])}
    row = {"path": target.path, "mutants": len(every), "run": 0, "seed": seed, "timeouts": 0}
    row["survivors"] = []
    for *mutant, text in mutants(source, every, sample, seed):
        row["run"] += 1
        if survivors and tuple(mutant) not in old:
            continue  # killed last time
        outcome, _ = run(target, text, limit)
        row["timeouts"] += outcome == "timeout"
        if outcome == "survived":
            entry = dict(zip(("where", "before", "after"), mutant, strict=True))
            row["survivors"].append(entry | {"reason": old.get(tuple(mutant), "")})
            print("  {where}: {before}  ->  {after}".format(**entry), flush=True)
    if survivors:
        row["timeouts"] = last["timeouts"]
    return row


def share(row):
    """Return the share of the mutants that were killed."""
    return 1 - len(row["survivors"]) / row["run"]


def report(rows):
    """Rewrite the tables of the document."""
    table = ["| module | mutants | run | killed | survived | share |", "|---|---|---|---|---|---|"]
    everything = {"run": 0, "survivors": []}
    for row in rows:
        everything["run"] += row["run"]
        everything["survivors"] += row["survivors"]
        table.append(_line(f"`{row['path'].removeprefix('skscreen/')}`", row))
    everything["mutants"] = sum(row["mutants"] for row in rows)
    parts = [[*table, _line("together", everything)]]
    for row in rows:
        if row["survivors"]:
            parts.append([f"### {row['path'].removeprefix('skscreen/')}"])
            parts.append(_survivors(row["survivors"]))
    head = DOCUMENT.read_text().split(MARK)[0]
    DOCUMENT.write_text(head + MARK + "\n" + "\n\n".join("\n".join(p) for p in parts) + "\n")


def _line(name, row):
    survived = len(row["survivors"])
    killed = row["run"] - survived
    return (
        f"| {name} | {row['mutants']:,} | {row['run']:,} | {killed:,} | {survived} "
        f"| {100 * share(row):.1f} % |"
    )


def _survivors(survivors):
    """List survivors below the reason that they share."""
    lines = []
    for reason in dict.fromkeys(survivor["reason"] for survivor in survivors):
        lines.append(f"- {reason or 'no reason yet'}")
        lines += [
            f"  - `{s['where']}`: `{s['before']}` became `{s['after']}`"
            for s in survivors
            if s["reason"] == reason
        ]
    return lines


def check(rows):
    """Fail below the goal, or for a survivor without a reason."""
    missing = set(TARGETS) - set(rows)
    low = [name for name, row in rows.items() if share(row) < GOAL]
    bare = [name for name, row in rows.items() if not all(s["reason"] for s in row["survivors"])]
    if missing or low or bare:
        raise SystemExit(
            f"not run: {sorted(missing)}; below {GOAL:.0%}: {low}; without a reason: {bare}"
        )


def main():
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("modules", nargs="*", choices=[[], *TARGETS], metavar="module")
    parser.add_argument("--sample", type=int, default=SAMPLE, help="at most so many of a module")
    parser.add_argument("--seed", type=int, default=SEED, help="which, where there are more")
    parser.add_argument("--survivors", action="store_true")
    parser.add_argument("--report", action="store_true")
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    rows = json.loads(ROWS.read_text()) if ROWS.exists() else {}
    if not options.report and not options.check:
        preload()
        for name in options.modules or TARGETS:
            start = time.time()
            print(f"== {name}", flush=True)
            rows[name] = campaign(
                TARGETS[name],
                rows.get(name, {}),
                sample=options.sample,
                seed=options.seed,
                survivors=options.survivors,
            )
            minutes = (time.time() - start) / 60
            print(f"   {share(rows[name]):.1%} killed, {minutes:.1f} min", flush=True)
            rows = {name: rows[name] for name in TARGETS if name in rows}
            ROWS.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n")
    report(list(rows.values()))
    if options.check:
        check(rows)


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    os.chdir(ROOT)
    main()
