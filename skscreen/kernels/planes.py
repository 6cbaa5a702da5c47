"""Convolution and pooling of images with one channel, with the channels first meanwhile.

Neighbours in an image are neighbours in memory then, so whole lines are copied and compared. For
predictions: what training needs is not kept.
"""

import numpy as np

from skscreen.kernels._compile import kernel


@kernel
def im2col_planes(images, kernel_h, kernel_w, top, left, out_h, out_w, columns):
    """Write the patches of images with one channel to ``columns``, a row for each offset.

    That is the transpose of what `im2col` writes at a stride of 1.

    Parameters
    ----------
    images : ndarray of shape (n, height, width)
    kernel_h, kernel_w, top, left, out_h, out_w : int
        See `im2col`.
    columns : ndarray of shape (kernel_h * kernel_w, n, out_h, out_w)
    """
    n, height, width = images.shape
    zero = columns.dtype.type(0)
    for dy in range(kernel_h):
        for dx in range(kernel_w):
            first = min(max(0, left - dx), out_w)
            stop = max(first, min(out_w, width + left - dx))
            for i in range(n):
                for y in range(out_h):
                    line = columns[dy * kernel_w + dx, i, y]
                    source = y - top + dy
                    if source < 0 or source >= height:
                        for x in range(out_w):
                            line[x] = zero
                        continue
                    for x in range(first):
                        line[x] = zero
                    for x in range(stop, out_w):
                        line[x] = zero
                    inside = line[first:stop]
                    # no values where first == stop, wherever the slice would begin
                    begin = max(0, first - left + dx)
                    values = images[i, source, begin : begin + stop - first]
                    for x in range(inside.size):
                        inside[x] = values[x]


@kernel
def max_pool_planes(planes, window_h, window_w, pooled):
    """Take the maximum of each window of images that have the channel first.

    Parameters
    ----------
    planes : ndarray of shape (n_channels, n, height, width)
    window_h, window_w : int
        See `max_pool`.
    pooled : ndarray of shape (n, height // window_h, width // window_w, n_channels)
    """
    n, out_h, out_w, n_channels = pooled.shape
    width = planes.shape[3]
    highest = np.empty(width, planes.dtype)
    for i in range(n):
        for c in range(n_channels):
            for y in range(out_h):
                highest[:] = planes[c, i, y * window_h]
                for row in range(y * window_h + 1, (y + 1) * window_h):
                    line = planes[c, i, row]
                    for x in range(width):
                        # NaN is taken over, as in max_pool
                        better = line[x] > highest[x] or line[x] != line[x]
                        highest[x] = line[x] if better else highest[x]
                for x in range(out_w):
                    value = highest[x * window_w]
                    for place in range(1, window_w):
                        other = highest[x * window_w + place]
                        value = other if other > value or other != other else value
                    pooled[i, y, x, c] = value


@kernel
def convolve_and_pool(
    images, weight, kernel_h, kernel_w, top, left, window_h, window_w, columns, planes, pooled
):
    """Convolve and pool images, block by block.

    One call for all blocks: threads that work on other images would wait for each other between
    shorter ones.

    Parameters
    ----------
    images : ndarray of shape (n, height, width)
    weight : ndarray of shape (n_channels, kernel_h * kernel_w)
        C-contiguous.
    kernel_h, kernel_w, top, left, window_h, window_w : int
        See `im2col_planes` and `max_pool_planes`.
    columns : ndarray of size (block * out_h * out_w * kernel_h * kernel_w)
        Working memory.
    planes : ndarray of shape (block, out_h, out_w, n_channels)
        Working memory; its shape says how many images are worked on at once.
    pooled : ndarray of shape (n, out_h // window_h, out_w // window_w, n_channels)
    """
    n_channels, size = weight.shape
    block, out_h, out_w, _ = planes.shape
    columns = columns.reshape(columns.size)
    planes = planes.reshape(planes.size)
    for start in range(0, len(images), block):
        stop = min(len(images), start + block)
        n_positions = (stop - start) * out_h * out_w
        patches = columns[: size * n_positions].reshape(size, stop - start, out_h, out_w)
        im2col_planes(images[start:stop], kernel_h, kernel_w, top, left, out_h, out_w, patches)
        out = planes[: n_channels * n_positions].reshape(n_channels, n_positions)
        np.dot(weight, patches.reshape(size, n_positions), out)
        out = out.reshape(n_channels, stop - start, out_h, out_w)
        max_pool_planes(out, window_h, window_w, pooled[start:stop])
