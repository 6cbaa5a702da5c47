"""The shape of images that come as samples."""

import math


def with_channels(shape):
    """Complete (height, width) to (height, width, 1)."""
    shape = tuple(int(size) for size in shape)
    return (*shape, 1) if len(shape) == 2 else shape


def image_shape_for(shape, wanted):
    """Find out the shape of images.

    Parameters
    ----------
    shape : tuple of int
        Of the array of samples: of 3 or 4 axes for images, of 2 for flat ones.
    wanted : tuple of int or None
        (height, width) or (height, width, n_channels); None takes images as they are, and flat
        samples for square images of one channel, or for one row of pixels.

    Returns
    -------
    shape : tuple (height, width, n_channels)

    Raises
    ------
    ValueError
        For other numbers of axes, and where the samples are not as wanted.
    """
    if len(shape) > 4:
        raise ValueError(f"X must have 2, 3 or 4 axes, got shape {shape}")
    full = None if wanted is None else with_channels(wanted)
    if len(shape) > 2:
        seen = with_channels(shape[1:])
        if full not in (None, seen):
            raise ValueError(f"image_shape is {wanted}, but X holds images of {seen}")
        return seen
    n_features = shape[1] if len(shape) == 2 else 0
    if full is None:
        side = math.isqrt(n_features)
        return (side, side, 1) if side * side == n_features else (1, n_features, 1)
    if len(shape) == 2 and math.prod(full) != n_features:
        raise ValueError(
            f"image_shape {wanted} needs {math.prod(full)} features, but X has {n_features}"
        )
    return full
