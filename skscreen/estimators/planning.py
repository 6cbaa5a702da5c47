"""From the parameters of a pruner to a plan."""

from dataclasses import replace
from math import log2

from skscreen._params import (
    INFINITY,
    boolean,
    function,
    instance,
    integer,
    none,
    one_of,
    random_state,
    real,
)
from skscreen.estimators.parameters import require_minibatches
from skscreen.estimators.progress import say
from skscreen.pruning import (
    ALLOCATIONS,
    BUDGETS,
    CRITERIA,
    GRANULARITIES,
    NEED_LABELS,
    SCHEDULES,
    Distillation,
    FWeights,
    PruningPlan,
    Screening,
    resolve_criterion,
    resolve_distillation,
)
from skscreen.screening import (
    SELECTIONS,
    STATISTICS,
    Screen,
    Significance,
    check_selection,
    resolve_screen,
    resolve_selection,
)

# What is left of a network has to learn anew: with Adam it is trained at a higher learning rate
# than the dense one, with a stronger L2 penalty, and with dropout, the more the more weights there
# are for each sample. Chosen on held-out parts of the training data; see docs/experiments.md.
RATE_FACTOR, LARGEST_AUTO_RATE = 3, 0.003
# (connections kept per sample, dropout from there on), from the top; and how many each hidden unit
# must keep on average to bear it.
DROPOUT_BY_WEIGHTS = ((2, 0.2), (0.2, 0.1), (0.07, 0.05))
WEIGHTS_PER_UNIT_TO_DROP = 6
# With fewer epochs than this in the dense training, "auto" still takes as many.
LEAST_EPOCHS = 10
# Where a smaller share of the connections is kept than this, more training pays: each halving
# adds so many times the epochs. If there are also fewer for each sample than any dropout is for,
# so that the network hardly overfits, a higher rate does better.
FEW_CONNECTIONS, EPOCHS_FOR_HALF = 0.008, 2
RATE_FACTOR_OF_FEW, LARGEST_AUTO_RATE_OF_FEW = 6, 0.006

PRUNER_CHECKS = {
    "granularity": one_of(*GRANULARITIES),
    "sparsity": real(0, 1, closed="left") | integer(1) | none,
    "budget": one_of(*BUDGETS),
    "criterion": one_of(*CRITERIA) | function,
    "f_weight": one_of("auto") | real(0, 1),
    "score_func": one_of(*STATISTICS) | instance(Screen) | function,
    "selection": none | one_of(*SELECTIONS) | instance(Significance),
    "allocation": one_of("auto", *ALLOCATIONS),
    "schedule": one_of(*SCHEDULES) | function,
    "n_rounds": integer(1),
    "pruning_epochs": one_of("auto") | integer(0),
    "fine_tune_epochs": one_of("auto") | integer(0),
    "refit": none | one_of("least-squares"),
    "learning_rate_init": one_of("auto") | real(0, INFINITY, closed="neither") | none,
    "alpha": one_of("auto") | real(0, INFINITY, closed="left") | none,
    "dropout": one_of("auto") | real(0, 1, closed="left") | none,
    "distill": real(0, 1) | instance(Distillation),
    "rewind": boolean,
    "validation_fraction": real(0, 1, closed="neither") | none,
    "task": one_of("auto", "classification", "regression"),
    "random_state": random_state,
    "verbose": boolean | integer(0),
}


def pruner_checks():
    """Return the table of checks; granularities and criteria may have been entered meanwhile."""
    return PRUNER_CHECKS | {
        "granularity": one_of(*GRANULARITIES),
        "criterion": one_of(*CRITERIA) | function,
    }


def training_options(pruner, dense, n_samples):
    """Collect how a network is trained with so many samples between and after the rounds.

    Returns
    -------
    options : TrainingOptions
    """
    options = replace(dense.training_options(), report=None)
    rate, alpha, dropout = pruner.learning_rate_init, pruner.alpha, pruner.dropout
    if rate == "auto":
        rate = _rate(pruner, dense, n_samples)
    if alpha == "auto":
        alpha = max(GRANULARITIES[pruner.granularity].least_alpha, options.alpha)
    if dropout == "auto":
        dropout = None
        if dense.solver != "lbfgs" and options.batch_length(n_samples) < n_samples:
            dropout = _least_dropout(pruner, dense.network_, n_samples)
        if dropout is not None:
            dropout = max(dropout, dense.dropout)
    if dropout:
        require_minibatches(dense.solver, f"dropout={dropout}")
    own = {"learning_rate_init": rate, "alpha": alpha, "dropout": dropout}
    return replace(options, **{name: value for name, value in own.items() if value is not None})


def _rate(pruner, dense, n_samples):
    """Learning rate by the dense network's and by how many connections are kept."""
    if dense.solver != "adam":
        return dense.learning_rate_init
    factor, largest = RATE_FACTOR, LARGEST_AUTO_RATE
    if _is_far_from_overfitting(pruner, dense.network_, n_samples):
        factor, largest = RATE_FACTOR_OF_FEW, LARGEST_AUTO_RATE_OF_FEW
    return max(dense.learning_rate_init, min(factor * dense.learning_rate_init, largest))


def _n_kept(pruner, network):
    """Return how many single connections a sparsity keeps."""
    return round((1 - pruner.sparsity) * sum(layer.weight.size for layer in network.layers))


def _keeps_few(pruner):
    """Tell whether the sparsity keeps very few single connections."""
    if not GRANULARITIES[pruner.granularity].drops_out or pruner.sparsity is None:
        return False
    return 0 < 1 - pruner.sparsity < FEW_CONNECTIONS  # a number to keep is refused later


def _is_far_from_overfitting(pruner, network, n_samples):
    """Tell whether very few connections are kept, of the network and for each sample."""
    least_per_sample = DROPOUT_BY_WEIGHTS[-1][0]
    return _keeps_few(pruner) and _n_kept(pruner, network) < least_per_sample * n_samples


def _least_dropout(pruner, network, n_samples):
    """Dropout by how many connections are kept; None for the network's own."""
    if not GRANULARITIES[pruner.granularity].drops_out or pruner.sparsity is None:
        return None
    n_kept = _n_kept(pruner, network)
    n_hidden = sum(layer.n_outputs for layer in network.layers[:-1])
    if n_kept < WEIGHTS_PER_UNIT_TO_DROP * n_hidden:
        return None
    enough = (dropout for least, dropout in DROPOUT_BY_WEIGHTS if n_kept >= least * n_samples)
    return next(enough, None)


def check_unlabelled(pruner):
    """Raise a ValueError if a parameter needs labels, for a pruner that gets none."""
    distills = resolve_distillation(pruner.distill).weight == 1
    needs = {
        "pruning_epochs": not distills and pruner.pruning_epochs != 0,
        "fine_tune_epochs": not distills and pruner.fine_tune_epochs != 0,
        "selection": pruner.selection is not None,
        "validation_fraction": pruner.validation_fraction is not None,
        "criterion": pruner.criterion in NEED_LABELS,
    }
    wanting = [f"{name}={getattr(pruner, name)!r}" for name, value in needs.items() if value]
    if wanting:
        raise ValueError(
            "y=None needs parameters that need no labels, such as refit='least-squares', "
            f"pruning_epochs=0, fine_tune_epochs=0, got {', '.join(wanting)}"
        )


def _epochs(pruner, dense):
    """Return the epochs between the rounds and those after them."""
    n_epochs = max(dense.n_iter_, LEAST_EPOCHS)
    factor = 1.0
    if _keeps_few(pruner):
        factor += EPOCHS_FOR_HALF * log2(FEW_CONNECTIONS / (1 - pruner.sparsity))
    wanted = (pruner.pruning_epochs, pruner.fine_tune_epochs)
    halves = (n_epochs // 2, n_epochs - n_epochs // 2)
    return tuple(
        round(factor * half) if epochs == "auto" else epochs
        for epochs, half in zip(wanted, halves, strict=True)
    )


def _screens_inputs(pruner, criterion, granularity, significance):
    """Return whether inputs that are null may be cut before all else."""
    # what compares itself with screening, and a selection of the user's own, are left alone
    return (
        pruner.f_weight == "auto"
        and significance is None
        and isinstance(criterion, Screening)
        and granularity.screens_inputs
    )


def _n_rounds(pruner, granularity, pruning_epochs):
    """Rounds of screening: no more than can be trained in between, if any are."""
    if pruning_epochs:
        return min(pruner.n_rounds, pruning_epochs)
    if pruner.criterion == "partial-f" and granularity.eliminates:
        return 1  # more cost time and do no better: see docs/experiments-refit.md
    return pruner.n_rounds


def make_plan(pruner, dense, rng, checkpoint, *, labelled=True):
    """Turn the parameters into a `PruningPlan` for a fitted network estimator.

    Without labels F has no part in the scores.
    """
    network = dense.network_
    granularity = GRANULARITIES[pruner.granularity]
    granularity.check(network)
    screen = resolve_screen(pruner.score_func).resolve(rng)
    significance = resolve_selection(pruner.selection)
    if significance is None and pruner.sparsity is None:
        raise ValueError(
            "sparsity=None needs a selection, which then decides how much is cut, got "
            "selection=None"
        )
    if significance is not None:
        check_selection(screen.pooling, [layer.n_positions for layer in network.layers])
    pruning_epochs, fine_tune_epochs = _epochs(pruner, dense)
    criterion = resolve_criterion(pruner.criterion)
    allocation = pruner.allocation
    if allocation == "auto":
        allocation = granularity.default_allocation(network)
    return PruningPlan(
        criterion=criterion,
        f_weights=FWeights(
            pruner.f_weight if labelled else 0.0,
            labelled and _screens_inputs(pruner, criterion, granularity, significance),
        ),
        granularity=granularity,
        budget=pruner.budget,
        screen=screen,
        significance=significance,
        sparsity=granularity.share_to_cut(network, pruner.sparsity),
        allocation=allocation,
        schedule=pruner.schedule,
        n_rounds=_n_rounds(pruner, granularity, pruning_epochs),
        pruning_epochs=pruning_epochs,
        fine_tune_epochs=fine_tune_epochs,
        checkpoint=checkpoint,
        distillation=resolve_distillation(pruner.distill),
        refit=pruner.refit,
        say=say if pruner.verbose else None,
    )
