"""Who is at the other end of a request: a cookie leads to a session, a session to a person."""

from __future__ import annotations

from flask import Request, current_app, g
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from server.access import sessions
from server.access.roles import permissions_of
from server.access.tables import RoleRow, UserRoleRow, UserRow
from server.spine import clock
from server.spine.database import db
from server.spine.permissions import SignedIn
from shared.commands import Actor

HOST_COOKIE = "__Host-fieldfare"
"""The cookie where pages come by HTTPS; browsers let no other host and no plain page set it."""

PLAIN_COOKIE = "fieldfare_session"
"""The cookie on loopback, where there is no certificate."""


def identify(request: Request) -> SignedIn | None:
    """Tell who is signed in, reading roles anew each time because they may just have changed."""
    token = request.cookies.get(cookie_name())
    if not token or request.endpoint == "static":
        return None
    with db.session.session_factory() as session, session.begin():
        found = sessions.find(session, token, clock.now())
        if found.user_id is None:
            g.session_ended = found.ended
            return None
        g.session_found = found
        return _person(session, found)


def why_ended() -> str | None:
    """Say why the session that this request named is over, if it named one."""
    return sessions.ENDED.get(g.get("session_ended") or "")


def session_found() -> sessions.Found | None:
    """Give the session this request belongs to, if it belongs to one that lasts."""
    found: sessions.Found | None = g.get("session_found")
    return found


def must_change_password() -> bool:
    """Tell whether the person signed in still has the password somebody else gave them."""
    return bool(g.get("password_temporary"))


def cookie_name() -> str:
    """Name the cookie, which depends on whether pages come by HTTPS."""
    return HOST_COOKIE if _is_secure() else PLAIN_COOKIE


def give_cookie(response: Response, token: str) -> None:
    """Let the browser keep its token until it is closed, out of reach of scripts and other sites."""
    response.set_cookie(
        cookie_name(), token, path="/", secure=_is_secure(), httponly=True, samesite="Lax"
    )


def take_cookie(response: Response) -> None:
    """Let the browser forget its token."""
    response.delete_cookie(
        cookie_name(), path="/", secure=_is_secure(), httponly=True, samesite="Lax"
    )


def _person(session: Session, found: sessions.Found) -> SignedIn:
    user = session.get_one(UserRow, found.user_id)
    user_id = user.user_id
    g.password_temporary = user.password_temporary
    roles = session.scalars(
        select(RoleRow.name)
        .join(UserRoleRow, UserRoleRow.role == RoleRow.role)
        .where(UserRoleRow.user_id == user_id)
        .order_by(RoleRow.name)
    )
    actor = Actor(user_id=user_id, permissions=permissions_of(session, user_id))
    return SignedIn(actor=actor, name=user.name, roles=tuple(roles), proved_at=found.proved_at)


def _is_secure() -> bool:
    return bool(current_app.extensions["fieldfare"]["config"].secure_cookies)
