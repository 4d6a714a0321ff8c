"""What the office asks about accounts: open and amend them, open their debts, say who is liable."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import ClassVar

from marshmallow import Schema

from server.people.places import NamesPlace, PlaceSchema
from shared.catalogue import mark
from shared.commands import PERSONAL, Change, Command
from shared.day_fields import DayField
from shared.debts import DEBT_TYPES
from shared.errors import register
from shared.fields import Choice, CleanText, IdField, PenceField, WholeNumber
from shared.stages import STAGES

MASTERS: dict[str, str] = {
    "fieldfare": mark("Fieldfare"),
    "host": mark("The billing system"),
}
"""Who keeps an account's balance; where another system does, what it reports is posted here."""

RATEABLE_VALUE_MAX = 10**11
"""Pounds; the most valuable property in the country has a hundredth of it."""

register(
    {
        "account.known": mark("This account has already been opened"),
        "account.unknown": mark("This account is not known here: search for it again"),
        "account.reference_taken": mark("Another account of this kind has this reference"),
        "account.periods": mark("Enter a last day that is not before the first day"),
        "account.place_missing": mark("Enter the address of the property"),
        "debt.known": mark("This debt has already been opened"),
        "debt.unknown": mark("This debt is not known here: open the account again"),
        "debt.reference_taken": mark("Another debt on this account has this reference"),
        "debt.charge_undated": mark("Enter the day the amount was charged"),
    }
)


@dataclass(frozen=True, kw_only=True)
class OpenAccount(NamesPlace, Command):
    """Begin to keep one reference with a charging service, and the property it is for if any."""

    name: ClassVar[str] = "OpenAccount"
    account_id: str
    reference: str
    debt_type: str
    source: str = ""
    property_reference: str = ""
    liable_from: date | None = None
    liable_until: date | None = None
    rateable_value: int | None = None
    balance_master: str = "fieldfare"
    imported_hash: str = ""


class _AccountSchema(PlaceSchema):
    """What opening and amending an account have in common."""

    account_id = IdField(required=True)
    property_reference = CleanText(
        load_default="", characters_max=40, metadata={"label": mark("Property reference")}
    )
    liable_from = DayField(
        load_default=None, allow_none=True, metadata={"label": mark("Liable from")}
    )
    liable_until = DayField(
        load_default=None, allow_none=True, metadata={"label": mark("First day not liable")}
    )
    rateable_value = WholeNumber(
        load_default=None,
        allow_none=True,
        most=RATEABLE_VALUE_MAX,
        metadata={"label": mark("Rateable value in pounds")},
    )
    imported_hash = CleanText(load_default="", characters_max=64)


class OpenAccountSchema(_AccountSchema):
    """How `OpenAccount` is written in a message."""

    reference = CleanText(
        required=True,
        characters_max=40,
        metadata={"label": mark("Account reference"), "missing": mark("Enter a reference")},
    )
    debt_type = Choice(
        DEBT_TYPES,
        required=True,
        metadata={"label": mark("Kind of debt"), "missing": mark("Select a kind of debt")},
    )
    source = CleanText(load_default="", characters_max=60)
    balance_master = Choice(MASTERS, load_default="fieldfare")


@dataclass(frozen=True, kw_only=True)
class AccountOpened(Change):
    """An account is known here from now on."""

    name: ClassVar[str] = "AccountOpened"
    account_id: str
    reference: str
    debt_type: str
    source: str
    property_reference: str
    address_id: str | None
    is_new_place: bool
    liable_from: date | None
    liable_until: date | None
    rateable_value: int | None
    balance_master: str
    imported_hash: str
    lines: str = field(metadata=PERSONAL)
    postcode: str = field(metadata=PERSONAL)
    uprn: str | None = field(metadata=PERSONAL)
    latitude_microdegrees: int | None = field(metadata=PERSONAL)
    longitude_microdegrees: int | None = field(metadata=PERSONAL)


@dataclass(frozen=True, kw_only=True)
class AmendAccount(NamesPlace, Command):
    """Say what the account's details are now; only those that moved are changed."""

    name: ClassVar[str] = "AmendAccount"
    account_id: str
    property_reference: str = ""
    liable_from: date | None = None
    liable_until: date | None = None
    rateable_value: int | None = None
    imported_hash: str = ""


class AmendAccountSchema(_AccountSchema):
    """How `AmendAccount` is written in a message."""


@dataclass(frozen=True, kw_only=True)
class AccountAmended(Change):
    """An account's details moved; `moved` names them."""

    name: ClassVar[str] = "AccountAmended"
    account_id: str
    moved: tuple[str, ...]
    property_reference: str
    address_id: str | None
    is_new_place: bool
    liable_from: date | None
    liable_until: date | None
    rateable_value: int | None
    imported_hash: str
    lines: str = field(metadata=PERSONAL)
    postcode: str = field(metadata=PERSONAL)
    uprn: str | None = field(metadata=PERSONAL)
    latitude_microdegrees: int | None = field(metadata=PERSONAL)
    longitude_microdegrees: int | None = field(metadata=PERSONAL)


@dataclass(frozen=True, kw_only=True)
class OpenDebt(Command):
    """Begin to keep one charge on an account; the amount charged is its first transaction."""

    name: ClassVar[str] = "OpenDebt"
    debt_id: str
    account_id: str
    reference: str
    from_on: date | None = None
    until: date | None = None
    stage: str = "billed"
    transaction_id: str
    charge_pence: int = 0
    charged_on: date | None = None


class OpenDebtSchema(Schema):
    """How `OpenDebt` is written in a message."""

    debt_id = IdField(required=True)
    account_id = IdField(required=True)
    reference = CleanText(
        required=True,
        characters_max=60,
        metadata={"label": mark("Debt reference"), "missing": mark("Enter a reference")},
    )
    from_on = DayField(load_default=None, allow_none=True, metadata={"label": mark("From")})
    until = DayField(
        load_default=None, allow_none=True, metadata={"label": mark("First day not covered")}
    )
    stage = Choice(STAGES, load_default="billed", metadata={"label": mark("Stage")})
    transaction_id = IdField(required=True)
    charge_pence = PenceField(load_default=0, metadata={"label": mark("Amount charged")})
    charged_on = DayField(
        load_default=None, allow_none=True, metadata={"label": mark("Day it was charged")}
    )


@dataclass(frozen=True, kw_only=True)
class DebtOpened(Change):
    """A debt is known here from now on, with what was charged."""

    name: ClassVar[str] = "DebtOpened"
    debt_id: str
    account_id: str
    reference: str
    from_on: date | None
    until: date | None
    stage: str
    transaction_id: str
    charge_pence: int
    charged_on: date | None


@dataclass(frozen=True, kw_only=True)
class RecordLiableParty(Command):
    """Say that a person is liable for a debt, alone or jointly and severally with others."""

    name: ClassVar[str] = "RecordLiableParty"
    debt_id: str
    person_id: str
    from_on: date | None = None
    until: date | None = None


class RecordLiablePartySchema(Schema):
    """How `RecordLiableParty` is written in a message."""

    debt_id = IdField(required=True)
    person_id = IdField(required=True)
    from_on = DayField(load_default=None, allow_none=True, metadata={"label": mark("Liable from")})
    until = DayField(
        load_default=None, allow_none=True, metadata={"label": mark("First day not liable")}
    )


@dataclass(frozen=True, kw_only=True)
class LiablePartyRecorded(Change):
    """A person is liable for a debt over a period; said again, the period is another."""

    name: ClassVar[str] = "LiablePartyRecorded"
    debt_id: str
    person_id: str
    from_on: date | None
    until: date | None
