"""Data that fit into no memory: moments, training and predictions over chunked dask arrays."""

import copy
import math

import numpy as np
from sklearn.pipeline import Pipeline

from skscreen.interop.extras import DASK, require_extra
from skscreen.interop.lean import lean_copy
from skscreen.screening import ClassMoments, RegressionMoments


def class_moments(A, codes, n_classes, sample_weight=None):
    """Compute class moments where the chunks of a dask array are; no chunk is gathered.

    Parameters
    ----------
    A : dask.array.Array of shape (n_samples, n_units)
        Chunks of samples; chunks of units are put together.
    codes : array-like or dask array of int of shape (n_samples,)
        Class numbers from 0 to n_classes - 1.
    n_classes : int
    sample_weight : array-like or dask array of shape (n_samples,), default=None
        Weights, of which only the ratios matter.

    Returns
    -------
    moments : ClassMoments
        The chunks' moments, merged in order on the workers: to the last bit those of
        `skscreen.screening.class_moments` with a ``chunk_size`` of that length.

    Raises
    ------
    ImportError
        Without the extra ``skscreen[dask]``.
    ValueError
        For chunks of unknown length, and as `ClassMoments.partial_fit`.

    Examples
    --------
    >>> import dask.array as da
    >>> from sklearn.datasets import load_iris
    >>> from skscreen.interop.dask import class_moments
    >>> from skscreen.screening import f_from_moments
    >>> X, y = load_iris(return_X_y=True)
    >>> f_from_moments(class_moments(da.from_array(X, chunks=(40, -1)), y, 3)).F.round(1)
    array([ 119.3,   49.2, 1180.2,  960. ])
    """
    return merged_moments(ClassMoments(n_classes, A.shape[1]), A, codes, sample_weight)


def regression_moments(A, targets, sample_weight=None):
    """Compute the moments behind regression's F likewise; see `class_moments`.

    Parameters
    ----------
    A : dask.array.Array of shape (n_samples, n_units)
    targets : array-like or dask array of shape (n_samples,) or (n_samples, n_outputs)
    sample_weight : array-like or dask array of shape (n_samples,), default=None

    Returns
    -------
    moments : RegressionMoments
    """
    if len(targets.shape) == 1:
        targets = targets[:, None]
    return merged_moments(
        RegressionMoments(A.shape[1], targets.shape[1]), A, targets, sample_weight
    )


def partial_fit(estimator, X, y, *, classes=None):
    """Train an estimator for one epoch over a dask array, a chunk at a time.

    Parameters
    ----------
    estimator : estimator
        With ``partial_fit``; is trained. A fitted pruner keeps what is cut at zero. A pruner that
        is not fitted prunes on the first chunk.
    X : dask.array.Array of shape (n_samples, n_features)
        No more than one chunk is in memory here.
    y : array-like or dask array of shape (n_samples,) or (n_samples, n_outputs)
    classes : array-like of shape (n_classes,), default=None
        All classes, for a classifier that is not fitted.

    Returns
    -------
    estimator : estimator
    """
    known = {} if classes is None else {"classes": classes}
    X = _rows(X)
    for x, target in zip(X.blocks, _like(y, X).blocks, strict=True):
        estimator.partial_fit(x.compute(), target.compute(), **known)
    return estimator


def predict(model, X, method="predict"):
    """Predict for a dask array, lazily, where its chunks are.

    Parameters
    ----------
    model : estimator
        A fitted network estimator or pruner, of which only a `lean_copy` travels to the workers,
        or a fitted Pipeline.
    X : dask.array.Array of shape (n_samples, n_features)
    method : str, default="predict"
        For example "predict_proba".

    Returns
    -------
    predictions : dask.array.Array
        In chunks as the samples are. Nothing is computed yet.
    """
    da = require_extra("dask.array", DASK)
    model = model if isinstance(model, Pipeline) else lean_copy(model)
    X = _rows(X)
    probe = getattr(model, method)(np.zeros((1, X.shape[1]), X.dtype))
    return da.map_blocks(
        lambda x: getattr(model, method)(x),
        X,
        meta=probe[:0],
        chunks=(X.chunks[0], *((size,) for size in probe.shape[1:])),
        drop_axis=[] if probe.ndim == 2 else 1,
    )


def merged_moments(empty, A, targets=None, sample_weight=None):
    """Let the workers see the chunks of a dask array and merge, in order, what they found.

    Parameters
    ----------
    empty : object
        With ``partial_fit(A, targets, sample_weight)`` and ``merge(other)``: any of the streaming
        moments of `skscreen.screening`, that has seen nothing yet. Stays as it is.
    A : dask.array.Array of shape (n_samples, n_units)
    targets : array-like or dask array of shape (n_samples, ...), default=None
    sample_weight : array-like or dask array of shape (n_samples,), default=None

    Returns
    -------
    moments : object
        Of the type of ``empty``. Memory is that of one chunk and of some moments on each worker.
    """
    dask = require_extra("dask", DASK)
    A = _rows(A)
    n_chunks = len(A.chunks[0])
    columns = [
        [None] * n_chunks if values is None else _like(values, A).to_delayed().ravel()
        for values in (targets, sample_weight)
    ]
    see, merge = dask.delayed(_seen, pure=True), dask.delayed(_merged, pure=True)
    whole = empty
    for chunks in zip(A.to_delayed().ravel(), *columns, strict=True):
        whole = merge(whole, see(empty, *chunks))
    return dask.compute(whole)[0]


def _seen(empty, A, targets, sample_weight):
    return copy.deepcopy(empty).partial_fit(A, targets, sample_weight)


def _merged(whole, part):
    return copy.deepcopy(whole).merge(part)  # what a task was given stays as it was


def _rows(X):
    """Return a dask array in chunks of whole samples."""
    if not hasattr(X, "rechunk") or X.ndim != 2:
        raise ValueError(
            f"X must be a dask array of shape (n_samples, n_features), got {type(X).__name__}"
        )
    if any(math.isnan(length) for length in X.chunks[0]):
        raise ValueError("X must have chunks of known length: call X.compute_chunk_sizes() first")
    return X.rechunk({1: -1})


def _like(values, X):
    """Return values for each sample as a dask array, in chunks as the samples."""
    da = require_extra("dask.array", DASK)
    if len(values) != len(X):
        raise ValueError(f"X has {len(X)} samples, but there are {len(values)} of y or weights")
    lengths = (X.chunks[0], *((size,) for size in values.shape[1:]))
    if hasattr(values, "rechunk"):
        return values.rechunk(lengths)
    return da.from_array(np.asarray(values), chunks=lengths)
