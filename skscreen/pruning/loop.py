"""The rounds of pruning: statistics, masks, training on, and the fine-tuning at the end."""

import copy
import warnings
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from skscreen.nn import Loss, train
from skscreen.nn.training import unwatched
from skscreen.pruning.distillation import Distillation
from skscreen.pruning.f_weights import FWeights
from skscreen.pruning.granularity import Goal
from skscreen.pruning.masks import mask_network
from skscreen.pruning.network_evidence import InputMoments, NetworkEvidence
from skscreen.pruning.record import Record
from skscreen.pruning.refit import USUAL_RIDGE, LayerMoments, refit
from skscreen.pruning.schedules import sparsities
from skscreen.pruning.shrinking import shrink
from skscreen.screening import ResolvedScreen

# Least samples of each class, on average, for the rounds that do not look at all.
SAMPLES_PER_CLASS = 10


@dataclass(frozen=True)
class PruningPlan:
    """How a network is pruned.

    Parameters
    ----------
    criterion : callable
        Scores from an `Evidence`.
    f_weights : FWeights
        How much F weighs in each layer, and which inputs are cut before all else.
    granularity : type
        Subclass of `Granularity`: what is cut.
    budget : str
        What ``sparsity`` counts, where the granularity has a choice.
    screen : ResolvedScreen
        The statistic.
    significance : Significance or None
        Marks the units to keep from their `FStatistics`.
    sparsity : float in [0, 1) or None
        Share to cut; None leaves it to the significance.
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
    checkpoint : Network or None
        The dense network at an earlier time: what is left gets its weights before the fine-tuning.
    distillation : Distillation
    refit : {None, "least-squares"}
        Whether the kept weights are solved again after each cut; see `skscreen.pruning.refit`.
    say : callable or None
        Takes a line of text for each round.
    """

    criterion: object
    f_weights: FWeights
    granularity: type
    budget: str
    screen: ResolvedScreen
    significance: object
    sparsity: float | None
    allocation: str
    schedule: object
    n_rounds: int
    pruning_epochs: int
    fine_tune_epochs: int
    checkpoint: object
    distillation: Distillation
    refit: str | None
    say: object

    @property
    def trains(self):
        """Whether training follows a cut, or an earlier state of the training is taken up."""
        return self.pruning_epochs + self.fine_tune_epochs > 0 or self.checkpoint is not None

    def rule(self, network, inputs=None):
        """Say in words what decides what is kept of a network, of which inputs may be read."""
        rules = [] if self.significance is None else [str(self.significance)]
        if self.sparsity is not None:
            counted = self.granularity(network, self.budget).counted
            rules.append(
                f"sparsity={self.sparsity:g} of the {counted}, {self.allocation} allocation"
            )
        rule = ", then ".join(rules)
        if inputs is not None:
            rule += f", of {np.count_nonzero(inputs)} of {len(inputs)} inputs: the others are null"
        return rule

    def goals(self, start):
        """Return the `Goal` of each round for a network of which the share ``start`` is cut."""
        shares = [None] * self.n_rounds  # what is significant decides, in every round anew
        if self.sparsity is not None:
            shares = sparsities(self.schedule, self.sparsity, self.n_rounds, start=start)
        return [Goal(share, self.allocation, self.significance) for share in shares]


@dataclass
class PruningResult:
    """What is left beside the pruned network.

    Attributes
    ----------
    masks : list of ndarray of bool
        True where a connection was kept.
    scores : list of ndarray
        Scores of the last round, of each layer's candidates; see `Choice`.
    statistics : list of FStatistics
        Those behind the cuts, of each layer that was scored, from the last round.
    records : list of LayerRecord
        What was known of each candidate when it was last one.
    importances : ndarray of shape (n_inputs,) or None
        Of the inputs of the network, where they are what is scored.
    history : list of dict
        One entry per round and one for the fine-tuning.
    inputs : ndarray of bool of shape (n_inputs,) or None
        The inputs that could still be read after the first round; None for all.
    """

    masks: list
    scores: list
    statistics: list
    records: list
    importances: np.ndarray | None
    history: list
    inputs: np.ndarray | None


def prune(network, data, plan, options, rng, *, score=None, watch=unwatched):
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
    watch : callable
        ``watch("round")`` is called when a round begins, ``watch("fine-tuning")`` when that does.
        It returns a function that is called with the network when the round ends; what that
        returns has no effect, for a network that is half pruned misses its sparsity.

    Returns
    -------
    result : PruningResult
    """
    training = Training(network, data, plan, options, rng)
    granularity = plan.granularity(network, plan.budget)
    record = Record(granularity)
    history = []
    goals = plan.goals(granularity.cut_share())
    for number, goal in enumerate(goals, 1):
        ended = watch("round")
        final = number == len(goals)
        choice, found, inputs = cut(
            training, granularity, goal, record, first=number == 1, final=final
        )
        record.cut(number, choice)
        if number == 1 and plan.say is not None:
            plan.say(_what_is_null(record.layers, inputs))
        n_epochs = epochs_of_round(plan.pruning_epochs, number, len(goals))
        curve = training.go_on(n_epochs)
        history.append(_entry("pruning", number, network, n_epochs, curve, plan))
        ended(network)
    if plan.significance is not None:
        record.judge([plan.significance(statistics) for statistics in found])
        _warn_of_chance(record.layers, plan.significance)
    ended = watch("fine-tuning")
    curve = training.fine_tune(score)
    history.append(_entry("fine-tuning", len(goals), network, len(curve), curve, plan))
    ended(network)
    return PruningResult(
        masks=[layer.mask.copy() for layer in network.layers],
        scores=choice.scores,
        statistics=found,
        records=record.layers,
        importances=granularity.input_importances(record.layers),
        history=history,
        inputs=inputs,
    )


def cut(training, granularity, goal, record=None, *, first=False, final=False, handed_out=False):
    """Screen a network and mask what is not worth keeping.

    The first and the last round, those after which the network is handed out, and all that cut by
    significance, look at all samples. Those between them look at as many as the screen says, and
    at `SAMPLES_PER_CLASS` for each class at least: what a score takes from the statistics is their
    order, and the network changes from round to round.

    Parameters
    ----------
    training : Training
        Of the network.
    granularity : Granularity
    goal : Goal
    record : Record or None, default=None
        Takes down what is found.
    first, final : bool, default=False
        Whether this is the first round, or the last one, whose statistics are kept.
    handed_out : bool, default=False
        Whether the network is handed out after this round, as it is after the last.

    Returns
    -------
    choice : Choice
    statistics : list of FStatistics or None
        Those behind the cut, from before it; of the last round only.
    inputs : ndarray of bool of shape (n_inputs,) or None
        The inputs that may be read at all; None for all.
    """
    network, plan = training.network, training.plan
    whole = first or final or handed_out or goal.significance is not None
    evidence = NetworkEvidence(
        network,
        training.data if whole else training.drawn,
        plan.screen,
        training.rng,
        plan.f_weights,
        layer_moments=training.layer_moments,
        input_moments=training.input_moments,
    )
    # before the masks change what the units do
    statistics = granularity.statistics(evidence) if final else None
    scores = granularity.scores(evidence, plan.criterion)
    inputs = plan.f_weights.inputs(evidence)
    choice = granularity.select(evidence, scores, replace(goal, inputs=inputs))
    if record is not None:  # of what criterion and selection have looked at
        record.observe(evidence, final=final, whole=whole)
    # where nothing follows that could do better, the biases make up for what is cut
    better = plan.trains or plan.refit is not None
    teacher = training.teacher()
    mask_network(network, choice.masks, None if better else evidence.source_means)
    if teacher is not None:
        # masks on the way need no ridge of their own
        ridge = None if final or handed_out else USUAL_RIDGE
        refit(network, teacher, training.layer_moments, ridge=ridge)
    return choice, statistics, inputs


class Training:
    """The training between the rounds and after them, with the optimiser's state kept.

    Parameters are those of `prune`.
    """

    def __init__(self, network, data, plan, options, rng):
        self.network = network
        self.data = data
        self.plan = plan
        self.rng = rng
        self.patience = options.tol
        self.options = replace(options, tol=None, learning_rate="constant", checkpoint_epoch=None)
        self.layer_moments = LayerMoments(data.X, data.sample_weight)
        self.input_moments = InputMoments()
        self.dense = None if plan.refit is None else network.copy()
        teacher = plan.distillation.teacher(network, data.X)
        self.loss = Loss(network.output, data.target, data.sample_weight, teacher)
        self.optimizer = None
        if options.solver != "lbfgs":
            self.optimizer = self.options.new_optimizer(network.parameters())

    @cached_property
    def drawn(self):
        """Samples for the rounds on the way, the same in all of them."""
        least = SAMPLES_PER_CLASS * (self.data.n_classes or 1)
        return self.data.drawn(max(self.plan.screen.samples, least), self.rng)

    def teacher(self):
        """Return the network that a refit shall stay near to; None without a refit.

        That is the dense one, as long as no training has gone on from there; else the network as
        it is now, before the next cut.
        """
        if self.dense is None or self.plan.pruning_epochs == 0:
            return self.dense
        return self.network.copy()

    def go_on(self, n_epochs, score=None, **changes):
        """Train for some epochs, possibly none; return the loss curve."""
        if n_epochs == 0:
            return []
        options = replace(self.options, max_iter=n_epochs, **changes)
        shrunk = shrink(self.network)
        network, optimizer = self.network, self.optimizer
        if shrunk is not None:
            network, optimizer = shrunk.network, shrunk.optimizer(optimizer)
        given = network, self.data.X, self.loss, options, self.rng
        result = train(*given, score=score, optimizer=optimizer)
        if shrunk is not None:
            shrunk.give_back(self.optimizer, optimizer)
        return result.loss_curve

    def fine_tune(self, score=None, n_epochs=None, **changes):
        """Train with a learning rate that falls to zero; with a score until that stalls.

        Where the plan says so, what is left first takes up the weights of an earlier time. The
        number of epochs is that of the plan if none is given.
        """
        if self.plan.checkpoint is not None:
            self.network.rewind(self.plan.checkpoint)
            self.optimizer = None
        n_epochs = self.plan.fine_tune_epochs if n_epochs is None else n_epochs
        patience = None if score is None else self.patience
        return self.go_on(n_epochs, score, learning_rate="cosine", tol=patience, **changes)

    def branch(self):
        """Return a training that goes on from here with a copy of the network."""
        twin = copy.copy(self)
        twin.network = self.network.copy()
        twin.optimizer = copy.deepcopy(self.optimizer)
        return twin


def _warn_of_chance(layers, significance):
    """Warn of layers that keep something though nothing in them is significant."""
    numbers = [str(n) for n, layer in enumerate(layers) if not layer.kept_significant()]
    if numbers:
        warnings.warn(
            f"nothing is significant ({significance}) in layer {', '.join(numbers)}: what is kept "
            "there is only the best by score, since every layer must keep something",
            UserWarning,
            stacklevel=4,
        )


def epochs_of_round(n_epochs, number, n_rounds):
    """Epochs of round ``number``, from 1: as even as whole numbers can be, later rounds first."""
    return n_epochs * number // n_rounds - n_epochs * (number - 1) // n_rounds


def _what_is_null(layers, inputs):
    """Tell the share of nulls of each layer, and how many inputs were cut for it."""
    shares = ", ".join(f"{layer.pi0:.2f}" for layer in layers)
    cut = "" if inputs is None else f": {np.count_nonzero(~inputs)} of {len(inputs)} inputs go"
    return f"share of null units, pi0, by layer: {shares}{cut}"


def _entry(phase, number, network, n_epochs, curve, plan):
    """Make the entry of the history for a phase that has just ended."""
    entry = {
        "phase": phase,
        "round": number,
        "n_epochs": n_epochs,
        "n_weights": network.n_weights,
        "sparsity": network.sparsity,
        "loss": float(curve[-1]) if len(curve) else np.nan,
        "loss_curve": [float(loss) for loss in curve],
    }
    if plan.say is not None:
        plan.say(
            f"{phase} {number}: {entry['n_weights']} weights left "
            f"({entry['sparsity']:.2%} cut), loss = {entry['loss']:.6f}"
        )
    return entry
