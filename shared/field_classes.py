"""Field classes: how sensitive each field and each kind of marker or hold is, declared once as data."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from shared.field_policy import ADDED_ONLY, FIELDS


class FieldClass(StrEnum):
    """How sensitive something is; the last three are on no list, and on a page by permission only."""

    BASIC = "basic"
    FINANCIAL = "financial"
    VULNERABILITY = "vulnerability"
    PROTECTED_ADDRESS = "protected_address"
    SAFEGUARDING = "safeguarding"


SENSITIVE = (FieldClass.VULNERABILITY, FieldClass.PROTECTED_ADDRESS, FieldClass.SAFEGUARDING)
"""What a page withholds from whoever does not hold the permission for it."""

WITHHELD = "withheld"
"""Stands for the code of something whose class is withheld."""

FINANCIAL_RECORDS = frozenset({"account", "debt", "liable_party", "hold", "transaction"})
"""Records every field of which is about money, where nothing else is said of it."""

MARKERS: Mapping[str, FieldClass] = {
    "protected_address": FieldClass.PROTECTED_ADDRESS,
    "safeguarding": FieldClass.SAFEGUARDING,
    "vulnerable": FieldClass.VULNERABILITY,
}
"""Kinds of markers with a class of their own; a risk to officers is basic, for all must know it."""

HOLDS: Mapping[str, FieldClass] = {"vulnerability": FieldClass.VULNERABILITY}
"""Reasons of holds with a class of their own: that there is a hold is known, why is withheld."""

FIELD_CLASSES: Mapping[tuple[str, str], FieldClass] = {
    ("person", "needs"): FieldClass.VULNERABILITY,
    ("person", "household"): FieldClass.VULNERABILITY,
}
"""Fields with a class of their own."""

ON_A_DEVICE = frozenset({FieldClass.BASIC, FieldClass.FINANCIAL, FieldClass.VULNERABILITY})
"""What a home visit needs, whoever makes it; a protected address only while a visit is planned."""


def class_of(record: str, field: str, value: str = "") -> FieldClass:
    """Say how sensitive a field is, or a marker or hold of one kind; KeyError where there is none."""
    if record not in ADDED_ONLY and field not in FIELDS[record]:
        raise KeyError((record, field))
    if (record, field) == ("marker", "kind") and value in MARKERS:
        return MARKERS[value]
    if (record, field) == ("hold", "reason") and value in HOLDS:
        return HOLDS[value]
    usual = FieldClass.FINANCIAL if record in FINANCIAL_RECORDS else FieldClass.BASIC
    return FIELD_CLASSES.get((record, field), usual)


def withheld_unless_entitled() -> list[tuple[str, str, str, FieldClass]]:
    """List what has a sensitive class: record, field, value where it is one value's, and the class."""
    return [
        *((record, field, "", told) for (record, field), told in FIELD_CLASSES.items()),
        *(("marker", "kind", kind, told) for kind, told in MARKERS.items()),
        *(("hold", "reason", reason, told) for reason, told in HOLDS.items()),
    ]
