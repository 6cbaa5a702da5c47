"""Rearranging images for convolution as a matrix product (im2col), and the way back.

Images are (n, height, width, channel). A row of the matrix is the patch that one output position
sees, in the order (row offset, column offset, channel), so that the row of a patch is one run of
``kernel_width * n_channels`` numbers in the image as well. Zeros stand for what is beyond a
border.
"""

import numpy as np

from skscreen.kernels._compile import kernel


@kernel
def im2col(images, kernel_h, kernel_w, stride, top, left, out_h, out_w, columns):
    """Write the patches of images to ``columns``.

    Parameters
    ----------
    images : ndarray of shape (n, height, width, n_channels)
    kernel_h, kernel_w, stride : int
    top, left : int
        Zero rows above and zero columns to the left.
    out_h, out_w : int
        Output positions.
    columns : ndarray of shape (n * out_h * out_w, kernel_h * kernel_w * n_channels)
    """
    n, height, width, n_channels = images.shape
    run = kernel_w * n_channels
    zero = columns.dtype.type(0)
    lines = images.reshape(n, height, width * n_channels)
    for i in range(n):
        for y in range(out_h):
            first_row = (i * out_h + y) * out_w
            for dy in range(kernel_h):
                source = y * stride - top + dy
                beyond = source < 0 or source >= height
                line = lines[i, 0 if beyond else source]
                for x in range(out_w):
                    patch = columns[first_row + x, dy * run : (dy + 1) * run]
                    start = (x * stride - left) * n_channels
                    if not beyond and start >= 0 and start + run <= line.size:
                        # unsigned: an index that might be negative is tested each time
                        begin = np.uintp(start)
                        for k in range(run):
                            patch[k] = line[begin + np.uintp(k)]
                    else:
                        for k in range(run):
                            inside = not beyond and 0 <= start + k < line.size
                            patch[k] = line[start + k] if inside else zero


@kernel
def col2im(columns, kernel_h, kernel_w, stride, top, left, out_h, out_w, images):
    """Add up, for each value of an image, what its patches hold: the adjoint of `im2col`.

    Parameters are those of `im2col`; ``images`` is overwritten.
    """
    n, height, width, n_channels = images.shape
    run = kernel_w * n_channels
    lines = images.reshape(n, height, width * n_channels)
    lines[:] = images.dtype.type(0)
    for i in range(n):
        for y in range(out_h):
            first_row = (i * out_h + y) * out_w
            for dy in range(kernel_h):
                source = y * stride - top + dy
                if source < 0 or source >= height:
                    continue
                line = lines[i, source]
                for x in range(out_w):
                    patch = columns[first_row + x, dy * run : (dy + 1) * run]
                    start = (x * stride - left) * n_channels
                    if start >= 0 and start + run <= line.size:
                        begin = np.uintp(start)
                        for k in range(run):
                            line[begin + np.uintp(k)] += patch[k]
                    else:
                        for k in range(max(0, -start), min(run, line.size - start)):
                            line[start + k] += patch[k]
