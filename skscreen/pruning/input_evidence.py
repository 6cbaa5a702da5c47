"""What a criterion sees of the inputs of a network."""

import numpy as np

from skscreen.pruning.elimination import eliminate
from skscreen.pruning.evidence import Evidence, norms, root_mean
from skscreen.pruning.input_elimination import eliminate_variables
from skscreen.pruning.partial_f import unit_importance
from skscreen.pruning.refit import ridge_scale
from skscreen.screening import SecondMoments

# Ridge of the fits, relative to the mean variance of the inputs; see docs/experiments-inputs.md.
RIDGE = 0.1
# Time and memory of the elimination grow with the cube and the square of the number of inputs.
MOST_JOINTLY = 5000
# Samples for each input that are enough for the covariances.
SAMPLES_PER_INPUT = 10
# Samples that are worked on at once.
CHUNK = 1024


class InputEvidence(Evidence):
    """Evidence on the inputs of the network: features, or the channels of an image.

    The magnitude is the norm of the weights that read an input.
    """

    @property
    def _units(self):
        """Input that each row of the first layer's weight belongs to."""
        return self.network.layers[0].source_units(None)

    @property
    def shape(self):
        """(n_inputs,)."""
        return (int(self._units.max()) + 1,)

    @property
    def outgoing(self):
        """Norm of the weights that read each input."""
        return norms(self.network.layers[0].weight, self._units, self.shape[0])

    @property
    def magnitude(self):
        """The same: nothing leads to an input."""
        return self.outgoing

    @property
    def F(self):
        """F of each input."""
        return self._of.statistics("inputs")[0].F

    def statistic(self, side):
        """F of the input; an input has no sides."""
        return np.maximum(self.F, 0.0)  # a score_func of one's own may give negative ones

    def screened(self, sizes, weigh):
        """Return scores from a backward elimination, so that they see what inputs share.

        In the place of the sizes that are given comes what the first layer's pre-activations lose
        without an input, the weights of the others being fitted again. Of more than `MOST_JOINTLY`
        inputs that are read only the best by the given sizes are judged in this way.
        """
        read = np.flatnonzero(np.bincount(self._units[self._rows_read], minlength=self.shape[0]))
        if len(read) <= MOST_JOINTLY:
            scores = np.zeros(self.shape)
        else:
            alone = weigh(sizes, ...)
            order = read[np.argsort(alone[read], kind="stable")]
            scores = np.full(self.shape, -float(len(order)))
            scores[order] += np.arange(len(order))  # in their own order, below those that follow
            read = np.sort(order[-MOST_JOINTLY:])
        scores[read] = self._jointly(read, weigh)
        return scores

    @property
    def partial_f(self):
        """What the backward elimination finds each input worth, without F."""
        return self.screened(self.outgoing, lambda sizes, index: sizes)

    @property
    def _rows_read(self):
        return self.network.layers[0].connected().any(axis=1)

    def _jointly(self, index, weigh):
        """Score some inputs by backward elimination."""
        rows = np.flatnonzero(np.isin(self._units, index) & self._rows_read)
        covariance = self._covariance(rows)
        some = self.data.subsample(self._of.screen.samples, self.rng)
        importance = unit_importance(self.network, some.X)[0]
        weight = self.network.layers[0].weight[rows].astype(np.float64)
        if len(rows) > len(index):  # a channel has several rows
            groups = np.searchsorted(index, self._units[rows])
            return weigh(eliminate(covariance, weight, importance, groups), index)
        return eliminate_variables(
            covariance,
            weight * np.sqrt(importance),
            lambda sizes, left: weigh(sizes, index[left]),
        )

    def _covariance(self, rows):
        """Covariance of what some rows of the first layer read, with the ridge."""
        layer = self.network.layers[0]
        enough = max(self._of.screen.samples, SAMPLES_PER_INPUT * len(rows))
        data = self.data.subsample(enough, self.rng)
        moments = SecondMoments(len(rows))
        for start in range(0, len(data.X), CHUNK):
            index = np.arange(start, min(start + CHUNK, len(data.X)))
            x = np.empty((len(index), *data.X.shape[1:]), self.network.dtype)
            values = layer.source_values(self.network.gather(data.X, index, x))
            weight = None
            if data.sample_weight is not None:
                weight = np.repeat(data.sample_weight[index], values.shape[1])
            values = values.reshape(-1, layer.n_inputs)[:, rows]
            moments.partial_fit(values, sample_weight=weight)
        covariance = moments.covariance()
        covariance[np.diag_indices_from(covariance)] += RIDGE * ridge_scale(covariance)
        return covariance

    @property
    def rms(self):
        """Root mean square of each input, over positions as well."""
        return root_mean(self._of.source_totals[0].mean_square(), self._units, self.shape[0])

    @property
    def spread(self):
        """Standard deviation of each input, over positions as well."""
        return root_mean(self._of.source_totals[0].variance(), self._units, self.shape[0])

    @property
    def saliency(self):
        """Sum over an input's weights of weight times mean gradient."""
        return np.bincount(self._units, self._gradients.input_saliency, self.shape[0])

    @property
    def saliency_rms(self):
        """Root mean square over minibatches of that sum; of a channel, over its weights too."""
        squares = self._gradients.input_saliency_rms**2
        return np.sqrt(np.bincount(self._units, squares, self.shape[0]))
