"""Networks as ONNX files, which onnxruntime and many others read without Python."""

import numpy as np
from sklearn.pipeline import Pipeline

from skscreen._version import __version__
from skscreen.interop.archive import write_whole
from skscreen.interop.extras import ONNX, require_extra
from skscreen.interop.models import lean_steps, network_estimator
from skscreen.interop.onnx_graph import (
    onnx_type,
    outputs,
    require_convolutions,
    write_estimator,
)
from skscreen.interop.onnx_steps import SINGLE_PRECISION, register_converters

#: version of the operators, of 2022: what has been written since reads it
OPSET = 18


def to_onnx(model, path=None, *, X=None, dtype=None, images=False, opset=OPSET):
    """Export a fitted network, or a whole Pipeline that ends in one, to ONNX.

    Parameters
    ----------
    model : estimator
        A fitted network estimator; a fitted `ScreeningPruner`, also one around a Pipeline; or a
        fitted Pipeline with one of them as the last step. A network step before the pruner is left
        out: only the lean network goes into the file, compacted.
    path : str or path-like, default=None
        File to write, by custom with the ending ``.onnx``; None for none.
    X : array-like or DataFrame of shape (n_samples, n_features), default=None
        Samples of a Pipeline, of which the types of its inputs are taken: one input for each
        column of a DataFrame. Needed for a Pipeline.
    dtype : dtype, default=None
        Dtype of the input of a network; None for that of the network. With "uint8" a network with
        convolutions takes images as bytes, and the file scales them itself. For convolutions in
        float64 "float32" must be given, also in a Pipeline, which takes its inputs from `X`.
    images : bool, default=False
        Whether the input of a network with convolutions has the axes (n_samples, height, width,
        n_channels) instead of (n_samples, n_features).
    opset : int, default=18
        Version of the ONNX operators.

    Returns
    -------
    proto : onnx.ModelProto
        Its input is called ``X`` (for a DataFrame as the columns are). The outputs are ``label``
        of shape (n_samples,) and ``probabilities`` of shape (n_samples, n_classes); for a
        regressor ``variable`` of shape (n_samples, n_outputs).

    Raises
    ------
    ImportError
        Without the extra ``skscreen[onnx]``.
    ValueError
        For class labels that are neither numbers nor strings, for convolutions in float64 without
        ``dtype="float32"``, and for a pruner around a Pipeline without `X`.

    Notes
    -----
    Networks with convolutions compute in float32, since onnxruntime has no others; the rest keep
    their precision. Connections that are cut between units that are left are zeros: ONNX has no
    masks, so that a file becomes small with ``granularity="channel"``. A Pipeline goes through
    ``skl2onnx``, for whose own functions `register_converters` does the rest.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skscreen import MLPClassifier
    >>> from skscreen.interop import to_onnx
    >>> X, y = load_iris(return_X_y=True)
    >>> net = MLPClassifier((10,), solver="lbfgs", tol=None, max_iter=50, random_state=0).fit(X, y)
    >>> proto = to_onnx(net)
    >>> [output.name for output in proto.graph.output], proto.opset_import[0].version
    (['label', 'probabilities'], 18)
    """
    onnx = require_extra("onnx", ONNX)
    whole = getattr(model, "wrapped_", model)  # what a pruner stands around
    if isinstance(whole, Pipeline):
        proto = _pipeline_to_onnx(whole, X, dtype, opset)
    else:
        proto = _network_to_onnx(network_estimator(model), dtype, images, opset)
    onnx.checker.check_model(proto)
    if path is not None:
        write_whole(path, lambda stream: stream.write(proto.SerializeToString()))
    return proto


class _Graph:
    """Collects operators and constants."""

    def __init__(self):
        self.nodes = []
        self.constants = []

    def constant(self, array):
        from onnx import numpy_helper

        name = f"constant{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(array), name))
        return name

    def node(self, operator, *inputs, name=None, **attributes):
        from onnx import helper

        name = name or f"{operator.lower()}{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, inputs, [name], **attributes))
        return name


def _network_to_onnx(estimator, dtype, images, opset):
    from onnx import helper

    require_convolutions(estimator.network_, _differs_from_float64(dtype))
    dtype = estimator.network_.dtype if dtype is None else np.dtype(dtype)
    features = _features(estimator, images)
    tensors = [
        helper.make_tensor_value_info(name, onnx_type(kind), ["n_samples", *sizes])
        for name, kind, sizes in outputs(estimator)
    ]
    samples = helper.make_tensor_value_info("X", onnx_type(dtype), ["n_samples", *features])
    graph = _Graph()
    write_estimator(graph, estimator, "X", dtype, [tensor.name for tensor in tensors])
    body = helper.make_graph(graph.nodes, "skscreen", [samples], tensors, graph.constants)
    operators = [helper.make_opsetid("", opset)]
    return helper.make_model(
        body,
        opset_imports=operators,
        ir_version=helper.find_min_ir_version_for(operators),
        producer_name="skscreen",
        producer_version=__version__,
    )


def _features(estimator, images):
    """Return the axes of a sample in the file."""
    if not images:
        return (estimator.n_features_in_,)
    if not hasattr(estimator, "image_shape_"):
        raise ValueError(f"images=True needs convolutions, got {type(estimator).__name__}")
    return estimator.image_shape_


def _differs_from_float64(dtype):
    return dtype is not None and np.dtype(dtype) != np.float64


def _pipeline_to_onnx(pipeline, X, dtype, opset):
    """Let skl2onnx convert the steps, with the lean network as the last one."""
    skl2onnx = require_extra("skl2onnx", ONNX)
    if X is None:
        raise ValueError("X must be given for a Pipeline, since its inputs may be of many types")
    register_converters()
    network = network_estimator(pipeline[-1])
    return skl2onnx.to_onnx(
        Pipeline([*lean_steps(pipeline), ("network", network)]),
        X[:1],
        target_opset={"": opset, "ai.onnx.ml": 3},
        options={id(network): {SINGLE_PRECISION: _differs_from_float64(dtype)}},
    )
