"""Models in files: the one place that knows their format.

A file is one that `skscreen.interop.save` writes, with the preparation of the data beside the
network: arrays and JSON, nothing that could run when it is read.
"""

import json
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from skscreen.cli.preparation import Category, PlainPreparation, TargetScaler
from skscreen.datasets import DataError
from skscreen.interop import load, save
from skscreen.interop.archive import read_arrays, write_arrays
from skscreen.interop.npz import FILE_ERRORS

# The arrays beside those of the network; the first is JSON.
FACTS = "preparation"
NUMBERS = ("fill", "mean", "scale")
# Those of a regression.
TARGET = {"mean": f"{FACTS}.target_mean", "deviation": f"{FACTS}.target_deviation"}


@dataclass
class SavedModel:
    """A pruned network with the preparation of its data.

    Parameters
    ----------
    preparation : PlainPreparation
    network : NetworkEstimator
    target : str
        Name of what it predicts.
    scaler : TargetScaler
        Of what it predicts.
    """

    preparation: PlainPreparation
    network: object
    target: str
    scaler: TargetScaler

    @property
    def predicts_classes(self):
        """Whether it predicts classes, not numbers."""
        return hasattr(self.network, "classes_")


def save_model(model, path):
    """Write a model to a file.

    Parameters
    ----------
    model : SavedModel
    path : path-like
    """
    with tempfile.TemporaryDirectory() as folder:
        aside = Path(folder) / "network.npz"
        save(model.network, aside)
        with aside.open("rb") as stream:
            arrays = read_arrays(stream)
    preparation = model.preparation
    facts = {
        "target": model.target,
        "numbers": preparation.numbers,
        "categories": [asdict(category) for category in preparation.categories],
    }
    arrays[FACTS] = np.frombuffer(json.dumps(facts).encode(), np.uint8)
    for name in NUMBERS:
        arrays[f"{FACTS}.{name}"] = getattr(preparation, name)
    if not model.predicts_classes:
        arrays |= {name: getattr(model.scaler, attribute) for attribute, name in TARGET.items()}
    write_arrays(path, arrays)


def load_model(path):
    """Read a model from a file; nothing in it is run, and nothing believed unchecked.

    Parameters
    ----------
    path : path-like

    Returns
    -------
    model : SavedModel

    Raises
    ------
    DataError
        If the file holds none.
    """
    try:
        with open(path, "rb") as stream:
            head = stream.read(4)
            if not head.startswith(b"PK"):
                raise DataError(f"{path}: not a model that --save has written")
            stream.seek(0)
            arrays = read_arrays(stream)
        network = load(path)
        if FACTS not in arrays:
            raise DataError(f"{path}: a network alone, not a model that --save has written")
        preparation, target = _preparation(arrays)
        _require(preparation.n_inputs == network.n_features_in_, "inputs that do not fit")
        scaler = TargetScaler()
        if not hasattr(network, "classes_"):
            scaler = _scaler(arrays, network.network_.layers[-1].n_outputs)
    except DataError:
        raise
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}") from error
    except FILE_ERRORS as error:
        reason = str(error) or type(error).__name__
        raise DataError(f"{path}: not a sound model that --save has written: {reason}") from error
    return SavedModel(preparation, network, target, scaler)


def _preparation(arrays):
    """Return the preparation and the name of the target."""
    facts = json.loads(arrays[FACTS].tobytes())
    numbers, target = facts["numbers"], facts["target"]
    _require(isinstance(target, str), "no target")
    vectors = [arrays[f"{FACTS}.{name}"] for name in NUMBERS]
    for vector in vectors:
        _require(_are_numbers(vector, len(vectors[0])), "numbers that are none")
    _require(vectors[2].all(), "a scale of zero")
    categories = [
        Category(category["name"], category["values"], category["shares"])
        for category in facts["categories"]
    ]
    if numbers is None:
        _require(not categories, "categories without names")
    else:
        _require(
            _are_names(numbers) and len(numbers) == len(vectors[0]), "columns that do not fit"
        )
        _require(_are_names([category.name for category in categories]), "columns without names")
    for category in categories:
        _require(isinstance(category.values, list), "no list of categories")
        values = [value for value in category.values if value is not None]
        _require(_are_names(values) and category.shares in (True, False), "unsound categories")
    return PlainPreparation(numbers, *vectors, categories), target


def _scaler(arrays, n_outputs):
    """Return what brings predictions back to the unit of the targets."""
    vectors = {attribute: arrays[name] for attribute, name in TARGET.items()}
    for vector in vectors.values():
        _require(_are_numbers(vector, n_outputs), "a target's numbers that are none")
    _require((vectors["deviation"] > 0).all(), "a target's deviation that is none")
    return TargetScaler(**vectors)


def _are_numbers(vector, length):
    sound = vector.dtype == np.float64 and vector.shape == (length,)
    return bool(sound and np.isfinite(vector).all())


def _are_names(values):
    return isinstance(values, list) and all(isinstance(value, str) for value in values)


def _require(condition, what):
    if not condition:
        raise ValueError(what)
