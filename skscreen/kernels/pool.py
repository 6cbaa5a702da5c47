"""Maximum over windows of an image, and the way back."""

from skscreen.kernels._compile import kernel


@kernel
def max_pool(images, window_h, window_w, pooled, winners):
    """Take the maximum of each window and remember where it was.

    Parameters
    ----------
    images : ndarray of shape (n, height, width, n_channels)
    window_h, window_w : int
        Size of the windows, which do not overlap; what is left over at the border is not used.
    pooled : ndarray of shape (n, height // window_h, width // window_w, n_channels)
    winners : ndarray of unsigned integers of the same shape
        Number of the place within the window; the first one if several are equal.
    """
    n, out_h, out_w, n_channels = pooled.shape
    for i in range(n):
        for y in range(out_h):
            for x in range(out_w):
                for c in range(n_channels):
                    pooled[i, y, x, c] = images[i, y * window_h, x * window_w, c]
                    winners[i, y, x, c] = winners.dtype.type(0)
                for place in range(1, window_h * window_w):
                    row = y * window_h + place // window_w
                    column = x * window_w + place % window_w
                    for c in range(n_channels):
                        value = images[i, row, column, c]
                        better = value > pooled[i, y, x, c]
                        # NaN is taken over, so that a diverged network is seen to be one
                        better = better or value != value
                        pooled[i, y, x, c] = value if better else pooled[i, y, x, c]
                        won = winners.dtype.type(place)
                        winners[i, y, x, c] = won if better else winners[i, y, x, c]


@kernel
def max_unpool(pooled, winners, window_h, window_w, images):
    """Put each pooled value where the maximum was, and zero everywhere else.

    Parameters are those of `max_pool`; ``images`` is overwritten.
    """
    n, out_h, out_w, n_channels = pooled.shape
    height, width = images.shape[1], images.shape[2]
    zero = images.dtype.type(0)
    for i in range(n):
        for y in range(out_h):
            for x in range(out_w):
                for place in range(window_h * window_w):
                    row = y * window_h + place // window_w
                    column = x * window_w + place % window_w
                    for c in range(n_channels):
                        won = winners[i, y, x, c] == winners.dtype.type(place)
                        images[i, row, column, c] = pooled[i, y, x, c] if won else zero
        images[i, out_h * window_h : height] = zero
        images[i, : out_h * window_h, out_w * window_w : width] = zero
