"""What streaming moments do with a batch: check it, scale it, choose an origin."""

import numpy as np

ORIGIN_SAMPLES = 32

# Values are taken as they are where their binary exponent is no further from 0 than this: squares
# and products of squares stay far from the ends of float64, and float32 never needs a scale.
ORDINARY_EXPONENT = 128
# Of what is zero: below that of any number.
NO_EXPONENT = -5000


def checked_batch(A, n_units, n_targets, sample_weight):
    """Return a 2-D batch of float32 or float64 and its weights, or raise a ValueError."""
    A = np.asarray(A)
    if A.ndim != 2 or A.shape[1] != n_units:
        raise ValueError(f"A must have shape (n_samples, {n_units}), got {A.shape}")
    if A.dtype not in (np.float32, np.float64):
        A = as_floats(A, "A")
    if len(A) != n_targets:
        raise ValueError(f"A has {len(A)} samples, but there are {n_targets} targets")
    if sample_weight is None:
        return A, np.ones(len(A))
    weights = np.ascontiguousarray(as_floats(sample_weight, "sample_weight"))
    if weights.shape != (len(A),):
        raise ValueError(f"sample_weight must have shape ({len(A)},), got {weights.shape}")
    with np.errstate(over="ignore"):
        if not np.isfinite(weights.sum()) or (weights < 0).any():
            raise ValueError("sample_weight must not be negative, and its sum finite")
    return A, weights


def as_floats(values, name):
    """Return an array of float64; raise a ValueError for text and other objects."""
    values = np.asarray(values)
    if values.dtype.kind not in "biuf":
        raise ValueError(f"{name} must hold real numbers, got {values.dtype}")
    return values.astype(np.float64)


def checked_codes(codes, n_classes):
    """Return class numbers as indices, or raise a ValueError."""
    codes = np.asarray(codes)
    if codes.ndim != 1:
        raise ValueError(f"codes must have shape (n_samples,), got {codes.shape}")
    if len(codes) == 0:
        return codes.astype(np.intp)
    if codes.dtype.kind not in "biu":
        raise ValueError(
            f"codes must be integers from 0 to {n_classes - 1}, got values of type {codes.dtype}"
        )
    if codes.min() < 0 or codes.max() >= n_classes:
        raise ValueError(
            f"codes must be from 0 to {n_classes - 1}, got {codes.min()} to {codes.max()}"
        )
    return codes.astype(np.intp)


def require_same_counts(ours, theirs, names):
    """Raise a ValueError unless moments to merge are of as many of two things."""
    if tuple(ours) != tuple(theirs):
        wanted = " and ".join(f"{n} {name}" for n, name in zip(ours, names, strict=True))
        found = " and ".join(map(str, theirs))
        raise ValueError(f"moments to merge must have {wanted}, got {found}")


def of_positive_weight(weights, *arrays):
    """Return weights and what goes with them, without the samples of weight zero."""
    if weights.all():
        return weights, *arrays
    counted = weights > 0
    return weights[counted], *(array[counted] for array in arrays)


def require_finite(moments, name):
    """Raise a ValueError if what was computed from ``name`` shows that it was not finite."""
    if not np.isfinite(moments).all():
        raise ValueError(f"{name} must be finite, got NaN or infinity")


def exponents(low, high):
    """Binary exponents of columns with these smallest and largest values: mostly 0."""
    extent = np.maximum(high, -low).astype(np.float64)
    found = np.frexp(extent)[1].astype(int)
    found[np.abs(found) <= ORDINARY_EXPONENT] = 0
    found[extent == 0] = NO_EXPONENT
    return found


def shift(old, new):
    """Powers of two that take values from one scale to another."""
    return np.where(old == NO_EXPONENT, 0, old - new)


def scaled(values, powers):
    """Multiply columns by powers of two; without any, return them as they are."""
    if not np.any(powers):
        return values
    with np.errstate(over="ignore", under="ignore"):
        return np.ldexp(values, powers, dtype=np.float64)


def first_mean(A, rows=slice(None)):
    """Mean of the first samples: near enough to the data for the differences to be exact."""
    first = rows[:ORIGIN_SAMPLES] if isinstance(rows, np.ndarray) else slice(ORIGIN_SAMPLES)
    with np.errstate(over="ignore", invalid="ignore"):  # what is not finite is seen later
        return A[first].mean(axis=0, dtype=np.float64)
