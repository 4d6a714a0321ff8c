"""Tells random histories of officers and an office at odds: nothing said is lost, nothing decided twice.

`FIELDFARE_HISTORIES=10000` tells as many; the quick run tells some hundred of the same code.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from random import Random
from typing import Any
from uuid import UUID

import pytest

from server.reconciling.commands import DecideConflict
from server.reconciling.rules import Claim, OpenConflict, decide_conflict
from shared.case_file import CaseConflict, CaseContact, CaseFile, CaseMarker, CasePerson
from shared.commands import Actor, Command, Decision, Occasion, Outcome
from shared.conflicts import ConflictDecided, ConflictRaised
from shared.decide import BY_NAME
from shared.detail_fields import UNKNOWN
from shared.details import ContactCorrected, CorrectContact, CorrectDetails, DetailsCorrected
from shared.errors import RuleBroken
from shared.field_policy import ENDINGS
from shared.markers import AddMarker, MarkerEnded, MarkerRecorded, ProposeMarkerRemoval

HISTORIES = int(os.environ.get("FIELDFARE_HISTORIES", "300"))
STEPS = 14
NOW = datetime(2027, 3, 4, 10, 0, tzinfo=UTC)
CASE, JANE, NUMBER = (str(UUID(int=n)) for n in (1, 2, 3))
OFFICERS = [
    Actor(user_id=str(UUID(int=n)), permissions=frozenset({"visits.record"})) for n in (10, 11, 12)
]
DECIDER = Actor(
    user_id=str(UUID(int=20)), permissions=frozenset({"conflicts.decide", "people.mark"})
)
CHOICES: Mapping[str, list[Any]] = {
    "language": ["", "Welsh", "Polish", "Slovak"],
    "preferred_contact": ["", "phone", "letter"],
    "household": ["", "Two sons", "A lodger"],
    "needs": [[], ["interpreter"], ["large_print"], ["interpreter", "large_print"]],
}


@dataclass
class Story:
    """An office and its officers' copies, in memory, moved by nothing but the rules' own changes."""

    chance: Random
    details: dict[str, Any] = field(default_factory=lambda: dict(UNKNOWN))
    standing: str = "in_use"
    markers: dict[str, bool] = field(default_factory=dict)
    """Marker to whether it is in force."""

    conflicts: dict[str, OpenConflict] = field(default_factory=dict)
    been: dict[str, list[Any]] = field(default_factory=dict)
    """Every value that was in force, field by field."""

    seen: list[dict[str, Any]] = field(default_factory=list)
    """What each officer's copy shows."""

    given: list[tuple[Command, Actor]] = field(default_factory=list)
    answered: dict[int, Decision] = field(default_factory=dict)
    decided: dict[str, Any] = field(default_factory=dict)

    def new_id(self) -> str:
        return str(UUID(int=self.chance.getrandbits(128)))

    def shown(self) -> dict[str, Any]:
        return {**self.details, "standing": self.standing, "markers": dict(self.markers)}

    def case(self) -> CaseFile:
        contact = CaseContact(
            contact_id=NUMBER, kind="phone", value="07700900123", standing=self.standing
        )
        return CaseFile(
            case_id=CASE,
            people=(
                CasePerson(person_id=JANE, name="Jane", details=self.details, contacts=(contact,)),
            ),
            markers=tuple(
                CaseMarker(marker_id=id_, kind="weapon", person_id=JANE, ended=not on)
                for id_, on in self.markers.items()
            ),
            conflicts=tuple(
                CaseConflict(
                    conflict_id=c.conflict_id,
                    record=c.record,
                    record_id=c.record_id,
                    field=c.field,
                )
                for c in self.conflicts.values()
                if c.open
            ),
        )

    def give(self, command: Command, actor: Actor) -> Decision:
        """Ask the rule and apply what it answers; it may end only as its kind ends."""
        kind = BY_NAME[command.name]
        occasion = Occasion(actor=actor, happened_at=NOW, decided_at=NOW)
        decision = kind.rule(self.case(), command, occasion)
        assert decision.outcome in ENDINGS[kind.kind], (command, decision)
        self.apply(decision, actor)
        return decision

    def apply(self, decision: Decision, actor: Actor) -> None:
        for change in decision.changes:
            if isinstance(change, DetailsCorrected):
                self.details.update({name: change.values[name] for name in change.moved})
            elif isinstance(change, ContactCorrected):
                self.standing = change.standing
            elif isinstance(change, MarkerRecorded | MarkerEnded):
                self.markers[change.marker_id] = isinstance(change, MarkerRecorded)
            elif isinstance(change, ConflictRaised):
                self.raise_(change, actor)
            elif isinstance(change, ConflictDecided):
                self.close(change)
        for name, value in self.shown().items():
            self.been.setdefault(name, []).append(value)

    def close(self, change: ConflictDecided) -> None:
        assert change.conflict_id not in self.decided, "a decision is final"
        self.decided[change.conflict_id] = change.value
        conflict = self.conflicts[change.conflict_id]
        self.conflicts[change.conflict_id] = replace(conflict, open=False)

    def raise_(self, change: ConflictRaised, actor: Actor) -> None:
        """Keep a claim as the recorder does: once, in the one open conflict about its field."""
        claim = Claim(
            claim_id=change.claim_id, officer_id=actor.user_id, value=change.claimed, reason="x"
        )
        there = self.conflicts.get(change.conflict_id)
        if there is None:
            there = OpenConflict(
                conflict_id=change.conflict_id,
                record=change.record,
                record_id=change.record_id,
                field=change.field,
                case_id=CASE,
                person_id=JANE,
                address_id=None,
                open=True,
                was=change.was,
                office=change.office,
                claims=(),
                held={},
            )
        if claim.claim_id not in {c.claim_id for c in there.claims}:
            there = replace(there, claims=(*there.claims, claim))
        self.conflicts[change.conflict_id] = there

    def claims(self, name: str) -> list[Any]:
        return [
            claim.value
            for conflict in self.conflicts.values()
            for claim in conflict.claims
            if conflict.field == name
        ]


def correct(story: Story) -> None:
    """An officer puts a field right on a copy that may be days old."""
    officer = story.chance.randrange(len(OFFICERS))
    name = story.chance.choice(sorted(CHOICES))
    was, now = story.seen[officer][name], story.chance.choice(CHOICES[name])
    before = dict(story.details)
    command = CorrectDetails(
        edit_id=story.new_id(),
        case_id=CASE,
        person_id=JANE,
        edits={name: {"was": was, "now": now}},
    )
    decision = story.give(command, OFFICERS[officer])
    story.given.append((command, OFFICERS[officer]))
    if name == "needs":
        assert set(story.details["needs"]) >= set(before["needs"]) | (set(now) - set(was))
        for member in set(was) - set(now):
            assert member not in before["needs"] or False in story.claims(f"needs.{member}")
        return
    if now != was:
        assert now in [*story.been[name], *story.claims(name)], "what an officer said is lost"
    if decision.outcome is Outcome.REVIEW:
        assert story.details[name] == before[name], "a conflict was settled by nobody"


def mark_number(story: Story) -> None:
    officer = story.chance.randrange(len(OFFICERS))
    was, now = story.seen[officer]["standing"], story.chance.choice(["in_use", "wrong"])
    before = story.standing
    command = CorrectContact(
        edit_id=story.new_id(),
        case_id=CASE,
        person_id=JANE,
        contact_id=NUMBER,
        edits={"standing": {"was": was, "now": now}},
    )
    decision = story.give(command, OFFICERS[officer])
    story.given.append((command, OFFICERS[officer]))
    if decision.outcome is Outcome.REVIEW:
        assert story.standing == "wrong" or before == now


def warn(story: Story) -> None:
    command = AddMarker(
        marker_id=story.new_id(), case_id=CASE, person_id=JANE, kind="weapon", note="A knife"
    )
    story.give(command, OFFICERS[0])
    assert story.markers[command.marker_id]


def ask_off(story: Story) -> None:
    if story.markers:
        marker_id = story.chance.choice(sorted(story.markers))
        command = ProposeMarkerRemoval(
            proposal_id=story.new_id(), case_id=CASE, marker_id=marker_id, reason="Gone"
        )
        before = story.markers[marker_id]
        story.give(command, OFFICERS[1])
        assert story.markers[marker_id] == before, "a warning went without a decision"


def sync(story: Story) -> None:
    story.seen[story.chance.randrange(len(OFFICERS))] = story.shown()


def say_again(story: Story) -> None:
    """A command decided once more, as if the door had forgotten it: the claim counts once."""
    if story.given:
        command, actor = story.chance.choice(story.given)
        before = {id_: c.claims for id_, c in story.conflicts.items() if not c.open}
        story.give(command, actor)
        assert before == {id_: story.conflicts[id_].claims for id_ in before}


def decide(story: Story) -> None:
    """Somebody in the office decides one; what does not fit is refused and changes nothing."""
    if not story.conflicts:
        return
    conflict = story.conflicts[story.chance.choice(sorted(story.conflicts))]
    held = {**story.details, "standing": story.standing, "value": "07700900123", "kind": "weapon"}
    claim = story.chance.choice(conflict.claims)
    command = DecideConflict(
        conflict_id=conflict.conflict_id,
        case_id=CASE,
        answer=story.chance.choice(["office", "officer", "before", "both"]),
        claim_id=claim.claim_id,
        claims_seen=len(conflict.claims),
    )
    before = story.shown()
    occasion = Occasion(actor=DECIDER, happened_at=NOW, decided_at=NOW)
    try:
        decision = decide_conflict(replace(conflict, held=held), command, occasion)
    except RuleBroken:
        assert story.shown() == before
        assert not conflict.open or command.answer == "both"
        return
    story.apply(decision, DECIDER)
    assert conflict.open


def tell(seed: int) -> Story:
    story = Story(Random(seed))
    story.seen = [story.shown() for _ in OFFICERS]
    story.been = {name: [value] for name, value in story.shown().items()}
    steps = [correct, correct, correct, mark_number, warn, ask_off, sync, say_again, decide]
    for _step in range(STEPS):
        story.chance.choice(steps)(story)
        fields = [(c.record_id, c.field) for c in story.conflicts.values() if c.open]
        assert len(fields) == len(set(fields)), "more than one open conflict about a field"
    return story


@pytest.mark.proves("T48")
@pytest.mark.timeout(600)
def test_no_history_loses_what_anybody_said() -> None:
    open_ones = decided = 0
    for seed in range(HISTORIES):
        story = tell(seed)
        decided += len(story.decided)
        open_ones += sum(c.open for c in story.conflicts.values())
    assert open_ones > HISTORIES // 10, "these histories have too few conflicts to show anything"
    assert decided > HISTORIES // 10
