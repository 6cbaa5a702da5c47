"""The rounds of pruning: statistics, masks, training on, and the fine-tuning at the end."""

from dataclasses import dataclass, replace

import numpy as np

from skscreen.nn import Distillation, Loss, train
from skscreen.pruning.evidence import NetworkEvidence, RunningMoments
from skscreen.pruning.granularity import GRANULARITIES, mask_network
from skscreen.pruning.record import Record
from skscreen.pruning.schedules import sparsities
from skscreen.screening import Screen


@dataclass(frozen=True)
class PruningPlan:
    """How a network is pruned.

    Parameters
    ----------
    criterion : callable
        Scores from an `Evidence`.
    granularity : {"connection", "channel"}
        What is cut.
    budget : {"weights", "macs", "units"}
        What ``sparsity`` counts, for channels.
    pooling : {"mean", "max", "positions", "local"}
        What the F-statistic of a convolution makes of the positions.
    screen : Screen
        The statistic.
    screen_samples : int
        Samples for a screen that cannot stream.
    selector : callable or None
        Marks the units to keep from their `FStatistics`; with it the sparsity is an outcome.
    sparsity : float in [0, 1)
        Share of the budget to cut, without a selector.
    allocation : str
        See `allocate`.
    schedule : str or callable
        See `sparsities`.
    n_rounds : int >= 1
        Rounds of screening.
    pruning_epochs : int >= 0
        Epochs of training spread over the rounds.
    fine_tune_epochs : int >= 0
        Epochs after the last round.
    refresh : {"round", "step"}
        Whether the statistics come from a pass over the data in every round, or from the steps of
        the training before it; in the first round always from a pass.
    checkpoint : Network or None
        The dense network at an earlier time: what is left gets its weights before the fine-tuning.
    distill : float in [0, 1]
        Weight of the dense network's outputs in the loss.
    temperature : float > 0
        Softens the class probabilities for that.
    verbose : bool
        Whether to print a line for each round.
    """

    criterion: object
    granularity: str
    budget: str
    pooling: str
    screen: Screen
    screen_samples: int
    selector: object
    sparsity: float
    allocation: str
    schedule: object
    n_rounds: int
    pruning_epochs: int
    fine_tune_epochs: int
    refresh: str = "round"
    checkpoint: object = None
    distill: float = 0.0
    temperature: float = 1.0
    verbose: bool = False


@dataclass
class PruningResult:
    """What is left beside the pruned network.

    Attributes
    ----------
    masks : list of ndarray of bool
        True where a connection was kept.
    scores : list of ndarray
        Scores of the last round, of each layer's connections or hidden units; -inf for what had
        been cut before, and the lowest, zero as a rule, for connections of units given up.
    statistics : list of FStatistics
        Of each layer's source units, or each hidden layer's units, from the last round.
    records : list of LayerRecord
        What was known of each connection or unit when it was last a candidate.
    history : list of dict
        One entry per round and one for the fine-tuning.
    """

    masks: list
    scores: list
    statistics: list
    records: list
    history: list


def prune(network, data, plan, options, rng, *, score=None):
    """Prune a network in place.

    Parameters
    ----------
    network : Network
        What is masked already stays so.
    data : ScreeningData
        Samples for the statistics and for the training.
    plan : PruningPlan
    options : TrainingOptions
        How the network is trained between and after the rounds.
    rng : numpy.random.RandomState
        Source of all randomness.
    score : callable or None
        ``score(network)`` on held-out data, the larger the better. With it the fine-tuning stops
        when the score stalls, and the best state is kept.

    Returns
    -------
    result : PruningResult
    """
    teacher = None
    if plan.distill:
        teacher = Distillation(network.logits(data.X), plan.distill, plan.temperature)
    loss = Loss(network.output, data.target, data.sample_weight, teacher)
    patience = options.tol if score is not None else None
    options = replace(options, tol=None, learning_rate="constant", checkpoint_epoch=None)
    optimizer = None
    if options.solver != "lbfgs":
        optimizer = options.new_optimizer(network.parameters())
    history = []
    # where no training follows that could do better, the biases make up for what is cut
    untrained = plan.pruning_epochs + plan.fine_tune_epochs == 0 and plan.checkpoint is None
    parts = GRANULARITIES[plan.granularity](network, plan.budget)
    record = Record(parts)
    if plan.selector is None:
        steps = sparsities(plan.schedule, plan.sparsity, plan.n_rounds, start=parts.cut_share())
    else:
        steps = [None] * plan.n_rounds  # what is significant decides, in every round anew
    running = None
    if plan.refresh == "step":
        running = RunningMoments(network, data, plan.pooling, plan.screen)
    for number, sparsity in enumerate(steps):
        evidence = NetworkEvidence(
            network, data, rng, plan.pooling, plan.screen, plan.screen_samples
        )
        if running is not None and running.n_seen:
            evidence.source_moments = running.moments["source"]
            evidence.unit_moments = running.moments["unit"]
        if number == len(steps) - 1:  # before the masks change what the units do
            statistics = parts.statistics(evidence)
        scores = parts.scores(evidence, plan.criterion)
        record.observe(evidence, final=number == len(steps) - 1)
        if plan.selector is None:
            masks = parts.keep_best(evidence, scores, plan.allocation, sparsity)
        else:
            masks = parts.keep_significant(evidence, scores, plan.selector)
        mask_network(network, masks, evidence.source_means if untrained else None)
        record.cut(number + 1, scores)
        n_epochs = _share(plan.pruning_epochs, number, len(steps))
        observer = running if number < len(steps) - 1 else None
        curve = _train_on(
            network, data, loss, options, n_epochs, rng, optimizer, observer=observer
        )
        history.append(_entry("pruning", number + 1, network, n_epochs, curve, plan))
    if plan.checkpoint is not None:
        _rewind(network, plan.checkpoint)
        optimizer = None
    decaying = replace(options, learning_rate="cosine", tol=patience)
    curve = _train_on(
        network, data, loss, decaying, plan.fine_tune_epochs, rng, optimizer, score=score
    )
    history.append(_entry("fine-tuning", len(steps), network, len(curve), curve, plan))
    return PruningResult(
        masks=[layer.mask.copy() for layer in network.layers],
        scores=scores,
        statistics=statistics,
        records=record.layers,
        history=history,
    )


def _share(n_epochs, number, n_rounds):
    """Epochs of round ``number``: as even as whole numbers can be, the later rounds first."""
    return n_epochs * (number + 1) // n_rounds - n_epochs * number // n_rounds


def _rewind(network, checkpoint):
    """Give what is left of a network the weights of an earlier time."""
    for layer, earlier in zip(network.layers, checkpoint.layers, strict=True):
        np.multiply(earlier.weight, layer.mask, out=layer.weight)
        layer.bias[:] = earlier.bias


def _train_on(network, data, loss, options, n_epochs, rng, optimizer, score=None, observer=None):
    """Train for some epochs, possibly none; return the loss curve."""
    if n_epochs == 0:
        return []
    options = replace(options, max_iter=n_epochs)
    result = train(
        network, data.X, loss, options, rng, score=score, optimizer=optimizer, observer=observer
    )
    return result.loss_curve


def _entry(phase, number, network, n_epochs, curve, plan):
    """Make the entry of the history for a phase that has just ended."""
    entry = {
        "phase": phase,
        "round": number,
        "n_epochs": n_epochs,
        "n_weights": network.n_weights,
        "sparsity": network.sparsity,
        "loss": float(curve[-1]) if len(curve) else np.nan,
    }
    if plan.verbose:
        print(
            f"{phase} {number}: {entry['n_weights']} weights left "
            f"({entry['sparsity']:.2%} cut), loss = {entry['loss']:.6f}"
        )
    return entry
