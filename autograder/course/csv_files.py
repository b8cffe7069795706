"""CSV files of our own: read in one way, and written so that a spreadsheet program calculates nothing in them."""

import csv
import io
from collections.abc import Iterable
from pathlib import Path

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What begins a formula, the wide forms included, which some programs take for the narrow ones."""


def for_spreadsheet(value: str) -> str:
    """Keep a spreadsheet program from calculating what somebody called themselves; numbers stay numbers.

    Args:
        value: A cell of a CSV file that a person opens.

    Returns:
        The cell, with an apostrophe in front if it would be a formula.
    """
    if not value.startswith(_FORMULA):
        return value
    try:
        float(value)
    except ValueError:
        return f"'{value}"
    return value


def from_spreadsheet(value: str) -> str:
    """Undo `for_spreadsheet`.

    Args:
        value: A cell of a file that may have been written by us.
    """
    return value[1:] if value.startswith("'") and value[1:].startswith(_FORMULA) else value


def csv_bytes(rows: Iterable[Iterable[str]], *, delimiter: str = ",", line_end: str = "\n") -> bytes:
    """Write rows as CSV in UTF-8.

    Args:
        rows: Cells as they are to be read back.
        delimiter: Between cells.
        line_end: After each row.
    """
    stream = io.StringIO(newline="")
    csv.writer(stream, delimiter=delimiter, lineterminator=line_end).writerows(rows)
    return stream.getvalue().encode("utf-8")


def read_table(path: Path) -> tuple[tuple[str, ...], list[dict[str, str]]]:
    """Read a CSV file with a line of column names, as a person or a program of ours wrote it.

    Args:
        path: The file, in UTF-8 with or without a byte order mark.

    Returns:
        The names of the columns, and the rows by column, without blanks around their cells; rows that hold nothing are
        left out. What `for_spreadsheet` put in front of a cell is gone.

    Raises:
        OSError: It cannot be read.
        UnicodeError: It is not UTF-8.
        csv.Error: It is no CSV file.
    """
    with path.open(encoding="utf-8-sig", newline="") as stream:
        lines = csv.DictReader(stream)
        rows = [
            {name: from_spreadsheet(str(value or "").strip()) for name, value in line.items() if name} for line in lines
        ]
        return tuple(lines.fieldnames or ()), [row for row in rows if any(row.values())]
