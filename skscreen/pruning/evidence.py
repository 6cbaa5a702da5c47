"""What is known of a network's connections and units when they are scored."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from skscreen.screening import (
    SCREENS,
    ClassMoments,
    PooledMoments,
    RegressionMoments,
    Samples,
)


@dataclass(frozen=True)
class ScreeningData:
    """Samples to screen with.

    Parameters
    ----------
    X : ndarray of shape (n_samples, ...)
        Of the network's dtype, or uint8.
    target : ndarray
        Class codes of shape (n_samples,), or numbers of shape (n_samples, n_outputs).
    n_classes : int or None
        Number of classes; None for regression.
    sample_weight : ndarray of shape (n_samples,) or None
        Counted as repetitions.
    """

    X: np.ndarray
    target: np.ndarray
    n_classes: int | None
    sample_weight: np.ndarray | None = None

    def collector(self, screen):
        """Return the function that makes what a screen collects of so many units."""
        if not screen.streams:
            task = "regression" if self.n_classes is None else "classification"
            return lambda n_units: Samples(task, self.n_classes)
        if self.n_classes is None:
            return lambda n_units: RegressionMoments(n_units, self.target.shape[1])
        return lambda n_units: ClassMoments(self.n_classes, n_units)

    def subsample(self, n_samples, rng):
        """Draw at most so many samples, stratified by class, for screens that cannot stream.

        Raises
        ------
        ValueError
            If the samples that count have unequal weights: such screens take none.
        """
        rows = np.arange(len(self.X))
        if self.sample_weight is not None:
            rows = np.flatnonzero(self.sample_weight)
            if np.ptp(self.sample_weight[rows]) > 0:
                raise ValueError(
                    "this score_func or null takes no sample or class weights, got unequal ones"
                )
        if len(rows) > n_samples:
            rows = rng.permutation(rows)
            if self.n_classes is not None:
                # each class's samples evenly over the order, so that its head is stratified
                codes = self.target[rows]
                rank = np.empty(len(rows))
                for k in range(self.n_classes):
                    own = np.flatnonzero(codes == k)
                    rank[own] = (np.arange(len(own)) + 0.5) / max(len(own), 1)
                rows = rows[np.argsort(rank, kind="stable")]
            rows = np.sort(rows[:n_samples])
        return ScreeningData(self.X[rows], self.target[rows], self.n_classes)


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
    screen : Screen
        The statistic.
    screen_samples : int
        Samples for a screen that cannot stream.
    """

    def __init__(
        self, network, data, rng, pooling="mean", screen=SCREENS["f"], screen_samples=5000
    ):
        self.network = network
        self.data = data if screen.streams else data.subsample(screen_samples, rng)
        self.rng = rng
        self.pooling = pooling
        self.screen = screen

    @cached_property
    def source_moments(self):
        """`PooledMoments` of each layer's source units: what its connections read."""
        layers = self.network.layers
        shapes = [(layer.n_positions, layer.n_inputs) for layer in layers]
        return self._moments(
            shapes, lambda number, source, output: layers[number].source_values(source)
        )

    @cached_property
    def unit_moments(self):
        """`PooledMoments` of each layer's own units."""
        shapes = [(layer.n_output_positions, layer.n_outputs) for layer in self.network.layers]
        return self._moments(
            shapes,
            lambda number, source, output: output.reshape(len(output), *shapes[number]),
        )

    @cached_property
    def source_statistics(self):
        """`FStatistics` of each layer's source units."""
        return [moments.statistics(self.screen) for moments in self.source_moments]

    @cached_property
    def unit_statistics(self):
        """`FStatistics` of each layer's own units."""
        return [moments.statistics(self.screen) for moments in self.unit_moments]

    def _moments(self, shapes, values):
        """Collect moments in one forward pass; ``values`` picks what each layer shows."""
        collect = self.data.collector(self.screen)
        return self._accumulate(
            lambda: [PooledMoments(collect, *shape, self.pooling) for shape in shapes],
            lambda part, number, source, output, target, weight: part[number].partial_fit(
                values(number, source, output), target, weight
            ),
        )

    @cached_property
    def source_mean_squares(self):
        """Mean square of each layer's source units over samples and positions."""
        layers = self.network.layers

        def add(part, number, source, output, target, weight):
            squares = (layers[number].source_values(source).astype(np.float64) ** 2).mean(axis=1)
            part[number] = _Sum(squares.sum(axis=0) if weight is None else weight @ squares)

        sums = self._accumulate(lambda: [_Sum(0.0) for _ in layers], add)
        weight = self.data.sample_weight
        total = len(self.data.X) if weight is None else weight.sum()
        return [part.value / total for part in sums]

    def _accumulate(self, start, add):
        """Run the network over the data; collect per layer what ``add`` makes of each chunk.

        Chunks may run on threads; what they gave is merged in order, so the result does not
        depend on the number of threads.
        """
        data = self.data

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


class _Sum:
    """A sum that merges like moments do."""

    def __init__(self, value):
        self.value = value

    def merge(self, other):
        self.value = self.value + other.value


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
    F : ndarray
        F-statistic of the activations across the classes.
    rms : ndarray
        Root mean square of the activations.
    rng : numpy.random.RandomState
    """

    def __init__(self, network_evidence, layer):
        self._of = network_evidence
        self.layer = layer
        self.rng = network_evidence.rng


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
        return self._of.network.layers[self.layer].weight

    @property
    def shape(self):
        """Shape of the weights."""
        return self.weight.shape

    @property
    def magnitude(self):
        """Absolute weights, in float64."""
        return np.abs(self.weight.astype(np.float64))

    @property
    def F(self):
        """F of each source unit, of shape (n_inputs, 1)."""
        return self._of.source_statistics[self.layer].F[:, None]

    @property
    def target_F(self):
        """F of the units that the connections lead to, of shape (1, n_outputs)."""
        return self._of.unit_statistics[self.layer].F[None, :]

    @property
    def rms(self):
        """Root mean square of each source unit, of shape (n_inputs, 1)."""
        return np.sqrt(self._of.source_mean_squares[self.layer])[:, None]


class UnitEvidence(Evidence):
    """Evidence on the hidden units, or channels, of a layer.

    The magnitude is the product of the norms of the incoming and of the outgoing weights, which
    does not change when a ReLU unit is rescaled.
    """

    @property
    def shape(self):
        """(n_units,)."""
        return (self._of.network.layers[self.layer].n_outputs,)

    @property
    def incoming(self):
        """Norm of the weights into each unit."""
        return np.linalg.norm(self._of.network.layers[self.layer].weight.astype(float), axis=0)

    @property
    def outgoing(self):
        """Norm of the weights that read each unit."""
        after = self._of.network.layers[self.layer + 1]
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

    @property
    def rms(self):
        """Root mean square of what the next layer reads of each unit."""
        after = self._of.network.layers[self.layer + 1]
        units = after.source_units(self.shape[0])
        squares = np.bincount(units, self._of.source_mean_squares[self.layer + 1], self.shape[0])
        return np.sqrt(squares / np.maximum(np.bincount(units, minlength=self.shape[0]), 1))
