"""Streaming, merging and weighting of moments."""

import pickle

import joblib
import naive
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skscreen.screening import (
    STATISTICS,
    ClassMoments,
    PooledMoments,
    RegressionMoments,
    class_moments,
    f_from_moments,
    f_statistic,
)

RNG = np.random.default_rng(0)
A = RNG.standard_normal((200, 6)) + np.arange(6)
CODES = RNG.integers(0, 4, 200)
A[:, 2] += CODES
TARGETS = np.column_stack([A[:, 0] + RNG.standard_normal(200), RNG.standard_normal(200)])


def moments_of(parts, target=CODES, new=lambda: ClassMoments(4, 6)):
    """Moments of each part of the samples, one object each."""
    return [new().partial_fit(A[part], target[part]) for part in parts]


def merged(parts):
    whole = parts[0]
    for part in parts[1:]:
        whole.merge(part)
    return whole


cuts = st.lists(st.integers(1, 199), max_size=8, unique=True).map(sorted)


@settings(max_examples=80, deadline=None)
@given(cuts=cuts, order=st.randoms())
def test_any_partition_in_any_order_gives_the_same_F(cuts, order):
    parts = [np.arange(a, b) for a, b in zip([0, *cuts], [*cuts, 200], strict=True)]
    order.shuffle(parts)
    for target, new in (
        (CODES, lambda: ClassMoments(4, 6)),
        (TARGETS, lambda: RegressionMoments(6, 2)),
    ):
        whole = f_from_moments(new().partial_fit(A, target))
        split = f_from_moments(merged(moments_of(parts, target, new)))
        streamed = new()
        for part in parts:
            streamed.partial_fit(A[part], target[part])
        for other in (split, f_from_moments(streamed)):
            np.testing.assert_allclose(other.F, whole.F, rtol=1e-12)
            np.testing.assert_allclose(other.eta2, whole.eta2, rtol=1e-12)


def test_moments_agree_with_the_naive_twin():
    weights = RNG.integers(0, 3, 200).astype(float)
    moments = ClassMoments(5, 6).partial_fit(A, CODES, weights)
    weight_sum, means, within = naive.class_moments(A, CODES, weights, 5)
    np.testing.assert_allclose(moments.weight_sum, weight_sum)
    np.testing.assert_allclose(moments.means, means, rtol=1e-12)
    np.testing.assert_allclose(moments.within, within, rtol=1e-10)
    mean_square = weights @ A**2 / weights.sum()
    np.testing.assert_allclose(moments.mean_square(), mean_square, rtol=1e-12)
    regression = RegressionMoments(6, 2).partial_fit(A, TARGETS, weights)
    np.testing.assert_allclose(regression.mean_square(), mean_square, rtol=1e-12)


@pytest.mark.parametrize(
    ("new", "target"),
    [(lambda: ClassMoments(4, 6), CODES), (lambda: RegressionMoments(6, 2), TARGETS)],
)
def test_weights_are_repetitions(new, target):
    weights = RNG.integers(0, 4, 200)
    repeated = np.repeat(np.arange(200), weights)
    weighted = f_from_moments(new().partial_fit(A, target, weights))
    plain = f_from_moments(new().partial_fit(A[repeated], target[repeated]))
    np.testing.assert_allclose(weighted.F, plain.F, rtol=1e-11)
    np.testing.assert_allclose(weighted.p, plain.p, rtol=1e-9)


def test_pickled_in_the_middle_of_a_stream():
    half = ClassMoments(4, 6).partial_fit(A[:100], CODES[:100])
    other = pickle.loads(pickle.dumps(half))
    expected = f_from_moments(half.partial_fit(A[100:], CODES[100:])).F
    np.testing.assert_array_equal(
        f_from_moments(other.partial_fit(A[100:], CODES[100:])).F, expected
    )


def test_nothing_changes_nothing():
    moments = ClassMoments(4, 6).partial_fit(A, CODES)
    before = f_from_moments(moments).F
    moments.merge(ClassMoments(4, 6))
    moments.partial_fit(A[:3], CODES[:3], np.zeros(3))
    np.testing.assert_array_equal(f_from_moments(moments).F, before)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda m: m.partial_fit(A[:, :5], CODES),
            r"A must have shape \(n_samples, 6\), got \(200, 5\)",
        ),
        (lambda m: m.partial_fit(A, CODES[:5]), "A has 200 samples, but there are 5 targets"),
        (lambda m: m.partial_fit(A, CODES + 1), "codes must be from 0 to 3, got 1 to 4"),
        (
            lambda m: m.partial_fit(A, CODES, -np.ones(200)),
            "sample_weight must be finite and not neg",
        ),
        (lambda m: m.partial_fit(A, CODES, np.ones(3)), r"sample_weight must have shape \(200,\)"),
        (lambda m: m.partial_fit(A * np.nan, CODES), "A must be finite"),
        (lambda m: m.partial_fit(np.where(A > 2.9, np.inf, A), CODES), "A must be finite"),
        (lambda m: m.merge(ClassMoments(3, 6)), "4 classes and 6 units, got 3 and 6"),
    ],
)
def test_bad_input_is_named_and_changes_nothing(call, message):
    moments = ClassMoments(4, 6).partial_fit(A, CODES)
    before = f_from_moments(moments).F
    with np.errstate(invalid="ignore"), pytest.raises(ValueError, match=message):
        call(moments)
    np.testing.assert_array_equal(f_from_moments(moments).F, before)


@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_workers_change_no_bit(backend, tmp_path):
    path = tmp_path / "A.npy"
    np.save(path, A)
    mapped = np.load(path, mmap_mode="r")
    results = []
    for n_jobs in (1, 2):
        with joblib.parallel_config(backend=backend):
            moments = class_moments(mapped, CODES, 4, np.ones(200), chunk_size=30, n_jobs=n_jobs)
        results.append(f_from_moments(moments))
    np.testing.assert_array_equal(results[0].F, results[1].F)
    whole = f_from_moments(ClassMoments(4, 6).partial_fit(A, CODES))
    np.testing.assert_allclose(results[0].F, whole.F, rtol=1e-12)
    with pytest.raises(ValueError, match="A has 200 samples, but there are 5 targets"):
        class_moments(A, CODES[:5], 4)


def test_decay_forgets():
    halves = (A[:100], CODES[:100]), (A[100:], CODES[100:])
    moments = ClassMoments(4, 6, decay=0.25)
    for data, codes in halves:
        moments.partial_fit(data, codes)
    weights = np.repeat([0.25, 1.0], 100)
    weighted = ClassMoments(4, 6).partial_fit(A, CODES, weights)
    np.testing.assert_allclose(f_from_moments(moments).F, f_from_moments(weighted).F, rtol=1e-12)
    with pytest.raises(ValueError, match=r"decay must be in \(0, 1\], got 0"):
        ClassMoments(4, 6, decay=0)


class TestPooling:
    values = np.random.default_rng(1).standard_normal((60, 4, 3)).astype(np.float32)
    codes = np.arange(60) % 3

    def statistics(self, pooling):
        pooled = PooledMoments(lambda n: ClassMoments(3, n), 4, 3, pooling)
        pooled.partial_fit(self.values[:30], self.codes[:30])
        pooled.merge(
            PooledMoments(lambda n: ClassMoments(3, n), 4, 3, pooling).partial_fit(
                self.values[30:], self.codes[30:], np.ones(30)
            )
        )
        return pooled.statistics(STATISTICS["f"]).F

    def test_mean_and_maximum(self):
        for pooling, values in (("mean", self.values.mean(1)), ("max", self.values.max(1))):
            expected = f_statistic(values, self.codes).F
            np.testing.assert_allclose(self.statistics(pooling), expected, rtol=1e-5)

    def test_positions_are_observations(self):
        expected = f_statistic(self.values.reshape(240, 3), np.repeat(self.codes, 4)).F
        np.testing.assert_allclose(self.statistics("positions"), expected, rtol=1e-10)

    def test_local_is_the_mean_of_the_statistics(self):
        expected = np.mean(
            [f_statistic(self.values[:, p], self.codes).F for p in range(4)], axis=0
        )
        np.testing.assert_allclose(self.statistics("local"), expected, rtol=1e-10)
