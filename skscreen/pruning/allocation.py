"""How many connections or units each layer keeps.

Every allocation keeps exactly the number asked for, breaks ties by magnitude and then by index,
and leaves each layer at least one.
"""

import numpy as np

# Marks what is no candidate: cut in an earlier round.
CUT = -np.inf


def allocate(scores, magnitudes, n_keep, allocation, dimensions):
    """Choose what to keep.

    Parameters
    ----------
    scores : list of ndarray
        Scores of each layer; ``-inf`` where something was cut before and must stay so.
    magnitudes : list of ndarray
        Of the same shapes; break ties.
    n_keep : int
        How many to keep in all layers together.
    allocation : {"lamp", "erk", "uniform", "global"}
        "uniform" keeps the same share of each layer. "erk" keeps more of small layers (Mocanu et
        al. 2018; Evci et al. 2020). "global" compares the scores of all layers, each divided by
        its root mean square. "lamp" compares each squared score divided by the sum of those of
        its layer that are not smaller (Lee et al. 2021, arXiv 2010.07611).
    dimensions : list of tuple of int
        Sizes that span each layer's weights, such as (n_inputs, n_outputs); for "erk".

    Returns
    -------
    masks : list of ndarray of bool

    Raises
    ------
    ValueError
        If ``n_keep`` is less than one for each layer or more than there are candidates, or scores
        to be squared are negative.

    Examples
    --------
    >>> import numpy as np
    >>> from skscreen.pruning.allocation import allocate
    >>> scores = [np.array([[3.0, 1.0], [2.0, 5.0]]), np.array([[1.0], [4.0]])]
    >>> allocate(scores, scores, 3, "uniform", [(2, 2), (2, 1)])[0].astype(int)
    array([[1, 0],
           [0, 1]])
    """
    candidates = [int(np.count_nonzero(score != CUT)) for score in scores]
    if n_keep < len(scores) or n_keep > sum(candidates):
        raise ValueError(
            f"at least one must be kept in each of {len(scores)} layers and at most the "
            f"{sum(candidates)} that are left, got {n_keep} to keep: choose another sparsity"
        )
    flat = [np.ravel(score) for score in scores]
    ties = [np.ravel(np.broadcast_to(m, s.shape)) for m, s in zip(magnitudes, scores, strict=True)]
    kept = ALLOCATIONS[allocation](flat, ties, n_keep, candidates, dimensions)
    return [mask.reshape(score.shape) for mask, score in zip(kept, scores, strict=True)]


def top(scores, ties, n_keep):
    """Mark the ``n_keep`` largest scores; ties go to the larger ``ties``, then the lower index.

    At least one is kept.
    """
    left = scores[scores != CUT]  # many equal scores would slow the partition
    threshold = np.partition(left, len(left) - n_keep)[len(left) - n_keep]
    mask = scores > threshold
    equal = np.flatnonzero(scores == threshold)
    order = np.lexsort((equal, -ties[equal]))
    mask[equal[order[: n_keep - np.count_nonzero(mask)]]] = True
    return mask


def _per_layer(shares):
    """Make an allocation that fixes each layer's number beforehand, from relative densities."""

    def allocation(scores, ties, n_keep, candidates, dimensions):
        wanted = shares(dimensions) * np.array([score.size for score in scores])
        counts = apportion(wanted, np.array(candidates), n_keep)
        return [top(s, t, count) for s, t, count in zip(scores, ties, counts, strict=True)]

    return allocation


def _uniform(dimensions):
    return np.ones(len(dimensions))


def _erdos_renyi_kernel(dimensions):
    return np.array([sum(sizes) / np.prod(sizes, dtype=float) for sizes in dimensions])


def apportion(wanted, limits, total):
    """Turn wanted sizes into whole numbers between 1 and ``limits`` that add up to ``total``.

    The sizes are scaled by one factor, clipped, and rounded by the largest remainder.

    Examples
    --------
    >>> import numpy as np
    >>> from skscreen.pruning.allocation import apportion
    >>> apportion(np.array([8.0, 1.0, 1.0]), np.array([5, 10, 10]), 9).tolist()
    [5, 2, 2]
    """
    low, high = 0.0, limits.max() / wanted.min()
    # bisection to the last bit; the sum grows with the factor
    while low < (middle := 0.5 * (low + high)) < high:
        if np.clip(middle * wanted, 1, limits).sum() < total:
            low = middle
        else:
            high = middle
    sizes = np.clip(high * wanted, 1, limits)
    counts = np.floor(sizes).astype(int)
    # the sizes add up to the total; floor takes some away, but of none that is at its limit
    while counts.sum() < total:
        counts[np.argmax(sizes - counts)] += 1
    return counts


def _one_threshold(comparable):
    """Make an allocation that compares all layers, from a rescaling of one layer's scores."""

    def allocation(scores, ties, n_keep, candidates, dimensions):
        values = [comparable(score) for score in scores]
        ties = [tie.astype(np.float64) for tie in ties]
        for value, score, tie in zip(values, scores, ties, strict=True):
            best = np.flatnonzero(top(score, tie, 1))
            value[best] = tie[best] = np.inf  # a layer's best is never compared with other layers
        kept = top(np.concatenate(values), np.concatenate(ties), n_keep)
        parts = np.split(kept, np.cumsum([len(value) for value in values])[:-1])
        # within a layer the scores decide, also where rescaled ones round to the same
        return [
            top(score, tie, np.count_nonzero(part))
            for score, tie, part in zip(scores, ties, parts, strict=True)
        ]

    return allocation


def _root_mean_square(scores):
    finite = scores[np.isfinite(scores)]
    largest = np.abs(finite).max(initial=0.0)
    if largest == 0:
        return scores.copy()
    # relative to the largest, and not multiplied into one divisor: nothing overflows or vanishes
    return scores / largest / np.sqrt(np.mean((finite / largest) ** 2))


def _lamp(scores):
    """LAMP scores; infinite ones stay so and are left out of the sums."""
    lamp = scores.copy()
    finite = np.flatnonzero(np.isfinite(scores))
    if (scores[finite] < 0).any():
        raise ValueError(
            "allocation='lamp' squares the scores, so the criterion must not give negative ones, "
            f"got {scores[finite].min():.4g}"
        )
    order = finite[np.argsort(-scores[finite], kind="stable")]
    # squares of the scores relative to the largest: no overflow
    ordered = scores[order] / max(scores[order[0]], np.finfo(float).tiny) if order.size else []
    squares = np.square(ordered)
    sums = np.cumsum(squares)
    # equal scores share the sum that holds all of them
    last = np.searchsorted(-np.asarray(ordered), -np.asarray(ordered), side="right") - 1
    lamp[order] = np.divide(squares, sums[last], out=np.zeros(len(order)), where=squares > 0)
    return lamp


ALLOCATIONS = {
    "lamp": _one_threshold(_lamp),
    "erk": _per_layer(_erdos_renyi_kernel),
    "uniform": _per_layer(_uniform),
    "global": _one_threshold(_root_mean_square),
}
