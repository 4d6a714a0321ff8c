"""How a person reads money, days, times, names and places; the same on every screen and letter."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta
from functools import partial
from types import MappingProxyType
from zoneinfo import ZoneInfo

from shared.catalogue import ENGLISH, Say, Translator, mark

LONDON = ZoneInfo("Europe/London")
"""The clock on the wall of everyone who reads these screens."""

_MONTHS = (
    mark("January"),
    mark("February"),
    mark("March"),
    mark("April"),
    mark("May"),
    mark("June"),
    mark("July"),
    mark("August"),
    mark("September"),
    mark("October"),
    mark("November"),
    mark("December"),
)
_WEEKDAYS = (
    mark("Monday"),
    mark("Tuesday"),
    mark("Wednesday"),
    mark("Thursday"),
    mark("Friday"),
    mark("Saturday"),
    mark("Sunday"),
)

_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400
_NOON = 12

_POSTCODE = re.compile(r"([A-Z]{1,2}[0-9][0-9A-Z]?) ?([0-9][A-Z]{2})")
_PHONE_GROUPS = (
    (re.compile(r"(02[0-9])([0-9]{4})([0-9]{4})"), r"\1 \2 \3"),
    (re.compile(r"(011[0-9]|01[0-9]1)([0-9]{3})([0-9]{4})"), r"\1 \2 \3"),
    (re.compile(r"(0[0-9]{4})([0-9]{6})"), r"\1 \2"),
)


def number(value: int) -> str:
    """Write a whole number with commas between thousands: 19,323."""
    return f"−{-value:,}" if value < 0 else f"{value:,}"


def money(pence: int) -> str:
    """Write pence as pounds: £1,234.56, and −£5.00 with a true minus for what the council owes."""
    pounds, rest = divmod(abs(pence), 100)
    return f"{'−' if pence < 0 else ''}£{pounds:,}.{rest:02d}"


def day(value: date, *, say: Say = ENGLISH) -> str:
    """Write a day in words: 4 March 2027. A moment gives its day in London."""
    local = _local_day(value)
    return say(
        mark("%(day)s %(month)s %(year)s"),
        day=local.day,
        month=say(_MONTHS[local.month - 1]),
        year=local.year,
    )


def month(value: date, *, say: Say = ENGLISH) -> str:
    """Write the month a day is in, with its year."""
    local = _local_day(value)
    return f"{say(_MONTHS[local.month - 1])} {local.year}"


def weekday(value: date, *, say: Say = ENGLISH) -> str:
    """Write a day with its weekday, for plans people make: Thursday 4 March 2027."""
    local = _local_day(value)
    return say(
        mark("%(weekday)s %(day)s"),
        weekday=say(_WEEKDAYS[local.weekday()]),
        day=day(local, say=say),
    )


def time_of_day(value: datetime, *, say: Say = ENGLISH) -> str:
    """Write the London time of a moment: 2:05pm, 9am, midday, midnight."""
    local = _in_london(value)
    if local.minute == 0 and local.hour in (0, _NOON):
        return say(mark("midday")) if local.hour == _NOON else say(mark("midnight"))
    hour = local.hour % _NOON or _NOON
    clock = f"{hour}:{local.minute:02d}" if local.minute else f"{hour}"
    pattern = mark("%(clock)sam") if local.hour < _NOON else mark("%(clock)spm")
    return say(pattern, clock=clock)


def moment(value: datetime, *, say: Say = ENGLISH) -> str:
    """Write a moment in full: 4 March 2027 at 2:05pm."""
    return say(
        mark("%(day)s at %(time)s"), day=day(value, say=say), time=time_of_day(value, say=say)
    )


def when(value: datetime, now: datetime, *, say: Say = ENGLISH) -> str:
    """Write a moment as briefly as it stays clear: 8:12am, 8:12am yesterday, 8:12am on 3 March 2027."""
    clock = time_of_day(value, say=say)
    days_back = (_local_day(now) - _local_day(value)).days
    if days_back == 0:
        return clock
    if days_back == 1:
        return say(mark("%(time)s yesterday"), time=clock)
    return say(mark("%(time)s on %(day)s"), time=clock, day=day(value, say=say))


def period(from_: date | None, until: date | None, *, say: Say = ENGLISH) -> str:
    """Write a half-open period by its first and last day, because `until` itself is not covered."""
    if from_ is None and until is None:
        return say(mark("at any time"))
    if until is None:
        assert from_ is not None
        return say(mark("from %(day)s"), day=day(from_, say=say))
    last_day = until - timedelta(days=1)
    if from_ is None:
        return say(mark("up to and including %(day)s"), day=day(last_day, say=say))
    assert from_ <= last_day, "a period holds at least one day"
    if from_ == last_day:
        return day(from_, say=say)
    return say(
        mark("%(first)s to %(last)s"), first=day(from_, say=say), last=day(last_day, say=say)
    )


def ago(seconds: float, *, say: Translator = ENGLISH) -> str:
    """Write how long ago something was: 3 hours ago; a future moment says so, for clocks go wrong."""
    if seconds <= -_MINUTE:
        return say(mark("later than this clock shows"))
    if seconds < _MINUTE:
        return say(mark("just now"))
    return say(mark("%(duration)s ago"), duration=_largest_unit(int(seconds), say))


def duration(seconds: int, *, say: Translator = ENGLISH) -> str:
    """Write how long something took in its two largest units: 2 hours 5 minutes."""
    assert seconds >= 0, "a duration is never negative"
    if seconds < _MINUTE:
        return say.count("%(number)s second", "%(number)s seconds", seconds)
    hours, minutes = divmod(seconds // _MINUTE, 60)
    if not hours:
        return _minutes(minutes, say)
    if not minutes:
        return _hours(hours, say)
    return say(
        mark("%(hours)s %(minutes)s"), hours=_hours(hours, say), minutes=_minutes(minutes, say)
    )


def yes_no(value: bool, *, say: Say = ENGLISH) -> str:  # noqa: FBT001 - it is the value shown
    """Write a yes or a no."""
    return say(mark("Yes")) if value else say(mark("No"))


def name(*parts: str | None) -> str:
    """Write a name from its parts in speaking order, leaving out what is not held."""
    return " ".join(part.strip() for part in parts if part and part.strip())


def postcode(text: str) -> str:
    """Write a postcode the way the post office does: BD1 1AA; anything else stays as it was."""
    match = _POSTCODE.fullmatch(text.strip().upper())
    return f"{match[1]} {match[2]}" if match else text.strip()


def phone(text: str) -> str:
    """Group a United Kingdom phone number for dialling; anything else stays as it was."""
    digits = re.sub(r"[\s()-]", "", text)
    if digits.startswith("+44"):
        digits = "0" + digits.removeprefix("+44").removeprefix("0")
    for pattern, groups in _PHONE_GROUPS:
        if pattern.fullmatch(digits):
            return pattern.sub(groups, digits)
    return text.strip()


def address_lines(lines: Iterable[str | None], code: str | None = None) -> list[str]:
    """List the lines of an address that say something, its postcode last and only once."""
    kept: list[str] = []
    for line in (*lines, postcode(code) if code else None):
        text = (line or "").strip().strip(",")
        if text and text not in kept:
            kept.append(text)
    return kept


def address(lines: Iterable[str | None], code: str | None = None) -> str:
    """Write an address on one line."""
    return ", ".join(address_lines(lines, code))


SPOKEN_FILTERS: Mapping[str, Callable[..., str]] = MappingProxyType(
    {
        "day": day,
        "month": month,
        "weekday": weekday,
        "time_of_day": time_of_day,
        "moment": moment,
        "when": when,
        "ago": ago,
        "duration": duration,
        "yes_no": yes_no,
    }
)
"""Filters whose words depend on the reader's language."""

FILTERS: Mapping[str, Callable[..., object]] = MappingProxyType(
    {
        "money": money,
        "number": number,
        "postcode": postcode,
        "phone": phone,
        "address": address,
        "address_lines": address_lines,
    }
)
"""Filters that read the same in every language."""


def filters(reader: Callable[[], Translator]) -> dict[str, Callable[..., object]]:
    """Make the template filters, asking `reader` at each use who is reading.

    Besides FILTERS and SPOKEN_FILTERS there is `say`, which says a marked sentence or a refusal.
    """

    def spoken(function: Callable[..., str], *values: object, **options: object) -> str:
        return function(*values, **options, say=reader())

    def say(sentence: str, **values: object) -> str:
        return reader()(sentence, **values)

    bound = {name: partial(spoken, function) for name, function in SPOKEN_FILTERS.items()}
    return {**FILTERS, **bound, "say": say}


def _in_london(value: datetime) -> datetime:
    assert value.tzinfo is not None, "a moment knows its time zone"
    return value.astimezone(LONDON)


def _local_day(value: date) -> date:
    return _in_london(value).date() if isinstance(value, datetime) else value


def _minutes(count: int, say: Translator) -> str:
    return say.count("%(number)s minute", "%(number)s minutes", count)


def _hours(count: int, say: Translator) -> str:
    return say.count("%(number)s hour", "%(number)s hours", count)


def _largest_unit(seconds: int, say: Translator) -> str:
    if seconds < _HOUR:
        return _minutes(seconds // _MINUTE, say)
    if seconds < _DAY:
        return _hours(seconds // _HOUR, say)
    days = seconds // _DAY
    if days < 14:  # noqa: PLR2004 - people count days for a fortnight, then weeks, months, years
        return say.count("%(number)s day", "%(number)s days", days)
    if days < 60:  # noqa: PLR2004 - HTTP's own number
        return say.count("%(number)s week", "%(number)s weeks", days // 7)
    if days < 730:  # noqa: PLR2004 - HTTP's own number
        return say.count("%(number)s month", "%(number)s months", days * 12 // 365)
    return say.count("%(number)s year", "%(number)s years", days // 365)
