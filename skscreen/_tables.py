"""From the texts of a table to features and a target."""

import re
from dataclasses import dataclass

import numpy as np

from skscreen._delimited import OPENERS, DataError, read_texts, require_pandas

SUFFIXES = (".csv", ".tsv")
INDEX_NAMES = {"", "id", "index", "row", "rownames", "unnamed: 0"}
TARGET_NAMES = ("target", "class", "label", "y")

# A column of texts that mostly differ, and are more than that, holds names, dates or remarks.
FEW_TEXTS = 10
# From this share of numbers on a column is taken for numbers, and any other text for a mistake.
NUMERIC_SHARE = 0.9
# A numeric target with more values than that is to be predicted as a number.
MOST_NUMERIC_CLASSES = 20


@dataclass
class Table:
    """Features and target of a file.

    Parameters
    ----------
    X : DataFrame of shape (n_rows, n_features)
        Columns of float64, NaN where missing, and columns of texts, None where missing.
    y : ndarray of shape (n_rows,)
        Texts or integers for classes, floats for a regression.
    task : {"classification", "regression"}
    target : str
        Name of the target's column.
    notes : list of str
        What was decided on the way.
    """

    X: object
    y: np.ndarray
    task: str
    target: str
    notes: list


def is_table(path):
    """Say whether a path has the suffix of a table, compressed or not."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] in OPENERS:
        suffixes.pop()
    return bool(suffixes) and suffixes[-1] in SUFFIXES


def read_table(path, *, target=None, task="auto", categories=(), ignore=()):
    """Read a delimited text file for training.

    Parameters
    ----------
    path : Path
        A ``.csv`` or ``.tsv`` file with a header, also compressed (``.gz``, ``.bz2``, ``.xz``).
    target : str or None
        Column to predict; None looks for one called target, class, label or y.
    task : {"auto", "classification", "regression"}
        "auto" takes a target of numbers for a regression if they are fractional or more than 20
        different ones.
    categories : sequence of str
        Columns to take for categories though they hold numbers.
    ignore : sequence of str
        Columns to leave out.

    Returns
    -------
    table : Table

    Raises
    ------
    DataError
        If the file cannot be read or is not clear.
    """
    raw = read_texts(path)
    target = _find_target(raw, target)
    left_out = {_find_column(raw, name) for name in ignore}
    categories = {_find_column(raw, name) for name in categories}
    raw = _with_targets(raw, target)
    y, task = _target_values(raw, target, task)
    columns = {}
    for name in raw.columns:
        if name == target or name in left_out:
            continue
        values = raw.columns[name] if name in categories else _feature(raw, name)
        if values is not None:
            columns[name] = values
    if not columns:
        raise DataError(f"{path}: no column is left to predict {target!r} from")
    return Table(_frame(columns), y, task, target, raw.notes)


def read_features(path, kinds):
    """Read the columns that a model was trained on.

    Parameters
    ----------
    path : Path
    kinds : dict of str to {"number", "category"}
        Columns and what they hold.

    Returns
    -------
    X : DataFrame of shape (n_rows, n_columns)
    raw : RawTable
        All columns as texts.

    Raises
    ------
    DataError
        If the file cannot be read, a column is missing, or a number is none.
    """
    raw = read_texts(path)
    missing = [name for name in kinds if name not in raw.columns]
    if missing:
        raise DataError(
            f"{path}: no column {missing[0]!r}, which the model was trained on, among "
            f"{', '.join(raw.columns)}"
        )
    columns = {}
    for name, kind in kinds.items():
        columns[name] = _numbers(raw, name) if kind == "number" else raw.columns[name]
    return _frame(columns), raw


def column_kinds(X):
    """Say what the columns of a `Table` hold.

    Parameters
    ----------
    X : DataFrame

    Returns
    -------
    kinds : dict of str to {"number", "category"}
    """
    return {name: "number" if X[name].dtype == np.float64 else "category" for name in X.columns}


def _frame(columns):
    pandas = require_pandas()
    # object columns stay so: an inferred string type would turn None into another missing value
    return pandas.DataFrame(
        {name: pandas.Series(values, dtype=values.dtype) for name, values in columns.items()}
    )


def _find_column(raw, name):
    """Return the column called ``name``, or else the only one that differs in case or blanks."""
    if name in raw.columns:
        return name
    alike = [other for other in raw.columns if other.casefold() == name.strip().casefold()]
    if len(alike) != 1:
        raise DataError(f"{raw.path}: no column {name!r} among {', '.join(raw.columns)}")
    return alike[0]


def _find_target(raw, target):
    if target is not None:
        return _find_column(raw, target)
    for name in TARGET_NAMES:
        alike = [other for other in raw.columns if other.casefold() == name]
        if len(alike) == 1:
            return alike[0]
    hint = ""
    if any(re.fullmatch(r"[+-]?\d*[.,]\d+", name) for name in raw.columns):
        hint = " (the first row looks like data, where names of columns are expected)"
    raise DataError(
        f"{raw.path}: no column {', '.join(TARGET_NAMES)}: name the one to predict with --target, "
        f"of {', '.join(raw.columns)}{hint}"
    )


def _with_targets(raw, target):
    """Leave out the rows without a target."""
    present = np.array([text is not None for text in raw.columns[target]])
    if present.all():
        return raw
    if not present.any():
        raise DataError(f"{raw.path}: column {target!r} is empty")
    without = raw.rows[~present]
    raw.notes.append(
        f"left out: {len(without)} rows without a target, the first of them row {without[0]}"
    )
    return raw.select(present)


def _target_values(raw, target, task):
    """Return the target's values and the task."""
    texts = raw.columns[target]
    values, wrong = raw.numbers(target)
    n_different = len(set(texts))
    if n_different < 2:
        raise DataError(f"{raw.path}: column {target!r} holds nothing but {texts[0]!r}")
    if task == "auto":
        numeric = wrong.mean() <= 1 - NUMERIC_SHARE
        fractional = not wrong.any() and (values != np.round(values)).any()
        many = numeric and n_different > MOST_NUMERIC_CLASSES
        task = "regression" if fractional or many else "classification"
    if task == "regression":
        return _numbers(raw, target), task
    if not wrong.any() and (values == np.round(values)).all() and np.abs(values).max() < 2**53:
        labels = values.astype(np.int64)
    else:
        labels = texts.astype(str)
    _, first, counts = np.unique(labels, return_index=True, return_counts=True)
    if counts.min() < 2:
        row = first[counts.argmin()]
        raise DataError(
            f"{raw.place(row, target)}: the only row of class {str(labels[row])!r}, where each "
            "class needs 2 or more; for a target of numbers say --task regression"
        )
    return labels, task


def _feature(raw, name):
    """Return a column as numbers or texts, or None if it tells nothing; says why in a note."""
    texts = raw.columns[name]
    present = np.array([text is not None for text in texts])
    if not present.any():
        raw.notes.append(f"left out: {name!r}, which is empty")
        return None
    n_different = len(set(texts[present]))
    if n_different == 1 and present.all():
        raw.notes.append(f"left out: {name!r}, which is the same in every row")
        return None
    if name.casefold() in INDEX_NAMES and n_different == len(texts):
        raw.notes.append(f"left out: {name!r}, which numbers or names the rows")
        return None
    _, wrong = raw.numbers(name)
    if wrong.sum() <= (1 - NUMERIC_SHARE) * present.sum():
        return _numbers(raw, name)
    if n_different > max(FEW_TEXTS, present.sum() / 2):
        raw.notes.append(f"left out: {name!r}, {n_different} different texts")
        return None
    return texts


def _numbers(raw, name):
    """Return a column as numbers, or refuse the first field that is none."""
    values, wrong = raw.numbers(name)
    if wrong.any():
        row = int(wrong.argmax())
        raise DataError(
            f"{raw.place(row, name)}: expected a number, found {raw.columns[name][row]!r} (for a "
            "column of categories say --categories)"
        )
    infinite = np.isinf(values)
    if infinite.any():
        row = int(infinite.argmax())
        raise DataError(
            f"{raw.place(row, name)}: expected a finite number, found {raw.columns[name][row]!r}"
        )
    return values
