"""Photographs: what is said about a picture taken at a visit; its bytes travel separately."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

from marshmallow import Schema

from shared.case_file import CaseFile
from shared.catalogue import mark
from shared.commands import Change, Command, Decision, Occasion
from shared.errors import RuleBroken
from shared.fields import Answer, Choice, IdField, WholeNumber
from shared.visits import NOT_COME

PURPOSES: dict[str, str] = {
    "premises": mark("The premises"),
    "document": mark("A document"),
    "calling_card": mark("The calling card left"),
}
"""Why a picture was taken."""

PHOTOGRAPH_BYTES_MAX = 6_000_000
"""Bytes a re-encoded photograph may have."""


class DigestField(Answer):
    """A SHA-256 in lower-case hexadecimal: the name a photograph goes by."""

    sentences: ClassVar[dict[str, str]] = {
        "missing": mark("Take a photograph"),
        "invalid": mark("Take the photograph again: its name is not complete"),
    }

    def check(self, value: object) -> str:
        """Return the digest, if it is one."""
        if not isinstance(value, str) or not re.fullmatch(r"[0-9a-f]{64}", value):
            raise self.refusal("invalid")
        return value


@dataclass(frozen=True, kw_only=True)
class RecordPhotograph(Command):
    """Say that a photograph was taken at a visit; `photograph_id` is the SHA-256 of its bytes."""

    name: ClassVar[str] = "RecordPhotograph"
    photograph_id: str
    visit_id: str
    case_id: str
    purpose: str
    size_bytes: int


class RecordPhotographSchema(Schema):
    """How `RecordPhotograph` is written in a message."""

    photograph_id = DigestField(required=True)
    visit_id = IdField(required=True)
    case_id = IdField(required=True)
    purpose = Choice(PURPOSES, required=True, metadata={"label": mark("What does it show?")})
    size_bytes = WholeNumber(required=True, least=1, most=PHOTOGRAPH_BYTES_MAX)


@dataclass(frozen=True, kw_only=True)
class PhotographRecorded(Change):
    """A photograph was taken at a visit; its bytes may still be on the device."""

    name: ClassVar[str] = "PhotographRecorded"
    photograph_id: str
    visit_id: str
    case_id: str
    purpose: str
    size_bytes: int


def record_photograph(case: CaseFile, command: RecordPhotograph, _occasion: Occasion) -> Decision:
    """Record the photograph beside its visit."""
    if case.visit(command.visit_id) is None:
        raise RuleBroken(NOT_COME)
    return Decision(
        changes=(
            PhotographRecorded(
                photograph_id=command.photograph_id,
                visit_id=command.visit_id,
                case_id=command.case_id,
                purpose=command.purpose,
                size_bytes=command.size_bytes,
            ),
        )
    )


LOST: dict[str, str] = {
    "damaged": mark("It was damaged on the device before it could be sent"),
}
"""Why a photograph will never arrive."""


@dataclass(frozen=True, kw_only=True)
class RecordPhotographLost(Command):
    """Say that the bytes of a photograph will never arrive, so that nobody waits for them."""

    name: ClassVar[str] = "RecordPhotographLost"
    photograph_id: str
    visit_id: str
    case_id: str
    reason: str


class RecordPhotographLostSchema(Schema):
    """How `RecordPhotographLost` is written in a message."""

    photograph_id = DigestField(required=True)
    visit_id = IdField(required=True)
    case_id = IdField(required=True)
    reason = Choice(LOST, required=True, metadata={"label": mark("Why will it not arrive?")})


@dataclass(frozen=True, kw_only=True)
class PhotographLost(Change):
    """A photograph that was taken at a visit will never arrive."""

    name: ClassVar[str] = "PhotographLost"
    photograph_id: str
    visit_id: str
    case_id: str
    reason: str


def record_photograph_lost(
    _case: CaseFile, command: RecordPhotographLost, _occasion: Occasion
) -> Decision:
    """Record that it is lost; should its bytes have come after all, they stay."""
    return Decision(
        changes=(
            PhotographLost(
                photograph_id=command.photograph_id,
                visit_id=command.visit_id,
                case_id=command.case_id,
                reason=command.reason,
            ),
        )
    )
