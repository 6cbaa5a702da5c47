"""Moments of units and numeric targets: sums against the definition, forgetting, merging."""

import numpy as np
import pytest
from campaign import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from skscreen.screening import RegressionMoments, f_from_moments


def plain_moments(A, targets, weights):
    """Sums of the definition, sample by sample: effective size, sxx, syy, sxy, mean square."""
    total = sum(weights)
    size = total**2 / sum(w * w for w in weights)
    a_mean = sum(w * a for w, a in zip(weights, A, strict=True)) / total
    t_mean = sum(w * t for w, t in zip(weights, targets, strict=True)) / total
    sxx, syy, sxy, squares = 0.0, 0.0, 0.0, 0.0
    for w, a, t in zip(weights, A, targets, strict=True):
        share = w / total * size
        sxx = sxx + share * (a - a_mean) ** 2
        syy = syy + share * (t - t_mean) ** 2
        sxy = sxy + share * np.outer(t - t_mean, a - a_mean)
        squares = squares + w / total * a**2
    return size, sxx, syy, sxy, squares


def assert_like(moments, A, targets, weights, rtol=1e-9):
    size, sxx, syy, sxy, squares = plain_moments(A, targets, weights)
    np.testing.assert_allclose(moments.weight_sum, sum(weights), rtol=1e-12)
    np.testing.assert_allclose(moments.effective_size(), size, rtol=1e-10)
    np.testing.assert_allclose(moments.sxx, sxx, rtol=rtol)
    np.testing.assert_allclose(moments.syy, syy, rtol=rtol)
    np.testing.assert_allclose(moments.sxy, sxy, rtol=rtol, atol=rtol * np.sqrt(sxx.max()))
    np.testing.assert_allclose(moments.mean_square(), squares, rtol=rtol)
    np.testing.assert_allclose(moments.variance() * size, sxx, rtol=rtol)
    np.testing.assert_allclose(
        moments.explained(), sxy**2 / np.outer(syy, sxx), rtol=rtol, atol=1e-12
    )


def drawn(rng, n_samples, offset=0.0):
    A = rng.standard_normal((n_samples, 3)) * [1.0, 1e-3, 50.0] + offset
    targets = A[:, :2] @ [[1.0, -2.0], [300.0, 0.5]] + rng.standard_normal((n_samples, 2))
    return A, targets, rng.uniform(0.2, 3, n_samples)


@settings(max_examples=examples(60), deadline=None)
@given(
    seed=st.integers(0, 2**31),
    sizes=st.lists(st.integers(1, 40), min_size=1, max_size=4),
    offset=st.sampled_from([0.0, -3.0, 1000.0]),
    forgotten=st.sampled_from([None, 0.5, 0.01, 3.0]),
    merging=st.booleans(),
)
def test_sums_of_parts_are_those_of_the_definition(seed, sizes, offset, forgotten, merging):
    rng = np.random.default_rng(seed)
    sizes = [max(sizes[0], 3), *sizes[1:]]
    parts = [drawn(rng, size, offset) for size in sizes]
    moments = RegressionMoments(3, 2)
    weights = []
    for A, targets, weight in parts:
        if forgotten is not None:
            moments.forget(forgotten)
            weights = [w * forgotten for w in weights]
        if merging:
            moments.merge(RegressionMoments(3, 2).partial_fit(A, targets, weight))
        else:
            moments.partial_fit(A, targets, weight)
        weights += weight.tolist()
    A, targets = (np.concatenate([part[k] for part in parts]) for k in (0, 1))
    # an offset costs the reference digits
    assert_like(moments, A, targets, weights, rtol=1e-9 if abs(offset) < 10 else 1e-5)


def test_merging_changes_the_first_only():
    A, targets, weight = drawn(np.random.default_rng(0), 50)
    one = RegressionMoments(3, 2).partial_fit(A[:20], targets[:20], weight[:20])
    other = RegressionMoments(3, 2).partial_fit(A[20:] * 2.0**300, targets[20:], weight[20:])
    before = f_from_moments(other).F, other.sxy, other.weight_sum
    assert one.merge(other) is one
    for found, expected in zip(
        (f_from_moments(other).F, other.sxy, other.weight_sum), before, strict=True
    ):
        np.testing.assert_array_equal(found, expected)


def test_empty_moments():
    empty = RegressionMoments(3, 2)
    assert (empty.n_units, empty.n_outputs) == (3, 2)
    assert (empty.weight_sum, empty.effective_size()) == (0.0, 0.0)
    for name, shape in (("sxx", (3,)), ("syy", (2,)), ("sxy", (2, 3))):
        np.testing.assert_array_equal(getattr(empty, name), np.zeros(shape))
    A, targets, weight = drawn(np.random.default_rng(0), 30)
    filled = RegressionMoments(3, 2).partial_fit(A, targets, weight)
    for moments in (empty.merge(filled), filled.merge(RegressionMoments(3, 2))):
        assert_like(moments, A, targets, weight)
    for nothing in ((A[:0], targets[:0], None), (A, targets, np.zeros(30))):
        assert filled.partial_fit(*nothing) is filled
        assert_like(filled, A, targets, weight)


@pytest.mark.parametrize("power", [-1000, -200, 0, 200, 900])
def test_what_is_constant_explains_nothing(power):
    rng = np.random.default_rng(0)
    A, targets = np.full((20, 2), 0.1), np.full((20, 2), 0.3)
    A[:, 1] = targets[:, 1] = rng.standard_normal(20)
    moments = RegressionMoments(2, 2)
    for rows in np.split(np.arange(20), 4):
        moments.partial_fit(A[rows] * 2.0**power, targets[rows])
    assert moments.constant().tolist() == [True, False]
    assert moments.constant_targets().tolist() == [True, False]
    explained = moments.explained()
    assert explained[0].tolist() == [0.0, 0.0]
    assert explained[1, 0] == 0.0
    assert 1 - 1e-12 < explained[1, 1] <= 1


def test_scales_of_units_and_targets_are_their_own():
    A, targets, weight = drawn(np.random.default_rng(1), 40)
    units, outputs = 2.0 ** np.array([-900, 0, 150]), 2.0 ** np.array([200, -300])
    moments = RegressionMoments(3, 2)
    for rows in (slice(0, 15), slice(15, 40)):
        moments.partial_fit(A[rows] * units, targets[rows] * outputs, weight[rows])
    _, sxx, syy, sxy, squares = plain_moments(A, targets, weight)
    np.testing.assert_allclose(moments.sxx[1:], sxx[1:] * units[1:] ** 2, rtol=1e-12)
    np.testing.assert_allclose(moments.syy, syy * outputs**2, rtol=1e-12)
    np.testing.assert_allclose(moments.sxy, sxy * np.outer(outputs, units), rtol=1e-10)
    np.testing.assert_allclose(moments.mean_square()[1:], squares[1:] * units[1:] ** 2, rtol=1e-12)
    expected = sxy**2 / np.outer(syy, sxx)
    np.testing.assert_allclose(moments.explained(), expected, rtol=1e-10)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 2, 0)])
@pytest.mark.parametrize("steps", [(0, 4, 0), (8, 0, 3)])
@pytest.mark.parametrize("base", [-300, 0, 200])
def test_merged_parts_of_different_scales(base, steps, order):
    A, targets, weight = drawn(np.random.default_rng(2), 60)
    rows = np.repeat(order, 20)
    A *= 2.0 ** np.array(steps)[rows][:, None]  # each part spreads otherwise
    targets *= 2.0 ** -np.array(steps)[rows][:, None]
    whole = RegressionMoments(3, 2)
    for part in order:
        own = rows == part
        whole.merge(
            RegressionMoments(3, 2).partial_fit(
                A[own] * 2.0**base, targets[own] * 2.0 ** (100 - base), weight[own]
            )
        )
    _, sxx, syy, sxy, squares = plain_moments(A, targets, weight)
    np.testing.assert_allclose(whole.sxx / 2.0 ** (2 * base), sxx, rtol=1e-11)
    np.testing.assert_allclose(whole.syy / 2.0 ** (200 - 2 * base), syy, rtol=1e-11)
    np.testing.assert_allclose(whole.sxy / 2.0**100, sxy, rtol=1e-9)
    np.testing.assert_allclose(whole.mean_square() / 2.0 ** (2 * base), squares, rtol=1e-11)
    np.testing.assert_allclose(whole.variance(), whole.sxx / whole.effective_size(), rtol=1e-12)


def test_no_more_is_explained_than_there_is():
    rng = np.random.default_rng(4)
    unit = rng.standard_normal((50, 1))
    moments = RegressionMoments(1, 500).partial_fit(unit, unit * rng.uniform(0.1, 9, 500))
    explained = moments.explained()
    assert (explained <= 1).all()
    np.testing.assert_allclose(explained, 1, rtol=1e-12)


@pytest.mark.parametrize("merging", [False, True])
def test_an_offset_eats_no_digits(merging):
    # whole multiples of 1/64: adding a power of two rounds nothing
    rng = np.random.default_rng(3)
    A, targets = (rng.integers(-64, 64, (60, n)) / 64 for n in (3, 2))
    weight = rng.uniform(0.2, 3, 60)
    moments = RegressionMoments(3, 2)
    for part in np.split(np.arange(60), 3):
        batch = A[part] + 2.0**40, targets[part] - 2.0**42, weight[part]
        if merging:
            moments.merge(RegressionMoments(3, 2).partial_fit(*batch))
        else:
            moments.partial_fit(*batch)
    _, sxx, syy, sxy, _ = plain_moments(A, targets, weight)
    np.testing.assert_allclose(moments.sxx, sxx, rtol=1e-11)
    np.testing.assert_allclose(moments.syy, syy, rtol=1e-11)
    np.testing.assert_allclose(moments.sxy, sxy, rtol=1e-9)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((np.ones((4, 2)), np.ones((4, 2))), r"A must have shape \(n_samples, 3\), got \(4, 2\)"),
        ((np.ones((4, 3)), np.ones(4)), r"targets must have shape \(n_samples, 2\), got \(4,\)"),
        ((np.ones((4, 3)), np.ones((4, 2, 1))), r"targets must have shape .*, got \(4, 2, 1\)"),
        ((np.ones((4, 3)), np.ones((4, 1))), r"targets must have shape .*, got \(4, 1\)"),
        ((np.ones((4, 3)), np.ones((5, 2))), "A has 4 samples, but there are 5 targets"),
        ((np.ones((4, 3)), np.full((4, 2), np.inf)), "targets must be finite"),
        ((np.full((4, 3), np.nan), np.ones((4, 2))), "A must be finite"),
        ((np.ones((4, 3)), np.full((4, 2), "a")), "targets must hold real numbers"),
    ],
)
def test_bad_batches_change_nothing(arguments, message):
    A, targets, weight = drawn(np.random.default_rng(0), 30)
    moments = RegressionMoments(3, 2).partial_fit(A, targets, weight)
    with np.errstate(invalid="ignore"), pytest.raises(ValueError, match=message):
        moments.partial_fit(*arguments)
    assert_like(moments, A, targets, weight)


@pytest.mark.parametrize("shape", [(2, 2), (3, 1)])
def test_other_shapes_are_not_merged(shape):
    with pytest.raises(ValueError, match=rf"3 units and 2 targets, got {shape[0]} and {shape[1]}"):
        RegressionMoments(3, 2).merge(RegressionMoments(*shape))


def test_one_infinite_value_late_in_a_batch_is_seen():
    # the origin, of the first samples, is finite
    A, targets, _ = drawn(np.random.default_rng(0), 60)
    for array, name in ((A, "A"), (targets, "targets")):
        array[-1, 1] = np.nan
        with pytest.raises(ValueError, match=f"{name} must be finite"):
            RegressionMoments(3, 2).partial_fit(A, targets)
        array[-1, 1] = 0.0
