import numpy as np
import pytest

from skscreen.screening.spread import Spread

RNG = np.random.default_rng(0)


def observed(values, exponent=0):
    """Spread of values of shape (n_samples, n_columns), at the origin of the first sample."""
    origin = values[0] / 2.0**exponent
    scaled = values / 2.0**exponent - origin
    return Spread(
        exponent=np.full(values.shape[1], exponent),
        origin=origin,
        mean=scaled.mean(axis=0),
        variance=scaled.var(axis=0),
        low=values.min(axis=0),
        high=values.max(axis=0),
    )


@pytest.mark.parametrize("exponent", [0, 3])
def test_a_merge_is_the_spread_of_all_samples(exponent):
    values = RNG.standard_normal((10, 4)) + 1000
    spread = observed(values[:4], exponent)
    step = spread.merge(observed(values[4:]), np.array(0.6), np.array(False))
    factor = 2.0 ** spread.exponent[0]
    np.testing.assert_allclose(
        step * factor, values[4:].mean(axis=0) - values[:4].mean(axis=0), atol=1e-10
    )
    np.testing.assert_allclose(spread.natural(spread.origin + spread.mean), values.mean(axis=0))
    np.testing.assert_allclose(spread.natural(spread.variance, 2), values.var(axis=0))
    np.testing.assert_allclose(spread.natural(spread.squares(), 2), (values**2).mean(axis=0))
    np.testing.assert_array_equal(spread.low, values.min(axis=0))
    np.testing.assert_array_equal(spread.high, values.max(axis=0))


def test_an_empty_group_takes_the_origin_of_the_other():
    values = RNG.standard_normal((5, 2)) + 1e8
    spread = Spread.empty((3, 2))
    own = observed(values)
    other = Spread(own.exponent, *(np.tile(a, (3, 1)) for a in list(vars(own).values())[1:]))
    spread.merge(other, np.ones(3), np.array([True, True, False]))
    np.testing.assert_array_equal(spread.origin[:2], other.origin[:2])
    np.testing.assert_array_equal(spread.origin[2], 0)
    np.testing.assert_allclose(spread.origin + spread.mean, np.tile(values.mean(axis=0), (3, 1)))
    assert spread.shape == (3, 2)
