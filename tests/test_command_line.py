"""python -m skscreen."""

import gzip
import struct
import subprocess
import sys

import numpy as np
import pytest
from sklearn.datasets import load_iris

from skscreen.__main__ import main

QUICK = ["--network", "16", "--epochs", "4"]


@pytest.fixture
def iris_csv(tmp_path):
    X, y = load_iris(return_X_y=True)
    path = tmp_path / "iris.csv"
    rows = [",".join([*map(str, row), f"kind {label}"]) for row, label in zip(X, y, strict=True)]
    path.write_text("\n".join(["a,b,c,d,species", *rows]) + "\n")
    return path


def test_the_main_job_prints_a_table(capsys):
    assert main(["--sparsity", "0.8", *QUICK]) == 0
    text = capsys.readouterr().out
    assert "network 64-16-10, sparsity 0.8 (connections), seed 0" in text
    rows = {line.split("  ")[0]: line for line in text.splitlines()}
    assert "1,184" in rows["weights"]
    for name in ("test accuracy", "multiply-accumulates", "bytes (pickle)", "prediction [ms]"):
        assert name in rows
    assert "features still read:" in text


def test_channels_of_a_convolutional_network(capsys):
    arguments = ["--network", "cnn", "--granularity", "channel", "--sparsity", "0.5"]
    assert main([*arguments, "--epochs", "2"]) == 0
    text = capsys.readouterr().out
    assert "network cnn, sparsity 0.5 (channels)" in text
    assert "1 conv" in text


def test_a_network_for_images_needs_images(iris_csv, capsys):
    arguments = ["--data", str(iris_csv), "--target", "species", "--network", "cnn"]
    assert main(arguments) == 2
    assert "needs images, but iris has none" in capsys.readouterr().err


def test_a_csv_file(iris_csv, capsys):
    assert main(["--data", str(iris_csv), "--target", "species", *QUICK]) == 0
    assert "4 features, 3 classes" in capsys.readouterr().out


def test_an_npz_file(tmp_path, capsys):
    rng = np.random.default_rng(0)
    path = tmp_path / "noise.npz"
    np.savez(path, X=rng.random((80, 3, 3)), y=np.arange(80) % 2)
    assert main(["--data", str(path), *QUICK]) == 0
    assert "60 training and 20 test samples, 9 features, 2 classes" in capsys.readouterr().out


def test_a_folder_of_idx_files(tmp_path, capsys):
    rng = np.random.default_rng(0)
    for part, count in (("train", 60), ("t10k", 20)):
        images = rng.integers(0, 256, (count, 4, 5), dtype=np.uint8)
        with gzip.open(tmp_path / f"{part}-images-idx3-ubyte.gz", "wb") as file:
            file.write(b"\0\0\x08\x03" + struct.pack(">3i", count, 4, 5) + images.tobytes())
        labels = (np.arange(count) % 2).astype(np.uint8)
        (tmp_path / f"{part}-labels-idx1-ubyte").write_bytes(
            b"\0\0\x08\x01" + struct.pack(">i", count) + labels.tobytes()
        )
    assert main(["--data", str(tmp_path), *QUICK]) == 0
    assert "20 features, 2 classes" in capsys.readouterr().out


def errors(capsys, arguments):
    try:
        code = main(arguments)
    except SystemExit as stop:
        code = stop.code
    return code, capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--data", "nowhere.csv"], "no data set or file named 'nowhere.csv'"),
        (["--sparsity", "1.5"], r"expected a number in [0, 1), got '1.5'"),
        (["--network", "3-x"], "expected sizes of hidden layers"),
        (["--seed", "-1"], "expected a whole number of at least 0, got '-1'"),
        (["--epochs", "0"], "max_iter of MLPClassifier must be an integer of at least 1, got 0"),
        (["--sparsity", "0.99999", *QUICK], "choose another sparsity"),
        (["--granularity", "layer"], "invalid choice: 'layer'"),
        (["--network", "lenet-5"], "kernel_size 5 of convolution 2 is larger than its input"),
        (["--colour"], "unrecognized arguments: --colour"),
    ],
)
def test_bad_options_end_with_code_2(capsys, arguments, message):
    code, text = errors(capsys, arguments)
    assert code == 2
    assert message in text.splitlines()[-1]


def test_bad_files_end_with_one_line_and_code_2(capsys, tmp_path, iris_csv):
    text = tmp_path / "letters.csv"
    text.write_text("a,target\nx,1\ny,2\n")
    ragged = tmp_path / "ragged.csv"
    ragged.write_text("a,target\n1,1,1\n")
    wrong = tmp_path / "wrong.npz"
    np.savez(wrong, A=np.zeros(3))
    broken = tmp_path / "broken.npz"
    broken.write_bytes(b"nothing")
    other = tmp_path / "data.xlsx"
    other.touch()
    empty = tmp_path / "empty"
    empty.mkdir()
    for path, message in [
        (iris_csv, "no column 'target' among a, b, c, d, species"),
        (text, "features must be numbers"),
        (ragged, "not every row has the 2 fields of the header"),
        (wrong, "expected arrays X and y"),
        (broken, "not a readable .npz file"),
        (other, "expected a folder, an .npz or a .csv file"),
        (empty, "train-images-idx3-ubyte.gz is missing"),
    ]:
        code, printed = errors(capsys, ["--data", str(path)])
        assert (code, len(printed.splitlines())) == (2, 1)
        assert message in printed


def test_help_documents_every_option():
    shown = subprocess.run(
        [sys.executable, "-m", "skscreen", "--help"], capture_output=True, text=True, check=True
    ).stdout
    for option in ("--data", "--target", "--network", "--sparsity", "--epochs", "--seed"):
        assert option in shown
    for name in ("digits", "fashion", "mnist", ".npz", ".csv"):
        assert name in shown
