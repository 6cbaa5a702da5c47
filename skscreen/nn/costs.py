"""What a layer's prediction, and its training, costs in each of its forms, in nanoseconds.

The choice between the product with the whole weight (BLAS) and that with the kept weights alone
rests on a model, not on a measurement: so it is the same on every run, and with it the last bits
of a prediction. The constants were measured on one core of a 2.9 GHz AVX2 processor, with float32
(BLAS at 94 GFLOP/s); only their ratios matter. ``benchmarks/speed.py`` shows how well they hold.
"""

import math

# A dense product: of each weight with a sample, of fetching each weight, which is what a single
# sample waits for, of putting it in order for several, and of each sample.
DENSE_PRODUCT = 0.0215
DENSE_WEIGHT = 0.045
DENSE_PACKED = 0.15
DENSE_SAMPLE = 3.0
DENSE_INPUT = 0.2
# Multiply-accumulates up to which BLAS stays on one thread; the share of the time that two of them
# take with one sample, what each doubling of the samples takes off it, and the least.
BLAS_ALONE = 2**18
BLAS_ONE = 0.93
BLAS_DOUBLED = 0.045
BLAS_MANY = 0.52
# From this cost on it pays to wake another thread; what that takes, and how much faster two are.
WORTH_THREADS = 500_000.0
HAND_OVER = 40_000.0
TWO_THREADS = 1.85
# Share of the time that two threads of BLAS take for a product of training, and what it takes to
# set them on it.
BLAS_TRAIN = 0.58
BLAS_WAKE = 20_000.0
# The kept weights in training, in products of a prediction: forth and for the gradient, and back.
KEPT_TRAIN = 3.4
KEPT_BACK = 1.3
# To update a weight: its state comes from memory.
UPDATE = 1.5
# A convolution: what it costs beside the product to write a value of a patch and to pool one.
PATCH_VALUE = 0.7
POOLED_VALUE = 1.5
# A run of a kept weight over samples side by side: to begin it, and each sample of it.
RUN = 0.5
RUN_SAMPLE = 0.045
# A value of a convolution before and after the pooling, likewise.
CONV_VALUE = 1.4
CONV_VALUE_SAMPLE = 0.27
POOLED = 0.5
POOLED_SAMPLE = 0.02
# The bias and activation of a unit likewise.
UNIT = 5.0
UNIT_SAMPLE = 0.07
# One sample by itself: a kept weight, and an input.
SINGLE_WEIGHT = 0.55
SINGLE_INPUT = 1.5
# To put a value of a sample into its column, or back.
TURN = 0.4
# To pick a value that is read from among those of a sample.
PICK = 1.0
# To take a weight in another order.
COPY = 1.0
# To call what computes a layer by BLAS, what does from its kept weights, and what turns samples.
DENSE_CALL = 3400.0
KEPT_CALL = 1200.0
TURN_CALL = 1200.0
# A form is taken only if it seems to need less than this share of the time of the dense one.
MARGIN = 0.9


def dense_product(n_weights, n_inputs, n_picked, n_samples, *, threaded=False):
    """Cost of a dense layer by BLAS, with so many values of a sample picked for it first.

    BLAS uses threads of its own for larger products; two are assumed.
    """
    once = DENSE_WEIGHT if n_samples == 1 else DENSE_PACKED
    weights = n_weights * (DENSE_PRODUCT * n_samples + once)
    if threaded and n_weights * n_samples > BLAS_ALONE:
        weights *= max(BLAS_MANY, BLAS_ONE - BLAS_DOUBLED * math.log2(n_samples))
    sample = DENSE_SAMPLE + n_inputs * DENSE_INPUT + n_picked * PICK
    return DENSE_CALL + weights + n_samples * sample


def threaded(cost):
    """Cost of work that two threads share."""
    return HAND_OVER + cost / TWO_THREADS


def dense_convolution(n_weights, n_patch_values, n_conv_values, n_positions, n_samples):
    """Cost of a convolution by BLAS; the numbers of values are those of one sample."""
    one = n_weights * n_positions * DENSE_PRODUCT
    return 3 * DENSE_CALL + n_samples * (
        one + n_patch_values * PATCH_VALUE + n_conv_values * POOLED_VALUE
    )


def copying(n_weights):
    """Cost of taking the weights of a layer without a mask anew."""
    return KEPT_CALL + n_weights * COPY


def kept_product(n_weights, n_rows, n_units, blocks):
    """Cost of a layer's kept weights over blocks, (number, width), of samples side by side."""
    n_blocks, width = blocks
    if width == 1:
        return KEPT_CALL + n_blocks * (n_weights * SINGLE_WEIGHT + n_rows * SINGLE_INPUT + n_units)
    run, unit = RUN + RUN_SAMPLE * width, UNIT + UNIT_SAMPLE * width
    return KEPT_CALL + n_blocks * (n_weights * run + n_units * unit)


def kept_convolution(n_weights, n_lines, line, n_conv_values, n_pooled, blocks):
    """Cost of a convolution's kept weights: a run for each line of positions."""
    n_blocks, width = blocks
    run = RUN + RUN_SAMPLE * line * width
    values = n_conv_values * (CONV_VALUE + CONV_VALUE_SAMPLE * width)
    values += n_pooled * (POOLED + POOLED_SAMPLE * width)
    return KEPT_CALL + n_blocks * (n_weights * n_lines * run + values)


def training_dense(product, n_weights, n_samples, n_products, *, threaded):
    """Cost of a step of training with the whole weight, from that of a prediction's product.

    ``n_products`` is 2, and 3 for a layer that carries gradients back.
    """
    if threaded and n_weights * n_samples > BLAS_ALONE:
        product = BLAS_WAKE + BLAS_TRAIN * product
    return n_products * product + UPDATE * n_weights


def training_kept(product, n_kept, n_products):
    """Cost of a step of training with the kept weights alone; see `training_dense`."""
    return (KEPT_TRAIN + KEPT_BACK * (n_products - 2)) * product + UPDATE * n_kept


def turning(n_values):
    """Cost of turning values from rows to columns or back."""
    return TURN_CALL + n_values * TURN


def blocks_of(n_samples, width):
    """Share samples among blocks of nearly the same width.

    Returns
    -------
    blocks : tuple of int
        (number of blocks, their width): at most ``width``, a multiple of 8, and 1 for
        so few samples that each is better off alone.
    """
    if n_samples < 4:
        return max(n_samples, 1), 1
    n_blocks = -(-n_samples // width)
    wide = -(-n_samples // n_blocks)
    wide = -(-wide // 8) * 8
    return -(-n_samples // wide), wide
