"""Fitted models for files: what predicts, without the reasons for every cut."""

from sklearn.base import BaseEstimator, clone
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from skscreen.estimators import ScreeningPruner, ScreeningPrunerCV
from skscreen.estimators.callbacks import without_callbacks
from skscreen.estimators.wrapping import unwrap
from skscreen.interop.models import lean_steps, network_estimator

#: fitted attributes of a pruner that no prediction needs
REASONS = ("f_statistics_", "history_", "masks_", "report_", "scores_")

#: types to be trusted when a network, a pruner or what is in them is read by ``skops.io.load``
TRUSTED_TYPES = (
    "skscreen.estimators.base.TrainingState",
    "skscreen.estimators.cnn.CNNClassifier",
    "skscreen.estimators.cnn.CNNRegressor",
    "skscreen.estimators.mlp.MLPClassifier",
    "skscreen.estimators.mlp.MLPRegressor",
    "skscreen.estimators.pruner.ScreeningPruner",
    "skscreen.estimators.pruner_cv.ScreeningPrunerCV",
    "skscreen.nn.conv.Conv",
    "skscreen.nn.dense.Dense",
    "skscreen.nn.network.Network",
    "skscreen.nn.optimizers.Adam",
    "skscreen.nn.optimizers.SGD",
    "skscreen.pruning.criteria.Screening",
    "skscreen.pruning.distillation.Distillation",
    "skscreen.pruning.record.LayerRecord",
    "skscreen.pruning.report.ScreeningReport",
    "skscreen.screening.screens.Screen",
    "skscreen.screening.selection.Significance",
    "skscreen.screening.statistics.FStatistics",
)


def lean_copy(model: BaseEstimator) -> BaseEstimator:
    """Copy a fitted pruner, or a Pipeline that ends in one, without what no prediction needs.

    A pickle of a pruner is many times as large as one of its network: it holds the analysis of
    variance behind each cut, scores and masks of the dense network, and a frozen dense network.

    Parameters
    ----------
    model : ScreeningPruner, ScreeningPrunerCV or Pipeline
        Fitted; stays as it is.

    Returns
    -------
    lean : ScreeningPruner or Pipeline
        Of a `ScreeningPrunerCV` the pruner that was fitted in the end. Predicts, transforms,
        scores and goes on by ``partial_fit`` as ``model`` does. It has no ``report_``,
        ``scores_``, ``f_statistics_``, ``masks_`` and ``history_``; an `estimator` that was
        frozen is an unfitted one; and a Pipeline has no network step before the pruner.

    Examples
    --------
    >>> import pickle
    >>> from sklearn.datasets import load_iris
    >>> from skscreen import MLPClassifier, ScreeningPruner
    >>> from skscreen.interop import lean_copy
    >>> net = MLPClassifier((50,), solver="lbfgs", max_iter=50, tol=None, random_state=0)
    >>> pruner = ScreeningPruner(net).fit(*load_iris(return_X_y=True))
    >>> len(pickle.dumps(lean_copy(pruner))) < len(pickle.dumps(pruner)) / 3
    True
    """
    if isinstance(model, Pipeline):
        last_name, last = model.steps[-1]
        return Pipeline([*lean_steps(model), (last_name, lean_copy(last))])
    if isinstance(model, FrozenEstimator):
        return lean_copy(model.estimator)
    if isinstance(model, ScreeningPrunerCV):
        check_is_fitted(model)
        return lean_copy(model.pruner_)
    if not isinstance(model, ScreeningPruner):
        return network_estimator(model).detached_copy()
    check_is_fitted(model)
    state = without_callbacks(model).__getstate__()
    state = {name: value for name, value in state.items() if name not in REASONS}
    state["estimator_"] = lean = model.estimator_.detached_copy()
    state["wrapped_"] = unwrap(model.wrapped_).rewrap(lean)
    if isinstance(model.estimator, FrozenEstimator):
        state["estimator"] = clone(model.estimator.estimator)
    twin = type(model)()
    twin.__setstate__(state)
    return twin
