"""One walk down nested masks, with a fine-tuned network at each of some sparsities."""

import numpy as np

from skscreen.pruning.granularity import Goal
from skscreen.pruning.loop import Training, cut, epochs_of_round
from skscreen.pruning.schedules import sparsities


def prune_path(network, data, plan, rng, stops, options_at, *, fine_tune_epochs, score=None):
    """Prune a network in place, and at each of some sparsities fine-tune a copy of it.

    The rounds and epochs are those of the plan for the largest sparsity, with a round more at each
    stop that is none of its own.

    Parameters
    ----------
    network : Network
    data : ScreeningData
    plan : PruningPlan
        Its sparsity is the largest stop.
    rng : numpy.random.RandomState
    stops : sequence of float in [0, 1)
        Sparsities, increasing.
    options_at : callable
        ``options_at(sparsity)`` returns the `TrainingOptions` on the way to a sparsity.
    fine_tune_epochs : callable
        ``fine_tune_epochs(left)`` returns the epochs of a copy, where a pruning to its sparsity
        alone would have so many left: a low sparsity comes early on the way.
    score : callable or None
        See `prune`.

    Yields
    ------
    sparsity : float
        One of the stops.
    lean : Network
        Masked and fine-tuned.
    """
    training = Training(network, data, plan, options_at(stops[0]), rng)
    granularity = plan.granularity(network, plan.budget)
    rounds = _rounds(plan, granularity.cut_share(), stops)
    changes = {}
    left = plan.pruning_epochs + plan.fine_tune_epochs
    for number, share in enumerate(rounds, 1):
        options = options_at(min(stop for stop in stops if stop >= share))
        changes = {
            name: getattr(options, name) for name in ("alpha", "dropout", "learning_rate_init")
        }
        goal = Goal(share, plan.allocation, plan.significance)
        cut(training, granularity, goal, first=number == 1, handed_out=share in stops)
        n_epochs = epochs_of_round(plan.pruning_epochs, number, len(rounds))
        training.go_on(n_epochs, **changes)
        left -= n_epochs
        if share in stops:
            branch = training.branch()
            branch.fine_tune(score, fine_tune_epochs(left), **changes)
            yield share, branch.network


def _rounds(plan, start, stops):
    """Return the sparsity of each round: those of the schedule, and the stops."""
    own = sparsities(plan.schedule, stops[-1], plan.n_rounds, start=start)
    apart = [share for share in own if not np.isclose(share, stops, atol=1e-6).any()]
    return sorted([*apart, *stops])
