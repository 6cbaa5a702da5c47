"""How the sparsity grows from round to round.

A schedule maps the share of the rounds that are done, in (0, 1], to the share of the final
sparsity that must be reached by then. Rounds are counted, never steps: a small data set with few
minibatches is pruned to the target as surely as a large one.
"""

from itertools import pairwise

ANNEALING_RATE = 10.0


def cubic(done):
    """Fast at first, slow at the end (Zhu & Gupta 2017, arXiv 1710.01878)."""
    return 1 - (1 - done) ** 3


def linear(done):
    """Cut the same share in every round."""
    return done


def annealing(done):
    """Inverse schedule of Guo, She & Barbu (2020), with rate mu = 10.

    Their keep ``k + (p - k) max(0, (T - 2 e) / (2 e mu + T))`` reaches k at epoch e = T / 2; here
    that is the last round.
    """
    return 1 - (1 - done) / (1 + ANNEALING_RATE * done)


def one_shot(done):
    """Cut everything in the first round."""
    return 1.0


SCHEDULES = {
    "one-shot": one_shot,
    "gradual": cubic,
    "linear": linear,
    "annealing": annealing,
}


def sparsities(schedule, target, n_rounds, *, start=0.0):
    """Sparsity to be reached after each round.

    Parameters
    ----------
    schedule : str or callable
        A name in ``SCHEDULES`` or a function of the share of the rounds that are done.
    target : float in [0, 1)
        Sparsity after the last round.
    n_rounds : int >= 1
        Number of rounds; "one-shot" has one, whatever is asked.
    start : float, default=0.0
        Sparsity before the first round.

    Returns
    -------
    sparsities : list of float
        Non-decreasing, the last one is ``target``.

    Raises
    ------
    ValueError
        If a callable does not rise to 1.

    Examples
    --------
    >>> from skscreen.pruning.schedules import sparsities
    >>> [round(s, 4) for s in sparsities("gradual", 0.8, 4)]
    [0.4625, 0.7, 0.7875, 0.8]
    """
    if schedule == "one-shot":
        n_rounds = 1
    share = SCHEDULES[schedule] if isinstance(schedule, str) else schedule
    shares = [float(share(number / n_rounds)) for number in range(1, n_rounds + 1)]
    rises = all(a <= b for a, b in pairwise([0.0, *shares]))
    if not rises or shares[-1] != 1.0:
        raise ValueError(
            f"schedule must rise from 0 to exactly 1 over the rounds, got the shares {shares}"
        )
    return [start + (target - start) * share for share in shares[:-1]] + [target]
