"""Whether signals get through."""

import itertools

import naive
import numpy as np
import pytest
from campaign import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from skscreen.pruning.masks import (
    _relative,
    idle_connections,
    keep_a_path,
    live_units,
    read_inputs,
    unit_links,
    useful_units,
)


def plain(*sizes):
    return [np.arange(size) for size in sizes]


def test_live_units_of_a_hand_made_network():
    # input 0 -> hidden 0 -> output 0; input 1 -> hidden 1 leads nowhere; hidden 2 is fed by none
    first = np.array([[1, 0, 0], [0, 1, 0]], dtype=bool)
    second = np.array([[1, 0], [0, 0], [0, 1]], dtype=bool)
    inputs, hidden, outputs = live_units(unit_links([first, second], plain(2, 3)))
    assert inputs.tolist() == [True, False]
    assert hidden.tolist() == [True, False, False]
    assert outputs.tolist() == [True, False]
    assert read_inputs([first, second], plain(2, 3)).tolist() == [True, False]


def test_links_of_columns_that_belong_to_one_channel():
    # two offsets of two channels, the channel being the fastest index
    mask = np.array([[0], [0], [0], [1]], dtype=bool)
    assert unit_links([mask], [np.array([0, 1, 0, 1])])[0].tolist() == [[False], [True]]


@pytest.mark.parametrize(
    ("source", "n_units", "links"),
    [
        ([0, 1, 2], 3, [[0, 0], [0, 1], [1, 1]]),
        ([2, 0, 1], 3, [[0, 1], [1, 1], [0, 0]]),  # each shows a unit of its own, in some order
        ([2, 1, 0], 3, [[1, 1], [0, 1], [0, 0]]),
        ([0, 1, 2], 4, [[0, 0], [0, 1], [1, 1], [0, 0]]),  # the last unit is not read at all
        ([1, 2, 3], 4, [[0, 0], [0, 0], [0, 1], [1, 1]]),
        ([0, 1, 1], 2, [[0, 0], [1, 1]]),
    ],
)
def test_links_of_units_that_are_read_in_any_order(source, n_units, links):
    first = np.ones((2, n_units), dtype=bool)
    second = np.array([[0, 0], [0, 1], [1, 1]], dtype=bool)
    found = unit_links([first, second], [np.arange(2), np.array(source)])
    assert found[0].tolist() == first.tolist()
    assert found[1].astype(int).tolist() == links


@pytest.mark.parametrize(
    ("second", "options", "inputs", "hidden"),
    [
        ([0, 1, 0], {}, [True, False], [False, True, False]),
        ([0, 1, 0], {"keep_one": True}, [True, False], [False, True, False]),
        ([0, 0, 0], {}, [False, False], [False, False, False]),
        ([0, 0, 0], {"keep_one": True}, [False, True], [True, False, False]),
    ],
)
def test_useful_units(second, options, inputs, hidden):
    first = np.array([[0, 1, 1], [1, 0, 0]], dtype=bool)
    useful = useful_units([first, np.array(second, dtype=bool)[:, None]], **options)
    assert [units.tolist() for units in useful] == [inputs, hidden, [True]]


@pytest.mark.parametrize(
    ("first", "second", "idle"),
    [
        # hidden unit 1 leads nowhere
        ([[1, 1], [1, 0]], [[1, 1], [0, 0]], [[[0, 1], [0, 1]], [[0, 0], [1, 1]]]),
        # hidden unit 1 reads nothing; output 1, that only reads it, may read the other one
        ([[1, 0], [1, 0]], [[1, 0], [0, 1]], [[[0, 1], [0, 1]], [[0, 0], [1, 1]]]),
        # both: what leads nowhere is looked for first
        ([[1, 1, 0], [1, 0, 0]], [[1], [0], [1]], [[[0, 1, 0], [0, 1, 0]], [[0], [1], [0]]]),
        # what leads nowhere reads nothing: no kept connection is idle; nor does an input matter
        ([[1, 0], [0, 0]], [[1, 1], [0, 0]], None),
        ([[1, 1], [0, 0]], [[1, 0], [0, 1]], None),
    ],
)
def test_idle_connections(first, second, idle):
    masks = [np.array(mask, dtype=bool) for mask in (first, second)]
    found = idle_connections(masks, plain(*map(len, masks)))
    assert (found and [mask.astype(int).tolist() for mask in found]) == idle


@pytest.mark.parametrize(
    ("scores", "relative"),
    [
        ([2.0, 4.0, 1.0], [0.5, 1.0, 0.25]),
        ([-3.0, 0.0, 1.0, -np.inf], [0.0, 0.75, 1.0, 0.0]),
        ([-4.0, -3.0, -2.0], [0.0, 0.5, 1.0]),
        ([-1.0, 0.0, 3.0], [0.0, 0.25, 1.0]),
        ([3.0, np.inf, -np.inf], [0.0, 1.0, 0.0]),
        ([0.0, 0.0], [0.0, 0.0]),
        ([-1e308, 1e308, 0.0], [0.0, 1.0, 0.5]),
    ],
)
def test_relative_scores(scores, relative):
    np.testing.assert_allclose(_relative(np.array(scores)), relative, rtol=1e-12)


@settings(max_examples=examples(200))
@given(
    seed=st.integers(0, 2**31),
    sizes=st.lists(st.integers(1, 5), min_size=2, max_size=5),
    groups=st.integers(1, 3),
)
def test_a_path_is_kept_and_counts_stay(seed, sizes, groups):
    rng = np.random.default_rng(seed)
    shapes = [(groups * a, b) for a, b in itertools.pairwise(sizes)]
    scores = [rng.random(shape) for shape in shapes]
    masks = [np.zeros(shape, dtype=bool) for shape in shapes]
    for mask in masks:
        mask[rng.integers(mask.shape[0]), rng.integers(mask.shape[1])] = True
    counts = [mask.sum() for mask in masks]
    sources = [np.arange(groups * size) % size for size in sizes[:-1]]
    keep_a_path(masks, scores, sources)
    assert [mask.sum() for mask in masks] == counts
    assert all(units.any() for units in live_units(unit_links(masks, sources)))


@settings(max_examples=examples(60), deadline=None)
@given(seed=st.integers(0, 2**31), n_layers=st.integers(1, 5), shift=st.sampled_from([0, -0.7]))
def test_the_restored_path_is_the_best_of_all(seed, n_layers, shift):
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 4, n_layers + 1)
    sources = [np.arange(2 * size) % size for size in sizes[:-1]]
    shapes = [(2 * a, b) for a, b in itertools.pairwise(sizes)]
    scores = [rng.random(shape) + shift for shape in shapes]
    masks = [rng.random(shape) < 0.3 for shape in shapes]
    for mask, score in zip(masks, scores, strict=True):
        mask[rng.integers(mask.shape[0]), rng.integers(mask.shape[1])] = True
        score[~mask & (rng.random(mask.shape) < 0.2)] = -np.inf
    possible = [
        [restored(*layer) for layer in zip(masks, scores, path, strict=True)]
        for path in naive.best_paths(masks, scores, sources)
    ]
    if possible:  # of equally good paths any will do
        keep_a_path(masks, scores, sources)
        assert any(
            all(np.array_equal(a, b) for a, b in zip(masks, expected, strict=True))
            for expected in possible
        )


def restored(mask, score, place):
    """Give up the weakest connection for one that comes back."""
    new = mask.copy()
    if not mask[place]:
        new[tuple(np.argwhere(mask)[np.argmin(score[mask])])] = False
        new[place] = True
    return new


def test_one_change_is_less_than_two_with_better_scores():
    first, second = np.array([[True, False, False]]), np.array([[False], [False], [True]])
    scores = [np.array([[0.5, 1.0, 0.2]]), np.array([[0.3], [1.0], [0.5]])]
    keep_a_path([first, second], scores, plain(1, 3))
    assert first.tolist() == [[True, False, False]]
    assert second.tolist() == [[True], [False], [False]]


def test_an_infinite_score_gives_way_too():
    # kept: 0 -> 1, whose score is infinite, and 2 -> 0; one goes for each that comes back
    first = np.array([[False, True, False]])
    second = np.array([[False], [False], [True]])
    scores = [np.array([[0.1, np.inf, 0.4]]), np.array([[0.2], [-np.inf], [0.8]])]
    keep_a_path([first, second], scores, plain(1, 3))
    assert first.tolist() == [[False, False, True]]
    assert second.sum() == 1


def test_the_restored_path_respects_earlier_cuts_and_takes_the_best_scores():
    # kept: 0 -> 1 and 2 -> 0; hidden unit 1 may not be left, as its outgoing weight was cut before
    first = np.array([[False, True, False]])
    second = np.array([[False], [False], [True]])
    scores = [np.array([[0.1, 0.9, 0.4]]), np.array([[0.2], [-np.inf], [0.8]])]
    keep_a_path([first, second], scores, plain(1, 3))
    assert first.tolist() == [[False, False, True]]
    assert second.tolist() == [[False], [False], [True]]


@pytest.mark.parametrize("shift", [0.0, -1.0, -1e300])
def test_negative_scores_restore_no_earlier_cut(shift):
    # as above; the scores may be negative throughout, and the order among them counts
    first = np.array([[False, True, False]])
    second = np.array([[False], [False], [True]])
    scores = [np.array([[0.1, 0.9, 0.4]]), np.array([[0.2], [-np.inf], [0.8]])]
    scores = [score * max(-shift, 1.0) + shift for score in scores]
    keep_a_path([first, second], scores, plain(1, 3))
    assert first.tolist() == [[False, False, True]]
    assert second.tolist() == [[False], [False], [True]]


@pytest.mark.parametrize("n_layers", range(2, 10))
def test_the_fewest_changes_count_more_than_all_scores(n_layers):
    # two chains: of unit 0 the scores are the best, of unit 1 a connection is kept; what is kept
    # of the other layers, 2 -> 0, is never reached
    masks = [np.zeros((3, 3), dtype=bool) for _ in range(n_layers)]
    scores = [np.full((3, 3), -np.inf) for _ in range(n_layers)]
    for mask, score in zip(masks, scores, strict=True):
        mask[2, 0] = True
        score[0, 0], score[1, 1], score[2, 0] = 1.0, 0.0, 0.5
    masks[0][:] = np.diag([False, True, False])
    keep_a_path(masks, scores, plain(*[3] * n_layers))
    for mask in masks:
        np.testing.assert_array_equal(mask, np.diag([False, True, False]))


@pytest.mark.parametrize("depth", [1, 2, 100])
def test_scores_decide_in_networks_of_any_depth(depth):
    # a chain of units 0 that the last layer but one does not carry on: 0 -> 0 or 0 -> 1 comes back
    masks = [np.array([[True, False], [False, False]]) for _ in range(depth)]
    masks += [np.array([[False, False], [True, False]]), np.array([[True], [True]])]
    scores = [np.where(mask, 0.5, -np.inf) for mask in masks]
    scores[-2] = np.array([[0.3, 0.8], [0.9, 0.2]])
    keep_a_path(masks, scores, plain(*[2] * (depth + 2)))
    assert masks[-2].tolist() == [[False, True], [False, False]]
    assert masks[-1].tolist() == [[True], [True]]


def test_scores_of_any_size():
    first = np.array([[False, True, False]])
    second = np.array([[False], [False], [True]])
    scores = [np.array([[-1.7e308, 1.7e308, 1e308]]), np.array([[1.0], [-np.inf], [2.0]])]
    keep_a_path([first, second], scores, plain(1, 3))
    assert first.tolist() == [[False, False, True]]
