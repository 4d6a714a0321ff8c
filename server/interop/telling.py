"""What an import and a guess say to whoever asked: the same words on a terminal and on a page."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from server.interop.column_answers import CERTAIN, LIKELY, ColumnAnswer
from server.interop.fields import FIELDS
from server.interop.guessing import Guess
from server.interop.posting import Tally
from server.interop.profile_files import as_data
from server.interop.queries import PastImport
from server.interop.running import Import
from server.interop.sentences import REASONS
from shared.catalogue import mark
from shared.errors import REFUSALS
from shared.presentation import moment, number

FIGURES: dict[str, str] = {
    "read": mark("Rows read"),
    "created": mark("Created"),
    "changed": mark("Changed"),
    "unchanged": mark("Unchanged"),
    "rejected": mark("Not taken"),
}
"""The five figures of an import, in words."""

SURE = mark("Sure")
PROBABLY = mark("Probably")
PERHAPS = mark("Perhaps")

_LEFT_OPEN: Mapping[str, str | int] = defaultdict(lambda: "…")
"""Stands for the values of a row once they have been erased."""


@dataclass(frozen=True, kw_only=True)
class Said:
    """One thing said of rows: how often, and of the first row it was said of, if that is still kept."""

    code: str
    count: int
    text: str
    values: Mapping[str, str | int]
    line_number: int | None


def text_of(code: str) -> str:
    """Give the marked sentence of a reason, a note or a refusal."""
    return REASONS.get(code) or REFUSALS[code]


def said_of_rows(counts: Mapping[str, int], examples: Mapping[str, Any]) -> list[Said]:
    """List what was said of rows, the most frequent first, from what is kept of an import."""
    told: list[Said] = []
    for code, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        line_number, _field, values = examples.get(code) or (None, None, ())
        told.append(
            Said(
                code=code,
                count=count,
                text=text_of(code),
                values=dict(values) or _LEFT_OPEN,
                line_number=line_number,
            )
        )
    return told


def how_sure(answer: ColumnAnswer) -> str:
    """Say in a word how sure an answer is."""
    if answer.confidence >= CERTAIN:
        return SURE
    return PROBABLY if answer.confidence >= LIKELY else PERHAPS


def summary(done: Import, title: str, *, trial: bool) -> Iterator[str]:
    """Say on a terminal what an import came to."""
    if done.earlier is not None:
        yield _about_earlier(done.earlier, trial=trial)
    yield f"Read with: {title}"
    if trial:
        yield "Nothing was written. Taking the file in would come to this:"
    for name, count in done.tally.figures().items():
        yield f"  {FIGURES[name]:<12}{number(count):>12}"
    if done.survey.without_payer:
        yield f"Accounts for which nobody is named as liable: {number(done.survey.without_payer)}"
    yield from _counted("Why rows were not taken:", done.tally.reasons, done.tally)
    yield from _counted("Worth knowing of rows that were taken:", done.tally.notes, done.tally)
    yield from _remarks(done)
    if done.survey.unused_columns:
        yield f"Columns that were not read: {', '.join(done.survey.unused_columns)}"


def _about_earlier(earlier: PastImport, *, trial: bool) -> str:
    when = moment(earlier.begun_at)
    if earlier.state == "done":
        return f"This very file was taken in before, on {when}."
    if trial:
        return f"This very file was begun on {when} and not finished."
    return f"This very file was begun on {when}; it was gone on with."


def _counted(heading: str, counts: Mapping[str, int], tally: Tally) -> Iterator[str]:
    """List what was said of rows, the most frequent first, each with the first row it was said of."""
    if counts:
        yield heading
    for code, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        line_number, reason = tally.examples[code]
        yield f"  {number(count):>8}  {reason.sentence()} (first on line {line_number})"


def _remarks(done: Import) -> Iterator[str]:
    for remark in done.survey.remarks:
        lines = ", ".join(map(str, remark.line_numbers[:10]))
        more = ", …" if remark.count > 10 else ""  # noqa: PLR2004 - as many as are listed
        yield f"{remark.reason.sentence()}: {lines}{more}"


def guess_in_words(guess: Guess) -> Iterator[str]:
    """Say on a terminal what a file's columns were taken for, and why."""
    yield f"Column names on line {guess.header_line}"
    width = max((len(answer.heading) for answer in guess.columns), default=0)
    for answer in guess.columns:
        fields = ", ".join(FIELDS[field].words for field in answer.fields) or "–"
        sure = f"{how_sure(answer)}: " if answer.fields else ""
        yield f"  {answer.heading:<{min(width, 40)}}  {fields}  ({sure}{answer.why.sentence()})"
    if guess.refused is not None:
        yield f"No profile: {guess.refused.sentence()}"
    elif guess.profile is not None:
        kind = guess.profile.debt_type or "told by a column"
        yield f"Proposed: {guess.profile.service}; kind of debt: {kind}"


def guess_as_data(guess: Guess) -> dict[str, Any]:
    """Give a guess as programs read it."""
    refused = guess.refused
    return {
        "header_line": guess.header_line,
        "confidence": guess.confidence,
        "columns": [
            {
                "heading": answer.heading,
                "occurrence": answer.occurrence,
                "fields": list(answer.fields),
                "confidence": answer.confidence,
                "why": answer.why.sentence(),
            }
            for answer in guess.columns
        ],
        "profile": as_data(guess.profile) if guess.profile else None,
        "refused": {"code": refused.code, "sentence": refused.sentence()} if refused else None,
    }
