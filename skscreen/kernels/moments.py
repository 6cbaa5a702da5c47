"""Streaming moments of units: within classes, and together with numeric targets.

Centred recursions (Welford 1962; Chan, Golub & LeVeque 1983) in float64, on values relative to an
origin. An origin near the data is what keeps an offset of 1e8 from eating the digits of a small
variance.
"""

import numpy as np

from skscreen.kernels._compile import kernel


@kernel(exact=True)
def first_class_means(A, order, starts, ends, classes, means):
    """Write the mean of the first samples of some classes.

    Parameters
    ----------
    A : ndarray of shape (n_samples, n_units)
    order : ndarray of int
        Samples, grouped by class.
    starts, ends : ndarray of int of shape (n_classes,)
        Which of ``order`` count for each class, at least one where it is asked for.
    classes : ndarray of int
        Those asked for.
    means : ndarray of float64 of shape (n_classes, n_units)
    """
    for k in classes:
        for i in range(A.shape[1]):
            means[k, i] = 0.0
        for place in range(starts[k], ends[k]):
            for i in range(A.shape[1]):
                means[k, i] += A[order[place], i]
        for i in range(A.shape[1]):
            means[k, i] /= ends[k] - starts[k]


@kernel(exact=True)
def update_class_moments(A, order, codes, weights, origin, weight_sum, mean, within, low, high):
    """Add samples to the moments of each class, up to four samples of a class at a time.

    Four at a time load and store each moment once, not four times, and the mean of the four comes
    before their squares: three times as fast as one by one.

    Parameters
    ----------
    A : ndarray of shape (n_samples, n_units)
    order : ndarray of int
        Samples of positive weight, grouped by class, so that one class's moments stay in cache.
    codes, weights : ndarray of shape (n_samples,)
        Class and weight of each sample.
    origin : ndarray of float64 of shape (n_classes, n_units)
        Near the data of each class.
    weight_sum : ndarray of float64 of shape (n_classes,)
    mean, within, low, high : ndarray of float64 of shape (n_classes, n_units)
        Mean relative to the origin, sum of squares around it, smallest and largest value; updated.
    """
    n_units = A.shape[1]
    first = 0
    while first < order.size:
        k = codes[order[first]]
        last = first
        while last + 1 < order.size and last < first + 3 and codes[order[last + 1]] == k:
            last += 1
        # fewer than four: the last one again, with weight zero
        r0 = order[first]
        r1 = order[min(first + 1, last)]
        r2 = order[min(first + 2, last)]
        r3 = order[last]
        w0 = weights[r0]
        w1 = weights[r1] if last > first else 0.0
        w2 = weights[r2] if last > first + 1 else 0.0
        w3 = weights[r3] if last > first + 2 else 0.0
        weight = w0 + w1 + w2 + w3
        total = weight_sum[k] + weight
        share = weight / total
        factor = weight_sum[k] * share
        weight_sum[k] = total
        for i in range(n_units):
            x0 = np.float64(A[r0, i])
            x1 = np.float64(A[r1, i])
            x2 = np.float64(A[r2, i])
            x3 = np.float64(A[r3, i])
            low[k, i] = min(low[k, i], min(min(x0, x1), min(x2, x3)))
            high[k, i] = max(high[k, i], max(max(x0, x1), max(x2, x3)))
            x0 -= origin[k, i]
            x1 -= origin[k, i]
            x2 -= origin[k, i]
            x3 -= origin[k, i]
            center = (w0 * x0 + w1 * x1 + w2 * x2 + w3 * x3) / weight
            x0 -= center
            x1 -= center
            x2 -= center
            x3 -= center
            squares = w0 * x0 * x0 + w1 * x1 * x1 + w2 * x2 * x2 + w3 * x3 * x3
            step = center - mean[k, i]
            mean[k, i] += step * share
            within[k, i] += squares + factor * step * step
        first = last + 1


@kernel(exact=True)
def update_regression_moments(
    A, targets, weights, start, origin, target_origin, mean, target_mean, sxx, syy, sxy
):
    """Add samples to the moments of units and numeric targets.

    Parameters
    ----------
    A : ndarray of shape (n_samples, n_units)
    targets : ndarray of float64 of shape (n_samples, n_outputs)
    weights : ndarray of float64 of shape (n_samples,)
    start : float
        Sum of the weights so far.
    origin, target_origin : ndarray of float64
    mean, target_mean : ndarray of float64
        Relative to the origins; updated.
    sxx, syy, sxy : ndarray of float64 of shape (n_units,), (n_outputs,), (n_outputs, n_units)
        Centred sums of squares and products; updated.

    Returns
    -------
    total : float
        Sum of the weights now.
    """
    n_units = A.shape[1]
    n_outputs = targets.shape[1]
    residual = np.empty(n_outputs)
    total = start
    for row in range(A.shape[0]):
        weight = weights[row]
        if weight == 0.0:
            continue
        total += weight
        share = weight / total
        for k in range(n_outputs):
            y = targets[row, k] - target_origin[k]
            step = y - target_mean[k]
            target_mean[k] += step * share
            residual[k] = y - target_mean[k]
            syy[k] += weight * step * residual[k]
        for i in range(n_units):
            x = np.float64(A[row, i]) - origin[i]
            step = x - mean[i]
            mean[i] += step * share
            sxx[i] += weight * step * (x - mean[i])
            for k in range(n_outputs):
                sxy[k, i] += weight * step * residual[k]
    return total
