"""From the head of a file to a proposed profile and why, or to a reason a person understands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from server.interop.cells import shown
from server.interop.column_answers import ColumnAnswer, answer_columns
from server.interop.fields import FIELDS
from server.interop.headings import squashed, vocabulary
from server.interop.layout import HEADER_LINES_MAX, header_cells
from server.interop.lines import Reason, because
from server.interop.profiles import GUESS, Column, Feed, Profile
from server.interop.reading import Record, Sheet, read
from server.interop.refusing import is_message, why_not_a_list
from server.interop.sampling import SAMPLES_MAX, checked_by, column_of, date_formats
from shared.catalogue import mark
from shared.errors import RuleBroken

_SERVICES = {
    "business_rates": "Business Rates",
    "council_tax": "Council Tax",
    "housing_benefit_overpayment": "Benefits",
}
_BY_COLUMN = "by_column"
_HINT_MIN = 5
_UNTOLD = ("column.unknown", "column.unnamed")
_TELLING = ("payer_name", "payer_surname", "property_address", "balance")
"""A list is worth taking in only if it says who, where or how much."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """What a file's columns were taken for, and the profile proposed or the reason there is none."""

    columns: tuple[ColumnAnswer, ...] = ()
    profile: Profile | None = None
    refused: Reason | None = None
    header_line: int = 1

    @property
    def confidence(self) -> int:
        """Say how sure the least sure column in use is, of 100."""
        return min((answer.confidence for answer in self.columns if answer.fields), default=0)


def guess_line(text: str, *, debt_type: str | None = None, country: str = "england") -> Guess:
    """Propose a profile from the first line of a file alone."""
    refused = why_not_a_list(text)
    if refused is not None:
        return Guess(refused=refused)
    try:
        sheet = read(text.encode("utf-8", "replace"))
    except RuleBroken as refusal:
        return Guess(refused=because(refusal.code, refusal.field, **_plain(refusal.values)))
    return guess_sheet(sheet, debt_type=debt_type, country=country)


def _plain(values: dict[str, object]) -> dict[str, str | int]:
    return {name: value if isinstance(value, int) else str(value) for name, value in values.items()}


def guess_sheet(sheet: Sheet, *, debt_type: str | None = None, country: str = "england") -> Guess:
    """Propose a profile for a file: find its header, name its columns, and check them by its rows."""
    refused = why_not_a_list(sheet.opening)
    if refused is not None:
        return Guess(refused=refused)
    opening = list(islice(sheet.records(), HEADER_LINES_MAX + SAMPLES_MAX))
    at, answers = _likeliest_header(opening[:HEADER_LINES_MAX], sheet.delimiter)
    samples = [record.values for record in opening[at + 1 :] if record.fault is None]
    columns = tuple(checked_by(answer, samples) for answer in answers)
    line = opening[at].line_number if opening else 1
    refused = _why_too_little(columns, sheet.opening)
    found = debt_type or _debt_type_of(columns)
    if refused is None and found is None:
        refused = because("guess.no_debt_type", "debt_type")
    if refused is not None:
        return Guess(columns=columns, refused=refused, header_line=line)
    profile = _profile(columns, samples, found or _BY_COLUMN, country)
    return Guess(columns=columns, profile=profile, header_line=line)


def _likeliest_header(records: Sequence[Record], delimiter: str) -> tuple[int, list[ColumnAnswer]]:
    """Take the record with the most columns we know; the first of several alike."""
    best: tuple[int, int, list[ColumnAnswer]] = (-1, 0, [])
    for at, record in enumerate(records):
        if record.fault is None:
            answers = answer_columns(header_cells(record, delimiter))
            known = sum(answer.why.code not in _UNTOLD for answer in answers)
            if known > best[0]:
                best = (known, at, answers)
    return best[1], best[2]


def _why_too_little(columns: Sequence[ColumnAnswer], opening: str) -> Reason | None:
    fed = {field for answer in columns for field in answer.fields}
    reference = "account_reference" in fed
    if reference and any(field in fed for field in _TELLING):
        return None
    if is_message(opening):
        return because("guess.message", text=shown(opening.strip('"')))
    recognised = [answer.heading for answer in columns if answer.fields]
    if recognised and not reference:
        return because("guess.no_reference")
    return because("guess.too_little", columns=", ".join(recognised) or "0")


def _debt_type_of(columns: Sequence[ColumnAnswer]) -> str | None:
    """Tell the kind of debt from the words of the header, or say that a column tells it row by row."""
    if any("debt_type" in answer.fields for answer in columns):
        return _BY_COLUMN
    headings = [squashed(answer.heading).rstrip("0123456789") for answer in columns]
    for kind, hints in vocabulary()["debt_type_hints"].items():
        for hint in map(squashed, hints):
            # A short hint such as "rv" must be the whole heading: it also stands in "service".
            if any(hint == text or (len(hint) >= _HINT_MIN and hint in text) for text in headings):
                return kind
    return None


def _profile(
    columns: Sequence[ColumnAnswer],
    samples: Sequence[Sequence[str]],
    debt_type: str,
    country: str,
) -> Profile:
    fed = {field for answer in columns for field in answer.fields}
    dates = [
        value
        for answer in columns
        if any(FIELDS[field].shape == "date" for field in answer.fields)
        for value in column_of(samples, answer.position)
    ]
    by_debt = fed & {"debt_reference", "period_from"}
    return Profile(
        name=f"{GUESS}ed",
        title=mark("Guessed from the column names"),
        source="The file's own header row",
        service=_SERVICES.get(debt_type, "Finance"),
        country=country,
        debt_type=None if debt_type == _BY_COLUMN else debt_type,
        one_row="debt" if by_debt else "account",
        otherwise_kind="organisation" if debt_type == "business_rates" else "individual",
        date_formats=date_formats(dates),
        feeds=feeds_of(columns),
    )


def feeds_of(columns: Sequence[ColumnAnswer]) -> tuple[Feed, ...]:
    """Make a feed of each field, its columns in the order they stand in the file."""
    fed: dict[str, list[ColumnAnswer]] = {}
    for answer in columns:
        for field in answer.fields:
            fed.setdefault(field, []).append(answer)
    return tuple(_feed(field, fed[field]) for field in FIELDS if field in fed)


def _feed(field: str, answers: Sequence[ColumnAnswer]) -> Feed:
    lone_address = FIELDS[field].shape == "address" and len(answers) == 1
    return Feed(
        field=field,
        columns=tuple(Column(answer.heading, answer.occurrence) for answer in answers),
        split="," if lone_address else None,
        values=answers[0].values or usual_values(field),
    )


def usual_values(field: str) -> tuple[tuple[str, str], ...]:
    """Give the words other systems use for our own choices."""
    words = vocabulary().get(f"{field}_values", {})
    return tuple((theirs, ours) for ours, listed in words.items() for theirs in listed)
