"""One record of a file to one account line of ours, or to a rejection with every reason at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import cast

from server.interop import cells
from server.interop.addresses import address, postcode, split_address
from server.interop.cells import CellRefused
from server.interop.fields import CHOICES, FIELDS
from server.interop.layout import Layout, Place
from server.interop.lines import (
    AccountLine,
    Address,
    DebtLine,
    HoldLine,
    Payer,
    PayerKind,
    Property,
    Reason,
    Rejected,
    because,
)
from server.interop.names import NameRules, individual, names_nobody, read_name, speaks_of_estate
from server.interop.profiles import Profile
from server.interop.reading import Record
from shared.debts import DEBT_TYPES
from shared.presentation import day as day_in_words
from shared.values import Pence

_FORMULA = ("=", "+", "@")
_HAVE_BEEN = ("reported_on", "payer_date_of_birth", "second_payer_date_of_birth")
_SOFT_FAULTS_OF_A_SHIFT = 2
"""Unreadable values among those a row can do without, from which on the row itself is doubted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Days:
    """The day the balances are of where no column says, and the day it is: nothing told is later."""

    reported_on: date | None = None
    today: date | None = None


def map_record(
    profile: Profile, layout: Layout, record: Record, days: Days = Days()
) -> AccountLine | Rejected:
    """Read one record as the profile says; a row that cannot be trusted is rejected whole."""
    if record.fault is not None:
        return Rejected(
            line_number=record.line_number, reasons=(record.fault,), values=record.values
        )
    fault = layout.shape_fault(record.values)
    if fault is None:
        return _map_values(profile, layout, record, days)
    if fault.code == "row.short" and profile.short_rows == "pad":
        padded = (*record.values, *[""] * (layout.width - len(record.values)))
        return _map_values(profile, layout, replace(record, values=padded), days)
    if fault.code == "row.short" and profile.short_rows == "mend":
        mended = _mended(profile, layout, record, days)
        if mended is not None:
            return mended
    return Rejected(line_number=record.line_number, reasons=(fault,), values=record.values)


def amount_in(layout: Layout, record: Record, name: str, *, in_pence: bool) -> Pence | None:
    """Read one amount of a record by itself, for adding up what the file declares as its total."""
    place = layout.place(name)
    if place is None or place.positions[0] >= len(record.values):
        return None
    text = cells.plain(record.values[place.positions[0]])
    try:
        return cells.pence(text, in_pence=in_pence) if text else None
    except CellRefused:
        return None


def _mended(profile: Profile, layout: Layout, record: Record, days: Days) -> AccountLine | None:
    """Put one missing value back where the profile says it goes missing, if only that can be right.

    It is proved by trying a blank in every place: the row is mended when the place named by the
    profile gives a row without a fault, and every other place gives the same row or a faulty one.
    """
    place = layout.missing_position
    if place is None or len(record.values) != layout.width - 1:
        return None
    clean: dict[int, AccountLine] = {}
    for at in range(layout.width):
        values = (*record.values[:at], "", *record.values[at:])
        line = _map_values(profile, layout, replace(record, values=values), days)
        if isinstance(line, AccountLine) and not _has_cell_notes(line):
            clean[at] = line
    if place not in clean or len({line.fingerprint() for line in clean.values()}) != 1:
        return None
    note = because("note.mended", column=layout.headings[place])
    return replace(clean[place], notes=(*clean[place].notes, note))


def _has_cell_notes(line: AccountLine) -> bool:
    return any(note.code.startswith("cell.") for note in line.notes)


def _map_values(
    profile: Profile, layout: Layout, record: Record, days: Days
) -> AccountLine | Rejected:
    row = _Row(profile, layout, record)
    for place in layout.places:
        row.read(place)
    line = _line(row, days)
    reasons = row.reasons
    if len(row.soft) >= _SOFT_FAULTS_OF_A_SHIFT:
        reasons = [because("row.shifted"), *reasons, *row.soft]
    if reasons:
        return Rejected(
            line_number=record.line_number, reasons=tuple(reasons), values=record.values
        )
    notes = (*row.soft, *row.notes)
    return replace(line, notes=notes) if notes else line


@dataclass
class _Row:
    """The values of one record as they are read, with everything that was wrong."""

    profile: Profile
    layout: Layout
    record: Record
    values: dict[str, object] = field(default_factory=dict)
    reasons: list[Reason] = field(default_factory=list)
    soft: list[Reason] = field(default_factory=list)
    notes: list[Reason] = field(default_factory=list)

    def read(self, place: Place) -> None:
        """Read one feed's cells into its field, or keep the reason why not."""
        kind = FIELDS[place.feed.field]
        raw = [self.record.values[at] for at in place.positions]
        try:
            value = self.parts(raw, place) if kind.shape == "address" else self.value(raw, place)
        except CellRefused as refusal:
            told = refusal.reason(kind.name, self.layout.heading(place))
            keepable = not kind.essential and max(map(len, raw)) <= cells.SHOWN_CHARACTERS_MAX
            # A long value that cannot be read would be lost, for its note repeats only its beginning.
            (self.soft if keepable else self.reasons).append(told)
            return
        if value is not None:
            self.values[kind.name] = value
        elif place.feed.required:
            told = because("cell.missing", kind.name, column=self.layout.heading(place))
            self.reasons.append(told)

    def parts(self, raw: Sequence[str], place: Place) -> list[str] | None:
        """Read the cells of an address, which is put together once its postcode is known."""
        parts = [cells.plain(part) for part in split_address(raw, place.feed.split)]
        parts = [part for part in parts if part]
        self.look_for_formula([cell.strip() for cell in raw], place)
        address(parts, None)
        return parts or None

    def value(self, raw: Sequence[str], place: Place) -> object:
        """Read the cells of any other field as one text, translated, then by its shape."""
        feed = place.feed
        text = feed.join.join(part for cell in raw if (part := cells.plain(cell)))
        translations = {theirs.casefold(): ours for theirs, ours in feed.values}
        text = translations.get(text.casefold(), text)
        if not text:
            return None
        shape = FIELDS[feed.field].shape
        if shape == "date":
            found = cells.day(text, feed.formats or self.profile.date_formats)
            return found + timedelta(days=1) if found and feed.last_day else found
        if shape == "pence":
            return cells.pence(text, in_pence=self.profile.amounts_in_pence)
        if shape == "coordinate":
            return cells.coordinate(text, north=feed.field == "property_latitude")
        if shape == "choice":
            return _choice(feed.field, text)
        if shape in ("name", "text"):
            self.look_for_formula([text], place)
        return _BY_SHAPE[shape](text)

    def look_for_formula(self, texts: Sequence[str], place: Place) -> None:
        if any(text.startswith(_FORMULA) for text in texts):
            self.notes.append(because("note.formula", column=self.layout.heading(place)))

    def text(self, name: str) -> str | None:
        return cast("str | None", self.values.get(name))

    def day(self, name: str) -> date | None:
        return cast("date | None", self.values.get(name))

    def pence(self, name: str) -> Pence | None:
        return cast("Pence | None", self.values.get(name))

    def has(self, *names: str) -> bool:
        return any(name in self.values for name in names)

    def check_order(self, start: str, end: str) -> None:
        """Refuse an end before its start: one of the two is wrong, or the row has shifted."""
        first, last = self.day(start), self.day(end)
        if first is not None and last is not None and last <= first:
            code = "dates.order" if last < first else "dates.none"
            names = {"until": self.heading(end), "from": self.heading(start)}
            self.reasons.append(because(code, end, **names))

    def check_has_been(self, today: date | None) -> None:
        """Refuse a balance or a birth on a day to come."""
        for name in _HAVE_BEEN:
            told = self.day(name)
            if today is not None and told is not None and told > today:
                column, written = self.heading(name), day_in_words(told)
                self.reasons.append(because("cell.date_future", name, column=column, value=written))

    def heading(self, name: str) -> str:
        place = self.layout.place(name)
        return self.layout.heading(place) if place else ""


_BY_SHAPE: dict[str, Callable[[str], object]] = {
    "reference": cells.reference,
    "text": cells.text_of,
    "name": cells.name_of,
    "postcode": postcode,
    "uprn": cells.uprn,
    "whole_number": cells.whole_number,
    "yes_no": cells.yes_no,
    "phone": cells.phone,
    "email": cells.email,
}


def _choice(name: str, text: str) -> str:
    allowed = frozenset(DEBT_TYPES) if name == "debt_type" else CHOICES[name]
    code = text.casefold().replace(" ", "_")
    if code not in allowed:
        raise CellRefused("cell.choice", value=cells.shown(text))
    return code


def _line(row: _Row, days: Days) -> AccountLine:
    profile = row.profile
    for needed in ("account_reference", "debt_type"):
        faulty = any(reason.field == needed for reason in row.reasons)
        place = row.layout.place(needed)
        if place is not None and not row.has(needed) and not faulty:
            column = row.layout.heading(place)
            row.reasons.append(because("cell.missing", needed, column=column))
    row.check_order("liable_from", "liable_until")
    row.check_order("period_from", "period_until")
    row.check_order("hold_from", "hold_until")
    row.check_has_been(days.today)
    return AccountLine(
        line_number=row.record.line_number,
        account_reference=row.text("account_reference") or "",
        debt_type=profile.debt_type or row.text("debt_type") or "",
        service=profile.service,
        country=profile.country,
        property=_property(row),
        payers=_payers(row),
        liable_from=row.day("liable_from"),
        liable_until=row.day("liable_until"),
        debts=_debts(row, days.reported_on),
        hold=_hold(row),
    )


def _property(row: _Row) -> Property | None:
    latitude, longitude = row.values.get("property_latitude"), row.values.get("property_longitude")
    both = latitude is not None and longitude is not None
    found = Property(
        reference=row.text("property_reference"),
        address=_address(row, "property_"),
        uprn=row.text("property_uprn"),
        latitude=cast(Decimal, latitude) if both else None,
        longitude=cast(Decimal, longitude) if both else None,
        rateable_value_pounds=cast("int | None", row.values.get("rateable_value_pounds")),
        occupied=cast("bool | None", row.values.get("occupied")),
    )
    return found or None


def _address(row: _Row, prefix: str) -> Address | None:
    parts = cast("list[str]", row.values.get(f"{prefix}address", []))
    name = f"{prefix}postcode"
    unreadable = _unreadable(row, name)
    try:
        found = address([*parts, *unreadable], row.text(name))
    except CellRefused as refusal:
        place = row.layout.place(f"{prefix}address")
        heading = row.layout.heading(place) if place else name
        row.reasons.append(refusal.reason(f"{prefix}address", heading))
        return None
    if unreadable:
        row.notes.append(because("note.postcode_in_address", name))
    return found or None


def _unreadable(row: _Row, name: str) -> list[str]:
    """Give a postcode that could not be read, so that it stays in the address rather than be lost."""
    if not any(reason.field == name for reason in row.soft):
        return []
    place = row.layout.place(name)
    return [cells.plain(row.record.values[at]) for at in place.positions] if place else []


def _payers(row: _Row) -> tuple[Payer, ...]:
    payers = [*_payers_of(row, ""), *_payers_of(row, "second_")]
    if not payers and row.profile.blank_payer == "reject":
        row.reasons.append(because("payer.missing", "payer_name"))
    return tuple(payers)


def _payers_of(row: _Row, prefix: str) -> list[Payer]:
    payers = _named(row, prefix)
    contact = _address(row, f"{prefix}contact_")
    details = {
        "reference": row.text(f"{prefix}payer_reference"),
        "date_of_birth": row.day(f"{prefix}payer_date_of_birth"),
        "phone": row.text(f"{prefix}payer_phone"),
        "email": row.text(f"{prefix}payer_email"),
    }
    if not payers and (contact or any(details.values())):
        row.notes.append(because("note.details_without_payer", f"{prefix}payer_name"))
    if contact:
        payers = [replace(payer, contact_address=contact) for payer in payers]
    if payers and any(details.values()):
        # Of two people in one cell, all but the address is the first one's.
        payers[0] = replace(payers[0], **details)  # type: ignore[arg-type] # typed by the fields above
    return payers


def _named(row: _Row, prefix: str) -> list[Payer]:
    title, forenames, surname, whole = (
        row.text(f"{prefix}payer_{part}") or ""
        for part in ("title", "forenames", "surname", "name")
    )
    kind = cast("PayerKind | None", row.text(f"{prefix}payer_kind"))
    if surname and kind != "organisation" and not names_nobody(surname):
        person = individual(title, forenames, surname)
        if speaks_of_estate(person.name):
            row.notes.append(because("note.estate", f"{prefix}payer_name"))
            person = replace(person, estate=True)
        return [person]
    written = whole or " ".join(part for part in (title, forenames, surname) if part)
    if names_nobody(written):
        return []
    profile = row.profile
    rules = NameRules(
        kind=profile.payer_kind,
        otherwise=profile.otherwise_kind,
        order=profile.name_order,
        merging=profile.merge_organisations,
    )
    payers, notes = read_name(written, rules, kind)
    row.notes.extend(replace(note, field=f"{prefix}payer_name") for note in notes)
    return payers


def _debts(row: _Row, reported_on: date | None) -> tuple[DebtLine, ...]:
    if not row.has("debt_reference", "period_from", "period_until", "charged", "balance"):
        return ()
    balance = row.pence("balance")
    if balance is None and row.profile.master_of_balance == "host":
        row.notes.append(because("note.no_balance", "balance"))
    debt = DebtLine(
        reference=row.text("debt_reference"),
        period_from=row.day("period_from"),
        period_until=row.day("period_until"),
        charged_pence=row.pence("charged"),
        balance_pence=balance,
        reported_on=(row.day("reported_on") or reported_on) if balance is not None else None,
    )
    return (debt,)


def _hold(row: _Row) -> HoldLine | None:
    reason = row.text("hold_reason")
    if reason is None:
        if row.has("hold_from", "hold_until"):
            row.notes.append(because("note.hold_without_reason", "hold_reason"))
        return None
    return HoldLine(reason=reason, from_on=row.day("hold_from"), until=row.day("hold_until"))
