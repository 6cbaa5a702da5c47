"""Streaming, merging and weighting of moments."""

import pickle

import joblib
import naive
import numpy as np
import pytest
from campaign import examples
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


@settings(max_examples=examples(80), deadline=None)
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
    for k in range(4):
        rows = A[(k == CODES) & (weights > 0)]
        np.testing.assert_array_equal(moments.low[k], rows.min(axis=0))
        np.testing.assert_array_equal(moments.high[k], rows.max(axis=0))
    effective = naive.effective_sizes(CODES, weights, 5)
    np.testing.assert_allclose(moments.effective_sizes(), effective, rtol=1e-12)
    per_weight = np.divide(effective, weight_sum, out=np.zeros(5), where=weight_sum > 0)
    np.testing.assert_allclose(moments.within, within * per_weight[:, None], rtol=1e-10)
    grand = effective[:4] @ means[:4] / effective[:4].sum()
    between = effective[:4] @ (means[:4] - grand) ** 2
    np.testing.assert_allclose(moments.between(), between, rtol=1e-10)
    common = weights @ A / weights.sum()
    variance = weights @ (A - common) ** 2 / weights.sum()
    np.testing.assert_allclose(moments.mean(), common, rtol=1e-12)
    np.testing.assert_allclose(moments.variance(), variance, rtol=1e-12)
    mean_square = weights @ A**2 / weights.sum()
    np.testing.assert_allclose(moments.mean_square(), mean_square, rtol=1e-12)
    regression = RegressionMoments(6, 2).partial_fit(A, TARGETS, weights)
    np.testing.assert_allclose(regression.mean(), common, rtol=1e-12)
    np.testing.assert_allclose(regression.variance(), variance, rtol=1e-12)
    np.testing.assert_allclose(regression.mean_square(), mean_square, rtol=1e-12)
    size = weights.sum() ** 2 / (weights @ weights)
    assert regression.effective_size() == pytest.approx(size, rel=1e-12)
    np.testing.assert_allclose(regression.sxx, size * variance, rtol=1e-12)
    centred = TARGETS - weights @ TARGETS / weights.sum()
    per_sample = (weights / weights.sum())[:, None]
    np.testing.assert_allclose(regression.syy, size * (per_sample * centred**2).sum(0), rtol=1e-12)
    products = centred.T @ (per_sample * (A - common))
    np.testing.assert_allclose(regression.sxy, size * products, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("total", [1e-200, 0.3, 1.0, 40.0])
def test_what_weights_are_worth_whatever_their_sum(total):
    weights = np.exp(np.random.default_rng(3).standard_normal(200))
    weights *= total / np.bincount(CODES, weights)[CODES]  # each class adds up to it
    moments = ClassMoments(5, 6).partial_fit(A, CODES, weights)
    np.testing.assert_allclose(moments.weight_sum, [total] * 4 + [0], rtol=1e-12)
    effective = naive.effective_sizes(CODES, weights / total, 5)
    np.testing.assert_allclose(moments.effective_sizes(), effective, rtol=1e-12)
    _, _, within = naive.class_moments(A, CODES, weights / total, 5)
    np.testing.assert_allclose(moments.within, within * effective[:, None], rtol=1e-10)
    alone = RegressionMoments(6, 2).partial_fit(
        A[CODES == 1], TARGETS[CODES == 1], weights[CODES == 1]
    )
    assert alone.effective_size() == pytest.approx(effective[1], rel=1e-12)


def test_samples_of_no_weight_are_not_read():
    weights = np.where(np.arange(200) % 3, 2.0, 0.0)
    counted = weights > 0
    hidden = np.where(counted[:, None], A, np.nan)
    found = ClassMoments(4, 6).partial_fit(hidden, CODES, weights)
    expected = ClassMoments(4, 6).partial_fit(A[counted], CODES[counted], weights[counted])
    for name in ("weight_sum", "means", "within", "low", "high"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name), name)


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
            "sample_weight must not be negative, and its sum finite",
        ),
        (lambda m: m.partial_fit(A, CODES, np.ones(3)), r"sample_weight must have shape \(200,\)"),
        (lambda m: m.partial_fit(A * np.nan, CODES), "A must be finite"),
        (lambda m: m.partial_fit(np.where(A > 2.9, np.inf, A), CODES), "A must be finite"),
        (lambda m: m.partial_fit(A, CODES, np.full(200, np.nan)), "and its sum finite"),
        (lambda m: m.partial_fit(A, CODES, np.full(200, 1e308)), "and its sum finite"),
        (lambda m: m.partial_fit(A, CODES, ["1"] * 200), "sample_weight must hold real numbers"),
        (lambda m: m.partial_fit(A, CODES - 1), "codes must be from 0 to 3, got -1 to 2"),
        (lambda m: m.partial_fit(A, CODES * 1.0), "codes must be integers from 0 to 3, got .*64"),
        (lambda m: m.partial_fit(A, CODES.astype(str)), "codes must be integers from 0 to 3"),
        (lambda m: m.partial_fit(A, CODES[:, None]), r"codes must have shape \(n_samples,\)"),
        (lambda m: m.partial_fit(A.astype(str), CODES), "A must hold real numbers"),
        (lambda m: m.partial_fit(A + 1j, CODES), "A must hold real numbers"),
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


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"codes": CODES[:5]}, "A has 200 samples, but there are 5 targets"),
        ({"sample_weight": np.ones(7)}, "A has 200 samples, but there are 7 sample weights"),
        *[
            ({"chunk_size": size}, f"chunk_size must be an integer of at least 1, got {size}")
            for size in (-5, 0, 2.5)
        ],
        ({"A": A[:, 0]}, r"A must have shape \(n_samples, n_units\), got \(200,\)"),
        ({"codes": CODES / 2}, "codes must be integers from 0 to 3"),
        ({"n_classes": 3}, "codes must be from 0 to 2, got 0 to 3"),
        ({"n_classes": 3.0}, "n_classes must be an integer of at least 1, got 3.0"),
    ],
)
def test_class_moments_names_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        class_moments(**({"A": A, "codes": CODES, "n_classes": 4} | arguments))


@pytest.mark.parametrize("chunk_size", [1, 7, 200, 201])
def test_chunks_of_any_size(chunk_size):
    found = class_moments(A, CODES, 4, chunk_size=chunk_size)
    whole = ClassMoments(4, 6).partial_fit(A, CODES)
    np.testing.assert_allclose(found.within, whole.within, rtol=1e-12)
    np.testing.assert_array_equal(found.weight_sum, whole.weight_sum)


def test_chunks_with_weights():
    samples, codes, weights = np.tile(A, (5, 1)), np.tile(CODES, 5), np.arange(1.0, 1001)
    whole = ClassMoments(4, 6).partial_fit(samples, codes, weights)
    found = class_moments(samples, codes, 4, weights, chunk_size=300)
    np.testing.assert_allclose(found.within, whole.within, rtol=1e-10)
    np.testing.assert_allclose(found.weight_sum, whole.weight_sum, rtol=1e-12)


def test_class_moments_takes_lists_and_bools():
    expected = f_from_moments(ClassMoments(2, 6).partial_fit(A, CODES > 1)).F
    found = class_moments(A.tolist(), (CODES > 1).tolist(), 2, np.ones(200).tolist())
    np.testing.assert_array_equal(f_from_moments(found).F, expected)


@pytest.mark.parametrize("make", [ClassMoments, RegressionMoments])
@pytest.mark.parametrize("sizes", [(0, 3), (3, -1), (2.0, 3), (True, 2), ("2", 2)])
def test_sizes_are_checked(make, sizes):
    with pytest.raises(ValueError, match="must be an integer of at least 1, got"):
        make(*sizes)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((A, TARGETS[:, :1]), r"targets must have shape \(n_samples, 2\), got \(200, 1\)"),
        ((A, TARGETS[:9]), "A has 200 samples, but there are 9 targets"),
        ((A, TARGETS.astype(str)), "targets must hold real numbers"),
        ((A, np.where(TARGETS > 1, np.inf, TARGETS)), "targets must be finite"),
        ((A * np.nan, TARGETS), "A must be finite"),
        ((A, TARGETS, -np.ones(200)), "sample_weight must not be negative"),
    ],
)
def test_bad_regressions_change_nothing(arguments, message):
    moments = RegressionMoments(6, 2).partial_fit(A, TARGETS)
    before = f_from_moments(moments).F
    with np.errstate(invalid="ignore"), pytest.raises(ValueError, match=message):
        moments.partial_fit(*arguments)
    with pytest.raises(ValueError, match="must have 6 units and 2 targets, got 6 and 1"):
        moments.merge(RegressionMoments(6, 1))
    np.testing.assert_array_equal(f_from_moments(moments).F, before)


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
