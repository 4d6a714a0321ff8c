"""How tests say, as an officer's device does, that details are otherwise or that a warning is needed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from server.people.commands import RecordContact
from server.people.tables import ContactRow, PersonRow
from server.reconciling.commands import DecideConflict
from server.reconciling.tables import ConflictClaimRow, ConflictRow
from server.spine.orders import Result
from server.spine.tables import CaseAccessRow
from shared.commands import Actor, Command
from shared.details import CorrectContact, CorrectDetails
from shared.visits import RecordVisit
from tests.server.office import Office, new_id
from tests.server.scenes import assign_case, open_person, records


@dataclass
class Doorstep:
    """One case with Jane, the officer who has it, and what their device sends."""

    office: Office
    officer: Actor
    jane: str
    case_id: str
    store_id: str = field(default_factory=new_id)
    sent: int = 0

    def send(
        self, command: Command, *, at: datetime | None = None, command_id: str | None = None
    ) -> Result:
        """Give a command as it arrives from the officer's device, at the time it is in the office."""
        self.sent += 1
        at = at or self.office.now
        order = self.office.order(command, at=at, actor=self.officer, command_id=command_id)
        order = replace(order, store_id=self.store_id, lane="ordinary", seq=self.sent)
        return self.office.door.execute(order, now=at)

    def correct(self, at: datetime | None = None, **edits: tuple[Any, Any]) -> Result:
        """Say of Jane's fields what was seen and what they are."""
        return self.send(self.correction(**edits), at=at)

    def correction(self, **edits: tuple[Any, Any]) -> CorrectDetails:
        return CorrectDetails(
            edit_id=new_id(), case_id=self.case_id, person_id=self.jane, edits=written(edits)
        )

    def number_is(self, contact_id: str, was: str, now: str) -> Result:
        """Say whether a number reaches Jane."""
        return self.send(
            CorrectContact(
                edit_id=new_id(),
                case_id=self.case_id,
                person_id=self.jane,
                contact_id=contact_id,
                edits={"standing": {"was": was, "now": now}},
            )
        )

    def spoke(self, at: datetime) -> None:
        """Record that the officer spoke to somebody."""
        self.send(
            RecordVisit(
                visit_id=new_id(),
                case_id=self.case_id,
                happened_at=at,
                outcome="spoke_to_person",
            ),
            at=at + timedelta(minutes=5),
        )

    def decide(self, answer: str, claim_id: str | None = None, **more: Any) -> Result:
        """Decide the one open conflict as somebody in the office."""
        (conflict,) = self.conflicts(open_only=True)
        claims = self.claims(conflict.conflict_id)
        asked = {"claims_seen": len(claims), **more}
        return self.office.ask(
            DecideConflict(
                conflict_id=conflict.conflict_id,
                case_id=conflict.case_id,
                answer=answer,
                claim_id=claim_id or (claims[-1].claim_id if answer == "officer" else None),
                **asked,
            )
        )

    def conflicts(self, *, open_only: bool = False) -> list[ConflictRow]:
        with self.office.look() as session:
            rows = session.scalars(select(ConflictRow).order_by(ConflictRow.opened_at)).all()
        return [row for row in rows if row.open or not open_only]

    def claims(self, conflict_id: str | None = None) -> list[ConflictClaimRow]:
        with self.office.look() as session:
            rows = session.scalars(select(ConflictClaimRow).order_by(ConflictClaimRow.claim_id))
            return [r for r in rows if conflict_id in (None, r.conflict_id)]

    def person(self) -> PersonRow:
        with self.office.look() as session:
            row = session.get(PersonRow, self.jane)
        assert row is not None
        return row

    def standing(self, contact_id: str) -> str:
        with self.office.look() as session:
            row = session.get(ContactRow, contact_id)
        assert row is not None
        return row.standing

    def on_device(self, kind: str) -> dict[str, Any]:
        """Read what the officer's device is given."""
        return records(self.office, self.case_id, kind)


def written(edits: Mapping[str, tuple[Any, Any]]) -> dict[str, dict[str, Any]]:
    return {name: {"was": was, "now": now} for name, (was, now) in edits.items()}


def officer_of(office: Office, case_id: str) -> Actor:
    """Find who has the case."""
    with office.look() as session:
        query = select(CaseAccessRow.officer_id).where(CaseAccessRow.case_id == case_id)
        officer_id = session.scalars(query).one()
    return Actor(user_id=officer_id, permissions=frozenset({"visits.record"}), device_id=new_id())


def doorstep(office: Office, **more: Any) -> Doorstep:
    """Open Jane's case and give it to an officer."""
    jane = open_person(office, "Jane", "Smith", **more)
    case_id = assign_case(office, jane)
    return Doorstep(office, officer_of(office, case_id), jane, case_id)


def add_number(office: Office, person_id: str, number: str = "07700900123") -> str:
    contact_id = new_id()
    office.give(
        RecordContact(contact_id=contact_id, person_id=person_id, kind="phone", value=number)
    )
    return contact_id
