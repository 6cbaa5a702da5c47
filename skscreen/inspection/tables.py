"""Plain-text tables."""

from collections.abc import Sequence


def format_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Lay out rows of strings in columns, the first to the left and the others to the right.

    Parameters
    ----------
    header : sequence of str
    rows : sequence of sequence of str

    Returns
    -------
    text : str

    Examples
    --------
    >>> from skscreen.inspection import format_table
    >>> print(format_table(["layer", "weights"], [["1", "6400"], ["2", "400"]]))
    layer  weights
    -----  -------
    1         6400
    2          400
    """
    lines = [list(map(str, header)), *(list(map(str, row)) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    lines.insert(1, ["-" * width for width in widths])
    return "\n".join(
        "  ".join(
            cell.ljust(width) if place == 0 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )
