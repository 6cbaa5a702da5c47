"""benchmarks/mutants.py: what the mutation check says of the core, and how it puts mutants in."""

import sys
from types import ModuleType

import mutants


def test_nine_of_ten_mutants_are_killed_and_the_others_have_a_reason():
    assert mutants.complaints(mutants.read()) == []


def test_the_targets_are_there():
    for target in mutants.TARGETS.values():
        for path in (target.path, *target.tests):
            assert (mutants.ROOT / path).is_file(), path


def test_what_changes():
    assert mutants.changed_lines("a\n  b < c\nd\n", "a\n  b <= c\nd\n") == ("b < c", "b <= c")
    assert mutants.changed_lines("a\nb\na\n", "a\na\n") == ("b", "")


SOURCE = """
LIMIT = 3
def double(x, factor=2):
    return factor * x
def made(factor):
    return lambda x: factor * x
class Thing:
    def size(self):
        return double(LIMIT)
TABLE = {"made": made(2)}
"""


def test_who_holds_a_function_holds_the_mutant(monkeypatch):
    module, user = ModuleType("skscreen_core"), ModuleType("skscreen_user")
    monkeypatch.setitem(sys.modules, "skscreen_user", user)
    exec(compile(SOURCE, "core.py", "exec"), vars(module))
    vars(user).update({name: vars(module)[name] for name in ("LIMIT", "double", "Thing", "TABLE")})
    thing = user.Thing()
    assert (thing.size(), user.TABLE["made"](1)) == (6, 2)
    mutants.install(module, compile(SOURCE.replace("2", "5"), "core.py", "exec"))
    assert (user.double(1), thing.size(), user.TABLE["made"](1)) == (5, 15, 5)
    mutants.install(module, compile(SOURCE.replace("3", "4"), "core.py", "exec"))
    assert (user.LIMIT, thing.size()) == (4, 8)
    mutants.install(module, compile(SOURCE, "core.py", "exec"))
    assert (user.LIMIT, thing.size(), user.double(1)) == (3, 6, 2)
