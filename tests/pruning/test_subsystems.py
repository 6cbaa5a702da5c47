"""Systems of the variables that each target keeps, against solving each of them alone."""

import naive
import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from skscreen.pruning.subsystems import (
    MANY_GROUPS,
    SMALL,
    inverse_diagonals,
    inverse_of_factor,
    kept_groups,
    solve_subsystems,
)


def system(n_variables, n_targets, kept, ridge=0.03, seed=0):
    """A covariance with a ridge, of variables that depend on each other; right sides; a mask."""
    rng = np.random.default_rng(seed)
    A = rng.normal(size=(2 * n_variables, n_variables // 2 + 1))
    A = A @ rng.normal(size=(A.shape[1], n_variables)) + 0.1 * rng.normal(
        size=(len(A), n_variables)
    )
    matrix = np.cov(A.T)
    matrix += ridge * np.diagonal(matrix).mean() * np.eye(n_variables)
    mask = rng.random((n_variables, n_targets)) < kept
    return matrix, rng.normal(size=(n_variables, n_targets)), mask


def solved_one_by_one(matrix, right, mask):
    """Return what is found for all targets, which must be what each gives by itself."""
    solution, diagonals = solve_subsystems(matrix, right, mask), inverse_diagonals(matrix, mask)
    for target in range(mask.shape[1]):
        rows = np.flatnonzero(mask[:, target])
        wanted, diagonal = naive.solve_subsystem(matrix, right[:, target], rows)
        np.testing.assert_allclose(solution[:, target], wanted, rtol=1e-8, atol=1e-10)
        np.testing.assert_allclose(diagonals[:, target], diagonal, rtol=1e-4)
    return solution, diagonals


@pytest.mark.parametrize("kept", [0.02, 0.3, 0.55, 0.7, 0.95, 1.0])
@pytest.mark.parametrize(
    ("n_variables", "n_targets"), [(40, 3), (40, 2 * MANY_GROUPS), (230, 2 * MANY_GROUPS)]
)
def test_each_target_is_solved_as_if_it_were_alone(n_variables, n_targets, kept):
    solved_one_by_one(*system(n_variables, n_targets, kept))


def test_targets_that_lack_few_and_targets_that_keep_few_together():
    matrix, right, mask = system(60, 3 * MANY_GROUPS, 0.9)
    mask[:, ::3] = system(60, MANY_GROUPS, 0.1, seed=1)[2]
    mask[:, 1] = True  # lacks nothing
    mask[:, 2] = False  # keeps nothing
    solution, diagonals = solved_one_by_one(matrix, right, mask)
    assert not solution[:, 2].any()
    assert not diagonals[:, 2].any()


def test_of_two_that_say_the_same_the_one_that_stays_alone_keeps_its_digits():
    matrix, _, mask = system(60, 2 * MANY_GROUPS, 0.9)
    matrix[1] = matrix[0]
    matrix[:, 1] = matrix[:, 0]
    matrix[1, 1] = matrix[0, 0] + 1e-3 * matrix[0, 0]
    mask[0], mask[1] = True, False
    diagonals = inverse_diagonals(matrix, mask)
    for target in range(mask.shape[1]):
        rows = np.flatnonzero(mask[:, target])
        diagonal = naive.solve_subsystem(matrix, np.zeros(60), rows)[1]
        np.testing.assert_allclose(diagonals[:, target], diagonal, rtol=1e-3)


@pytest.mark.parametrize("kept", [0.2, 0.9])
def test_threads_change_no_bit(kept):
    matrix, right, mask = system(150, 2 * MANY_GROUPS, kept)
    results = []
    for n_threads in (1, 2):
        with threadpool_limits(n_threads, user_api="blas"):
            solution = solve_subsystems(matrix, right, mask)
            results.append((solution, inverse_diagonals(matrix, mask)))
    for one, other in zip(*results, strict=True):
        np.testing.assert_array_equal(one, other)


def test_columns_that_keep_the_same_are_solved_together():
    mask = np.array([[1, 0, 1, 0, 1], [0, 0, 0, 1, 0], [1, 0, 1, 1, 0]], dtype=bool)
    groups = {tuple(columns): rows.tolist() for rows, columns in kept_groups(mask)}
    assert groups == {(0, 2): [0, 2], (3,): [1, 2], (4,): [0]}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("n", [1, 5, SMALL, SMALL + 1, 250])
def test_inverse_of_a_factor(n, dtype):
    matrix = system(n, 1, 1.0)[0].astype(dtype) if n > 1 else np.array([[4.0]], dtype)
    root = inverse_of_factor(matrix)
    assert root.dtype == dtype
    np.testing.assert_array_equal(root, np.tril(root))
    tolerance = 1e-3 if dtype == "float32" else 1e-10
    np.testing.assert_allclose(root @ matrix @ root.T, np.eye(n), atol=tolerance)
