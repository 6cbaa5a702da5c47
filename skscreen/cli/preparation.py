"""How features are prepared for a network, and what is saved of it."""

from dataclasses import dataclass

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from skscreen._tables import column_kinds

# Categories beyond that many share one input; the rarest do.
MOST_INPUTS_PER_CATEGORY = 50


def make_preparation(X):
    """Make the transformer for a table or an array.

    Parameters
    ----------
    X : ndarray or DataFrame of shape (n_samples, n_features)

    Returns
    -------
    transformer : transformer
    words : str
        What it does.
    """
    if not hasattr(X, "columns"):
        return StandardScaler(), "standardised"
    kinds = column_kinds(X)
    names = {
        kind: [name for name in kinds if kinds[name] == kind] for kind in ("number", "category")
    }
    parts, words = [], []
    if names["number"]:
        fill = X[names["number"]].isna().any().any()
        # a column without a single value, as there may be in a fold, stays what it is: of no use
        impute = SimpleImputer(strategy="median", keep_empty_features=True)
        steps = [impute, StandardScaler()]
        parts.append(("numbers", make_pipeline(*steps), names["number"]))
        filled = "filled with the median and " if fill else ""
        words.append(f"{_columns(names['number'], 'numbers')}, {filled}standardised")
    if names["category"]:
        encoder = OneHotEncoder(
            handle_unknown="infrequent_if_exist",
            max_categories=MOST_INPUTS_PER_CATEGORY,
            sparse_output=False,
        )
        parts.append(("categories", encoder, names["category"]))
        words.append(f"{_columns(names['category'], 'categories')}, one-hot encoded")
    return ColumnTransformer(parts, verbose_feature_names_out=False), "; ".join(words)


def _columns(names, kind):
    shown = ", ".join(names[:8]) + (", ..." if len(names) > 8 else "")
    plural = "s" if len(names) > 1 else ""
    return f"{len(names)} column{plural} of {kind} ({shown})"


@dataclass
class Category:
    """A column of categories.

    Parameters
    ----------
    name : str
    values : list of str or None
        Those that have an input each, in order; None stands for a missing one.
    shares : bool
        Whether one more input is shared by all others.
    """

    name: str
    values: list
    shares: bool

    @property
    def n_inputs(self):
        """Inputs of a network that the column becomes."""
        return len(self.values) + self.shares

    def encode(self, column):
        """Return the inputs, of shape (n_samples, n_inputs), of a column of texts."""
        others = len(self.values) if self.shares else -1
        places = {value: place for place, value in enumerate(self.values)}
        codes = np.array([places.get(value, others) for value in column], dtype=int)
        return codes[:, np.newaxis] == np.arange(self.n_inputs)


@dataclass
class PlainPreparation:
    """What a fitted transformer of `make_preparation` does, in plain numbers and texts.

    Parameters
    ----------
    numbers : list of str or None
        Columns of numbers; None for an array without names.
    fill, mean, scale : ndarray of float64 of shape (n_numbers,)
        What stands for a missing number; what is subtracted, and divided by.
    categories : list of Category
    """

    numbers: list | None
    fill: np.ndarray
    mean: np.ndarray
    scale: np.ndarray
    categories: list

    @classmethod
    def of(cls, transformer):
        """Read off a fitted transformer."""
        if isinstance(transformer, StandardScaler):
            mean, scale = transformer.mean_, transformer.scale_
            return cls(None, np.zeros_like(mean), mean, scale, [])
        plain = cls([], *np.empty((3, 0)), [])
        for name, part, columns in transformer.transformers_:
            if name == "numbers":
                impute, scale = part[0], part[-1]
                plain.numbers = list(columns)
                plain.fill, plain.mean, plain.scale = impute.statistics_, scale.mean_, scale.scale_
            elif name == "categories":
                found = zip(columns, part.categories_, part.infrequent_categories_, strict=True)
                for column, values, rare in found:
                    rare = [] if rare is None else rare.tolist()
                    kept = [value for value in values.tolist() if value not in rare]
                    plain.categories.append(Category(column, kept, bool(rare)))
        return plain

    @property
    def kinds(self):
        """What the columns hold, a dict of "number" or "category"; None for an array."""
        if self.numbers is None:
            return None
        return dict.fromkeys(self.numbers, "number") | {
            category.name: "category" for category in self.categories
        }

    @property
    def n_inputs(self):
        """Inputs of a network that the columns become."""
        return len(self.mean) + sum(category.n_inputs for category in self.categories)

    def transform(self, X):
        """Prepare samples.

        Parameters
        ----------
        X : ndarray or DataFrame of shape (n_samples, n_columns)

        Returns
        -------
        inputs : ndarray of shape (n_samples, n_inputs)
        """
        numbers = X if self.numbers is None else X[self.numbers].to_numpy(np.float64)
        dtype = numbers.dtype if numbers.dtype.kind == "f" else np.float64
        numbers = np.where(np.isnan(numbers), self.fill, numbers).astype(dtype)
        numbers -= self.mean
        numbers /= self.scale
        return np.hstack(
            [numbers, *(category.encode(X[category.name]) for category in self.categories)]
        )


@dataclass
class TargetScaler:
    """Standardises the targets of a regression, so that the network need not learn their scale.

    Parameters
    ----------
    mean, deviation : ndarray of float64 of shape (n_outputs,), or None
        None for classes, which stay as they are.
    """

    mean: np.ndarray | None = None
    deviation: np.ndarray | None = None

    @classmethod
    def of(cls, y):
        """Take mean and deviation of numbers, of shape (n_samples,) or (n_samples, n_outputs)."""
        columns = np.asarray(y, dtype=np.float64).reshape(len(y), -1)
        deviation = columns.std(axis=0)
        return cls(columns.mean(axis=0), np.where(deviation > 0, deviation, 1.0))

    def standardise(self, y):
        """Return targets as the network learns them."""
        return (
            y
            if self.mean is None
            else (y - self._like(self.mean, y)) / self._like(self.deviation, y)
        )

    def restore(self, y):
        """Return predictions in the unit of the targets."""
        return (
            y
            if self.mean is None
            else y * self._like(self.deviation, y) + self._like(self.mean, y)
        )

    @staticmethod
    def _like(values, y):
        return values if y.ndim > 1 else values[0]
