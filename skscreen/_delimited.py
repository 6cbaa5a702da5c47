"""Delimited text files, read field by field into columns of texts.

What can be told safely is told (compression, encoding, separator, decimal comma) and put down in a
note; what can't is refused in one line with file and row. Rows are counted as a spreadsheet does:
the first one in the file is row 1.
"""

import bz2
import csv
import gzip
import io
import lzma
import re
import zlib
from dataclasses import dataclass, field

import numpy as np

OPENERS = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
BYTE_ORDER_MARKS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
MISSING = {"", "na", "n/a", "nan", "null", "none", "?", "-", "."}

DECIMAL_COMMA = r"[+-]?\d*,\d+(?:[eE][+-]?\d+)?"
# Numbers that Python would not read, by decimal mark: thousands set off, decimal commas.
OTHER_NUMBERS = {
    ".": r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d*)?",
    ",": r"[+-]?\d{1,3}(?:\.\d{3})+(?:,\d*)?|" + DECIMAL_COMMA,
}


class DataError(ValueError):
    """Data that cannot be had or read; the message says why in one line."""


@dataclass
class RawTable:
    """The texts of a file, by column.

    Parameters
    ----------
    path : path-like
        Named in messages.
    columns : dict of str to ndarray of object of shape (n_rows,)
        Texts, None where missing.
    rows : ndarray of int of shape (n_rows,)
        Number of each row in the file.
    decimal : {".", ","}
    notes : list of str
        What was decided on the way.
    """

    path: object
    columns: dict
    rows: np.ndarray
    decimal: str = "."
    notes: list = field(default_factory=list)

    def select(self, kept):
        """Return the table of the rows marked in ``kept``."""
        columns = {name: texts[kept] for name, texts in self.columns.items()}
        return RawTable(self.path, columns, self.rows[kept], self.decimal, self.notes)

    def place(self, row, name):
        """Name a field for a message: file, row and column."""
        return f"{self.path}: row {self.rows[row]}, column {name!r}"

    def numbers(self, name):
        """Read a column as numbers.

        Parameters
        ----------
        name : str

        Returns
        -------
        values : ndarray of float of shape (n_rows,)
            NaN where the text is missing or no number.
        wrong : ndarray of bool of shape (n_rows,)
            True where the text is no number.
        """
        pandas = require_pandas()
        texts = pandas.Series(self.columns[name], dtype=object)
        values = pandas.to_numeric(texts, errors="coerce").to_numpy(np.float64, copy=True)
        if self.decimal == ",":  # a point sets off thousands then, or the text is no number
            values[texts.str.contains(".", regex=False, na=False).to_numpy(bool)] = np.nan
        present = texts.notna().to_numpy()
        unread = np.flatnonzero(present & np.isnan(values))
        if unread.size:
            rest = texts.iloc[unread]
            group, mark = (",", ".") if self.decimal == "." else (".", ",")
            written = rest.str.fullmatch(OTHER_NUMBERS[self.decimal]).to_numpy(bool)
            plain = rest.str.replace(group, "", regex=False).str.replace(mark, ".", regex=False)
            values[unread[written]] = plain[written].astype(float)
        return values, present & np.isnan(values)


def require_pandas():
    """Import pandas, or say how to get it."""
    try:
        import pandas
    except ImportError as error:
        raise DataError("tables need pandas: pip install 'skscreen[pandas]'") from error
    return pandas


def read_texts(path):
    """Read the fields of a delimited text file as they stand there.

    Parameters
    ----------
    path : Path

    Returns
    -------
    raw : RawTable

    Raises
    ------
    DataError
        If the file cannot be read as a header and rows of as many fields.
    """
    notes = []
    text, separator = _find_separator(path, _decode(path, _read_bytes(path), notes))
    records, rows = _read_records(path, text, separator)
    header, records = _equal_lengths(path, records, rows)
    names = _column_names(path, header, rows[0])
    fields = np.array(records, dtype=object).reshape(len(records), len(names))
    columns = {
        name: np.array([_present(text) for text in texts], dtype=object)
        for name, texts in zip(names, fields.T, strict=True)
    }
    decimal = "." if separator == "," else _decimal_mark(columns.values())
    if separator != ("\t" if ".tsv" in path.name.lower() else ","):
        notes.append(f"fields are separated by {SEPARATORS[separator]}")
    if decimal == ",":
        notes.append("numbers have decimal commas")
    return RawTable(path, columns, np.array(rows[1:]), decimal, notes)


def _read_bytes(path):
    opener = OPENERS.get(path.suffix.lower(), open)
    try:
        with opener(path, "rb") as file:
            return file.read()
    except (OSError, EOFError, zlib.error, lzma.LZMAError) as error:
        reason = getattr(error, "strerror", None) or error
        raise DataError(f"{path}: cannot be read: {reason}") from error


def _decode(path, content, notes):
    if not content.strip():
        raise DataError(f"{path}: the file is empty")
    marked = (name for mark, name in BYTE_ORDER_MARKS.items() if content.startswith(mark))
    encoding = next(marked, "utf-8")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        if encoding == "utf-16":
            raise DataError(f"{path}: not a text file: {error}") from error
        text = content.decode("latin-1")
        notes.append("read as Latin-1, since it is not UTF-8")
    if "\0" in text:
        raise DataError(f"{path}: not a text file: character {text.index(chr(0))} is zero")
    return text


def _find_separator(path, text):
    """Return the text without a line that names the separator, and the separator."""
    text = text.lstrip("\ufeff")
    named = re.match(r"sep=(.)\r?\n", text)  # as spreadsheets write it
    if named and named[1] in SEPARATORS:
        return text[named.end() - 1 :], named[1]  # its line stays, blank, for the numbers of rows
    start = io.StringIO(text.lstrip("\r\n"), newline="")
    widths = {}
    for separator in SEPARATORS:
        start.seek(0)
        try:
            widths[separator] = len(next(csv.reader(start, delimiter=separator), []))
        except csv.Error as error:
            raise DataError(f"{path}: the header cannot be read: {error}") from error
    best = max(widths, key=widths.get)
    if widths[best] < 2:
        raise DataError(
            f"{path}: the header has only one field; expected names of columns, separated by "
            "commas, semicolons, tabs or bars"
        )
    return text, best


def _read_records(path, text, separator):
    """Return the records that are not blank, the header first, and the row of each."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    records, rows, row = [], [], 0
    try:
        for row, record in enumerate(reader, start=1):
            if any(text.strip() for text in record):
                records.append(record)
                rows.append(row)
    except csv.Error as error:
        raise DataError(f"{path}: row {row + 1} cannot be read: {error}") from error
    if len(records) < 2:
        raise DataError(f"{path}: expected a header and rows of data, found a header alone")
    return records, rows


def _equal_lengths(path, records, rows):
    """Return the header and the records below it, after a check that they are as long."""
    header, *records = records
    if {len(record) for record in records} == {len(header) + 1}:
        if all(not record[-1].strip() for record in records):  # a separator ends each line
            records = [record[:-1] for record in records]
        else:  # row names without a name of their own, as R writes them
            header = ["", *header]
    for row, record in zip(rows[1:], records, strict=True):
        if len(record) != len(header):
            raise DataError(
                f"{path}: row {row} has {len(record)} fields, but the header in row {rows[0]} "
                f"has {len(header)}"
            )
    return header, records


def _column_names(path, header, row):
    names = [name.strip() for name in header]
    if all(re.fullmatch(r"[+-]?[\d.,]+(?:[eE][+-]?\d+)?", name) for name in names):
        raise DataError(f"{path}: row {row} holds numbers; expected a header of column names")
    names = [name or (f"column {place + 1}" if place else "") for place, name in enumerate(names)]
    for place, name in enumerate(names):
        if names.index(name) != place:
            raise DataError(
                f"{path}: row {row} names columns {names.index(name) + 1} and {place + 1} both "
                f"{name!r}"
            )
    return names


def _present(text):
    text = text.strip()
    return None if text.lower() in MISSING else text


def _decimal_mark(columns):
    """Tell decimal commas by a column of numbers, if points do nothing but set off thousands."""
    comma, number = re.compile(DECIMAL_COMMA), re.compile(rf"{OTHER_NUMBERS[',']}|[+-]?\d+")
    for texts in columns:
        present = [text for text in texts if text is not None]
        if any(map(comma.fullmatch, present)) and all(map(number.fullmatch, present)):
            return ","
    return "."
