"""What screens read about conflicts, as plain values: one tray of them, and one whole with its evidence."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select
from sqlalchemy.orm import Session

from server.access.tables import UserRow
from server.cases.tables import CaseRow
from server.people.tables import AddressRow, ContactRow, MarkerRow, PersonRow
from server.reconciling.advice import NOTHING_SHOWN, Heard, Suggestion, suggest
from server.reconciling.tables import ConflictClaimRow, ConflictRow
from server.spine.paging import Slice
from server.spine.tables import ChangeRow
from server.visits.tables import VisitRow
from shared.catalogue import Sentence
from shared.detail_fields import label_of
from shared.field_policy import Policy, rule_of
from shared.markers import KINDS
from shared.presentation import LONDON, phone

SPOKE = "spoke_to_person"


@dataclass(frozen=True, kw_only=True)
class Said:
    """What one officer said, when, and with what behind it."""

    claim_id: str
    command_id: str
    officer_id: str
    officer: str
    value: Any
    reason: str
    happened_at: datetime
    received_at: datetime
    visit_id: str | None = None
    visit_outcome: str = ""


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """Who gave the office what it has, and when, as far as the change log tells."""

    by: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Conflict:
    """One field that waits for a person, or did, with everything that was said of it."""

    conflict_id: str
    record: str
    field: str
    label: Sentence
    about: str
    place: str
    case_id: str
    case_reference: str
    person_id: str | None
    address_id: str | None
    was: Any
    office: Any
    office_from: Recorded | None
    said: tuple[Said, ...]
    suggestion: Suggestion
    opened_at: datetime
    open: bool
    answer: str
    decided: Any
    note: str
    decided_by: str
    decided_at: datetime | None

    @property
    def withheld(self) -> bool:
        """Tell whether what it is about is of a class that the reader is not shown here."""
        return self.was is None and self.office is None

    @property
    def keeps_both(self) -> bool:
        """Tell whether the field has room for both texts."""
        return rule_of(self.record, self.field).policy is Policy.KEEP_BOTH

    @property
    def asks_off(self) -> bool:
        """Tell whether it is about a protection that somebody would take off."""
        return rule_of(self.record, self.field).policy is Policy.UNION

    @property
    def decided_with(self) -> str:
        """Name the permission it takes to decide it."""
        return rule_of(self.record, self.field).decided_with

    @property
    def officers(self) -> list[str]:
        """Name who spoke, each once."""
        return list(dict.fromkeys(each.officer for each in self.said))


def waiting(session: Session) -> tuple[int, datetime | None]:
    """Say how many fields wait for a person, and since when."""
    count, oldest = session.execute(
        select(func.count(), func.min(ConflictRow.opened_at)).where(ConflictRow.open)
    ).one()
    return count, oldest


def count_decided(session: Session) -> int:
    """Say how many have been decided."""
    return session.scalar(select(func.count()).where(~ConflictRow.open)) or 0


def open_conflicts(session: Session, part: Slice) -> list[Conflict]:
    """List what waits, the oldest first."""
    query = (
        _every().where(ConflictRow.open).order_by(ConflictRow.opened_at, ConflictRow.conflict_id)
    )
    return _whole(session, query.offset(part.offset).limit(part.limit))


def decided_conflicts(session: Session, part: Slice) -> list[Conflict]:
    """List what was decided, the latest first."""
    order = (ConflictRow.decided_at.desc(), ConflictRow.conflict_id)
    query = _every().where(~ConflictRow.open).order_by(*order)
    return _whole(session, query.offset(part.offset).limit(part.limit))


def find(session: Session, conflict_id: str) -> Conflict | None:
    """Find one conflict, open or decided."""
    return next(iter(_whole(session, _every().where(ConflictRow.conflict_id == conflict_id))), None)


BESIDE_MAX = 20
"""Conflicts about one case that stand on one page."""


def beside(session: Session, conflict: Conflict) -> list[Conflict]:
    """List what else waits about the same person or case, so that one look answers it."""
    same = ConflictRow.case_id == conflict.case_id
    if conflict.person_id:
        same = or_(same, ConflictRow.person_id == conflict.person_id)
    other = ConflictRow.conflict_id != conflict.conflict_id
    query = _every().where(ConflictRow.open, other, same)
    return _whole(session, query.order_by(ConflictRow.opened_at).limit(BESIDE_MAX))


def _every() -> Select[Any]:
    """Join each conflict to what it is about."""
    about_person = func.coalesce(ConflictRow.person_id, CaseRow.person_id)
    columns: list[Any] = [
        ConflictRow,
        PersonRow.name.label("person"),
        AddressRow.lines,
        AddressRow.postcode,
        CaseRow.reference.label("case_reference"),
        MarkerRow.kind.label("marker"),
        ContactRow.value.label("contact"),
        UserRow.name.label("decider"),
    ]
    return (
        select(*columns)
        .outerjoin(CaseRow, CaseRow.case_id == ConflictRow.case_id)
        .outerjoin(PersonRow, PersonRow.person_id == about_person)
        .outerjoin(AddressRow, AddressRow.address_id == ConflictRow.address_id)
        .outerjoin(MarkerRow, _is(MarkerRow.marker_id, "marker"))
        .outerjoin(ContactRow, _is(ContactRow.contact_id, "contact"))
        .outerjoin(UserRow, UserRow.user_id == ConflictRow.decided_by)
    )


def _is(key: Any, record: str) -> ColumnElement[bool]:  # noqa: ANN401 - a column
    return and_(ConflictRow.record == record, key == ConflictRow.record_id)


def _whole(session: Session, query: Select[Any]) -> list[Conflict]:
    rows = session.execute(query).all()
    said = _said(session, [row.ConflictRow.conflict_id for row in rows])
    known = _recorded(session, [row.ConflictRow for row in rows], said)
    return [
        _conflict(
            row, said.get(row.ConflictRow.conflict_id, ()), known.get(row.ConflictRow.conflict_id)
        )
        for row in rows
    ]


def _conflict(row: Any, said: Sequence[Said], office_from: Recorded | None) -> Conflict:  # noqa: ANN401 - a value of any kind
    found: ConflictRow = row.ConflictRow
    withheld = found.was is None and found.office is None
    label = label_of(found.record, found.field.partition(".")[0] if withheld else found.field)
    if row.marker:
        label = Sentence(
            "%(what)s: %(which)s", what=label, which=Sentence(KINDS.get(row.marker, ""))
        )
    elif row.contact:
        label = Sentence("%(which)s: %(what)s", which=phone(row.contact), what=label)
    heard = [
        Heard(claim_id=s.claim_id, value=s.value, spoke_to_person=s.visit_outcome == SPOKE)
        for s in said
    ]
    return Conflict(
        conflict_id=found.conflict_id,
        record=found.record,
        field=found.field,
        label=label,
        about=row.person or row.case_reference or "",
        place=", ".join(filter(None, [*(row.lines or "").splitlines(), row.postcode])),
        case_id=found.case_id,
        case_reference=row.case_reference or "",
        person_id=found.person_id,
        address_id=found.address_id,
        was=found.was,
        office=found.office,
        office_from=office_from,
        said=tuple(said),
        suggestion=NOTHING_SHOWN
        if withheld
        else suggest(found.record, found.field, found.office, heard),
        opened_at=found.opened_at,
        open=found.open,
        answer=found.answer,
        decided=found.decided,
        note=found.note,
        decided_by=row.decider or "",
        decided_at=found.decided_at,
    )


def _said(session: Session, conflict_ids: Collection[str]) -> Mapping[str, list[Said]]:
    """Give what officers said, each with the visit they made on that day if there was one."""
    claim, visit = ConflictClaimRow, VisitRow
    found: dict[str, list[Said]] = {}
    rows = session.execute(
        select(claim, UserRow.name, ConflictRow.case_id)
        .join(ConflictRow, ConflictRow.conflict_id == claim.conflict_id)
        .outerjoin(UserRow, UserRow.user_id == claim.officer_id)
        .where(claim.conflict_id.in_(sorted(conflict_ids)))
        .order_by(claim.received_at, claim.claim_id)
    ).all()
    visits = session.execute(
        select(visit.visit_id, visit.case_id, visit.officer_id, visit.happened_at, visit.outcome)
        .where(
            visit.case_id.in_({row.case_id for row in rows}),
            visit.officer_id.in_({row[0].officer_id for row in rows}),
        )
        .order_by(case((visit.outcome == SPOKE, 1), else_=0), visit.happened_at)
    ).all()
    made = {(v.case_id, v.officer_id, v.happened_at.astimezone(LONDON).date()): v for v in visits}
    for row, officer, case_id in rows:
        day = row.happened_at.astimezone(LONDON).date()
        seen = made.get((case_id, row.officer_id, day))
        found.setdefault(row.conflict_id, []).append(
            Said(
                claim_id=row.claim_id,
                command_id=row.command_id,
                officer_id=row.officer_id,
                officer=officer or "",
                value=row.value,
                reason=row.reason,
                happened_at=row.happened_at,
                received_at=row.received_at,
                visit_id=seen.visit_id if seen else None,
                visit_outcome=seen.outcome if seen else "",
            )
        )
    return found


def _recorded(
    session: Session, conflicts: Sequence[ConflictRow], said: Mapping[str, Sequence[Said]]
) -> dict[str, Recorded]:
    """Find who last gave the office the value it had when each conflict was opened."""
    people = sorted({c.person_id for c in conflicts if c.person_id and c.record != "marker"})
    change = ChangeRow
    rows = session.execute(
        select(change, UserRow.name)
        .outerjoin(UserRow, UserRow.user_id == change.actor_id)
        .where(change.name.in_(_GIVES_A_VALUE), change.person_ids.overlap(people))
        .order_by(change.change_id)
    ).all()
    found: dict[str, Recorded] = {}
    for conflict in conflicts:
        own = {each.command_id for each in said.get(conflict.conflict_id, ())}
        for row, by in rows:
            before = row.recorded_at <= conflict.opened_at and row.command_id not in own
            if before and _gave(row, conflict):
                found[conflict.conflict_id] = Recorded(by=by or "", at=row.happened_at)
    return found


_GIVES_A_VALUE = ("DetailsCorrected", "ContactCorrected", "PersonOpened")
_WHEN_OPENED = ("language", "born_on")
"""Details that may be given when a person is opened."""


def _gave(row: ChangeRow, conflict: ConflictRow) -> bool:
    """Tell whether a change gave the field of a conflict its value."""
    name = conflict.field.partition(".")[0]
    if row.name == "ContactCorrected":
        return bool(row.line["contact_id"] == conflict.record_id)
    if row.line["person_id"] != conflict.record_id:
        return False
    return name in (_WHEN_OPENED if row.name == "PersonOpened" else row.line["moved"])
