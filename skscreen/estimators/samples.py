"""Sparse samples, made dense batch by batch as a network reads them."""

import numpy as np
from scipy.sparse import issparse
from sklearn.utils.sparsefuncs import mean_variance_axis

from skscreen.screening import ClassMoments

# Samples that are read at once.
CHUNK = 1024


class SparseRows:
    """The rows of a sparse matrix, read as an array is read.

    Indexing and ``np.take`` give dense rows; whoever reads a few at a time never holds them all.

    Parameters
    ----------
    matrix : sparse matrix of shape (n_samples, n_features)
        In CSR form.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.sparse import csr_array
    >>> from skscreen.estimators.samples import SparseRows
    >>> rows = SparseRows(csr_array(np.eye(3)))
    >>> rows[1:2].tolist(), np.take(rows, [2], axis=0).tolist()
    ([[0.0, 1.0, 0.0]], [[0.0, 0.0, 1.0]])
    """

    ndim = 2

    def __init__(self, matrix):
        self.matrix = matrix

    @property
    def shape(self):
        """(n_samples, n_features)."""
        return self.matrix.shape

    @property
    def dtype(self):
        """Of the numbers."""
        return self.matrix.dtype

    def __len__(self):
        return self.matrix.shape[0]

    def __array__(self, dtype=None, copy=None):
        return self.matrix.toarray().astype(dtype or self.dtype, copy=False)

    def __getitem__(self, rows):
        return self.matrix[rows].toarray()

    def take(self, rows, axis=0, out=None, mode="raise"):
        """Return dense rows; the arguments are those that `numpy.take` hands on."""
        if axis != 0:
            raise ValueError(f"axis must be 0, got {axis}")
        return self.matrix[rows].toarray(out=out)

    def subset(self, rows):
        """Return some rows, still sparse."""
        return SparseRows(self.matrix[rows])


class SomeRows:
    """Some rows of an array, copied only as they are read.

    Held-out samples would otherwise need the memory of all samples once more.

    Parameters
    ----------
    X : ndarray of shape (n_samples, ...)
    rows : ndarray of int of shape (n_rows,)

    Examples
    --------
    >>> import numpy as np
    >>> from skscreen.estimators.samples import SomeRows
    >>> some = SomeRows(np.arange(8).reshape(4, 2), np.array([3, 0]))
    >>> some[:1].tolist(), np.take(some, [1], axis=0).tolist()
    ([[6, 7]], [[0, 1]])
    """

    def __init__(self, X, rows):
        self.X = X
        self.rows = rows

    @property
    def shape(self):
        """(n_rows, ...)."""
        return (len(self.rows), *self.X.shape[1:])

    @property
    def ndim(self):
        """Number of axes."""
        return self.X.ndim

    @property
    def dtype(self):
        """Of the numbers."""
        return self.X.dtype

    def __len__(self):
        return len(self.rows)

    def __array__(self, dtype=None, copy=None):
        return self.X[self.rows].astype(dtype or self.dtype, copy=False)

    def __getitem__(self, rows):
        return self.X[self.rows[rows]]

    def take(self, rows, axis=0, out=None, mode="raise"):
        """Return rows; the arguments are those that `numpy.take` hands on."""
        if axis != 0:
            raise ValueError(f"axis must be 0, got {axis}")
        return np.take(self.X, self.rows[rows], axis=0, out=out, mode=mode)

    def subset(self, rows):
        """Return some of the rows, still without a copy."""
        return SomeRows(self.X, self.rows[rows])


def as_rows(X):
    """Return checked samples as a network reads them: a sparse matrix as `SparseRows`."""
    return SparseRows(X) if issparse(X) else X


def subset(X, rows):
    """Return some of the samples without a copy, sparse ones still sparse.

    Parameters
    ----------
    X : ndarray or SparseRows of shape (n_samples, ...)
    rows : slice or ndarray

    Returns
    -------
    X : ndarray, SomeRows or SparseRows of shape (n_rows, ...)
    """
    if isinstance(rows, slice) and rows == slice(None):
        return X
    rows = np.arange(len(X))[rows]
    return X.subset(rows) if hasattr(X, "subset") else SomeRows(X, rows)


def flat_copy(X):
    """Return a dense copy of samples with one axis each."""
    return np.array(X).reshape(len(X), -1)


def feature_deviations(X):
    """Standard deviation of each feature, in float64.

    Parameters
    ----------
    X : ndarray or SparseRows of shape (n_samples, ...)

    Returns
    -------
    deviations : ndarray of shape (n_features,)
    """
    if isinstance(X, SparseRows):
        return np.sqrt(mean_variance_axis(X.matrix.astype(np.float64), axis=0)[1])
    moments = ClassMoments(1, int(np.prod(X.shape[1:])))
    for start in range(0, len(X), CHUNK):  # never a float64 copy of all samples
        part = X[start : start + CHUNK].reshape(-1, moments.n_units)
        moments.partial_fit(part, np.zeros(len(part), dtype=int))
    return np.sqrt(moments.variance())
