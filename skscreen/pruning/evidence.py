"""What is known of a network's connections and units when they are scored."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from skscreen.screening import ClassMoments, RegressionMoments, f_from_moments


@dataclass(frozen=True)
class ScreeningData:
    """Samples to screen with.

    Parameters
    ----------
    X : ndarray of shape (n_samples, ...)
        Of the network's dtype.
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

    def new_moments(self, n_units):
        """Make empty moments that fit the target."""
        if self.n_classes is None:
            return RegressionMoments(n_units, self.target.shape[1])
        return ClassMoments(self.n_classes, n_units)


class NetworkEvidence:
    """Statistics of a network on data; each is computed when first asked for.

    Parameters
    ----------
    network : Network
    data : ScreeningData
    rng : numpy.random.RandomState
        For criteria that draw.
    """

    def __init__(self, network, data, rng):
        self.network = network
        self.data = data
        self.rng = rng

    @cached_property
    def moments(self):
        """Moments of each layer's source units, from one forward pass over the data."""
        moments = [self.data.new_moments(layer.n_inputs) for layer in self.network.layers]
        weight = self.data.sample_weight

        def observe(number, rows, source, output):
            moments[number].update(
                self.network.layers[number].sources(source),
                self.data.target[rows],
                None if weight is None else weight[rows],
            )

        self.network.logits(self.data.X, observe=observe)
        return moments

    @cached_property
    def statistics(self):
        """`FStatistics` of each layer's source units."""
        return [f_from_moments(moments) for moments in self.moments]

    def connections(self):
        """Return the `Evidence` of each layer's connections."""
        return [ConnectionEvidence(self, number) for number in range(len(self.network.layers))]


class Evidence:
    """What a criterion may look at, for one layer.

    All arrays can be broadcast to `shape`.

    Attributes
    ----------
    layer : int
        Number of the layer.
    shape : tuple of int
        Shape the scores must have.
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
        return self._of.statistics[self.layer].F[:, None]

    @property
    def rms(self):
        """Root mean square of each source unit, of shape (n_inputs, 1)."""
        return np.sqrt(self._of.moments[self.layer].mean_square())[:, None]
