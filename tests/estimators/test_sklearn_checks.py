"""scikit-learn's own checks of estimators, on every estimator."""

import pytest
import sklearn
from sklearn.base import clone
from sklearn.utils import get_tags
from sklearn.utils.estimator_checks import (
    check_estimator,
    check_get_feature_names_out_error,
    check_global_output_transform_pandas,
    check_inplace_ensure_writeable,
    check_set_output_transform,
    check_set_output_transform_pandas,
    check_transformer_get_feature_names_out,
    check_transformer_get_feature_names_out_pandas,
)
from sklearn.utils.fixes import parse_version

from skscreen import CNNClassifier, CNNRegressor, MLPClassifier, MLPRegressor, ScreeningPruner

# skipped unless SCIPY_ARRAY_API is set before scipy is imported
NEEDS_AN_ENVIRONMENT = {"check_array_api_input"}

WEIGHTS = (
    "check_sample_weight_equivalence_on_dense_data",
    "check_sample_weight_equivalence_on_sparse_data",
)
ROUNDING = dict.fromkeys(
    WEIGHTS,
    "equal but for float32 rounding, which the check does not allow for; the same "
    "estimator with dtype='float64' passes",
)
# F-statistics take weights as relative, worth Kish's effective number of samples (were they
# repetitions, they would make noise significant), so a pruner passes only where that leads to the
# same choice
EFFECTIVE = dict.fromkeys(WEIGHTS, "the statistics count effective samples, not repetitions")
# the last bit of a float32 product depends on the place of the sample in its block, in some
# versions of the BLAS (OpenBLAS 0.3.23 of NumPy 1.26) and not in others
ROUNDING_OF_SOME_BLAS = {
    "check_methods_sample_order_invariance": "equal but for float32 rounding (1e-7 of the largest)"
}
# scikit-learn 1.6 gives sparse samples to all, whatever their tags say
SPARSE_TO_ALL = {WEIGHTS[1]: "a convolution takes no sparse matrix"}
if parse_version(sklearn.__version__) >= parse_version("1.7"):
    SPARSE_TO_ALL = {}


def bare(kind):
    if kind in (MLPClassifier, MLPRegressor):
        size, solvers = {"max_iter": 60}, ["adam", "lbfgs"]
    else:
        size, solvers = {"max_iter": 80, "conv_channels": 8, "learning_rate_init": 0.005}, ["adam"]
    return [
        kind(**size),
        *(kind(dtype="float64", solver=solver, **size) for solver in solvers),
    ]


def pruned(net):
    granularity = "channel" if net.dtype == "float32" else "connection"
    return ScreeningPruner(net, granularity=granularity, sparsity=0.5, n_rounds=3)


ESTIMATORS = [
    estimator
    for kind in (MLPClassifier, MLPRegressor, CNNClassifier, CNNRegressor)
    for net in bare(kind)
    for estimator in (net, pruned(net))
]


def expected_failures(estimator):
    net = getattr(estimator, "estimator", estimator)
    refused = {} if get_tags(net).input_tags.sparse else SPARSE_TO_ALL
    return of_statistics(net, estimator) | refused


def of_statistics(net, estimator):
    """Return what fails by rounding, or since weights are relative."""
    if net.dtype == "float32":
        return of_its_samples(net, ROUNDING) | ROUNDING_OF_SOME_BLAS
    return {} if net is estimator else of_its_samples(net, EFFECTIVE)


def of_its_samples(net, reasons):
    """Leave out what is checked on sparse samples, for networks that take none."""
    takes_sparse = get_tags(net).input_tags.sparse
    return {name: why for name, why in reasons.items() if takes_sparse or "sparse" not in name}


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda e: repr(e).replace("\n", ""))
def test_all_checks(estimator):
    expected = expected_failures(estimator)
    results = check_estimator(
        estimator, expected_failed_checks=expected, on_skip=None, on_fail=None
    )
    failed = [
        f"{result['check_name']}: {result['exception']!r}"
        for result in results
        if result["status"] == "failed"
    ]
    assert not failed
    found = {r["check_name"] for r in results if r["status"] == "xfail"}
    may_pass = set(ROUNDING_OF_SOME_BLAS)
    if set(expected.values()) <= {*EFFECTIVE.values(), *SPARSE_TO_ALL.values()}:
        may_pass |= set(EFFECTIVE)
    assert found - may_pass == set(expected) - may_pass
    assert {r["check_name"] for r in results if r["status"] == "skipped"} <= NEEDS_AN_ENVIRONMENT
    assert sum(result["status"] == "passed" for result in results) >= 60


# check_estimator leaves these out
TRANSFORMER_CHECKS = [
    check_get_feature_names_out_error,
    check_global_output_transform_pandas,
    check_inplace_ensure_writeable,
    check_set_output_transform,
    check_set_output_transform_pandas,
    check_transformer_get_feature_names_out,
    check_transformer_get_feature_names_out_pandas,
]


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.filterwarnings("ignore:X .* feature names")  # the checks mix names and none
@pytest.mark.parametrize("check", TRANSFORMER_CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize(
    "estimator", [e for e in ESTIMATORS if getattr(e, "estimator", e).dtype == "float32"], ids=str
)
def test_transformer_check(estimator, check):
    check(type(estimator).__name__, clone(estimator))
