"""What is observed of a network on data, computed when first asked for."""

from contextlib import closing
from functools import cached_property

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


#: side -> (n_positions and n_units of a layer, function of (layer, what it read, what it gave) to
#: values of shape (n_samples, n_positions, n_units), number of layers from the first on)
SIDES = {
    "source": (_source_shape, _source_values, None),  # what its connections read
    "unit": (_unit_shape, _unit_values, None),  # its own units
    "inputs": (_input_shape, _input_values, 1),  # features, or channels of the image
}


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
    moments : dict of str to list of PooledMoments, default={}
        Moments of a side ("source", "unit", "inputs") that are known already, a list with one
        for each layer; the others are collected when they are asked for.
    layer_moments : LayerMoments or None, default=None
        Second moments of what the layers read, on the same samples; None to collect them.
    """

    def __init__(self, network, data, screen, rng, f_weights, *, moments=None, layer_moments=None):
        self.network = network
        streams = screen.statistic.streams
        self.effective_size = data.effective_size()  # of what the network is trained on
        self.data = data if streams else data.unweighted_subsample(screen.samples, rng)
        self.screen = screen
        self.rng = rng
        self._f_weights = f_weights
        self._moments = dict(moments or {})
        self._statistics = {}
        self._layer_moments = layer_moments or LayerMoments(data.X, data.sample_weight)

    def knows(self, side):
        """Return whether the moments of a side are there without another pass over the data."""
        return side in self._moments

    def moments(self, side):
        """Return `PooledMoments` of each layer's "source" units, or of its own ("unit").

        Those of the network's inputs, "inputs", are a list of one.
        """
        if side not in self._moments:
            self._moments[side] = self._collect(side)
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

    def _collect(self, side):
        """Collect the moments of one side in a forward pass."""
        shape, values, depth = SIDES[side]
        layers = self.network.layers[:depth]
        collect = self.data.collector(self.screen.statistic)
        return self._accumulate(
            lambda: [
                PooledMoments(collect, *shape(layer), self.screen.pooling) for layer in layers
            ],
            lambda part, number, source, output, target, weight: part[number].partial_fit(
                values(layers[number], source, output), target, weight
            ),
            depth=depth,
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
            self.data.subsample(self.screen.samples, self.rng),
        )

    @cached_property
    def source_means(self):
        """Mean of what each layer reads over samples and positions, from `screen.samples`."""
        return [totals.means[0] for totals in self.source_totals]

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

    def _accumulate(self, start, add, data=None, *, depth=None):
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
                depth=depth,
                observe=lambda number, source, output: add(
                    part, number, source, output, target, weight
                ),
            )
            return part

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
