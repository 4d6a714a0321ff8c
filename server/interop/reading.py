"""Bytes to records: any delimited text file, with each record's line number as an editor shows it."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from server.interop.decoding import Remark, decode, refuse_what_is_not_text, split_lines
from server.interop.lines import Reason, because
from shared.errors import RuleBroken

MEGABYTES_MAX = 100
LINES_MAX = 600_000
COLUMNS_MAX = 500
CELL_CHARACTERS_MAX = 10_000
LINE_CHARACTERS_MAX = 100_000
QUOTED_LINES_MAX = 50
"""Lines one quoted value may run over; a quotation mark still open then is a slip, not a value."""

DELIMITERS = (",", "\t", ";", "|")
_SAMPLED_RECORDS = 60


@dataclass(frozen=True, slots=True)
class Record:
    """One record of the file: the line it begins on, its values, and what is wrong with its shape."""

    line_number: int
    values: tuple[str, ...]
    fault: Reason | None = None

    @property
    def blank(self) -> bool:
        """Tell whether nothing is written in it."""
        return self.fault is None and not any(value.strip() for value in self.values)


@dataclass(frozen=True, slots=True)
class Sheet:
    """A file's text with the way it is to be cut into records; reading it again starts afresh."""

    lines: tuple[str, ...]
    encoding: str
    delimiter: str
    remarks: tuple[Remark, ...] = ()
    first_line: int = 0

    def records(self) -> Iterator[Record]:
        """Give every record that holds anything, in order."""
        for record in self.all_records():
            if not record.blank:
                yield record

    def all_records(self) -> Iterator[Record]:
        """Give every record, the blank ones too."""
        at = self.first_line
        while at < len(self.lines):
            record, at = _record_at(self.lines, at, self.delimiter)
            yield record

    def record_at(self, line_number: int) -> Record:
        """Give the record that begins on a line."""
        return _record_at(self.lines, line_number - 1, self.delimiter)[0]

    @property
    def opening(self) -> str:
        """Give the first line that is not blank, for telling a list from a web page."""
        return next((line.strip() for line in self.lines if line.strip()), "")


def read(data: bytes, *, delimiter: str | None = None) -> Sheet:
    """Decode a file and find its delimiter; refuse what is not text or goes beyond a limit."""
    if len(data) > MEGABYTES_MAX * 1_000_000:
        raise RuleBroken("file.too_large", field="file", megabytes_max=MEGABYTES_MAX)
    refuse_what_is_not_text(data)
    decoded = decode(data)
    lines = tuple(split_lines(decoded.text))
    if len(lines) > LINES_MAX:
        raise RuleBroken("file.too_many_lines", field="file", lines_max=LINES_MAX)
    if not any(line.strip() for line in lines):
        raise RuleBroken("file.empty", field="file")
    named, first_line = _named_delimiter(lines[0])
    chosen = delimiter or named or find_delimiter(lines)
    return Sheet(lines, decoded.encoding, chosen, decoded.remarks, first_line)


def _named_delimiter(line: str) -> tuple[str | None, int]:
    """Understand the `sep=;` some spreadsheets write above the header."""
    text = line.strip("\r\n").strip('"').lower()
    named = text.removeprefix("sep=")
    return (named, 1) if named != text and named in DELIMITERS else (None, 0)


def find_delimiter(lines: tuple[str, ...]) -> str:
    """Choose the delimiter that cuts the first records into the most columns, most evenly."""
    return max(DELIMITERS, key=lambda delimiter: _evenness(lines, delimiter))


def _evenness(lines: tuple[str, ...], delimiter: str) -> float:
    widths: Counter[int] = Counter()
    at = 0
    for _ in range(_SAMPLED_RECORDS):
        if at >= len(lines):
            break
        record, at = _record_at(lines, at, delimiter)
        if not record.blank and record.fault is None:
            widths[len(record.values)] += 1
    if not widths:
        return 0
    width, records = max(widths.items(), key=lambda item: (item[1], item[0]))
    return (width - 1) * records / widths.total()


class _Feed(Iterator[str]):
    """The lines a record may run over; remembers whether the reader asked for more than there were."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = iter(lines)
        self.given = 0
        self.ran_out = False

    def __next__(self) -> str:
        try:
            line = next(self._lines)
        except StopIteration:
            self.ran_out = True
            raise
        self.given += 1
        return line


def _record_at(lines: tuple[str, ...], at: int, delimiter: str) -> tuple[Record, int]:
    """Read the record that begins at a line, and say where the next one begins."""
    number = at + 1
    if len(lines[at]) > LINE_CHARACTERS_MAX:
        fault = because("row.too_long", characters_max=LINE_CHARACTERS_MAX)
        return Record(number, (lines[at].rstrip("\r\n"),), fault), at + 1
    feed = _Feed(_lines_within_limits(lines, at))
    values = next(csv.reader(feed, delimiter=delimiter), [])
    if feed.ran_out or not _runs_on(lines[at : at + feed.given], delimiter):
        # Left open, the quotation mark would swallow the rows below: take this line alone.
        alone = (lines[at].rstrip("\r\n"),)
        return Record(number, alone, because("row.unclosed_quote")), at + 1
    return Record(number, tuple(values), _fault(values)), at + feed.given


def _runs_on(lines: tuple[str, ...], delimiter: str) -> bool:
    """Tell whether lines read as one record are one: a stray mark closes in the middle of a value."""
    if len(lines) <= 1:
        return True
    try:
        next(csv.reader(lines, delimiter=delimiter, strict=True))
    except csv.Error:
        return False
    return True


def _lines_within_limits(lines: tuple[str, ...], at: int) -> Iterator[str]:
    characters = 0
    for line in lines[at : at + QUOTED_LINES_MAX]:
        characters += len(line)
        if characters > LINE_CHARACTERS_MAX:
            return
        yield line


def _fault(values: list[str]) -> Reason | None:
    if len(values) > COLUMNS_MAX:
        return because("row.too_many_columns", columns_max=COLUMNS_MAX)
    if any(len(value) > CELL_CHARACTERS_MAX for value in values):
        return because("row.cell_too_long", characters_max=CELL_CHARACTERS_MAX)
    return None
