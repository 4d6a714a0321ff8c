"""What rules look at about restricted people and broken glass, their rows locked in id order."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.access.tables import UserRow
from server.accounts.tables import AccountRow, DebtRow, LiablePartyRow
from server.cases.tables import CaseDebtRow, CaseRow
from server.need_to_know.glass_commands import BreakGlass, CloseGlass, ReviewGlass
from server.need_to_know.rules import BreakFile, GlassFile, Hidden, RestrictionFile
from server.need_to_know.tables import GlassBreakRow, RestrictionAccessRow, RestrictionRow
from server.people.tables import PersonRow
from server.spine.tables import CaseAccessRow
from shared.commands import Command


def restriction_facts(session: Session, commands: Sequence[Command]) -> list[RestrictionFile]:
    """Load each person's restriction with its list; the door holds the person's row already."""
    ids = sorted({str(getattr(command, "person_id", "")) for command in commands})
    named = {str(getattr(command, "user_id", "")) for command in commands} - {""}
    known = set(session.scalars(select(PersonRow.person_id).where(PersonRow.person_id.in_(ids))))
    rows = {
        row.person_id: row
        for row in session.scalars(
            select(RestrictionRow)
            .where(RestrictionRow.person_id.in_(ids), RestrictionRow.open)
            .order_by(RestrictionRow.person_id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    }
    listed = _listed(session, rows)
    users = frozenset(
        session.scalars(select(UserRow.user_id).where(UserRow.user_id.in_(named), UserRow.active))
    )
    files = []
    for command in commands:
        person_id = str(getattr(command, "person_id", ""))
        row = rows.get(person_id)
        files.append(
            RestrictionFile(
                person_known=person_id in known,
                is_open=row is not None,
                own_user_id=(row.user_id or "") if row else "",
                listed=listed.get(person_id, frozenset()),
                users=users,
                holders=_holders(session, person_id),
                lift_asked_by=(row.lift_asked_by or "") if row else "",
            )
        )
    return files


def _listed(session: Session, person_ids: Collection[str]) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    access = RestrictionAccessRow
    for person_id, user_id in session.execute(
        select(access.person_id, access.user_id).where(access.person_id.in_(sorted(person_ids)))
    ):
        found.setdefault(person_id, set()).add(user_id)
    return {person_id: frozenset(users) for person_id, users in found.items()}


def _holders(session: Session, person_id: str) -> tuple[tuple[str, str], ...]:
    """Say who has the cases that are about a person, or about an account they are liable on."""
    accounts = (
        select(DebtRow.account_id)
        .join(LiablePartyRow, LiablePartyRow.debt_id == DebtRow.debt_id)
        .where(LiablePartyRow.person_id == person_id)
    )
    through_debts = (
        select(CaseDebtRow.case_id)
        .join(DebtRow, DebtRow.debt_id == CaseDebtRow.debt_id)
        .where(DebtRow.account_id.in_(accounts))
    )
    about = select(CaseRow.case_id).where(CaseRow.person_id == person_id)
    rows = session.execute(
        select(CaseAccessRow.case_id, CaseAccessRow.officer_id)
        .where(CaseAccessRow.case_id.in_(about.union(through_debts)), CaseAccessRow.granted)
        .distinct()
        .order_by(CaseAccessRow.case_id, CaseAccessRow.officer_id)
    )
    return tuple((case_id, officer_id) for case_id, officer_id in rows)


def glass_facts(session: Session, commands: Sequence[Command]) -> list[GlassFile]:
    """Load who is behind each reference, exactly as it is written but for its case."""
    asked = [command for command in commands if isinstance(command, BreakGlass)]
    still_open = session.execute(
        select(GlassBreakRow.user_id, func.max(GlassBreakRow.until)).group_by(GlassBreakRow.user_id)
    )
    open_until = tuple((user_id, until) for user_id, until in still_open)
    return [
        GlassFile(people=_behind(session, command.reference), open_until=open_until)
        for command in asked
    ]


def _behind(session: Session, reference: str) -> tuple[Hidden, ...]:
    written = reference.lower()
    of_account = (
        select(LiablePartyRow.person_id)
        .join(DebtRow, DebtRow.debt_id == LiablePartyRow.debt_id)
        .join(AccountRow, AccountRow.account_id == DebtRow.account_id)
        .where(func.lower(AccountRow.reference) == written)
    )
    case = func.lower(CaseRow.reference) == written
    of_case = select(CaseRow.person_id).where(case, CaseRow.person_id.is_not(None))
    shared_by_case = (
        select(DebtRow.account_id)
        .join(CaseDebtRow, CaseDebtRow.debt_id == DebtRow.debt_id)
        .join(CaseRow, CaseRow.case_id == CaseDebtRow.case_id)
        .where(case)
    )
    of_debts = (
        select(LiablePartyRow.person_id)
        .join(DebtRow, DebtRow.debt_id == LiablePartyRow.debt_id)
        .where(DebtRow.account_id.in_(shared_by_case))
    )
    rows = session.scalars(
        select(RestrictionRow)
        .where(
            RestrictionRow.open,
            RestrictionRow.person_id.in_(of_account.union(of_case, of_debts)),
        )
        .order_by(RestrictionRow.person_id)
    ).all()
    listed = _listed(session, [row.person_id for row in rows])
    return tuple(
        Hidden(
            person_id=row.person_id,
            own_user_id=row.user_id or "",
            listed=listed.get(row.person_id, frozenset()),
        )
        for row in rows
    )


def break_facts(session: Session, commands: Sequence[Command]) -> list[BreakFile | None]:
    """Load the opening that each command is about, under its lock."""
    asked = [command for command in commands if isinstance(command, CloseGlass | ReviewGlass)]
    rows = {
        row.break_id: row
        for row in session.scalars(
            select(GlassBreakRow)
            .where(GlassBreakRow.break_id.in_(sorted({c.break_id for c in asked})))
            .order_by(GlassBreakRow.break_id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    }
    return [_break_file(session, rows.get(command.break_id)) for command in asked]


def _break_file(session: Session, row: GlassBreakRow | None) -> BreakFile | None:
    if row is None:
        return None
    own = session.scalars(
        select(RestrictionRow.user_id).where(
            RestrictionRow.person_id.in_(row.person_ids), RestrictionRow.user_id.is_not(None)
        )
    )
    return BreakFile(
        user_id=row.user_id,
        person_ids=tuple(row.person_ids),
        own_user_ids=frozenset(str(user_id) for user_id in own),
        until=row.until,
        reviewed=row.reviewed_at is not None,
    )
