"""Networks inside other estimators: a Pipeline, a search, a transformed target.

Such an estimator is fitted as it is; the network inside is pruned on the samples and targets that
reach it, and takes its place in a copy of the whole.
"""

import copy
from functools import singledispatch

import numpy as np
import sklearn
from sklearn.compose import TransformedTargetRegressor
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV
from sklearn.pipeline import Pipeline


class Bare:
    """No wrapping: what is inside is the estimator itself.

    Parameters
    ----------
    estimator : estimator
        Fitted.
    """

    def __init__(self, estimator):
        self.estimator = estimator

    @property
    def network(self):
        """The fitted estimator inside."""
        return self.estimator

    @property
    def is_neutral(self):
        """Whether samples and targets reach the network as they are."""
        return True

    def inputs(self, X):
        """Return samples as they reach the network."""
        return X

    def targets(self, y):
        """Return targets as they reach the network."""
        return y

    def rewrap(self, lean):
        """Return a copy of the whole with another network inside."""
        return lean


class Wrapping(Bare):
    """One estimator around another, which may be wrapped again.

    Parameters
    ----------
    estimator : estimator
        Fitted.
    inner : Bare
        What it holds.
    """

    def __init__(self, estimator, inner):
        super().__init__(estimator)
        self.inner = inner

    @property
    def network(self):
        """The fitted estimator inside."""
        return self.inner.network

    @property
    def is_neutral(self):
        """Whether samples and targets reach the network as they are."""
        return self.inner.is_neutral

    def inputs(self, X):
        """Return samples as they reach the network."""
        return self.inner.inputs(X)

    def targets(self, y):
        """Return targets as they reach the network."""
        return self.inner.targets(y)


class PipelineWrapping(Wrapping):
    """Steps before a network."""

    @property
    def is_neutral(self):
        """Whether there is no step before it."""
        return len(self.estimator.steps) == 1 and self.inner.is_neutral

    def inputs(self, X):
        """Return samples as the last step reads them."""
        before = self.estimator[:-1]
        return self.inner.inputs(before.transform(X) if len(before.steps) else X)

    def rewrap(self, lean):
        """Return the Pipeline with the lean network as its last step."""
        *before, (name, _) = self.estimator.steps
        return _with(self.estimator, steps=[*before, (name, self.inner.rewrap(lean))])


class SearchWrapping(Wrapping):
    """A search whose best estimator is pruned."""

    def rewrap(self, lean):
        """Return the search with the lean network as its best estimator."""
        return _with(self.estimator, best_estimator_=self.inner.rewrap(lean))


class TargetWrapping(Wrapping):
    """A regressor of a transformed target."""

    is_neutral = False

    def targets(self, y):
        """Return the transformed targets."""
        y = np.asarray(y, dtype=float)
        columns = y.reshape(len(y), -1)
        changed = np.asarray(self.estimator.transformer_.transform(columns))
        return self.inner.targets(changed.reshape(y.shape) if y.ndim == 1 else changed)

    def rewrap(self, lean):
        """Return the regressor with the lean network inside."""
        return _with(self.estimator, regressor_=self.inner.rewrap(lean))


def _with(estimator, **attributes):
    """Copy an estimator, with other attributes."""
    twin = copy.copy(estimator)
    vars(twin).update(attributes)
    return twin


@singledispatch
def unwrap(estimator):
    """Return the `Bare` or `Wrapping` of a fitted estimator.

    Parameters
    ----------
    estimator : estimator

    Returns
    -------
    wrapping : Bare
    """
    return Bare(estimator)


@unwrap.register
def _(estimator: Pipeline):
    return PipelineWrapping(estimator, unwrap(estimator.steps[-1][1]))


@unwrap.register(GridSearchCV)
@unwrap.register(RandomizedSearchCV)
def _(estimator):
    return SearchWrapping(estimator, unwrap(estimator.best_estimator_))


@unwrap.register
def _(estimator: TransformedTargetRegressor):
    return TargetWrapping(estimator, unwrap(estimator.regressor_))


@unwrap.register
def _(estimator: FrozenEstimator):
    return unwrap(estimator.estimator)


WRAPPERS = (Pipeline, GridSearchCV, RandomizedSearchCV, TransformedTargetRegressor)


def is_wrapper(estimator):
    """Say whether an estimator is one that `unwrap` opens, possibly frozen."""
    inner = estimator.estimator if isinstance(estimator, FrozenEstimator) else estimator
    return isinstance(inner, WRAPPERS)


def weight_parameters(estimator, sample_weight):
    """Return the parameters by which ``fit`` of a wrapper hands weights to what is inside.

    With metadata routing the wrapper hands them to whom requests them.

    Parameters
    ----------
    estimator : estimator
    sample_weight : array-like or None

    Returns
    -------
    parameters : dict
    """
    if sample_weight is None:
        return {}
    if sklearn.get_config()["enable_metadata_routing"]:
        return {"sample_weight": sample_weight}
    name, inner = "sample_weight", estimator
    prefix = ""
    while is_wrapper(inner):
        if isinstance(inner, Pipeline):
            prefix += f"{inner.steps[-1][0]}__"
            inner = inner.steps[-1][1]
        else:
            inner = inner.regressor if hasattr(inner, "regressor") else inner.estimator
    return {prefix + name: sample_weight}
