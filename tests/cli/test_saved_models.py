"""Models in files: the preparation of the data in plain numbers, and files that are damaged."""

import json
import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import make_pipeline

from skscreen import MLPClassifier, MLPRegressor
from skscreen.cli.models import SavedModel, load_model, save_model
from skscreen.cli.preparation import PlainPreparation, TargetScaler, make_preparation
from skscreen.datasets import DataError
from skscreen.interop import load
from skscreen.interop.archive import read_arrays, write_arrays


def table(seed, n=300):
    """Numbers with gaps, a column of a few categories and one with many rare ones."""
    rng = np.random.default_rng(seed)
    few = rng.choice(np.array(["red", "blue", None], dtype=object), n)
    many = np.array([f"v{number}" for number in rng.geometric(0.04, n)], dtype=object)
    sizes = np.where(rng.random(n) < 0.1, np.nan, rng.normal(5, 2, n))
    columns = {"size": sizes, "colour": few, "constant": np.ones(n), "place": many}
    return pd.DataFrame(
        {name: pd.Series(column, dtype=column.dtype) for name, column in columns.items()}
    )


def trained(X, y, kind=MLPClassifier):
    preparation = make_preparation(X)[0]
    net = kind((8,), max_iter=3, tol=None, random_state=0)
    return make_pipeline(preparation, net).fit(X, y)


@pytest.fixture
def model_file(tmp_path):
    X = table(0)
    pipe = trained(X, np.where(X["colour"] == "red", "yes", "no"))
    path = tmp_path / "model.npz"
    save_model(SavedModel(PlainPreparation.of(pipe[0]), pipe[-1], "member", TargetScaler()), path)
    return path, pipe


class TestPreparation:
    @pytest.mark.parametrize("columns", [slice(None), ["size"], ["colour", "place"]])
    def test_it_does_what_the_transformer_does(self, columns):
        X, new = table(0).loc[:, columns], table(1).loc[:, columns]
        if "colour" in X:
            new.loc[3, "colour"] = "never seen"
        transformer = make_preparation(X)[0].fit(X)
        plain = PlainPreparation.of(transformer)
        np.testing.assert_array_equal(plain.transform(new), transformer.transform(new))
        assert plain.n_inputs == len(transformer.get_feature_names_out())
        assert plain.kinds == {
            name: "number" if name in ("size", "constant") else "category" for name in X
        }
        if "place" in X:
            rare = {category.name: category.shares for category in plain.categories}
            assert rare == {"colour": False, "place": True}

    @pytest.mark.parametrize("dtype", [np.float32, np.float64, np.uint8])
    def test_arrays(self, dtype):
        X = np.random.default_rng(0).uniform(0, 200, (50, 4)).astype(dtype)
        X[:, 1] = 3
        transformer = make_preparation(X)[0].fit(X)
        plain = PlainPreparation.of(transformer)
        assert plain.kinds is None
        np.testing.assert_allclose(plain.transform(X), transformer.transform(X), atol=1e-5)
        assert plain.transform(X).dtype == transformer.transform(X).dtype


class TestFiles:
    def test_a_model_predicts_the_same_when_read(self, model_file):
        path, pipe = model_file
        model = load_model(path)
        assert model.target == "member"
        assert model.predicts_classes
        new = table(2)
        found = model.network.predict_proba(model.preparation.transform(new))
        np.testing.assert_array_equal(found, pipe.predict_proba(new))
        np.testing.assert_array_equal(load(path).coefs_[0], pipe[-1].coefs_[0])

    @pytest.mark.parametrize("several", [False, True])
    def test_numbers(self, tmp_path, several):
        X = np.random.default_rng(0).normal(size=(60, 3))
        y = 1000 + X @ [[100.0, 2], [0, 1], [50, 1]]
        y = y if several else y[:, 0]
        scaler = TargetScaler.of(y)
        scaled = scaler.standardise(y)
        np.testing.assert_allclose(scaled.mean(axis=0), 0, atol=1e-9)
        np.testing.assert_allclose(scaled.std(axis=0), 1)
        np.testing.assert_allclose(scaler.restore(scaled), y)
        pipe = trained(X, scaled, MLPRegressor)
        path = tmp_path / "model"
        save_model(SavedModel(PlainPreparation.of(pipe[0]), pipe[-1], "target", scaler), path)
        model = load_model(path)
        assert not model.predicts_classes
        found = model.network.predict(model.preparation.transform(X))
        np.testing.assert_array_equal(found, pipe.predict(X))
        np.testing.assert_array_equal(model.scaler.restore(found), scaler.restore(found))
        with path.open("rb") as stream:
            arrays = dict(read_arrays(stream))
        for name, value in (
            ("preparation.target_mean", np.zeros(5)),
            ("preparation.target_deviation", np.zeros_like(scaler.deviation)),
        ):
            write_arrays(path, arrays | {name: value})
            with pytest.raises(DataError, match="target's"):
                load_model(path)

    def test_a_pickle_is_not_read(self, tmp_path):
        class Trap:
            def __reduce__(self):
                return (pytest.fail, ("the pickle was read",))

        path = tmp_path / "model"
        path.write_bytes(pickle.dumps(Trap()))
        with pytest.raises(DataError, match="not a model that --save has written"):
            load_model(path)

    def test_a_network_alone_is_no_model(self, tmp_path):
        from skscreen.interop import save

        pipe = trained(np.random.default_rng(0).normal(size=(40, 3)), np.arange(40) % 2)
        save(pipe[-1], tmp_path / "net.npz")
        with pytest.raises(DataError, match="a network alone"):
            load_model(tmp_path / "net.npz")

    @pytest.mark.parametrize(
        "damage",
        [
            lambda facts, arrays: facts.pop("target"),
            lambda facts, arrays: facts.update(target=3),
            lambda facts, arrays: facts.update(numbers=["size"]),
            lambda facts, arrays: facts.update(numbers=None),
            lambda facts, arrays: facts.update(numbers=[1, 2]),
            lambda facts, arrays: facts.update(categories=[]),
            lambda facts, arrays: facts.update(categories=3),
            lambda facts, arrays: facts["categories"][0].update(name=None),
            lambda facts, arrays: facts["categories"][0].update(values=[["a"]]),
            lambda facts, arrays: facts["categories"][0].update(values="abc"),
            lambda facts, arrays: facts["categories"][0].update(shares="no"),
            lambda facts, arrays: facts["categories"][0].pop("shares"),
            lambda facts, arrays: arrays.pop("preparation.mean"),
            lambda facts, arrays: arrays.update({"preparation.mean": np.zeros(3)}),
            lambda facts, arrays: arrays.update({"preparation.mean": np.zeros(2, int)}),
            lambda facts, arrays: arrays.update({"preparation.scale": np.zeros(2)}),
            lambda facts, arrays: arrays.update({"preparation.fill": np.full(2, np.nan)}),
            lambda facts, arrays: arrays.pop("header"),
        ],
    )
    def test_a_damaged_preparation(self, model_file, damage):
        path, _ = model_file
        with path.open("rb") as stream:
            arrays = read_arrays(stream)
        facts = json.loads(arrays["preparation"].tobytes())
        damage(facts, arrays)
        arrays["preparation"] = np.frombuffer(json.dumps(facts).encode(), np.uint8)
        write_arrays(path, arrays)
        with pytest.raises(DataError, match=r"model\.npz"):
            load_model(path)

    def test_a_damaged_file(self, model_file):
        path, _ = model_file
        content = path.read_bytes()
        rng = np.random.default_rng(0)
        n_refused = 0
        for _ in range(150):
            broken = bytearray(content)
            broken[rng.integers(len(broken))] ^= 1 << rng.integers(8)
            path.write_bytes(broken[: rng.integers(len(broken))] if rng.random() < 0.3 else broken)
            try:
                load_model(path)
            except DataError:  # nothing else
                n_refused += 1
        assert n_refused > 100
