"""Networks and pruners as steps that skl2onnx converts."""

import numpy as np

from skscreen.estimators import ScreeningPruner, ScreeningPrunerCV
from skscreen.estimators.adapt import ESTIMATORS
from skscreen.interop.extras import ONNX, require_extra
from skscreen.interop.models import network_estimator
from skscreen.interop.onnx_graph import (
    onnx_type,
    outputs,
    require_convolutions,
    tensor_dtype,
    write_estimator,
)

#: option of the converters: whether convolutions in float64 may be computed in float32
SINGLE_PRECISION = "single_precision"


def register_converters():
    """Tell skl2onnx how the networks and pruners of this package are converted.

    After that its own functions take them as any estimator of scikit-learn, but for a pruner that
    follows a network step in a Pipeline: give such a Pipeline to `to_onnx`. Probabilities are a
    tensor, whatever the option "zipmap" says.

    Raises
    ------
    ImportError
        Without the extra ``skscreen[onnx]``.
    """
    skl2onnx = require_extra("skl2onnx", ONNX)
    for kind in (*ESTIMATORS.values(), ScreeningPruner, ScreeningPrunerCV):
        skl2onnx.update_registered_converter(
            kind,
            f"Skscreen{kind.__name__}",
            _keep_types,
            _convert,
            parser=_declare_outputs,
            options={"zipmap": [True, False], SINGLE_PRECISION: [True, False]},
        )


def _declare_outputs(scope, model, inputs, custom_parsers=None):
    """Give a model its place among the steps, and say what comes out, for skl2onnx."""
    from skl2onnx.common.data_types import guess_data_type

    if isinstance(model, ScreeningPruner) and model.estimator is None:
        raise ValueError(
            "the network before the pruner is no step of its own in ONNX: convert the whole "
            "Pipeline with skscreen.interop.to_onnx"
        )
    operator = scope.declare_local_operator(f"Skscreen{type(model).__name__}", model)
    operator.inputs.extend(inputs)
    for name, dtype, sizes in outputs(network_estimator(model)):
        kind = type(guess_data_type(np.empty((1,) * (1 + len(sizes)), dtype))[0][1])
        operator.outputs.append(scope.declare_local_variable(name, kind([None, *sizes])))
    return operator.outputs


def _keep_types(operator):
    """Leave the outputs as they were declared."""


class _Graph:
    """Hands operators and constants on to skl2onnx."""

    def __init__(self, scope, container):
        self.scope = scope
        self.container = container

    def constant(self, array):
        array = np.asarray(array)
        name = self.scope.get_unique_variable_name("constant")
        values = array.ravel().tolist()
        self.container.add_initializer(name, onnx_type(array.dtype), list(array.shape), values)
        return name

    def node(self, operator, *inputs, name=None, **attributes):
        name = name or self.scope.get_unique_variable_name(operator.lower())
        self.container.add_node(operator, list(inputs), [name], **attributes)
        return name


def _convert(scope, operator, container):
    """Write a network's operators, for skl2onnx."""
    estimator = network_estimator(operator.raw_operator)
    options = container.get_options(operator.raw_operator, {SINGLE_PRECISION: False})
    require_convolutions(estimator.network_, options[SINGLE_PRECISION])
    graph = _Graph(scope, container)
    names = [output.full_name for output in operator.outputs]
    write_estimator(graph, estimator, *_input(graph, operator, estimator.network_), names)


def _input(graph, operator, network):
    """Return the name and the dtype of the samples, put together if they come in columns."""
    from onnx import helper
    from skl2onnx.common.data_types import guess_proto_type

    columns = [(column.full_name, guess_proto_type(column.type)) for column in operator.inputs]
    if len(columns) == 1:
        return columns[0][0], helper.tensor_dtype_to_np_dtype(columns[0][1])
    dtype = tensor_dtype(network)
    parts = [graph.node("Cast", name, to=onnx_type(dtype)) for name, _ in columns]
    return graph.node("Concat", *parts, axis=1), dtype
