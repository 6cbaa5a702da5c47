"""Backward elimination of single variables, a few at a time where they are many."""

import numpy as np

# Share of the variables left that go in one step; below a hundred they go one by one.
STEP = 0.01
# Variables that go in the same step are at most so much correlated, given all others: where one
# can stand for another, only one of them may go before the other is judged again.
MOST_PARTIAL_CORRELATION = 0.3
# Stands for an infinite score, so that those after it can still have a larger one.
LARGEST = 1e300


def eliminate_variables(covariance, weight, weigh=None):
    """Score variables by the order in which backward elimination drops them.

    In each step those go whose removal costs the fit of the targets least, the variables that are
    left being fitted again. What a removal costs is ``sum_t w_it**2 / P_ii``, with the weights of
    the fit so far and the inverse covariance P of the variables left: up to a constant the F to
    remove of stepwise regression. Of two copies the first to go costs nothing, and the other then
    what both were worth.

    Parameters
    ----------
    covariance : ndarray of float64 of shape (n_variables, n_variables)
        Positive definite.
    weight : ndarray of shape (n_variables, n_targets)
        Weights of the fit with all variables.
    weigh : callable or None, default=None
        ``weigh(sizes, index)`` makes scores of the roots of the costs of the variables ``index``;
        those with the least go. None takes the roots themselves.

    Returns
    -------
    scores : ndarray of float64 of shape (n_variables,)
        Of each variable when it went, or of an earlier one if that is more: the n variables with
        the largest scores are those that n variables are left of.

    Notes
    -----
    Time is of the order of ``n_variables**3`` and memory of ``n_variables**2``; the inverse is
    updated from step to step.

    Examples
    --------
    >>> import numpy as np
    >>> from skscreen.pruning.input_elimination import eliminate_variables
    >>> covariance = np.array([[1.0, 0.9, 0.0], [0.9, 1.0, 0.0], [0.0, 0.0, 1.0]])
    >>> eliminate_variables(covariance, np.array([[1.0], [1.0], [0.5]])).round(2)
    array([0.44, 1.9 , 0.5 ])
    """
    inverse = np.linalg.inv(covariance)
    weight = np.array(weight, dtype=np.float64)
    left = np.arange(len(weight))  # what is left comes first, in the inverse and the weight too
    scores = np.zeros(len(weight))
    highest = 0.0
    while len(left):
        n = len(left)
        squares = np.einsum("it,it->i", weight[:n], weight[:n])
        sizes = np.sqrt(squares / np.diagonal(inverse)[:n])
        worth = sizes if weigh is None else weigh(sizes, left)
        block = _least_and_unlike(worth, inverse, max(1, int(STEP * n)))
        for place in block:
            # a later one must not seem cheaper than those before, by rounding or by its F
            highest = max(min(worth[place], LARGEST), np.nextafter(highest, np.inf))
            scores[left[place]] = highest
        left = _remove(block, left, inverse, weight)
    return scores


def _least_and_unlike(worth, inverse, n_most):
    """Return the places of the least worth, without any that is like one before it."""
    if n_most == 1:
        return np.array([np.argmin(worth)])
    order = np.argsort(worth, kind="stable")[: 2 * n_most]
    partial = np.abs(inverse[np.ix_(order, order)])
    scale = np.sqrt(np.diagonal(partial))
    alike = partial > MOST_PARTIAL_CORRELATION * np.outer(scale, scale)
    chosen = []
    for number in range(len(order)):
        if len(chosen) < n_most and not alike[number, chosen].any():
            chosen.append(number)
    return order[chosen]


def _remove(block, left, inverse, weight):
    """Take variables out of the inverse and of the fit, in place; return those that are left.

    They trade places with the last, so that what is left stays together.
    """
    n, n_after = len(left), len(left) - len(block)
    left = left.copy()
    leaving = np.zeros(n, dtype=bool)
    leaving[block] = True
    holes = np.flatnonzero(leaving[:n_after])
    fillers = n_after + np.flatnonzero(~leaving[n_after:])
    for hole, filler in zip(holes, fillers, strict=True):
        pair, turned = [hole, filler], [filler, hole]
        left[pair] = left[turned]
        weight[pair] = weight[turned]
        inverse[pair] = inverse[turned]
        inverse[:, pair] = inverse[:, turned]
    gone = slice(n_after, n)
    gain = np.linalg.solve(inverse[gone, gone], inverse[gone, :n_after]).T
    weight[:n_after] -= gain @ weight[gone]
    inverse[:n_after, :n_after] -= gain @ inverse[gone, :n_after]
    return left[:n_after]
