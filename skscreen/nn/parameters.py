"""What the optimiser sees of a layer."""

from typing import NamedTuple

import numpy as np

NO_MASK = np.zeros(0, dtype=bool)


class Parameter(NamedTuple):
    """An array to be trained.

    Parameters
    ----------
    value : ndarray
        The weights or biases, updated in place.
    mask : ndarray of bool, of the shape of ``value``, or of size 0
        False where the value must stay zero; of size 0 where all are free.
    penalised : bool
        Whether the L2 penalty holds for it (weights yes, biases no).
    """

    value: np.ndarray
    mask: np.ndarray
    penalised: bool


def glorot_uniform(n_inputs, n_outputs, activation, shape, rng, dtype):
    """Draw a layer's weight and bias as scikit-learn's MLP does (Glorot & Bengio 2010).

    Parameters
    ----------
    n_inputs, n_outputs : int
        Fan-in and fan-out of one output.
    activation : str
        "logistic" takes a narrower range.
    shape : tuple of int
        Shape of the weight; the last axis is that of the outputs.
    rng : numpy.random.RandomState
        Source of the draw.
    dtype : dtype
        Of both arrays.

    Returns
    -------
    weight : ndarray of the given shape
    bias : ndarray of shape (shape[-1],)
    """
    factor = 2.0 if activation == "logistic" else 6.0
    bound = np.sqrt(factor / (n_inputs + n_outputs))
    weight = rng.uniform(-bound, bound, shape).astype(dtype)
    bias = rng.uniform(-bound, bound, shape[-1]).astype(dtype)
    return weight, bias
