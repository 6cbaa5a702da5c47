"""Networks as ONNX operators, whoever collects them."""

import numpy as np
from sklearn.base import is_classifier

from skscreen.interop.layers import channels_first, zeros_around
from skscreen.nn import Conv, Dense
from skscreen.pruning import compact

#: activation -> operator
OPERATORS = {"identity": None, "relu": "Relu", "tanh": "Tanh", "logistic": "Sigmoid"}


def write_logits(graph, network, x, dtype):
    """Write the operators from samples to logits.

    Parameters
    ----------
    graph : object
        ``graph.constant(array)`` and ``graph.node(operator, *inputs, **attributes)`` return the
        name of a tensor.
    network : Network
    x : str
        Name of the samples: flat, for a network with convolutions also images, channels last.
    dtype : dtype
        Their dtype. Images of uint8 are scaled to numbers from 0 to 1, as in the network.

    Returns
    -------
    logits : str
        Name of a tensor of shape (n_samples, n_outputs).
    """
    precision = tensor_dtype(network)
    if dtype != precision:
        x = graph.node("Cast", x, to=onnx_type(precision))
    shape = sample_shape(network)
    if len(shape) == 3:
        if dtype == np.uint8:
            x = graph.node("Mul", x, graph.constant(np.array(1 / 255, precision)))
        x = graph.node("Transpose", _reshape(graph, x, shape), perm=[0, 3, 1, 2])
    for layer in network.layers:
        x = LAYERS[type(layer)](graph, layer, x, shape, precision)
        shape = layer.output_shape()
    return x


def sample_shape(network):
    """Return (height, width, n_channels) for convolutions, else the number of values read."""
    first = network.layers[0]
    return first.input_shape if isinstance(first, Conv) else (first.n_inputs,)


def tensor_dtype(network):
    """Return the dtype that the operators compute with: convolutions exist in float32 alone."""
    return np.dtype(np.float32) if isinstance(network.layers[0], Conv) else network.dtype


def require_convolutions(network, allowed):
    """Raise for convolutions in float64, of which onnxruntime has none, unless float32 will do.

    Parameters
    ----------
    network : Network
    allowed : bool
        Whether it was said that they may be computed in float32.
    """
    if network.dtype != tensor_dtype(network) and not allowed:
        raise ValueError(
            f"onnxruntime has convolutions in float32 alone, and the network is one of "
            f"{network.dtype}: give dtype='float32' to skscreen.interop.to_onnx, and the file "
            "computes in float32"
        )


def onnx_type(dtype):
    """Return the number that stands for a dtype in ONNX."""
    from onnx import helper

    return helper.np_dtype_to_tensor_dtype(np.dtype(dtype))


def outputs(estimator):
    """Return the name, the dtype and the sizes but the first of each output of an estimator."""
    precision = tensor_dtype(estimator.network_)
    if not is_classifier(estimator):
        return [("variable", precision, [estimator.n_outputs_])]
    return [
        ("label", label_array(estimator.classes_).dtype, []),
        ("probabilities", precision, [len(estimator.classes_)]),
    ]


def write_estimator(graph, estimator, x, dtype, names):
    """Write the operators from samples to what an estimator predicts.

    Parameters
    ----------
    graph : object
        See `write_logits`.
    estimator : estimator
        A fitted network estimator; its network is compacted first.
    x : str
        Name of the samples.
    dtype : dtype
        Their dtype.
    names : list of str
        Names of the `outputs`.
    """
    network = compact(estimator.network_)
    logits = write_logits(graph, network, x, dtype)
    if not is_classifier(estimator):
        graph.node("Identity", logits, name=names[0])
        return
    if network.output == "softmax":
        probabilities = graph.node("Softmax", logits, axis=1)
    else:
        positive = graph.node("Sigmoid", logits)
        one = graph.constant(np.array(1, tensor_dtype(network)))
        probabilities = graph.node("Concat", graph.node("Sub", one, positive), positive, axis=1)
    codes = graph.node("ArgMax", probabilities, axis=1, keepdims=0)
    graph.node("Gather", graph.constant(label_array(estimator.classes_)), codes, name=names[0])
    graph.node("Identity", probabilities, name=names[1])


def label_array(classes):
    """Return the classes as ONNX has them, or raise.

    Parameters
    ----------
    classes : ndarray of shape (n_classes,)

    Returns
    -------
    labels : ndarray of int64, bool, float or object (of str)
    """
    if classes.dtype.kind in "iu":
        labels = classes.astype(np.int64)
        if (labels == classes).all():
            return labels
    if classes.dtype.kind in "bf":
        return classes
    if all(isinstance(label, str) for label in classes.tolist()):
        return np.array(classes.tolist(), dtype=object)
    raise ValueError(
        f"labels must be numbers or strings for ONNX, got classes_ of dtype {classes.dtype}: "
        f"{classes}"
    )


def _dense(graph, layer, x, shape, precision):
    if len(shape) == 3:  # our images have the channels last, and are read in that order
        x = _reshape(graph, graph.node("Transpose", x, perm=[0, 2, 3, 1]), (int(np.prod(shape)),))
    if layer.reads is not None:
        x = graph.node("Gather", x, graph.constant(layer.reads.astype(np.int64)), axis=1)
    weight = graph.constant(layer.weight.astype(precision))
    x = graph.node("Gemm", x, weight, graph.constant(layer.bias.astype(precision)))
    return _activation(graph, layer, x)


def _conv(graph, layer, x, shape, precision):
    before, after = zeros_around(layer)
    x = graph.node(
        "Conv",
        x,
        graph.constant(channels_first(layer).astype(precision)),
        graph.constant(layer.bias.astype(precision)),
        kernel_shape=list(layer.kernel_size),
        strides=[layer.stride, layer.stride],
        pads=[*before, *after],
    )
    if layer.pool_size != (1, 1):
        pools = list(layer.pool_size)
        x = graph.node("MaxPool", x, kernel_shape=pools, strides=pools)
    return _activation(graph, layer, x)


LAYERS = {Dense: _dense, Conv: _conv}


def _activation(graph, layer, x):
    operator = OPERATORS[layer.activation]
    return x if operator is None else graph.node(operator, x)


def _reshape(graph, x, shape):
    return graph.node("Reshape", x, graph.constant(np.array([0, *shape], dtype=np.int64)))
