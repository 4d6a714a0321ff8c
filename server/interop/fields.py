"""The closed list of what a row of an import file can tell us, with the meaning of each field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from shared.catalogue import mark

Shape = Literal[
    "reference",
    "text",
    "name",
    "address",
    "postcode",
    "uprn",
    "coordinate",
    "date",
    "pence",
    "whole_number",
    "yes_no",
    "choice",
    "phone",
    "email",
]
"""How the text of a cell is read; one function for each in `cells` or `addresses`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One thing a row can tell us.

    `essential` fields turn the row away when their value cannot be read; the others are left out
    with a note, unless two of them are unreadable in one row, for then the row has shifted.
    `many` fields may be fed by several columns.
    """

    name: str
    words: str
    meaning: str
    shape: Shape
    essential: bool = True
    many: bool = False


def _payer(prefix: str, whose: str) -> tuple[Field, ...]:
    return (
        Field(
            name=f"{prefix}payer_reference",
            words=mark("Payer reference"),
            meaning=f"the other system's own reference for {whose}",
            shape="reference",
        ),
        Field(
            name=f"{prefix}payer_name",
            words=mark("Payer name"),
            meaning=f"the whole name of {whose} in one or more columns: a person or an organisation",
            shape="name",
            many=True,
        ),
        Field(
            name=f"{prefix}payer_title",
            words=mark("Title"),
            meaning=f"the title of {whose}, an individual",
            shape="name",
        ),
        Field(
            name=f"{prefix}payer_forenames",
            words=mark("Forenames"),
            meaning=f"the forenames of {whose}, an individual",
            shape="name",
            many=True,
        ),
        Field(
            name=f"{prefix}payer_surname",
            words=mark("Surname"),
            meaning=f"the surname of {whose}, an individual",
            shape="name",
        ),
        Field(
            name=f"{prefix}payer_kind",
            words=mark("Kind of payer"),
            meaning=f"whether {whose} is an individual or an organisation",
            shape="choice",
            essential=False,
        ),
        Field(
            name=f"{prefix}payer_date_of_birth",
            words=mark("Date of birth"),
            meaning=f"the date of birth of {whose}",
            shape="date",
        ),
        Field(
            name=f"{prefix}payer_phone",
            words=mark("Phone number"),
            meaning=f"a phone number of {whose}",
            shape="phone",
            essential=False,
        ),
        Field(
            name=f"{prefix}payer_email",
            words=mark("Email address"),
            meaning=f"an email address of {whose}",
            shape="email",
            essential=False,
        ),
        Field(
            name=f"{prefix}contact_address",
            words=mark("Contact address"),
            meaning=f"where {whose} is written to, line by line",
            shape="address",
            many=True,
        ),
        Field(
            name=f"{prefix}contact_postcode",
            words=mark("Contact postcode"),
            meaning="the postcode of that address",
            shape="postcode",
            essential=False,
        ),
    )


_FIELDS: tuple[Field, ...] = (
    Field(
        name="account_reference",
        words=mark("Account reference"),
        meaning="the one reference of the account in the other system, check digit included",
        shape="reference",
        many=True,
    ),
    Field(
        name="debt_type",
        words=mark("Debt type"),
        meaning="which kind of debt the account is for, where the file mixes them",
        shape="choice",
    ),
    Field(
        name="property_reference",
        words=mark("Property reference"),
        meaning="the reference of the property, or of its entry in the rating list",
        shape="reference",
    ),
    Field(
        name="property_address",
        words=mark("Property address"),
        meaning="the address of the property, line by line, in one or more columns",
        shape="address",
        many=True,
    ),
    Field(
        name="property_postcode",
        words=mark("Property postcode"),
        meaning="the postcode of the property",
        shape="postcode",
        essential=False,
    ),
    Field(
        name="property_uprn",
        words=mark("UPRN"),
        meaning="the unique property reference number, up to 12 digits",
        shape="uprn",
        essential=False,
    ),
    Field(
        name="property_latitude",
        words=mark("Latitude"),
        meaning="degrees north",
        shape="coordinate",
        essential=False,
    ),
    Field(
        name="property_longitude",
        words=mark("Longitude"),
        meaning="degrees east, negative in most of Great Britain",
        shape="coordinate",
        essential=False,
    ),
    Field(
        name="occupied",
        words=mark("Occupied"),
        meaning="whether the property is occupied",
        shape="yes_no",
        essential=False,
    ),
    Field(
        name="rateable_value_pounds",
        words=mark("Rateable value"),
        meaning="the rateable value in whole pounds",
        shape="whole_number",
        essential=False,
    ),
    *_payer("", "the first person liable"),
    *_payer("second_", "the second person liable"),
    Field(
        name="liable_from",
        words=mark("Liable from"),
        meaning="the first day the payers are liable",
        shape="date",
    ),
    Field(
        name="liable_until",
        words=mark("Liable until"),
        meaning="the first day they are no longer liable (or their last day: the profile says)",
        shape="date",
    ),
    Field(
        name="debt_reference",
        words=mark("Debt reference"),
        meaning="the reference of one charge on the account: an invoice, a year, a decision",
        shape="reference",
    ),
    Field(
        name="period_from",
        words=mark("Period from"),
        meaning="the first day the charge is for",
        shape="date",
    ),
    Field(
        name="period_until",
        words=mark("Period until"),
        meaning="the first day the charge is no longer for (or its last day: the profile says)",
        shape="date",
    ),
    Field(
        name="charged",
        words=mark("Amount charged"),
        meaning="what was charged at first",
        shape="pence",
    ),
    Field(
        name="balance",
        words=mark("Balance as reported"),
        meaning="what is owed now according to the other system; negative is in credit",
        shape="pence",
    ),
    Field(
        name="reported_on",
        words=mark("Reported on"),
        meaning="the day that balance was true",
        shape="date",
    ),
    Field(
        name="hold_reason",
        words=mark("Hold"),
        meaning="the other system's own code for a stop on recovery",
        shape="text",
    ),
    Field(
        name="hold_from",
        words=mark("Hold from"),
        meaning="the first day of that stop",
        shape="date",
    ),
    Field(
        name="hold_until",
        words=mark("Hold until"),
        meaning="the first day after that stop (or its last day: the profile says)",
        shape="date",
    ),
)

FIELDS: Mapping[str, Field] = MappingProxyType({field.name: field for field in _FIELDS})
"""Every field by its name, in the order the guide and the screens list them."""

CHOICES: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "payer_kind": frozenset({"individual", "organisation"}),
        "second_payer_kind": frozenset({"individual", "organisation"}),
        "occupied": frozenset({"yes", "no"}),
    }
)
"""What a profile may translate a file's own values into; `debt_type` has the shared list of types."""
