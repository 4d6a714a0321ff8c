"""What the pages of this area ask for, where it is not a command's own schema."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from marshmallow import Schema, missing

from server.access.passwords import CHARACTERS_MAX
from server.access.queries import Officer, Role
from server.access.user_commands import NAME_MAX, SIGN_IN_MAX, SignInName
from shared.catalogue import mark
from shared.fields import Answer, Choice, Choices, CleanText, IdField, Typed, YesNo


class PasswordField(Answer):
    """A password exactly as it was typed; a page never shows it again."""

    sentences: ClassVar[Mapping[str, str]] = {
        "missing": mark("Enter your password"),
        "invalid": mark("Use a password of at most 200 characters"),
    }

    def check(self, value: object) -> str:
        """Return the password, if it is text that anyone would type."""
        if not isinstance(value, str) or len(value) > CHARACTERS_MAX:
            raise self.refusal("invalid")
        return value

    def from_typed(self, name: str, typed: Typed) -> object:
        """Read what was typed, spaces and all."""
        values = typed.get(name, ())
        return values[0] if values and values[0] else missing

    def to_typed(self, _name: str, _value: object) -> dict[str, tuple[str, ...]]:
        """Leave the box empty."""
        return {}


class SignInSchema(Schema):
    """What someone who signs in says."""

    user_name = CleanText(
        required=True,
        characters_max=SIGN_IN_MAX,
        metadata={"label": mark("User name"), "missing": mark("Enter your user name")},
    )
    password = PasswordField(required=True, metadata={"label": mark("Password")})
    next = CleanText(load_default="", characters_max=2_000)


class ChangePasswordSchema(Schema):
    """What someone says who changes their password."""

    password_now = PasswordField(required=True, metadata={"label": mark("Your password now")})
    password = PasswordField(
        required=True,
        metadata={
            "label": mark("New password"),
            "hint": mark("At least 12 characters: several unrelated words are easiest"),
            "missing": mark("Enter a new password"),
        },
    )
    password_again = PasswordField(
        required=True,
        metadata={
            "label": mark("New password again"),
            "missing": mark("Enter the new password again"),
        },
    )


class ApprovalSchema(Schema):
    """What whoever approves a device has compared."""

    words_match = YesNo(
        required=True,
        metadata={
            "label": mark("Does the device show the same six words?"),
            "missing": mark("Choose yes if the words are the same, no if they are not"),
        },
    )


def new_user_schema(roles: Sequence[Role]) -> Schema:
    """Ask for a new user's name, user name and roles, of those there are."""
    names = {role.role: role.name for role in roles}
    return Schema.from_dict(
        {
            "user_id": IdField(required=True),
            "full_name": CleanText(
                required=True,
                characters_max=NAME_MAX,
                metadata={"label": mark("Full name"), "missing": mark("Enter their full name")},
            ),
            "sign_in": SignInName(
                required=True,
                characters_max=SIGN_IN_MAX,
                metadata={"label": mark("User name"), "hint": mark("What they sign in with")},
            ),
            "roles": Choices(
                names,
                required=True,
                metadata={"label": mark("Roles"), "missing": mark("Choose at least one role")},
            ),
        }
    )()


def roles_schema(roles: Sequence[Role]) -> Schema:
    """Ask which of the roles a user has."""
    names = {role.role: role.name for role in roles}
    return Schema.from_dict({"roles": Choices(names, metadata={"label": mark("Roles")})})()


def ticket_schema(officers: Sequence[Officer]) -> Schema:
    """Ask which officer a code is for."""
    return Schema.from_dict(
        {
            "officer_id": Choice(
                {officer.user_id: officer.name for officer in officers},
                required=True,
                metadata={"label": mark("Officer"), "missing": mark("Choose an officer")},
            )
        }
    )()
