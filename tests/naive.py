"""Slow, obvious twins of what the package does fast."""

import numpy as np


def class_moments(A, codes, weights, n_classes):
    """Weight, mean and sum of squares of each class, sample by sample."""
    A = A.astype(np.float64)
    weight_sum = np.zeros(n_classes)
    means = np.full((n_classes, A.shape[1]), np.nan)
    within = np.zeros((n_classes, A.shape[1]))
    for k in range(n_classes):
        rows = [row for row in range(len(A)) if codes[row] == k and weights[row] > 0]
        weight_sum[k] = sum(weights[row] for row in rows)
        if rows:
            means[k] = sum(weights[row] * A[row] for row in rows) / weight_sum[k]
            within[k] = sum(weights[row] * (A[row] - means[k]) ** 2 for row in rows)
    return weight_sum, means, within


def top(scores, ties, n_keep):
    """Mark the largest scores; ties by the second array, then by the lower index."""
    order = sorted(range(len(scores)), key=lambda i: (-scores[i], -ties[i], i))
    mask = np.zeros(len(scores), dtype=bool)
    mask[order[:n_keep]] = True
    return mask


def lamp(scores):
    """Squared scores, each divided by the sum of those that are not smaller."""
    squares = scores**2
    sums = np.array([squares[scores >= score].sum() for score in scores])
    return np.where(squares > 0, squares / np.maximum(sums, 1e-300), 0.0)
