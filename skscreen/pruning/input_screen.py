"""Which inputs a network should read at all, where most of them say nothing."""

import numpy as np

from skscreen.screening import Significance, certain_null_share, significant_in_pairs

# Share of the inputs that must be null for sure before any is cut for it; see
# docs/experiments-f-weight.md.
PREVAILING = 0.3


def inputs_worth_reading(evidence):
    """Mark the inputs that say something, if most others say nothing for sure.

    Parameters
    ----------
    evidence : NetworkEvidence
        On the network before any cut.

    Returns
    -------
    inputs : ndarray of bool of shape (n_inputs,) or None
        True for the inputs of the first layer that are significant at a false discovery rate of
        0.05, by themselves or, in a fully connected layer, in a pair (`significant_in_pairs`).
        None, for all, unless the `certain_null_share` of those that vary and are connected is at
        least `PREVAILING`; None too for a statistic without p-values.
    """
    found, layer = evidence.statistics("source")[0], evidence.network.layers[0]
    if certain_null_share(p_values_in_use(found, layer)) < PREVAILING:
        return None
    inputs = Significance("fdr")(found)
    if layer.n_positions == 1:
        data = evidence.data.subsample(evidence.screen.samples, evidence.rng)
        task = "regression" if data.n_classes is None else "classification"
        inputs |= significant_in_pairs(data.X, data.target, task=task)
    return inputs


def p_values_in_use(statistics, layer):
    """Return the p-values of a layer's source units that vary and are connected.

    Parameters
    ----------
    statistics : FStatistics
        Of the source units.
    layer : Layer

    Returns
    -------
    p : ndarray of shape (n_in_use,)
        None at all for a statistic without p-values.
    """
    if np.isnan(statistics.p).any():
        return np.empty(0)
    return statistics.p[(statistics.F > 0) & layer.connected().any(axis=1)]
