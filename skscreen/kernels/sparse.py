"""Products with a sparse weight, vectorised over the samples."""

from skscreen.kernels._compile import kernel


@kernel
def sparse_product(xt, starts, rows, values, out):
    """``out = W.T @ xt`` for a weight W given by its columns.

    Four kept weights at a time, so that each output is loaded and stored once for the four.

    Parameters
    ----------
    xt : ndarray of shape (n_inputs, n_samples)
        The samples as columns.
    starts : ndarray of int of shape (n_outputs + 1,)
        Where the weights of each output start.
    rows : ndarray of int of shape (n_weights,)
        Input of each weight.
    values : ndarray of shape (n_weights,)
        The weights.
    out : ndarray of shape (n_outputs, n_samples)
    """
    n_samples = xt.shape[1]
    zero = out.dtype.type(0)
    for j in range(out.shape[0]):
        for s in range(n_samples):
            out[j, s] = zero
        first = starts[j]
        stop = starts[j + 1]
        while first + 4 <= stop:
            a, b, c, d = rows[first], rows[first + 1], rows[first + 2], rows[first + 3]
            wa, wb, wc, wd = values[first], values[first + 1], values[first + 2], values[first + 3]
            for s in range(n_samples):
                out[j, s] += wa * xt[a, s] + wb * xt[b, s] + wc * xt[c, s] + wd * xt[d, s]
            first += 4
        while first < stop:
            a = rows[first]
            wa = values[first]
            for s in range(n_samples):
                out[j, s] += wa * xt[a, s]
            first += 1
