"""The training loop: minibatches or full batch, stopping, and nothing of estimators."""

from contextlib import contextmanager
from dataclasses import dataclass, field
from math import cos, pi

import numpy as np
from scipy.optimize import minimize

from skscreen.nn.optimizers import SGD, Adam
from skscreen.nn.threads import shard_pool, single_threaded_blas

# Samples of a shard: few enough for several threads to share a minibatch, enough for BLAS.
SHARD = 32


@dataclass(frozen=True)
class TrainingOptions:
    """How a network is trained; the names and meanings are scikit-learn's.

    ``tol=None`` turns the check for convergence off: all ``max_iter`` epochs are run. A score on
    held-out data stops the training nevertheless, and then ``tol=None`` is as good as 0: any gain
    counts. ``dropout`` is the share of each fully connected hidden layer's units that are set to
    zero in a step. ``report`` is called with the `TrainingResult` after each epoch.
    """

    solver: str = "adam"
    alpha: float = 1e-4
    batch_size: int | str = "auto"
    learning_rate: str = "constant"
    learning_rate_init: float = 1e-3
    power_t: float = 0.5
    max_iter: int = 200
    shuffle: bool = True
    tol: float | None = 1e-4
    momentum: float = 0.9
    nesterovs_momentum: bool = True
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8
    n_iter_no_change: int = 10
    max_fun: int = 15000
    checkpoint_epoch: int | None = None
    dropout: float = 0.0
    report: object = None

    def batch_length(self, n_samples):
        """Samples in a minibatch."""
        wanted = 200 if self.batch_size == "auto" else self.batch_size
        return min(wanted, n_samples)

    def shard_length(self, n_samples, network):
        """Samples that are worked on at once: a minibatch, or with convolutions a part of one."""
        length = self.batch_length(n_samples)
        return min(length, SHARD) if network.is_sharded else length

    def new_optimizer(self, parameters):
        """Make the optimiser that ``solver`` names, with fresh state."""
        if self.solver == "sgd":
            return SGD(parameters, momentum=self.momentum, nesterov=self.nesterovs_momentum)
        return Adam(parameters, beta_1=self.beta_1, beta_2=self.beta_2, epsilon=self.epsilon)


@dataclass
class TrainingResult:
    """What a run of `train` leaves beside the trained network."""

    loss_curve: list = field(default_factory=list)
    validation_scores: list = field(default_factory=list)
    n_iter: int = 0
    n_samples_seen: int = 0
    converged: bool = False
    checkpoint: object = None


class Schedule:
    """Learning rate as a function of progress.

    "constant"; "cosine" falls to zero over ``max_iter`` epochs; "invscaling" divides by
    ``(samples seen + 1) ** power_t`` once an epoch; "adaptive" is divided by 5 whenever the loss
    or the validation score has stalled, see `slow_down`.
    """

    def __init__(self, options):
        self.options = options
        self.divisor = 1.0

    def rate(self, epoch, part, n_samples_seen):
        """Learning rate of a step ``part`` (0 to 1) of the way through ``epoch``."""
        options = self.options
        start = options.learning_rate_init
        if options.learning_rate == "cosine":
            return start * 0.5 * (1 + cos(pi * min(1.0, (epoch + part) / options.max_iter)))
        if options.learning_rate == "invscaling":
            return start / (n_samples_seen + 1) ** options.power_t
        return start / self.divisor

    def slow_down(self):
        """Answer a stall: divide an adaptive rate and return True, or return False to stop."""
        if self.options.learning_rate != "adaptive":
            return False
        self.divisor *= 5.0
        return self.options.learning_rate_init / self.divisor > 1e-6


class Stall:
    """Counts the epochs in which a value to be minimised did not fall by more than ``tol``."""

    def __init__(self, tol, patience):
        self.tol = tol
        self.patience = patience
        self.best = np.inf
        self.count = 0

    def update(self, value):
        """Take the value of an epoch; return whether it is the best so far."""
        self.count = 0 if value <= self.best - self.tol else self.count + 1
        improved = value < self.best
        if improved:
            self.best = value
        return improved

    @property
    def reached(self):
        """Whether the patience is used up."""
        return self.count > self.patience


class _Shard:
    """Working memory for one shard of a minibatch."""

    def __init__(self, network, forms, n_samples, sample_shape, dropout, rng):
        self.buffers = network.buffers(n_samples, training=True, dropout=dropout, forms=forms)
        self.batch = np.empty((n_samples, *sample_shape), network.dtype)
        self.delta = np.empty((n_samples, network.layers[-1].n_outputs), network.dtype)
        drops = any(network.dropout_rates(dropout))
        self.rng = np.random.default_rng(rng.randint(2**31)) if drops else None
        self.gradients = network.gradients(self.buffers)


class MinibatchTrainer:
    """Runs epochs over a data set, with working memory that lives as long as it does.

    The minibatches of a network with convolutions are split into shards of a fixed size, which
    may run on threads; their gradients are added in order, so that the number of threads changes
    no bit of the result. Without convolutions there is one shard, and BLAS uses the cores, unless
    layers are trained by their kept weights.

    Parameters
    ----------
    network : Network
        Trained in place.
    X : ndarray of shape (n_samples, ...)
        Samples.
    loss : Loss
        Loss of the same samples.
    options : TrainingOptions
    rng : numpy.random.RandomState
        Shuffles and seeds the dropout.
    forms : list of KeptDense or None
        From `Network.training_forms`.
    optimizer : SGD, Adam or None
        State to go on with; None starts anew.
    run : callable or None
        Maps over shards, on threads; None goes one by one.
    """

    def __init__(self, network, X, loss, options, rng, forms, *, optimizer=None, run=None):
        self.network = network
        self.X = X
        self.loss = loss
        self.options = options
        self.rng = rng
        self.run = run
        self.length = options.batch_length(len(X))
        self.shard_length = options.shard_length(len(X), network)
        self.optimizer = optimizer or options.new_optimizer(network.parameters())
        self.forms = forms
        places = [p for form in self.forms for p in (None if form is None else form.places, None)]
        self.optimizer.move(network.parameters(), places)
        self.shards = [
            _Shard(network, self.forms, self.shard_length, X.shape[1:], options.dropout, rng)
            for _ in range(0, self.length, self.shard_length)
        ]

    def epoch(self, rate):
        """Pass over the data once.

        Parameters
        ----------
        rate : callable
            ``rate(part)`` is the learning rate ``part`` (0 to 1) of the way through.

        Returns
        -------
        loss : float
            Mean loss of the samples as they were met, plus the L2 penalty after the pass.
        """
        self.network.unlock()
        forms = [form for form in self.forms if form is not None]
        for form in forms:
            form.refresh()
        parameters = self.network.parameters(self.forms)
        n_samples = len(self.X)
        order = self.rng.permutation(n_samples) if self.options.shuffle else np.arange(n_samples)
        loss = 0.0
        for start in range(0, n_samples, self.length):
            index = order[start : start + self.length]
            loss += self.step(index, parameters, rate(start / n_samples)) * len(index)
            for form in forms:
                form.follow()
        for form in forms:
            form.write_back()
        return loss / n_samples + penalty(self.network, self.loss, self.options, n_samples)

    def step(self, index, parameters, rate):
        """Update the parameters with the samples ``index``; return their mean loss."""
        total = self.loss.total(len(index))
        starts = range(0, len(index), self.shard_length)
        shards = self.shards[: len(starts)]
        jobs = [
            (shard, index[start : start + self.shard_length], total)
            for shard, start in zip(shards, starts, strict=True)
        ]
        over = self.run or _one_by_one
        values = over(self._gradient, jobs)
        self.optimizer.step(
            parameters,
            [shard.gradients for shard in shards],
            rate,
            self.options.alpha / total,
            run=self.run,
        )
        return sum(values)

    def _gradient(self, job):
        """Fill a shard's gradients; return its part of the mean loss."""
        shard, index, total = job
        x = self.network.gather(self.X, index, shard.batch[: len(index)])
        delta = shard.delta[: len(index)]
        dropout = self.options.dropout
        logits = self.network.forward(x, shard.buffers, rng=shard.rng, dropout=dropout)
        value = self.loss.gradient(logits, index, delta, total)
        self.network.backward(x, delta, shard.buffers, dropout=dropout)
        return value


def _one_by_one(function, arguments):
    return list(map(function, arguments))


def penalty(network, loss, options, n_samples):
    """L2 penalty of the mean loss: alpha / 2 times the squares over the samples' weight."""
    squares = sum(float(np.vdot(p.value, p.value)) for p in network.parameters() if p.penalised)
    return 0.5 * options.alpha * squares / loss.total(n_samples)


def unwatched(name):
    """Watch nothing; see `train`."""
    return lambda network: False


def train(network, X, loss, options, rng, *, score=None, optimizer=None, watch=unwatched):
    """Train a network in place.

    Parameters
    ----------
    network : Network
        Masked weights stay zero.
    X : ndarray of shape (n_samples, ...)
        Samples; see `Network.gather`.
    loss : Loss
        Loss of the same samples.
    options : TrainingOptions
    rng : numpy.random.RandomState
        Source of all randomness.
    score : callable or None
        ``score(network)`` on held-out data, the larger the better. With it training stops when
        the score stalls, and the network of the best epoch is kept. Not for "lbfgs".
    optimizer : SGD, Adam or None
        State to go on with.
    watch : callable
        ``watch("epoch")`` is called when an epoch begins. It returns a function that is called
        with the network when the epoch ends, and returns whether the training shall stop there.

    Returns
    -------
    result : TrainingResult

    Raises
    ------
    FloatingPointError
        When the loss is no longer finite.
    """
    if options.solver == "lbfgs":
        return _train_full_batch(network, X, loss, options, watch)
    forms = network.training_forms(options.shard_length(len(X), network))
    with _threads(network, forms, options.batch_length(len(X))) as run:
        trainer = MinibatchTrainer(
            network, X, loss, options, rng, forms, optimizer=optimizer, run=run
        )
        return run_epochs(trainer, score=score, watch=watch)


@contextmanager
def _threads(network, forms, length):
    """Give the threads of a training their work; yield what maps over shards, or None."""
    if network.is_sharded:
        with shard_pool(-(-length // SHARD)) as run:
            yield run
    elif any(form is not None for form in forms):
        with single_threaded_blas():
            yield None
    else:
        yield None


def run_epochs(trainer, *, score=None, watch=unwatched):
    """Run a trainer until ``max_iter`` or a stall; see `train`."""
    network, options = trainer.network, trainer.options
    schedule = Schedule(options)
    # a cosine schedule plans its end, so only held-out data may stop it early
    plans_its_end = options.learning_rate == "cosine" or options.tol is None
    watches = score is not None or not plans_its_end
    stall = Stall(options.tol or 0.0, options.n_iter_no_change)
    result = TrainingResult()
    best = None
    if options.checkpoint_epoch == 0:
        result.checkpoint = network.copy()
    for epoch in range(options.max_iter):
        ended = watch("epoch")
        value = trainer.epoch(
            lambda part, epoch=epoch: schedule.rate(epoch, part, result.n_samples_seen)
        )
        _record(result, value, len(trainer.X), options)
        if result.n_iter == options.checkpoint_epoch:
            result.checkpoint = network.copy()
        if score is not None:
            result.validation_scores.append(float(score(network)))
            value = -result.validation_scores[-1]
        if stall.update(value) and score is not None:
            best = [p.value.copy() for p in network.parameters()]
        if options.report is not None:
            options.report(result)
        if ended(network):
            result.converged = True
            break
        if watches and stall.reached:
            stall.count = 0
            if not schedule.slow_down():
                result.converged = True
                break
    result.converged = result.converged or plans_its_end
    network.unlock()
    if best is not None:
        for parameter, value in zip(network.parameters(), best, strict=True):
            parameter.value[...] = value
    return result


def _record(result, loss, n_samples, options):
    if not np.isfinite(loss):
        raise FloatingPointError(
            f"the training loss became {loss} in epoch {result.n_iter + 1}: scale the features "
            f"(for example with StandardScaler) or lower learning_rate_init, which is "
            f"{options.learning_rate_init}"
        )
    result.loss_curve.append(loss)
    result.n_iter += 1
    result.n_samples_seen += n_samples


def _train_full_batch(network, X, loss, options, watch):
    """Minimise the full objective with L-BFGS-B (Byrd, Lu, Nocedal & Zhu 1995)."""
    network.unlock()
    parameters = network.parameters()
    buffers = network.buffers(len(X), training=True)
    gradients = network.gradients(buffers)
    delta = np.empty((len(X), network.layers[-1].n_outputs), network.dtype)
    index = np.arange(len(X))
    X = network.gather(X, index, np.empty(X.shape, network.dtype))
    decay = options.alpha / loss.total(len(X))
    result = TrainingResult()

    def write(flat):
        start = 0
        for parameter in parameters:
            stop = start + parameter.value.size
            parameter.value[...] = flat[start:stop].reshape(parameter.value.shape)
            start = stop

    def objective(flat):
        write(flat)
        value = loss.gradient(network.forward(X, buffers), index, delta, loss.total(len(X)))
        network.backward(X, delta, buffers)
        slope = np.concatenate(
            [_slope(p, g, decay) for p, g in zip(parameters, gradients, strict=True)]
        )
        return value + penalty(network, loss, options, len(X)), slope

    def after_iteration(intermediate_result):
        _record(result, float(intermediate_result.fun), len(X), options)
        if options.report is not None:
            options.report(result)
        write(intermediate_result.x)
        # how many evaluations a step takes is not known before it is done
        if watch("epoch")(network):
            result.converged = True
            raise StopIteration

    start = np.concatenate([p.value.ravel() for p in parameters]).astype(np.float64)
    found = minimize(
        objective,
        start,
        method="L-BFGS-B",
        jac=True,
        callback=after_iteration,
        options={
            "maxiter": options.max_iter,
            "maxfun": options.max_fun,
            "gtol": options.tol or 0.0,
        },
    )
    write(found.x)
    if not result.loss_curve:  # the starting point was already a minimum
        _record(result, float(found.fun), len(X), options)
    result.converged = result.converged or found.status == 0 or options.tol is None
    return result


def _slope(parameter, gradient, decay):
    """Gradient of the penalised objective, zero where the mask holds the weight at zero."""
    slope = gradient.astype(np.float64)
    if parameter.penalised:
        slope += decay * parameter.value
    if parameter.mask.size:
        slope *= parameter.mask
    return slope.ravel()
