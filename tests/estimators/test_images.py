"""The shape of images."""

import pytest

from skscreen.estimators.images import image_shape_for, with_channels


@pytest.mark.parametrize(
    ("shape", "wanted", "expected"),
    [
        ((5, 8, 6), None, (8, 6, 1)),
        ((5, 8, 6, 3), None, (8, 6, 3)),
        ((5, 8, 6), (8, 6), (8, 6, 1)),
        ((5, 8, 6), [8, 6, 1], (8, 6, 1)),
        ((5, 36), None, (6, 6, 1)),
        ((5, 35), None, (1, 35, 1)),
        ((5, 36), (4, 9), (4, 9, 1)),
        ((5, 36), (4, 3, 3), (4, 3, 3)),
        ((5,), (4, 9), (4, 9, 1)),  # whatever is wrong with it is said later
        ((5,), None, (0, 0, 1)),
    ],
)
def test_the_shape_of_samples(shape, wanted, expected):
    assert image_shape_for(shape, wanted) == expected


@pytest.mark.parametrize(
    ("shape", "wanted", "message"),
    [
        ((5, 8, 6, 3, 1), None, r"X must have 2, 3 or 4 axes, got shape \(5, 8, 6, 3, 1\)"),
        ((5, 8, 6), (6, 8), r"image_shape is \(6, 8\), but X holds images of \(8, 6, 1\)"),
        ((5, 36), (4, 4), r"image_shape \(4, 4\) needs 16 features, but X has 36"),
    ],
)
def test_other_shapes(shape, wanted, message):
    with pytest.raises(ValueError, match=message):
        image_shape_for(shape, wanted)


def test_one_channel_by_default():
    assert with_channels((3, 4)) == (3, 4, 1)
    assert with_channels([3, 4, 2]) == (3, 4, 2)
