"""What is asked about conflicts: decide one, for good."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from marshmallow import Schema

from shared.catalogue import mark
from shared.commands import Command
from shared.conflicts import ANSWERS
from shared.errors import register
from shared.fields import Choice, CleanText, IdField, WholeNumber

NOTE_MAX = 1_000

CLAIMS_MAX = 50
"""Claims one conflict shows and a decision may have looked at."""

register(
    {
        "conflict.unknown": mark("This is not known here: open the worktray again"),
        "conflict.decided": mark("Somebody has decided this already: open it again to see how"),
        "conflict.own": mark("Ask somebody else: nobody decides about what they said themselves"),
        "conflict.moved": mark("An officer has said more about this since: look at it again"),
        "conflict.claim_unknown": mark("Select one of the answers shown"),
        "conflict.one_text": mark("Select one of the answers shown: this cannot hold both"),
        "conflict.too_long": mark(
            "The two texts are too long to stand together: select one, and put it right afterwards"
        ),
    }
)


@dataclass(frozen=True, kw_only=True)
class DecideConflict(Command):
    """Say what holds from now on, of what the office has and what officers say."""

    name: ClassVar[str] = "DecideConflict"
    conflict_id: str
    case_id: str
    person_id: str | None = None
    address_id: str | None = None
    """What it is about, so that every case it stands in can be held still."""

    answer: str
    claim_id: str | None = None
    claims_seen: int
    note: str = ""


class DecideConflictSchema(Schema):
    """How `DecideConflict` is written in a form and in a message."""

    conflict_id = IdField(required=True)
    case_id = IdField(required=True)
    person_id = IdField(load_default=None, allow_none=True)
    address_id = IdField(load_default=None, allow_none=True)
    answer = Choice(ANSWERS, required=True, metadata={"missing": mark("Select what holds")})
    claim_id = IdField(load_default=None, allow_none=True)
    claims_seen = WholeNumber(required=True, most=CLAIMS_MAX)
    note = CleanText(
        load_default="",
        characters_max=NOTE_MAX,
        lines=True,
        metadata={
            "label": mark("What do you want the officer to know?"),
            "hint": mark("They read this on their device, beside what you decide"),
        },
    )
