"""What is read at the entrance: whose an account is, and which emergency sign-ins wait to be examined."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select, true, tuple_
from sqlalchemy.orm import Session, aliased

from server.access.tables import UserRow
from server.config import Config
from server.entrance.commands import (
    ExamineEmergencySignIn,
    LinkIdentity,
    RecordEmergencySignIn,
)
from server.entrance.rules import EmergencyFile, IdentityFile
from server.entrance.tables import EmergencySignInRow, IdentityRow
from server.spine.paging import Slice
from shared.catalogue import Sentence, mark
from shared.commands import Command


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Who a user is at the provider."""

    issuer: str
    tenant: str
    subject: str


@dataclass(frozen=True, kw_only=True)
class EmergencySignIn:
    """One emergency sign-in as administrators see it."""

    sign_in_id: str
    user_id: str
    name: str
    happened_at: datetime
    examiner_name: str
    examined_at: datetime | None
    note: str


def user_of(session: Session, issuer: str, tenant: str, subject: str) -> str | None:
    """Say whose an account of the provider is."""
    return session.scalar(
        select(IdentityRow.user_id).where(
            IdentityRow.issuer == issuer,
            IdentityRow.tenant == tenant,
            IdentityRow.subject == subject,
        )
    )


def identity_of(session: Session, user_id: str) -> Identity | None:
    """Say who a user is at the provider."""
    row = session.scalar(select(IdentityRow).where(IdentityRow.user_id == user_id))
    if row is None:
        return None
    return Identity(issuer=row.issuer, tenant=row.tenant, subject=row.subject)


def count_emergencies(session: Session) -> int:
    """Count every emergency sign-in there was."""
    return session.scalar(select(func.count()).select_from(EmergencySignInRow)) or 0


def emergencies(session: Session, part: Slice) -> list[EmergencySignIn]:
    """List emergency sign-ins, those that wait first, then the newest."""
    return _emergencies(session, true(), part)


def emergency(session: Session, sign_in_id: str) -> EmergencySignIn | None:
    """Find one."""
    found = _emergencies(session, EmergencySignInRow.sign_in_id == sign_in_id, Slice(limit=1))
    return found[0] if found else None


def _emergencies(
    session: Session, wanted: ColumnElement[bool], part: Slice
) -> list[EmergencySignIn]:
    examiner = aliased(UserRow)
    rows = session.execute(
        select(EmergencySignInRow, UserRow.name, examiner.name)
        .join(UserRow, UserRow.user_id == EmergencySignInRow.user_id)
        .outerjoin(examiner, examiner.user_id == EmergencySignInRow.examined_by)
        .where(wanted)
        .order_by(
            EmergencySignInRow.examined_at.is_(None).desc(),
            EmergencySignInRow.happened_at.desc(),
            EmergencySignInRow.sign_in_id,
        )
        .offset(part.offset)
        .limit(part.limit)
    )
    return [
        EmergencySignIn(
            sign_in_id=row.sign_in_id,
            user_id=row.user_id,
            name=name,
            happened_at=row.happened_at,
            examiner_name=examiner_name or "",
            examined_at=row.examined_at,
            note=row.note,
        )
        for row, name, examiner_name in rows
    ]


def alarm(session: Session, _config: Config, _now: datetime) -> Sentence | None:
    """Say that a password was used in an emergency and nobody has looked at it yet."""
    row = session.execute(
        select(func.count(), func.max(UserRow.name))
        .select_from(EmergencySignInRow)
        .join(UserRow, UserRow.user_id == EmergencySignInRow.user_id)
        .where(EmergencySignInRow.examined_at.is_(None))
    ).one()
    waiting, name = row
    if not waiting:
        return None
    return Sentence(
        mark("%(name)s signed in with a password in an emergency: find out why"), name=name
    )


def identity_facts(session: Session, commands: Sequence[Command]) -> list[IdentityFile]:
    """Load whose each account is, and whether its user has one already."""
    asked = [command for command in commands if isinstance(command, LinkIdentity)]
    keys = [(each.issuer, each.tenant, each.subject) for each in asked]
    key = tuple_(IdentityRow.issuer, IdentityRow.tenant, IdentityRow.subject)
    rows = session.execute(
        select(
            IdentityRow.issuer, IdentityRow.tenant, IdentityRow.subject, IdentityRow.user_id
        ).where(key.in_(keys))
    )
    owners = {(issuer, tenant, subject): user_id for issuer, tenant, subject, user_id in rows}
    linked = set(
        session.scalars(
            select(IdentityRow.user_id).where(
                IdentityRow.user_id.in_([each.user_id for each in asked])
            )
        )
    )
    return [
        IdentityFile(
            belongs_to=owners.get((each.issuer, each.tenant, each.subject)),
            user_has_one=each.user_id in linked,
        )
        for each in asked
    ]


def emergency_facts(session: Session, commands: Sequence[Command]) -> list[EmergencyFile]:
    """Load each emergency sign-in under its lock."""
    asked = [
        command
        for command in commands
        if isinstance(command, RecordEmergencySignIn | ExamineEmergencySignIn)
    ]
    found = {
        row.sign_in_id: row
        for row in session.scalars(
            select(EmergencySignInRow)
            .where(EmergencySignInRow.sign_in_id.in_(sorted(each.sign_in_id for each in asked)))
            .order_by(EmergencySignInRow.sign_in_id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    }
    files = []
    for each in asked:
        row = found.get(each.sign_in_id)
        files.append(
            EmergencyFile(user_id=row.user_id, examined=row.examined_at is not None)
            if row
            else EmergencyFile()
        )
    return files
