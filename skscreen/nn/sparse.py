"""Prediction over the kept weights alone."""

import numpy as np

from skscreen.kernels.sparse import sparse_product

# Below this share of kept weights, and from this number of samples on, the product over the kept
# weights is faster than the full one (784 x 300, one thread: even at 0.28, three times as fast at
# 0.083).
SPARSE_BELOW = 0.2
SPARSE_FROM = 32
# Samples of a block: its columns are vectors of the product, and its inputs stay in cache.
BLOCK = 128


class SparseProduct:
    """``x @ weight`` over the kept weights, for weights that do not change meanwhile.

    Parameters
    ----------
    weight : ndarray of shape (n_inputs, n_outputs)
    mask : ndarray of bool of shape (n_inputs, n_outputs)
    """

    def __init__(self, weight, mask):
        columns, self.rows = np.nonzero(np.ascontiguousarray(mask.T))
        self.starts = np.searchsorted(columns, np.arange(mask.shape[1] + 1))
        self.values = weight[self.rows, columns]
        self.samples = np.empty((mask.shape[0], BLOCK), weight.dtype)
        self.products = np.empty((mask.shape[1], BLOCK), weight.dtype)

    def __call__(self, x, out):
        """Write the product of ``x``, of shape (n_samples, n_inputs), to ``out``."""
        for start in range(0, len(x), BLOCK):
            rows = x[start : start + BLOCK]
            # a short last block leaves old samples behind it, whose products are not read
            self.samples[:, : len(rows)] = rows.T
            sparse_product(self.samples, self.starts, self.rows, self.values, self.products)
            out[start : start + BLOCK] = self.products[:, : len(rows)].T
