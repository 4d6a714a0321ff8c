"""Conflicts: what two people said of one field, as both programs name it, until a person decides."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field as described
from typing import Any, ClassVar

from shared.catalogue import mark
from shared.commands import PERSONAL, Change

ANSWERS: dict[str, str] = {
    "office": mark("What the office has"),
    "officer": mark("What the officer says"),
    "before": mark("What it was before"),
    "both": mark("Both, one after the other"),
}
"""What a person can settle a conflict with."""


@dataclass(frozen=True, kw_only=True)
class ConflictRaised(Change):
    """An officer says something of a field that cannot stand beside what the office has.

    `conflict_id` is that of the conflict already open about the field, if there is one; where none is,
    the claim opens it. What holds meanwhile is another change of the same command, if it moves.
    """

    name: ClassVar[str] = "ConflictRaised"
    conflict_id: str
    claim_id: str
    record: str
    record_id: str
    field: str
    case_id: str
    person_id: str | None = None
    address_id: str | None = None
    was: Any = described(metadata=PERSONAL)
    office: Any = described(metadata=PERSONAL)
    claimed: Any = described(metadata=PERSONAL)
    reason: str = described(default="", metadata=PERSONAL)


@dataclass(frozen=True, kw_only=True)
class ConflictDecided(Change):
    """A person settled a conflict; every value that was in it stays on record."""

    name: ClassVar[str] = "ConflictDecided"
    conflict_id: str
    record: str
    record_id: str
    field: str
    case_id: str
    person_id: str | None = None
    address_id: str | None = None
    answer: str
    value: Any = described(metadata=PERSONAL)
    note: str = described(default="", metadata=PERSONAL)
