"""Rearranging images for convolution as a matrix product (im2col), and the way back.

Images are (n, height, width, channel). A row of the matrix is the patch that one output position
sees, in the order (row offset, column offset, channel), so that the row of a patch is one run of
``kernel_width * n_channels`` numbers in the image as well. Zeros stand for what is beyond a
border.
"""

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
    flat = images.reshape(n, height, width * n_channels)
    row = 0
    for i in range(n):
        for y in range(out_h):
            for x in range(out_w):
                start = (x * stride - left) * n_channels
                # the part of the run that lies within the image
                first = min(run, max(0, -start))
                stop = max(first, min(run, width * n_channels - start))
                for dy in range(kernel_h):
                    source = y * stride - top + dy
                    offset = dy * run
                    if source < 0 or source >= height:
                        for k in range(run):
                            columns[row, offset + k] = zero
                        continue
                    for k in range(first):
                        columns[row, offset + k] = zero
                    # slices, since an index that might be negative is tested each time
                    patch = columns[row, offset + first : offset + stop]
                    pixels = flat[i, source, start + first : start + stop]
                    for k in range(patch.size):
                        patch[k] = pixels[k]
                    for k in range(stop, run):
                        columns[row, offset + k] = zero
                row += 1


@kernel
def col2im(columns, kernel_h, kernel_w, stride, top, left, out_h, out_w, images):
    """Add up, for each value of an image, what its patches hold: the adjoint of `im2col`.

    Parameters are those of `im2col`; ``images`` is overwritten.
    """
    n, height, width, n_channels = images.shape
    run = kernel_w * n_channels
    flat = images.reshape(n, height, width * n_channels)
    flat[:] = images.dtype.type(0)
    row = 0
    for i in range(n):
        for y in range(out_h):
            for x in range(out_w):
                start = (x * stride - left) * n_channels
                first = min(run, max(0, -start))
                stop = max(first, min(run, width * n_channels - start))
                for dy in range(kernel_h):
                    source = y * stride - top + dy
                    if source < 0 or source >= height:
                        continue
                    offset = dy * run
                    patch = columns[row, offset + first : offset + stop]
                    pixels = flat[i, source, start + first : start + stop]
                    for k in range(patch.size):
                        pixels[k] += patch[k]
                row += 1
