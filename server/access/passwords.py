"""Passwords: what makes one good enough, how it is kept, and that a stranger costs as much time."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from shared.catalogue import mark
from shared.errors import RuleBroken, register

CHARACTERS_MIN = 12
"""Characters a password must have (Cyber Essentials asks for 12 where there is no second factor)."""

CHARACTERS_MAX = 200
"""Characters a password may have; more would only make hashing slow for everyone."""

DISTINCT_MIN = 6
"""Different characters a password must have, which a key held down has not."""

_WELL_KNOWN = ("password", "fieldfare", "welcome", "letmein", "qwerty", "council", "12345")

_HASHER = PasswordHasher(time_cost=3, memory_cost=64 * 1024, parallelism=4)

register(
    {
        "password.too_short": mark("Use a password of at least %(characters_min)s characters"),
        "password.too_long": mark("Use a password of at most %(characters_max)s characters"),
        "password.guessable": mark(
            "That password would be guessed: use several unrelated words, or a password manager"
        ),
        "password.different": mark("The two passwords are different: enter the same one twice"),
        "password.wrong": mark("That is not your password now: enter it again"),
        "password.same": mark("Choose a password that is not the one you have now"),
    }
)


def normal(typed: str) -> str:
    """Put a password in the one form that is hashed, however a keyboard composed it."""
    return unicodedata.normalize("NFC", typed)


def check(typed: str, sign_in: str, *, field: str = "password") -> str:
    """Return a new password in its normal form, or refuse one that would be guessed."""
    password = normal(typed)
    if len(password) < CHARACTERS_MIN:
        raise RuleBroken("password.too_short", field=field, characters_min=CHARACTERS_MIN)
    if len(password) > CHARACTERS_MAX:
        raise RuleBroken("password.too_long", field=field, characters_max=CHARACTERS_MAX)
    if _is_guessable(password, sign_in):
        raise RuleBroken("password.guessable", field=field)
    return password


def hash_password(password: str) -> str:
    """Hash a password with Argon2id and a salt of its own."""
    return _HASHER.hash(normal(password).encode("utf-8", "surrogatepass"))


def is_password(typed: str, password_hash: str) -> bool:
    """Tell whether this is the password; without a hash it takes as long and the answer is no."""
    if len(typed) > CHARACTERS_MAX:
        return False
    try:
        _HASHER.verify(
            password_hash or _nobodys_hash(), normal(typed).encode("utf-8", "surrogatepass")
        )
    except (VerificationError, InvalidHashError):
        return False
    return bool(password_hash)


def needs_new_hash(password_hash: str) -> bool:
    """Tell whether a hash was made with weaker settings than today's."""
    return _HASHER.check_needs_rehash(password_hash)


@cache
def _nobodys_hash() -> str:
    return _HASHER.hash("nobody has this password")


def _is_guessable(password: str, sign_in: str) -> bool:
    plain = password.casefold()
    for known in (*_WELL_KNOWN, *re.split(r"[._@+-]+", sign_in.casefold())):
        plain = plain.replace(known, "") if len(known) > 2 else plain  # noqa: PLR2004 - initials
    left = re.sub(r"\s", "", plain)
    return left.isdigit() or len(left) < CHARACTERS_MIN // 2 or len(set(left)) < DISTINCT_MIN
