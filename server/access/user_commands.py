"""What is asked about the people who work here: open, give a password, roles, suspend, reinstate."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from marshmallow import Schema

from shared.catalogue import mark
from shared.commands import PERSONAL, SECRET, Change, Command
from shared.errors import register
from shared.fields import Answer, CleanText, IdField, YesNo

NAME_MAX = 120
"""Characters the name of a user may have."""

SIGN_IN_MAX = 80
"""Characters a user name may have."""

ROLE_MAX = 40
"""Characters the code of a role may have."""

HASH_MAX = 200
"""Characters a password's hash may have; the ones made here have about 97."""

register(
    {
        "user.exists": mark("This user has already been added"),
        "user.unknown": mark("This user is not known here: open the list of users again"),
        "user.sign_in_taken": mark("Someone already has this user name: choose another"),
        "user.suspended": mark("This user is suspended: reinstate them first"),
        "user.by_account": mark(
            "Change it with their council account: roles and passwords of this user are not kept here"
        ),
        "user.own_roles": mark("Ask another administrator: nobody changes their own roles"),
        "user.own_suspension": mark("Ask another administrator: nobody suspends themselves"),
        "user.other_password": mark("Ask an administrator: you can change only your own password"),
        "role.unknown": mark("Choose one of the roles shown"),
    }
)


class SignInName(CleanText):
    """The name someone signs in with: small letters, digits and a few marks, read without case."""

    sentences: ClassVar[Mapping[str, str]] = {
        "missing": mark("Enter a user name"),
        "invalid": mark("Use letters, digits, dots and hyphens only, at least 3, like amina.khan"),
    }

    def check(self, value: object) -> str:
        """Return the name in small letters, if it is one."""
        text = super().check(value).lower()
        if not self.is_one(text):
            raise self.refusal("invalid")
        return text

    @staticmethod
    def is_one(text: str) -> bool:
        """Tell whether text in small letters can be a user name."""
        return re.fullmatch(r"[a-z0-9][a-z0-9._@+-]{2,}", text) is not None


class PasswordHash(Answer):
    """The hash of a password in the form Argon2 writes it; the password itself is in no command."""

    def check(self, value: object) -> str:
        """Return the hash, if it looks like one."""
        if not isinstance(value, str) or len(value) > HASH_MAX or value[:10] != "$argon2id$":
            raise self.refusal("invalid")
        return value


@dataclass(frozen=True, kw_only=True)
class OpenUser(Command):
    """Add someone who works here; roles and a password come by commands of their own."""

    name: ClassVar[str] = "OpenUser"
    user_id: str
    sign_in: str
    full_name: str


class OpenUserSchema(Schema):
    """How `OpenUser` is written in a form."""

    user_id = IdField(required=True)
    full_name = CleanText(
        required=True,
        characters_max=NAME_MAX,
        metadata={"label": mark("Full name"), "missing": mark("Enter their full name")},
    )
    sign_in = SignInName(
        required=True,
        characters_max=SIGN_IN_MAX,
        metadata={"label": mark("User name"), "hint": mark("What they sign in with")},
    )


@dataclass(frozen=True, kw_only=True)
class UserOpened(Change):
    """Someone was added to those who work here."""

    name: ClassVar[str] = "UserOpened"
    user_id: str
    sign_in: str = field(metadata=PERSONAL)
    full_name: str = field(metadata=PERSONAL)


@dataclass(frozen=True, kw_only=True)
class SetPassword(Command):
    """Give a user a password: their own choice, or a temporary one from an administrator."""

    name: ClassVar[str] = "SetPassword"
    user_id: str
    password_hash: str = field(repr=False)
    temporary: bool = False


class SetPasswordSchema(Schema):
    """How `SetPassword` is written."""

    user_id = IdField(required=True)
    password_hash = PasswordHash(required=True)
    temporary = YesNo(load_default=False)


@dataclass(frozen=True, kw_only=True)
class PasswordSet(Change):
    """A user has another password; every session that the old one opened is over."""

    name: ClassVar[str] = "PasswordSet"
    user_id: str
    temporary: bool
    password_hash: str = field(repr=False, metadata=SECRET)


@dataclass(frozen=True, kw_only=True)
class GrantRole(Command):
    """Give a user a role."""

    name: ClassVar[str] = "GrantRole"
    user_id: str
    role: str


class GrantRoleSchema(Schema):
    """How `GrantRole` is written."""

    user_id = IdField(required=True)
    role = CleanText(required=True, characters_max=ROLE_MAX)


@dataclass(frozen=True, kw_only=True)
class RoleGranted(Change):
    """A user has a role."""

    name: ClassVar[str] = "RoleGranted"
    user_id: str
    role: str


@dataclass(frozen=True, kw_only=True)
class WithdrawRole(Command):
    """Take a role away from a user."""

    name: ClassVar[str] = "WithdrawRole"
    user_id: str
    role: str


class WithdrawRoleSchema(Schema):
    """How `WithdrawRole` is written."""

    user_id = IdField(required=True)
    role = CleanText(required=True, characters_max=ROLE_MAX)


@dataclass(frozen=True, kw_only=True)
class RoleWithdrawn(Change):
    """A user no longer has a role."""

    name: ClassVar[str] = "RoleWithdrawn"
    user_id: str
    role: str


@dataclass(frozen=True, kw_only=True)
class SuspendUser(Command):
    """Stop a user from signing in and from speaking through a device, at once."""

    name: ClassVar[str] = "SuspendUser"
    user_id: str


class SuspendUserSchema(Schema):
    """How `SuspendUser` is written."""

    user_id = IdField(required=True)


@dataclass(frozen=True, kw_only=True)
class UserSuspended(Change):
    """A user can no longer sign in; their sessions are over."""

    name: ClassVar[str] = "UserSuspended"
    user_id: str


@dataclass(frozen=True, kw_only=True)
class ReinstateUser(Command):
    """Let a suspended user sign in again."""

    name: ClassVar[str] = "ReinstateUser"
    user_id: str


class ReinstateUserSchema(Schema):
    """How `ReinstateUser` is written."""

    user_id = IdField(required=True)


@dataclass(frozen=True, kw_only=True)
class UserReinstated(Change):
    """A suspended user can sign in again."""

    name: ClassVar[str] = "UserReinstated"
    user_id: str
