"""TSV and CSV feeds: delimiter, quoting, rows over several lines, ragged rows."""

from __future__ import annotations

import csv
import difflib
from collections import deque
from collections.abc import Iterable, Iterator, Sequence

from pipeline.feed_source import FeedError, RawRow, Source
from schemas.product import attribute_name

MAX_LINES_PER_ROW = 200
"""A quoted field that runs over more lines than this was never closed: it ends with its line."""

_FIELD_CHARACTERS = 1 << 20  # the csv module's own limit of 131072 is less than some descriptions


def table_rows(source: Source, needed: Sequence[str]) -> Iterator[RawRow]:
    """The rows of a TSV or CSV below its header, one in memory at a time.

    Raises `FeedError` where the header lacks a `needed` column.
    """
    csv.field_size_limit(_FIELD_CHARACTERS)
    lines = _Lines(source.text())
    first = lines.header()
    delimiter = _delimiter(first)
    header = [attribute_name(name) for name in _cells(first, delimiter)]
    _check_header(header, needed, source.uri)
    plain = delimiter == "\t" and all(header) and len(set(header)) == len(header)
    for line, text in lines.rows(delimiter):
        if plain and '"' not in text:  # nothing to unquote, to join or to leave out: most rows
            cells = text.rstrip("\r\n").split("\t")
            if len(cells) == len(header):
                texts = {n: c for n, c in zip(header, cells, strict=True) if c and not c.isspace()}
                if texts:
                    yield RawRow(line, texts)
                continue
        if text.strip(delimiter + " \r\n"):
            yield _raw_row(line, header, text, delimiter)


def _check_header(header: list[str], needed: Sequence[str], uri: str) -> None:
    for name in needed:
        if name not in header:
            close = difflib.get_close_matches(name, header, 1)
            fix = f'rename "{close[0]}"' if close else "name the columns in its first line"
            found = ", ".join(header)[:200]
            raise FeedError(f'{uri} has no column "{name}" (its header: {found}); {fix}')


def _raw_row(line: int, header: list[str], text: str, delimiter: str) -> RawRow:
    try:
        cells = _cells(text, delimiter)
    except csv.Error as error:
        return RawRow(line, {}, f"line {line} cannot be read as CSV ({error}); correct its quotes")
    while len(cells) > len(header) and not cells[-1].strip():
        cells.pop()
    texts: dict[str, str] = {}
    for name, cell in zip(header, cells, strict=False):
        if name and cell.strip():
            texts[name] = f"{texts[name]}, {cell}" if name in texts else cell
    row = RawRow(line, texts)
    if len(cells) > len(header):
        row.broken = (
            f"line {line} has {len(cells)} columns but the header has {len(header)}, so its values"
            " may stand in the wrong ones; remove the delimiter from its texts or quote them"
        )
    elif len(cells) < len(header):
        row.warnings.append(f"the row has {len(cells)} of {len(header)} columns; the rest is empty")
    return row


def _delimiter(header: str) -> str:
    counts = {mark: header.count(mark) for mark in "\t,;|"}
    return max(counts, key=lambda mark: counts[mark]) if any(counts.values()) else "\t"


def _cells(row: str, delimiter: str) -> list[str]:
    row = row.rstrip("\r\n")
    if delimiter == "\t":
        return [_unquoted(cell) for cell in row.split("\t")]
    return next(csv.reader([row], delimiter=delimiter, skipinitialspace=True), [])


def _unquoted(cell: str) -> str:
    """A Merchant TSV has no quoting, but Excel quotes a cell that holds quotes, doubling them."""
    inner = cell.strip()
    if len(inner) >= 2 and inner[0] == inner[-1] == '"':
        inner = inner[1:-1]
        if '"' not in inner.replace('""', ""):
            return inner.replace('""', '"')
    return cell


class _Lines:
    """Physical lines, joined into rows where a quoted field of a CSV holds line ends."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines, self._back, self._number = iter(lines), deque[str](), 0

    def header(self) -> str:
        """The first line that is not blank."""
        while (line := self._next()) is not None:
            if line.strip():
                return line
        return ""

    def rows(self, delimiter: str) -> Iterator[tuple[int, str]]:
        """(number of its first line, row). In a TSV every line is a row."""
        while (row := self._next()) is not None:
            number = self._number
            yield number, row if delimiter == "\t" else self._closed(row, delimiter)

    def _closed(self, row: str, delimiter: str) -> str:
        first, more = row, list[str]()
        while _quote_is_open(row, delimiter):
            line = self._next() if len(more) < MAX_LINES_PER_ROW else None
            if line is None:  # never closed: the lines behind it are rows of their own
                self._back.extendleft(reversed(more))
                self._number -= len(more)
                return first.replace('"', "")
            more.append(line)
            row += line
        return row

    def _next(self) -> str | None:
        line = self._back.popleft() if self._back else next(self._lines, None)
        self._number += line is not None
        return line


def _quote_is_open(row: str, delimiter: str) -> bool:
    if '"' not in row:
        return False
    try:
        list(csv.reader([row], delimiter=delimiter, strict=True, skipinitialspace=True))
    except csv.Error as error:
        return "unexpected end of data" in str(error)
    return False
