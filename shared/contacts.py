"""Ways to reach a person: a phone number learnt at the door is added, never put over another."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import ClassVar

from marshmallow import Schema

from shared.case_file import CaseFile
from shared.catalogue import mark
from shared.commands import PERSONAL, Change, Command, Decision, Occasion
from shared.errors import RuleBroken, register
from shared.fields import CleanText, IdField

register(
    {
        "person.not_on_case": mark("This person is not on the case: open the case again"),
    }
)

_SEPARATORS = re.compile(r"[\s().-]+")
_NUMBER = re.compile(r"(\+|00)?[0-9]{7,15}")


def phone_number(text: str) -> str | None:
    """Reduce a phone number to its digits with a leading + for abroad; None if it cannot be one."""
    compact = _SEPARATORS.sub("", text)
    if not _NUMBER.fullmatch(compact):
        return None
    if compact.startswith("00"):
        compact = "+" + compact[2:]
    if compact.startswith("+44"):
        compact = "0" + compact[3:].removeprefix("0")
    return compact


class PhoneNumberField(CleanText):
    """A phone number, kept as digits."""

    sentences: ClassVar[dict[str, str]] = {
        "missing": mark("Enter a phone number"),
        "invalid": mark("Enter a phone number, like 07700 900 982"),
    }

    def check(self, value: object) -> str:
        """Return the number's digits, or say how one is written."""
        number = phone_number(super().check(value))
        if number is None:
            raise self.refusal("invalid")
        return number


@dataclass(frozen=True, kw_only=True)
class RecordPhoneNumber(Command):
    """Add a phone number someone gave for a person."""

    name: ClassVar[str] = "RecordPhoneNumber"
    makes: ClassVar[tuple[str, ...]] = ("contact_id",)
    contact_id: str
    case_id: str
    person_id: str
    number: str


class RecordPhoneNumberSchema(Schema):
    """How `RecordPhoneNumber` is written in a form and in a message."""

    contact_id = IdField(required=True)
    case_id = IdField(required=True)
    person_id = IdField(required=True)
    number = PhoneNumberField(
        required=True,
        characters_max=40,
        metadata={"label": mark("New phone number"), "missing": mark("Enter a phone number")},
    )


@dataclass(frozen=True, kw_only=True)
class PhoneNumberRecorded(Change):
    """A phone number was added for a person."""

    name: ClassVar[str] = "PhoneNumberRecorded"
    contact_id: str
    case_id: str
    person_id: str
    number: str = field(metadata=PERSONAL)


def record_phone_number(
    case: CaseFile, command: RecordPhoneNumber, _occasion: Occasion
) -> Decision:
    """Add the number unless the person already has it."""
    person = case.person(command.person_id)
    if person is None:
        raise RuleBroken("person.not_on_case", field="person_id")
    if command.number in person.phone_numbers:
        return Decision()
    return Decision(
        changes=(
            PhoneNumberRecorded(
                contact_id=command.contact_id,
                case_id=command.case_id,
                person_id=command.person_id,
                number=command.number,
            ),
        )
    )
