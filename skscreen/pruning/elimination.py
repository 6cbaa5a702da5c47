"""Backward elimination: again and again drop what the layer that reads it misses least."""

import numpy as np

from skscreen.nn.threads import single_threaded_blas


def eliminate(covariance, weight, importance, groups):
    """Score groups of variables by the order in which backward elimination drops them.

    In each step the group goes whose removal costs the fit of the targets least, the variables
    that are left being fitted again: ``sum_t importance_t w_gt' (P_gg)^-1 w_gt`` with the weights
    ``w`` of the fit so far and the inverse covariance ``P`` of the variables left.

    Parameters
    ----------
    covariance : ndarray of float64 of shape (n_variables, n_variables)
        Positive definite.
    weight : ndarray of shape (n_variables, n_targets)
        Weights of the fit with all variables.
    importance : ndarray of shape (n_targets,)
        How much an error in each target counts.
    groups : ndarray of int of shape (n_variables,)
        Group of each variable, from 0 on.

    Returns
    -------
    scores : ndarray of float64 of shape (n_groups,)
        Root of what the removal cost when the group went, or of what an earlier one had cost if
        that is more: the n groups with the largest scores are those that n groups are left of.

    Notes
    -----
    Time is of the order of ``n_variables**3``; the inverse is updated from step to step.

    Examples
    --------
    >>> import numpy as np
    >>> from skscreen.pruning.elimination import eliminate
    >>> covariance = np.array([[1.0, 0.9, 0.0], [0.9, 1.0, 0.0], [0.0, 0.0, 1.0]])
    >>> weight = np.array([[1.0], [1.0], [0.5]])
    >>> eliminate(covariance, weight, np.ones(1), np.arange(3)).round(2)
    array([0.44, 1.9 , 0.5 ])
    """
    with single_threaded_blas():  # many small products
        return _eliminate(covariance, weight * np.sqrt(importance), groups)


def _eliminate(covariance, weight, groups):
    members, inverse, weight = _padded(covariance, weight, groups)
    scores = np.zeros(int(groups.max()) + 1)
    left = np.unique(groups)
    highest = 0.0
    while len(left):
        blocks = inverse[members[:, :, None], members[:, None, :]]
        parts = weight[members]
        costs = np.einsum("gkt,gkt->g", parts, np.linalg.solve(blocks, parts))
        first = int(np.argmin(costs))
        # rounding must not let a later one seem cheaper than those before
        highest = max(costs[first], np.nextafter(highest, np.inf))
        scores[left[first]] = np.sqrt(highest)
        _remove(members[first], inverse, weight)
        left, members = np.delete(left, first), np.delete(members, first, axis=0)
    return scores


def _padded(covariance, weight, groups):
    """Return the members of each group, the inverse and the weights, all groups of one size.

    Small groups are filled up with variables that have no weight, correlation, or effect.
    """
    order = np.argsort(groups, kind="stable")
    _, sizes = np.unique(groups, return_counts=True)
    n, largest = len(groups), int(sizes.max())
    inverse = np.eye(n + largest)
    inverse[:n, :n] = np.linalg.inv(covariance)
    weight = np.vstack([weight, np.zeros((largest, weight.shape[1]))])
    members = np.tile(np.arange(n, n + largest), (len(sizes), 1))
    members[np.arange(largest) < sizes[:, None]] = order
    return members, inverse, weight


def _remove(rows, inverse, weight):
    """Take variables out of the inverse and of the fit, in place; padding stays as it is."""
    rows = rows[rows < len(inverse) - len(rows)]
    gain = np.linalg.solve(inverse[np.ix_(rows, rows)], inverse[rows]).T
    weight -= gain @ weight[rows]
    inverse -= gain @ inverse[rows]
