"""Whether signals get through."""

import itertools

import numpy as np
import pytest
from campaign import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from skscreen.pruning.masks import keep_a_path, live_units, read_inputs, unit_links


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


def test_scores_of_any_size():
    first = np.array([[False, True, False]])
    second = np.array([[False], [False], [True]])
    scores = [np.array([[-1.7e308, 1.7e308, 1e308]]), np.array([[1.0], [-np.inf], [2.0]])]
    keep_a_path([first, second], scores, plain(1, 3))
    assert first.tolist() == [[False, False, True]]
