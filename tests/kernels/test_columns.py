"""Products with kept weights over columns of samples, against their slow, obvious twins."""

import naive
import numpy as np
import pytest

from skscreen.kernels.columns import (
    ACTIVATION_CODES,
    gather_columns,
    kept_convolution,
    kept_gradient,
    kept_product,
    kept_product_of_one,
    pad_columns,
    scatter_columns,
)
from skscreen.nn.kept import listed


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def kept(rng, n_inputs, n_outputs, density):
    return rng.standard_normal((n_inputs, n_outputs)) * (
        rng.random((n_inputs, n_outputs)) < density
    )


@pytest.mark.parametrize(
    ("n_samples", "n_blocks", "width"),
    [(21, 2, 16), (15, 1, 16), (45, 3, 20), (5, 5, 1), (8, 1, 8)],
)
@pytest.mark.parametrize("dtype", ["float32", "float64", "uint8"])
def test_columns_there_and_back(rng, n_samples, n_blocks, width, dtype):
    x = (100 * rng.random((n_samples, 7))).astype(dtype)
    features = np.array([5, 0, 3], dtype=np.int32)
    columns = np.zeros((n_blocks, 3, width), np.float32)
    gather_columns(x, features, np.float32(0.5), columns)
    expected = naive.columns_of(x * np.float32(0.5), features, n_blocks, width)
    np.testing.assert_allclose(columns, expected, rtol=1e-6)
    back = np.full((n_samples, 7), -1, np.float32)
    scatter_columns(columns, features, back)
    np.testing.assert_allclose(back[:, features], x[:, features] * 0.5, rtol=1e-6)
    assert (np.delete(back, features, axis=1) == -1).all()


@pytest.mark.parametrize("density", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("activation", sorted(ACTIVATION_CODES))
def test_kept_product(rng, density, activation):
    weight, bias = kept(rng, 13, 9, density), rng.standard_normal(9)
    x = rng.standard_normal((2, 13, 6))
    starts, rows = listed(weight.T != 0)
    values = weight.T[weight.T != 0]
    out = np.full((2, 9, 6), np.nan)
    kept_product(x, starts, rows, values, bias, ACTIVATION_CODES[activation], out)
    expected = naive.kept_product(x, weight, bias, activation)
    np.testing.assert_allclose(out, expected, atol=1e-12)


@pytest.mark.parametrize("density", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("activation", sorted(ACTIVATION_CODES))
def test_kept_product_of_one(rng, density, activation):
    weight, bias = kept(rng, 13, 9, density), rng.standard_normal(9)
    x = rng.standard_normal((3, 13, 1)) * (rng.random((3, 13, 1)) < 0.6)
    x[0, :2] = 1
    starts, units = listed(weight != 0)
    out = np.full((3, 9, 1), np.nan)
    code = ACTIVATION_CODES[activation]
    kept_product_of_one(x, starts, units, weight[weight != 0], bias, code, out)
    expected = naive.kept_product(x, weight, bias, activation)
    np.testing.assert_allclose(out, expected, atol=1e-12)


def test_relu_lets_nan_pass(rng):
    x = np.array([[[np.nan, 1.0]]])
    out = np.empty((1, 1, 2))
    starts, rows = listed(np.array([[True]]))
    kept_product(x, starts, rows, np.array([-1.0]), np.zeros(1), ACTIVATION_CODES["relu"], out)
    assert np.isnan(out[0, 0, 0])
    assert out[0, 0, 1] == 0


def test_kept_gradient(rng):
    mask = rng.random((13, 9)) < 0.3
    x, delta = rng.standard_normal((2, 13, 6)), rng.standard_normal((2, 9, 6))
    starts, rows = listed(mask.T)
    units = np.repeat(np.arange(9), np.diff(starts))
    gradient = np.full(len(rows), np.nan)
    for _ in range(2):  # what an earlier call wrote does not count
        kept_gradient(x, delta, starts, rows, gradient)
    expected = sum(x[block] @ delta[block].T for block in range(2))
    np.testing.assert_allclose(gradient, expected[rows, units], atol=1e-12)


def test_pad_columns(rng):
    x = rng.standard_normal((2, 3 * 4 * 5, 6))
    out = np.zeros((2, 3, 6, 8, 6))
    pad_columns(x, 3, 4, 5, 1, 2, out)
    images = x.reshape(2, 3, 4, 5, 6)
    np.testing.assert_array_equal(out, np.pad(images, [(0, 0), (0, 0), (1, 1), (2, 1), (0, 0)]))


@pytest.mark.parametrize("density", [0.0, 0.4, 1.0])
@pytest.mark.parametrize("activation", sorted(ACTIVATION_CODES))
@pytest.mark.parametrize("window", [(1, 1), (2, 2), (3, 2), (1, 3)])
def test_kept_convolution(rng, density, activation, window):
    images = rng.standard_normal((2, 4, 8, 7, 3))  # (n_blocks, width, height, width, channel)
    weight, bias = kept(rng, 3 * 2 * 3, 5, density), rng.standard_normal(5)
    starts, inputs = listed(weight.T != 0)
    place, channel = np.divmod(inputs, 3)
    offsets = ((channel * 8 + place // 2) * 7 + place % 2).astype(np.int32)
    pooled = 6 // window[0], 6 // window[1]
    out = np.full((2, 5 * pooled[0] * pooled[1], 4), np.nan)
    x = np.ascontiguousarray(images.transpose(0, 4, 2, 3, 1)).reshape(2, -1, 4)
    kept_convolution(
        *(x, 7, starts, offsets, weight.T[weight.T != 0], bias, ACTIVATION_CODES[activation]),
        *(6, 6, *window, np.empty((6, 24)), out),
    )
    conv = naive.convolve(images.reshape(8, 8, 7, 3), weight, (3, 2), 1, "valid") + bias
    expected = naive.max_pool(naive.activate(activation, conv), window)
    got = out.reshape(2, 5, *pooled, 4).transpose(0, 4, 2, 3, 1).reshape(8, *pooled, 5)
    np.testing.assert_allclose(got, expected, atol=1e-12)
