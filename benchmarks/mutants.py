"""Check by mutation that the suite notices when a line of the core says something else.

    python benchmarks/mutants.py              all modules; rewrites their rows and docs/mutants.md
    python benchmarks/mutants.py masks pool   some of them
    python benchmarks/mutants.py --survivors  only what survived last time, after a new test
    python benchmarks/mutants.py --report     runs nothing; the document anew from the rows
    python benchmarks/mutants.py --check      fails below 90 %, or where a survivor has no reason

Cosmic Ray (``pip install cosmic-ray``) makes the mutants. Nothing mutated is ever written: each
mutant is put into the loaded module, in a process that was forked when the tests that mirror the
module were collected already. Kernels run as plain Python then, for compiling each mutant would
take longer than running it. A survivor's reason is written into
``benchmarks/results/mutants.json`` by hand, and stays there as long as the survivor does.
"""

import argparse
import gc
import hashlib
import importlib
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
from types import FunctionType

ROOT = Path(__file__).resolve().parent.parent
ROWS = ROOT / "benchmarks" / "results" / "mutants.json"
DOCUMENT = ROOT / "docs" / "mutants.md"
MARK = "<!-- what follows is written by benchmarks/mutants.py -->\n"
GOAL = 0.9
SEED = 0
SAMPLE = 150
# Nodes of annotations: what a type is called decides nothing.
NO_CODE = {"annassign", "tfpdef", "tname"}


@dataclass(frozen=True)
class Target:
    """A module and the tests that mirror it, all or those of a keyword expression."""

    path: str
    tests: tuple
    keyword: str = ""

    @property
    def name(self):
        """Short name: the file's."""
        return Path(self.path).stem

    @property
    def module(self):
        """Dotted name."""
        return self.path.removesuffix(".py").replace("/", ".")


KERNELS = "tests/kernels/test_kernels.py"
# What is quick of the tests of streaming moments.
STREAMS = "not workers and not partition and not depend"
TARGETS = {
    target.name if target.path != "skscreen/kernels/moments.py" else "kernel-moments": target
    for target in (
        Target("skscreen/kernels/activations.py", (KERNELS,), "activations or drop_units or relu"),
        Target("skscreen/kernels/columns.py", ("tests/kernels/test_columns.py",)),
        Target("skscreen/kernels/conv.py", (KERNELS,), "im2col"),
        Target("skscreen/kernels/losses.py", (KERNELS,), "TestLosses"),
        Target("skscreen/kernels/moments.py", (KERNELS,), "moments"),
        Target("skscreen/kernels/planes.py", (KERNELS,), "im2col or pool"),
        Target("skscreen/kernels/pool.py", (KERNELS,), "max_pool"),
        Target(
            "skscreen/kernels/updates.py", (KERNELS,), "tiny or decays or (TestUpdates and False)"
        ),
        Target("skscreen/pruning/allocation.py", ("tests/pruning/test_allocation.py",)),
        Target(
            "skscreen/pruning/masks.py",
            ("tests/pruning/test_masks.py", "tests/pruning/test_granularity.py"),
            "not pruned_network and not without_any and not every_kept and not wasted",
        ),
        Target(
            "skscreen/pruning/granularity.py", ("tests/pruning/test_granularity.py",), "TestBase"
        ),
        Target(
            "skscreen/pruning/connections.py",
            ("tests/pruning/test_connections.py", "tests/pruning/test_granularity.py"),
            "not pruned_network and not without_any",
        ),
        Target("skscreen/pruning/units.py", ("tests/pruning/test_units.py",)),
        Target("skscreen/screening/selection.py", ("tests/screening/test_parameter_objects.py",)),
        Target(
            "skscreen/screening/moments.py",
            ("tests/screening/test_moments.py", "tests/screening/test_scales.py"),
            STREAMS,
        ),
        *(
            Target(
                f"skscreen/screening/{name}.py",
                (
                    "tests/screening/test_regression_moments.py",
                    "tests/screening/test_spread.py",
                    "tests/screening/test_moments.py",
                    "tests/screening/test_scales.py",
                ),
                STREAMS,
            )
            for name in ("regression_moments", "spread")
        ),
        Target(
            "skscreen/screening/weights.py",
            ("tests/screening/test_weights.py", "tests/screening/test_moments.py"),
            "totals or worth or naive_twin or by_hand",
        ),
        Target(
            "skscreen/screening/second_moments.py",
            ("tests/screening/test_second_moments.py",),
        ),
        Target(
            "skscreen/screening/statistics.py",
            (
                "tests/screening/test_statistics.py",
                "tests/screening/test_screens.py",
                "tests/screening/test_weights.py",
            ),
            "test_statistics or omega or by_hand or constant",
        ),
    )
}


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
    """Draw mutants that compile to something else; (function, before, after, code) of each."""
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
                yield where, *changed_lines(source, text), code
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


def install(module, code):
    """Let a module that others have imported from already be another one.

    Its functions get the code of the mutant's, its classes their attributes, its tables their
    entries: whoever holds them holds the mutant.
    """
    old = dict(vars(module))
    exec(code, vars(module))
    for name, before in old.items():
        now = vars(module)[name]
        if now is before or name.startswith("__"):
            continue
        if isinstance(before, FunctionType) and before.__module__ == module.__name__:
            before.__code__ = now.__code__
            before.__defaults__, before.__kwdefaults__ = now.__defaults__, now.__kwdefaults__
        elif isinstance(before, type) and before.__module__ == module.__name__:
            for attribute, value in vars(now).items():
                if attribute not in ("__dict__", "__weakref__", "__doc__"):
                    setattr(before, attribute, value)
        elif isinstance(before, dict):
            before.clear()
            before.update(now)
        else:
            _spread(name, before, now)
            continue
        vars(module)[name] = before


def _spread(name, before, now):
    """Replace a constant where it was imported to under its name."""
    for other in list(sys.modules.values()):
        inside = getattr(other, "__name__", "").startswith("skscreen")
        if inside and vars(other).get(name, now) is before:
            setattr(other, name, now)


def run(module, code, session, limit):
    """Run collected tests on a mutant, in a fork of this process.

    Returns
    -------
    outcome : {"survived", "killed", "timeout"}
    seconds : float
        Of the processor.
    """
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    child = os.fork()
    if child == 0:
        try:
            _limit(limit)
            install(module, code)
            for item in session.items:
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
                if session.testsfailed:
                    os._exit(1)
            os._exit(0)
        finally:
            os._exit(2)  # the module cannot even be imported
    status = os.waitpid(child, 0)[1]
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    if status == 0:
        return "survived", seconds
    return "timeout" if os.WIFSIGNALED(status) and seconds >= limit else "killed", seconds


def _limit(seconds):
    # of the processor: a machine that is busy kills no mutant
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_AS, (8 << 30, 8 << 30))
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (1, 2):
        os.dup2(nowhere, stream)
    gc.disable()


class Campaign:
    """A plugin of pytest that runs a module's mutants where pytest would run the tests."""

    def __init__(self, target, last, options):
        self.target, self.last, self.options = target, last, options
        self.row = None

    def pytest_runtestloop(self, session):
        """Run the collected tests once as they are, then on each mutant."""
        module = importlib.import_module(self.target.module)
        source = (ROOT / self.target.path).read_text(encoding="utf-8")
        sound = compile(source, module.__file__, "exec")
        outcome, seconds = run(module, sound, session, 600)
        if outcome != "survived" or not session.items:
            raise SystemExit(f"the tests of {self.target.path} fail without a mutant")
        print(f"   {len(session.items)} tests, {seconds:.1f} s", flush=True)
        limit = int(10 + 5 * seconds)
        self.row = self._rows(source, lambda code: run(module, code, session, limit)[0])
        return True

    def _rows(self, source, outcome_of):
        options, last = self.options, self.last.get("survivors", [])
        old = {(s["where"], s["before"], s["after"]): s["reason"] for s in last}
        every = positions(source)
        # the same source, seed and number draw the same mutants: those killed need not run again
        drawn = {"source": hashlib.sha256(source.encode()).hexdigest()[:16], "seed": options.seed}
        drawn |= {"path": self.target.path, "mutants": len(every), "sample": options.sample}
        again = options.survivors and drawn.items() <= self.last.items()
        row = drawn | {"run": 0, "timeouts": 0, "survivors": []}
        for *mutant, code in mutants(source, every, options.sample, options.seed):
            row["run"] += 1
            if again and tuple(mutant) not in old:
                continue
            outcome = outcome_of(code)
            row["timeouts"] += outcome == "timeout"
            if outcome == "survived":
                entry = dict(zip(("where", "before", "after"), mutant, strict=True))
                row["survivors"].append(entry | {"reason": old.get(tuple(mutant), "")})
                print("  {run}: {where}: {before}  ->  {after}".format(**row, **entry), flush=True)
        if again:
            row["timeouts"] = self.last["timeouts"]
        return row


def campaign(target, last, options):
    """Run a module's mutants in a process of their own, which imports what is not mutated."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        import numba
        import pytest
        from hypothesis import Phase, settings

        numba.config.DISABLE_JIT = True
        os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
        quick = {"derandomize": True, "database": None, "deadline": None, "max_examples": 40}
        quick |= {"phases": (Phase.explicit, Phase.generate)}  # one failure is enough
        settings.register_profile("mutants", **quick)
        settings.load_profile("mutants")
        plugin = Campaign(target, last, options)
        arguments = ["-q", "--tb=no", "--assert=plain", "-p", "no:cacheprovider", "-s"]
        arguments += ["-o", "addopts=", "--import-mode=importlib"]
        keyword = ["-k", target.keyword] if target.keyword else []
        pytest.main([*arguments, *keyword, *target.tests], plugins=[plugin])
        with os.fdopen(writer, "w") as pipe:
            json.dump(plugin.row, pipe)
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        row = json.loads(pipe.read() or "null")
    os.waitpid(child, 0)
    if row is None:
        raise SystemExit(f"the campaign of {target.path} ended early")
    return row


def read():
    """Return the rows, by the names of their targets."""
    return json.loads(ROWS.read_text(encoding="utf-8")) if ROWS.exists() else {}


def share(row):
    """Return the share of the mutants that were killed."""
    return 1 - len(row["survivors"]) / row["run"]


def document(rows):
    """Return the document: what its head says by hand, and the tables."""
    table = ["| module | mutants | run | killed | survived | share |", "|---|---|---|---|---|---|"]
    everything = {"mutants": 0, "run": 0, "survivors": []}
    for row in rows.values():
        everything = {key: value + row[key] for key, value in everything.items()}
        table.append(_line(f"`{row['path'].removeprefix('skscreen/')}`", row))
    parts = ["\n".join([*table, _line("together", everything)]), "## Survivors"]
    for row in rows.values():
        if row["survivors"]:
            parts.append(f"### {row['path'].removeprefix('skscreen/')}")
            parts.append("\n".join(_survivors(row["survivors"])))
    head = DOCUMENT.read_text(encoding="utf-8").split(MARK)[0]
    return head + MARK + "\n" + "\n\n".join(parts) + "\n"


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


def complaints(rows):
    """Return what keeps the rows from holding: a low share, or a survivor without a reason."""
    found = [f"{name} was not run" for name in TARGETS if name not in rows]
    for name, row in rows.items():
        if share(row) < GOAL:
            found.append(f"of {name} only {share(row):.1%} were killed")
        found += [
            f"a survivor of {name} has no reason: {survivor['before']} -> {survivor['after']}"
            for survivor in row["survivors"]
            if not survivor["reason"]
        ]
    if DOCUMENT.read_text(encoding="utf-8") != document(rows):
        found.append("docs/mutants.md is not that of the rows: --report")
    return found


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
    rows = read()
    if options.check:
        raise SystemExit("\n".join(complaints(rows)) or 0)
    for name in () if options.report else options.modules or TARGETS:
        start = time.time()
        print(f"== {name}", flush=True)
        row = campaign(TARGETS[name], rows.get(name, {}), options)
        rows = read() | {name: row}  # reasons may have been written meanwhile
        minutes = (time.time() - start) / 60
        print(f"   {share(rows[name]):.1%} killed, {minutes:.1f} min", flush=True)
        rows = {name: rows[name] for name in TARGETS if name in rows}
        ROWS.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    DOCUMENT.write_text(document(rows), encoding="utf-8")


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    os.chdir(ROOT)
    main()
