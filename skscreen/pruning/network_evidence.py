"""What is observed of a network on data, computed when first asked for."""

from collections.abc import Callable
from contextlib import closing
from functools import cached_property
from typing import NamedTuple

import numpy as np

from skscreen.pruning.evidence import ConnectionEvidence, UnitEvidence
from skscreen.pruning.gradients import observe_gradients
from skscreen.pruning.input_evidence import InputEvidence
from skscreen.pruning.partial_f import unit_importance, unit_metrics
from skscreen.pruning.refit import LayerMoments
from skscreen.screening import ClassMoments, PooledMoments


def _source_values(layer, source, output):
    return layer.source_values(source)


def _unit_values(layer, source, output):
    return output.reshape(len(output), layer.n_output_positions, layer.n_outputs)


def _input_values(layer, source, output):
    return layer.input_values(source)


def _input_shape(layer):
    return layer.n_input_positions, int(layer.source_units(None).max()) + 1


def _source_shape(layer):
    return layer.n_positions, layer.n_inputs


def _unit_shape(layer):
    return layer.n_output_positions, layer.n_outputs


# Samples, with many positions each, that tell the mean and the spread of what convolutions read.
ENOUGH_FOR_SCALES = 1000


class Side(NamedTuple):
    """Whose values an analysis of variance looks at.

    Parameters
    ----------
    shape : callable
        Gives n_positions and n_units of a layer.
    values : callable
        Of (layer, what it read, what it gave), gives values of shape (n_samples, n_positions,
        n_units).
    of_outputs : bool
        Whether it needs what the layer gave.
    depth : int or None
        Number of layers, from the first on; None for all.
    """

    shape: Callable
    values: Callable
    of_outputs: bool = False
    depth: int | None = None


SIDES = {
    "source": Side(_source_shape, _source_values),  # what its connections read
    "unit": Side(_unit_shape, _unit_values, of_outputs=True),  # its own units
    "inputs": Side(_input_shape, _input_values, depth=1),  # features, or channels of the image
}


class InputMoments:
    """Moments of what the first layer reads, which no cut and no training changes.

    They are collected in the first round and serve in the later ones.
    """

    def __init__(self):
        self._known = None

    def of(self, collect):
        """Return the `PooledMoments` that ``collect()`` gives, which is called once."""
        if self._known is None:
            self._known = collect()
        return self._known


class NetworkEvidence:
    """Statistics of a network on data; each is computed when first asked for.

    Parameters
    ----------
    network : Network
    data : ScreeningData
    screen : ResolvedScreen
        The statistic, what it makes of positions, and how many samples serve where not all do.
    rng : numpy.random.RandomState
        For criteria that draw.
    f_weights : FWeights
        The weight of F in each layer.
    layer_moments : LayerMoments or None, default=None
        Second moments of what the layers read, on these samples or on all of which they are a
        part; None to collect them.
    input_moments : InputMoments or None, default=None
        Likewise, of earlier rounds with the same screen.
    """

    def __init__(
        self, network, data, screen, rng, f_weights, *, layer_moments=None, input_moments=None
    ):
        self.network = network
        streams = screen.statistic.streams
        self.effective_size = data.effective_size()  # of what the network is trained on
        self.data = data if streams else data.unweighted_subsample(screen.samples, rng)
        self.screen = screen
        self.rng = rng
        self._f_weights = f_weights
        self._moments = {}
        self._statistics = {}
        self._layer_moments = layer_moments or LayerMoments(data.X, data.sample_weight)
        # where samples are drawn they are others in each round
        self._input_moments = (input_moments if streams else None) or InputMoments()

    def knows(self, side):
        """Return whether the moments of a side are there without another pass over the data."""
        return side in self._moments

    def moments(self, side):
        """Return `PooledMoments` of each layer's "source" units, or of its own ("unit").

        Those of the network's inputs, "inputs", are a list of one.
        """
        if side not in self._moments:
            numbers = list(range(len(self.network.layers)))[: SIDES[side].depth]
            known = self._known_sources() if side == "source" else {}
            others = [number for number in numbers if number not in known]
            found = known | dict(zip(others, self._collect(side, others), strict=True))
            self._moments[side] = [found[number] for number in numbers]
        return self._moments[side]

    def statistics(self, side):
        """Return `FStatistics` of what `moments` has."""
        if side not in self._statistics:
            statistic = self.screen.statistic
            self._statistics[side] = [found.statistics(statistic) for found in self.moments(side)]
        return self._statistics[side]

    @property
    def f_weights(self):
        """Weight of F in the score of each layer."""
        return self._f_weights.of(self)

    def _known_sources(self):
        """Return, by layer, moments of sources that need no pass of their own.

        They are those of the network's inputs, and of units that the next layer reads as they are.
        """
        layers = self.network.layers
        known = {0: self._input_moments.of(lambda: self._collect("source", [0])[0])}
        for number in range(1, len(layers)):
            layer, before = layers[number], layers[number - 1]
            one_value = layer.n_positions == before.n_output_positions == 1
            if one_value and layer.n_inputs == before.n_outputs:
                known[number] = self.moments("unit")[number - 1]
        return known

    def _collect(self, side, numbers):
        """Collect the moments of one side of some layers in a forward pass."""
        layers, side = self.network.layers, SIDES[side]
        collect = self.data.collector(self.screen.statistic)
        return self._accumulate(
            numbers,
            lambda number: PooledMoments(
                collect, *side.shape(layers[number]), self.screen.pooling
            ),
            lambda part, number, source, output, target, weight: part.partial_fit(
                side.values(layers[number], source, output), target, weight
            ),
            outputs=side.of_outputs,
        )

    @cached_property
    def source_totals(self):
        """Moments of what each layer reads over samples and positions, whatever the class.

        In a fully connected network they are those of the classes together; in one with
        convolutions of one class, from at most `ENOUGH_FOR_SCALES` samples.
        """
        layers = self.network.layers
        if all(layer.n_positions == 1 for layer in layers):
            return [sources.moments() for sources in self.moments("source")]

        def add(part, number, source, output, target, weight):
            values = layers[number].source_values(source)
            n_samples, n_positions, n_inputs = values.shape
            if weight is not None:
                weight = np.repeat(weight, n_positions)
            codes = np.zeros(n_samples * n_positions, dtype=np.intp)
            part.partial_fit(values.reshape(-1, n_inputs), codes, weight)

        return self._accumulate(
            list(range(len(layers))),
            lambda number: ClassMoments(1, layers[number].n_inputs),
            add,
            self.data.subsample(min(self.screen.samples, ENOUGH_FOR_SCALES), self.rng),
        )

    @cached_property
    def source_means(self):
        """Mean of what each layer reads over samples and positions."""
        return [totals.mean() for totals in self.source_totals]

    def source_covariance(self, number):
        """Covariance of what a layer reads, of shape (n_inputs, n_inputs)."""
        return self._layer_moments.whole(self.network, number).covariance()

    @cached_property
    def importance(self):
        """How much an error in each unit matters, for each layer; see `unit_importance`."""
        return unit_importance(self.network, self.data.X)

    @cached_property
    def metrics(self):
        """How errors in the units of a layer matter together; see `unit_metrics`."""
        return unit_metrics(self.network, self.data.X)

    @cached_property
    def gradients(self):
        """`LayerGradients` of each layer, over `screen.samples` of the samples."""
        data = self.data.subsample(self.screen.samples, self.rng)
        return observe_gradients(self.network, data, self.rng)

    def _accumulate(self, numbers, start, add, data=None, *, outputs=False):
        """Run the network over data; collect of some layers what ``add`` makes of each chunk.

        The layers' numbers are in rising order, and what they give is computed if ``outputs`` is
        true. The data are those to screen with, unless others are given. Chunks may run on
        threads; what they gave is merged in order, so the result does not depend on the number of
        threads.
        """
        if not numbers:
            return []
        data = self.data if data is None else data

        def observe_chunk(rows, x, buffers):
            parts = {number: start(number) for number in numbers}
            target = data.target[rows]
            weight = None if data.sample_weight is None else data.sample_weight[rows]

            def observe(number, source, output):
                if number in parts:
                    add(parts[number], number, source, output, target, weight)

            last = numbers[-1]
            depth = last + 1 if outputs else last
            given = self.network.forward(x, buffers, depth=depth, observe=observe)
            if not outputs:
                observe(last, given, None)
            return list(parts.values())

        with closing(self.network.over_chunks(data.X, observe_chunk)) as chunks:
            total = next(chunks)
            for chunk in chunks:
                for whole, part in zip(total, chunk, strict=True):
                    whole.merge(part)
        return total

    def connections(self):
        """Return the `Evidence` of each layer's connections."""
        return [ConnectionEvidence(self, number) for number in range(len(self.network.layers))]

    def units(self):
        """Return the `Evidence` of each hidden layer's units."""
        return [UnitEvidence(self, number) for number in range(len(self.network.layers) - 1)]

    def inputs(self):
        """Return the `Evidence` of the network's inputs, a list of one."""
        return [InputEvidence(self, 0)]
