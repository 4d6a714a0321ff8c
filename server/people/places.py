"""Places: how commands name an address, and the form in which two ways of writing it are the same."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

from marshmallow import Schema

from server.people.terms import normalise
from shared.catalogue import mark
from shared.fields import CleanText, IdField, WholeNumber
from shared.presentation import postcode as usual_postcode

LINES_CHARACTERS_MAX = 1_700
"""Characters of an address: eight lines of 200, and what is between them."""

MICRODEGREES = 1_000_000
"""Positions travel as whole millionths of a degree, which is about a tenth of a metre."""

_POSTCODE = re.compile(r"([A-Z]{1,2}[0-9][0-9A-Z]? [0-9][A-Z]{2})|GIR 0AA")
_UPRN = re.compile(r"[0-9]{1,12}")


class PostcodeField(CleanText):
    """A postcode, kept in its usual form."""

    sentences: ClassVar[dict[str, str]] = {
        "missing": mark("Enter a postcode"),
        "invalid": mark("Enter a full postcode, like BD1 1AA"),
    }

    def check(self, value: object) -> str:
        """Return the postcode in its usual form, or say how one is written."""
        written = usual_postcode(super().check(value))
        if written and not _POSTCODE.fullmatch(written):
            raise self.refusal("invalid")
        return written


class UprnField(CleanText):
    """A unique property reference number: up to twelve digits, leading noughts left out."""

    sentences: ClassVar[dict[str, str]] = {
        "missing": mark("Enter a property reference number"),
        "invalid": mark("Enter a property reference number of up to 12 digits"),
    }

    def check(self, value: object) -> str:
        """Return the digits, or say what one is made of."""
        digits = super().check(value)
        if not _UPRN.fullmatch(digits):
            raise self.refusal("invalid")
        return digits.lstrip("0") or "0"


@dataclass(frozen=True, kw_only=True)
class Place:
    """A place as somebody names it: its id if it is new, its lines, and what else is known of it."""

    address_id: str
    lines: str
    postcode: str = ""
    uprn: str | None = None
    latitude_microdegrees: int | None = None
    longitude_microdegrees: int | None = None

    @property
    def words(self) -> tuple[str, str]:
        """Give the form in which two ways of writing one address are the same."""
        return normalise(self.postcode), normalise(self.lines)


@dataclass(frozen=True, kw_only=True)
class NamesPlace:
    """The fields by which a command names a place; without an id it names none."""

    address_id: str | None = None
    lines: str = ""
    postcode: str = ""
    uprn: str | None = None
    latitude_microdegrees: int | None = None
    longitude_microdegrees: int | None = None

    def place(self) -> Place | None:
        """Give the place named, if there is one."""
        if self.address_id is None:
            return None
        return Place(
            address_id=self.address_id,
            lines=self.lines,
            postcode=self.postcode,
            uprn=self.uprn,
            latitude_microdegrees=self.latitude_microdegrees,
            longitude_microdegrees=self.longitude_microdegrees,
        )


class PlaceSchema(Schema):
    """How a place is written in a form and in a message."""

    address_id = IdField(load_default=None, allow_none=True)
    lines = CleanText(
        load_default="",
        characters_max=LINES_CHARACTERS_MAX,
        lines=True,
        metadata={"label": mark("Address, without the postcode")},
    )
    postcode = PostcodeField(
        load_default="", characters_max=20, metadata={"label": mark("Postcode")}
    )
    uprn = UprnField(
        load_default=None,
        allow_none=True,
        characters_max=12,
        metadata={"label": mark("Unique property reference number")},
    )
    latitude_microdegrees = WholeNumber(
        load_default=None, allow_none=True, least=-90 * MICRODEGREES, most=90 * MICRODEGREES
    )
    longitude_microdegrees = WholeNumber(
        load_default=None, allow_none=True, least=-180 * MICRODEGREES, most=180 * MICRODEGREES
    )
