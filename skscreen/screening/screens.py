"""Statistics of how well a unit tells the classes apart, behind one interface.

What can be computed from class moments streams over any number of samples. The others need the
samples themselves and say so (``streams`` is False); a pruner gives them a stratified subsample.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special, stats
from sklearn.base import BaseEstimator
from sklearn.feature_selection import mutual_info_classif, mutual_info_regression
from sklearn.utils import check_random_state

from skscreen._params import check_parameters, function, integer, none, one_of
from skscreen.screening.batches import as_floats
from skscreen.screening.moments import ClassMoments
from skscreen.screening.permutation import permutation_test
from skscreen.screening.pooling import POOLINGS
from skscreen.screening.regression_moments import RegressionMoments
from skscreen.screening.statistics import (
    FStatistics,
    checked_samples,
    f_from_moments,
    moments_for,
)


@dataclass(frozen=True)
class Statistic:
    """A statistic per unit.

    Parameters
    ----------
    function : callable
        ``function(moments)`` for one that streams, else ``function(A, y, task)``; returns
        `FStatistics`.
    streams : bool
        Whether class moments are all it needs.
    """

    function: object
    streams: bool


def welch_from_moments(moments):
    """Welch's one-way analysis of variance, for classes of unequal variances.

    Parameters
    ----------
    moments : ClassMoments

    Returns
    -------
    statistics : FStatistics
        ``eta2`` is that of the classical analysis.

    References
    ----------
    .. [1] B. L. Welch, "On the comparison of several mean values: an alternative approach",
       Biometrika 38, 1951.
    """
    if not isinstance(moments, ClassMoments):
        raise ValueError("the screen 'welch' needs classes, got a regression")
    classical = f_from_moments(moments)
    present = moments.weight_sum > 0
    n = moments.effective_sizes()[present][:, None]
    if (n <= 1 + 1e-12).any():
        raise ValueError("the screen 'welch' needs more than one sample in each class")
    variance = moments.scaled_within()[present] / (n - 1)
    variance[moments.low[present] == moments.high[present]] = 0.0
    n_classes = len(n)
    with np.errstate(divide="ignore", invalid="ignore"):
        weights = n / variance
        total = weights.sum(axis=0)
        means = moments.scaled_means()[present]
        centre = (weights * means).sum(axis=0) / total
        between = (weights * (means - centre) ** 2).sum(axis=0) / (n_classes - 1)
        spread = ((1 - weights / total) ** 2 / (n - 1)).sum(axis=0)
        correction = 2 * (n_classes - 2) / (n_classes**2 - 1) * spread
        F = between / (1 + correction)
        df_within = (n_classes**2 - 1) / (3 * spread)
    # a class without variance gives its mean infinite precision: the test is decided by whether
    # the means differ at all
    undefined = (variance == 0).any(axis=0)
    F = np.where(undefined, np.where(moments.scaled_between() > 0, np.inf, 0.0), F)
    F[moments.constant()] = 0.0
    p = np.where(undefined, np.where(F > 0, 0.0, 1.0), special.fdtrc(n_classes - 1, df_within, F))
    return FStatistics(F, p, classical.eta2)


def fisher_from_moments(moments):
    """Fisher score: SSB / SSW, which is F (K - 1) / (n - K); ranks like F."""
    if not isinstance(moments, ClassMoments):
        raise ValueError("the screen 'fisher' needs classes, got a regression")
    F, p, eta2 = f_from_moments(moments)
    n_classes = np.count_nonzero(moments.weight_sum)
    n = moments.effective_sizes().sum()
    return FStatistics(F * (n_classes - 1) / (n - n_classes), p, eta2)


def regression_from_moments(moments):
    """F of the univariate linear regression."""
    if not isinstance(moments, RegressionMoments):
        raise ValueError("the screen 'f_regression' needs a numeric target, got classes")
    return f_from_moments(moments)


def kruskal(A, y, task):
    """Kruskal-Wallis H on ranks, corrected for ties; for classes.

    ``eta2`` is H / (n - 1), the share of the ranks' variation that lies between the classes.

    References
    ----------
    .. [1] W. H. Kruskal, W. A. Wallis, "Use of ranks in one-criterion variance analysis", JASA
       47, 1952.
    """
    if task != "classification":
        raise ValueError("the screen 'kruskal' needs classes, got a regression")
    n = len(y)
    ranks = stats.rankdata(A, axis=0)
    # with ties corrected, H is (n - 1) times the share of the ranks' variation between classes
    _, codes = np.unique(y, return_inverse=True)
    classes = codes.max() + 1
    moments = ClassMoments(classes, A.shape[1]).partial_fit(ranks, codes)
    eta2 = f_from_moments(moments).eta2
    H = (n - 1) * eta2
    return FStatistics(H, special.chdtrc(classes - 1, H), eta2)


def mutual_information(A, y, task):
    """Mutual information in nats (Kraskov et al. 2004, by scikit-learn); without p-values."""
    # scikit-learn breaks ties by a noise so small that float32 would swallow it
    A = np.asarray(A, dtype=np.float64)
    y = y if task == "classification" else np.asarray(y, dtype=np.float64)
    if task == "classification":
        scores = mutual_info_classif(A, y, discrete_features=False, random_state=0)
    elif np.ndim(y) == 1 or y.shape[1] == 1:
        scores = mutual_info_regression(A, np.ravel(y), discrete_features=False, random_state=0)
    else:
        raise ValueError("the screen 'mutual_info' needs a single target, got several")
    missing = np.full(len(scores), np.nan)
    return FStatistics(scores, missing, missing.copy())


STATISTICS = {
    "f": Statistic(f_from_moments, streams=True),
    "welch": Statistic(welch_from_moments, streams=True),
    "fisher": Statistic(fisher_from_moments, streams=True),
    "f_regression": Statistic(regression_from_moments, streams=True),
    "kruskal": Statistic(kruskal, streams=False),
    "mutual_info": Statistic(mutual_information, streams=False),
}


#: those whose p-values shuffled labels can give
PERMUTED = ("f", "f_regression")


def score_function_statistic(score_func):
    """Make a `Statistic` of a function of (A, y).

    It returns scores, or scores and p-values, as those of `sklearn.feature_selection` do.
    """

    def found(A, y, task):
        # a constant unit tells nothing of the target; scikit-learn's functions warn and give NaN
        varying = A.max(axis=0) > A.min(axis=0)
        y = np.ravel(y) if np.ndim(y) == 2 and y.shape[1] == 1 else y
        scores, p = _scores_and_p(score_func(A[:, varying], y), np.count_nonzero(varying))
        lowest = min(0.0, scores.min(initial=0.0))
        statistics = FStatistics(
            np.full(A.shape[1], lowest), np.ones(A.shape[1]), np.full(A.shape[1], np.nan)
        )
        statistics.F[varying] = scores
        statistics.p[varying] = p
        return statistics

    return Statistic(found, streams=False)


def _scores_and_p(found, n_units):
    """Return the scores and p-values, NaN if there are none, that a function gave; or raise."""
    if isinstance(found, tuple) and len(found) != 2:
        raise ValueError(
            f"score_func must return scores, or scores and p-values, got {len(found)} values"
        )
    scores, p = found if isinstance(found, tuple) else (found, np.full(n_units, np.nan))
    scores, p = (as_floats(values, "what score_func returns") for values in (scores, p))
    for name, values in (("score", scores), ("p-value", p)):
        if values.shape != (n_units,):
            raise ValueError(
                f"score_func must return one {name} for each of {n_units} units, got shape "
                f"{values.shape}"
            )
    bad = np.isnan(scores) | np.isneginf(scores)
    if bad.any():
        raise ValueError(
            f"score_func must return scores that are numbers, got {scores[bad][0]} for "
            f"{np.count_nonzero(bad)} of {n_units} units"
        )
    if ((p < 0) | (p > 1)).any():
        raise ValueError(
            f"score_func must return p-values from 0 to 1, got {np.nanmin(p)} to {np.nanmax(p)}"
        )
    return scores, p


def permutation_statistic(n_permutations, random_state=None, n_jobs=None):
    """Make a `Statistic`: F and eta2, and p-values by `permutation_test`."""

    def found(A, y, task):
        moments, target = moments_for(A, y, task)
        F, _, eta2 = f_from_moments(moments.partial_fit(A, target))
        p = permutation_test(
            A,
            y,
            n_permutations=n_permutations,
            task=task,
            random_state=random_state,
            n_jobs=n_jobs,
        )
        return FStatistics(F, p, eta2)

    return Statistic(found, streams=False)


@dataclass(frozen=True)
class ResolvedScreen:
    """What a `Screen` stands for, once its parameters are checked.

    Parameters
    ----------
    statistic : Statistic
    pooling : str
    samples : int
    """

    statistic: Statistic
    pooling: str
    samples: int


class Screen(BaseEstimator):
    """How units are screened: by which statistic, of what observations.

    Parameters
    ----------
    statistic : str or callable, default="f"
        - "f": F-statistic, see `f_statistic`;
        - "welch": Welch's F, for unequal variances;
        - "fisher": Fisher score SSB / SSW, which is F (K - 1) / (n - K) and ranks alike;
        - "f_regression": F of the univariate linear regression;
        - "kruskal": Kruskal-Wallis H on ranks, ties corrected;
        - "mutual_info": mutual information in nats, without p-values;
        - a function of (A, y) that returns scores, or scores and p-values, such as
          `sklearn.feature_selection.chi2`.
    pooling : {"mean", "max", "positions", "local"}, default="max"
        What a unit's observations are where it has a value at several positions of an image: the
        mean or the maximum over them, each position, or each position as a unit of its own,
        whose statistics are averaged. The last two give no p-values to select by.
    samples : int >= 10, default=5000
        Samples for a statistic that does not stream, for the permutations, and for the rounds of
        a pruner between the first and the last that do not cut by significance; drawn stratified
        by class.
    permutations : int >= 1 or None, default=None
        Shuffles of the labels that the p-values come from, for "f" and "f_regression"; None takes
        them from the theory.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skscreen.screening import Screen, screen
    >>> screen(*load_iris(return_X_y=True), Screen(permutations=99), random_state=0).p
    array([0.01, 0.01, 0.01, 0.01])
    """

    _parameter_checks = {
        "statistic": one_of(*STATISTICS) | function,
        "pooling": one_of(*POOLINGS),
        "samples": integer(10),
        "permutations": integer(1) | none,
    }

    def __init__(self, statistic="f", *, pooling="max", samples=5000, permutations=None):
        self.statistic = statistic
        self.pooling = pooling
        self.samples = samples
        self.permutations = permutations

    def resolve(self, rng):
        """Check the parameters; return the `ResolvedScreen` that they describe.

        Parameters
        ----------
        rng : numpy.random.RandomState
            Seeds the permutations; nothing is drawn from it without them.

        Raises
        ------
        ValueError
            For a bad parameter.
        """
        check_parameters(self, self._parameter_checks)
        if self.permutations is not None:
            if self.statistic not in PERMUTED:
                raise ValueError(
                    f"permutations={self.permutations} shuffles the labels for statistic 'f' or "
                    f"'f_regression', got statistic={self.statistic!r}"
                )
            statistic = permutation_statistic(self.permutations, rng.randint(2**31 - 1))
        elif isinstance(self.statistic, str):
            statistic = STATISTICS[self.statistic]
        else:
            statistic = score_function_statistic(self.statistic)
        return ResolvedScreen(statistic, self.pooling, self.samples)


def resolve_screen(score_func):
    """Return the `Screen` that a name or a function stands for; a `Screen` stays as it is.

    Raises
    ------
    ValueError
        For anything else.
    """
    if isinstance(score_func, Screen):
        return score_func
    check = Screen._parameter_checks["statistic"]
    if not check.holds(score_func):
        raise ValueError(f"score_func must be {check.words} or a Screen, got {score_func!r}")
    return Screen(score_func)


def screen(
    A: ArrayLike,
    y: ArrayLike,
    score_func: str | Callable | Screen = "f",
    sample_weight: ArrayLike | None = None,
    *,
    task: str = "auto",
    random_state: int | np.random.RandomState | None = None,
) -> FStatistics:
    """Compute a statistic of each unit: how well it tells the classes apart.

    Parameters
    ----------
    A : array-like of shape (n_samples, n_units)
        Activations or features.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        Classes or numbers.
    score_func : str, callable or Screen, default="f"
        A statistic, see `Screen`.
    sample_weight : array-like of shape (n_samples,), default=None
        Weights, see `f_statistic`; only for the statistics that stream.
    task : {"auto", "classification", "regression"}, default="auto"
        What ``y`` is, see `f_statistic`.
    random_state : int, RandomState or None, default=None
        Seeds the permutations of a `Screen`.

    Returns
    -------
    statistics : FStatistics
        ``F`` holds the statistic, whichever it is; ``p`` and ``eta2`` are NaN where the statistic
        has none.

    Raises
    ------
    ValueError
        If the statistic does not fit the target, or takes no weights.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skscreen.screening import screen
    >>> X, y = load_iris(return_X_y=True)
    >>> screen(X, y, "welch").F.round(1)
    array([ 138.9,   45. , 1828.1, 1276.9])
    >>> screen(X, y, "kruskal").F.round(1)
    array([ 96.9,  63.6, 130.4, 131.2])
    """
    chosen = resolve_screen(score_func).resolve(check_random_state(random_state)).statistic
    A, y, task = checked_samples(A, y, task, sample_weight)
    if chosen.streams:
        moments, target = moments_for(A, y, task)
        return chosen.function(moments.partial_fit(A, target, sample_weight))
    if sample_weight is not None:
        raise ValueError(f"score_func {score_func!r} takes no sample_weight; repeat samples")
    return chosen.function(A, y, task)
