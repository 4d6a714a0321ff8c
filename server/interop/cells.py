"""One cell's text to one value: dates, amounts, references and the rest, or a refusal saying why not."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal

from server.interop.lines import Reason, because
from shared.values import PENCE_MAX, Pence

BLANK_MARKS = frozenset(
    {
        "#N/A",
        "#REF!",
        "#VALUE!",
        "#NAME?",
        "#DIV/0!",
        "#NULL!",
        "NULL",
        "(null)",
        "N/A",
        "n/a",
        "-",
        "--",
    }
)
"""What spreadsheets and databases write for nothing; case matters, for Null is also a surname."""

FORMULA_STARTS = ("=", "+", "-", "@", "|", "%", "＝", "＋", "－", "＠", "｜", "％")
"""Characters, and their full-width forms, that make a spreadsheet run a cell instead of showing it."""

REFERENCE_CHARACTERS_MAX = 40
NAME_CHARACTERS_MAX = 200
TEXT_CHARACTERS_MAX = 300
EMAIL_CHARACTERS_MAX = 254
NUMBER_CHARACTERS_MAX = 20
SHOWN_CHARACTERS_MAX = 40
"""Characters of a bad value that its sentence repeats."""

WHOLE_NUMBER_MAX = 10**11
"""Pounds; the most valuable property in the country has a hundredth of it."""

YEAR_MIN, YEAR_MAX = 1880, 2150
NEVER_YEAR = 9999
"""Systems that cannot leave a date empty write a day in this year for "no end"."""
TWO_DIGIT_YEARS_FROM = 1950
"""The first year a two-digit year may mean: 50 is 1950, 49 is 2049."""

_NEVER_SHOWN = frozenset({"Cc", "Cs", "Co", "Cn"})
_SPACES = re.compile(r"[\s\u00a0\u2000-\u200b\u202f\u3000]+")
_GUARDED = re.compile(r'="(.*)"')
_REFERENCE = re.compile(r"[0-9A-Za-z](?:[0-9A-Za-z ./\\_:#&*()+-]*[0-9A-Za-z)*])?")
_ROUNDED = re.compile(r"\d(?:\.\d+)?[eE]\+\d+", re.ASCII)
_AMOUNT = re.compile(r"(?P<pounds>\d{1,3}(?:[, ]\d{3})+|\d+)(?:\.(?P<pence>\d{1,2})0*)?", re.ASCII)
_WHOLE = re.compile(r"(\d{1,3}(?:,\d{3})+|\d+)(?:\.0+)?", re.ASCII)
_COORDINATE = re.compile(r"[+-]?\d{1,3}(?:\.\d{1,12})?", re.ASCII)
_TIME = r"(?:[ T]\d{1,2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?: ?[AaPp][Mm])?Z?)?"

_DAY, _MONTH, _YEAR = r"(?P<d>\d{1,2})", r"(?P<m>\d{1,2})", r"(?P<y>\d{4})"
_SHORT, _NAME = r"(?P<y>\d{2})", r"(?P<n>[A-Za-z]{3,9})"
DATE_FORMATS: dict[str, tuple[re.Pattern[str], str]] = {
    name: (re.compile(pattern + _TIME, re.ASCII), example)
    for name, pattern, example in (
        ("YYYY-MM-DD", rf"{_YEAR}-{_MONTH}-{_DAY}", "2025-03-31"),
        ("YYYY/MM/DD", rf"{_YEAR}/{_MONTH}/{_DAY}", "2025/03/31"),
        ("YYYYMMDD", r"(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})", "20250331"),
        ("DD/MM/YYYY", rf"{_DAY}/{_MONTH}/{_YEAR}", "31/03/2025"),
        ("DD/MM/YY", rf"{_DAY}/{_MONTH}/{_SHORT}", "31/03/25"),
        ("DD-MM-YYYY", rf"{_DAY}-{_MONTH}-{_YEAR}", "31-03-2025"),
        ("DD.MM.YYYY", rf"{_DAY}\.{_MONTH}\.{_YEAR}", "31.03.2025"),
        ("DD-MON-YYYY", rf"{_DAY}[- ]{_NAME}[- ]{_YEAR}", "31-Mar-2025"),
        ("DD-MON-YY", rf"{_DAY}[- ]{_NAME}[- ]{_SHORT}", "31-Mar-25"),
        ("D MONTH YYYY", rf"(?P<d>\d{{1,2}})(?:st|nd|rd|th)? {_NAME},? {_YEAR}", "31 March 2025"),
        ("MM/DD/YYYY", rf"{_MONTH}/{_DAY}/{_YEAR}", "03/31/2025"),
        ("SPREADSHEET DAY", r"(?P<serial>[1-9]\d{4})(?:\.0+)?", "45747"),
    )
}
"""Each way a profile may say dates are written, with the pattern that reads it and an example."""

DAY_FIRST = frozenset({"DD/MM/YYYY", "DD/MM/YY"})
MONTH_FIRST = frozenset({"MM/DD/YYYY"})
_MONTHS = (
    *("january", "february", "march", "april", "may", "june", "july", "august", "september"),
    *("october", "november", "december"),
)
_SHORT_MONTHS = tuple(month[:3] for month in _MONTHS)
_SPREADSHEET_EPOCH = date(1899, 12, 30)


class CellRefused(Exception):  # noqa: N818 - the word the house uses for a refusal
    """A cell that cannot be what its column says; the mapping adds which column and field."""

    def __init__(self, code: str, **values: str | int) -> None:
        self.code = code
        self.values = values
        super().__init__(code)

    def reason(self, field: str, column: str) -> Reason:
        """Say it about one column."""
        return because(self.code, field, column=column, **self.values)


def shown(value: str) -> str:
    """Shorten a value for the sentence that repeats it."""
    if len(value) <= SHOWN_CHARACTERS_MAX:
        return value
    return value[: SHOWN_CHARACTERS_MAX - 1] + "…"


def plain(cell: str) -> str:
    """Give a cell's text in normal form with single spaces; empty where it is a mark for nothing.

    A spreadsheet's guard for leading zeros (`="00123"`) is taken off, and so is the apostrophe that
    our own rejects file puts before what looks like a formula.
    """
    if cell.isascii():
        text = " ".join(cell.split())
    else:
        text = _SPACES.sub(" ", unicodedata.normalize("NFC", cell)).strip()
    if guarded := _GUARDED.fullmatch(text):
        text = guarded.group(1).strip()
    if text.startswith("'") and text[1:].startswith(FORMULA_STARTS):
        text = text[1:]
    return "" if text in BLANK_MARKS else text


def text_of(text: str, characters_max: int = TEXT_CHARACTERS_MAX) -> str:
    """Give text back if it can be stored and shown."""
    # Most text is printable as it stands, which is asked of the whole of it at once.
    if not text.isprintable() and any(unicodedata.category(c) in _NEVER_SHOWN for c in text):
        raise CellRefused("cell.text")
    if len(text) > characters_max:
        raise CellRefused("cell.text_too_long", characters_max=characters_max)
    return text


def name_of(text: str) -> str:
    """Give a name back if it can be stored and shown."""
    return text_of(text, NAME_CHARACTERS_MAX)


def reference(text: str) -> str:
    """Read a reference: letters, digits and the marks between them, zeros in front kept."""
    text = text.removeprefix("'")
    if _ROUNDED.fullmatch(text):
        raise CellRefused("cell.reference_rounded", value=shown(text))
    if not _REFERENCE.fullmatch(text) or len(text) > REFERENCE_CHARACTERS_MAX:
        raise CellRefused("cell.reference", value=shown(text))
    return text


def day(text: str, formats: Iterable[str]) -> date | None:
    """Read a date in one of the ways the profile allows; None for the year that means "no end"."""
    refusal: CellRefused | None = None
    example = ""
    for name in formats:
        pattern, written = DATE_FORMATS[name]
        example = example or written
        if match := pattern.fullmatch(text):
            try:
                return _day_of(match, text, written)
            except CellRefused as refused:
                refusal = refusal or refused
    raise refusal or CellRefused("cell.date", value=shown(text), example=example)


def _day_of(match: re.Match[str], text: str, example: str) -> date | None:
    parts = match.groupdict()
    try:
        if serial := parts.get("serial"):
            found = _SPREADSHEET_EPOCH + timedelta(days=int(serial))
        else:
            found = date(_year(parts["y"]), _month(parts), int(parts["d"]))
    except ValueError:
        raise CellRefused("cell.date", value=shown(text), example=example) from None
    if found.year == NEVER_YEAR:
        return None
    if not YEAR_MIN <= found.year <= YEAR_MAX:
        raise CellRefused("cell.date_unlikely", value=shown(text))
    return found


def _year(digits: str) -> int:
    if len(digits) == len("YYYY"):
        return int(digits)
    century = TWO_DIGIT_YEARS_FROM - TWO_DIGIT_YEARS_FROM % 100
    year = century + int(digits)
    return year if year >= TWO_DIGIT_YEARS_FROM else year + 100


def _month(parts: dict[str, str]) -> int:
    if "m" in parts:
        return int(parts["m"])
    name = parts["n"].lower()
    if name == "sept":
        name = "sep"
    names = _SHORT_MONTHS if name in _SHORT_MONTHS else _MONTHS
    return names.index(name) + 1


def pence(text: str, *, in_pence: bool = False) -> Pence:
    """Read an amount: £1,234.50, (1,234.50), 1234.5-, 12.00 CR; whole pence where the profile says so."""
    bare = text.replace("−", "-").replace("£", "").replace("GBP", "").strip().upper()
    bare, negative = _sign(bare)
    match = _AMOUNT.fullmatch(bare.strip())
    if match is None or (in_pence and match["pence"] is not None and int(match["pence"])):
        raise CellRefused("cell.amount", value=shown(text))
    whole = (
        int(re.sub(r"[, ]", "", match["pounds"]))
        if len(bare) <= NUMBER_CHARACTERS_MAX
        else PENCE_MAX
    )
    amount = whole if in_pence else whole * 100 + int((match["pence"] or "0").ljust(2, "0"))
    if amount >= PENCE_MAX:
        raise CellRefused("cell.amount_too_large", value=shown(text))
    return Pence(-amount if negative else amount)


def _sign(text: str) -> tuple[str, bool]:
    """Take one sign off an amount; two of them stay on and make it unreadable."""
    if text.startswith("(") and text.endswith(")"):
        return text[1:-1], True
    for suffix, negative in (("CR", True), ("DR", False), ("-", True)):
        if text.endswith(suffix):
            return text.removesuffix(suffix).rstrip(), negative
    if text.startswith("-"):
        return text[1:].lstrip(), True
    return text, False


def whole_number(text: str) -> int:
    """Read a whole number, with or without thousands separators and a pound sign."""
    match = _WHOLE.fullmatch(text.removeprefix("£").strip())
    if match is None or len(text) > NUMBER_CHARACTERS_MAX:
        raise CellRefused("cell.number", value=shown(text))
    number = int(match.group(1).replace(",", ""))
    if number > WHOLE_NUMBER_MAX:
        raise CellRefused("cell.number_too_large", value=shown(text))
    return number


def coordinate(text: str, *, north: bool) -> Decimal:
    """Read degrees north or east, within Great Britain and Northern Ireland."""
    least, most = (49, 61) if north else (-9, 2)
    if not _COORDINATE.fullmatch(text) or not least <= Decimal(text) <= most:
        raise CellRefused("cell.coordinate", value=shown(text))
    return Decimal(text)


_YES = frozenset({"y", "yes", "true", "1", "occupied"})
_NO = frozenset({"n", "no", "false", "0", "empty", "vacant", "unoccupied"})


def yes_no(text: str) -> bool:
    """Read yes or no."""
    word = text.casefold()
    if word in _YES or word in _NO:
        return word in _YES
    raise CellRefused("cell.yes_no", value=shown(text))


def uprn(text: str) -> str:
    """Read a unique property reference number, without the zeros some systems put in front."""
    if not re.fullmatch(r"[0-9]{1,12}", text) or not text.strip("0"):
        raise CellRefused("cell.uprn", value=shown(text))
    return text.lstrip("0")


def phone(text: str) -> str:
    """Read a phone number, kept as written."""
    digits = re.sub(r"[ ()./-]", "", text)
    if not re.fullmatch(r"\+?[0-9]{6,15}", digits):
        raise CellRefused("cell.phone", value=shown(text))
    return text


def email(text: str) -> str:
    """Read an email address, kept as written."""
    if len(text) > EMAIL_CHARACTERS_MAX or not re.fullmatch(
        r"[^@\s,;<>\"]+@[^@\s,;<>\"]+\.[A-Za-z]{2,}", text
    ):
        raise CellRefused("cell.email", value=shown(text))
    return text
