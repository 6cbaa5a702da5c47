"""Systems of equations that are left of a large one where each target keeps other variables.

Of the symmetric positive definite system of all variables, a target that keeps the variables K has
the part ``A_KK x = b_K``. Where it keeps few, that part is factored. Where it keeps most, it is
cheaper to start from the inverse P of the whole system, which all targets share, and take out the
variables R that are gone::

    [A_KK^-1] = P_KK - P_KR P_RR^-1 P_RK

Either way the work of a target grows with the third power of the smaller of the two sets.
"""

import numpy as np
from scipy.linalg import cho_solve
from scipy.linalg.lapack import dtrtri, strtri

from skscreen.nn.threads import shard_pool, single_threaded_blas

# So many groups of targets, that lack few variables, are worth the inverse of the whole system.
MANY_GROUPS = 10
# Share of the variables up to which "few" are gone: the solution needs a factor of the variables
# that are gone alone, the diagonal of the inverse products with all others as well.
FEW_FOR_SOLUTIONS = 0.5
FEW_FOR_DIAGONALS = 0.42
# Below this size a triangular matrix is inverted at once.
SMALL = 96
_TRTRI = {"f": strtri, "d": dtrtri}


def kept_groups(mask):
    """Group the columns of a mask that keep the same rows.

    Parameters
    ----------
    mask : ndarray of bool of shape (n_inputs, n_outputs)

    Returns
    -------
    groups : list of (rows, columns)
        Arrays of int; without the columns that keep nothing.
    """
    packed = np.packbits(mask, axis=0)
    _, first, group = np.unique(packed, axis=1, return_index=True, return_inverse=True)
    group = np.ravel(group)
    order = np.argsort(group, kind="stable")
    columns = np.split(order, np.cumsum(np.bincount(group))[:-1])
    groups = [
        (np.flatnonzero(mask[:, column]), own) for column, own in zip(first, columns, strict=True)
    ]
    return [(rows, own) for rows, own in groups if len(rows)]


def solve_subsystems(matrix, right, mask):
    """Solve for each target the system of the variables that it keeps.

    Parameters
    ----------
    matrix : ndarray of float64 of shape (n_variables, n_variables)
        Symmetric and positive definite.
    right : ndarray of float64 of shape (n_variables, n_targets)
    mask : ndarray of bool of shape (n_variables, n_targets)

    Returns
    -------
    solution : ndarray of float64 of shape (n_variables, n_targets)
        Zero where the mask is False.
    """
    solution = np.zeros(mask.shape)
    groups = kept_groups(mask)
    most = FEW_FOR_SOLUTIONS * len(matrix)
    with single_threaded_blas():  # the same bits whatever the threads
        inverse = _shared_inverse(matrix, groups, most)
        whole = None if inverse is None else inverse @ right

    def solve(group):
        rows, columns = group
        if inverse is None or len(matrix) - len(rows) > most:
            found = _solve(_part(matrix, rows), right[rows[:, None], columns])
        else:
            gone = _others(len(matrix), rows)
            beside = inverse.take(gone, axis=0)
            share = _solve(beside.take(gone, axis=1), whole[gone[:, None], columns])
            found = whole[rows[:, None], columns] - (beside.T @ share)[rows]
        solution[rows[:, None], columns] = found

    with shard_pool(len(groups)) as run:
        run(solve, groups)
    return solution


def inverse_diagonals(matrix, mask):
    """Diagonals of the inverses of the systems of the variables that each target keeps.

    Parameters
    ----------
    matrix : ndarray of float64 of shape (n_variables, n_variables)
        Symmetric and positive definite.
    mask : ndarray of bool of shape (n_variables, n_targets)

    Returns
    -------
    diagonals : ndarray of float64 of shape (n_variables, n_targets)
        To the digits of float32; zero where the mask is False.
    """
    diagonals = np.zeros(mask.shape)
    groups = kept_groups(mask)
    most = FEW_FOR_DIAGONALS * len(matrix)
    with single_threaded_blas():  # the same bits whatever the threads
        inverse = _shared_inverse(matrix, groups, most)
    matrix = matrix.astype(np.float32)
    if inverse is not None:
        whole = np.diagonal(inverse).copy()
        inverse = inverse.astype(np.float32)

    def solve(group):
        rows, columns = group
        if inverse is None or len(matrix) - len(rows) > most:
            root = inverse_of_factor(_part(matrix, rows))
            found = np.einsum("ij,ij->j", root, root)
        else:
            gone = _others(len(matrix), rows)
            beside = inverse.take(gone, axis=0)
            root = inverse_of_factor(beside.take(gone, axis=1)) @ beside.take(rows, axis=1)
            found = whole[rows] - np.einsum("ij,ij->j", root, root)
        diagonals[rows[:, None], columns] = found[:, None]

    with shard_pool(len(groups)) as run:
        run(solve, groups)
    return diagonals


def inverse_of_factor(matrix):
    """Invert the lower Cholesky factor of a matrix, in products that let other threads run.

    Parameters
    ----------
    matrix : ndarray of shape (n, n)
        Symmetric and positive definite, of float32 or float64.

    Returns
    -------
    inverse : ndarray of shape (n, n)
        Lower triangular: ``inverse.T @ inverse`` is the inverse of the matrix.
    """
    n = len(matrix)
    if n == 0:
        return np.zeros((0, 0), matrix.dtype)
    if n <= SMALL:
        return _TRTRI[matrix.dtype.char](np.linalg.cholesky(matrix), lower=1)[0]
    half = n // 2
    inverse = np.zeros((n, n), matrix.dtype)
    first = inverse[:half, :half] = inverse_of_factor(matrix[:half, :half])
    below = matrix[half:, :half] @ first.T
    rest = matrix[half:, half:] - below @ below.T
    second = inverse[half:, half:] = inverse_of_factor(rest)
    inverse[half:, :half] = -second @ (below @ first)
    return inverse


def _shared_inverse(matrix, groups, most):
    """Return the inverse of the whole system where many groups lack few variables, else None."""
    few = sum(len(matrix) - len(rows) <= most for rows, _ in groups)
    if few < MANY_GROUPS:
        return None
    root = inverse_of_factor(matrix)
    return root.T @ root


def _solve(matrix, right):
    """Solve a symmetric positive definite system, one without unknowns too."""
    if len(matrix) == 0:
        return right
    # numpy's factorisation lets other threads run meanwhile, scipy's does not; turned over, it
    # has the order that LAPACK reads without a copy
    factor = np.linalg.cholesky(matrix).T
    return cho_solve((factor, False), right, check_finite=False)


def _part(matrix, rows):
    """Return ``matrix[np.ix_(rows, rows)]``, in half the time."""
    return matrix.take(rows, axis=0).take(rows, axis=1)


def _others(n, rows):
    """Return the numbers below n that are not among the rows."""
    mask = np.ones(n, dtype=bool)
    mask[rows] = False
    return np.flatnonzero(mask)
