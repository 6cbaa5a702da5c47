"""The last layer of a refit as a generalised linear model."""

import numpy as np
import pytest
from scipy.optimize import approx_fprime
from scipy.special import expit, softmax

from skscreen.pruning.output_fit import FAMILIES, fit_output

RNG = np.random.default_rng(0)
READ = RNG.normal(size=(400, 5))
TEACHER = READ @ RNG.normal(size=(5, 3)) + 0.5 * RNG.normal(size=(400, 3))
START = RNG.normal(size=(5, 3)) * 0.1, np.zeros(3)
MASK = np.array([[1, 1, 0], [1, 1, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1]], dtype=bool)


def divergence(output, teacher, weight, bias, share=1 / 400):
    """Sum of the Kullback-Leibler divergences of the probabilities from the teacher's."""
    if output == "softmax":
        p, q = softmax(READ @ weight + bias, axis=1), softmax(teacher, axis=1)
        return np.sum(share * q * np.log(q / p))
    p, q = expit(READ @ weight + bias), expit(teacher)
    return np.sum(share * (q * np.log(q / p) + (1 - q) * np.log((1 - q) / (1 - p))))


@pytest.mark.parametrize("output", list(FAMILIES))
def test_no_small_step_of_what_is_kept_does_better(output):
    start = (START[0] * MASK, START[1])
    weight, bias = fit_output(READ, TEACHER, output, start, MASK, 0.01)
    assert not weight[~MASK].any()

    def loss(values):
        moved = np.zeros_like(weight)
        moved[MASK] = values[:-3]
        penalty = 0.005 * np.sum((moved - start[0]) ** 2)
        return divergence(output, TEACHER, moved, values[-3:]) + penalty

    found = np.concatenate([weight[MASK], bias])
    np.testing.assert_allclose(approx_fprime(found, loss, 1e-6), 0, atol=1e-4)
    assert loss(found) < loss(np.concatenate([start[0][MASK], start[1]]))


@pytest.mark.parametrize("output", list(FAMILIES))
def test_finds_a_teacher_of_the_same_form(output):
    weight, bias = RNG.normal(size=(5, 3)), RNG.normal(size=3)
    teacher = READ @ weight + bias
    found = fit_output(READ, teacher, output, START, np.ones((5, 3), bool), 1e-9)
    assert divergence(output, teacher, *found) < 1e-6


def test_the_penalty_draws_the_weights_to_where_they_were():
    away = [
        np.abs(
            fit_output(READ, TEACHER, "softmax", START, MASK, penalty)[0] - START[0] * MASK
        ).max()
        for penalty in (0.001, 0.1, 10.0)
    ]
    assert away[0] > 2 * away[1] > 20 * away[2]


def test_weights_count_as_repetitions():
    counts = RNG.integers(0, 4, 400)
    weighted = fit_output(READ, TEACHER, "softmax", START, MASK, 0.01, counts)
    rows = np.repeat(np.arange(400), counts)
    repeated = fit_output(READ[rows], TEACHER[rows], "softmax", START, MASK, 0.01)
    for one, other in zip(weighted, repeated, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-4)


def test_outputs_that_are_no_probabilities_stay_with_least_squares():
    assert fit_output(READ, TEACHER, "identity", START, MASK, 0.01) is START
