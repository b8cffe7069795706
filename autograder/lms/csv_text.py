"""CSV text whose cells can be exchanged while every other byte stays as it was."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from autograder.lms.errors import LmsError

_BOM = "\ufeff"


@dataclass(frozen=True)
class Cell:
    """One field, and where it stands in the text."""

    value: str
    start: int
    end: int


@dataclass(frozen=True)
class CsvText:
    """A CSV file, read."""

    text: str
    delimiter: str
    records: tuple[tuple[Cell, ...], ...]
    """Records that hold anything, the header first."""

    def rows(self) -> list[list[str]]:
        """Return the values of all records."""
        return [[cell.value for cell in record] for record in self.records]

    def exchanged(self, values: Mapping[tuple[int, int], str]) -> bytes:
        """Return the file with some cells exchanged.

        Args:
            values: Record and column, counted from 0 with the header, to the new value.

        Returns:
            UTF-8, with a byte order mark only if there was one; a cell that was quoted stays quoted.
        """
        pieces, place = [], 0
        for record, column in sorted(values):
            cell = self.records[record][column]
            was_quoted = self.text[cell.start : cell.start + 1] == '"'
            pieces += [self.text[place : cell.start], self._written(values[record, column], quoted=was_quoted)]
            place = cell.end
        return "".join([*pieces, self.text[place:]]).encode("utf-8")

    def only(
        self, records: Iterable[int], values: Mapping[tuple[int, int], str], without: frozenset[int] = frozenset()
    ) -> bytes:
        """Return a file of the header and some records, other cells as they were.

        Args:
            records: Counted from 0 with the header.
            values: Record and column, to the new value.
            without: Columns to leave out.

        Returns:
            As `exchanged`.
        """
        line_end = "\r\n" if "\r\n" in self.text[self.records[0][-1].end :][:2] else "\n"
        lines = []
        for record in (0, *records):
            cells = [
                self._written(values[record, column], quoted=self.text[cell.start : cell.start + 1] == '"')
                if (record, column) in values
                else self.text[cell.start : cell.end]
                for column, cell in enumerate(self.records[record])
                if column not in without
            ]
            lines.append(self.delimiter.join(cells))
        bom = _BOM if self.text.startswith(_BOM) else ""
        return (bom + "".join(line + line_end for line in lines)).encode("utf-8")

    def _written(self, value: str, *, quoted: bool) -> str:
        if quoted or any(letter in value for letter in f'{self.delimiter}" \t\r\n\\'):
            return '"' + value.replace('"', '""') + '"'
        return value


def read_csv(data: bytes, name: str) -> CsvText:
    """Read a CSV file in UTF-8, separated by commas, semicolons or tabs.

    Args:
        data: The file.
        name: What to call it in messages.

    Raises:
        LmsError: It is not UTF-8, holds nothing, or has an open quote.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise LmsError(
            f"{name} is not UTF-8; use the file as it was downloaded, not as a spreadsheet program saved it."
        ) from error
    start = len(_BOM) if text.startswith(_BOM) else 0
    found = [CsvText(text, delimiter, _records(text, start, delimiter, name)) for delimiter in (",", ";", "\t")]
    best = max(found, key=lambda read: len(read.records[0]) if read.records else 0)
    if not best.records:
        raise LmsError(f"{name} is empty; download it again.")
    return best


def _records(text: str, place: int, delimiter: str, name: str) -> tuple[tuple[Cell, ...], ...]:
    records: list[tuple[Cell, ...]] = []
    cells: list[Cell] = []
    while place < len(text):
        cell, place = _cell(text, place, delimiter, name)
        cells.append(cell)
        if place < len(text) and text[place] == delimiter:
            place += 1
            if place == len(text):
                cells.append(Cell("", place, place))
            else:
                continue
        place += 2 if text.startswith("\r\n", place) else 1
        if any(found.value for found in cells):
            records.append(tuple(cells))
        cells = []
    return tuple(records)


def _cell(text: str, start: int, delimiter: str, name: str) -> tuple[Cell, int]:
    if text[start] != '"':
        end = start
        while end < len(text) and text[end] not in (delimiter, "\r", "\n"):
            end += 1
        return Cell(text[start:end], start, end), end
    end = start + 1
    while True:
        end = text.find('"', end)
        if end < 0:
            line = text.count("\n", 0, start) + 1
            raise LmsError(f"{name} has a quote without an end in line {line}; download it again.")
        if not text.startswith('""', end):
            break
        end += 2
    tail = end + 1
    while tail < len(text) and text[tail] not in (delimiter, "\r", "\n"):
        tail += 1
    return Cell(text[start + 1 : end].replace('""', '"') + text[end + 1 : tail], start, tail), tail


def number_of(text: str) -> float:
    """Read a number as an LMS writes it in any language: `8.5`, `8,50`, `1,234.50`, `1.234,50`, `1 234,5`.

    Args:
        text: Digits, with a decimal point or comma and maybe separators of thousands.

    Raises:
        ValueError: It is none, or `1,234`, which is two numbers in two countries.
    """
    bare = re.sub(r"(?<=\d)[ \u00a0\u202f'’](?=\d{3})", "", text.strip())
    last = max(bare.rfind("."), bare.rfind(","))
    if last < 0:
        return float(bare)
    mark, whole, rest = bare[last], bare[:last], bare[last + 1 :]
    other = "," if mark == "." else "."
    if bare.count(mark) > 1:  # separators of thousands only
        whole, rest = (bare, "") if other not in bare else ("", "")
        other = mark
    elif mark == "," and other not in bare and len(rest) == 3 and whole.lstrip("-") not in ("", "0"):
        raise ValueError(f"{text!r} may be a whole number or a decimal one")
    if other in whole and not re.fullmatch(rf"-?\d{{1,3}}({re.escape(other)}\d{{3}})+", whole):
        raise ValueError(f"{text!r} is no number")
    if not re.fullmatch(r"\d*", rest) or "_" in bare:
        raise ValueError(f"{text!r} is no number")
    return float(f"{whole.replace(other, '')}.{rest or '0'}")
