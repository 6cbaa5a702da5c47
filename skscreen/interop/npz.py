"""Networks in a file that can be read without trust in whoever wrote it."""

import json
import math
import zipfile
from os import PathLike

import numpy as np
from sklearn.base import BaseEstimator, is_classifier

from skscreen._params import integer, is_integer
from skscreen._version import __version__
from skscreen.estimators.adapt import ESTIMATORS, fitted_estimator
from skscreen.estimators.base import NetworkEstimator
from skscreen.interop.archive import read_arrays, write_arrays
from skscreen.interop.layers import build_layer, describe_layer, require
from skscreen.interop.models import network_estimator
from skscreen.interop.plain import decode, encode
from skscreen.nn import Network

FORMAT = "skscreen network"
FORMAT_VERSION = 1
#: bytes of the JSON, which grows more than arrays do when it is read
LONGEST_HEADER = 2**26
#: what else is no error of ours but of the file
FILE_ERRORS = (
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    OverflowError,
    RecursionError,
    OSError,
    EOFError,
    NotImplementedError,
    RuntimeError,
    zipfile.BadZipFile,
)


class NetworkFileError(ValueError):
    """A file is no network of skscreen, or is damaged, or asks for too much memory."""


def save(model: BaseEstimator, path: str | PathLike) -> None:
    """Save a fitted network to one file, without pickling.

    Parameters
    ----------
    model : estimator
        A fitted network estimator, or a fitted `ScreeningPruner`, whose lean network is saved.
    path : str or path-like
        Of the file, by custom with the ending ``.npz``. A file that is there is replaced, by a
        whole new one or not at all.

    Raises
    ------
    ValueError
        For a parameter or a class label that is no plain value; no file is written.

    Notes
    -----
    The file is an uncompressed ``.npz`` of plain arrays, which ``numpy.load`` reads as well:
    ``header`` is JSON in UTF-8, with the version of the format, and there are the weights (of a
    masked layer those that are kept, and the mask as bits), biases and labels. All parameters are
    saved, and what ``fit`` left, but for `checkpoint_` and the state of the optimiser:
    ``partial_fit`` starts with a fresh one. Of a pruner neither scores nor report are saved, and
    of no model the settings of ``set_output`` or of metadata routing.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from sklearn.datasets import load_iris
    >>> from skscreen import MLPClassifier
    >>> from skscreen.interop import load, save
    >>> X, y = load_iris(return_X_y=True)
    >>> net = MLPClassifier((10,), solver="lbfgs", tol=None, max_iter=50, random_state=0).fit(X, y)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "iris.npz"
    ...     save(net, path)
    ...     again = load(path)
    >>> bool((again.predict(X) == net.predict(X)).all()), again.hidden_layer_sizes
    (True, (10,))
    """
    estimator = network_estimator(model)
    arrays: dict[str, np.ndarray] = {}
    layers = []
    for number, layer in enumerate(estimator.network_.layers):
        facts, own = describe_layer(layer)
        layers.append(facts)
        arrays |= {f"layer{number}.{name}": array for name, array in own.items()}
    header = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "skscreen": __version__,
        "estimator": type(estimator).__name__,
        "parameters": _encoded(estimator.get_params(deep=False), arrays),
        "fitted": _encoded(_facts(estimator), arrays),
        "layers": layers,
    }
    text = json.dumps(header).encode()
    if len(text) > LONGEST_HEADER:
        raise ValueError(f"the parameters take {len(text)} bytes, more than {LONGEST_HEADER}")
    write_arrays(path, {"header": np.frombuffer(text, np.uint8)} | arrays)


def _facts(estimator):
    state = vars(estimator)
    return {name: state[name] for name in FACTS if name in state}


def _encoded(values, arrays):
    plain = {}
    for name, value in values.items():
        try:
            plain[name] = encode(value, arrays)
        except ValueError as error:
            raise ValueError(f"{name} {error}") from error
    return plain


def load(path: str | PathLike, *, max_bytes: int = 2**32) -> NetworkEstimator:
    """Load a network that `save` has written; no code in the file is ever run.

    Parameters
    ----------
    path : str or path-like
    max_bytes : int, default=4 GiB
        Largest weight that is believed. (Nothing else can be larger than the file itself.)

    Returns
    -------
    estimator : estimator
        As it was saved: predicts the same, to the last bit.

    Raises
    ------
    NetworkFileError
        For a file that `save` has not written, that is damaged, or of a newer format.
    OSError
        If there is no such file, or it may not be read.
    """
    with open(path, "rb") as stream:
        try:
            arrays = read_arrays(stream)
            return _estimator(_header(arrays), arrays, max_bytes)
        except FILE_ERRORS as error:
            reason = str(error) or type(error).__name__
            raise NetworkFileError(f"{path} is no sound network of skscreen: {reason}") from error


def _header(arrays):
    raw = arrays.get("header")
    require(raw is not None and raw.dtype == np.uint8 and raw.ndim == 1, "no header")
    require(raw.size <= LONGEST_HEADER, f"a header of {raw.size} bytes")
    header = json.loads(raw.tobytes())
    require(isinstance(header, dict) and header.get("format") == FORMAT, "another format")
    version = header.get("format_version")
    require(
        version == FORMAT_VERSION,
        f"version {version!r} of the format, written by skscreen {header.get('skscreen')}; this "
        f"one, {__version__}, reads version {FORMAT_VERSION}",
    )
    return header


def _estimator(header, arrays, max_bytes):
    kind = ESTIMATORS.get(header["estimator"])
    require(kind is not None, f"an estimator of kind {header['estimator']!r}")
    values = {k: v for k, v in arrays.items() if k.startswith("value")}
    parameters = {name: decode(value, values) for name, value in header["parameters"].items()}
    facts = {name: decode(value, values) for name, value in header["fitted"].items()}
    unknown = set(parameters) - set(kind().get_params(deep=False))
    require(not unknown, f"unknown parameters: {sorted(unknown)}")
    for name, value in facts.items():
        require(name in FACTS and FACTS[name](value), f"{name}={value!r}")
    shape = _sample_shape(kind, facts)
    layers = []
    for number, layer_facts in enumerate(header["layers"]):
        prefix = f"layer{number}."
        own = {k.removeprefix(prefix): v for k, v in arrays.items() if k.startswith(prefix)}
        layers.append(build_layer(layer_facts, own, shape, max_bytes))
        require(layers[-1].weight.dtype == layers[0].weight.dtype, "layers of several dtypes")
        shape = layers[-1].output_shape()
    require(len(layers) > 0 and len(shape) == 1, "no output layer")
    spare = [
        k for k in arrays if k.startswith("layer") and int(k[5:].split(".")[0]) >= len(layers)
    ]
    require(not spare, f"arrays of no layer: {spare}")
    output = _output(kind, facts, layers[-1].n_outputs)
    return fitted_estimator(kind, parameters, Network(layers, output), facts)


def _sample_shape(kind, facts):
    """Return the shape of a sample as the first layer reads it."""
    n_features = facts["n_features_in_"]
    names = facts.get("feature_names_in_")
    require(names is None or len(names) == n_features, "too few or too many feature names")
    if "image_shape" not in kind().get_params(deep=False):
        require("image_shape_" not in facts, "the shape of images for an MLP")
        return (n_features,)
    require(math.prod(facts["image_shape_"]) == n_features, "images of another size")
    return facts["image_shape_"]


def _output(kind, facts, n_outputs):
    """Return what the outputs mean, which must be as many as the classes want."""
    classes = facts.get("classes_")
    require(is_classifier(kind()) == (classes is not None), "classes where there should be none")
    if classes is None:
        return "identity"
    wanted = 1 if len(classes) == 2 else len(classes)
    require(n_outputs == wanted, f"{n_outputs} outputs for {len(classes)} classes")
    return "logistic" if wanted == 1 else "softmax"


def _is_class_list(value):
    is_list = isinstance(value, np.ndarray) and value.ndim == 1 and len(value) >= 2
    return is_list and bool((value[:-1] < value[1:]).all())


def _is_curve(value):
    return isinstance(value, list) and all(isinstance(item, float) for item in value)


def _is_number(value):
    return value is None or isinstance(value, float)


#: fitted attribute -> whether a value of it is sound
FACTS = {
    "n_features_in_": integer(1).holds,
    "feature_names_in_": lambda names: (
        isinstance(names, np.ndarray)
        and names.ndim == 1
        and all(isinstance(n, str) for n in names)
    ),
    "image_shape_": lambda shape: (
        isinstance(shape, tuple)
        and len(shape) == 3
        and all(is_integer(s) and s >= 1 for s in shape)
    ),
    "classes_": _is_class_list,
    "n_iter_": integer(0).holds,
    "t_": integer(0).holds,
    "loss_": _is_number,
    "loss_curve_": _is_curve,
    "best_loss_": _is_number,
    "validation_scores_": lambda value: value is None or _is_curve(value),
    "best_validation_score_": _is_number,
}
