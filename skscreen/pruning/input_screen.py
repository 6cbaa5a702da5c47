"""Which inputs a network should read at all, where most of them say nothing."""

import numpy as np

from skscreen.screening import Significance, certain_null_share, significant_in_pairs

# Share of the inputs, and number, that must be null for sure before any is cut for it; see
# docs/experiments-f-weight.md. The pruning copes with a few by itself. The share where there are
# hardly any samples is the second: tests find little then, and what they miss may inform together.
PREVAILING, PREVAILING_UNSURE = 0.3, 0.7
MANY = 30
# Samples times squared inputs of which pairs are tested, at most, and the samples at least.
PAIR_WORK = 2e10
LEAST_PAIR_SAMPLES = 500


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
        0.05, by themselves or, unless they are pixels, in a pair (`significant_in_pairs`).
        None, for all, unless `nulls_prevail`; None too for a statistic without p-values.
    """
    found, layer = evidence.statistics("source")[0], evidence.network.layers[0]
    if not nulls_prevail(p_values_in_use(found, layer), samples_per_input(evidence)):
        return None
    inputs = Significance("fdr")(found)
    if evidence.data.X.ndim == 2:
        inputs |= _significant_in_pairs(evidence)
    return inputs


def _significant_in_pairs(evidence):
    """Test pairs of the inputs, on as many samples as can be afforded."""
    affordable = max(int(PAIR_WORK / evidence.data.X.shape[1] ** 2), LEAST_PAIR_SAMPLES)
    data = evidence.data.subsample(min(evidence.screen.samples, affordable), evidence.rng)
    task = "regression" if data.n_classes is None else "classification"
    return significant_in_pairs(data.X, data.target, task=task)


def nulls_prevail(p, trust=1.0):
    """Say whether so many inputs are null for sure that these should go before all else.

    Parameters
    ----------
    p : ndarray of shape (n_inputs,)
        p-values of the inputs in use.
    trust : float in [0, 1], default=1.0
        `samples_per_input`.

    Returns
    -------
    prevail : bool
        Whether the `certain_null_share` is at least `PREVAILING`, with fewer samples than inputs
        so much more, up to `PREVAILING_UNSURE`, and stands for `MANY` inputs.
    """
    share = certain_null_share(p)
    least = PREVAILING_UNSURE + (PREVAILING - PREVAILING_UNSURE) * trust
    return share >= least and share * len(p) >= MANY


def samples_per_input(evidence):
    """Error degrees of freedom for each input in use, at most 1.

    With fewer samples than inputs even a linear function fits its training data whatever they are,
    so what a network shows on them, such as the scale and the F of its hidden units, says little.

    Parameters
    ----------
    evidence : NetworkEvidence
        On the network before any cut.

    Returns
    -------
    ratio : float in [0, 1]
    """
    error_df = evidence.effective_size - (evidence.data.n_classes or 1)
    used = units_in_use(evidence.statistics("source")[0], evidence.network.layers[0])
    return float(np.clip(error_df / max(np.count_nonzero(used), 1), 0, 1))


def units_in_use(statistics, layer):
    """Mark a layer's source units that vary and are connected, by their `FStatistics`."""
    return (statistics.F > 0) & layer.connected().any(axis=1)


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
    return statistics.p[units_in_use(statistics, layer)]
