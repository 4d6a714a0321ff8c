"""From a person the provider names to a user of the office: who they are here and what they may do.

Whoever comes with a role of the office comes in: a person not met before is added with exactly the
roles that follow from the provider's, and at every sign-in and every check they have exactly those.
"""

from __future__ import annotations

import re
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.access.tables import RoleRow, UserRoleRow, UserRow
from server.access.user_commands import (
    NAME_MAX,
    SIGN_IN_MAX,
    GrantRole,
    OpenUser,
    SignInName,
    WithdrawRole,
)
from server.entrance.commands import LinkIdentity
from server.entrance.provider import Person
from server.entrance.queries import user_of
from server.entrance.settings import ProviderSettings
from server.spine import clock
from server.spine.execute import Door
from server.spine.orders import Order
from shared.catalogue import mark
from shared.commands import Actor, Command
from shared.errors import RuleBroken, register

THE_ENTRANCE = Actor(
    user_id="00000000-0000-4000-8000-0000000000e1", permissions=frozenset({"users.manage"})
)
"""Who adds users and gives roles at the provider's word: nobody who could be asked about it."""

_GIVEN_BY_CHANCE = 8
"""Characters of an id that make a user name of somebody whose own cannot be used."""

register(
    {
        "entrance.no_role": mark(
            "Your council account has no role in this office: ask whoever looks after accounts"
        ),
        "entrance.suspended": mark("You are suspended here: ask an administrator of this office"),
    }
)


def come_in(door: Door, settings: ProviderSettings, person: Person) -> str:
    """Say who a person is here, adding them if they are new; their roles are those they came with.

    Raises RuleBroken for somebody without a role here, and for somebody suspended.
    """
    roles = roles_here(door, settings, person)
    with door.sessions() as session:
        user_id = user_of(session, settings.issuer, person.tenant, person.subject)
        active = user_id is None or session.get_one(UserRow, user_id).active
    if not active:
        raise RuleBroken("entrance.suspended")
    if user_id is None:
        if not roles:
            raise RuleBroken("entrance.no_role")
        return _add(door, settings, person, roles)
    settle_roles(door, user_id, roles)
    if not roles:
        raise RuleBroken("entrance.no_role")
    return user_id


def roles_here(door: Door, settings: ProviderSettings, person: Person) -> frozenset[str]:
    """Say which roles follow from what a person came with, of those there are in this office."""
    with door.sessions() as session:
        known = frozenset(session.scalars(select(RoleRow.role)))
    return settings.office_roles(person.roles) & known


def settle_roles(door: Door, user_id: str, roles: frozenset[str]) -> None:
    """Give and take away roles until a user has exactly these."""
    with door.sessions() as session:
        held = set(session.scalars(select(UserRoleRow.role).where(UserRoleRow.user_id == user_id)))
    commands: list[Command] = [
        *(GrantRole(user_id=user_id, role=role) for role in sorted(roles - held)),
        *(WithdrawRole(user_id=user_id, role=role) for role in sorted(held - roles)),
    ]
    if commands:
        _give(door, commands)


def _add(door: Door, settings: ProviderSettings, person: Person, roles: frozenset[str]) -> str:
    """Add a user; when another request adds the same person at this moment, they are that user."""
    user_id = clock.new_id()
    with door.sessions() as session:
        sign_in = _user_name(session, person, user_id)
    commands: list[Command] = [
        OpenUser(user_id=user_id, sign_in=sign_in, full_name=_full_name(person, sign_in)),
        LinkIdentity(
            user_id=user_id,
            issuer=settings.issuer,
            tenant=person.tenant,
            subject=person.subject,
        ),
        *(GrantRole(user_id=user_id, role=role) for role in sorted(roles)),
    ]
    try:
        _give(door, commands)
    except RuleBroken as refusal:
        if refusal.code != "identity.linked":
            raise
        with door.sessions() as session:
            first = user_of(session, settings.issuer, person.tenant, person.subject)
        return first or user_id
    return user_id


def _give(door: Door, commands: list[Command]) -> None:
    now: datetime = clock.now()
    group = clock.new_id()
    orders = [
        Order(
            command=command,
            command_id=clock.new_id(),
            actor=THE_ENTRANCE,
            happened_at=now,
            group=group,
        )
        for command in commands
    ]
    results = door.execute_many(orders, now=now)
    for result in sorted(results, key=lambda each: each.code == "command.group_refused"):
        result.raise_if_refused()


def _full_name(person: Person, sign_in: str) -> str:
    said = " ".join(re.sub(r"[^\w' .,’()-]", " ", person.name).split())
    return said[:NAME_MAX] or sign_in


def _user_name(session: Session, person: Person, user_id: str) -> str:
    """Make a user name that nobody has: a label for lists, by which nobody is known and nothing opens."""
    wanted = person.user_name.strip().lower()[:SIGN_IN_MAX]
    taken = session.scalar(select(UserRow.user_id).where(UserRow.sign_in == wanted))
    if taken is None and SignInName.is_one(wanted):
        return wanted
    return f"account-{user_id[:_GIVEN_BY_CHANCE]}"
