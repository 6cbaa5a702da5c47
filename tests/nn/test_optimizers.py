"""Optimisers and the weights that they are given; the updates are tested with the kernels."""

import numpy as np
import pytest

from skscreen.nn.optimizers import SGD, Adam
from skscreen.nn.parameters import NO_MASK, Parameter


def moved(optimizer, parameter, places):
    optimizer.move([parameter], [places])
    return [state[0] for state in optimizer.states]


@pytest.mark.parametrize("kind", [SGD, Adam])
def test_the_state_follows_the_weights_that_are_left(kind):
    parameter = Parameter(np.zeros(6), NO_MASK, True)
    optimizer = kind([parameter])
    optimizer.step([parameter], [[np.arange(1.0, 7.0)]], 0.1, 0.0)
    whole = [state[0].copy() for state in optimizer.states]
    few = np.array([4, 1, 3])
    for state, before in zip(moved(optimizer, parameter, few), whole, strict=True):
        np.testing.assert_array_equal(state, before[few])
    fewer = np.array([3, 4])
    for state, before in zip(moved(optimizer, parameter, fewer), whole, strict=True):
        np.testing.assert_array_equal(state, before[fewer])
    for state, before in zip(moved(optimizer, parameter, None), whole, strict=True):
        np.testing.assert_array_equal(state, [0, 0, 0, before[3], before[4], 0])


@pytest.mark.parametrize("kind", [SGD, Adam])
def test_a_weight_that_was_away_has_no_momentum(kind):
    parameter = Parameter(np.zeros(2), NO_MASK, True)
    optimizer = kind([parameter])
    optimizer.step([parameter], [[np.ones(2)]], 0.1, 0.0)
    moved(optimizer, parameter, np.array([0]))
    moved(optimizer, parameter, None)
    parameter.value[:] = 0
    optimizer.step([parameter], [[np.zeros(2)]], 0.1, 0.0)
    assert parameter.value[0] < 0
    assert parameter.value[1] == 0
