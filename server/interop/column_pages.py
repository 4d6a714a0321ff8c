"""What the page about reading a file shows of it: each column, what it feeds and why, and some rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from server.interop.choosing import GuessRefused
from server.interop.column_answers import ColumnAnswer
from server.interop.editing import BLANK, ShownColumn, shown_columns
from server.interop.guessing import Guess, feeds_of, guess_sheet
from server.interop.intake import Intake, Outcome
from server.interop.layout import HEADER_LINES_MAX, find_header, header_cells
from server.interop.lines import Reason
from server.interop.profile_files import from_data
from server.interop.profiles import Profile
from server.interop.reading import Sheet, read
from server.interop.sampling import column_of
from server.interop.telling import how_sure
from shared.catalogue import mark

EXAMPLES = 3
"""Values of each column that are shown."""

ROWS = 5
"""Rows that are shown as they would be read."""

_LOOKED_AT = 200

ANY_KIND = "sundry"
"""The kind of debt a guess is made with where nothing tells it; the page then asks for it."""

NO_LIST = frozenset(
    f"guess.{what}"
    for what in ("blank", "message", "web_page", "comment", "json", "json_error", "xml")
)
"""Reasons for which no answer about columns can make a list of a file."""

BY_PROFILE = mark("The way of reading you chose says so")
LEFT_BY_PROFILE = mark("Not read by the way you chose")


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column as the page shows it; `why` is a marked sentence with its values."""

    shown: ShownColumn
    examples: tuple[str, ...]
    why: Reason | None
    why_text: str
    sure: str


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How a file is read as it stands: the profile it starts from, its columns, and what is lacking."""

    base: Profile
    header: tuple[str, ...]
    columns: tuple[Column, ...]
    lacking: Reason | None
    asks_kind: bool
    sheet: Sheet


def guessed(head: bytes) -> Profile | None:
    """Guess a profile; None where a person can say what is lacking. Refuses what is no list at all."""
    guess = guess_sheet(read(head))
    if guess.refused is not None and guess.refused.code in NO_LIST:
        raise GuessRefused(guess.refused)
    return guess.profile


def reading_of(head: bytes, kept: Mapping[str, Any] | None) -> Reading:
    """Work out what the page shows: by the profile kept, else as far as it can be guessed."""
    sheet = read(head)
    guess = guess_sheet(sheet)
    records = list(islice(sheet.records(), HEADER_LINES_MAX + _LOOKED_AT))
    if kept is not None:
        base = from_data(kept)
        at = find_header(base, records[:HEADER_LINES_MAX], sheet.delimiter)
    else:
        base = _started_from(sheet, guess)
        at = next(n for n, record in enumerate(records) if record.line_number == guess.header_line)
    header = header_cells(records[at], sheet.delimiter)
    samples = [record.values for record in records[at + 1 :] if record.fault is None]
    answers = {answer.position: answer for answer in guess.columns}
    return Reading(
        base=base,
        header=header,
        columns=tuple(
            _column(shown, answers.get(shown.position), samples)
            for shown in shown_columns(base, header)
        ),
        lacking=guess.refused if kept is None else None,
        asks_kind=kept is None and guess.profile is None,
        sheet=sheet,
    )


def _started_from(sheet: Sheet, guess: Guess) -> Profile:
    """Give what can be guessed, complete or not."""
    whole = guess.profile or guess_sheet(sheet, debt_type=ANY_KIND).profile
    return whole or replace(BLANK, feeds=feeds_of(guess.columns))


def _column(
    shown: ShownColumn, answer: ColumnAnswer | None, samples: Sequence[Sequence[str]]
) -> Column:
    same = answer is not None and set(answer.fields) == set(filter(None, shown.feeds.split("+")))
    why = answer.why if same and answer else None
    values = list(dict.fromkeys(column_of(samples, shown.position)))
    return Column(
        shown=shown,
        examples=tuple(values[:EXAMPLES]),
        why=why,
        why_text=BY_PROFILE if shown.feeds else LEFT_BY_PROFILE,
        sure=how_sure(answer) if same and answer and answer.fields else "",
    )


def first_rows(reading: Reading, profile: Profile) -> list[Outcome]:
    """Read the first rows of a file as the whole of it would be read."""
    few = replace(reading.sheet, lines=reading.sheet.lines[: HEADER_LINES_MAX + _LOOKED_AT])
    return list(islice(Intake(few, replace(profile, control=None)).outcomes(), ROWS))
