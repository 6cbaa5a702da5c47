"""Each kernel against its slow, obvious twin."""

import naive
import numpy as np
import pytest
from campaign import examples
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.special import log_softmax, logsumexp

from skscreen.kernels.activations import ACTIVATIONS, drop_units
from skscreen.kernels.conv import col2im, im2col
from skscreen.kernels.losses import (
    add_softmax_distillation,
    binary_cross_entropy,
    half_squared_error,
    softmax_cross_entropy,
)
from skscreen.kernels.moments import update_class_moments, update_regression_moments
from skscreen.kernels.planes import convolve_and_pool, im2col_planes, max_pool_planes
from skscreen.kernels.pool import max_pool, max_unpool
from skscreen.kernels.updates import adam_update, sgd_update
from skscreen.nn import Loss, Teacher
from skscreen.nn.optimizers import SGD, Adam
from skscreen.nn.parameters import NO_MASK, Parameter


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.mark.parametrize("name", sorted(ACTIVATIONS))
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_activations_and_their_derivatives(rng, name, dtype):
    z = rng.standard_normal((7, 5)).astype(dtype)
    bias = rng.standard_normal(5).astype(dtype)
    forward, backward = ACTIVATIONS[name]
    expected = naive.activate(name, (z + bias).astype("float64"))
    step = 1e-6
    slope = (naive.activate(name, z + bias + step) - naive.activate(name, z + bias - step)) / (
        2 * step
    )
    forward(z, bias)
    np.testing.assert_allclose(z, expected, rtol=1e-5)
    delta = np.ones_like(z)
    backward(delta, z)
    tolerance = 1e-6 if dtype == "float64" else 0.2  # the quotient itself is in float32 then
    np.testing.assert_allclose(delta, slope, atol=tolerance)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_drop_units(rng, dtype):
    output = rng.standard_normal((7, 5)).astype(dtype)
    bits = rng.integers(0, 2**16, (7, 5), dtype=np.uint16)
    bits[0, 0], bits[0, 1] = 20_000, 19_999  # the least that is kept, and the next
    scale = output.dtype.type(1.25)
    expected = (bits >= 20_000) * scale
    keep, dropped = np.full_like(output, np.nan), np.full_like(output, np.nan)
    drop_units(output, bits, np.uint16(20_000), scale, keep, dropped)
    np.testing.assert_array_equal(keep, expected)
    np.testing.assert_array_equal(dropped, expected * output)


def test_relu_lets_nan_pass():
    z = np.array([[np.nan, -1.0]])
    ACTIVATIONS["relu"][0](z, np.zeros(2))
    assert np.isnan(z[0, 0])
    assert z[0, 1] == 0


class TestLosses:
    index = np.array([4, 0, 3])
    weights = np.array([1.0, 9.0, 9.0, 0.5, 2.0])

    def gradient_by_differences(self, loss, logits):
        step = 1e-6
        gradient = np.zeros_like(logits)
        for place in np.ndindex(logits.shape):
            for sign in (1, -1):
                moved = logits.copy()
                moved[place] += sign * step
                gradient[place] += sign * loss(moved, np.empty_like(logits)) / (2 * step)
        return gradient

    def check(self, kernel, logits, target, by_hand):
        def loss(logits, delta):
            return kernel(logits, target, self.weights, self.index, 7.0, delta)

        delta = np.empty_like(logits)
        assert loss(logits, delta) == pytest.approx(by_hand, rel=1e-12)
        np.testing.assert_allclose(
            delta, self.gradient_by_differences(loss, logits) / 7.0, atol=1e-8
        )

    def test_softmax(self, rng):
        logits = 3 * rng.standard_normal((3, 4))
        codes = np.array([1, 0, 0, 3, 2])
        chosen = log_softmax(logits, axis=1)[np.arange(3), codes[self.index]]
        self.check(softmax_cross_entropy, logits, codes, -chosen @ self.weights[self.index])

    def test_logistic(self, rng):
        logits = 3 * rng.standard_normal((3, 1))
        codes = np.array([1, 0, 0, 0, 1])
        both = np.column_stack([np.zeros(3), logits[:, 0]])
        chosen = both[np.arange(3), codes[self.index]] - logsumexp(both, axis=1)
        self.check(binary_cross_entropy, logits, codes, -chosen @ self.weights[self.index])

    def test_squared(self, rng):
        outputs, targets = rng.standard_normal((3, 2)), rng.standard_normal((5, 2))
        errors = ((outputs - targets[self.index]) ** 2).mean(axis=1) / 2
        self.check(half_squared_error, outputs, targets, errors @ self.weights[self.index])

    @pytest.mark.parametrize("output", ["softmax", "logistic", "identity"])
    @pytest.mark.parametrize("share", [0.3, 1.0])
    def test_distillation(self, rng, output, share):
        n_outputs = {"softmax": 4, "logistic": 1, "identity": 2}[output]
        logits = 3 * rng.standard_normal((3, n_outputs))
        teacher = 3 * rng.standard_normal((5, n_outputs))
        target = rng.standard_normal((5, 2)) if output == "identity" else np.array([1, 0, 0, 0, 1])
        distillation = Teacher(teacher, share, 2.0)
        loss = Loss(output, target, self.weights, distillation)
        delta = np.empty_like(logits)
        value = loss.gradient(logits, self.index, delta, 7.0)
        by_differences = self.gradient_by_differences(
            lambda moved, unused: loss.gradient(moved, self.index, unused, 7.0), logits
        )
        np.testing.assert_allclose(delta, by_differences, atol=1e-8)
        plain = Loss(output, target, self.weights).gradient(logits, self.index, delta, 7.0)
        if output == "identity":
            gaps = ((logits - teacher[self.index]) ** 2).mean(axis=1) / 2
        else:
            both = [logits, teacher[self.index]]
            if output == "logistic":
                both = [np.column_stack([np.zeros(3), z]) for z in both]
            student, soft = (log_softmax(z / 2, axis=1) for z in both)
            gaps = 4 * (np.exp(soft) * (soft - student)).sum(axis=1)
        expected = (1 - share) * plain + share * (gaps @ self.weights[self.index]) / 7
        assert value == pytest.approx(expected, rel=1e-10)

    @pytest.mark.parametrize("value", [800.0, -800.0])
    def test_extreme_logits_stay_finite(self, value):
        delta = np.empty((1, 2))
        arguments = np.array([0]), np.ones(1), np.array([0]), 1.0
        loss = softmax_cross_entropy(np.array([[value, 0.0]]), *arguments, delta)
        assert loss == pytest.approx(max(0.0, -value))
        loss = binary_cross_entropy(np.array([[value]]), *arguments, delta[:, :1].copy())
        assert loss == pytest.approx(max(0.0, value))

    @pytest.mark.parametrize("sign", [1, -1])
    def test_extreme_teachers_stay_finite(self, sign):
        logits, teacher = sign * np.array([[800.0, -800.0]]), sign * np.array([[-800.0, 800.0]])
        delta = np.full((1, 2), 7.0)
        # softened by 2 all of the teacher's 1 meets a logarithm of -800
        arguments = np.ones(1), np.array([0]), 1.0, 1.0, 2.0, delta
        loss = add_softmax_distillation(logits, teacher, *arguments)
        assert loss == pytest.approx(4 * 800)
        np.testing.assert_allclose(delta, sign * np.array([[2.0, -2.0]]), atol=1e-12)


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
class TestUpdates:
    def run(self, kind, rng, dtype, masked, **parameters):
        weights = rng.standard_normal(200_000 if masked else 30).astype(dtype)
        mask = rng.random(weights.size) < 0.5 if masked else NO_MASK
        weights = weights * mask if masked else weights
        start = weights.astype("float64")
        parameter = Parameter(weights, mask, True)
        gradients = [rng.standard_normal(weights.size).astype(dtype) for _ in range(4)]
        optimizer = kind([parameter], **parameters)
        for gradient in gradients:
            halves = [[gradient / 2], [gradient / 2]]
            optimizer.step([parameter], halves, 0.1, 0.01, run=lambda f, jobs: list(map(f, jobs)))
        return start, gradients, weights, mask if masked else 1.0

    def test_adam(self, rng, dtype, masked):
        start, gradients, weights, mask = self.run(
            Adam, rng, dtype, masked, beta_1=0.3, beta_2=0.4, epsilon=1e-6
        )
        expected = naive.adam(start, gradients, 0.1, 0.3, 0.4, 1e-6, 0.01, mask)
        np.testing.assert_allclose(weights, expected, atol=1e-12 if dtype == "float64" else 1e-4)
        assert not weights[~np.broadcast_to(mask, weights.shape).astype(bool)].any()

    @pytest.mark.parametrize("nesterov", [False, True])
    def test_sgd(self, rng, dtype, masked, nesterov):
        start, gradients, weights, mask = self.run(
            SGD, rng, dtype, masked, momentum=0.7, nesterov=nesterov
        )
        expected = naive.sgd(start, gradients, 0.1, 0.7, nesterov, 0.01, mask)
        np.testing.assert_allclose(weights, expected, atol=1e-12 if dtype == "float64" else 1e-5)
        assert not weights[~np.broadcast_to(mask, weights.shape).astype(bool)].any()


@pytest.mark.parametrize("mask", [NO_MASK, np.array([True, False] * 4)])
def test_tiny_numbers_and_masked_ones_become_zero(mask):
    tiny = np.repeat(np.array([1e-31, -1e-31, 3e-30, -3e-30], np.float32), 2)
    kept = np.where(np.abs(tiny) > 1e-30, tiny, 0)
    if mask.size:
        kept[~mask] = 0
    zero, one, none = np.float32(0), np.float32(1), np.zeros(8, np.float32)
    weights, velocity = tiny.copy(), tiny.copy()
    sgd_update(weights, none, velocity, mask, zero, one, False, zero)
    np.testing.assert_array_equal(velocity, kept)
    np.testing.assert_array_equal(weights, 2 * kept)
    weights, first, second = tiny.copy(), tiny.copy(), np.abs(tiny)
    adam_update(weights, none, first, second, mask, zero, one, one, one, zero)
    np.testing.assert_array_equal(weights, kept)
    np.testing.assert_array_equal(first, kept)
    np.testing.assert_array_equal(second, np.abs(kept))


def test_what_decays_to_nothing_becomes_zero():
    parameter = Parameter(np.full(3, 1e-29, np.float32), NO_MASK, True)
    optimizer = Adam([parameter])
    for _ in range(2000):
        optimizer.step([parameter], [[np.zeros(3, np.float32)]], 1e-3, 1e-6)
    assert not parameter.value.any()
    assert not any(state[0].any() for state in optimizer.states)


@example(seed=0, size=(3, 6), kernel=(2, 5), stride=1, top=1, left=3, n_channels=1)
@settings(max_examples=examples(60), deadline=None)
@given(
    seed=st.integers(0, 10**6),
    size=st.tuples(st.integers(1, 7), st.integers(1, 7)),
    kernel=st.tuples(st.integers(1, 5), st.integers(1, 5)),
    stride=st.integers(1, 3),
    top=st.integers(0, 2),
    left=st.integers(0, 3),
    n_channels=st.integers(1, 3),
)
def test_im2col_and_its_adjoint(seed, size, kernel, stride, top, left, n_channels):
    rng = np.random.default_rng(seed)
    images = rng.standard_normal((2, *size, n_channels))
    out = [-(-length // stride) for length in size]
    geometry = (*kernel, stride, top, left, *out)
    columns = np.full((2 * out[0] * out[1], kernel[0] * kernel[1] * n_channels), np.nan)
    im2col(images, *geometry, columns)
    padded = np.pad(images, ((0, 0), (top, 9), (left, 9), (0, 0)))
    for row, (i, y, x) in enumerate(np.ndindex(2, *out)):
        patch = padded[i, y * stride : y * stride + kernel[0], x * stride : x * stride + kernel[1]]
        np.testing.assert_array_equal(columns[row], patch.ravel())
    # the adjoint: <im2col(a), b> = <a, col2im(b)>
    other = rng.standard_normal(columns.shape)
    back = np.full(images.shape, np.nan)
    col2im(other, *geometry, back)
    assert np.vdot(columns, other) == pytest.approx(np.vdot(images, back), abs=1e-9)
    if n_channels == stride == 1:
        planes = np.full((kernel[0] * kernel[1], 2, *out), np.nan)
        im2col_planes(images[..., 0], *kernel, top, left, *out, planes)
        np.testing.assert_array_equal(planes.reshape(len(planes), -1), columns.T)


@pytest.mark.parametrize("size", [(4, 4), (5, 7), (2, 3), (1, 4), (7, 8), (8, 5)])
@pytest.mark.parametrize("window", [(1, 2), (2, 2), (3, 3)])
def test_max_pool_and_back(rng, size, window):
    window = tuple(min(pair) for pair in zip(window, size, strict=True))
    images = rng.integers(0, 4, (3, *size, 2)).astype(float)
    pooled = np.empty((3, size[0] // window[0], size[1] // window[1], 2))
    winners = np.empty(pooled.shape, np.uint8)
    max_pool(images, *window, pooled, winners)
    np.testing.assert_array_equal(pooled, naive.max_pool(images, window))
    planes = np.full(pooled.shape, np.nan)
    max_pool_planes(np.ascontiguousarray(np.moveaxis(images, 3, 0)), *window, planes)
    np.testing.assert_array_equal(planes, pooled)
    back = np.full(images.shape, np.nan)
    max_unpool(pooled, winners, *window, back)
    assert back.sum() == pooled.sum()
    np.testing.assert_array_equal(naive.max_pool(back, window), pooled)
    assert ((back == 0) | (back == images)).all()


@pytest.mark.parametrize("block", [1, 2, 5, 9])
def test_convolve_and_pool(rng, block):
    images, weight = rng.standard_normal((5, 7, 6)), rng.standard_normal((3, 6))
    geometry, window = (2, 3, 0, 1), (2, 3)
    columns, conv = np.empty((5 * 36, 6)), np.empty((5, 6, 6, 3))
    im2col(images[..., None], *geometry[:2], 1, *geometry[2:], 6, 6, columns)
    np.dot(columns, weight.T, out=conv.reshape(5 * 36, 3))
    pooled = np.full((5, 3, 2, 3), np.nan)
    planes = np.full((block, 6, 6, 3), np.nan)
    convolve_and_pool(
        images, weight, *geometry, *window, np.full(block * 36 * 6, np.nan), planes, pooled
    )
    np.testing.assert_allclose(pooled, naive.max_pool(conv, window), atol=1e-12)


@pytest.mark.parametrize("window", [(1, 2), (2, 1)])
@pytest.mark.parametrize("values", [[1.0, np.nan], [np.nan, 1.0]])
def test_max_pool_shows_nan(window, values):
    images = np.array(values).reshape(1, *window, 1)
    pooled, winners = np.zeros((1, 1, 1, 1)), np.empty((1, 1, 1, 1), np.uint8)
    max_pool(images, *window, pooled, winners)
    assert np.isnan(pooled).all()
    pooled[:] = 0
    max_pool_planes(images.reshape(1, 1, *window), *window, pooled)
    assert np.isnan(pooled).all()


@pytest.mark.parametrize("n_samples", [36, 37, 38, 39])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_class_moments(rng, dtype, n_samples):
    A = (rng.standard_normal((n_samples, 5)) + 100).astype(dtype)
    codes = rng.integers(0, 4, n_samples)
    weights = rng.integers(0, 3, n_samples).astype(float)
    if n_samples % 2 == 0:  # all count
        weights += 1
    order = np.argsort(codes, kind="stable")
    weight_sum, mean, within = np.zeros(5), np.zeros((5, 5)), np.zeros((5, 5))
    low, high = np.full((5, 5), np.inf), np.full((5, 5), -np.inf)
    origin = np.full((5, 5), 99.0) + np.arange(5)[:, None]
    update_class_moments(
        A, order[weights[order] > 0], codes, weights, origin, weight_sum, mean, within, low, high
    )
    expected = naive.class_moments(A, codes, weights, 5)
    np.testing.assert_allclose(weight_sum, expected[0])
    np.testing.assert_allclose(mean[:4] + origin[:4], expected[1][:4], rtol=1e-12)
    np.testing.assert_allclose(within, expected[2], rtol=1e-9)
    for k in range(4):
        rows = A[(codes == k) & (weights > 0)]
        np.testing.assert_array_equal(low[k], rows.min(axis=0))
        np.testing.assert_array_equal(high[k], rows.max(axis=0))


def test_regression_moments(rng):
    A, targets = rng.standard_normal((37, 4)) + 50, rng.standard_normal((37, 2)) - 3
    weights = rng.integers(0, 3, 37).astype(float)
    origin, target_origin = np.full(4, 49.0), np.full(2, -2.0)
    mean, target_mean = np.zeros(4), np.zeros(2)
    sxx, syy, sxy = np.zeros(4), np.zeros(2), np.zeros((2, 4))
    total = 0.0
    for part in (slice(0, 20), slice(20, 37)):
        total = update_regression_moments(
            A[part],
            targets[part],
            weights[part],
            total,
            origin,
            target_origin,
            mean,
            target_mean,
            sxx,
            syy,
            sxy,
        )
    both = np.hstack([A, targets])
    covariance = np.cov(both, rowvar=False, fweights=weights.astype(int), ddof=0) * weights.sum()
    assert total == weights.sum()
    np.testing.assert_allclose(mean + origin, np.average(A, axis=0, weights=weights))
    np.testing.assert_allclose(
        target_mean + target_origin, np.average(targets, axis=0, weights=weights)
    )
    np.testing.assert_allclose(sxx, np.diag(covariance)[:4], rtol=1e-9)
    np.testing.assert_allclose(syy, np.diag(covariance)[4:], rtol=1e-9)
    np.testing.assert_allclose(sxy, covariance[4:, :4], atol=1e-9)
