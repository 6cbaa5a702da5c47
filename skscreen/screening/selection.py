"""Choosing units by significance and effect size instead of by number."""

import numpy as np
from numpy.typing import NDArray
from scipy.stats import false_discovery_control
from sklearn.base import BaseEstimator

from skscreen._params import check_parameters, one_of, real
from skscreen.screening.statistics import FStatistics


def _false_positive_rate(p, level):
    return p <= level


def _false_discovery_rate(p, level):
    return false_discovery_control(p) <= level


def _family_wise_error(p, level):
    return p <= level / len(p)


#: rule -> function of (p, level) that marks what is significant
SELECTIONS = {
    "fpr": _false_positive_rate,
    "fdr": _false_discovery_rate,
    "fwe": _family_wise_error,
}

#: poolings that make of a unit's positions something else than one observation per sample
POOLINGS_WITHOUT_P = {
    "positions": "counts correlated positions as independent samples",
    "local": "averages the p-values of the positions",
}


class Significance(BaseEstimator):
    """Selection of units by their p-values, and their effect sizes.

    Parameters
    ----------
    rule : {"fpr", "fdr", "fwe"}, default="fdr"
        What is held at ``level``: the share of false positives among the units without effect;
        the expected share of false ones among those marked (Benjamini & Hochberg 1995); the
        chance of any false one (Bonferroni).
    level : float in (0, 1), default=0.05
        The level.
    min_effect : float in [0, 1], default=0.0
        Least eta2, for a statistic that has it. With many samples the tiniest effect is
        significant; this asks for one that matters.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skscreen.screening import Significance, f_statistic
    >>> rule = Significance("fwe", level=0.001, min_effect=0.6)
    >>> rule(f_statistic(*load_iris(return_X_y=True)))
    array([ True, False,  True,  True])
    >>> print(rule)
    fwe at 0.001, eta2 of at least 0.6
    """

    _parameter_checks = {
        "rule": one_of(*SELECTIONS),
        "level": real(0, 1, closed="neither"),
        "min_effect": real(0, 1),
    }

    def __init__(self, rule="fdr", *, level=0.05, min_effect=0.0):
        self.rule = rule
        self.level = level
        self.min_effect = min_effect

    def check(self):
        """Raise a ValueError that names the first bad parameter; return self."""
        check_parameters(self, self._parameter_checks)
        return self

    def __call__(self, statistics):
        """Mark the units that are significant and have some effect.

        Parameters
        ----------
        statistics : FStatistics

        Returns
        -------
        selected : ndarray of bool of shape (n_units,)
        """
        self.check()
        if np.isnan(statistics.p).any():
            raise ValueError(f"rule={self.rule!r} needs a statistic with p-values, got NaN")
        selected = SELECTIONS[self.rule](statistics.p, self.level)
        if self.min_effect == 0:
            return selected
        if np.isnan(statistics.eta2).any():
            raise ValueError(
                f"min_effect={self.min_effect} needs a statistic with an effect size, got NaN"
            )
        return selected & (statistics.eta2 >= self.min_effect)

    def __str__(self):
        effect = f", eta2 of at least {self.min_effect:g}" if self.min_effect else ""
        return f"{self.rule} at {self.level:g}{effect}"


def resolve_selection(selection):
    """Return the checked `Significance` that a name stands for; None stays None.

    Raises
    ------
    ValueError
        For anything else, or a bad parameter.
    """
    if selection is None:
        return None
    if isinstance(selection, str) and selection in SELECTIONS:
        return Significance(selection)
    if not isinstance(selection, Significance):
        names = ", ".join(repr(name) for name in SELECTIONS)
        raise ValueError(
            f"selection must be None, one of {names} or a Significance, got {selection!r}"
        )
    return selection.check()


def check_selection(pooling, n_positions):
    """Make sure that p-values mean what a selection takes them for.

    Parameters
    ----------
    pooling : {"mean", "max", "positions", "local"}
        What an observation is.
    n_positions : int or iterable of int
        Positions of the units of each layer to select from.

    Raises
    ------
    ValueError
        Where units have several positions and the pooling gives no p-values of its own.
    """
    if pooling in POOLINGS_WITHOUT_P and np.max(n_positions, initial=1) > 1:
        raise ValueError(
            f"pooling={pooling!r} {POOLINGS_WITHOUT_P[pooling]}, so its p-values mean little: "
            "a selection needs pooling 'mean' or 'max'"
        )


def select(
    statistics: FStatistics, rule: str = "fdr", level: float = 0.05, *, min_effect: float = 0.0
) -> NDArray[np.bool_]:
    """Mark the units that are significant and have some effect.

    Parameters
    ----------
    statistics : FStatistics
        With p-values.
    rule : {"fpr", "fdr", "fwe"}, default="fdr"
    level : float in (0, 1), default=0.05
    min_effect : float in [0, 1], default=0.0
        See `Significance`, which this is a short form of.

    Returns
    -------
    selected : ndarray of bool of shape (n_units,)

    Raises
    ------
    ValueError
        For a bad parameter, or if the statistics have no p-values.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skscreen.screening import f_statistic, select
    >>> found = f_statistic(*load_iris(return_X_y=True))
    >>> select(found, "fwe", 0.001, min_effect=0.6)
    array([ True, False,  True,  True])
    """
    return Significance(rule, level=level, min_effect=min_effect)(statistics)
