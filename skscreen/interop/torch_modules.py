"""Modules of PyTorch as layers: what belongs to which layer, and whether it has a counterpart."""

import warnings
from dataclasses import dataclass

import numpy as np

from skscreen.interop.layers import zeros_around
from skscreen.nn import Conv, Dense

#: class of torch.nn -> activation
ACTIVATIONS = {"ReLU": "relu", "Tanh": "tanh", "Sigmoid": "logistic"}


@dataclass
class Block:
    """A module with weights, and what comes before and after it.

    Parameters
    ----------
    name : str
    module : torch.nn.Linear or torch.nn.Conv2d
    zeros : tuple of int
        Columns and rows of zeros (left, right, top, bottom) before it.
    flat : bool
        Whether a Flatten comes before it.
    activation : str or None
        What comes after it.
    pool_size : tuple (height, width) or None
        Windows of the pooling after it.
    dropout : float
        Of what it gives.
    """

    name: str
    module: object
    zeros: tuple
    flat: bool
    activation: str | None = None
    pool_size: tuple | None = None
    dropout: float = 0.0

    @property
    def convolves(self):
        """Whether it is a convolution."""
        return type(self.module).__name__ == "Conv2d"


def no_counterpart(name, module, reason):
    """Return the error for a module that cannot be converted."""
    return ValueError(f"{name}, {module}, has no counterpart: {reason}")


def require_counterpart(condition, name, module, reason):
    """Raise for a module that cannot be converted, unless the condition holds."""
    if not condition:
        raise no_counterpart(name, module, reason)


def flattened(module, prefix=""):
    """Yield (name, module) of all parts of a Sequential that are none themselves."""
    if type(module).__name__ != "Sequential":
        yield prefix or "the module", module
        return
    for name, part in module.named_children():
        yield from flattened(part, f"{prefix}.{name}" if prefix else name)


class Grouping:
    """Collects modules into blocks, in the order in which they come."""

    def __init__(self):
        self.blocks = []
        self._zeros = (0, 0, 0, 0)
        self._flat = False

    def add(self, name, module):
        """Take the next module, or raise a ValueError that names it."""
        add = self.KNOWN.get(type(module).__name__)
        ours = type(module).__module__.startswith("torch.nn.")
        known = f"there are {', '.join(self.KNOWN)}"
        require_counterpart(ours and add is not None, name, module, known)
        add(self, name, module)

    def _add_block(self, name, module):
        self.blocks.append(Block(name, module, self._zeros, self._flat))
        self._zeros = (0, 0, 0, 0)
        self._flat = False

    def _add_activation(self, name, module):
        last = self.blocks[-1] if self.blocks else None
        follows = last is not None and last.activation is None  # a Flatten between changes nothing
        require_counterpart(follows, name, module, "it must follow a Linear or Conv2d")
        last.activation = ACTIVATIONS[type(module).__name__]

    def _add_pooling(self, name, module):
        last = self.blocks[-1] if self.blocks else None
        follows = last is not None and last.convolves and last.pool_size is None
        require_counterpart(
            follows and not self._flat, name, module, "it must follow a Conv2d, with one each"
        )
        plain = (
            _pair(module.stride) == _pair(module.kernel_size)
            and _pair(module.padding) == (0, 0)
            and _pair(module.dilation) == (1, 1)
            and not (module.ceil_mode or module.return_indices)
        )
        require_counterpart(plain, name, module, "windows must lie side by side, without padding")
        last.pool_size = _pair(module.kernel_size)

    def _add_dropout(self, name, module):
        require_counterpart(module.p < 1, name, module, "it leaves nothing")
        if self.blocks and not self.blocks[-1].convolves:
            self.blocks[-1].dropout = module.p
        else:
            warnings.warn(
                f"{name}, {module}, is left out: there is no dropout of inputs or beside "
                "convolutions",
                UserWarning,
                stacklevel=4,
            )

    def _add_flatten(self, name, module):
        whole = (module.start_dim, module.end_dim) == (1, -1)
        require_counterpart(whole, name, module, "it must flatten each sample")
        self._flat = True

    def _add_zeros(self, name, module):
        self._zeros = tuple(module.padding)

    KNOWN = {
        "Linear": _add_block,
        "Conv2d": _add_block,
        "MaxPool2d": _add_pooling,
        "ReLU": _add_activation,
        "Tanh": _add_activation,
        "Sigmoid": _add_activation,
        "Dropout": _add_dropout,
        "Dropout2d": _add_dropout,
        "Flatten": _add_flatten,
        "ZeroPad2d": _add_zeros,
    }


def dense_layer(block, shape):
    """Make the layer of a Linear.

    Parameters
    ----------
    block : Block
    shape : tuple of int or None
        Of a sample as it comes: (height, width, n_channels) after convolutions.

    Returns
    -------
    layer : Dense
    """
    name, module = block.name, block.module
    require_counterpart(not any(block.zeros), name, module, "zeros come before it")
    weight = _array(module.weight).T
    if shape is not None and len(shape) == 3:
        require_counterpart(block.flat, name, module, "a Flatten must come before it")
        height, width, channels = shape
        require_counterpart(
            len(weight) == height * width * channels, name, module, f"it gets {shape}"
        )
        weight = weight.reshape(channels, height, width, -1).transpose(1, 2, 0, 3)
        weight = weight.reshape(height * width * channels, -1)
    return Dense(weight, _bias(module), block.activation or "identity")


def conv_layer(block, shape):
    """Make the layer of a Conv2d; see `dense_layer`.

    Returns
    -------
    layer : Conv
    """
    name, module = block.name, block.module
    images = shape is not None and len(shape) == 3 and not block.flat
    require_counterpart(images, name, module, "it needs images: give image_shape")
    plain = (
        _pair(module.dilation) == (1, 1)
        and module.groups == 1
        and module.padding_mode == "zeros"
        and len(set(module.stride)) == 1
    )
    reason = "no dilation, groups, padding but by zeros, or two strides"
    require_counterpart(plain, name, module, reason)
    require_counterpart(module.in_channels == shape[2], name, module, f"it gets {shape}")
    kernels = _array(module.weight)
    weight = kernels.transpose(2, 3, 1, 0).reshape(-1, module.out_channels)
    size, before = _positions(block, shape)
    for padding in ("valid", "same"):
        layer = Conv(
            weight,
            _bias(module),
            block.activation or "identity",
            input_shape=shape,
            kernel_size=module.kernel_size,
            stride=module.stride[0],
            padding=padding,
            pool_size=block.pool_size or (1, 1),
        )
        if (layer.conv_shape, zeros_around(layer)[0]) == (size, before):
            break
    else:
        raise no_counterpart(name, module, "zeros around an image are none, or as for 'same'")
    fits = min(layer.output_shape()) >= 1
    require_counterpart(fits, name, module, f"it gets {shape}, which is too small")
    return layer


def _positions(block, shape):
    """Return the size after a Conv2d, and the rows and columns of zeros above and to the left."""
    kernel, stride = block.module.kernel_size, block.module.stride
    left, right, top, bottom = block.zeros
    zeros = [(top, bottom), (left, right)]
    own = block.module.padding
    if own == "same":
        own = [((k - 1) // 2, k // 2) for k in kernel]
    elif own == "valid":
        own = [(0, 0), (0, 0)]
    else:
        own = [(p, p) for p in own]
    before = tuple(z[0] + p[0] for z, p in zip(zeros, own, strict=True))
    size = tuple(
        (length + sum(z) + sum(p) - k) // s + 1
        for length, z, p, k, s in zip(shape[:2], zeros, own, kernel, stride, strict=True)
    )
    return size, before


def _pair(value):
    return value if isinstance(value, tuple) else (value, value)


def _array(tensor):
    """Return a tensor's values as an array of their own, of float32 or float64."""
    dtype = str(tensor.dtype).removeprefix("torch.")
    if dtype not in ("float32", "float64"):
        raise ValueError(f"weights must be float32 or float64, got {dtype}")
    return np.array(tensor.detach().cpu().numpy())


def _bias(module):
    weight = _array(module.weight)
    return np.zeros(len(weight), weight.dtype) if module.bias is None else _array(module.bias)
