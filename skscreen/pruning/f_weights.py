"""How much the F-statistic weighs in the score of each layer."""

from dataclasses import dataclass

from skscreen.pruning.input_screen import (
    inputs_worth_reading,
    nulls_prevail,
    p_values_in_use,
    samples_per_input,
)
from skscreen.screening import certain_null_share

# Where every input says something, F of the target breaks ties; chosen on images.
FLOOR = 0.05
# Weight of F of the source where all but a few are null; see docs/experiments-f-weight.md.
TOP = 0.4
# So small a share of nulls, such as that of the rims of images, changes nothing.
NEGLIGIBLE = 0.05


@dataclass(frozen=True)
class FWeight:
    """Weights of F in the score of a layer.

    Parameters
    ----------
    side : float in [0, 1]
        Of the F of the side that the criterion looks at.
    source : float in [0, 1], default=0.0
        Of the F of the source, beside that.
    noise : float in [0, 1], default=0.0
        What the scale of the sources is *not* worth. That of hidden units is flattered on the
        training data: a dense network fits null inputs all the same, and few samples whatever its
        inputs are. So is their F, which `side` allows for. The scale of inputs is what it is.
    """

    side: float
    source: float = 0.0
    noise: float = 0.0


class FWeights:
    """Weights of F in each layer of a network, settled once and kept through all rounds.

    Parameters
    ----------
    f_weight : float in [0, 1] or "auto"
        A number is the same for all layers. "auto" settles it by the share of null units.
    screens_inputs : bool, default=False
        Whether inputs that say nothing are cut before all else, where they prevail; see
        `inputs_worth_reading`.

    Notes
    -----
    With A the `certain_null_share` of the layer's source units, among those that vary, are
    connected and not to be cut before all else, A0 that of all inputs, and t the
    `samples_per_input`, "auto" stands for ``source = t * TOP * A``,
    ``side = FLOOR * t * (1 - A0) * (1 - source)`` and, but for the inputs,
    ``noise = 1 - t * (1 - A0)``. Without nulls, or with a share of less than `NEGLIGIBLE`, and
    with as many samples as inputs, that is `FLOOR` on the side of the criterion, as it is for a
    statistic without p-values. With fewer samples it goes towards the plain magnitude.
    The estimate is made before anything is cut: later the nulls are gone, and what they should
    have told with them.
    """

    def __init__(self, f_weight, screens_inputs=False):
        self.f_weight = f_weight
        self.screens_inputs = screens_inputs
        self._weights = None
        self._inputs = None
        self._screened = False

    def inputs(self, evidence):
        """Mark the inputs of the first layer that may be read, or return None for all.

        Parameters
        ----------
        evidence : NetworkEvidence
            On the network before any cut, the first time; later calls return the same.

        Returns
        -------
        inputs : ndarray of bool of shape (n_inputs,) or None
        """
        if self.screens_inputs and not self._screened:
            self._inputs = inputs_worth_reading(evidence)
            self._screened = True
        return self._inputs

    def of(self, evidence):
        """Return the weights of each layer, the first time from the evidence on the network.

        Parameters
        ----------
        evidence : NetworkEvidence

        Returns
        -------
        weights : list of FWeight
        """
        if self._weights is None:
            self._weights = self._settle(evidence)
        return self._weights

    def _settle(self, evidence):
        layers = evidence.network.layers
        if self.f_weight != "auto":
            return [FWeight(self.f_weight)] * len(layers)
        p = [
            p_values_in_use(found, layer)
            for found, layer in zip(evidence.statistics("source"), layers, strict=True)
        ]
        shares = [certain_null_share(values) for values in p]
        shares = [share if share >= NEGLIGIBLE else 0.0 for share in shares]
        trust = samples_per_input(evidence)
        worth = trust * (1 - shares[0])
        if self.screens_inputs and nulls_prevail(p[0], trust):
            shares[0] = 0.0  # those that stay say something, by themselves or in pairs
        sources = [trust * TOP * share for share in shares]
        noises = [0.0] + [1 - worth] * (len(layers) - 1)
        return [
            FWeight(FLOOR * worth * (1 - source), source, noise)
            for source, noise in zip(sources, noises, strict=True)
        ]
