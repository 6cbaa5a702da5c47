"""Small random networks of every kind, not trained, as fitted estimators."""

import itertools

import numpy as np

from skscreen import CNNClassifier, CNNRegressor, MLPClassifier, MLPRegressor
from skscreen.estimators.adapt import fitted_estimator
from skscreen.nn import Conv, Dense, Network
from skscreen.pruning import compact

ACTIVATIONS = ["identity", "logistic", "tanh", "relu"]
LABELS = [
    lambda n: np.arange(n),
    lambda n: np.arange(n, dtype=np.uint8) * 3,
    lambda n: np.arange(n) / 4 - 1,
    lambda n: np.array([f"class {i}" for i in range(n)]),
    lambda n: np.array([f"Klasse ä{i}" for i in range(n)], dtype=object),
]


def random_weights(rng, *shape):
    """Return normal float32 weights."""
    return rng.standard_normal(shape).astype(np.float32)


def relu_network(rng, *sizes):
    """Return a classifier's network of dense layers with normal weights and biases."""
    return Network(
        [
            Dense(random_weights(rng, *shape), random_weights(rng, shape[1]), "relu")
            for shape in itertools.pairwise(sizes)
        ],
        "softmax",
    )


def two_convolutions(dtype):
    """Return a classifier's network for images of (8, 8, 2), with two convolutions."""
    rng, dtype = np.random.RandomState(0), np.dtype(dtype)
    conv = Conv.initialise(
        4, "relu", rng, dtype, input_shape=(8, 8, 2), kernel_size=(3, 3), pool_size=(2, 2)
    )
    second = Conv.initialise(5, "relu", rng, dtype, input_shape=(3, 3, 4), kernel_size=(2, 2))
    return Network([conv, second, Dense.initialise(20, 3, "identity", rng, dtype)], "softmax")


def random_estimator(seed, *, convolutional=None, labels=LABELS, dtype=None, activation=None):
    """Return a fitted estimator with a random network, masked and compacted by chance."""
    rng = np.random.default_rng(seed)
    draw = {
        "activation": activation or str(rng.choice(ACTIVATIONS)),
        "dtype": dtype or str(rng.choice(["float32", "float64"])),
    }
    cnn = bool(rng.integers(2)) if convolutional is None else convolutional
    classifies = bool(rng.integers(2))
    n_classes = int(rng.integers(2, 6))
    n_outputs = int(rng.integers(1, 4))
    facts = {}
    output = "identity"
    if classifies:
        facts["classes_"] = labels[rng.integers(len(labels))](n_classes)
        n_outputs = 1 if n_classes == 2 else n_classes
        output = "logistic" if n_classes == 2 else "softmax"
    sizes = tuple(int(size) for size in rng.integers(1, 9, rng.integers(0, 3)))
    draw["hidden_layer_sizes"] = sizes
    layers = []
    shape = (int(rng.integers(1, 13)),)
    if cnn:
        shape = tuple(int(size) for size in (*rng.integers(3, 10, 2), rng.integers(1, 4)))
        facts["image_shape_"] = shape
        layers = _convolutions(rng, shape, draw)
    facts["n_features_in_"] = int(np.prod(shape))
    if layers:
        shape = layers[-1].output_shape()
    for place, size in enumerate((*sizes, n_outputs)):
        activation = "identity" if place == len(sizes) else draw["activation"]
        weight, bias = _arrays(rng, (int(np.prod(shape)), size), draw["dtype"])
        layers.append(Dense(weight, bias, activation))
        shape = (size,)
    network = Network(layers, output)
    kind = {
        (False, False): MLPRegressor,
        (False, True): MLPClassifier,
        (True, False): CNNRegressor,
        (True, True): CNNClassifier,
    }[cnn, classifies]
    return fitted_estimator(kind, draw, _pruned(network, rng), facts)


def _arrays(rng, shape, dtype):
    weight = rng.normal(size=shape) / np.sqrt(shape[0])
    return weight.astype(dtype), rng.normal(size=shape[1]).astype(dtype)


def _convolutions(rng, shape, draw):
    n_layers = int(rng.integers(1, 3))
    draw["padding"] = str(rng.choice(["same", "valid"]))
    draw["conv_channels"] = tuple(int(n) for n in rng.integers(1, 5, n_layers))
    layers = []
    for n_channels in draw["conv_channels"]:
        kernel = tuple(int(min(k, s)) for k, s in zip(rng.integers(1, 4, 2), shape, strict=False))
        geometry = {
            "input_shape": shape,
            "kernel_size": kernel,
            "stride": int(rng.integers(1, 3)),
            "padding": draw["padding"],
        }
        weight, bias = _arrays(rng, (kernel[0] * kernel[1] * shape[2], n_channels), draw["dtype"])
        size = Conv(weight, bias, draw["activation"], **geometry).conv_shape
        pool = tuple(int(min(rng.integers(1, 3), s)) for s in size)
        layers.append(Conv(weight, bias, draw["activation"], pool_size=pool, **geometry))
        shape = layers[-1].output_shape()
    return layers


def _pruned(network, rng):
    way = rng.integers(3)
    if way:
        for layer in network.layers:
            mask = rng.random(layer.weight.shape) < rng.choice([0.3, 0.7])
            mask.flat[rng.integers(mask.size)] = True
            layer.set_mask(mask)
    return compact(network) if way == 2 else network


def samples(estimator, n_samples=20, seed=0):
    """Return samples for an estimator, of its own dtype."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(n_samples, estimator.n_features_in_))
    return values.astype(estimator.network_.dtype)


def outputs(estimator, X):
    """Return what an estimator predicts, as numbers: logits of a classifier."""
    method = getattr(estimator, "decision_function", estimator.predict)
    return method(X)
