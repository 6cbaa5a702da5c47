"""What is known of a network's connections and units when they are scored."""

from functools import cached_property

import numpy as np

from skscreen.pruning.gradients import observe_gradients
from skscreen.screening import STATISTICS, ClassMoments, PooledMoments


def _source_values(layer, source, output):
    return layer.source_values(source)


def _unit_values(layer, source, output):
    return output.reshape(len(output), layer.n_output_positions, layer.n_outputs)


#: side -> function of (layer, what it read, what it gave) to (n_samples, n_positions, n_units)
SIDES = {"source": _source_values, "unit": _unit_values}


def empty_moments(side, layers, collect, pooling):
    """Return `PooledMoments` of each layer's source units, or of its own units."""
    if side == "source":
        shapes = [(layer.n_positions, layer.n_inputs) for layer in layers]
    else:
        shapes = [(layer.n_output_positions, layer.n_outputs) for layer in layers]
    return [PooledMoments(collect, *shape, pooling) for shape in shapes]


class RunningMoments:
    """Moments of a network's units, kept up to date by every step of its training.

    Once an epoch has been seen, older steps fade, so that the samples count as many as the data
    have. With dropout active, what is seen are the units that were not dropped, and zeros. What
    was not constant before does not count as constant, though all that varied may have faded.

    Parameters
    ----------
    network : Network
    data : ScreeningData
        What it is trained with.
    pooling : {"mean", "max", "positions", "local"}
    screen : Statistic
        One that streams.

    Attributes
    ----------
    moments : dict
        Lists of `PooledMoments` as `NetworkEvidence` has them: "source" and "unit".
    n_seen : float
        Samples that the moments stand for: those so far, at most those of the data.
    """

    def __init__(self, network, data, pooling, screen):
        self.network = network
        self.data = data
        self.pooling = pooling
        self._collect = data.collector(screen)
        self.moments = self.start()
        self.n_seen = 0

    def start(self):
        """Return empty moments for a part of a batch."""
        return {
            side: empty_moments(side, self.network.layers, self._collect, self.pooling)
            for side in SIDES
        }

    def observer(self, part, index):
        """Return what `Network.forward` shall call with the samples ``index``."""
        target = self.data.target[index]
        weight = None if self.data.sample_weight is None else self.data.sample_weight[index]

        def observe(number, source, output):
            for side, values in SIDES.items():
                seen = values(self.network.layers[number], source, output)
                part[side][number].partial_fit(seen, target, weight)

        return observe

    def add(self, parts, n_samples):
        """Add the parts of a batch of so many samples."""
        n_old = min(self.n_seen, len(self.data.X) - n_samples)
        fade = n_old / self.n_seen if self.n_seen else 1.0
        for side, layers in self.moments.items():
            for number, moments in enumerate(layers):
                moments.forget(fade)
                for part in parts:
                    moments.merge(part[side][number])
        self.n_seen = n_old + n_samples


class NetworkEvidence:
    """Statistics of a network on data; each is computed when first asked for.

    Parameters
    ----------
    network : Network
    data : ScreeningData
    rng : numpy.random.RandomState
        For criteria that draw.
    pooling : {"mean", "max", "positions", "local"}
        What the F-statistic of a convolution makes of the positions; see `POOLINGS`.
    screen : Statistic
        The statistic.
    screen_samples : int
        Samples for a screen that cannot stream, for scales and for gradients.
    """

    def __init__(
        self, network, data, rng, pooling="mean", screen=STATISTICS["f"], screen_samples=5000
    ):
        self.network = network
        self.data = data if screen.streams else data.unweighted_subsample(screen_samples, rng)
        self.rng = rng
        self.pooling = pooling
        self.screen = screen
        self.screen_samples = screen_samples

    @cached_property
    def source_moments(self):
        """`PooledMoments` of each layer's source units: what its connections read."""
        return self._moments("source")

    @cached_property
    def unit_moments(self):
        """`PooledMoments` of each layer's own units."""
        return self._moments("unit")

    @cached_property
    def source_statistics(self):
        """`FStatistics` of each layer's source units."""
        return [moments.statistics(self.screen) for moments in self.source_moments]

    @cached_property
    def unit_statistics(self):
        """`FStatistics` of each layer's own units."""
        return [moments.statistics(self.screen) for moments in self.unit_moments]

    def _moments(self, side):
        """Collect the moments of one side in a forward pass."""
        layers = self.network.layers
        collect = self.data.collector(self.screen)
        values = SIDES[side]
        return self._accumulate(
            lambda: empty_moments(side, layers, collect, self.pooling),
            lambda part, number, source, output, target, weight: part[number].partial_fit(
                values(layers[number], source, output), target, weight
            ),
        )

    @cached_property
    def source_totals(self):
        """`ClassMoments` of one class, of what each layer reads over samples and positions."""
        layers = self.network.layers

        def add(part, number, source, output, target, weight):
            values = layers[number].source_values(source)
            n_samples, n_positions, n_inputs = values.shape
            if weight is not None:
                weight = np.repeat(weight, n_positions)
            codes = np.zeros(n_samples * n_positions, dtype=np.intp)
            part[number].partial_fit(values.reshape(-1, n_inputs), codes, weight)

        return self._accumulate(
            lambda: [ClassMoments(1, layer.n_inputs) for layer in layers],
            add,
            self.data.subsample(self.screen_samples, self.rng),
        )

    @cached_property
    def source_means(self):
        """Mean of what each layer reads over samples and positions, from `screen_samples`."""
        return [totals.means[0] for totals in self.source_totals]

    @cached_property
    def gradients(self):
        """`LayerGradients` of each layer, over `screen_samples` of the samples."""
        data = self.data.subsample(self.screen_samples, self.rng)
        return observe_gradients(self.network, data, self.rng)

    def _accumulate(self, start, add, data=None):
        """Run the network over data; collect per layer what ``add`` makes of each chunk.

        The data are those to screen with, unless others are given. Chunks may run on threads;
        what they gave is merged in order, so the result does not depend on the number of threads.
        """
        data = self.data if data is None else data

        def observe_chunk(rows, x, buffers):
            part = start()
            target = data.target[rows]
            weight = None if data.sample_weight is None else data.sample_weight[rows]
            self.network.forward(
                x,
                buffers,
                observe=lambda number, source, output: add(
                    part, number, source, output, target, weight
                ),
            )
            return part

        total, *others = self.network.over_chunks(data.X, observe_chunk)
        for chunk in others:
            for whole, part in zip(total, chunk, strict=True):
                whole.merge(part)
        return total

    def connections(self):
        """Return the `Evidence` of each layer's connections."""
        return [ConnectionEvidence(self, number) for number in range(len(self.network.layers))]

    def units(self):
        """Return the `Evidence` of each hidden layer's units."""
        return [UnitEvidence(self, number) for number in range(len(self.network.layers) - 1)]


class Evidence:
    """What a criterion may look at, for one layer.

    All arrays can be broadcast to `shape`.

    Attributes
    ----------
    layer : int
        Number of the layer.
    shape : tuple of int
        Shape the scores must have: that of the weight for connections, (n_units,) for units.
    magnitude : ndarray
        Size of the weights.
    outgoing : ndarray
        Size of the weights that read the activation, which is what a connection's is.
    F : ndarray
        F-statistic of the activations across the classes.
    rms, spread : ndarray
        Root mean square and standard deviation of the activations, over positions as well, from
        `screen_samples` of the samples.
    saliency : ndarray
        Mean over the samples of weight times gradient of the loss: what the loss would fall by,
        to first order, without the connection or unit.
    saliency_rms : ndarray
        Root of the mean, over minibatches of 128, of the square of the same.
    rng : numpy.random.RandomState
    network, data : Network, ScreeningData
        What is pruned and what it is screened with, for criteria that need more.
    """

    def __init__(self, network_evidence, layer):
        self._of = network_evidence
        self.layer = layer
        self.rng = network_evidence.rng
        self.network = network_evidence.network
        self.data = network_evidence.data

    @property
    def _gradients(self):
        return self._of.gradients[self.layer]


class ConnectionEvidence(Evidence):
    """Evidence on the connections (i, j) of a layer; activations are those of the source i.

    Attributes
    ----------
    weight : ndarray of shape (n_inputs, n_outputs)
        The weights themselves.
    target_F : ndarray of shape (1, n_outputs)
        F-statistic of the unit j that the connection leads to.
    """

    @property
    def weight(self):
        """The layer's weights."""
        return self.network.layers[self.layer].weight

    @property
    def shape(self):
        """Shape of the weights."""
        return self.weight.shape

    @property
    def magnitude(self):
        """Absolute weights, in float64."""
        return np.abs(self.weight.astype(np.float64))

    outgoing = magnitude

    @property
    def F(self):
        """F of each source unit, of shape (n_inputs, 1)."""
        return self._of.source_statistics[self.layer].F[:, None]

    @property
    def target_F(self):
        """F of the units that the connections lead to, of shape (1, n_outputs)."""
        return self._of.unit_statistics[self.layer].F[None, :]

    def statistic(self, side):
        """F of the "source", of the "target", or the geometric mean of "both"."""
        if side == "both":
            with np.errstate(invalid="ignore"):  # 0 * inf
                both = np.sqrt(self.F * self.target_F)
            return np.where(np.isnan(both), 0.0, both)
        return self.F if side == "source" else self.target_F

    @property
    def rms(self):
        """Root mean square of each source unit, of shape (n_inputs, 1)."""
        return np.sqrt(self._of.source_totals[self.layer].mean_square())[:, None]

    @property
    def spread(self):
        """Standard deviation of each source unit, of shape (n_inputs, 1)."""
        return np.sqrt(self._of.source_totals[self.layer].variance())[:, None]

    @property
    def saliency(self):
        """Weight times mean gradient, of the shape of the weights."""
        return self._gradients.saliency

    @property
    def saliency_rms(self):
        """Root mean square over minibatches of weight times gradient."""
        return self._gradients.saliency_rms


class UnitEvidence(Evidence):
    """Evidence on the hidden units, or channels, of a layer.

    The magnitude is the product of the norms of the incoming and of the outgoing weights, which
    does not change when a ReLU unit is rescaled.
    """

    @property
    def shape(self):
        """(n_units,)."""
        return (self.network.layers[self.layer].n_outputs,)

    @property
    def incoming(self):
        """Norm of the weights into each unit."""
        return np.linalg.norm(self.network.layers[self.layer].weight.astype(float), axis=0)

    @property
    def outgoing(self):
        """Norm of the weights that read each unit."""
        after = self.network.layers[self.layer + 1]
        squares = (after.weight.astype(float) ** 2).sum(axis=1)
        units = after.source_units(self.shape[0])
        return np.sqrt(np.bincount(units, squares, minlength=self.shape[0]))

    @property
    def magnitude(self):
        """Product of the norms of the incoming and outgoing weights."""
        return self.incoming * self.outgoing

    @property
    def F(self):
        """F of each unit's own activation."""
        return self._of.unit_statistics[self.layer].F

    def statistic(self, side):
        """F of the unit; a unit has no sides."""
        return self.F

    @property
    def rms(self):
        """Root mean square of what the next layer reads of each unit."""
        return self._as_read(ClassMoments.mean_square)

    @property
    def spread(self):
        """Standard deviation of what the next layer reads of each unit."""
        return self._as_read(ClassMoments.variance)

    def _as_read(self, square):
        """Root of the mean of squares over the inputs of the next layer that show a unit."""
        units = self.network.layers[self.layer + 1].source_units(self.shape[0])
        squares = square(self._of.source_totals[self.layer + 1])
        total = np.bincount(units, squares, self.shape[0])
        return np.sqrt(total / np.maximum(np.bincount(units, minlength=self.shape[0]), 1))

    @property
    def saliency(self):
        """Sum over a unit's weights and bias of weight times mean gradient."""
        return self._gradients.unit_saliency

    @property
    def saliency_rms(self):
        """Root mean square over minibatches of that sum."""
        return self._gradients.unit_saliency_rms
