"""Files: what is saved comes back, and what is no such file is refused."""

import io
import json
import pickle
import zipfile

import numpy as np
import pandas as pd
import pytest
from nets import outputs, random_estimator, samples
from sklearn.datasets import load_iris
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from small import X, network, quick, y

from skscreen import CNNClassifier, MLPClassifier, MLPRegressor
from skscreen.estimators.adapt import fitted_estimator
from skscreen.interop import NetworkFileError, load, save

IRIS = load_iris(return_X_y=True)


def quickly_trained(**parameters):
    net = MLPClassifier((6, 5), solver="lbfgs", max_iter=10, tol=None, random_state=0)
    return net.set_params(**parameters).fit(*IRIS)


def there_and_back(model, path):
    save(model, path / "net.npz")
    return load(path / "net.npz")


def same(one, other):
    """Whether two values, possibly holding arrays, are equal in type, dtype and content."""
    if type(one) is not type(other):
        return False
    if isinstance(one, np.ndarray):
        if one.dtype != other.dtype or one.shape != other.shape:
            return False
        return all(map(same, one.tolist(), other.tolist()))
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict):
        return same(sorted(one.items(), key=repr), sorted(other.items(), key=repr))
    return one == other or (one != one and other != other)


def test_200_random_networks_come_back(tmp_path):
    for seed in range(200):
        estimator = random_estimator(seed)
        again = there_and_back(estimator, tmp_path)
        X = samples(estimator, seed=seed)
        assert type(again) is type(estimator)
        np.testing.assert_array_equal(outputs(again, X), outputs(estimator, X))
        np.testing.assert_array_equal(again.predict(X), estimator.predict(X))
        for layer, before in zip(again.network_.layers, estimator.network_.layers, strict=True):
            assert type(layer) is type(before)
            for name, value in vars(before).items():
                if name == "input_shape":
                    value = tuple(map(int, value))
                assert same(vars(layer)[name], value), (seed, name)
        for name in set(vars(estimator)) - {"network_"}:
            assert same(vars(again)[name], vars(estimator)[name]), (seed, name)


@pytest.mark.parametrize("granularity", ["connection", "channel", "input"])
@pytest.mark.parametrize("net", [network(), CNNClassifier((4, 4, 4), max_iter=3, tol=None)])
def test_a_pruner_is_saved_as_its_lean_network(net, granularity, tmp_path):
    pruner = quick(net, sparsity=0.7, granularity=granularity).fit(X, y)
    again = there_and_back(pruner, tmp_path)
    np.testing.assert_array_equal(again.predict_proba(X), pruner.predict_proba(X))
    kept = [layer.n_weights for layer in pruner.network_.layers]
    assert [layer.n_weights for layer in again.network_.layers] == kept
    # a value and, for all, a bit of each connection, and what is the same for all sizes
    assert (tmp_path / "net.npz").stat().st_size < 5 * sum(kept) + 6000


def test_all_that_fit_leaves_is_saved_but_two(tmp_path):
    net = network(checkpoint_epoch=1, early_stopping=True)
    for estimator in (net.fit(X, y), CNNClassifier((8, 8), max_iter=2, tol=None).fit(X, y)):
        again = there_and_back(estimator, tmp_path)
        for name, value in vars(estimator).items():
            if name.endswith("_") and name not in ("network_", "checkpoint_"):
                assert same(vars(again)[name], value), name
        assert again.checkpoint_ is None


def test_training_goes_on_with_the_mask(tmp_path):
    pruner = quick(network(), sparsity=0.9).fit(X, y)
    again = there_and_back(pruner, tmp_path).partial_fit(X, y)
    assert again.n_iter_ == pruner.estimator_.n_iter_ + 1
    for layer, before in zip(again.network_.layers, pruner.network_.layers, strict=True):
        assert not layer.weight[~before.mask].any() if before.mask is not None else True
    np.testing.assert_array_equal(
        again.predict_proba(X),
        pruner.partial_fit(X, y).predict_proba(X),
    )


LABELS = {
    "int8": np.array([-3, 0, 7], dtype=np.int8),
    "uint64": np.array([0, 5, 2**63 + 1], dtype=np.uint64),
    "float32": np.array([-0.5, 1.5, 3.25], dtype=np.float32),
    "str": np.array(["b\x00c", "ä", "日本"]),
    "bytes": np.array([b"a", b"bc", b"\xff"]),
    "objects": np.array(["one", "three", "two"], dtype=object),
    "object ints": np.array([1, 2, 10**30], dtype=object),
    "dates": np.array(["1970-01-01", "2000-01-01", "2026-06-01"], dtype="M8[D]"),
}
if hasattr(np.dtypes, "StringDType"):  # NumPy 2
    LABELS["text"] = np.array(["a", "bb", "ccc" * 20], dtype=np.dtypes.StringDType())


@pytest.mark.parametrize("labels", LABELS.values(), ids=LABELS)
def test_labels_of_any_dtype(labels, tmp_path):
    trained = quickly_trained()
    facts = {"classes_": labels, "n_features_in_": 4}
    estimator = fitted_estimator(MLPClassifier, {}, trained.network_, facts)
    again = there_and_back(estimator, tmp_path)
    assert same(again.classes_, labels)
    assert (again.predict(IRIS[0]) == labels[trained.predict(IRIS[0])]).all()


PARAMETERS = {
    "random_state": np.random.RandomState(3),
    "class_weight": {0: 1.0, np.int64(1): 2, "two": np.float32(0.5), b"3": 1, (4, None): 1},
    "hidden_layer_sizes": np.array([6, 5]),
    "learning_rate_init": float("inf"),
    "alpha": float("nan"),
    "max_iter": 10**25,
    "activation": "tanh",
    "batch_size": np.uint8(20),
}


@pytest.mark.parametrize("name", PARAMETERS)
def test_parameters_of_any_plain_type(name, tmp_path):
    value = PARAMETERS[name]
    again = there_and_back(quickly_trained().set_params(**{name: value}), tmp_path)
    found = getattr(again, name)
    if name == "random_state":
        assert found.randint(10**6, size=5).tolist() == value.randint(10**6, size=5).tolist()
    else:
        assert same(found, value)


def test_feature_names(tmp_path):
    frame = pd.DataFrame(IRIS[0], columns=["a", "b", "ç", "d"])
    net = MLPRegressor((4,), solver="lbfgs", max_iter=5, tol=None).fit(frame, IRIS[1])
    again = there_and_back(net, tmp_path)
    assert same(again.feature_names_in_, net.feature_names_in_)
    np.testing.assert_array_equal(again.predict(frame), net.predict(frame))


def test_what_is_frozen_is_saved_too(tmp_path):
    net = quickly_trained()
    again = there_and_back(FrozenEstimator(net), tmp_path)
    np.testing.assert_array_equal(again.predict(IRIS[0]), net.predict(IRIS[0]))


@pytest.mark.parametrize(
    ("model", "error", "words"),
    [
        (MLPClassifier(), NotFittedError, "not fitted"),
        (quick(MLPClassifier()), NotFittedError, "not fitted"),
        (StandardScaler(), ValueError, "got StandardScaler"),
        (make_pipeline(StandardScaler(), MLPClassifier()), ValueError, r"pipeline\[-1\]"),
        (
            quick(make_pipeline(StandardScaler(), network())).fit(X, y),
            ValueError,
            "stands in a Pipeline, .* would be lost",
        ),
        (quickly_trained().set_params(alpha=print), ValueError, "alpha cannot be saved"),
        (quickly_trained().set_params(class_weight={0: 1j}), ValueError, "class_weight cannot"),
    ],
)
def test_what_cannot_be_saved_leaves_the_file_as_it_was(model, error, words, tmp_path):
    (tmp_path / "net.npz").write_bytes(b"before")
    with pytest.raises(error, match=words):
        save(model, tmp_path / "net.npz")
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == [("net.npz", b"before")]


def test_a_failure_while_writing_leaves_the_file_as_it_was(tmp_path, monkeypatch):
    (tmp_path / "net.npz").write_bytes(b"before")

    def half(stream, **arrays):
        stream.write(b"half")
        raise OSError("disk full")

    monkeypatch.setattr(np, "savez", half)
    with pytest.raises(OSError, match="disk full"):
        save(quickly_trained(), tmp_path / "net.npz")
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == [("net.npz", b"before")]


def test_a_missing_file_is_no_damaged_one(tmp_path):
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "nothing.npz")


# what follows damages a good file, or writes a bad one


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    """A good file of a masked CNN, as bytes."""
    path = tmp_path_factory.mktemp("good") / "net.npz"
    save(random_estimator(57, convolutional=True), path)
    return path.read_bytes()


def refused(content, path, words="no sound network of skscreen"):
    (path / "bad.npz").write_bytes(content)
    with pytest.raises(NetworkFileError, match=words):
        load(path / "bad.npz")


def with_arrays(good, change):
    """Return the content of a file whose arrays were changed."""
    with np.load(io.BytesIO(good), allow_pickle=False) as archive:
        arrays = dict(archive)
    change(arrays)
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    return stream.getvalue()


def with_header(good, change):
    """Return the content of a file whose header was changed."""

    def edit(arrays):
        header = json.loads(arrays["header"].tobytes())
        change(header)
        arrays["header"] = np.frombuffer(json.dumps(header).encode(), np.uint8)

    return with_arrays(good, edit)


@pytest.mark.parametrize("share", np.linspace(0, 1, 20, endpoint=False))
def test_a_truncated_file(good, share, tmp_path):
    refused(good[: int(share * len(good))], tmp_path)


def test_a_byte_too_few(good, tmp_path):
    refused(good[:-1], tmp_path)


@pytest.mark.parametrize("seed", range(40))
def test_a_flipped_bit_of_the_content(good, seed, tmp_path):
    with zipfile.ZipFile(io.BytesIO(good)) as archive:
        member = archive.infolist()[seed % len(archive.infolist())]
        start = good.index(b"\x93NUMPY", member.header_offset)
    rng = np.random.default_rng(seed)
    damaged = bytearray(good)
    damaged[start + rng.integers(member.file_size)] ^= 1 << rng.integers(8)
    refused(bytes(damaged), tmp_path)


def test_a_flipped_bit_anywhere_is_seen_or_does_no_harm(good, tmp_path):
    (tmp_path / "good.npz").write_bytes(good)
    before = load(tmp_path / "good.npz")
    X = samples(before)
    rng = np.random.default_rng(0)
    seen = 0
    for _ in range(400):
        damaged = bytearray(good)
        damaged[rng.integers(len(good))] ^= 1 << rng.integers(8)
        (tmp_path / "bad.npz").write_bytes(damaged)
        try:
            again = load(tmp_path / "bad.npz")
        except NetworkFileError:
            seen += 1
            continue
        np.testing.assert_array_equal(outputs(again, X), outputs(before, X))
    assert seen > 200  # the rest hit dates and the like in the archive's directory


def test_a_parameter_that_came_later_has_its_default(good, tmp_path):
    (tmp_path / "old.npz").write_bytes(with_header(good, lambda h: h["parameters"].pop("alpha")))
    assert load(tmp_path / "old.npz").alpha == 0.0001


def header_of_layer(number, **values):
    return lambda header: header["layers"][number].update(values)


HEADERS = {
    "another format": lambda h: h.update(format="else"),
    "a newer version": lambda h: h.update(format_version=2),
    "no version": lambda h: h.pop("format_version"),
    "an unknown estimator": lambda h: h.update(estimator="Unpickler"),
    "an estimator of a list": lambda h: h.update(estimator=["MLPClassifier"]),
    "an MLP of images": lambda h: h.update(estimator="MLPRegressor"),
    "a parameter too many": lambda h: h["parameters"].update(shell="rm"),
    "a value of unknown kind": lambda h: h["parameters"].update(alpha={"eval": "1"}),
    "an array that is not there": lambda h: h["parameters"].update(alpha={"array": "value99"}),
    "a weight for a value": lambda h: h["parameters"].update(alpha={"array": "layer0.bias"}),
    "an empty value": lambda h: h["parameters"].update(alpha={}),
    "a method for an attribute": lambda h: h["fitted"].update(predict=3),
    "no number of features": lambda h: h["fitted"].pop("n_features_in_"),
    "another number of features": lambda h: h["fitted"].update(n_features_in_=10**12),
    "a negative number of features": lambda h: h["fitted"].update(n_features_in_=-1),
    "an image that is too large": lambda h: h["fitted"].update(
        image_shape_={"tuple": [10**9, 10**9, 3]}
    ),
    "an image of two axes": lambda h: h["fitted"].update(image_shape_={"tuple": [3, 3]}),
    "one class": lambda h: h["fitted"].update(classes_={"objects": [[1], ["a"]]}),
    "classes out of order": lambda h: h["fitted"].update(classes_={"objects": [[2], ["b", "a"]]}),
    "classes of no order": lambda h: h["fitted"].update(classes_={"objects": [[2], ["b", 1]]}),
    "too many classes": lambda h: h["fitted"].update(classes_={"objects": [[7], list("abcdefg")]}),
    "an absurd number of labels": lambda h: h["fitted"].update(
        classes_={"objects": [[10**12], ["a"]]}
    ),
    "a loss of text": lambda h: h["fitted"].update(loss_="low"),
    "no layers": lambda h: h.update(layers=[]),
    "layers of no list": lambda h: h.update(layers={"a": 1}),
    "a layer too few": lambda h: h["layers"].pop(),
    "a layer too many": lambda h: h["layers"].append(h["layers"][-1]),
    "an unknown layer": header_of_layer(0, kind="lambda"),
    "an unknown activation": header_of_layer(0, activation="exec"),
    "a weight of absurd shape": header_of_layer(0, shape=[10**9, 10**9]),
    "a weight of negative shape": header_of_layer(0, shape=[-1, -1]),
    "a weight of a fraction": header_of_layer(0, shape=[2.5, 2]),
    "a weight of one axis": header_of_layer(0, shape=[4]),
    "a kernel of absurd size": header_of_layer(0, kernel_size=[10**9, 10**9]),
    "a stride of zero": header_of_layer(0, stride=0),
    "a stride of true": header_of_layer(0, stride=True),
    "pools of absurd size": header_of_layer(0, pool_size=[10**9, 1]),
    "an unknown padding": header_of_layer(0, padding="reflect"),
}


@pytest.mark.parametrize("change", HEADERS.values(), ids=HEADERS)
def test_a_header_that_says_what_cannot_be(good, change, tmp_path):
    refused(with_header(good, change), tmp_path)


def replaced(name, change):
    return lambda arrays: arrays.update({name: change(arrays[name])})


ARRAYS = {
    "no header": lambda a: a.pop("header"),
    "a header of numbers": replaced("header", lambda h: h.astype(float)),
    "a header that is no JSON": replaced("header", lambda h: h[:-1]),
    "a header that is no text": replaced("header", lambda h: h + np.uint8(128)),
    "a header nested without end": replaced(
        "header", lambda h: np.frombuffer(b"[" * 10**6, np.uint8)
    ),
    "a header of a number with too many digits": replaced(
        "header", lambda h: np.frombuffer(b"9" * 10**5, np.uint8)
    ),
    "no weight": lambda a: a.pop("layer0.weight"),
    "no bias": lambda a: a.pop("layer0.bias"),
    "a mask too few": lambda a: a.pop("layer0.mask"),
    "a longer mask": replaced("layer0.mask", lambda m: np.append(m, m)),
    "another mask": replaced("layer0.mask", lambda m: ~m),
    "a weight too many": replaced("layer0.weight", lambda w: np.append(w, w[0])),
    "a weight of integers": replaced("layer0.weight", lambda w: w.astype(int)),
    "a bias of another dtype": replaced("layer0.bias", lambda b: b.astype(np.float16)),
    "a bias too short": replaced("layer0.bias", lambda b: b[:-1]),
    "reads beyond the end": lambda a: a.update({"layer1.reads": np.array([10**9])}),
}


@pytest.mark.parametrize("change", ARRAYS.values(), ids=ARRAYS)
def test_arrays_that_do_not_fit(good, change, tmp_path):
    refused(with_arrays(good, change), tmp_path)


def zipped(members, compression=zipfile.ZIP_STORED):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return stream.getvalue()


def npy_header(shape, dtype="<f4"):
    """Return the start of an .npy file that claims a shape."""
    stream = io.BytesIO()
    claim = {"descr": dtype, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(stream, claim)
    return stream.getvalue()


def foreign_archive():
    stream = io.BytesIO()
    np.savez(stream, X=np.eye(3), y=np.arange(3))
    return stream.getvalue()


def pickled_objects():
    stream = io.BytesIO()
    np.savez(stream, header=np.array([{"a": 1}], dtype=object))
    return stream.getvalue()


FILES = {
    "an empty file": b"",
    "text": b"not a network\n" * 50,
    "a pickle": pickle.dumps(MLPClassifier()),
    "another archive": foreign_archive(),
    "an archive of pickles": pickled_objects(),
    "an empty archive": zipped([]),
    "an archive of text": zipped([("header.npy", b"hello")]),
    "a bomb": zipped([("header.npy", b"\0" * 10**7)], zipfile.ZIP_DEFLATED),
    "a claim of an exabyte": zipped([("header.npy", npy_header((2**58,)))]),
    "a claim of more than integers hold": zipped([("header.npy", npy_header((2**62, 2**62)))]),
    "a negative claim": zipped([("header.npy", npy_header((-4, -1)) + b"\0" * 16)]),
    "elements of no size": zipped([("header.npy", npy_header((2**62,), "<U0"))]),
    "a claim of objects": zipped([("header.npy", npy_header((1,), "|O") + b"\0" * 8)]),
    "an unknown version of arrays": zipped([("header.npy", b"\x93NUMPY\x09\x00" + b" " * 99)]),
}


@pytest.mark.parametrize("content", FILES.values(), ids=FILES)
def test_a_file_of_another_kind(content, tmp_path):
    refused(content, tmp_path)


def test_two_arrays_of_one_name(good, tmp_path):
    with zipfile.ZipFile(io.BytesIO(good)) as archive:
        members = [(info.filename, archive.read(info)) for info in archive.infolist()]
    with pytest.warns(UserWarning, match="Duplicate name"):
        twice = zipped([*members, members[0]])
    refused(twice, tmp_path, "two arrays of one name")


def test_members_that_share_their_bytes(tmp_path):
    content = bytearray(zipped([("a.npy", b"\0" * 5000), ("b.npy", b"\0" * 5000)]))
    at = content.rindex(b"PK\x01\x02")  # the second entry of the directory points to the first
    content[at + 42 : at + 46] = b"\0\0\0\0"
    del content[5100:10100]
    refused(bytes(content), tmp_path)


def test_weights_beyond_the_limit_take_no_memory(good, tmp_path):
    (tmp_path / "net.npz").write_bytes(good)
    assert load(tmp_path / "net.npz", max_bytes=10**6).n_features_in_ > 0
    with pytest.raises(NetworkFileError, match="a weight of shape"):
        load(tmp_path / "net.npz", max_bytes=10)
