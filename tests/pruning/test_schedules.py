"""Sparsity from round to round."""

import pytest

from skscreen.pruning.schedules import SCHEDULES, sparsities


@pytest.mark.parametrize("name", sorted(SCHEDULES))
@pytest.mark.parametrize("n_rounds", [1, 2, 7])
def test_every_schedule_rises_to_the_target(name, n_rounds):
    values = sparsities(name, 0.9, n_rounds)
    assert values == sorted(values)
    assert values[0] > 0
    assert values[-1] == pytest.approx(0.9, abs=1e-15)


def test_values_of_the_named_schedules():
    assert sparsities("one-shot", 0.9, 5) == [0.9]
    assert sparsities("linear", 0.8, 4) == pytest.approx([0.2, 0.4, 0.6, 0.8])
    assert sparsities("gradual", 0.8, 2) == pytest.approx([0.7, 0.8])
    # keep (T - 2e) / (2 e mu + T) of what is cut, T = 4, mu = 10: 2 / 24 after the first round
    assert sparsities("annealing", 0.6, 2) == pytest.approx([0.6 * (1 - 2 / 24), 0.6])


def test_a_callable_schedule():
    assert sparsities(lambda done: done**2, 0.8, 2) == pytest.approx([0.2, 0.8])


@pytest.mark.parametrize("schedule", [lambda done: 0.5, lambda done: 2 - done])
def test_a_callable_must_rise_to_one(schedule):
    with pytest.raises(ValueError, match="schedule must rise from 0 to exactly 1"):
        sparsities(schedule, 0.8, 3)
