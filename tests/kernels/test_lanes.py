"""Loops in vector instructions, for any number of columns, against their twins on arrays."""

import numpy as np
import pytest

from skscreen.kernels import _lanes
from skscreen.kernels._compile import kernel

NOTHING = -7.0


@kernel
def turn(x, start, step, scale, out, at):
    _lanes.turn(x, start, step, scale, out, at)


@kernel
def sum_kept(x, rows, width, shift, values, start, stop, bias, is_relu, out, at, n_columns):
    _lanes.sum_kept(x, rows, width, shift, values, start, stop, bias, is_relu, out, at, n_columns)


@kernel
def put_larger(x, at_x, y, at_y, is_relu, out, at, n_columns):
    _lanes.put_larger(x, at_x, y, at_y, is_relu, out, at, n_columns)


@kernel
def sum_products(x, at_x, y, at_y, n_columns):
    return _lanes.sum_products(x, at_x, y, at_y, n_columns)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("given", ["float32", "float64", "uint8", "int64"])
def test_turn(rng, given, dtype):
    x = (100 * rng.random(60)).astype(given)
    out = np.full(20, NOTHING, dtype)
    turn(x, 3, 7, out.dtype.type(0.5), out, 5)
    np.testing.assert_allclose(out[5:13], x[3:60:7][:8] * 0.5, rtol=1e-6)
    assert (np.delete(out, slice(5, 13)) == NOTHING).all()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("n_weights", [0, 1, 2, 5])
@pytest.mark.parametrize("n_columns", [1, 7, 8, 9, 31, 32, 45, 75])
def test_sum_kept(rng, n_columns, n_weights, dtype):
    width, shift = 80, 3
    x = rng.standard_normal(6 * width).astype(dtype)
    rows = rng.integers(0, 5, 9).astype(np.int32)
    values = rng.standard_normal(9).astype(dtype)
    bias = values.dtype.type(0.25)
    expected = np.full(n_columns, 0.25)
    for k in range(2, 2 + n_weights):
        first = rows[k] * width + shift
        expected += values[k] * x[first : first + n_columns].astype(float)
    for is_relu in (False, True):
        out = np.full(n_columns + 8, NOTHING, dtype)
        sum_kept(x, rows, width, shift, values, 2, 2 + n_weights, bias, is_relu, out, 4, n_columns)
        wanted = np.maximum(expected, 0) if is_relu else expected
        np.testing.assert_allclose(out[4 : 4 + n_columns], wanted, atol=1e-5)
        assert (out[:4] == NOTHING).all()
        assert (out[4 + n_columns :] == NOTHING).all()


@pytest.mark.parametrize("n_columns", [1, 8, 11, 32, 50])
def test_put_larger(rng, n_columns):
    x = rng.standard_normal(80).astype(np.float32)
    y = rng.standard_normal(80).astype(np.float32)
    out = np.full(70, NOTHING, np.float32)
    put_larger(x, 2, y, 9, True, out, 3, n_columns)
    wanted = np.maximum(np.maximum(x[2 : 2 + n_columns], y[9 : 9 + n_columns]), 0)
    np.testing.assert_array_equal(out[3 : 3 + n_columns], wanted)
    assert (out[3 + n_columns :] == NOTHING).all()
    put_larger(x, 2, y, 9, False, x, 2, n_columns)  # in place
    assert (x[2 : 2 + n_columns] >= y[9 : 9 + n_columns]).all()


def test_nan_is_the_largest_and_passes_relu():
    nan = np.nan
    x, y = np.array([nan, 1.0, nan, -1.0]), np.array([1.0, nan, nan, -2.0])
    out = np.zeros(4)
    put_larger(x, 0, y, 0, True, out, 0, 4)
    np.testing.assert_array_equal(out, [nan, nan, nan, 0.0])
    rows, values = np.zeros(1, np.int32), np.ones(1)
    sum_kept(x, rows, 4, 0, values, 0, 1, 0.0, True, out, 0, 4)
    np.testing.assert_array_equal(out, [nan, 1.0, nan, 0.0])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("n_columns", [0, 1, 7, 8, 17, 32, 75, 128])
def test_sum_products(rng, n_columns, dtype):
    x, y = rng.standard_normal((2, 140)).astype(dtype)
    found = sum_products(x, 3, y, 5, n_columns)
    expected = float(x[3 : 3 + n_columns].astype(float) @ y[5 : 5 + n_columns].astype(float))
    assert found == pytest.approx(expected, abs=1e-5)
