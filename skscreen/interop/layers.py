"""Layers as plain facts and arrays, and back; what a file must say for a network to be sound."""

import math

import numpy as np

from skscreen.kernels.activations import ACTIVATIONS
from skscreen.nn import Conv, Dense

#: facts of a convolution beside its arrays
GEOMETRY = ("input_shape", "kernel_size", "stride", "padding", "pool_size")


def describe_layer(layer):
    """Return the facts and the arrays that a layer is made of.

    Parameters
    ----------
    layer : Dense or Conv

    Returns
    -------
    facts : dict
        Of strings, numbers and lists of numbers.
    arrays : dict of str to ndarray
        Of a masked weight only what is kept, and the mask as bits.
    """
    facts = {"kind": KINDS[type(layer)], "activation": layer.activation}
    facts["shape"] = list(layer.weight.shape)
    arrays = {"weight": layer.weight, "bias": layer.bias}
    if layer.mask is not None:
        arrays["weight"] = layer.weight[layer.mask]
        arrays["mask"] = np.packbits(layer.mask)
    more_facts, more_arrays = DESCRIPTIONS[facts["kind"]](layer)
    return facts | more_facts, arrays | more_arrays


def _describe_dense(layer):
    return {}, {} if layer.reads is None else {"reads": np.asarray(layer.reads, dtype=np.int64)}


def _describe_conv(layer):
    values = {name: getattr(layer, name) for name in GEOMETRY}
    return {k: list(map(int, v)) if isinstance(v, tuple) else v for k, v in values.items()}, {}


def build_layer(facts, arrays, sample_shape, max_bytes):
    """Make a layer from what `describe_layer` gave.

    Parameters
    ----------
    facts : dict
        Not to be trusted.
    arrays : dict of str to ndarray
        Likewise.
    sample_shape : tuple of int
        Shape of one sample as the layer before hands it on.
    max_bytes : int
        Largest weight.

    Returns
    -------
    layer : Dense or Conv

    Raises
    ------
    ValueError
        For facts and arrays that make no sound layer; before memory is taken for it.
    """
    kind = facts.get("kind")
    require(kind in BUILDERS, f"a layer of kind {kind!r}")
    require(set(arrays) <= ARRAYS[kind], f"arrays {sorted(arrays)} for a layer of kind {kind!r}")
    require(facts.get("activation") in ACTIVATIONS, f"activation {facts.get('activation')!r}")
    shape = whole_numbers(facts.get("shape"), 2, "shape of a weight")
    weight, bias = arrays.get("weight"), arrays.get("bias")
    require(weight is not None and bias is not None, "a layer without weight or bias")
    require(weight.dtype in (np.float32, np.float64), f"a weight of dtype {weight.dtype}")
    require(math.prod(shape) * weight.itemsize <= max_bytes, f"a weight of shape {shape}")
    require(
        bias.dtype == weight.dtype and bias.shape == shape[1:],
        f"a bias of shape {bias.shape} and dtype {bias.dtype} beside a weight of shape {shape}",
    )
    layer = BUILDERS[kind](facts, arrays, sample_shape, shape)
    if "mask" not in arrays:
        require(weight.shape == shape, f"a weight of shape {weight.shape} instead of {shape}")
        return layer(np.array(weight), np.array(bias))
    mask = _unpacked(arrays["mask"], shape)
    kept = np.count_nonzero(mask)
    require(weight.shape == (kept,), f"weights of shape {weight.shape}, but a mask keeps {kept}")
    full = np.zeros(shape, weight.dtype)
    full[mask] = weight
    made = layer(full, np.array(bias))
    made.set_mask(mask)
    return made


def _unpacked(bits, shape):
    n_bytes = -(-math.prod(shape) // 8)
    require(
        bits.dtype == np.uint8 and bits.shape == (n_bytes,),
        f"a mask of shape {bits.shape} and dtype {bits.dtype} for weights of shape {shape}",
    )
    return np.unpackbits(bits, count=math.prod(shape)).astype(bool).reshape(shape)


def _dense_builder(facts, arrays, sample_shape, shape):
    n_values = math.prod(sample_shape)
    reads = arrays.get("reads")
    if reads is None:
        require(shape[0] == n_values, f"{shape[0]} inputs of a layer that gets {n_values} values")
    else:
        require(
            reads.dtype == np.int64 and reads.shape == shape[:1],
            f"reads of shape {reads.shape} and dtype {reads.dtype} for {shape[0]} inputs",
        )
        within = reads[0] >= 0 and reads[-1] < n_values and (np.diff(reads) > 0).all()
        require(within, f"reads that are no rising places among {n_values} values")
        reads = np.array(reads)
    activation = facts["activation"]
    return lambda weight, bias: Dense(weight, bias, activation, reads=reads)


def _conv_builder(facts, arrays, sample_shape, shape):
    geometry = {
        "input_shape": whole_numbers(facts.get("input_shape"), 3, "input_shape"),
        "kernel_size": whole_numbers(facts.get("kernel_size"), 2, "kernel_size"),
        "pool_size": whole_numbers(facts.get("pool_size"), 2, "pool_size"),
        "stride": whole_numbers([facts.get("stride")], 1, "stride")[0],
        "padding": facts.get("padding"),
    }
    require(geometry["padding"] in ("same", "valid"), f"padding {geometry['padding']!r}")
    require(
        geometry["input_shape"] == sample_shape,
        f"a convolution of {geometry['input_shape']} that gets samples of {sample_shape}",
    )
    patch = math.prod(geometry["kernel_size"]) * sample_shape[2]
    require(shape[0] == patch, f"{shape[0]} inputs of a convolution that reads {patch} values")
    probe = Conv(np.empty((0, shape[1])), np.empty(0), facts["activation"], **geometry)
    fits = all(
        1 <= pool <= size for pool, size in zip(probe.pool_size, probe.conv_shape, strict=True)
    )
    require(fits, f"kernels of {probe.kernel_size} and pools of {probe.pool_size}: too large")
    return lambda weight, bias: Conv(weight, bias, facts["activation"], **geometry)


KINDS = {Dense: "dense", Conv: "conv"}
DESCRIPTIONS = {"dense": _describe_dense, "conv": _describe_conv}
ARRAYS = {
    "dense": {"weight", "bias", "mask", "reads"},
    "conv": {"weight", "bias", "mask"},
}
BUILDERS = {"dense": _dense_builder, "conv": _conv_builder}


def whole_numbers(values, length, name):
    """Return ``values`` as a tuple, which must be so many integers of at least 1."""
    sound = isinstance(values, list) and all(type(v) is int and v >= 1 for v in values)
    require(sound and len(values) == length, f"{name} {values!r}")
    return tuple(values)


def require(condition, found):
    """Raise a ValueError on what was found, unless the condition holds."""
    if not condition:
        raise ValueError(f"it holds {found}")


def full_weight(layer, n_values):
    """Return the weight of a fully connected layer with a row for each value before it.

    Parameters
    ----------
    layer : Dense
    n_values : int
        Values of a sample as the layer before hands it on.

    Returns
    -------
    weight : ndarray of shape (n_values, n_outputs)
        A copy; zero where the layer does not read.
    """
    weight = np.zeros((n_values, layer.n_outputs), layer.weight.dtype)
    weight[slice(None) if layer.reads is None else layer.reads] = layer.weight
    return weight


def channels_first(layer):
    """Return the kernels of a convolution with the channels first, as other packages have them.

    Parameters
    ----------
    layer : Conv

    Returns
    -------
    kernels : ndarray of shape (n_outputs, n_channels, kernel height, kernel width)
        A copy.
    """
    height, width = layer.kernel_size
    kernels = layer.weight.reshape(height, width, layer.input_shape[2], layer.n_outputs)
    return np.ascontiguousarray(kernels.transpose(3, 2, 0, 1))


def zeros_around(layer):
    """Return how many rows and columns of zeros a convolution puts around its images.

    Parameters
    ----------
    layer : Conv

    Returns
    -------
    before, after : tuple of int
        (rows, columns) above and to the left, and below and to the right.
    """
    if layer.padding == "valid":
        return (0, 0), (0, 0)
    total = [
        max((out - 1) * layer.stride + kernel - size, 0)
        for out, kernel, size in zip(
            layer.conv_shape, layer.kernel_size, layer.input_shape[:2], strict=True
        )
    ]
    before = tuple(n // 2 for n in total)
    return before, tuple(n - first for n, first in zip(total, before, strict=True))
