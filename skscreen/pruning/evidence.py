"""What a criterion sees of a layer's connections or units when they are scored."""

from abc import ABC, abstractmethod

import numpy as np

from skscreen.pruning.partial_f import connection_scores, unit_scores


def _from_zero(F):
    """Shift a statistic that has negative values to start at zero: what counts is their order."""
    return F - min(F.min(), 0.0)


class Evidence(ABC):
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
    f_weight : FWeight
        How much F weighs in this layer.
    rms, spread : ndarray
        Root mean square and standard deviation of the activations, over positions as well; in a
        network with convolutions from some of the samples.
    partial_f : ndarray
        Root of what the output would lose without the connection, or the unit, if the layer that
        reads it were fitted again; see `skscreen.pruning.partial_f`.
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
    def f_weight(self):
        """Weights of F in the score."""
        return self._of.f_weights[self.layer]

    @property
    @abstractmethod
    def shape(self):
        """Shape that the scores must have."""

    @property
    @abstractmethod
    def magnitude(self):
        """Size of the weights, in float64."""

    @property
    @abstractmethod
    def outgoing(self):
        """Size of the weights that read the activation."""

    @property
    @abstractmethod
    def F(self):
        """F-statistic of the activations."""

    @abstractmethod
    def statistic(self, side):
        """F of the "source", of the "target", or of "both"."""

    def screened(self, sizes, weigh):
        """Return scores that a function makes of sizes.

        Parameters
        ----------
        sizes : ndarray of the shape of the scores
        weigh : callable
            ``weigh(sizes, index)`` returns the scores of the candidates ``index``.
        """
        return weigh(sizes, ...)

    @property
    @abstractmethod
    def rms(self):
        """Root mean square of the activations."""

    @property
    @abstractmethod
    def spread(self):
        """Standard deviation of the activations."""

    @property
    @abstractmethod
    def partial_f(self):
        """Root of what the output would lose without it, after a refit."""

    @property
    @abstractmethod
    def saliency(self):
        """Mean over the samples of weight times gradient of the loss."""

    @property
    @abstractmethod
    def saliency_rms(self):
        """Root mean square of the same over minibatches."""

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

    @property
    def outgoing(self):
        """The same: a connection is what reads its source."""
        return self.magnitude

    @property
    def F(self):
        """F of each source unit, of shape (n_inputs, 1)."""
        return self._of.statistics("source")[self.layer].F[:, None]

    @property
    def target_F(self):
        """F of the units that the connections lead to, of shape (1, n_outputs)."""
        return self._of.statistics("unit")[self.layer].F[None, :]

    def statistic(self, side):
        """F of the "source", of the "target", or the geometric mean of "both"."""
        if side == "both":
            with np.errstate(invalid="ignore"):  # 0 * inf
                both = np.sqrt(_from_zero(self.F)) * np.sqrt(_from_zero(self.target_F))
            return np.where(np.isnan(both), 0.0, both)
        return _from_zero(self.F if side == "source" else self.target_F)

    @property
    def rms(self):
        """Root mean square of each source unit, of shape (n_inputs, 1)."""
        return np.sqrt(self._of.source_totals[self.layer].mean_square())[:, None]

    @property
    def spread(self):
        """Standard deviation of each source unit, of shape (n_inputs, 1)."""
        return np.sqrt(self._of.source_totals[self.layer].variance())[:, None]

    @property
    def partial_f(self):
        """``|w|`` times the standard deviation of the source that the others do not explain.

        Times the root of how much an error in the target matters.
        """
        layer = self.network.layers[self.layer]
        return connection_scores(
            self._of.source_covariance(self.layer),
            layer.weight,
            layer.connected(),
            self._of.importance[self.layer],
        )

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
        return norms(after.weight, after.source_units(self.shape[0]), self.shape[0])

    @property
    def magnitude(self):
        """Product of the norms of the incoming and outgoing weights."""
        return self.incoming * self.outgoing

    @property
    def F(self):
        """F of each unit's own activation."""
        return self._of.statistics("unit")[self.layer].F

    @property
    def f_weight(self):
        """Weights of F in the score: those of the layer that reads the units."""
        return self._of.f_weights[self.layer + 1]

    def statistic(self, side):
        """F of the unit; a unit has no sides."""
        return _from_zero(self.F)

    @property
    def rms(self):
        """Root mean square of what the next layer reads of each unit."""
        return self._as_read(self._totals_read.mean_square())

    @property
    def spread(self):
        """Standard deviation of what the next layer reads of each unit."""
        return self._as_read(self._totals_read.variance())

    @property
    def _totals_read(self):
        return self._of.source_totals[self.layer + 1]

    def _as_read(self, squares):
        """Root of the mean of squares over the inputs of the next layer that show a unit."""
        units = self.network.layers[self.layer + 1].source_units(self.shape[0])
        return root_mean(squares, units, self.shape[0])

    @property
    def partial_f(self):
        """What a backward elimination from the layer that reads the units finds them worth."""
        after = self.network.layers[self.layer + 1]
        return unit_scores(
            self._of.source_covariance(self.layer + 1),
            after.weight,
            after.connected(),
            self._of.metrics[self.layer + 1],
            after.source_units(self.shape[0]),
            self.shape[0],
        )

    @property
    def saliency(self):
        """Sum over a unit's weights and bias of weight times mean gradient."""
        return self._gradients.unit_saliency

    @property
    def saliency_rms(self):
        """Root mean square over minibatches of that sum."""
        return self._gradients.unit_saliency_rms


def norms(weight, units, n_units):
    """Norm of the weights whose rows belong to each unit."""
    squares = (weight.astype(float) ** 2).sum(axis=1)
    return np.sqrt(np.bincount(units, squares, minlength=n_units))


def root_mean(squares, units, n_units):
    """Root of the mean of the squares that belong to each unit; 0 for one without any."""
    total = np.bincount(units, squares, n_units)
    return np.sqrt(total / np.maximum(np.bincount(units, minlength=n_units), 1))
