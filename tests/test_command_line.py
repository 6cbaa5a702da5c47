"""python -m skscreen."""

import gzip
import struct
import subprocess
import sys

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.preprocessing import StandardScaler

from skscreen.cli import main

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
    assert "network 64-16-10, sparsity 0.8 (connections), 4 epochs, seed 0" in text
    rows = {line.split("  ")[0]: line for line in text.splitlines()}
    assert "1,184" in rows["weights"]
    for name in (
        "test accuracy",
        "multiply-accumulates",
        "bytes (pickle)",
        "prediction of 1 [ms]",
    ):
        assert name in rows
    assert "inputs still read:" in text


def test_a_picture(tmp_path, capsys):
    path = tmp_path / "lean.png"
    assert main(["--plot", str(path), *QUICK]) == 0
    assert "drawn into" in capsys.readouterr().out
    assert path.read_bytes().startswith(b"\x89PNG")
    code, text = errors(capsys, ["--plot", str(tmp_path / "lean.txt")])
    assert code == 2
    assert "expected a .png, .pdf or .svg file" in text


def test_whole_inputs_by_their_number(capsys):
    assert main(["--granularity", "input", "--sparsity", "10", *QUICK]) == 0
    text = capsys.readouterr().out
    assert "sparsity 10 (inputs)" in text
    assert "inputs still read: 10 of 64" in text


def test_the_sparsity_by_cross_validation(people_csv, tmp_path, capsys):
    path = tmp_path / "lean.svg"
    options = ["--target", "member", "--ignore", "income", "--cv", "2", "--plot", str(path)]
    assert main(["--data", str(people_csv), *options, *QUICK]) == 0
    text = capsys.readouterr().out
    (chosen,) = [line for line in text.splitlines() if line.endswith("chosen")]
    sparsity = float(chosen.split()[0]) / 100
    assert f"sparsity {sparsity:g} (connections)" in text
    assert path.read_text().startswith("<?xml")
    code, error = errors(capsys, ["--cv", "1", *QUICK])
    assert (code, len(error.splitlines())) == (2, 1)
    assert "--cv needs 2 folds or more, got 1" in error


def test_the_features_are_prepared_in_each_fold_anew(monkeypatch, capsys):
    sizes = []

    class Counted(StandardScaler):
        def fit(self, X, y=None, sample_weight=None):
            sizes.append(len(X))
            return super().fit(X, y, sample_weight)

    monkeypatch.setattr("skscreen.cli.train.make_preparation", lambda X: (Counted(), "counted"))
    assert main(["--cv", "3", *QUICK]) == 0
    assert "features: counted" in capsys.readouterr().out
    # once for the number of inputs, in each of the folds, and at the end
    assert sizes == [1347, 898, 898, 898, 1347]


def test_who_waits_at_a_terminal_sees_how_far_it_is(monkeypatch, capsys):
    monkeypatch.setattr("skscreen.cli.train.is_watched", lambda: True)
    assert main(["--cv", "2", *QUICK]) == 0
    printed = capsys.readouterr()
    assert "weights left" in printed.out
    for part in ("2/2", "MLPClassifier: 100%", "ScreeningPruner: 100%"):
        assert part in printed.err
    monkeypatch.undo()
    assert main(QUICK) == 0
    printed = capsys.readouterr()
    assert "weights left" not in printed.out
    assert printed.err == ""


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


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", b"a,b\n1,1\n", "name the one to predict with --target, of a, b"),
        ("a.csv", b"0.5,1.5,x\n0.1,1.2,y\n", "(the first row looks like data, where names of"),
        ("a.csv", b"a,target\n1,1,1\n1,2\n", "row 2 has 3 fields, but the header in row 1 has 2"),
        ("a.csv.gz", b"nothing", "Not a gzipped file"),
        ("a.npz", b"nothing", "not a readable .npz file"),
        ("a.npz", b"", "not a readable .npz file"),
        ("a.xlsx", b"", "expected a folder, an .npz, .csv or .tsv file"),
    ],
)
def test_bad_files_end_with_one_line_and_code_2(capsys, tmp_path, name, content, message):
    path = tmp_path / name
    path.write_bytes(content)
    code, printed = errors(capsys, ["--data", str(path)])
    assert (code, len(printed.splitlines())) == (2, 1)
    assert printed.startswith("skscreen: error: ")
    assert message in printed
    assert name in printed


@pytest.fixture
def people_csv(tmp_path):
    """Make a table with an index, numbers, categories, missing values and two possible targets."""
    rng = np.random.default_rng(0)
    lines = ["id;age;job;income;member"]
    for number in range(160):
        age, job = rng.integers(20, 60), rng.choice(["cook", "nurse", "Bäcker", ""])
        income = f"{1000 + 31.5 * age + 500 * (job == 'cook'):.2f}".replace(".", ",")
        member = "yes" if age > 40 else "no"
        lines.append(f"{number};{age if number % 9 else ''};{job};{income};{member}")
    path = tmp_path / "people.csv"
    path.write_bytes("\n".join(lines).encode("latin-1"))
    return path


def test_a_table_with_categories_is_trained_saved_and_predicted(people_csv, tmp_path, capsys):
    model = tmp_path / "model.npz"
    arguments = ["--target", "member", "--ignore", "income", "--save", str(model)]
    assert main(["--data", str(people_csv), *arguments, *QUICK]) == 0
    text = capsys.readouterr().out
    for line in (
        "people: 120 training and 40 test samples, 2 features, 2 classes",
        "read as Latin-1, since it is not UTF-8",
        "left out: 'id', which numbers or names the rows",
        "features: 1 column of numbers (age), filled with the median and standardised; 1 column "
        "of categories (job), one-hot encoded",
        "network 5-16-1",
        "saved to",
    ):
        assert line in text
    assert "job_Bäcker" in text
    assert main(["predict", str(model), str(people_csv), "--proba"]) == 0
    printed = capsys.readouterr()
    lines = printed.out.splitlines()
    assert lines[0] == "row,member,probability of no,probability of yes"
    assert len(lines) == 161
    row, member, no, yes = lines[1].split(",")
    assert (row, member) == ("2", "yes" if float(yes) > float(no) else "no")
    assert printed.err.startswith("accuracy: ")
    assert printed.err.endswith(" of 160 rows\n")
    output = tmp_path / "out.csv"
    assert main(["predict", str(model), str(people_csv), "--output", str(output)]) == 0
    assert capsys.readouterr().out == ""
    assert output.read_text().splitlines()[1] == f"2,{member}"


def test_a_regression(people_csv, tmp_path, capsys):
    model = tmp_path / "model.npz"
    arguments = ["--target", "income", "--save", str(model), "--sparsity", "0.5"]
    assert main(["--data", str(people_csv), *arguments, *QUICK]) == 0
    text = capsys.readouterr().out
    assert "3 features, a regression" in text
    assert "test R2" in text
    new = tmp_path / "new.csv"
    new.write_text("job,age,member\ncook,30,yes\nteacher,,no\n")
    assert main(["predict", str(model), str(new)]) == 0
    printed = capsys.readouterr()
    assert [line.split(",")[0] for line in printed.out.splitlines()] == ["row", "2", "3"]
    assert printed.err == ""
    for options, message in (
        (["--proba"], "--proba needs a model of classes"),
        (["--output", str(tmp_path / "nowhere" / "a.csv")], "there is no folder"),
    ):
        code, error = errors(capsys, ["predict", str(model), str(new), *options])
        assert code == 2
        assert message in error.splitlines()[-1]


def test_a_model_of_arrays(tmp_path, capsys):
    rng = np.random.default_rng(0)
    path, model = tmp_path / "noise.npz", tmp_path / "model.npz"
    X, y = rng.random((80, 9)), np.arange(80) % 2
    np.savez(path, X=X, y=y)
    assert main(["--data", str(path), "--save", str(model), *QUICK]) == 0
    capsys.readouterr()
    assert main(["predict", str(model), str(path)]) == 0
    printed = capsys.readouterr()
    assert len(printed.out.splitlines()) == 81
    assert "of 80 rows" in printed.err
    narrow = tmp_path / "narrow.npz"
    np.savez(narrow, X=X[:, :4])
    table = tmp_path / "a.csv"
    table.write_text("a,b\n1,2\n")
    for data, message in (
        (narrow, "X has 4 features, the model was trained on 9"),
        (table, "expected an .npz file, as the model was trained on arrays"),
        (tmp_path / "gone.npz", "there is no such file"),
    ):
        code, error = errors(capsys, ["predict", str(model), str(data)])
        assert (code, len(error.splitlines())) == (2, 1)
        assert message in error


@pytest.mark.parametrize("content", [b"", b"nothing", b"\x80\x04K\x01.", b"\x80\x04."])
def test_a_file_that_is_no_model(tmp_path, capsys, content):
    model, data = tmp_path / "model", tmp_path / "a.csv"
    data.write_text("a,b\n1,2\n")
    model.write_bytes(content)
    code, error = errors(capsys, ["predict", str(model), str(data)])
    assert (code, len(error.splitlines())) == (2, 1)
    assert "not a model that --save has written" in error


def test_a_reader_that_stops_early_is_no_error(people_csv):
    command = [sys.executable, "-m", "skscreen", "--data", str(people_csv), *QUICK]
    with subprocess.Popen(
        [*command, "--target", "member"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        process.stdout.close()
        error = process.stderr.read()
    assert (process.returncode, error) == (0, b"")


def test_help_documents_every_option():
    shown = subprocess.run(
        [sys.executable, "-m", "skscreen", "--help"], capture_output=True, text=True, check=True
    ).stdout
    for option in (
        "--data",
        "--target",
        "--network",
        "--sparsity",
        "--epochs",
        "--seed",
        "--save",
    ):
        assert option in shown
    for name in ("digits", "fashion", "mnist", ".npz", ".csv"):
        assert name in shown
