"""Slow, obvious twins of what the package does fast."""

import numpy as np
from scipy import optimize, stats


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


def effective_sizes(codes, weights, n_classes):
    """Squared sum of each class's weights over the sum of their squares."""
    sizes = np.zeros(n_classes)
    for k in range(n_classes):
        own = [w for w, code in zip(weights, codes, strict=True) if code == k and w > 0]
        if own:
            sizes[k] = sum(own) ** 2 / sum(w * w for w in own)
    return sizes


def top(scores, ties, n_keep):
    """Mark the largest scores; ties by the second array, then by the lower index."""
    order = sorted(range(len(scores)), key=lambda i: (-scores[i], -ties[i], i))
    mask = np.zeros(len(scores), dtype=bool)
    mask[order[:n_keep]] = True
    return mask


def best_paths(masks, scores, sources):
    """Try all paths: those with the fewest connections to restore, then the best scores."""
    scaled = []
    for score in scores:
        finite = score[np.isfinite(score)]
        low, high = min(finite.min(), 0), finite.max()
        scaled.append((score - low) / (high - low or 1))

    def paths(layer, unit):
        if layer == len(masks):
            yield ()
            return
        for row in np.flatnonzero(sources[layer] == unit):
            for column in np.flatnonzero(np.isfinite(scores[layer][row])):
                for rest in paths(layer + 1, column):
                    yield ((row, column), *rest)

    def worth(path):
        new = [(k, place) for k, place in enumerate(path) if not masks[k][place]]
        return -len(new), round(sum(scaled[k][place] for k, place in new), 12)

    every = [path for unit in np.unique(sources[0]) for path in paths(0, unit)]
    best = max(map(worth, every), default=None)
    return [path for path in every if worth(path) == best]


def apportion(wanted, limits, total):
    """Scale by the root of the sum's equation; floor, then one more for the largest remainders."""

    def sizes(factor):
        return np.clip(factor * wanted, 1, limits)

    factor = optimize.brentq(lambda f: sizes(f).sum() - total, 0, limits.max() / wanted.min())
    counts = np.floor(sizes(factor) + 1e-9).astype(int)
    order = np.argsort(counts - sizes(factor), kind="stable")
    counts[order[: total - counts.sum()]] += 1
    return counts


def lamp(scores):
    """Squared scores, each divided by the sum of those that are not smaller."""
    squares = scores**2
    sums = np.array([squares[scores >= score].sum() for score in scores])
    return np.where(squares > 0, squares / np.maximum(sums, 1e-300), 0.0)


def activate(name, z):
    """Apply an activation."""
    return {
        "identity": lambda: z,
        "relu": lambda: np.maximum(z, 0),
        "tanh": lambda: np.tanh(z),
        "logistic": lambda: 1 / (1 + np.exp(-z)),
    }[name]()


def convolve(images, weight, kernel_size, stride, padding):
    """Slide a kernel over images, position by position."""
    n, height, width, _ = images.shape
    kernel_h, kernel_w = kernel_size
    if padding == "same":
        out_h, out_w = -(-height // stride), -(-width // stride)
        extra_h = max((out_h - 1) * stride + kernel_h - height, 0)
        extra_w = max((out_w - 1) * stride + kernel_w - width, 0)
        top, left = extra_h // 2, extra_w // 2
        pads = (0, 0), (top, extra_h - top), (left, extra_w - left), (0, 0)
        images = np.pad(images, pads)
    else:
        out_h, out_w = (height - kernel_h) // stride + 1, (width - kernel_w) // stride + 1
    out = np.zeros((n, out_h, out_w, weight.shape[1]))
    for i in range(n):
        for y in range(out_h):
            for x in range(out_w):
                rows = slice(y * stride, y * stride + kernel_h)
                columns = slice(x * stride, x * stride + kernel_w)
                out[i, y, x] = images[i, rows, columns].ravel() @ weight
    return out


def max_pool(images, pool_size):
    """Take the maximum of windows that do not overlap."""
    window_h, window_w = pool_size
    n, height, width, n_channels = images.shape
    out = np.zeros((n, height // window_h, width // window_w, n_channels))
    for y in range(out.shape[1]):
        for x in range(out.shape[2]):
            rows = slice(y * window_h, (y + 1) * window_h)
            columns = slice(x * window_w, (x + 1) * window_w)
            out[:, y, x] = images[:, rows, columns].max(axis=(1, 2))
    return out


def adam(weights, gradients, rate, beta_1, beta_2, epsilon, decay, mask):
    """Run Adam over a list of gradients."""
    first, second = np.zeros_like(weights), np.zeros_like(weights)
    for step, gradient in enumerate(gradients, 1):
        gradient = (gradient + decay * weights) * mask
        first = beta_1 * first + (1 - beta_1) * gradient
        second = beta_2 * second + (1 - beta_2) * gradient**2
        corrected = rate * np.sqrt(1 - beta_2**step) / (1 - beta_1**step)
        weights = weights - corrected * first / (np.sqrt(second) + epsilon)
    return weights * mask


def sgd(weights, gradients, rate, momentum, nesterov, decay, mask):
    """Run gradient descent with momentum over a list of gradients."""
    velocity = np.zeros_like(weights)
    for gradient in gradients:
        gradient = (gradient + decay * weights) * mask
        velocity = momentum * velocity - rate * gradient
        weights = weights + (momentum * velocity - rate * gradient if nesterov else velocity)
    return weights * mask


def columns_of(x, features, n_blocks, width):
    """Put samples side by side in blocks; places without a sample are zero."""
    columns = np.zeros((n_blocks, len(features), width))
    for sample in range(len(x)):
        for row, feature in enumerate(features):
            columns[sample // width, row, sample % width] = x[sample, feature]
    return columns


def kept_product(columns, weight, bias, activation):
    """Multiply each sample by itself; of shape (n_blocks, n_outputs, width)."""
    out = np.zeros((len(columns), weight.shape[1], columns.shape[2]))
    for block, sample in np.ndindex(len(columns), columns.shape[2]):
        out[block, :, sample] = weight.T @ columns[block, :, sample] + bias
    return activate(activation, out)


def welch(groups):
    """Welch's F and p of each column, from his formulas of 1951, a column at a time."""
    results = []
    for columns in zip(*(group.T for group in groups), strict=True):
        k = len(columns)
        weights = [len(x) / np.var(x, ddof=1) for x in columns]
        grand = sum(w * np.mean(x) for w, x in zip(weights, columns, strict=True)) / sum(weights)
        between = sum(
            w * (np.mean(x) - grand) ** 2 for w, x in zip(weights, columns, strict=True)
        ) / (k - 1)
        spread = sum(
            (1 - w / sum(weights)) ** 2 / (len(x) - 1)
            for w, x in zip(weights, columns, strict=True)
        )
        F = between / (1 + 2 * (k - 2) / (k**2 - 1) * spread)
        results.append((F, stats.f.sf(F, k - 1, (k**2 - 1) / (3 * spread))))
    return tuple(np.array(results).T)


def refit_unit(A, target, kept, anchor, penalty):
    """Weights and bias by `numpy.linalg.lstsq` on the explicit, centred matrix; ridge as rows."""
    n = len(A)
    centred = (A - A.mean(axis=0))[:, kept]
    rows = np.vstack([centred / np.sqrt(n), np.sqrt(penalty) * np.eye(len(kept))])
    right = np.concatenate(
        [(target - target.mean()) / np.sqrt(n), np.sqrt(penalty) * anchor[kept]]
    )
    weight = np.zeros(A.shape[1])
    weight[kept] = np.linalg.lstsq(rows, right, rcond=None)[0]
    return weight, target.mean() - A.mean(axis=0) @ weight


def solve_subsystem(matrix, right, kept):
    """Solve for the kept variables alone; also the diagonal of the inverse of their part."""
    solution, diagonal = np.zeros(len(matrix)), np.zeros(len(matrix))
    part = matrix[np.ix_(kept, kept)]
    solution[kept] = np.linalg.solve(part, right[kept])
    diagonal[kept] = np.diagonal(np.linalg.inv(part))
    return solution, diagonal


def removal_costs(covariance, weight, importance, groups, left):
    """What the fit of all targets loses in all for each group that goes after those gone."""
    costs = []
    for gone in left:
        kept = np.flatnonzero(np.isin(groups, [group for group in left if group != gone]))
        fitted = np.zeros_like(weight)
        if len(kept):
            fitted[kept] = np.linalg.solve(
                covariance[np.ix_(kept, kept)], (covariance @ weight)[kept]
            )
        lost = weight - fitted
        costs.append(np.einsum("it,ij,jt->t", lost, covariance, lost) @ importance)
    return np.array(costs)


def eliminate(covariance, weight):
    """Backward elimination with each fit solved anew: roots of the costs, in rising order."""
    targets = covariance @ weight  # covariances of the variables with what they fit
    left = list(range(len(weight)))
    scores = np.zeros(len(weight))
    highest = 0.0

    def explained(variables):
        part = covariance[np.ix_(variables, variables)]
        return np.sum(targets[variables] * np.linalg.solve(part, targets[variables]))

    while left:
        now = explained(left)
        others = [[v for v in left if v != gone] for gone in left]
        costs = [now - explained(rest) if rest else now for rest in others]
        first = int(np.argmin(costs))
        highest = max(highest, costs[first])
        scores[left.pop(first)] = np.sqrt(highest)
    return scores
