"""scikit-learn's own checks of estimators, on every estimator."""

import pytest
from sklearn.base import clone
from sklearn.utils.estimator_checks import (
    check_estimator,
    check_get_feature_names_out_error,
    check_global_output_transform_pandas,
    check_inplace_ensure_writeable,
    check_set_output_transform,
    check_set_output_transform_pandas,
    check_transformer_get_feature_names_out,
    check_transformer_get_feature_names_out_pandas,
    parametrize_with_checks,
)

from skscreen import MLPClassifier, MLPRegressor, ScreeningPruner

ROUNDING = {
    "check_sample_weight_equivalence_on_dense_data": "equal but for float32 rounding, which the "
    "check does not allow for; the same estimator with dtype='float64' passes"
}


def bare(kind):
    return [
        kind(max_iter=60),
        kind(max_iter=60, dtype="float64"),
        kind(max_iter=60, solver="lbfgs", dtype="float64"),
    ]


def wrapped(kind):
    return [ScreeningPruner(net, sparsity=0.5, n_rounds=3) for net in bare(kind)]


ESTIMATORS = [
    estimator
    for kind in (MLPClassifier, MLPRegressor)
    for estimator in [*bare(kind), *wrapped(kind)]
]


def expected_failures(estimator):
    net = getattr(estimator, "estimator", estimator)
    return ROUNDING if net.dtype == "float32" else {}


pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@parametrize_with_checks(ESTIMATORS, expected_failed_checks=expected_failures)
def test_sklearn_check(estimator, check):
    check(estimator)


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=str)
def test_enough_checks_are_executed(estimator):
    results = check_estimator(
        estimator, expected_failed_checks=expected_failures(estimator), on_skip=None
    )
    assert sum(result["status"] == "passed" for result in results) >= 60


# check_estimator leaves these out, or runs them only where a parameter asks for them
TRANSFORMER_CHECKS = [
    check_get_feature_names_out_error,
    check_global_output_transform_pandas,
    check_inplace_ensure_writeable,
    check_set_output_transform,
    check_set_output_transform_pandas,
    check_transformer_get_feature_names_out,
    check_transformer_get_feature_names_out_pandas,
]


@pytest.mark.filterwarnings("ignore:X .* feature names")  # the checks mix names and none
@pytest.mark.parametrize("check", TRANSFORMER_CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("estimator", [ESTIMATORS[0], ESTIMATORS[3]], ids=str)
def test_transformer_check(estimator, check):
    check(type(estimator).__name__, clone(estimator))
