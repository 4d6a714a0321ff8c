"""How each change about restricted people and broken glass reads on a timeline."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from server.need_to_know.commands import (
    REASONS,
    AccessGiven,
    AccessTaken,
    LiftAnswered,
    LiftAsked,
    PersonRestricted,
)
from server.need_to_know.glass_commands import FINDINGS, GlassBroken, GlassClosed, GlassReviewed
from server.need_to_know.glass_commands import REASONS as WHY
from server.people.saying import word
from shared.catalogue import Sentence, mark
from shared.commands import Change

Said = Mapping[str, Any]


def _restricted(said: Said) -> str:
    return Sentence(
        mark("Record restricted: %(reason)s"), reason=word(REASONS, str(said["reason"]))
    )


def _answered(said: Said) -> str:
    if said["agreed"]:
        return Sentence(mark("Restriction lifted"))
    return Sentence(mark("Restriction stays: somebody else did not agree to lift it"))


def _broken(said: Said) -> str:
    return Sentence(mark("Hidden record opened: %(why)s"), why=word(WHY, str(said["reason"])))


def _reviewed(said: Said) -> str:
    return Sentence(
        mark("Opening of the hidden record reviewed: %(finding)s"),
        finding=word(FINDINGS, str(said["finding"])),
    )


SENTENCES: Mapping[type[Change], Callable[[Said], str]] = {
    PersonRestricted: _restricted,
    AccessGiven: lambda _said: Sentence(mark("Somebody was given access to the restricted record")),
    AccessTaken: lambda _said: Sentence(mark("Access to the restricted record was taken back")),
    LiftAsked: lambda _said: Sentence(mark("Somebody asked to lift the restriction")),
    LiftAnswered: _answered,
    GlassBroken: _broken,
    GlassClosed: lambda _said: Sentence(mark("Hidden record closed by whoever had opened it")),
    GlassReviewed: _reviewed,
}
