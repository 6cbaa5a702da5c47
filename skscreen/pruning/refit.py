"""Refit: what a cut leaves is solved again by least squares, without labels and without training.

After a cut each layer's kept weights are chosen so that the pruned network, reading its own
activations, gives the pre-activations of a teacher, the network before the cuts. That is a ridge
regression for each unit, and second moments are all it takes::

    w_K = (S_KK + c I)^-1 (S_Kt + c w0_K),   b = mean(t) - mean(a) w

with the covariances S of what the layer reads and S_Kt of that and the teacher's pre-activation t,
the teacher's weights w0, and the ridge c. Layer by layer from the inputs on, each layer makes up
for what those before it have lost. The last layer of a classifier is then fitted to the teacher's
probabilities, see `skscreen.pruning.output_fit`.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from skscreen.nn.threads import single_threaded_blas
from skscreen.pruning.output_fit import FAMILIES, fit_output
from skscreen.pruning.reading import MOST_BYTES, Reading, parameters_before, same_parameters
from skscreen.pruning.subsystems import solve_subsystems
from skscreen.screening import SecondMoments
from skscreen.screening.weights import effective_size

# Samples that are enough; more make the fit no better.
MOST_SAMPLES = 10_000
# Samples whose activations are held at once by a thread.
CHUNK = 1024
# Rows of im2col columns that are enough for the moments of a convolution, over all samples.
ENOUGH_ROWS = 20_000
# Parts that are held out in turn when the ridge is chosen, relative to the mean variance of what a
# layer reads, by how well the first so many units are predicted.
N_FOLDS = 4
RIDGES = (0.01, 0.03, 0.1)
USUAL_RIDGE = 0.03
# Likewise, of the fit to the teacher's probabilities, times the number of samples.
OUTPUT_RIDGE = 3.0
N_UNITS_TO_CHOOSE_BY = 10


class LayerMoments:
    """Second moments of what the layers of a network read, on given samples.

    Parameters
    ----------
    X : ndarray of shape (n_samples, ...)
        Of the network's dtype, or uint8.
    sample_weight : ndarray of shape (n_samples,) or None, default=None
        Of which only the ratios matter; samples of weight zero are left out.

    Notes
    -----
    Of more than `MOST_SAMPLES` samples as many are taken, evenly. Of a convolution some positions
    of each sample are drawn, at least one and about ``ENOUGH_ROWS`` in all: neighbours tell little
    more. Chunks run on threads and are merged in order, with single-threaded BLAS, so that the
    number of threads changes no bit.
    """

    def __init__(self, X, sample_weight=None):
        self.X = X
        self.sample_weight = sample_weight
        counted = np.arange(len(X)) if sample_weight is None else np.flatnonzero(sample_weight)
        n_taken = min(len(counted), MOST_SAMPLES)
        self._rows = counted[np.linspace(0, len(counted) - 1, n_taken).astype(int)]
        self._folds, self._chunks = [], []
        for fold in range(N_FOLDS):
            rows = self._rows[fold::N_FOLDS]
            chunks = [rows[i : i + CHUNK] for i in range(0, len(rows), CHUNK)]
            self._folds += [fold] * len(chunks)
            self._chunks += chunks
        self._reading = Reading(X, self._chunks)
        self._known = {}
        self._taught = None

    def of(self, network, number, teacher=None):
        """Collect the moments of a layer, unless they are known from the last time.

        Parameters
        ----------
        network : Network
            Whose layers read.
        number : int
            The layer.
        teacher : Network or None, default=None
            Of the same shapes; its pre-activations are the targets. None for any targets or none.

        Returns
        -------
        folds : list of SecondMoments
            Of `N_FOLDS` parts of the samples; not to be changed.
        """
        return self._known_of(network, number, teacher).folds

    def whole(self, network, number, teacher=None):
        """Return the moments of all samples together; parameters as those of `of`."""
        return self._known_of(network, number, teacher).whole

    def _known_of(self, network, number, teacher):
        # what a layer reads depends on the layers before it alone
        known = self._known.get(number)
        if known is None or not known.fit(network, number, teacher):
            if number == 0 and teacher is not None:
                first = teacher.layers[0]  # it reads the same as the other's first layer
                folds = [
                    fold.with_linear_targets(first.weight, first.bias)
                    for fold in self.of(network, 0)
                ]
            else:
                folds = self._collect(network, number, teacher)
            known = _Known(parameters_before(network, number), teacher, folds)
            self._known[number] = known
        return known

    def samples(self, network, teacher):
        """Collect what the last layer of a network reads, and what a teacher says, by samples.

        Parameters
        ----------
        network, teacher : Network

        Returns
        -------
        read : ndarray of shape (n_samples, n_inputs)
        logits : ndarray of shape (n_samples, n_outputs)
        sample_weight : ndarray of float64 of shape (n_samples,)
            With a sum of 1.
        """
        last = len(network.layers) - 1
        layer = network.layers[last]
        read = self._reading.map(
            lambda place, values: self._drawn(layer, last, place, values), network, last
        )
        weight = np.ones(len(self._rows))
        if self.sample_weight is not None:
            weight = self.sample_weight[np.concatenate(self._chunks)].astype(np.float64)
        logits = self._targets(teacher, last)
        return np.concatenate(read), np.concatenate(logits), weight / weight.sum()

    def _collect(self, network, number, teacher):
        """Run the samples through the layers before; merge what the chunks give."""
        layer = network.layers[number]
        n_targets = 0 if teacher is None else layer.n_outputs
        targets = None if teacher is None else self._targets(teacher, number)

        def observe(place, values):
            read = self._drawn(layer, number, place, values)
            weight = None
            if self.sample_weight is not None:
                rows = self._chunks[place]
                weight = np.repeat(self.sample_weight[rows], len(read) // len(rows))
            said = None if targets is None else targets[place]
            return SecondMoments(layer.n_inputs, n_targets).partial_fit(read, said, weight)

        total = [SecondMoments(layer.n_inputs, n_targets) for _ in range(N_FOLDS)]
        parts = self._reading.map(observe, network, number)
        for fold, part in zip(self._folds, parts, strict=True):
            total[fold].merge(part)
        return total

    def _targets(self, teacher, number):
        """Return a teacher's pre-activations in a layer where it is looked at, chunk by chunk."""
        if self._taught is None or self._taught.teacher is not teacher:
            self._taught = _Taught(teacher, Reading(self.X, self._chunks), {})
        own = teacher.layers[number]

        def say(place, values):
            return self._drawn(own, number, place, values) @ own.weight + own.bias

        return self._taught.targets(say, number)

    def _drawn(self, layer, number, place, values):
        """Return what a layer reads of a chunk at the positions that are drawn, one a row."""
        rows = self._chunks[place]
        n_drawn = int(np.clip(ENOUGH_ROWS // len(self._rows), 1, layer.n_positions))
        values = layer.source_values(values)
        if n_drawn < layer.n_positions:
            places = np.tile(np.arange(layer.n_positions), (len(rows), 1))
            places = np.random.default_rng([number, rows[0]]).permuted(places, axis=1)
            values = np.take_along_axis(values, places[:, :n_drawn, None], axis=1)
        return values.reshape(-1, values.shape[2])


@dataclass(frozen=True)
class _Known:
    """Moments of a layer, and what they were observed with."""

    before: list
    teacher: object
    folds: list

    @cached_property
    def whole(self):
        """The folds together."""
        return merged(self.folds)

    def fit(self, network, number, teacher):
        """Return whether they hold for a layer of a network, and for these targets."""
        known = teacher is None or teacher is self.teacher
        return known and same_parameters(self.before, network, number)


@dataclass(frozen=True)
class _Taught:
    """What a teacher says about the samples; it does not change, so it is kept."""

    teacher: object
    reading: Reading
    known: dict

    def targets(self, say, number):
        """Return what is known of a layer, or find it with `Reading.map`."""
        if number in self.known:
            return self.known[number]
        targets = self.reading.map(say, self.teacher, number)
        kept = [*self.known.values(), targets]
        if sum(chunk.nbytes for layer in kept for chunk in layer) <= MOST_BYTES:
            self.known[number] = targets
        return targets


def merged(folds):
    """Merge moments of parts; the parts stay as they are."""
    total = SecondMoments(folds[0].n_units, folds[0].n_targets)
    for fold in folds:
        total.merge(fold)
    return total


def ridge_scale(covariance):
    """Mean variance of the units that vary; 1 where none does."""
    variances = np.diagonal(covariance)
    varying = variances > 0
    return float(variances[varying].mean()) if varying.any() else 1.0


def with_ridge(covariance, ridge):
    """Add a ridge, relative to the mean variance of the units, to a covariance."""
    covariance = covariance.copy()
    np.fill_diagonal(covariance, np.diagonal(covariance) + ridge * ridge_scale(covariance))
    return covariance


def solve_kept(moments, mask, anchor, ridge):
    """Fit each target from the units that a mask keeps for it.

    Parameters
    ----------
    moments : SecondMoments
        Of units and targets.
    mask : ndarray of bool of shape (n_units, n_targets)
    anchor : ndarray of shape (n_units, n_targets)
        Weights towards which the ridge draws.
    ridge : float > 0
        Relative to the mean variance of the units.

    Returns
    -------
    weight : ndarray of float64 of shape (n_units, n_targets)
        Zero where the mask is False.
    bias : ndarray of float64 of shape (n_targets,)
    """
    covariance = moments.covariance()
    penalty = ridge * ridge_scale(covariance)
    right = moments.cross_covariance() + penalty * anchor
    np.fill_diagonal(covariance, np.diagonal(covariance) + penalty)
    weight = solve_subsystems(covariance, right, mask)
    return weight, moments.target_means - moments.means @ weight


def held_out_error(moments, weight, bias):
    """Mean squared error of a fit, relative to each target's variance, from moments alone."""
    variance = moments.target_squares / moments.weight_sum
    fitted = np.einsum("ij,ij->j", weight, moments.covariance() @ weight)
    shared = np.einsum("ij,ij->j", weight, moments.cross_covariance())
    offset = moments.target_means - moments.means @ weight - bias
    error = variance - 2 * shared + fitted + offset**2
    return float(np.mean(error / np.where(variance > 0, variance, 1.0)))


def choose_ridge(folds, mask, anchor):
    """Choose the ridge with the least error on parts of the samples held out in turn.

    Parameters
    ----------
    folds : list of SecondMoments
    mask, anchor : ndarray of shape (n_units, n_targets)
        See `solve_kept`.

    Returns
    -------
    ridge : float
        One of `RIDGES`.
    """
    cut = np.flatnonzero(~mask.all(axis=0))
    columns = cut[:: max(1, len(cut) // N_UNITS_TO_CHOOSE_BY)][:N_UNITS_TO_CHOOSE_BY]
    folds = [fold.of_targets(columns) for fold in folds if fold.weight_sum > 0]
    if len(folds) < 2 or not len(columns):
        return USUAL_RIDGE
    mask, anchor = mask[:, columns], anchor[:, columns]
    errors = np.zeros(len(RIDGES))
    for number, held in enumerate(folds):
        others = merged(folds[:number] + folds[number + 1 :])
        for place, ridge in enumerate(RIDGES):
            errors[place] += held_out_error(held, *solve_kept(others, mask, anchor, ridge))
    return RIDGES[int(np.argmin(errors))]


def refit(network, teacher, moments, *, ridge=None):
    """Solve the kept weights of all layers again, from the inputs on, in place.

    Parameters
    ----------
    network : Network
        A masked network; what its masks cut stays cut.
    teacher : Network
        Of the same shapes: the network before the cuts.
    moments : LayerMoments
        The samples.
    ridge : float > 0 or None, default=None
        Relative to the mean variance of what a layer reads; None to choose it for each layer by
        held-out parts of the samples.

    Returns
    -------
    ridges : list of float
        The ridge of each layer.
    """
    with single_threaded_blas():  # threads work on layers' parts, not within small products
        ridges = [
            _refit_layer(network, teacher, number, moments, ridge)
            for number in range(len(network.layers))
        ]
        if ridge is None and network.output in FAMILIES:
            _refit_outputs(network, teacher, moments)
    return ridges


def _refit_layer(network, teacher, number, moments, ridge):
    layer = network.layers[number]
    mask = layer.connected()
    anchor = teacher.layers[number].weight.astype(np.float64)
    if ridge is None:
        ridge = choose_ridge(moments.of(network, number, teacher), mask, anchor)
    whole = moments.whole(network, number, teacher)
    layer.unlock()
    layer.weight[...], layer.bias[...] = solve_kept(whole, mask, anchor, ridge)
    return ridge


def _refit_outputs(network, teacher, moments):
    """Fit the last layer to the teacher's probabilities, from its least squares fit on."""
    layer = network.layers[-1]
    read, logits, weight = moments.samples(network, teacher)
    variance = weight @ (read - weight @ read) ** 2
    layer.weight[...], layer.bias[...] = fit_output(
        read,
        logits,
        network.output,
        (layer.weight.astype(np.float64), layer.bias.astype(np.float64)),
        layer.connected(),
        OUTPUT_RIDGE * ridge_scale(np.diag(variance)) / effective_size(weight),
        weight,
    )
