"""The kinds of answer that are a day or a moment, each with its limits and its refusals."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any, ClassVar

from shared.catalogue import Sentence, mark
from shared.fields import Answer, Typed, first_of, within
from shared.presentation import day as day_in_words

MOMENT_TEXT_MAX = 40
"""Characters a written moment may have; none is longer."""

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAY_PATTERNS = (
    re.compile(r"(?P<year>[0-9]{4})-(?P<month>[0-9]{1,2})-(?P<day>[0-9]{1,2})"),
    re.compile(r"(?P<day>[0-9]{1,2})[/. -](?P<month>[0-9]{1,2})[/. -](?P<year>[0-9]{4})"),
    re.compile(r"(?P<day>[0-9]{1,2})[ -](?P<month>[A-Za-z]{3,9})[ -](?P<year>[0-9]{4})"),
)


class DayField(Answer):
    """A day: ISO on the wire; three boxes, or one box in any common British form, on a page."""

    sentences: ClassVar[Mapping[str, str]] = {
        "missing": mark("Enter a date, like 4 3 2027"),
        "invalid": mark("Enter a real date, like 4 3 2027"),
        "incomplete": mark("Enter a day, a month and a year, like 4 3 2027"),
        "too_small": mark("Enter a date that is %(least)s or later"),
        "too_large": mark("Enter a date that is %(most)s or earlier"),
    }
    PARTS: ClassVar[tuple[str, ...]] = ("day", "month", "year")

    def __init__(
        self,
        *,
        least: date = date(1900, 1, 1),
        most: date = date(2099, 12, 31),
        **options: Any,  # noqa: ANN401 - passed on to marshmallow, which checks them
    ) -> None:
        super().__init__(**options)
        self.least = least
        self.most = most

    def check(self, value: object) -> date:
        """Return the day, if the text is one and within the limits."""
        if not isinstance(value, str) or not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
            raise self.refusal("invalid")
        try:
            day = date.fromisoformat(value)
        except ValueError as error:
            raise self.refusal("invalid") from error
        return within(self, day, (self.least, self.most), _day_to_translate)

    def write(self, value: date) -> str:
        """Write a day the ISO way."""
        return value.isoformat()

    def from_typed(self, name: str, typed: Typed) -> object:
        """Read the three boxes, or the one."""
        parts = [first_of(typed, f"{name}-{part}").strip() for part in self.PARTS]
        if all(parts):
            return self.wire_value(" ".join(parts))
        if any(parts):
            raise self.refusal("incomplete")
        return super().from_typed(name, typed)

    def wire_value(self, text: str) -> str:
        """Read a day written the British way, refusing days no calendar has."""
        for pattern in _DAY_PATTERNS:
            if match := pattern.fullmatch(" ".join(text.split())):
                try:
                    month = _month_number(match["month"])
                    return date(int(match["year"]), month, int(match["day"])).isoformat()
                except ValueError as error:
                    raise self.refusal("invalid") from error
        raise self.refusal("invalid")

    def to_typed(self, name: str, value: object) -> dict[str, tuple[str, ...]]:
        """Fill the three boxes with a day already held."""
        if not isinstance(value, date):
            return {}
        return {f"{name}-{part}": (str(getattr(value, part)),) for part in self.PARTS}

    def controls(self, name: str) -> tuple[str, ...]:
        """Name the three boxes, and the one box that may stand in their place."""
        return (name, *(f"{name}-{part}" for part in self.PARTS))

    def anchor(self, name: str) -> str:
        """Point at the first of the three boxes."""
        return f"{name}-day"


class MomentField(Answer):
    """A moment that knows its time zone; never a wall clock whose town we would have to guess."""

    sentences: ClassVar[Mapping[str, str]] = {
        "missing": mark("Enter a date and time with its time zone"),
        "invalid": mark("Enter a date and time with its time zone"),
    }

    def check(self, value: object) -> datetime:
        """Return the moment in UTC, if the text is one and names its time zone."""
        if not isinstance(value, str) or len(value) > MOMENT_TEXT_MAX:
            raise self.refusal("invalid")
        try:
            moment = datetime.fromisoformat(value)
            in_utc = moment.astimezone(UTC) if moment.tzinfo else None
        except (ValueError, OverflowError) as error:
            raise self.refusal("invalid") from error
        if in_utc is None:
            raise self.refusal("invalid")
        return in_utc

    def write(self, value: datetime) -> str:
        """Write a moment in UTC, ending in Z."""
        assert value.tzinfo is not None, "a moment knows its time zone"
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _day_to_translate(day: date) -> str:
    return day_in_words(day, say=Sentence)


def _month_number(text: str) -> int:
    return int(text) if text.isdigit() else _MONTHS.index(text[:3].lower()) + 1
