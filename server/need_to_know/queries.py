"""What the pages about restricted people and broken glass read, and what is said of them at home.

All of it is asked by a reader's session: a name is there only where its person is in sight.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, Date, String, cast, exists, func, select, true
from sqlalchemy.orm import Session, aliased

from server.access.queries import Officer
from server.access.tables import RolePermissionRow, UserRoleRow, UserRow
from server.accounts.tables import AccountRow
from server.cases.tables import CaseRow
from server.config import Config
from server.need_to_know.tables import GlassBreakRow, RestrictionAccessRow, RestrictionRow
from server.people.tables import PersonRow
from server.spine.clock import LOCAL
from server.spine.paging import Slice
from shared.catalogue import Sentence, mark
from shared.presentation import number, time_of_day

SEES_PEOPLE = "people.see"
"""The permission without which being on a list shows nothing."""


@dataclass(frozen=True, kw_only=True)
class Listed:
    """Somebody on the list of a restricted person."""

    user_id: str
    name: str
    given_at: datetime


@dataclass(frozen=True, kw_only=True)
class Restriction:
    """A restricted person as somebody on the list sees it."""

    person_id: str
    name: str
    reason: str
    note: str
    own_name: str
    restricted_by: str
    restricted_at: datetime
    lift_asked_by: str | None
    lift_asker: str
    lift_asked_at: datetime | None
    lift_reason: str
    listed: tuple[Listed, ...]


@dataclass(frozen=True, kw_only=True)
class Line:
    """One restricted person on the reader's own list of them."""

    person_id: str
    name: str
    reason: str
    restricted_at: datetime
    lift_asked: bool


@dataclass(frozen=True, kw_only=True)
class Break:
    """One opening of a hidden record; `names` are those whom the reader may know of."""

    break_id: str
    user_id: str
    user: str
    reference: str
    reason: str
    why: str
    broken_at: datetime
    until: datetime
    finding: str
    review_note: str
    reviewer: str
    reviewed_at: datetime | None
    names: tuple[str, ...]


def lines(session: Session) -> list[Line]:
    """List the restricted people in sight, by name."""
    rows = session.execute(
        select(RestrictionRow, PersonRow.name)
        .join(PersonRow, PersonRow.person_id == RestrictionRow.person_id)
        .where(RestrictionRow.open)
        .order_by(PersonRow.name, PersonRow.person_id)
    )
    return [
        Line(
            person_id=row.person_id,
            name=name,
            reason=row.reason,
            restricted_at=row.restricted_at,
            lift_asked=row.lift_asked_by is not None,
        )
        for row, name in rows
    ]


def name_of(session: Session, person_id: str) -> str | None:
    """Say what a person in sight is called."""
    return session.scalar(select(PersonRow.name).where(PersonRow.person_id == person_id))


def restriction(session: Session, person_id: str) -> Restriction | None:
    """Find the restriction of a person in sight."""
    own, by, asker = aliased(UserRow), aliased(UserRow), aliased(UserRow)
    found = session.execute(
        select(RestrictionRow, PersonRow.name, own.name, by.name, asker.name)
        .join(PersonRow, PersonRow.person_id == RestrictionRow.person_id)
        .outerjoin(own, own.user_id == RestrictionRow.user_id)
        .outerjoin(by, by.user_id == RestrictionRow.restricted_by)
        .outerjoin(asker, asker.user_id == RestrictionRow.lift_asked_by)
        .where(RestrictionRow.person_id == person_id, RestrictionRow.open)
    ).one_or_none()
    if found is None:
        return None
    row, name, own_name, by_name, asker_name = found
    access = RestrictionAccessRow
    listed = session.execute(
        select(access.user_id, UserRow.name, access.given_at)
        .join(UserRow, UserRow.user_id == access.user_id)
        .where(access.person_id == person_id)
        .order_by(UserRow.name, access.user_id)
    )
    return Restriction(
        person_id=person_id,
        name=name,
        reason=row.reason,
        note=row.note,
        own_name=own_name or "",
        restricted_by=by_name or "",
        restricted_at=row.restricted_at,
        lift_asked_by=row.lift_asked_by,
        lift_asker=asker_name or "",
        lift_asked_at=row.lift_asked_at,
        lift_reason=row.lift_reason,
        listed=tuple(Listed(user_id=u, name=n, given_at=at) for u, n, at in listed),
    )


def everyone(session: Session) -> list[Officer]:
    """List everyone who works here, by name."""
    return _users(session, true())


def who_may_see_people(session: Session) -> list[Officer]:
    """List everyone whom being on a list would show something, by name."""
    sees = (
        select(UserRoleRow.user_id)
        .join(RolePermissionRow, RolePermissionRow.role == UserRoleRow.role)
        .where(RolePermissionRow.permission == SEES_PEOPLE)
    )
    return _users(session, UserRow.user_id.in_(sees))


def _users(session: Session, wanted: ColumnElement[bool]) -> list[Officer]:
    rows = session.execute(
        select(UserRow.user_id, UserRow.name)
        .where(UserRow.active, wanted)
        .order_by(UserRow.name, UserRow.user_id)
    )
    return [Officer(user_id=user_id, name=name) for user_id, name in rows]


def open_break(session: Session, user_id: str, now: datetime) -> Break | None:
    """Find what somebody has opened and not closed."""
    mine = (GlassBreakRow.user_id == user_id, GlassBreakRow.until > now)
    found = _breaks(session, mine, Slice(limit=1))
    return found[0] if found else None


def banner(session: Session, user_id: str, now: datetime) -> Sentence | None:
    """Say on every page that a hidden record is open, and until when."""
    mine = open_break(session, user_id, now)
    if mine is None:
        return None
    return Sentence(
        mark(
            "You opened a hidden record, %(reference)s, until %(time)s. What you look at is noted."
        ),
        reference=mine.reference,
        time=time_of_day(mine.until),
    )


def alarm(session: Session, _config: Config, _now: datetime) -> Sentence | None:
    """Say that opened records wait for a review, from the moment each is opened."""
    waiting = count_breaks(session, waiting=True)
    if not waiting:
        return None
    if waiting == 1:
        return Sentence(mark("Somebody opened a hidden record: it waits for a review"))
    return Sentence(
        mark("Hidden records were opened %(num)s times: these wait for a review"),
        num=number(waiting),
    )


def _not_own() -> ColumnElement[bool]:
    """Leave out what was opened of the reader's own record: the session knows who looks."""
    reader = func.nullif(func.current_setting("fieldfare.reader", True), "")  # noqa: FBT003 - SQL's own order
    own = exists().where(
        RestrictionRow.person_id == func.any(GlassBreakRow.person_ids),
        cast(RestrictionRow.user_id, String) == reader,
    )
    return ~own


def count_breaks(session: Session, *, waiting: bool) -> int:
    """Count what was opened, or what of it nobody has reviewed."""
    wanted = GlassBreakRow.reviewed_at.is_(None) if waiting else true()
    counted = select(func.count()).select_from(GlassBreakRow).where(wanted, _not_own())
    return session.scalar(counted) or 0


def breaks(session: Session, part: Slice, *, waiting: bool) -> list[Break]:
    """List what was opened: what waits for a review the oldest first, else the latest first."""
    wanted = GlassBreakRow.reviewed_at.is_(None) if waiting else true()
    return _breaks(session, (wanted, _not_own()), part, latest_first=not waiting)


def one_break(session: Session, break_id: str) -> Break | None:
    """Find one opening, unless it was of the reader's own record."""
    wanted = (GlassBreakRow.break_id == break_id, _not_own())
    return next(iter(_breaks(session, wanted, Slice(limit=1))), None)


def _breaks(
    session: Session,
    wanted: tuple[ColumnElement[bool], ...],
    part: Slice,
    *,
    latest_first: bool = False,
) -> list[Break]:
    user, reviewer = aliased(UserRow), aliased(UserRow)
    moment = GlassBreakRow.broken_at
    rows = session.execute(
        select(GlassBreakRow, user.name, reviewer.name)
        .join(user, user.user_id == GlassBreakRow.user_id)
        .outerjoin(reviewer, reviewer.user_id == GlassBreakRow.reviewed_by)
        .where(*wanted)
        .order_by(moment.desc() if latest_first else moment, GlassBreakRow.break_id)
        .offset(part.offset)
        .limit(part.limit)
    ).all()
    ids = {person_id for row, *_ in rows for person_id in row.person_ids}
    found = select(PersonRow.person_id, PersonRow.name).where(PersonRow.person_id.in_(ids))
    names: dict[str, str] = dict(session.execute(found).all())
    return [
        Break(
            break_id=row.break_id,
            user_id=row.user_id,
            user=user_name,
            reference=row.reference,
            reason=row.reason,
            why=row.why,
            broken_at=row.broken_at,
            until=row.until,
            finding=row.finding,
            review_note=row.review_note,
            reviewer=reviewer_name or "",
            reviewed_at=row.reviewed_at,
            names=tuple(names[each] for each in row.person_ids if each in names),
        )
        for row, user_name, reviewer_name in rows
    ]


def months(session: Session) -> list[tuple[date, int]]:
    """Count what was opened month by month, the latest first, a year of them."""
    local = func.timezone(str(LOCAL), GlassBreakRow.broken_at)
    month = cast(func.date_trunc("month", local), Date)
    rows = session.execute(
        select(month, func.count())
        .where(_not_own())
        .group_by(month)
        .order_by(month.desc())
        .limit(12)
    )
    return [(first, count) for first, count in rows]


def where_it_is(session: Session, reference: str) -> tuple[str, str] | None:
    """Say which page a reference leads to: what kind of thing it names, and the id."""
    written = reference.lower()
    case_id = session.scalar(
        select(CaseRow.case_id).where(func.lower(CaseRow.reference) == written)
    )
    if case_id:
        return "case", case_id
    account_id = session.scalar(
        select(AccountRow.account_id)
        .where(func.lower(AccountRow.reference) == written)
        .order_by(AccountRow.account_id)
        .limit(1)
    )
    return ("account", account_id) if account_id else None
