"""ONNX files: onnxruntime computes what the networks do."""

import sys

import numpy as np
import onnx
import onnxruntime
import pandas as pd
import pytest
import skl2onnx
from nets import random_estimator, samples
from sklearn.compose import ColumnTransformer
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from small import X, network, quick, y

from skscreen import CNNClassifier, MLPClassifier, MLPRegressor, ScreeningPrunerCV
from skscreen.interop import register_converters, to_onnx

LABELS = [
    np.arange,
    lambda n: np.arange(n, dtype=np.uint8) * 3,
    lambda n: np.arange(n) / 4 - 1,
    lambda n: np.array([f"Klasse ä{i}" for i in range(n)]),
    lambda n: np.array([f"class {i}" for i in range(n)], dtype=object),
]


def run(proto, inputs):
    session = onnxruntime.InferenceSession(
        proto.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    if not isinstance(inputs, dict):
        inputs = {session.get_inputs()[0].name: inputs}
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(None, inputs), strict=True))


def agrees(found, model, X, atol=1e-5):
    if not hasattr(model, "classes_"):
        wanted = model.predict(X)
        np.testing.assert_allclose(found["variable"], wanted.reshape(len(X), -1), atol=atol)
        return
    probabilities = model.predict_proba(X)
    np.testing.assert_allclose(found["probabilities"], probabilities, atol=atol)
    top = np.sort(probabilities, axis=1)
    clear = top[:, -1] - top[:, -2] > 1e-5
    assert found["label"].shape == (len(X),)
    np.testing.assert_array_equal(found["label"][clear], model.predict(X)[clear])


@pytest.mark.parametrize("seed", range(200))
def test_random_networks(seed):
    estimator = random_estimator(seed, labels=LABELS)
    inputs = samples(estimator, seed=seed)
    proto = to_onnx(estimator, dtype="float32" if is_double_convolution(estimator) else None)
    dtype = onnx.helper.tensor_dtype_to_np_dtype(proto.graph.input[0].type.tensor_type.elem_type)
    agrees(run(proto, inputs.astype(dtype)), estimator, inputs)


def is_double_convolution(estimator):
    return hasattr(estimator, "image_shape_") and estimator.network_.dtype == np.float64


@pytest.mark.parametrize("granularity", ["connection", "channel", "input"])
@pytest.mark.parametrize("net", [network(), CNNClassifier((4, 4, 4), max_iter=3, tol=None)])
def test_pruners(net, granularity, tmp_path):
    pruner = quick(net, sparsity=0.7, granularity=granularity).fit(X, y)
    proto = to_onnx(pruner, tmp_path / "lean.onnx")
    agrees(run(proto, X.astype(np.float32)), pruner, X)
    assert onnx.load(tmp_path / "lean.onnx") == proto
    if granularity == "channel":
        assert proto.ByteSize() < 4 * pruner.network_.n_weights + 6000


@pytest.mark.parametrize("images", [False, True])
@pytest.mark.parametrize("granularity", [None, "connection", "channel", "input"])
def test_images_of_bytes(images, granularity):
    pixels = np.random.default_rng(0).integers(0, 256, (50, 8, 7, 3), dtype=np.uint8)
    labels = np.arange(50) % 3
    net = CNNClassifier(conv_channels=4, max_iter=2, tol=None).fit(pixels, labels)
    if granularity is not None:
        pruner = quick(FrozenEstimator(net), granularity=granularity, sparsity=0.5)
        net = pruner.fit(pixels, labels)
    proto = to_onnx(net, dtype="uint8", images=images)
    shape = [d.dim_value for d in proto.graph.input[0].type.tensor_type.shape.dim][1:]
    assert shape == ([8, 7, 3] if images else [168])
    agrees(run(proto, pixels if images else pixels.reshape(50, -1)), net, pixels)


def test_what_cross_validation_chose():
    search = ScreeningPrunerCV(quick(network()), sparsities=[0.5, 0.8], cv=2).fit(X, y)
    agrees(run(to_onnx(search), X.astype(np.float32)), search, X)
    register_converters()
    agrees(run(skl2onnx.to_onnx(search, X[:1], target_opset=18), X), search, X)


def test_bytes_that_are_no_images():
    net = network().fit(X * 16, y)
    agrees(run(to_onnx(net, dtype=np.uint8), (X * 16).astype(np.uint8)), net, X * 16)


def test_the_version_of_the_operators_is_as_asked():
    net = network().fit(X, y)
    assert [(o.domain, o.version) for o in to_onnx(net).opset_import] == [("", 18)]
    proto = to_onnx(net, opset=15)
    assert proto.opset_import[0].version == 15
    agrees(run(proto, X.astype(np.float32)), net, X)


def test_no_samples_are_no_problem():
    for net in (network().fit(X, y), CNNClassifier((8, 8), max_iter=1, tol=None).fit(X, y)):
        found = run(to_onnx(net), np.empty((0, 64), np.float32))
        assert found["probabilities"].shape == (0, 10)


def table(n_samples, seed=0):
    """Return a table of numbers and words, and classes that follow from it."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "size": rng.normal(100, 20, n_samples),
            "age": rng.integers(1, 90, n_samples),
            "colour": rng.choice(["red", "green", "blue"], n_samples),
        }
    )
    score = (frame["size"] - 100) / 20 + (frame["colour"] == "red") * 2 - frame["age"] / 40
    return frame, np.array(["low", "middle", "high"])[np.digitize(score, [-1, 0.5])]


def columns():
    return ColumnTransformer(
        [
            ("numbers", StandardScaler(), ["size", "age"]),
            ("words", OneHotEncoder(handle_unknown="ignore"), ["colour"]),
        ],
        sparse_threshold=0,
    )


def column_inputs(frame):
    return {name: frame[[name]].to_numpy() for name in frame}


PIPELINES = {
    "a network and a pruner": lambda: [("net", network()), ("prune", quick())],
    "a pruner around a network": lambda: [("prune", quick(network()))],
    "a network": lambda: [("net", network())],
}


@pytest.mark.parametrize("steps", PIPELINES.values(), ids=PIPELINES)
def test_a_pipeline_with_columns_goes_in_one_call(steps, tmp_path):
    frame, labels = table(400)
    pipeline = Pipeline([("columns", columns()), *steps()]).fit(frame, labels)
    proto = to_onnx(pipeline, tmp_path / "pipeline.onnx", X=frame)
    new, _ = table(1000, seed=1)
    agrees(run(proto, column_inputs(new)), pipeline, new)
    assert {o.domain: o.version for o in proto.opset_import}[""] <= 18
    if "prune" in pipeline.named_steps:  # the dense network is not in the file
        largest = max(int(np.prod(c.dims)) for c in proto.graph.initializer)
        assert largest == max(layer.weight.size for layer in pipeline[-1].network_.layers)


@pytest.mark.parametrize("granularity", ["connection", "channel", "input"])
def test_a_pipeline_with_any_granularity(granularity):
    steps = [StandardScaler(), network(), quick(granularity=granularity, sparsity=0.6)]
    pipeline = make_pipeline(*steps).fit(X, y)
    agrees(run(to_onnx(pipeline, X=X), X), pipeline, X)


def test_a_pruner_around_a_pipeline():
    pruner = quick(make_pipeline(StandardScaler(), network())).fit(X * 7, y)
    agrees(run(to_onnx(pruner, X=X), X * 7), pruner, X * 7)
    with pytest.raises(ValueError, match="X must be given"):
        to_onnx(pruner)


@pytest.mark.parametrize("wrap", [lambda net: net, make_pipeline, quick])
def test_convolutions_in_float64_must_be_allowed_to_compute_in_float32(wrap):
    net = CNNClassifier((8, 8), conv_channels=3, max_iter=2, tol=None, dtype="float64")
    model = wrap(net).fit(X, y)
    for dtype in (None, "float64"):
        with pytest.raises(
            ValueError, match=r"in float32 alone, .* float64: give dtype='float32'"
        ):
            to_onnx(model, dtype=dtype, X=X)
    proto = to_onnx(model, dtype="float32", X=X)
    (given,) = onnxruntime.InferenceSession(proto.SerializeToString()).get_inputs()
    agrees(
        run(proto, X.astype({"tensor(float)": "f4", "tensor(double)": "f8"}[given.type])), model, X
    )


def test_onnxruntime_has_no_convolutions_in_float64():
    net = CNNClassifier((8, 8), conv_channels=3, max_iter=1, tol=None).fit(X, y)
    proto = to_onnx(net)
    for value in (*proto.graph.input, *proto.graph.output[1:]):
        value.type.tensor_type.elem_type = onnx.TensorProto.DOUBLE
    for constant in proto.graph.initializer:
        if constant.data_type == onnx.TensorProto.FLOAT:
            double = onnx.numpy_helper.to_array(constant).astype(float)
            constant.CopyFrom(onnx.numpy_helper.from_array(double, constant.name))
    with pytest.raises(Exception, match="Could not find an implementation for Conv"):
        run(proto, X)  # once it has, float32 need no longer be asked for


def test_a_pipeline_for_regression():
    target = X @ np.linspace(-1, 1, 64)
    net = MLPRegressor((10,), max_iter=5, tol=None, dtype="float64")
    pipeline = make_pipeline(StandardScaler(), net, quick(task="regression")).fit(X, target)
    agrees(run(to_onnx(pipeline, X=X), X), pipeline, X)


def test_skl2onnx_takes_what_is_registered():
    register_converters()
    pruner = quick(FrozenEstimator(network().fit(X, y))).fit(X, y)
    pipeline = make_pipeline(StandardScaler(), quick(network())).fit(X, y)
    for model in (pruner, pipeline):
        proto = skl2onnx.to_onnx(model, X[:1], options={"zipmap": False}, target_opset=18)
        agrees(run(proto, X), model, X)
    frame = pd.DataFrame(X[:, 30:34], columns=list("abcd"))
    net = network().fit(frame, y)
    proto = skl2onnx.to_onnx(net, frame[:1], options={"zipmap": False}, target_opset=18)
    agrees(run(proto, column_inputs(frame)), net, frame)


def test_skl2onnx_alone_says_where_to_go_with_a_network_step():
    register_converters()
    pipeline = make_pipeline(network(), quick()).fit(X, y)
    with pytest.raises(ValueError, match=r"skscreen\.interop\.to_onnx"):
        skl2onnx.to_onnx(pipeline, X[:1])


@pytest.mark.parametrize("labels", [np.array([b"a", b"b"]), np.array(["a", 2], dtype=object)])
def test_labels_that_onnx_does_not_have(labels):
    estimator = random_estimator(3, convolutional=False, labels=[lambda n: labels])
    seed = 3
    while len(getattr(estimator, "classes_", [])) != 2 or estimator.n_outputs_ != 1:
        seed += 1
        estimator = random_estimator(seed, convolutional=False, labels=[lambda n: labels])
    with pytest.raises(ValueError, match="labels must be numbers or strings"):
        to_onnx(estimator)


@pytest.mark.parametrize(
    ("model", "options", "words"),
    [
        (StandardScaler(), {}, "got StandardScaler"),
        (make_pipeline(StandardScaler(), MLPClassifier()), {}, "X must be given"),
        (
            make_pipeline(network(), network(max_iter=1)).fit(X, y),
            {"X": X},
            "only the last step may be a network",
        ),
        (network().fit(X, y), {"images": True}, "images=True needs convolutions"),
    ],
)
def test_what_cannot_be_exported(model, options, words):
    with pytest.raises(ValueError, match=words):
        to_onnx(model, **options)


def test_without_onnx_the_command_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(ImportError, match=r"needs onnx: pip install 'skscreen\[onnx\]'"):
        to_onnx(network().fit(X, y))
    monkeypatch.undo()
    monkeypatch.setitem(sys.modules, "skl2onnx", None)
    to_onnx(network().fit(X, y))
    for call in (register_converters, lambda: to_onnx(make_pipeline(network()).fit(X, y), X=X)):
        with pytest.raises(ImportError, match=r"needs skl2onnx: pip install 'skscreen\[onnx\]'"):
            call()
