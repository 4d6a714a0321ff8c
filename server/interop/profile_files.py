"""Profiles as somebody writes them: found by name, read from TOML or JSON, and written back."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import fields
from importlib import resources
from importlib.resources.abc import Traversable

from server.interop.lines import Reason, because
from server.interop.profile_checks import check
from server.interop.profiles import Column, ControlLine, Feed, Profile
from shared.errors import RuleBroken

PROFILE_CHARACTERS_MAX = 100_000


class ProfileInvalid(RuleBroken):
    """A profile that cannot be used, with everything that is wrong with it."""

    def __init__(self, reasons: tuple[Reason, ...]) -> None:
        self.reasons = reasons
        super().__init__(reasons[0].code, field=reasons[0].field, **dict(reasons[0].values))


def names() -> tuple[str, ...]:
    """List the profiles that come with the program, by name."""
    files = (file.name for file in _folder().iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in files if name.endswith(".toml")))


def load(name: str) -> Profile:
    """Load a profile that comes with the program."""
    known = names()
    if name not in known:
        told = because("profile.unknown_name", "profile", name=name[:60], names=", ".join(known))
        raise ProfileInvalid((told,))
    return from_text((_folder() / f"{name}.toml").read_text("utf-8"))


def _folder() -> Traversable:
    return resources.files("server.interop") / "profiles"


def from_text(text: str) -> Profile:
    """Read a profile somebody wrote, as TOML or as JSON."""
    if len(text) > PROFILE_CHARACTERS_MAX:
        raise ProfileInvalid((because("profile.too_long", characters_max=PROFILE_CHARACTERS_MAX),))
    try:
        data = json.loads(text) if text.lstrip().startswith("{") else tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise ProfileInvalid((because("profile.unreadable", problem=str(error)[:200]),)) from error
    return from_data(data)


def from_data(data: Mapping[str, object]) -> Profile:
    """Check a profile held as plain data and make it one, or say everything that is wrong with it."""
    profile, reasons = check(data)
    if profile is None:
        raise ProfileInvalid(reasons)
    return profile


def as_data(profile: Profile) -> dict[str, object]:
    """Give a profile as plain data, to be kept as JSON, edited, and read back with `from_data`."""
    data = _said(profile)
    data["fields"] = {feed.field: _said(feed) for feed in profile.feeds}
    return data


def _said(thing: Profile | Feed | ControlLine) -> dict[str, object]:
    """Give what differs from the default, as plain data; a feed's field is the key it stands under."""
    said: dict[str, object] = {}
    for field in fields(thing):
        value = getattr(thing, field.name)
        if value != field.default and field.name not in ("feeds", "field"):
            said[field.name] = dict(value) if field.name == "values" else _plain(value)
    return said


def _plain(value: object) -> object:
    match value:
        case Column(heading, None):
            return heading
        case Column(heading, occurrence):
            return {"heading": heading, "occurrence": occurrence}
        case ControlLine():
            return _said(value)
        case tuple():
            return [_plain(part) for part in value]
        case _:
            return value
