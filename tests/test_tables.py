"""Tables as people have them: each read right, or refused in one line."""

import bz2
import gzip
import lzma
from pathlib import Path

import numpy as np
import pytest

from skscreen._tables import column_kinds, is_table, read_features, read_table
from skscreen.datasets import DataError, load_dataset

ROWS = "5.1,red,yes\n4.9,blue,no\n6.3,red,yes\n5.8,blue,no\n"
PLAIN = "size,colour,target\n" + ROWS
SIZES = [5.1, 4.9, 6.3, 5.8]


def numbered(n, row):
    """Rows made by a function of their number."""
    return "".join(row(number) + "\n" for number in range(n))


# name of the file, its content, options; what is found: sizes, kinds of columns, y, part of a note
READ = {
    "plain": ("a.csv", PLAIN, {}, "number category", "yes no yes no", ""),
    "byte order mark": ("a.csv", "\ufeff" + PLAIN, {}, "number category", "yes no yes no", ""),
    "UTF-16": ("a.csv", PLAIN.encode("utf-16"), {}, "number category", "yes no yes no", ""),
    "Latin-1": (
        "a.csv",
        PLAIN.replace("red", "grün").encode("latin-1"),
        {},
        "number category",
        "yes no yes no",
        "Latin-1",
    ),
    "Windows line ends": (
        "a.csv",
        PLAIN.replace("\n", "\r\n"),
        {},
        "number category",
        "yes no yes no",
        "",
    ),
    "old Mac line ends": (
        "a.csv",
        PLAIN.replace("\n", "\r"),
        {},
        "number category",
        "yes no yes no",
        "",
    ),
    "no line end at the end": ("a.csv", PLAIN[:-1], {}, "number category", "yes no yes no", ""),
    "trailing blank lines": (
        "a.csv",
        PLAIN + "\n\n   \n",
        {},
        "number category",
        "yes no yes no",
        "",
    ),
    "trailing rows of commas": ("a.csv", PLAIN + ",,\n,,\n", {}, "number category", None, ""),
    "leading blank lines": ("a.csv", "\n\n" + PLAIN, {}, "number category", None, ""),
    "upper-case suffix": ("A.CSV", PLAIN, {}, "number category", None, ""),
    "gzip": ("a.csv.gz", gzip.compress(PLAIN.encode()), {}, "number category", None, ""),
    "GZIP in capitals": (
        "A.CSV.GZ",
        gzip.compress(PLAIN.encode()),
        {},
        "number category",
        None,
        "",
    ),
    "bzip2": ("a.csv.bz2", bz2.compress(PLAIN.encode()), {}, "number category", None, ""),
    "xz": ("a.csv.xz", lzma.compress(PLAIN.encode()), {}, "number category", None, ""),
    "tabs": ("a.tsv", PLAIN.replace(",", "\t"), {}, "number category", None, ""),
    "tabs in .csv": ("a.csv", PLAIN.replace(",", "\t"), {}, "number category", None, "tabs"),
    "bars": ("a.csv", PLAIN.replace(",", "|"), {}, "number category", None, "bars"),
    "semicolons": ("a.csv", PLAIN.replace(",", ";"), {}, "number category", None, "semicolons"),
    "decimal commas": (
        "a.csv",
        PLAIN.replace(",", ";").replace(".", ","),
        {},
        "number category",
        None,
        "decimal commas",
    ),
    "a line that names the separator": (
        "a.csv",
        "sep=;\n" + PLAIN.replace(",", ";"),
        {},
        "number category",
        None,
        "semicolons",
    ),
    "quoted": (
        "a.csv",
        '"size","colour","target"\n"5.1","r ""e"", d","yes"\n4.9,"bl\nue",no\n'
        "6.3,red,yes\n5.8,x,no\n",
        {},
        "number category",
        "yes no yes no",
        "",
    ),
    "blanks around fields": (
        "a.csv",
        PLAIN.replace(",", " , "),
        {},
        "number category",
        "yes no yes no",
        "",
    ),
    "separator at each line's end": (
        "a.csv",
        "size,colour,target\n" + ROWS.replace("\n", ",\n"),
        {},
        "number category",
        "yes no yes no",
        "",
    ),
    "index without a name": (
        "a.csv",
        ",size,colour,target\n0,5.1,red,yes\n1,4.9,blue,no\n2,6.3,red,yes\n3,5.8,blue,no\n",
        {},
        "number category",
        "yes no yes no",
        "left out: ''",
    ),
    "row names of R": (
        "a.csv",
        "size,colour,target\nr1,5.1,red,yes\nr2,4.9,blue,no\nr3,6.3,red,yes\nr4,5.8,blue,no\n",
        {},
        "number category",
        "yes no yes no",
        "left out: ''",
    ),
    "id": (
        "a.csv",
        "Id,size,colour,target\n7,5.1,red,yes\n8,4.9,blue,no\n9,6.3,red,yes\n3,5.8,blue,no\n",
        {},
        "number category",
        "yes no yes no",
        "left out: 'Id'",
    ),
    "missing targets": (
        "a.csv",
        PLAIN + "1.0,red,\n2.0,red,NA\n",
        {},
        "number category",
        "yes no yes no",
        "2 rows without a target, the first of them row 6",
    ),
    "classes as numbers": (
        "a.csv",
        PLAIN.replace("yes", "1").replace("no", "0"),
        {},
        "number category",
        [1, 0, 1, 0],
        "",
    ),
    "classes as decimals": (
        "a.csv",
        PLAIN.replace("yes", "1.0").replace("no", "0.0"),
        {},
        "number category",
        [1, 0, 1, 0],
        "",
    ),
    "another target": (
        "a.csv",
        PLAIN,
        {"target": "COLOUR"},
        "number category",
        "red blue red blue",
        "",
    ),
    "target called Class": (
        "a.csv",
        PLAIN.replace("target", "Class"),
        {},
        "number category",
        None,
        "",
    ),
    "a regression": (
        "a.csv",
        PLAIN,
        {"target": "size"},
        "category category",
        SIZES,
        "",
    ),
    "a regression on request": (
        "a.csv",
        PLAIN.replace("yes", "3").replace("no", "1"),
        {"task": "regression"},
        "number category",
        [3.0, 1.0, 3.0, 1.0],
        "",
    ),
    "a column to ignore": ("a.csv", PLAIN, {"ignore": ["colour"]}, "number", None, ""),
    "numbers as categories": (
        "a.csv",
        PLAIN,
        {"categories": ["size"]},
        "category category",
        None,
        "",
    ),
    "an empty column": (
        "a.csv",
        "size,colour,gone,target\n" + ROWS.replace("red,", "red,,").replace("blue,", "blue,NA,"),
        {},
        "number category",
        None,
        "left out: 'gone', which is empty",
    ),
    "a column of one value": (
        "a.csv",
        "size,colour,same,target\n" + ROWS.replace("red,", "red,3,").replace("blue,", "blue,3,"),
        {},
        "number category",
        None,
        "left out: 'same', which is the same in every row",
    ),
    "names": (
        "a.csv",
        "size,name,target\n" + numbered(20, lambda i: f"{i}.5,person {i},{'ab'[i % 2]}"),
        {},
        "number",
        None,
        "left out: 'name', 20 different texts",
    ),
    "an unnamed column": ("a.csv", PLAIN.replace("colour", ""), {}, "number category", None, ""),
}


@pytest.mark.parametrize("case", READ)
def test_an_odd_table_is_read_right(tmp_path, case):
    name, content, options, kinds, y, note = READ[case]
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    assert is_table(path)
    table = read_table(path, **options)
    assert list(column_kinds(table.X).values()) == kinds.split()
    if "size" in table.X and table.X["size"].dtype == float and case != "names":
        np.testing.assert_array_equal(table.X["size"], SIZES)
    if y is not None:
        np.testing.assert_array_equal(table.y, y.split() if isinstance(y, str) else y)
    assert table.task == ("regression" if "regression" in case else "classification")
    if note:
        assert any(note in line for line in table.notes)
    else:
        assert table.notes == []


@pytest.mark.parametrize(
    ("texts", "decimal", "values"),
    [
        ("1,234|2,000.5|7", ".", [1234, 2000.5, 7]),
        ("1.234;1,5;7", ",", [1234, 1.5, 7]),
        ("1e3|-2.5E-1|+4", ".", [1000, -0.25, 4]),
        ("?|NaN|null|n/a|-|1", ".", [np.nan] * 5 + [1]),
    ],
)
def test_numbers_as_people_write_them(tmp_path, texts, decimal, values):
    path = tmp_path / "a.csv"
    separator = "|" if decimal == "." else ";"
    texts = texts.split(separator)
    rows = [f"{text}{separator}{'ab'[i % 2]}" for i, text in enumerate([*texts, *texts])]
    path.write_text(f"size{separator}target\n" + "\n".join(rows))
    np.testing.assert_array_equal(read_table(path).X["size"], values * 2)


WRONG = {
    "nothing": ("a.csv", b"", "the file is empty"),
    "blank lines alone": ("a.csv", "\n\n \n", "the file is empty"),
    "a header alone": ("a.csv", "a,target\n", "found a header alone"),
    "one column": ("a.csv", "target\n1\n2\n", "the header has only one field"),
    "no header": ("a.csv", "1,2,3\n4,5,6\n", "row 1 holds numbers"),
    "a name twice": ("a.csv", "a,a,target\n1,2,3\n", "row 1 names columns 1 and 2 both 'a'"),
    "a short row": ("a.csv", PLAIN + "1.0\n", "row 6 has 1 fields, but the header in row 1 has 3"),
    "a long row": ("a.csv", PLAIN + "\n1,2,3,4\n", "row 7 has 4 fields"),
    "an open quote": ("a.csv", PLAIN + '1,"red,yes\n', "row 6 cannot be read"),
    "no target": ("a.csv", PLAIN.replace("target", "kind"), "name the one to predict"),
    "an empty target": ("a.csv", "a,target\n1,\n2,\n", "column 'target' is empty"),
    "one class": ("a.csv", "a,target\n1,x\n2,x\n", "column 'target' holds nothing but 'x'"),
    "a lonely class": ("a.csv", PLAIN + "1,red,perhaps\n", "row 6, column 'target': the only row"),
    "no features": ("a.csv", "id,target\n1,x\n2,y\n3,x\n4,y\n", "no column is left"),
    "a typing mistake": (
        "a.csv",
        "size,target\n" + numbered(20, lambda i: f"{'l2' if i == 7 else i},{'ab'[i % 2]}"),
        "row 9, column 'size': expected a number, found 'l2'",
    ),
    "an infinite number": (
        "a.csv",
        "size,target\n1,a\ninf,a\n2,b\n3,b\n",
        "row 3, column 'size': expected a finite number, found 'inf'",
    ),
    "text in a numeric target": (
        "a.csv",
        "a,target\n" + numbered(40, lambda i: f"{i % 3},{'many' if i == 4 else i * 1.5}"),
        "row 6, column 'target': expected a number, found 'many'",
    ),
    "an underscore": (
        "a.csv",
        "size,target\n" + numbered(20, lambda i: f"{'1_0' if i == 7 else i},{'ab'[i % 2]}"),
        "row 9, column 'size': expected a number, found '1_0'",
    ),
    "points among decimal commas": (
        "a.csv",
        "a;b;target\n" + numbered(20, lambda i: f"{i},5;{'1.5' if i == 3 else i};{'xy'[i % 2]}"),
        "row 5, column 'b': expected a number, found '1.5'",
    ),
    "a binary file": ("a.csv", bytes(range(256)), "not a text file"),
    "a damaged UTF-16 file": ("a.csv", b"\xff\xfea\x00b", "not a text file"),
    "a damaged .gz": ("a.csv.gz", gzip.compress(PLAIN.encode())[:-12], "cannot be read"),
    "a false .gz": ("a.csv.gz", PLAIN, "cannot be read: Not a gzipped file"),
    "a false .bz2": ("a.csv.bz2", PLAIN, "cannot be read: Invalid data stream"),
    "a damaged .xz": ("a.csv.xz", lzma.compress(PLAIN.encode())[:-20], "cannot be read"),
    "a huge field": ("a.csv", PLAIN + "1," + "x" * 200_000 + ",yes\n", "field larger than"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_table_is_refused_in_one_line(tmp_path, case):
    name, content, message = WRONG[case]
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(DataError) as caught:
        read_table(path)
    text = str(caught.value)
    assert message in text
    assert text.startswith(str(path))
    assert "\n" not in text


def test_columns_to_ignore_must_be_there(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(PLAIN)
    for option in ("ignore", "categories"):
        with pytest.raises(DataError, match="no column 'x' among size, colour, target"):
            read_table(path, **{option: ["x"]})
    with pytest.raises(DataError, match="no column 'x' among"):
        read_table(path, target="x")


def test_a_regression_needs_numbers(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(PLAIN)
    with pytest.raises(DataError, match="row 2, column 'target': expected a number, found 'yes'"):
        read_table(path, task="regression")


def test_features_for_a_model(tmp_path):
    path = tmp_path / "new.csv"
    path.write_text("colour;size\nred;1,5\n;\n;NA\nblue;2\n")
    X, raw = read_features(path, {"size": "number", "colour": "category"})
    np.testing.assert_array_equal(X["size"], [1.5, np.nan, 2])
    assert X["colour"].tolist() == ["red", None, "blue"]
    assert raw.rows.tolist() == [2, 4, 5]
    with pytest.raises(DataError, match="no column 'weight', which the model was trained on"):
        read_features(path, {"weight": "number"})
    with pytest.raises(DataError, match="row 2, column 'colour': expected a number, found 'red'"):
        read_features(path, {"colour": "number"})


def test_a_table_as_a_data_set(tmp_path):
    path = tmp_path / "mine.v2.csv"
    path.write_text(PLAIN + ROWS)
    data = load_dataset(str(path))
    assert (data.name, data.task, data.target) == ("mine", "classification", "target")
    assert (len(data.X_train), len(data.X_test)) == (6, 2)
    assert list(data.X_train.columns) == ["size", "colour"]
    assert sorted(data.y_test) == ["no", "yes"]


@pytest.mark.parametrize("name", ["a.txt", "csv", "a.csv.zip", "a.gz"])
def test_other_files_are_no_tables(name):
    assert not is_table(Path(name))
