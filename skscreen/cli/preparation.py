"""How features are prepared for a network."""

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
        steps = [SimpleImputer(strategy="median"), StandardScaler()]
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
