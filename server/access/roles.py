"""Roles as rows: the software's own are given at a start, what a council changed stays changed."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib import resources

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from server.access.enrolment import office_key
from server.access.tables import RolePermissionRow, RoleRow, ShippedPermissionRow, UserRoleRow
from shared.catalogue import mark

NAMES = (
    mark("Officer"),
    mark("Caseworker"),
    mark("Supervisor"),
    mark("Administrator"),
    mark("Auditor"),
    mark("Data protection officer"),
)
"""What roles.toml calls its roles, marked here because the catalogue reads no TOML."""


@dataclass(frozen=True, kw_only=True)
class ShippedRole:
    """A role as the software brings it."""

    role: str
    name: str
    permissions: frozenset[str]


def shipped_roles() -> tuple[ShippedRole, ...]:
    """Read the roles the software brings."""
    text = resources.files("server.access").joinpath("roles.toml").read_text("utf-8")
    return tuple(
        ShippedRole(role=role, name=told["name"], permissions=frozenset(told["permissions"]))
        for role, told in tomllib.loads(text).items()
    )


def ensure_roles(session: Session) -> None:
    """Add the roles and permissions a database has not met yet; safe at every start of any process.

    A permission is given to a role once for ever: when a council takes it away, the row in
    `shipped_permission` remembers that it was met, and it is not given back.
    """
    office_key(session)
    shipped = shipped_roles()
    session.execute(
        insert(RoleRow)
        .values([{"role": each.role, "name": each.name} for each in shipped])
        .on_conflict_do_nothing()
    )
    pairs = [
        {"role": each.role, "permission": permission}
        for each in shipped
        for permission in sorted(each.permissions)
    ]
    new = session.execute(
        insert(ShippedPermissionRow)
        .values(pairs)
        .on_conflict_do_nothing()
        .returning(ShippedPermissionRow.role, ShippedPermissionRow.permission)
    ).all()
    if new:
        given = [{"role": role, "permission": permission} for role, permission in new]
        session.execute(insert(RolePermissionRow).values(given).on_conflict_do_nothing())


def permissions_of(session: Session, user_id: str) -> frozenset[str]:
    """Say what a user may do, by all their roles together."""
    return frozenset(
        session.scalars(
            select(RolePermissionRow.permission)
            .join(UserRoleRow, UserRoleRow.role == RolePermissionRow.role)
            .where(UserRoleRow.user_id == user_id)
        )
    )
