"""Networks from PyTorch and back to it. Its images have the channels first, ours last."""

import numpy as np
from sklearn.utils.validation import column_or_1d

from skscreen.estimators import CNNClassifier, CNNRegressor, MLPClassifier, MLPRegressor
from skscreen.estimators.adapt import fitted_estimator
from skscreen.estimators.images import with_channels
from skscreen.interop.extras import require_extra
from skscreen.interop.layers import channels_first, full_weight, zeros_around
from skscreen.interop.models import network_estimator
from skscreen.interop.torch_modules import (
    ACTIVATIONS,
    Grouping,
    conv_layer,
    dense_layer,
    flattened,
)
from skscreen.nn import Conv, Dense, Network

#: (whether there are convolutions, task) -> class
KINDS = {
    (False, "classification"): MLPClassifier,
    (False, "regression"): MLPRegressor,
    (True, "classification"): CNNClassifier,
    (True, "regression"): CNNRegressor,
}


def from_torch(module, *, task="classification", classes=None, image_shape=None, **parameters):
    """Convert a trained network of PyTorch, to be screened and pruned.

    Parameters
    ----------
    module : torch.nn.Sequential
        Of Linear, Conv2d, MaxPool2d, ReLU, Tanh, Sigmoid, Dropout, Flatten, ZeroPad2d and further
        Sequentials of these, on any device; stays as it is. The last one with weights is a Linear
        that gives logits.
    task : {"classification", "regression"}, default="classification"
        What the outputs mean. One output of a classifier is the logit of the second class.
    classes : array-like of shape (n_classes,), default=None
        Labels, in the order of the outputs and sorted, as in scikit-learn. None is 0, 1, ...
    image_shape : tuple (height, width) or (height, width, n_channels), default=None
        Of the samples; needed for convolutions.
    **parameters
        Further parameters of the estimator, such as `max_iter`, for training that goes on.

    Returns
    -------
    net : estimator
        A fitted `MLPClassifier`, `MLPRegressor`, `CNNClassifier` or `CNNRegressor` that predicts
        the same. Put a `sklearn.frozen.FrozenEstimator` around it to prune it as it is.

    Raises
    ------
    ImportError
        Without torch.
    ValueError
        That names the first module without a counterpart.

    Notes
    -----
    A network with convolutions takes images, or flat samples, whose channels come last:
    ``images.permute(0, 2, 3, 1).numpy()`` of PyTorch's. One without takes flat samples in the
    order in which ``Flatten`` gives them. Two outputs of a classifier become one, the difference
    of their logits: the probabilities are the same. Dropout of inputs and beside convolutions is
    left out, with a warning; that of hidden layers becomes `dropout`, the largest if they differ.
    Layers may differ in activation and padding, and kernels be no squares; only should the
    estimator be fitted anew, from its parameters, its new network is like the first layer
    throughout.

    Examples
    --------
    ``ScreeningPruner(FrozenEstimator(from_torch(module)), refit="least-squares").fit(X, y)``, with
    X and y of NumPy, screens and prunes a network of PyTorch, and ``to_torch`` hands it back.
    """
    require_extra("torch", "skscreen[torch]")
    if task not in ("classification", "regression"):
        raise ValueError(f"task must be 'classification' or 'regression', got {task!r}")
    grouping = Grouping()
    for name, part in flattened(module):
        grouping.add(name, part)
    layers = _layers(grouping.blocks, None if image_shape is None else with_channels(image_shape))
    facts = {"n_features_in_": layers[0].n_inputs}
    if isinstance(layers[0], Conv):
        facts = {
            "n_features_in_": int(np.prod(layers[0].input_shape)),
            "image_shape_": layers[0].input_shape,
        }
    output = "identity"
    if task == "classification":
        layers[-1] = _one_logit_for_two(layers[-1])
        n_classes = max(2, layers[-1].n_outputs)
        facts["classes_"] = _checked_classes(classes, n_classes)
        output = "logistic" if n_classes == 2 else "softmax"
    kind = KINDS[isinstance(layers[0], Conv), task]
    described = _described(layers, max(block.dropout for block in grouping.blocks))
    return fitted_estimator(kind, described | parameters, Network(layers, output), facts)


def _layers(blocks, shape):
    """Make the layers; ``shape`` is that of the samples, or None."""
    if not blocks or blocks[-1].convolves or blocks[-1].activation is not None:
        raise ValueError("module must end in a Linear that gives logits, without an activation")
    if not blocks[0].convolves:
        shape = None
    layers = []
    for block in blocks:
        make = conv_layer if block.convolves else dense_layer
        layers.append(make(block, shape))
        shape = layers[-1].output_shape()
    dtypes = {layer.weight.dtype.name for layer in layers}
    if len(dtypes) > 1:
        raise ValueError(f"weights must be of one dtype, got {sorted(dtypes)}")
    return layers


def _one_logit_for_two(layer):
    """Make one output of two: the difference of the logits of two classes says all."""
    if layer.n_outputs != 2:
        return layer
    weight = layer.weight[:, 1:] - layer.weight[:, :1]
    return Dense(weight, layer.bias[1:] - layer.bias[:1], "identity")


def _checked_classes(classes, n_classes):
    if classes is None:
        return np.arange(n_classes)
    labels = column_or_1d(classes)
    if len(labels) != n_classes or len(np.unique(labels)) != n_classes:
        raise ValueError(f"classes must be {n_classes} labels, got {classes!r}")
    if not (labels[:-1] < labels[1:]).all():
        raise ValueError(
            f"classes must be sorted, with the outputs in that order, got {classes!r}"
        )
    return labels


def _described(layers, dropout):
    """Return the parameters by which an estimator would build such a network, about."""
    convolutions = [layer for layer in layers if isinstance(layer, Conv)]
    hidden = layers[len(convolutions) : -1]
    parameters = {
        "hidden_layer_sizes": tuple(layer.n_outputs for layer in hidden),
        "activation": layers[0].activation if len(layers) > 1 else "relu",
        "dropout": float(dropout),
        "dtype": layers[0].weight.dtype.name,
    }
    if convolutions:
        parameters |= {
            "image_shape": convolutions[0].input_shape,
            "conv_channels": tuple(layer.n_outputs for layer in convolutions),
            "kernel_size": tuple(layer.kernel_size[0] for layer in convolutions),
            "stride": tuple(layer.stride for layer in convolutions),
            "padding": convolutions[0].padding,
            "pool_size": tuple(layer.pool_size[0] for layer in convolutions),
        }
    return parameters


def to_torch(model):
    """Hand a network on to PyTorch.

    Parameters
    ----------
    model : estimator
        A fitted network estimator, or a fitted `ScreeningPruner`, whose lean network is meant.

    Returns
    -------
    module : torch.nn.Sequential
        Of standard modules, on the CPU, in ``eval`` mode: gives the logits, for a classifier of
        two classes one, as ``decision_function``; for a regressor the predictions. A network with
        convolutions takes images with the axes (n_samples, n_channels, height, width).

    Raises
    ------
    ImportError
        Without torch.

    Notes
    -----
    PyTorch's modules know no masks: what was cut between units that are left is a zero, and is
    trained like any other weight, unless ``torch.nn.utils.prune.custom_from_mask`` is given the
    mask ``module.weight != 0``. Inputs that were given up are columns of zeros. Images of bytes
    must be divided by 255 first, which a network of this package does by itself.
    """
    torch = require_extra("torch", "skscreen[torch]")
    estimator = network_estimator(model)
    modules = []
    shape = getattr(estimator, "image_shape_", (estimator.n_features_in_,))
    for layer in estimator.network_.layers:
        last = layer is estimator.network_.layers[-1]
        modules += MODULES[type(layer)](torch, layer, shape, 0.0 if last else estimator.dropout)
        shape = layer.output_shape()
    return torch.nn.Sequential(*modules).eval()


def _from_dense(torch, layer, shape, dropout):
    weight = full_weight(layer, int(np.prod(shape))).T
    modules = []
    if len(shape) == 3:
        weight = weight.reshape(-1, *shape).transpose(0, 3, 1, 2).reshape(len(weight), -1)
        modules.append(torch.nn.Flatten())
    linear = torch.nn.utils.skip_init(
        torch.nn.Linear, *weight.shape[::-1], dtype=_dtype(torch, layer)
    )
    modules += [_filled(torch, linear, weight, layer.bias), *_activation(torch, layer)]
    return [*modules, torch.nn.Dropout(dropout)] if dropout else modules


def _from_conv(torch, layer, shape, dropout):
    before, after = zeros_around(layer)
    modules = []
    padding = before
    if before != after:
        modules.append(torch.nn.ZeroPad2d((before[1], after[1], before[0], after[0])))
        padding = 0
    conv = torch.nn.utils.skip_init(
        torch.nn.Conv2d,
        shape[2],
        layer.n_outputs,
        layer.kernel_size,
        stride=layer.stride,
        padding=padding,
        dtype=_dtype(torch, layer),
    )
    modules.append(_filled(torch, conv, channels_first(layer), layer.bias))
    if layer.pool_size != (1, 1):
        modules.append(torch.nn.MaxPool2d(layer.pool_size))
    return modules + _activation(torch, layer)


MODULES = {Dense: _from_dense, Conv: _from_conv}


def _dtype(torch, layer):
    return getattr(torch, layer.weight.dtype.name)


def _filled(torch, module, weight, bias):
    """Give a module its weights."""
    state = {"weight": weight, "bias": bias}
    module.load_state_dict({name: torch.from_numpy(np.array(v)) for name, v in state.items()})
    return module


def _activation(torch, layer):
    names = {ours: theirs for theirs, ours in ACTIVATIONS.items()}
    theirs = names.get(layer.activation)
    return [] if theirs is None else [getattr(torch.nn, theirs)()]
