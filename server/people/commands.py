"""What the office asks about people: open one, and add names, addresses and ways to reach them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import ClassVar

from marshmallow import Schema

from server.people.places import LINES_CHARACTERS_MAX, NamesPlace, PlaceSchema
from shared.catalogue import mark
from shared.commands import PERSONAL, Change, Command
from shared.day_fields import DayField
from shared.errors import register
from shared.fields import Choice, CleanText, IdField

KINDS: dict[str, str] = {
    "individual": mark("Individual"),
    "organisation": mark("Organisation"),
}
"""What a person in law can be."""

CONTACT_KINDS: dict[str, str] = {
    "phone": mark("Phone number"),
    "email": mark("Email address"),
}
"""Ways to reach a person."""

SOURCES: dict[str, str] = {
    "office": mark("Recorded in the office"),
    "visit": mark("Given at a visit"),
    "import": mark("From another system"),
}
"""Where a way to reach a person came from."""

EMAIL_MAX = 254
"""Characters an email address can have."""

EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")
"""What an email address looks like; only sending something would prove more."""

register(
    {
        "person.known": mark("This person has already been opened: search for them"),
        "person.unknown": mark("This person is not known here: search for them again"),
        "person.surname_missing": mark("Enter a surname"),
        "person.name_missing": mark("Enter the organisation’s name"),
        "person.born_in_future": mark("Enter a date of birth in the past"),
        "person.name_until_in_future": mark("Enter a date that has been"),
        "person.address_missing": mark("Enter an address"),
        "person.address_periods": mark("Enter a last day that is not before the first day"),
        "person.address_earlier": mark(
            "A later address is recorded: enter the last day at this address too"
        ),
        "person.contact_phone": mark("Enter a phone number, like 07700 900 982"),
        "person.contact_email": mark("Enter an email address, like name@example.org"),
    }
)


class NameSchema(Schema):
    """The parts of a name: those of an individual, or the one an organisation has."""

    title = CleanText(load_default="", characters_max=20, metadata={"label": mark("Title")})
    forenames = CleanText(
        load_default="", characters_max=120, metadata={"label": mark("First names")}
    )
    surname = CleanText(load_default="", characters_max=120, metadata={"label": mark("Surname")})
    whole_name = CleanText(
        load_default="", characters_max=200, metadata={"label": mark("Name of the organisation")}
    )


@dataclass(frozen=True, kw_only=True)
class Naming:
    """The parts of a name; an individual known only in one piece has `whole_name` and no surname."""

    title: str = ""
    forenames: str = ""
    surname: str = ""
    whole_name: str = ""


@dataclass(frozen=True, kw_only=True)
class OpenPerson(Naming, Command):
    """Begin to keep what is known of an individual or an organisation."""

    name: ClassVar[str] = "OpenPerson"
    person_id: str
    kind: str
    born_on: date | None = None
    language: str = ""


class OpenPersonSchema(NameSchema):
    """How `OpenPerson` is written in a form and in a message."""

    person_id = IdField(required=True)
    kind = Choice(
        KINDS,
        required=True,
        metadata={
            "label": mark("Is this an individual or an organisation?"),
            "missing": mark("Select individual or organisation"),
        },
    )
    born_on = DayField(
        load_default=None, allow_none=True, metadata={"label": mark("Date of birth")}
    )
    language = CleanText(
        load_default="",
        characters_max=40,
        metadata={
            "label": mark("Language they prefer"),
            "hint": mark("Leave this empty if it is English"),
        },
    )


@dataclass(frozen=True, kw_only=True)
class PersonOpened(Change):
    """A person is known here from now on."""

    name: ClassVar[str] = "PersonOpened"
    person_id: str
    kind: str
    title: str = field(metadata=PERSONAL)
    forenames: str = field(metadata=PERSONAL)
    surname: str = field(metadata=PERSONAL)
    whole_name: str = field(metadata=PERSONAL)
    born_on: date | None = field(metadata=PERSONAL)
    language: str = field(metadata=PERSONAL)


@dataclass(frozen=True, kw_only=True)
class ChangeName(Naming, Command):
    """Call a person by another name; the old one is kept as a former name."""

    name: ClassVar[str] = "ChangeName"
    person_id: str
    former_name_id: str
    changed_on: date | None = None
    was: Mapping[str, str] | None = None
    """The name's parts as the page had shown them; none when it is said whatever it was."""


class ChangeNameSchema(NameSchema):
    """How `ChangeName` is written in a form and in a message."""

    person_id = IdField(required=True)
    former_name_id = IdField(required=True)
    changed_on = DayField(
        load_default=None, allow_none=True, metadata={"label": mark("When did the name change?")}
    )


@dataclass(frozen=True, kw_only=True)
class NameChanged(Change):
    """A person is called by another name."""

    name: ClassVar[str] = "NameChanged"
    person_id: str
    former_name_id: str
    changed_on: date | None
    title: str = field(metadata=PERSONAL)
    forenames: str = field(metadata=PERSONAL)
    surname: str = field(metadata=PERSONAL)
    whole_name: str = field(metadata=PERSONAL)
    former_name: str = field(metadata=PERSONAL)


@dataclass(frozen=True, kw_only=True)
class RecordFormerName(Command):
    """Say that a person has gone by another name."""

    name: ClassVar[str] = "RecordFormerName"
    former_name_id: str
    person_id: str
    former_name: str
    until: date | None = None


class RecordFormerNameSchema(Schema):
    """How `RecordFormerName` is written in a form and in a message."""

    former_name_id = IdField(required=True)
    person_id = IdField(required=True)
    former_name = CleanText(
        required=True,
        characters_max=200,
        metadata={"label": mark("Other or former name"), "missing": mark("Enter a name")},
    )
    until = DayField(
        load_default=None, allow_none=True, metadata={"label": mark("When did it change?")}
    )


@dataclass(frozen=True, kw_only=True)
class FormerNameRecorded(Change):
    """A person has gone by another name."""

    name: ClassVar[str] = "FormerNameRecorded"
    former_name_id: str
    person_id: str
    until: date | None
    former_name: str = field(metadata=PERSONAL)


@dataclass(frozen=True, kw_only=True)
class RecordAddress(NamesPlace, Command):
    """Say that a person lives, or lived, at an address; without a last day it is today's."""

    name: ClassVar[str] = "RecordAddress"
    residence_id: str
    person_id: str
    from_on: date | None = None
    last_day: date | None = None
    homes_seen: tuple[str, ...] | None = None
    """The homes of today that the page had shown; none when it is said whatever they were."""


class RecordAddressSchema(PlaceSchema):
    """How `RecordAddress` is written in a form and in a message."""

    residence_id = IdField(required=True)
    person_id = IdField(required=True)
    address_id = IdField(required=True)
    lines = CleanText(
        required=True,
        characters_max=LINES_CHARACTERS_MAX,
        lines=True,
        metadata={
            "label": mark("Address, without the postcode"),
            "missing": mark("Enter an address"),
        },
    )
    from_on = DayField(
        load_default=None, allow_none=True, metadata={"label": mark("First day there")}
    )
    last_day = DayField(
        load_default=None,
        allow_none=True,
        metadata={
            "label": mark("Last day there"),
            "hint": mark("Leave this empty if they live there now"),
        },
    )


@dataclass(frozen=True, kw_only=True)
class AddressRecorded(Change):
    """A person lives, or lived, at an address; homes they had until then are former ones now."""

    name: ClassVar[str] = "AddressRecorded"
    residence_id: str
    person_id: str
    address_id: str
    is_new_place: bool
    from_on: date | None
    until: date | None
    left_residence_ids: tuple[str, ...] = ()
    left_until: date | None = None
    lines: str = field(metadata=PERSONAL)
    postcode: str = field(metadata=PERSONAL)
    uprn: str | None = field(metadata=PERSONAL)
    latitude_microdegrees: int | None = field(metadata=PERSONAL)
    longitude_microdegrees: int | None = field(metadata=PERSONAL)


@dataclass(frozen=True, kw_only=True)
class ResidenceEnded(Change):
    """A person left the address that was today's; `until` is the first day they were not there."""

    name: ClassVar[str] = "ResidenceEnded"
    residence_id: str
    person_id: str
    address_id: str
    until: date


@dataclass(frozen=True, kw_only=True)
class RecordContact(Command):
    """Add a way to reach a person."""

    name: ClassVar[str] = "RecordContact"
    contact_id: str
    person_id: str
    kind: str
    value: str
    source: str = "office"


class RecordContactSchema(Schema):
    """How `RecordContact` is written in a form and in a message."""

    contact_id = IdField(required=True)
    person_id = IdField(required=True)
    kind = Choice(
        CONTACT_KINDS,
        required=True,
        metadata={
            "label": mark("What would you like to add?"),
            "missing": mark("Select phone number or email address"),
        },
    )
    value = CleanText(
        required=True,
        characters_max=EMAIL_MAX,
        metadata={
            "label": mark("Phone number or email address"),
            "missing": mark("Enter a phone number or an email address"),
        },
    )
    source = Choice(SOURCES, load_default="office")


@dataclass(frozen=True, kw_only=True)
class ContactRecorded(Change):
    """A way to reach a person was added."""

    name: ClassVar[str] = "ContactRecorded"
    contact_id: str
    person_id: str
    kind: str
    source: str
    value: str = field(metadata=PERSONAL)
