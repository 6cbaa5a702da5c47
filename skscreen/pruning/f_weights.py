"""How much the F-statistic weighs in the score of each layer."""


class FWeights:
    """Weight of F in each layer of a network, settled once and kept through all rounds.

    Parameters
    ----------
    f_weight : float in [0, 1]
        The same for all layers.
    """

    def __init__(self, f_weight):
        self.f_weight = f_weight

    def of(self, evidence):
        """Return the weight of each layer, from the evidence on the network before any cut.

        Parameters
        ----------
        evidence : NetworkEvidence

        Returns
        -------
        weights : list of float
        """
        return [self.f_weight] * len(evidence.network.layers)
