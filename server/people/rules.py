"""Rules about people: pure, over what is known of one person when the command is decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from server.people.commands import (
    EMAIL,
    AddressRecorded,
    ChangeName,
    ContactRecorded,
    FormerNameRecorded,
    NameChanged,
    Naming,
    OpenPerson,
    PersonOpened,
    RecordAddress,
    RecordContact,
    RecordFormerName,
    ResidenceEnded,
)
from server.people.terms import normalise
from shared.case_file import CaseContact
from shared.commands import Decision, Occasion
from shared.contacts import phone_number
from shared.errors import RuleBroken
from shared.field_policy import rule_of
from shared.presentation import LONDON
from shared.presentation import name as spoken_name
from shared.reconcile import Fate, merge


@dataclass(frozen=True, kw_only=True)
class Residence:
    """A person at an address, from and until."""

    residence_id: str
    address_id: str
    from_on: date | None
    until: date | None


@dataclass(frozen=True, kw_only=True)
class PersonFile:
    """What the rules look at for one person; `place_id` is the row the command's place already has."""

    person_id: str
    kind: str = "individual"
    title: str = ""
    forenames: str = ""
    surname: str = ""
    called: str = ""
    former_names: frozenset[str] = frozenset()
    residences: tuple[Residence, ...] = ()
    contacts: frozenset[tuple[str, str]] = field(default=frozenset())
    place_id: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
    reached_by: tuple[CaseContact, ...] = ()
    contested: frozenset[str] = frozenset()
    """Fields of the person about which officers and the office differ."""

    contested_contacts: Mapping[str, frozenset[str]] = field(default_factory=dict)


def name_of(naming: Naming, kind: str) -> Naming:
    """Keep the parts of a name that belong to this kind of person; refuse when there is none."""
    if kind == "organisation":
        if not naming.whole_name:
            raise RuleBroken("person.name_missing", field="whole_name")
        return Naming(whole_name=naming.whole_name)
    if naming.surname:
        whole = spoken_name(naming.forenames, naming.surname)
        return Naming(
            title=naming.title,
            forenames=naming.forenames,
            surname=naming.surname,
            whole_name=whole[:200],
        )
    if not naming.whole_name:
        raise RuleBroken("person.surname_missing", field="surname")
    return Naming(title=naming.title, whole_name=naming.whole_name)


def open_person(known: bool, command: OpenPerson, occasion: Occasion) -> Decision:  # noqa: FBT001 - one fact, as it was read
    """Open a person under a name; `known` tells whether the id is already somebody's."""
    if known:
        raise RuleBroken("person.known")
    called = name_of(command, command.kind)
    individual = command.kind == "individual"
    born_on = command.born_on if individual else None
    if born_on and born_on > occasion.decided_at.astimezone(LONDON).date():
        raise RuleBroken("person.born_in_future", field="born_on")
    return Decision(
        changes=(
            PersonOpened(
                person_id=command.person_id,
                kind=command.kind,
                title=called.title,
                forenames=called.forenames,
                surname=called.surname,
                whole_name=called.whole_name,
                born_on=born_on,
                language=command.language,
            ),
        )
    )


def change_name(person: PersonFile, command: ChangeName, occasion: Occasion) -> Decision:
    """Call the person by the new name from now on and keep the old one."""
    called = name_of(_over_what_was_seen(person, command), person.kind)
    _has_been(command.changed_on, occasion, "changed_on")
    now = Naming(
        title=person.title,
        forenames=person.forenames,
        surname=person.surname,
        whole_name=person.called,
    )
    if called == now:
        return Decision()
    return Decision(
        changes=(
            NameChanged(
                person_id=person.person_id,
                former_name_id=command.former_name_id,
                changed_on=command.changed_on,
                title=called.title,
                forenames=called.forenames,
                surname=called.surname,
                whole_name=called.whole_name,
                former_name=person.called,
            ),
        )
    )


def _over_what_was_seen(person: PersonFile, command: ChangeName) -> Naming:
    """Put each part of the name over what the page had shown; a part two changed is looked at first."""
    if command.was is None:
        return command
    held = parts_of_name(person.title, person.forenames, person.surname, person.called)
    parts: dict[str, str] = {}
    for name, value in held.items():
        rule = rule_of("person", "name" if name == "whole_name" else name)
        now = getattr(command, name)
        merged = merge(rule, command.was.get(name, now), value, now)
        if merged.fate is Fate.REVIEW:
            raise RuleBroken("edit.moved", field=name)
        parts[name] = merged.value
    return Naming(**parts)


def parts_of_name(title: str, forenames: str, surname: str, called: str) -> dict[str, str]:
    """Give a name as its form shows it: in one piece only where it has no surname."""
    return {
        "title": title,
        "forenames": forenames,
        "surname": surname,
        "whole_name": "" if surname else called,
    }


def record_former_name(
    person: PersonFile, command: RecordFormerName, occasion: Occasion
) -> Decision:
    """Add another name, unless the person is known to go or have gone by it."""
    _has_been(command.until, occasion, "until")
    compared = normalise(command.former_name)
    if compared in person.former_names or compared == normalise(person.called):
        return Decision()
    return Decision(
        changes=(
            FormerNameRecorded(
                former_name_id=command.former_name_id,
                person_id=person.person_id,
                until=command.until,
                former_name=command.former_name,
            ),
        )
    )


def record_address(person: PersonFile, command: RecordAddress, occasion: Occasion) -> Decision:
    """Add the address; a new home of today ends the ones the person had until now."""
    place = command.place()
    if place is None or not place.lines:
        raise RuleBroken("person.address_missing", field="lines")
    until = command.last_day + timedelta(days=1) if command.last_day else None
    if until and command.from_on and until <= command.from_on:
        raise RuleBroken("person.address_periods", field="last_day")
    address_id = person.place_id or place.address_id
    homes = [home for home in person.residences if home.until is None]
    if _is_recorded(person, address_id, command.from_on, until):
        return Decision()
    here = next((home for home in homes if home.address_id == address_id), None)
    if until and here:
        return _leave(person, here, until)
    if not until and _moved_since(homes, command.homes_seen):
        raise RuleBroken("edit.moved", field="lines")
    left = [] if until else homes
    left_until = command.from_on or occasion.decided_at.astimezone(LONDON).date()
    if any(home.from_on and home.from_on >= left_until for home in left):
        raise RuleBroken("person.address_earlier", field="last_day")
    return Decision(
        changes=(
            AddressRecorded(
                residence_id=command.residence_id,
                person_id=person.person_id,
                address_id=address_id,
                is_new_place=person.place_id is None,
                from_on=command.from_on,
                until=until,
                left_residence_ids=tuple(home.residence_id for home in left),
                left_until=left_until if left else None,
                lines=place.lines,
                postcode=place.postcode,
                uprn=place.uprn,
                latitude_microdegrees=place.latitude_microdegrees,
                longitude_microdegrees=place.longitude_microdegrees,
            ),
        )
    )


def _leave(person: PersonFile, home: Residence, until: date) -> Decision:
    """End today's home on the day the person left it."""
    if home.from_on and until <= home.from_on:
        raise RuleBroken("person.address_periods", field="last_day")
    return Decision(
        changes=(
            ResidenceEnded(
                residence_id=home.residence_id,
                person_id=person.person_id,
                address_id=home.address_id,
                until=until,
            ),
        )
    )


def record_contact(person: PersonFile, command: RecordContact, _occasion: Occasion) -> Decision:
    """Add the way to reach the person, unless it is already there."""
    if command.kind == "phone":
        value = phone_number(command.value)
    else:
        value = command.value if EMAIL.fullmatch(command.value) else None
    if value is None:
        raise RuleBroken(f"person.contact_{command.kind}", field="value")
    if (command.kind, value.casefold()) in person.contacts:
        return Decision()
    return Decision(
        changes=(
            ContactRecorded(
                contact_id=command.contact_id,
                person_id=person.person_id,
                kind=command.kind,
                source=command.source,
                value=value,
            ),
        )
    )


def _moved_since(homes: Sequence[Residence], seen: tuple[str, ...] | None) -> bool:
    """Tell whether the homes of today are others than the page had shown."""
    return seen is not None and {home.residence_id for home in homes} != set(seen)


def _is_recorded(
    person: PersonFile, address_id: str, from_on: date | None, until: date | None
) -> bool:
    """Tell whether the person is known to be at the address then; a day not known says nothing new."""
    return any(
        home.address_id == address_id
        and home.until == until
        and (from_on is None or from_on == home.from_on)
        for home in person.residences
    )


def _has_been(day: date | None, occasion: Occasion, name: str) -> None:
    if day and day > occasion.decided_at.astimezone(LONDON).date():
        raise RuleBroken("person.name_until_in_future", field=name)
