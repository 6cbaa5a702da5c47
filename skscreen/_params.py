"""Checks of constructor parameters, made in ``fit`` from one table per class.

A table maps a parameter's name to a check; a check is a pair of a predicate and the words that say
what the parameter must be.
"""

from collections.abc import Callable
from numbers import Integral, Real
from typing import Any, NamedTuple

import numpy as np

INFINITY = float("inf")


class Check(NamedTuple):
    """A predicate and its description."""

    holds: Callable[[Any], bool]
    words: str

    def __or__(self, other):
        return Check(
            lambda value: self.holds(value) or other.holds(value), f"{self.words} or {other.words}"
        )


def real(low, high, *, closed="both"):
    """Build the check for a finite real number between ``low`` and ``high``."""
    left = "[" if closed in ("both", "left") else "("
    right = "]" if closed in ("both", "right") else ")"

    def holds(value):
        if not isinstance(value, Real) or isinstance(value, bool | np.bool_):
            return False
        if not np.isfinite(value):
            return False
        above = value >= low if left == "[" else value > low
        below = value <= high if right == "]" else value < high
        return above and below

    return Check(holds, f"a number in {left}{low}, {high}{right}")


def integer(low):
    """Build the check for an integer of at least ``low``."""
    return Check(lambda value: is_integer(value) and value >= low, f"an integer of at least {low}")


def is_integer(value):
    """Return whether ``value`` is an integer, which a bool is not."""
    return isinstance(value, Integral) and not isinstance(value, bool | np.bool_)


def require_counts(**counts):
    """Raise a ValueError that names the first of these that is not an integer of at least 1."""
    for name, value in counts.items():
        if not is_integer(value) or value < 1:
            raise ValueError(f"{name} must be an integer of at least 1, got {value!r}")


def instance(kind):
    """Build the check for an object of a class."""
    return Check(lambda value: isinstance(value, kind), f"a {kind.__name__}")


def one_of(*options):
    """Build the check for one of the given strings."""
    names = ", ".join(repr(option) for option in options)
    words = f"one of {names}" if len(options) > 1 else names
    return Check(lambda value: isinstance(value, str) and value in options, words)


boolean = Check(lambda value: isinstance(value, bool | np.bool_), "a bool")
none = Check(lambda value: value is None, "None")
function = Check(callable, "a callable")
mapping = Check(lambda value: isinstance(value, dict), "a dict")
random_state = Check(
    lambda value: (
        value is None
        or isinstance(value, np.random.RandomState)
        or (is_integer(value) and value >= 0)
    ),
    "None, an integer of at least 0 or a numpy.random.RandomState",
)
sizes = Check(
    lambda value: (
        (is_integer(value) and value >= 1)
        or (
            isinstance(value, list | tuple | np.ndarray)
            and all(is_integer(size) and size >= 1 for size in value)
        )
    ),
    "an integer of at least 1 or a sequence of such integers",
)


def check_parameters(estimator, table):
    """Raise a ValueError that names the first parameter that is not what its check wants.

    Parameters
    ----------
    estimator : object
        Its attributes are checked.
    table : dict of str to Check
    """
    for name, check in table.items():
        value = getattr(estimator, name)
        if not check.holds(value):
            raise ValueError(
                f"{name} of {type(estimator).__name__} must be {check.words}, got {value!r}"
            )
