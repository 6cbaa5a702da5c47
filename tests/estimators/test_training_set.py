"""Samples with their targets and weights."""

import numpy as np
import pytest
from scipy.sparse import csr_array

from skscreen.estimators.samples import SparseRows
from skscreen.estimators.training_set import Target, TrainingSet, relative_weights

X = np.arange(12.0).reshape(4, 3)
TARGET = Target(np.array([0, 1, 1, 0]), 1, "logistic", list, {"classes_": np.array(["a", "b"])})


@pytest.mark.parametrize("rows", [X, SparseRows(csr_array(X))])
def test_a_part_has_its_own_targets_and_weights(rows):
    samples = TrainingSet(rows, TARGET, np.array([1.0, 2.0, 3.0, 4.0]), is_weighted=True)
    part = samples.part(np.array([3, 1]))
    assert (len(samples), len(part), part.n_features) == (4, 2, 3)
    np.testing.assert_array_equal(np.asarray(part.X), X[[3, 1]])
    assert part.target.values.tolist() == [0, 1]
    assert part.target.n_classes == 2
    assert part.weight.tolist() == [4.0, 2.0]
    assert part.is_weighted
    assert samples.target.values.tolist() == [0, 1, 1, 0]


def test_numbers_have_no_classes():
    assert Target(X[:, :1], 1, "identity", list, {}).n_classes is None


def test_counts_stay_and_other_weights_are_relative():
    counts = np.array([2.0, 0.0, 3.0])
    assert relative_weights(counts) is counts
    found = relative_weights(np.array([0.5, 1.5, 0.25]))
    np.testing.assert_allclose(found, [2 / 3, 2, 1 / 3])
    np.testing.assert_array_equal(relative_weights(np.full(7, 1e-300)), np.ones(7))
    np.testing.assert_array_equal(relative_weights(np.full(3, 2.0**40)), np.ones(3))
