"""Models in files: the one place that knows their format."""

import pickle
from dataclasses import dataclass

import joblib

from skscreen.datasets import DataError


@dataclass
class SavedModel:
    """A pruned network with the preparation of its data.

    Parameters
    ----------
    pipeline : Pipeline
        From raw features to predictions.
    kinds : dict of str to {"number", "category"} or None
        Columns of the table that it was trained on; None for arrays.
    target : str
        Name of what it predicts.
    task : {"classification", "regression"}
    """

    pipeline: object
    kinds: dict | None
    target: str
    task: str


def save_model(model, path):
    """Write a model to a file.

    Parameters
    ----------
    model : SavedModel
    path : path-like
    """
    joblib.dump(model, path)


def load_model(path):
    """Read a model from a file; as with any pickle, only one that you trust.

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
        model = joblib.load(path)
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}") from error
    except (pickle.UnpicklingError, EOFError, LookupError, AttributeError, ImportError) as error:
        raise DataError(f"{path}: not a model that --save has written") from error
    except (ValueError, TypeError) as error:
        raise DataError(f"{path}: not a model that --save has written: {error}") from error
    if not isinstance(model, SavedModel):
        raise DataError(
            f"{path}: not a model that --save has written, but a {type(model).__name__}"
        )
    return model
