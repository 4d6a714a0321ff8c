"""What the first rows of a file say about a guess: whether the values fit, and how dates are written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from server.interop import cells
from server.interop.addresses import postcode
from server.interop.cells import DATE_FORMATS, DAY_FIRST, MONTH_FIRST, CellRefused
from server.interop.column_answers import ColumnAnswer
from server.interop.fields import FIELDS
from server.interop.lines import because

SAMPLES_MAX = 200
FITTING_MIN = 0.6
"""The part of a column's values that must be what its name says."""

USUAL_DATE_FORMATS = ("DD/MM/YYYY", "YYYY-MM-DD", "DD-MON-YYYY", "D MONTH YYYY")
"""Date formats proposed where there is no value to go by; no two of them read the same text apart."""

# Day first before month first, and full years before short ones.
_PREFERRED = (
    *USUAL_DATE_FORMATS,
    "DD-MM-YYYY",
    "DD.MM.YYYY",
    "YYYY/MM/DD",
    "DD/MM/YY",
    "DD-MON-YY",
    "YYYYMMDD",
    "SPREADSHEET DAY",
)

_CHECKS: dict[str, Callable[[str], object]] = {
    "reference": cells.reference,
    "date": lambda text: cells.day(text, DATE_FORMATS),
    "pence": cells.pence,
    "whole_number": cells.whole_number,
    "postcode": postcode,
    "uprn": cells.uprn,
    "yes_no": cells.yes_no,
    "phone": cells.phone,
    "email": cells.email,
}


def column_of(samples: Sequence[Sequence[str]], position: int) -> list[str]:
    """Give the values of one column that are not blank."""
    values = (cells.plain(row[position]) for row in samples if position < len(row))
    return [value for value in values if value]


def checked_by(answer: ColumnAnswer, samples: Sequence[Sequence[str]]) -> ColumnAnswer:
    """Take an answer back where too few of the column's values are what it says they are."""
    values = column_of(samples, answer.position)
    for field in answer.fields:
        check = _check_of(field)
        if check is None or not values:
            continue
        translations = {theirs.casefold(): ours for theirs, ours in answer.values}
        misfits = [v for v in values if not _fits(check, translations.get(v.casefold(), v))]
        if len(misfits) > len(values) * (1 - FITTING_MIN):
            told = because("column.values_disagree", field, value=cells.shown(misfits[0]))
            return answer.without_field(told)
    return replace(answer)


def _check_of(field: str) -> Callable[[str], object] | None:
    if FIELDS[field].shape == "coordinate":
        north = field == "property_latitude"
        return lambda text: cells.coordinate(text, north=north)
    return _CHECKS.get(FIELDS[field].shape)


def _fits(check: Callable[[str], object], value: str) -> bool:
    try:
        check(value)
    except CellRefused:
        return False
    return True


def date_formats(values: Iterable[str]) -> tuple[str, ...]:
    """Choose the fewest formats that read these dates; month first only where day first cannot be."""
    left = list(values)
    chosen: list[str] = []
    for name in _month_first(left) or _PREFERRED:
        unread = [value for value in left if not _reads(value, name)]
        if len(unread) < len(left):
            chosen.append(name)
            left = unread
    return tuple(chosen) or USUAL_DATE_FORMATS


def _month_first(values: Sequence[str]) -> tuple[str, ...]:
    """Put month first in place of day first where it reads more of the values, and all of those."""
    by_day = {value for value in values if any(_reads(value, name) for name in DAY_FIRST)}
    by_month = {value for value in values if any(_reads(value, name) for name in MONTH_FIRST)}
    if not by_day < by_month:
        return ()
    return (*sorted(MONTH_FIRST), *(name for name in _PREFERRED if name not in DAY_FIRST))


def _reads(value: str, name: str) -> bool:
    return _fits(lambda text: cells.day(text, (name,)), value)
