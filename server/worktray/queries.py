"""What the worktray reads: how much waits in each tray and since when, and the rows of one tray."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, select
from sqlalchemy.orm import Session

from server.access.queries import Officer
from server.access.tables import DeviceRow, UserRow
from server.accounts.tables import AccountRow, DebtRow
from server.cases.queries import PLACE, in_force
from server.cases.tables import CaseDebtRow, CaseRow
from server.people.tables import AddressRow, PersonRow
from server.reconciling import queries as conflicts
from server.recovery.tables import HoldRow
from server.spine.paging import Slice
from server.spine.tables import CaseAccessRow
from server.visits.queries import WAITING
from server.visits.tables import PlannedVisitRow, VisitRow
from server.worktray.advice import Advice, Due, about_due_visit, about_task, about_unknown_payer
from server.worktray.facts import WORKS_HERE
from server.worktray.tables import TaskRow

FIND_LIABLE = "find_liable"
"""The kind of task that an account without anybody liable becomes."""


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """How much waits in a tray, and since when."""

    count: int = 0
    oldest: datetime | date | None = None


@dataclass(frozen=True, kw_only=True)
class DueVisit:
    """A planned visit that is to be made today, or was to be made before."""

    planned_visit_id: str
    case_id: str
    title: str
    postcode: str
    officer: str
    purpose: str
    planned_on: date
    advice: Advice


@dataclass(frozen=True, kw_only=True)
class Task:
    """A task as the worktray lists it."""

    task_id: str
    kind: str
    subject: str
    place: str
    note: str
    owner_id: str | None
    owner: str
    due_on: date | None
    raised_at: datetime
    done_at: datetime | None
    account_id: str | None
    person_id: str | None
    case_id: str | None
    balance_pence: int
    advice: Advice


def visits_waiting(session: Session, *, flagged: bool) -> Waiting:
    """Say how many visits wait for a supervisor: all, or those with a flag."""
    waits: ColumnElement[bool] = VisitRow.review.in_(WAITING)
    if flagged:
        waits = and_(waits, func.cardinality(VisitRow.flags) > 0)
    return _waiting(session, VisitRow.received_at, waits)


def conflicts_waiting(session: Session) -> Waiting:
    """Say about how many fields the office and an officer differ."""
    count, oldest = conflicts.waiting(session)
    return Waiting(count=count, oldest=oldest)


def visits_due(session: Session, today: date, officer_id: str = "") -> Waiting:
    """Say how many planned visits are to be made today or were to be made before."""
    return _waiting(session, PlannedVisitRow.planned_on, _due(today, officer_id))


def tasks_open(session: Session, *, find_liable: bool, owner: str = "") -> Waiting:
    """Say how many tasks are open: to find who is liable, or any other."""
    return _waiting(session, TaskRow.raised_at, _open(find_liable=find_liable, owner=owner))


def _waiting(
    session: Session,
    since: Any,  # noqa: ANN401 - a column
    wanted: ColumnElement[bool],
) -> Waiting:
    count, oldest = session.execute(select(func.count(), func.min(since)).where(wanted)).one()
    return Waiting(count=count, oldest=oldest)


def _due(today: date, officer_id: str) -> ColumnElement[bool]:
    due = and_(PlannedVisitRow.state == "planned", PlannedVisitRow.planned_on <= today)
    return and_(due, PlannedVisitRow.officer_id == officer_id) if officer_id else due


NOBODY = "nobody"
"""The owner of a filter for tasks that nobody has taken."""


def _open(*, find_liable: bool, owner: str) -> ColumnElement[bool]:
    """Choose open tasks: of the one kind or all others, of one owner or of nobody."""
    kind = TaskRow.kind == FIND_LIABLE
    conditions = [TaskRow.done_at.is_(None), kind if find_liable else ~kind]
    if owner == NOBODY:
        conditions.append(TaskRow.owner_id.is_(None))
    elif owner:
        conditions.append(TaskRow.owner_id == owner)
    return and_(*conditions)


def due_visits(session: Session, today: date, part: Slice, officer_id: str = "") -> list[DueVisit]:
    """List planned visits that are to be made today or were to be made before, oldest first."""
    still = exists().where(
        CaseAccessRow.case_id == PlannedVisitRow.case_id,
        CaseAccessRow.officer_id == PlannedVisitRow.officer_id,
        CaseAccessRow.granted,
    )
    held = exists().where(
        CaseDebtRow.case_id == PlannedVisitRow.case_id,
        HoldRow.debt_id == CaseDebtRow.debt_id,
        in_force(today),
    )
    rows = session.execute(
        select(
            PlannedVisitRow,
            UserRow.name.label("officer"),
            PersonRow.name.label("person"),
            AddressRow.lines,
            AddressRow.postcode,
            CaseRow.reference,
            CaseRow.open,
            still.label("still"),
            held.label("held"),
        )
        .join(CaseRow, CaseRow.case_id == PlannedVisitRow.case_id)
        .outerjoin(UserRow, UserRow.user_id == PlannedVisitRow.officer_id)
        .outerjoin(PersonRow, PersonRow.person_id == CaseRow.person_id)
        .outerjoin(AddressRow, AddressRow.address_id == PLACE)
        .where(_due(today, officer_id))
        .order_by(PlannedVisitRow.planned_on, PlannedVisitRow.planned_visit_id)
        .offset(part.offset)
        .limit(part.limit)
    ).all()
    seen = _devices_seen(session, {row.PlannedVisitRow.officer_id for row in rows})
    return [
        DueVisit(
            planned_visit_id=row.PlannedVisitRow.planned_visit_id,
            case_id=row.PlannedVisitRow.case_id,
            title=row.person or _one_line(row.lines) or row.reference,
            postcode=row.postcode or "",
            officer=row.officer or "",
            purpose=row.PlannedVisitRow.purpose,
            planned_on=row.PlannedVisitRow.planned_on,
            advice=about_due_visit(
                Due(
                    planned_on=row.PlannedVisitRow.planned_on,
                    officer=row.officer or "",
                    case_open=row.open,
                    still_assigned=row.still,
                    held=row.held and row.PlannedVisitRow.purpose != "welfare",
                    device_seen_at=seen.get(row.PlannedVisitRow.officer_id),
                ),
                today,
            ),
        )
        for row in rows
    ]


def _devices_seen(session: Session, officer_ids: Collection[str]) -> dict[str, datetime]:
    """Say when a device of each officer was last heard."""
    rows = session.execute(
        select(DeviceRow.officer_id, func.max(DeviceRow.seen_at))
        .where(DeviceRow.officer_id.in_(sorted(officer_ids)), DeviceRow.seen_at.is_not(None))
        .group_by(DeviceRow.officer_id)
    )
    return {officer_id: seen_at for officer_id, seen_at in rows if seen_at}


_OWED = (
    select(func.coalesce(func.sum(DebtRow.balance_pence), 0))
    .where(DebtRow.account_id == TaskRow.account_id)
    .correlate(TaskRow)
    .scalar_subquery()
)


def tasks(
    session: Session,
    *,
    find_liable: bool,
    owner: str,
    reader_id: str,
    today: date,
    part: Slice,
) -> list[Task]:
    """List open tasks: accounts with nobody liable by what is owed, others by when they are due."""
    order: tuple[Any, ...] = (TaskRow.due_on.nulls_last(), TaskRow.raised_at, TaskRow.task_id)
    if find_liable:
        order = (_OWED.desc(), *order)
    wanted = _tasks(_open(find_liable=find_liable, owner=owner)).order_by(*order)
    rows = session.execute(wanted.offset(part.offset).limit(part.limit))
    return [_task(row, reader_id, today) for row in rows]


def task(session: Session, task_id: str, reader_id: str, today: date) -> Task | None:
    """Find a task, open or done."""
    row = session.execute(_tasks(TaskRow.task_id == task_id)).one_or_none()
    return _task(row, reader_id, today) if row else None


def _tasks(wanted: ColumnElement[bool]) -> Select[Any]:
    """Join each task to what it is about: an account and its place, a case, or a person."""
    about = func.coalesce(TaskRow.person_id, CaseRow.person_id)
    place = func.coalesce(AccountRow.address_id, PLACE)
    columns: list[Any] = [
        TaskRow,
        UserRow.name.label("owner"),
        PersonRow.name.label("person"),
        AccountRow.reference.label("account"),
        CaseRow.reference.label("case_reference"),
        AddressRow.lines,
        AddressRow.postcode,
        _OWED.label("owed"),
    ]
    return (
        select(*columns)
        .outerjoin(UserRow, UserRow.user_id == TaskRow.owner_id)
        .outerjoin(CaseRow, CaseRow.case_id == TaskRow.case_id)
        .outerjoin(AccountRow, AccountRow.account_id == TaskRow.account_id)
        .outerjoin(PersonRow, PersonRow.person_id == about)
        .outerjoin(AddressRow, AddressRow.address_id == place)
        .where(wanted)
    )


def _task(row: Any, reader_id: str, today: date) -> Task:  # noqa: ANN401 - a row of _tasks
    found: TaskRow = row.TaskRow
    place = ", ".join(filter(None, (_one_line(row.lines), row.postcode)))
    if found.kind == FIND_LIABLE:
        advice = about_unknown_payer(int(row.owed), place)
    else:
        advice = about_task(
            owner=row.owner or "",
            mine=found.owner_id == reader_id,
            due_on=found.due_on,
            today=today,
        )
    return Task(
        task_id=found.task_id,
        kind=found.kind,
        subject=row.person or row.account or row.case_reference or "",
        place=place,
        note=found.note,
        owner_id=found.owner_id,
        owner=row.owner or "",
        due_on=found.due_on,
        raised_at=found.raised_at,
        done_at=found.done_at,
        account_id=found.account_id,
        person_id=found.person_id,
        case_id=found.case_id,
        balance_pence=int(row.owed),
        advice=advice,
    )


def workers(session: Session) -> list[Officer]:
    """List those a task can be given to, by name."""
    rows = session.execute(
        select(UserRow.user_id, UserRow.name)
        .where(UserRow.user_id.in_(WORKS_HERE))
        .order_by(UserRow.name, UserRow.user_id)
    )
    return [Officer(user_id=user_id, name=name) for user_id, name in rows]


def name_of_subject(session: Session, kind: str, subject_id: str) -> str:
    """Name the case, person or account a task is about; empty when there is none."""
    case = select(func.coalesce(PersonRow.name + ", ", "") + CaseRow.reference).outerjoin(
        PersonRow, PersonRow.person_id == CaseRow.person_id
    )
    named: dict[str, Select[str]] = {
        "case_id": case.where(CaseRow.case_id == subject_id),
        "person_id": select(PersonRow.name).where(PersonRow.person_id == subject_id),
        "account_id": select(AccountRow.reference).where(AccountRow.account_id == subject_id),
    }
    return session.scalar(named[kind]) or ""


def cases_held(session: Session, officer_id: str) -> int:
    """Count the cases an officer has."""
    counted = select(func.count(CaseAccessRow.case_id.distinct())).where(
        CaseAccessRow.officer_id == officer_id, CaseAccessRow.granted
    )
    return session.scalar(counted) or 0


def _one_line(lines: str | None) -> str:
    return ", ".join((lines or "").splitlines())
