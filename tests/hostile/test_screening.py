"""Bad input to the functions of screening: what each says, in one table."""

import numpy as np
import pytest
from scipy.sparse import csr_array
from sklearn.feature_selection import f_classif

from skscreen.inspection import criteria_agreement, rank_stability
from skscreen.pruning.allocation import allocate
from skscreen.screening import (
    ClassMoments,
    FStatistics,
    RegressionMoments,
    Screen,
    Significance,
    check_selection,
    class_moments,
    f_from_moments,
    f_statistic,
    null_share,
    permutation_test,
    resolve_selection,
    screen,
    select,
)

RNG = np.random.default_rng(0)
A = RNG.standard_normal((30, 4))
CODES = np.arange(30) % 3
NUMBERS = RNG.standard_normal(30)
FOUND = FStatistics(np.ones(3), np.array([0.01, 0.2, 0.9]), np.array([0.1, 0.2, 0.3]))


def changed(array, place, value):
    array = array.astype(type(value)) if isinstance(value, complex) else array.copy()
    array[place] = value
    return array


#: what A is -> (A, a part of the message)
BAD_A = {
    "one axis": (A[:, 0], "2D array, got 1D"),
    "three axes": (A[None], "dim 3"),
    "a number": (3.0, "2D array, got scalar"),
    "None": (None, "2D array, got scalar|must hold real|NaN|could not convert|float"),
    "no samples": (A[:0], "0 sample"),
    "no units": (A[:, :0], "0 feature"),
    "NaN": (changed(A, (3, 1), np.nan), "contains NaN"),
    "infinity": (changed(A, (3, 1), np.inf), "contains infinity"),
    "minus infinity": (changed(A, (3, 1), -np.inf), "contains infinity"),
    "complex": (A + 1j, "Complex data not supported"),
    "words": (np.full((30, 4), "a"), "could not convert|dtype='numeric'|strings"),
    "sparse": (csr_array(A), "[Ss]parse"),
    "fewer samples": (A[:20], "inconsistent numbers of samples"),
    "more samples": (np.vstack([A, A]), "inconsistent numbers of samples"),
}

#: what y is -> (y, a part of the message)
BAD_Y = {
    "one class": (np.zeros(30), "at least 2 classes, got 1"),
    "a class for each sample": (np.arange(30), "more than 30 samples, got n_samples = 30"),
    "None": (None, "y|None"),
    "NaN": (changed(NUMBERS, 3, np.nan), "NaN"),
    "infinity": (changed(NUMBERS, 3, np.inf), "infinity"),
    "too short": (CODES[:-1], "inconsistent numbers of samples"),
    "a constant number": (np.full(30, 0.5), "a target that varies, got constants"),
}

#: what sample_weight is -> (sample_weight, a part of the message)
BAD_WEIGHTS = {
    "negative": (changed(np.ones(30), 3, -1.0), "must not be negative"),
    "NaN": (changed(np.ones(30), 3, np.nan), "its sum finite"),
    "infinite": (changed(np.ones(30), 3, np.inf), "its sum finite"),
    "of infinite sum": (np.full(30, 1e308), "its sum finite"),
    "too short": (np.ones(29), "inconsistent numbers of samples"),
    "two axes": (np.ones((30, 1)), r"must have shape \(30,\), got \(30, 1\)"),
    "words": (np.full(30, "1"), "sample_weight must hold real numbers"),
    "objects": (np.full(30, None), "sample_weight must hold real numbers"),
    "zero": (np.zeros(30), "at least 2 classes, got 0"),
    "zero but for one class": ((CODES == 0) * 1.0, "at least 2 classes, got 1"),
}

OF_ARRAYS = {
    "f_statistic": f_statistic,
    "screen": screen,
    "welch": lambda A, y: screen(A, y, "welch"),
    "permutation_test": lambda A, y: permutation_test(A, y, n_permutations=3),
    "rank_stability": lambda A, y: rank_stability(A, y, n_repeats=1),
}
WEIGHTED = {
    "f_statistic": f_statistic,
    "welch": lambda A, y, weight: screen(A, y, "welch", weight),
    "fisher": lambda A, y, weight: screen(A, y, "fisher", weight),
}

#: call -> a part of the message
BAD_CALLS = {
    "task": (lambda: f_statistic(A, CODES, task="ranking"), "task must be one of"),
    "task None": (lambda: screen(A, CODES, task=None), "task must be one of"),
    "two columns of classes": (
        lambda: f_statistic(A, np.column_stack([CODES, CODES]), task="classification"),
        "classes must be given as one column",
    ),
    "score_func None": (lambda: screen(A, CODES, None), "score_func must be one of"),
    "score_func of two": (lambda: screen(A, CODES, ("f", "welch")), "score_func must be one of"),
    "weights to kruskal": (
        lambda: screen(A, CODES, "kruskal", np.ones(30)),
        "takes no sample_weight",
    ),
    "weights to permutations": (
        lambda: screen(A, CODES, Screen(permutations=9), np.ones(30)),
        "takes no sample_weight",
    ),
    "welch of single samples": (
        lambda: screen(A[:5], [0, 0, 0, 0, 1], "welch"),
        "more than one sample in each class",
    ),
    "several targets": (
        lambda: screen(A, np.column_stack([NUMBERS, NUMBERS]), "mutual_info"),
        "needs a single target",
    ),
    "Screen of classes": (lambda: Screen("f", samples=1e4).resolve(None), "samples of Screen"),
    "Screen pooling": (lambda: Screen(pooling=None).resolve(None), "pooling of Screen"),
    "permutations of another": (
        lambda: Screen(f_classif, permutations=9).resolve(None),
        "permutations=9 shuffles the labels",
    ),
    "n_permutations inf": (
        lambda: permutation_test(A, CODES, n_permutations=np.inf),
        "n_permutations must be an integer",
    ),
    "rule": (lambda: select(FOUND, "bonferroni"), "rule of Significance must be one of"),
    "level 0": (lambda: select(FOUND, "fdr", 0), "level of Significance must be"),
    "level 1": (lambda: select(FOUND, "fdr", 1.0), "level of Significance must be"),
    "level NaN": (lambda: select(FOUND, "fdr", np.nan), "level of Significance must be"),
    "level as text": (lambda: select(FOUND, "fdr", "0.05"), "level of Significance must be"),
    "min_effect": (lambda: select(FOUND, min_effect=5), "min_effect of Significance must be"),
    "no p-values": (
        lambda: select(FOUND._replace(p=np.full(3, np.nan))),
        "needs a statistic with p-values",
    ),
    "no effects": (
        lambda: select(FOUND._replace(eta2=np.full(3, np.nan)), min_effect=0.1),
        "needs a statistic with an effect size",
    ),
    "selection": (lambda: resolve_selection(0.05), "selection must be None, one of"),
    "selection class": (lambda: resolve_selection(Significance), "selection must be None"),
    "pooling": (lambda: check_selection("local", 4), "averages the p-values"),
    "no classes": (lambda: ClassMoments(0, 3), "n_classes must be an integer of at least 1"),
    "no units": (lambda: ClassMoments(3, 0), "n_units must be an integer of at least 1"),
    "decay 0": (lambda: ClassMoments(2, 2, decay=0.0), r"decay must be in \(0, 1\]"),
    "decay 2": (lambda: ClassMoments(2, 2, decay=2), r"decay must be in \(0, 1\]"),
    "decay NaN": (lambda: ClassMoments(2, 2, decay=np.nan), r"decay must be in \(0, 1\]"),
    "no outputs": (lambda: RegressionMoments(2, 0), "n_outputs must be an integer"),
    "empty moments": (lambda: f_from_moments(ClassMoments(2, 2)), "at least 2 classes, got 0"),
    "empty regression": (
        lambda: f_from_moments(RegressionMoments(2, 1)),
        "more than 2 samples, got n_samples = 0",
    ),
    "codes as floats": (
        lambda: ClassMoments(3, 4).partial_fit(A, CODES / 1),
        "codes must be integers from 0 to 2, got values of type float64",
    ),
    "codes as text": (
        lambda: ClassMoments(3, 4).partial_fit(A, CODES.astype(str)),
        "codes must be integers",
    ),
    "codes as objects": (
        lambda: ClassMoments(3, 4).partial_fit(A, CODES.astype(object)),
        "codes must be integers",
    ),
    "a number of codes": (
        lambda: ClassMoments(3, 4).partial_fit(A, 2),
        r"codes must have shape \(n_samples,\)",
    ),
    "chunks": (lambda: class_moments(A, CODES, 3, chunk_size=-5), "chunk_size must be an integer"),
    "merging others": (
        lambda: ClassMoments(3, 4).merge(ClassMoments(3, 5)),
        "3 classes and 4 units, got 3 and 5",
    ),
    "p-values": (lambda: null_share([0.1, 1.2]), r"p-values in \[0, 1\], got 1.2"),
    "top": (lambda: rank_stability(A, CODES, top=-1), "top must be an integer of at least 1"),
    "top 0": (lambda: rank_stability(A, CODES, top=0.0), "top must be"),
    "method": (lambda: rank_stability(A, CODES, method="jackknife"), "method must be one of"),
    "repeats": (lambda: rank_stability(A, CODES, n_repeats=0), "n_repeats must be an integer"),
    "agreement": (
        lambda: criteria_agreement({"a": [[1.0]], "b": [[1.0, 2.0]]}),
        "all criteria must score the same things",
    ),
    "more than there are": (
        lambda: allocate([np.ones(3)], [np.ones(3)], 4, "global", [(3, 1)]),
        "got 4 to keep",
    ),
    "negative for lamp": (
        lambda: allocate([-np.ones(3)], [np.ones(3)], 2, "lamp", [(3, 1)]),
        "must not give negative ones",
    ),
}


@pytest.mark.filterwarnings("ignore:Can't call numpy array_function")
@pytest.mark.parametrize("function", OF_ARRAYS)
@pytest.mark.parametrize("kind", BAD_A)
def test_bad_units(function, kind):
    data, message = BAD_A[kind]
    with pytest.raises((ValueError, TypeError), match=message):
        OF_ARRAYS[function](data, CODES)


@pytest.mark.parametrize("function", OF_ARRAYS)
@pytest.mark.parametrize("kind", BAD_Y)
def test_bad_targets(function, kind):
    y, message = BAD_Y[kind]
    if function == "welch" and kind in ("a class for each sample", "a constant number"):
        message = "needs classes|more than"
    if function == "rank_stability" and kind == "a class for each sample":
        message = "more than|at least"
    with pytest.raises((ValueError, TypeError), match=message):
        OF_ARRAYS[function](A, y)


@pytest.mark.parametrize("function", WEIGHTED)
@pytest.mark.parametrize("kind", BAD_WEIGHTS)
def test_bad_weights(function, kind):
    weight, message = BAD_WEIGHTS[kind]
    with pytest.raises((ValueError, TypeError), match=message):
        WEIGHTED[function](A, CODES, weight)


@pytest.mark.parametrize("kind", BAD_CALLS)
def test_bad_calls(kind):
    call, message = BAD_CALLS[kind]
    with pytest.raises(ValueError, match=message):
        call()
