"""Which of several sparsities to take, by their scores and what their networks cost."""

from numbers import Real

import numpy as np

from skscreen._params import is_integer
from skscreen.estimators.path import SIZES


def best(results):
    """Return the candidate with the highest mean score; of equals the sparsest."""
    means = results["mean_test_score"]
    return int(np.flatnonzero(means == means.max())[-1])


def one_se(results):
    """Return the sparsest candidate within one standard error of the best."""
    means, place = results["mean_test_score"], best(results)
    splits = [results[key][place] for key in results if key.startswith("split")]
    error = np.std(splits, ddof=1) / np.sqrt(len(splits))
    return int(np.flatnonzero(means >= means[place] - error)[-1])


RULES = {"best": best, "one-se": one_se}
LIMITS = (*SIZES, "below_dense")


def check_limits(limits):
    """Raise a ValueError for a limit of an unknown name, or one that is no number."""
    unknown = set(limits or {}) - set(LIMITS)
    if unknown:
        raise ValueError(f"limits must be among {', '.join(LIMITS)}, got {sorted(unknown)}")
    values = (limits or {}).values()
    if not all(isinstance(limit, Real) and not np.isnan(limit) for limit in values):
        raise ValueError(f"limits must be numbers, got {limits}")


def choose(results, dense_scores, rule, limits=None):
    """Choose a candidate.

    Parameters
    ----------
    results : dict of ndarray of shape (n_candidates,)
        As of `ScreeningPrunerCV`, from the least to the most that is cut.
    dense_scores : ndarray of shape (n_splits,)
        Of the dense networks.
    rule : str or callable
        A name in `RULES`, or a function from results to the number of one.
    limits : dict or None
        What the network may cost, by the names in `LIMITS`.

    Returns
    -------
    index : int
        Its number.
    reason : str
        What decided: the name of a limit that excluded what the rule would have taken, or the
        rule.

    Raises
    ------
    ValueError
        Where no candidate is within the limits, or the rule returns no number of one.
    """
    limits = limits or {}
    within = np.ones(len(results["mean_test_score"]), dtype=bool)
    for name in SIZES:
        if name in limits:
            within &= results[f"mean_{name}"] <= limits[name]
    if "below_dense" in limits:
        within &= results["mean_test_score"] >= dense_scores.mean() - limits["below_dense"]
    rows = np.flatnonzero(within)
    if not len(rows):
        raise ValueError(_nothing_within(limits, results, dense_scores))
    if "below_dense" in limits:
        return int(rows[-1]), "below_dense"
    function, name = (RULES[rule], rule) if isinstance(rule, str) else (rule, "rule")
    free = _row(function, results)
    if within[free]:
        return free, name
    part = {key: np.asanyarray(values)[rows] for key, values in results.items()}
    exceeded = [s for s in SIZES if s in limits and results[f"mean_{s}"][free] > limits[s]]
    return int(rows[_row(function, part)]), exceeded[0]


def _row(rule, results):
    """Return the number of the candidate that a rule takes, or raise a ValueError."""
    row, n_candidates = rule(results), len(results["params"])
    if not is_integer(row) or not 0 <= row < n_candidates:
        raise ValueError(
            f"rule must return the number of a candidate from 0 to {n_candidates - 1}, got {row!r}"
        )
    return int(row)


def _nothing_within(limits, results, dense_scores):
    found = [
        f"{name} from {results[f'mean_{name}'].min():.0f}" for name in SIZES if name in limits
    ]
    if "below_dense" in limits:
        nearest = dense_scores.mean() - results["mean_test_score"].max()
        found.append(f"scores from {nearest:.4g} below dense")
    return f"no sparsity is within limits={limits}: there are {', '.join(found)}"
