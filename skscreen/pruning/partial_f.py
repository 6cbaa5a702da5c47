"""Partial F: what the fit of a layer loses without one of its inputs, given the others.

If a target is a linear function of several variables, leaving one of them out and fitting the
others again adds ``w**2 / [S^-1]_jj`` to the mean squared error, with its weight w and the
covariance S of the variables: divided by the residual variance that is the F to remove of stepwise
regression, and it is the saliency of the optimal brain surgeon (Hassibi & Stork 1993) for a layer.
``1 / [S^-1]_jj`` is the variance of the variable that the others do not explain: its partial
variance.
"""

import numpy as np
from scipy.special import expit

from skscreen.kernels.activations import ACTIVATIONS
from skscreen.nn.threads import shard_pool, single_threaded_blas
from skscreen.pruning.elimination import eliminate
from skscreen.pruning.refit import with_ridge
from skscreen.pruning.subsystems import inverse_diagonals

# Samples that tell how much each unit matters, how units matter together, and most backward passes
# that do.
ENOUGH_SAMPLES = 256
ENOUGH_FOR_METRICS = 1024
MOST_PASSES = 10
# Samples that a thread takes at a time.
PART = 64
# Ridge of the covariances, relative to the mean variance; see `refit`.
RIDGE = 0.03


def connection_scores(covariance, weight, mask, importance):
    """Score connections by what the output would lose without each of them alone.

    Parameters
    ----------
    covariance : ndarray of float64 of shape (n_inputs, n_inputs)
        Of what a layer reads.
    weight, mask : ndarray of shape (n_inputs, n_outputs)
    importance : ndarray of shape (n_outputs,)
        From `unit_importance`.

    Returns
    -------
    scores : ndarray of float64 of shape (n_inputs, n_outputs)
        ``|w|`` times the root of partial variance and importance; zero where the mask is False.
    """
    partial = partial_variances(with_ridge(covariance, RIDGE), mask)
    return np.abs(weight.astype(np.float64)) * np.sqrt(partial * importance)


def unit_scores(covariance, weight, mask, metric, units, n_units):
    """Score units by backward elimination from the layer that reads them.

    Parameters
    ----------
    covariance : ndarray of float64 of shape (n_inputs, n_inputs)
        Of what that layer reads.
    weight, mask : ndarray of shape (n_inputs, n_outputs)
        Of that layer.
    metric : ndarray of shape (n_outputs, n_outputs)
        From `unit_metrics`, of that layer.
    units : ndarray of int of shape (n_inputs,)
        Unit that each input belongs to.
    n_units : int

    Returns
    -------
    scores : ndarray of float64 of shape (n_units,)
        See `eliminate`; zero for units that nothing reads.
    """
    read = np.flatnonzero(mask.any(axis=1))
    scores = np.zeros(n_units)
    if len(read):
        part = with_ridge(covariance, RIDGE)[np.ix_(read, read)]
        known, groups = np.unique(units[read], return_inverse=True)
        targets = weight[read].astype(np.float64) @ root_of(metric)
        scores[known] = eliminate(part, targets, np.ones(targets.shape[1]), groups)
    return scores


def root_of(metric):
    """Return R with ``R @ R.T`` equal to a positive semidefinite matrix, without null columns."""
    with single_threaded_blas():
        values, vectors = np.linalg.eigh(metric)
    kept = values > max(values[-1], 0.0) * len(values) * np.finfo(np.float32).eps
    return vectors[:, kept] * np.sqrt(values[kept])


def partial_variances(covariance, mask):
    """Variance of each unit that the others, which a target keeps, do not explain.

    Parameters
    ----------
    covariance : ndarray of float64 of shape (n_units, n_units)
        Positive definite, with a ridge.
    mask : ndarray of bool of shape (n_units, n_targets)
        Units that each target keeps.

    Returns
    -------
    variances : ndarray of float64 of shape (n_units, n_targets)
        Zero where the mask is False.
    """
    # scores need no more digits than those of float32, and the ridge keeps the condition far from
    # what it bears
    diagonals = inverse_diagonals(covariance, mask)
    return np.divide(1.0, diagonals, where=mask, out=np.zeros(mask.shape))


def unit_importance(network, X):
    """How much an error in each unit's pre-activation changes what the network says.

    Parameters
    ----------
    network : Network
    X : ndarray of shape (n_samples, ...)
        Samples; of many some are taken, evenly.

    Returns
    -------
    importance : list of ndarray of float64 of shape (n_outputs,)
        For each layer the mean square of the change of the output for a small error: in the metric
        of Fisher's information for class probabilities, which needs no labels; of squares for
        regression.
        Summed over positions. For more than `MOST_PASSES` outputs an estimate.
    """
    return _mean_of_slopes(
        network,
        X,
        ENOUGH_SAMPLES,
        lambda slope: np.einsum("ij,ij->j", slope, slope, dtype=np.float64),
    )


def unit_metrics(network, X):
    """How errors in the units of a layer change together what the network says.

    Parameters
    ----------
    network, X
        See `unit_importance`.

    Returns
    -------
    metrics : dict of int to ndarray of float64 of shape (n_outputs, n_outputs)
        For each layer that reads units, from the second on, the matrix of the quadratic form that
        gives the mean square of the change; `unit_importance` is its diagonal. Errors of two units
        that make up for each other count less than those of each.
    """
    metrics = _mean_of_slopes(
        network, X, ENOUGH_FOR_METRICS, lambda slope: (slope.T @ slope).astype(np.float64), first=1
    )
    return dict(enumerate(metrics, 1))


def _mean_of_slopes(network, X, n_samples, squared, first=0):
    """Add up, over directions of the output, what ``squared`` makes of the slopes of each layer.

    Layers before the first one are left out.
    """
    rows = np.unique(np.linspace(0, len(X) - 1, n_samples).astype(int))
    parts = np.array_split(rows, -(-len(rows) // PART))
    with shard_pool(len(parts)) as run:
        sums = run(lambda part: _add_slopes(network, X, part, squared, first), parts)
    return [sum(layer) / len(rows) for layer in zip(*sums, strict=True)]


def _add_slopes(network, X, rows, squared, first):
    x = network.gather(X, rows, np.empty((len(rows), *X.shape[1:]), network.dtype))
    seen = []
    buffers = network.buffers(len(rows), training=True)
    logits = network.forward(
        x, buffers, observe=lambda number, source, output: seen.append((source, output))
    ).astype(np.float64)
    total = [0.0 for _ in network.layers[first:]]
    for direction in _directions(logits.shape[1]):
        delta = OUTPUT_ROOTS[network.output](logits, direction).astype(network.dtype)
        for number in range(len(network.layers) - 1, first - 1, -1):
            layer, (source, output) = network.layers[number], seen[number]
            slope = np.array(delta).reshape(-1, layer.n_outputs)
            ACTIVATIONS[layer.activation][1](slope, output.reshape(slope.shape))
            total[number - first] = total[number - first] + squared(slope)
            if number > first:
                delta = layer.carry_back(source, delta, buffers[number])
    return total


def _directions(n_outputs):
    """Vectors whose outer products add up to the identity, if need be in expectation."""
    if n_outputs <= MOST_PASSES:
        return np.eye(n_outputs)
    signs = np.random.default_rng(0).integers(0, 2, (MOST_PASSES, n_outputs)) * 2.0 - 1
    return signs / np.sqrt(MOST_PASSES)


def _softmax_root(logits, direction):
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    p = odds / odds.sum(axis=1, keepdims=True)
    step = np.sqrt(p) * direction
    return step - p * step.sum(axis=1, keepdims=True)


def _logistic_root(logits, direction):
    return direction * np.sqrt(expit(logits) * expit(-logits))


def _identity_root(logits, direction):
    return np.broadcast_to(direction, logits.shape)


#: output of the network -> function of logits and a vector: a root of the Fisher information times
#: the vector, sample by sample
OUTPUT_ROOTS = {
    "softmax": _softmax_root,
    "logistic": _logistic_root,
    "identity": _identity_root,
}
