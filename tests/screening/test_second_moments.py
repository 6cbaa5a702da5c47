"""Second moments: values, streaming, weights, offsets."""

import numpy as np
import pytest

from skscreen.screening import SecondMoments

RNG = np.random.default_rng(0)
A = RNG.normal(size=(97, 5)) @ RNG.normal(size=(5, 5))
T = RNG.normal(size=(97, 3)) + A[:, :3]


def assert_same(one, other, rtol=1e-12):
    for name in ("weight_sum", "scatter", "cross", "target_squares", "means", "target_means"):
        np.testing.assert_allclose(getattr(one, name), getattr(other, name), rtol, 1e-12)


def test_are_those_of_numpy():
    moments = SecondMoments(5, 3).partial_fit(A, T)
    both = np.cov(np.hstack([A, T]).T, bias=True)
    np.testing.assert_allclose(moments.covariance(), both[:5, :5])
    np.testing.assert_allclose(moments.cross_covariance(), both[:5, 5:])
    np.testing.assert_allclose(moments.target_squares / 97, np.diagonal(both)[5:])
    np.testing.assert_allclose(moments.means, A.mean(axis=0))
    np.testing.assert_allclose(moments.target_means, T.mean(axis=0))
    np.testing.assert_array_equal(moments.scatter, moments.scatter.T)


@pytest.mark.parametrize("length", [1, 7, 96])
def test_batches_and_merged_parts_give_the_same(length):
    whole = SecondMoments(5, 3).partial_fit(A, T)
    streamed, merged = SecondMoments(5, 3), SecondMoments(5, 3)
    for start in range(0, 97, length):
        rows = slice(start, start + length)
        streamed.partial_fit(A[rows], T[rows])
        merged.merge(SecondMoments(5, 3).partial_fit(A[rows], T[rows]))
    assert_same(streamed, whole)
    assert_same(merged, whole)


def test_weights_are_repetitions():
    repeats = RNG.integers(0, 4, 97)
    weighted = SecondMoments(5, 3).partial_fit(A, T, repeats.astype(float))
    repeated = SecondMoments(5, 3).partial_fit(np.repeat(A, repeats, 0), np.repeat(T, repeats, 0))
    assert_same(weighted, repeated)


def test_an_offset_does_not_eat_the_digits_of_float32():
    small = RNG.integers(-8, 8, (200, 4)).astype(np.float32) / 8
    moments = SecondMoments(4).partial_fit(small[:90] + np.float32(1000))
    moments.partial_fit(small[90:] + np.float32(1000))
    np.testing.assert_allclose(moments.covariance(), np.cov(small.T, bias=True), rtol=1e-12)


def test_linear_targets_are_known_without_a_pass():
    weight, bias = RNG.normal(size=(5, 2)), np.array([3.0, -1.0])
    known = SecondMoments(5).partial_fit(A + 100).with_linear_targets(weight, bias)
    assert_same(known, SecondMoments(5, 2).partial_fit(A + 100, (A + 100) @ weight + bias), 1e-9)


def test_some_of_the_targets():
    some = SecondMoments(5, 3).partial_fit(A, T).of_targets(np.array([2, 0]))
    assert_same(some, SecondMoments(5, 2).partial_fit(A, T[:, [2, 0]]))


def test_without_weight_nothing_changes():
    moments = SecondMoments(5, 3).partial_fit(A, T, np.zeros(97))
    assert moments.weight_sum == 0
    np.testing.assert_array_equal(moments.means, np.zeros(5))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((A[:, :4], T), r"A must have shape \(n_samples, 5\)"),
        ((A, T[:, :2]), r"targets must have shape \(n_samples, 3\)"),
        ((A, T[:, :, None]), r"targets must have shape \(n_samples, 3\), got \(97, 3, 1\)"),
        ((A, T, -np.ones(97)), "sample_weight must not be negative"),
        ((np.where(A[3, 3] == A, np.nan, A), T), "A must be finite"),
        ((A, np.where(T[3, 1] == T, np.inf, T)), "targets must be finite"),
    ],
)
def test_bad_input_is_refused(arguments, message):
    moments = SecondMoments(5, 3)
    with pytest.raises(ValueError, match=message):
        moments.partial_fit(*arguments)
    assert moments.weight_sum == 0


def test_other_shapes_are_not_merged():
    with pytest.raises(ValueError, match="must have 5 units and 3 targets, got 5 and 0"):
        SecondMoments(5, 3).merge(SecondMoments(5))
