"""The share of null units: uniform p-values, all signal, few units, little power."""

import numpy as np
import pytest

from skscreen.screening import certain_null_share, f_statistic, null_share, null_share_error


@pytest.mark.parametrize("threshold", [0.3, 0.5, 0.8])
def test_uniform_p_values_are_all_null(threshold):
    rng = np.random.default_rng(0)
    shares = [null_share(rng.random(1000), threshold=threshold) for _ in range(200)]
    # cut off at 1, so the mean lies below it by that of half a normal distribution
    error = np.sqrt(threshold / (1 - threshold) / 1000)
    assert np.mean(shares) == pytest.approx(1 - error / np.sqrt(2 * np.pi), abs=0.008)


def test_all_signal_leaves_no_null():
    assert null_share(np.geomspace(1e-300, 0.4, 50)) == 0
    assert null_share(np.zeros(3)) == 0


def test_a_mixture():
    rng = np.random.default_rng(1)
    p = np.concatenate([rng.random(7000), rng.random(3000) * 1e-3])
    assert null_share(p) == pytest.approx(0.7, abs=0.03)
    assert null_share(rng.permutation(p)) == null_share(p)


def test_the_definition():
    assert null_share([0.1, 0.2, 0.6, 0.4]) == 0.5
    assert null_share([0.1, 0.2, 0.6, 0.4], threshold=0.75) == 0
    assert null_share([0.5]) == 0  # the threshold itself does not count
    assert null_share([0.9]) == 1  # cut off: 2 would be no share
    assert null_share([1.0, 1.0]) == 1


def test_without_units():
    assert null_share([]) == 1
    assert null_share_error([]) == np.inf


@pytest.mark.parametrize("share", [0.2, 0.9])
def test_the_error_is_what_the_estimates_spread_by(share):
    rng = np.random.default_rng(2)
    draws = []
    for _ in range(500):
        p = np.where(rng.random(400) < share, rng.random(400), 0.0)
        draws.append((np.mean(p > 0.5) / 0.5, null_share_error(p)))
    found, errors = np.transpose(draws)
    assert np.mean(errors) == pytest.approx(np.std(found), rel=0.1)


def test_noise_columns_beside_real_ones():
    rng = np.random.default_rng(3)
    y = rng.integers(3, size=300)
    A = rng.standard_normal((300, 1000))
    A[:, :100] += y[:, None]
    assert null_share(f_statistic(A, y).p) == pytest.approx(0.9, abs=0.06)


@pytest.mark.parametrize(
    ("p", "threshold", "message"),
    [
        ([0.5, np.nan], 0.5, r"p must be p-values in \[0, 1\], got nan"),
        ([0.5, 1.5], 0.5, r"p must be p-values in \[0, 1\], got 1.5"),
        ([[0.5]], 0.5, r"p must have one dimension, got shape \(1, 1\)"),
        ([0.5], 1.0, "threshold must be between 0 and 1, got 1.0"),
    ],
)
def test_bad_input(p, threshold, message):
    for function in (null_share, null_share_error):
        with pytest.raises(ValueError, match=message):
            function(p, threshold=threshold)


def test_certain_nulls_are_nulls_less_the_margin_where_the_others_are_found():
    p = np.concatenate([np.full(100, 1e-6), np.linspace(0.002, 1, 400)])
    share, error = null_share(p), null_share_error(p)
    assert share == pytest.approx(0.8, abs=0.01)
    assert certain_null_share(p) == pytest.approx(share - 2 * error)


def test_the_power_counts():
    p = np.concatenate([np.full(50, 1e-6), np.linspace(0.02, 0.5, 250), np.linspace(0, 1, 200)])
    share, error = null_share(p), null_share_error(p)
    found = np.mean(p <= 1e-5)
    assert certain_null_share(p) == pytest.approx(
        (share - 2 * error) * found / (1 - share - 2 * error), rel=0.05
    )


def test_nothing_found_is_nothing_certain():
    assert certain_null_share(np.random.default_rng(0).random(500)) == 0
    assert certain_null_share([]) == 0
    assert certain_null_share([1e-9, 0.9, 0.8]) == 0  # too few to know
