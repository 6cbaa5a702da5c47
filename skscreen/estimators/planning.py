"""From the parameters of a pruner to a plan."""

from dataclasses import replace
from functools import partial

from skscreen.estimators._params import (
    boolean,
    function,
    integer,
    none,
    one_of,
    random_state,
    real,
)
from skscreen.estimators.base import INFINITY
from skscreen.pruning import (
    ALLOCATIONS,
    BUDGETS,
    CRITERIA,
    GRANULARITIES,
    SCHEDULES,
    PruningPlan,
    resolve_criterion,
)
from skscreen.pruning.criteria import F_SIDES, WEIGHTINGS
from skscreen.screening import (
    POOLINGS,
    SCREENS,
    SELECTIONS,
    permutation_screen,
    resolve_screen,
    select,
)

# What is left of a network has to learn anew: with Adam it is trained at a higher learning rate
# than the dense one, with a stronger L2 penalty, and with dropout, the more the more weights there
# are for each sample. Chosen on held-out parts of the training data; see docs/guide.md.
RATE_FACTOR, LARGEST_AUTO_RATE = 3, 0.003
# (connections kept per sample, dropout from there on), from the top; and how many each hidden unit
# must keep on average to bear it.
DROPOUT_BY_WEIGHTS = ((2, 0.2), (0.2, 0.1), (0.07, 0.05))
WEIGHTS_PER_UNIT_TO_DROP = 6
LEAST_ALPHA = {"connection": 0.02, "channel": 0.05}
# With fewer epochs than this in the dense training, "auto" still takes as many.
LEAST_EPOCHS = 10

PRUNER_CHECKS = {
    "granularity": one_of(*GRANULARITIES),
    "criterion": one_of(*CRITERIA) | function,
    "budget": one_of(*BUDGETS),
    "pooling": one_of(*POOLINGS),
    "score_func": one_of(*SCREENS) | function,
    "screen_samples": integer(10),
    "mode": one_of("sparsity", *SELECTIONS),
    "significance": real(0, 1, closed="neither"),
    "min_effect": real(0, 1, closed="left"),
    "null": one_of("theory", "permutation"),
    "n_permutations": integer(1),
    "sparsity": real(0, 1, closed="left"),
    "f_weight": real(0, 1),
    "weighting": one_of(*WEIGHTINGS),
    "f_side": one_of(*F_SIDES),
    "allocation": one_of("auto", *ALLOCATIONS),
    "schedule": one_of(*SCHEDULES) | function,
    "n_rounds": integer(1),
    "refresh": one_of("round", "step"),
    "pruning_epochs": one_of("auto") | integer(0),
    "fine_tune_epochs": one_of("auto") | integer(0),
    "distill": real(0, 1),
    "temperature": real(0, INFINITY, closed="neither"),
    "learning_rate_init": one_of("auto") | real(0, INFINITY, closed="neither") | none,
    "alpha": one_of("auto") | real(0, INFINITY, closed="left") | none,
    "dropout": one_of("auto") | real(0, 1, closed="left") | none,
    "rewind": boolean,
    "early_stopping": boolean,
    "validation_fraction": real(0, 1, closed="neither"),
    "task": one_of("auto", "classification", "regression"),
    "random_state": random_state,
    "verbose": boolean,
}


def make_screen(pruner, rng):
    """Return the `Screen` that the parameters describe."""
    if pruner.null == "theory":
        return resolve_screen(pruner.score_func)
    if pruner.score_func not in ("f", "f_regression"):
        raise ValueError(
            "null='permutation' shuffles the labels for score_func 'f' or 'f_regression', got "
            f"score_func={pruner.score_func!r}"
        )
    return permutation_screen(pruner.n_permutations, rng.randint(2**31 - 1))


def training_options(pruner, dense, n_samples):
    """Collect how a network is trained with so many samples between and after the rounds."""
    options = dense._options(verbose=False)
    rate, alpha, dropout = pruner.learning_rate_init, pruner.alpha, pruner.dropout
    if rate == "auto":
        rate = options.learning_rate_init
        if dense.solver == "adam":
            rate = max(rate, min(RATE_FACTOR * rate, LARGEST_AUTO_RATE))
    if alpha == "auto":
        alpha = max(LEAST_ALPHA[pruner.granularity], options.alpha)
    if dropout == "auto":
        dropout = None
        if dense.solver != "lbfgs" and options.batch_length(n_samples) < n_samples:
            dropout = _least_dropout(pruner, dense.network_, n_samples)
        if dropout is not None:
            dropout = max(dropout, dense.dropout)
    if dropout and dense.solver == "lbfgs":
        raise ValueError(f"dropout={dropout} needs solver 'adam' or 'sgd', got solver='lbfgs'")
    own = {"learning_rate_init": rate, "alpha": alpha, "dropout": dropout}
    return replace(options, **{name: value for name, value in own.items() if value is not None})


def _least_dropout(pruner, network, n_samples):
    """Dropout for single connections, by how many of them are kept; None for the network's own."""
    if pruner.granularity != "connection" or pruner.mode != "sparsity":
        return None
    n_kept = round((1 - pruner.sparsity) * sum(layer.weight.size for layer in network.layers))
    n_hidden = sum(layer.n_outputs for layer in network.layers[:-1])
    if n_kept < WEIGHTS_PER_UNIT_TO_DROP * n_hidden:
        return None
    enough = (dropout for least, dropout in DROPOUT_BY_WEIGHTS if n_kept >= least * n_samples)
    return next(enough, None)


def make_plan(pruner, dense, screen, checkpoint):
    """Turn the parameters into a `PruningPlan` for a fitted network estimator."""
    if pruner.refresh == "step" and (dense.solver == "lbfgs" or not screen.streams):
        raise ValueError(
            "refresh='step' needs solver 'adam' or 'sgd' and a statistic that streams, got solver="
            f"{dense.solver!r}, score_func={pruner.score_func!r} and null={pruner.null!r}"
        )
    if pruner.granularity == "channel" and len(dense.network_.layers) == 1:
        raise ValueError(
            "granularity='channel' needs a network with hidden layers, got one without; "
            "granularity='connection' cuts its single weights"
        )
    budget = max(dense.n_iter_, LEAST_EPOCHS)
    pruning_epochs, fine_tune_epochs = pruner.pruning_epochs, pruner.fine_tune_epochs
    if pruning_epochs == "auto":
        pruning_epochs = budget // 2
    if fine_tune_epochs == "auto":
        fine_tune_epochs = budget - budget // 2
    return PruningPlan(
        criterion=resolve_criterion(
            pruner.criterion,
            f_weight=pruner.f_weight,
            weighting=pruner.weighting,
            f_side=pruner.f_side,
        ),
        granularity=pruner.granularity,
        budget=pruner.budget,
        pooling=pruner.pooling,
        screen=screen,
        screen_samples=pruner.screen_samples,
        selector=_selector(pruner),
        sparsity=pruner.sparsity,
        allocation=_allocation(pruner, dense.network_),
        schedule=pruner.schedule,
        n_rounds=min(pruner.n_rounds, pruning_epochs) or pruner.n_rounds,
        pruning_epochs=pruning_epochs,
        fine_tune_epochs=fine_tune_epochs,
        refresh=pruner.refresh,
        checkpoint=checkpoint,
        distill=pruner.distill,
        temperature=pruner.temperature,
        verbose=pruner.verbose,
    )


def _allocation(pruner, network):
    if pruner.allocation != "auto":
        return pruner.allocation
    if pruner.granularity == "channel":
        return "uniform"
    return "lamp" if network.is_sharded else "erk"


def _selector(pruner):
    if pruner.mode == "sparsity":
        return None
    return partial(
        select, mode=pruner.mode, significance=pruner.significance, min_effect=pruner.min_effect
    )
