"""Who may open which page: a permission on every view, declared as data and checked at the door."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, TypeVar

from flask import Flask, g

from server.spine.areas import House
from shared.commands import Actor

View = TypeVar("View", bound=Callable[..., Any])

WEIGHTY = timedelta(minutes=15)
"""How old the last proof of who somebody is may be for what cannot be taken back or goes out of the house:
exports, devices, other people's access, money written off."""

ROUTINE = timedelta(minutes=60)
"""How old it may be for saying yes to other people's work, which a supervisor does all day."""


class Opening(Enum):
    """How a view is opened when no permission is what opens it."""

    EVERYONE = "everyone"
    SIGNED_IN = "signed in"
    DEVICE = "device"


@dataclass(frozen=True, kw_only=True)
class SignedIn:
    """The person at the other end of a request, as the access area established it."""

    actor: Actor
    name: str
    roles: tuple[str, ...]
    proved_at: datetime | None = None
    """When they last showed who they are."""


def needs(what: str | Opening, *, proved_within: timedelta | None = None) -> Callable[[View], View]:
    """Declare what opens a view: a permission, or one of the openings.

    With `proved_within` it also asks who somebody is again, when they last showed it longer ago.
    """

    def declare(view: View) -> View:
        view.needs = what  # type: ignore[attr-defined]
        view.proved_within = proved_within  # type: ignore[attr-defined]
        return view

    return declare


def opening_of(app: Flask, endpoint: str) -> str | Opening | None:
    """Say what opens the view behind an endpoint; None when it declares nothing."""
    found = getattr(app.view_functions[endpoint], "needs", None)
    return found if isinstance(found, str | Opening) else None


def proof_asked_of(app: Flask, endpoint: str) -> timedelta | None:
    """Say how old the last proof may be behind an endpoint; None when any will do."""
    found: timedelta | None = getattr(app.view_functions[endpoint], "proved_within", None)
    return found


def check_every_view(app: Flask, house: House) -> None:
    """Fail at start-up when a view declares nothing, or a permission that no area has."""
    for endpoint in app.view_functions:
        opening = opening_of(app, endpoint)
        if opening is None:
            raise LookupError(f"the view {endpoint} does not declare what opens it")
        if isinstance(opening, str) and opening not in house.permissions:
            raise LookupError(f"the view {endpoint} needs {opening!r}, which no area declares")
        anybody = opening in {Opening.EVERYONE, Opening.DEVICE}
        if anybody and proof_asked_of(app, endpoint) is not None:
            raise LookupError(f"the view {endpoint} asks who somebody is who need not be anybody")


def signed_in() -> SignedIn:
    """Give the person signed in; only views behind the door ask."""
    person: SignedIn = g.signed_in
    return person


def may(permission: str) -> bool:
    """Tell whether the person signed in holds a permission, for links that would lead nowhere."""
    person: SignedIn | None = g.get("signed_in")
    return person is not None and person.actor.may(permission)
