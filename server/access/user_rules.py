"""Decide what is asked about users: pure, with the user's file as it stands under its lock."""

from __future__ import annotations

from dataclasses import dataclass

from server.access.user_commands import (
    GrantRole,
    OpenUser,
    PasswordSet,
    ReinstateUser,
    RoleGranted,
    RoleWithdrawn,
    SetPassword,
    SuspendUser,
    UserOpened,
    UserReinstated,
    UserSuspended,
    WithdrawRole,
)
from shared.commands import Decision, Occasion
from shared.errors import RuleBroken

MANAGE = "users.manage"
"""The permission without which a person changes nothing but their own password."""


@dataclass(frozen=True, kw_only=True)
class UserFile:
    """All that a rule may look at for one user."""

    exists: bool = False
    active: bool = False
    roles: frozenset[str] = frozenset()
    known_roles: frozenset[str] = frozenset()
    sign_in_taken: bool = False


def open_user(user: UserFile, command: OpenUser, _occasion: Occasion) -> Decision:
    """Decide whether someone can be added: once, under a user name nobody has."""
    if user.exists:
        raise RuleBroken("user.exists")
    if user.sign_in_taken:
        raise RuleBroken("user.sign_in_taken", field="sign_in")
    opened = UserOpened(
        user_id=command.user_id, sign_in=command.sign_in, full_name=command.full_name
    )
    return Decision(changes=(opened,))


def set_password(user: UserFile, command: SetPassword, occasion: Occasion) -> Decision:
    """Decide who may set a password: the user alone, or whoever manages users, for a while."""
    own = command.user_id == occasion.actor.user_id
    if not own and not occasion.actor.may(MANAGE):
        raise RuleBroken("user.other_password")
    _must_be_active(user)
    was_set = PasswordSet(
        user_id=command.user_id,
        temporary=command.temporary and not own,
        password_hash=command.password_hash,
    )
    return Decision(changes=(was_set,))


def grant_role(user: UserFile, command: GrantRole, occasion: Occasion) -> Decision:
    """Decide whether a role can be given: one there is, to someone else; twice is once."""
    _check_role(user, command, occasion)
    if command.role in user.roles:
        return Decision()
    return Decision(changes=(RoleGranted(user_id=command.user_id, role=command.role),))


def withdraw_role(user: UserFile, command: WithdrawRole, occasion: Occasion) -> Decision:
    """Decide whether a role can be taken away: one they have, from someone else."""
    _check_role(user, command, occasion)
    if command.role not in user.roles:
        return Decision()
    return Decision(changes=(RoleWithdrawn(user_id=command.user_id, role=command.role),))


def suspend_user(user: UserFile, command: SuspendUser, occasion: Occasion) -> Decision:
    """Decide whether someone can be suspended: anyone but oneself."""
    _must_exist(user)
    if command.user_id == occasion.actor.user_id:
        raise RuleBroken("user.own_suspension")
    if not user.active:
        return Decision()
    return Decision(changes=(UserSuspended(user_id=command.user_id),))


def reinstate_user(user: UserFile, command: ReinstateUser, _occasion: Occasion) -> Decision:
    """Decide whether someone can be let in again."""
    _must_exist(user)
    if user.active:
        return Decision()
    return Decision(changes=(UserReinstated(user_id=command.user_id),))


def _check_role(user: UserFile, command: GrantRole | WithdrawRole, occasion: Occasion) -> None:
    _must_exist(user)
    if command.role not in user.known_roles:
        raise RuleBroken("role.unknown", field="role")
    if command.user_id == occasion.actor.user_id:
        raise RuleBroken("user.own_roles")


def _must_exist(user: UserFile) -> None:
    if not user.exists:
        raise RuleBroken("user.unknown")


def _must_be_active(user: UserFile) -> None:
    _must_exist(user)
    if not user.active:
        raise RuleBroken("user.suspended")
