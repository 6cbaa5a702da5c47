"""``skscreen predict``: predictions of a saved model for a file."""

import csv
import sys
from contextlib import nullcontext

import numpy as np
from sklearn.metrics import r2_score

from skscreen._tables import is_table, read_features
from skscreen.cli.models import load_model
from skscreen.datasets import DataError, check_features, read_npz


def run(arguments):
    """Do what the arguments of `build_prediction_parser` say."""
    model = load_model(arguments.model)
    if arguments.proba and not model.predicts_classes:
        raise DataError(f"--proba needs a model of classes, {arguments.model} predicts numbers")
    X, rows, y = read(arguments.data, model)
    inputs = model.preparation.transform(X)
    predicted = model.scaler.restore(model.network.predict(inputs))
    columns = {model.target: predicted}
    if arguments.proba:
        probabilities = model.network.predict_proba(inputs)
        for label, column in zip(model.network.classes_, probabilities.T, strict=True):
            columns[f"probability of {label}"] = column
    write(columns, rows, arguments.output)
    if y is not None:
        print(score_line(model, y, predicted), file=sys.stderr)


def read(path, model):
    """Read samples, the row of each in its file, and their targets if the file has them.

    Parameters
    ----------
    path : Path
    model : SavedModel

    Returns
    -------
    X : DataFrame or ndarray of shape (n_samples, n_features)
    rows : ndarray of int of shape (n_samples,)
    y : ndarray of object of shape (n_samples,) or None
        None where a target is missing, as a whole or for a sample.
    """
    if not path.exists():
        raise DataError(f"{path}: there is no such file")
    kinds = model.preparation.kinds
    if kinds is None:
        if path.suffix.lower() != ".npz":
            raise DataError(f"{path}: expected an .npz file, as the model was trained on arrays")
        arrays = read_npz(path)
        X, y = check_features(path, arrays, "X"), arrays.get("y")
        n_features = model.preparation.n_inputs
        if X.shape[1] != n_features:
            raise DataError(
                f"{path}: X has {X.shape[1]} features, the model was trained on {n_features}"
            )
        return X, np.arange(len(X)), y
    if not is_table(path):
        raise DataError(f"{path}: expected a .csv or .tsv file, as the model was trained on one")
    X, raw = read_features(path, kinds)
    if model.target not in raw.columns:
        return X, raw.rows, None
    y = raw.columns[model.target]
    if not model.predicts_classes or model.network.classes_.dtype.kind in "iu":
        y = raw.numbers(model.target)[0]
    return X, raw.rows, y


def score_line(model, y, predicted):
    """Say how good predictions are, where the targets are known."""
    known = np.array([value is not None and value == value for value in y])
    if not known.any():
        return "no targets to compare with"
    y, predicted = y[known], predicted[known]
    if model.predicts_classes:
        return f"accuracy: {np.mean(y == predicted):.4f} of {len(y)} rows"
    return f"R2: {r2_score(y.astype(float), predicted):.4f} of {len(y)} rows"


def write(columns, rows, path):
    """Write predictions as a table with commas, to a file or to the output stream."""
    with nullcontext(sys.stdout) if path is None else path.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["row", *columns])
        writer.writerows(
            zip(rows.tolist(), *(values.tolist() for values in columns.values()), strict=True)
        )
