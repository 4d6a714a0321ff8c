"""Looks at where the office runs: its passwords, secrets, cookies, database and backups."""

from __future__ import annotations

import ssl
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

from cryptography.hazmat.backends.openssl.backend import backend
from sqlalchemy import select, text
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from server.access.passwords import is_password
from server.access.tables import RoleRow, UserRoleRow, UserRow
from server.config import ENROLMENT_TRIES, Config
from server.demo.council import USERS
from server.entrance import settings as provider_settings
from server.entrance.provider import Provider, Unreachable, Untrusted
from server.entrance.settings import NotSetUp, ProviderSettings
from server.spine import clock
from server.spine.database_roles import can_alter
from shared.posture import Finding, Level

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_LOOPBACK = {"127.0.0.1", "localhost", "::1", None, ""}


def look(config: Config, session: Session) -> Iterator[Finding]:
    """Look at everything, the worst kinds of fault first."""
    yield demonstration(session)
    yield secrets(config.home / "secrets")
    yield cookies(config)
    yield sign_in(config, session)
    yield guessing(config)
    yield database(config)
    yield database_role(session)
    yield backups(config)
    yield versions(session)


def demonstration(session: Session) -> Finding:
    """Tell whether anybody still signs in with a password that is printed in the software."""
    published = {user.sign_in: user.password for user in USERS}
    found = session.execute(
        select(UserRow.sign_in, UserRow.password_hash).where(
            UserRow.sign_in.in_(published), UserRow.password_hash != ""
        )
    ).all()
    open_to_all = sorted(
        sign_in for sign_in, hashed in found if is_password(published[sign_in], hashed)
    )
    if not open_to_all:
        return Finding(
            about="passwords", level=Level.GOOD, says="Nobody has a password of the demonstration"
        )
    return Finding(
        about="passwords",
        level=Level.STOP,
        says=f"{', '.join(open_to_all)}: passwords of the demonstration, which everybody can read:"
        " give these users others, or name another folder in FIELDFARE_HOME",
    )


def refuse_published_passwords(session: Session) -> None:
    """Leave, with a sentence, when somebody's password is one that is printed in the software."""
    found = demonstration(session)
    if found.level is Level.STOP:
        raise SystemExit(found.says)


def secrets(folder: Path) -> Finding:
    """Tell whether the office's keys are for its own user alone."""
    if sys.platform == "win32":
        return Finding(
            about="secrets",
            level=Level.UNKNOWN,
            says="Who may read the keys is not looked at on Windows",
        )
    paths = [folder, *sorted(folder.glob("*"))] if folder.is_dir() else []
    readable = [path.name for path in paths if path.stat().st_mode & _OTHERS]
    if readable:
        return Finding(
            about="secrets",
            level=Level.STOP,
            says=f"Others on this machine may read {', '.join(readable)}: take their rights away",
        )
    return Finding(
        about="secrets", level=Level.GOOD, says=f"{len(paths)} places of keys, for this user alone"
    )


def cookies(config: Config) -> Finding:
    """Tell whether a browser sends the office's cookie over an encrypted line only."""
    if config.secure_cookies:
        return Finding(about="cookies", level=Level.GOOD, says="The cookie goes over HTTPS only")
    return Finding(
        about="cookies",
        level=Level.MIND,
        says="The cookie would go over plain HTTP: behind a proxy with TLS, set FIELDFARE_SECURE_COOKIES=1",
    )


def sign_in(config: Config, session: Session) -> Finding:
    """Tell by which accounts people come in, and what is amiss with the provider of these."""
    try:
        settings = provider_settings.load(config)
    except NotSetUp as error:
        return Finding(about="sign-in", level=Level.STOP, says=str(error))
    if settings is None:
        return Finding(
            about="sign-in",
            level=Level.MIND,
            says="People have passwords of the office's own: name the council's sign-in service in"
            " FIELDFARE_SIGN_IN",
        )
    wrong = _unknown_roles(settings, session) or _silent_provider(settings)
    if wrong:
        return Finding(about="sign-in", level=Level.STOP, says=wrong)
    amiss = _emergency_administrators(settings, session)
    if amiss:
        return Finding(about="sign-in", level=Level.MIND, says=amiss)
    return Finding(
        about="sign-in", level=Level.GOOD, says=f"By {settings.name}, which answers as it should"
    )


def _unknown_roles(settings: ProviderSettings, session: Session) -> str:
    known = set(session.scalars(select(RoleRow.role)))
    named = {role for roles in settings.roles.values() for role in roles}
    unknown = sorted(named - known)
    return f"roles names {', '.join(unknown)}, which is no role of this office" if unknown else ""


def _silent_provider(settings: ProviderSettings) -> str:
    try:
        Provider(settings).describe(clock.now())
    except Unreachable as error:
        return f"{settings.issuer} does not answer ({error}): nobody can sign in by it"
    except Untrusted as error:
        return f"{settings.issuer} is not to be trusted: {error}"
    return ""


def _emergency_administrators(settings: ProviderSettings, session: Session) -> str:
    """Say who of those named for an emergency could not help in one."""
    found = session.execute(
        select(UserRow.sign_in, UserRoleRow.role)
        .join(UserRoleRow, UserRoleRow.user_id == UserRow.user_id)
        .where(
            UserRow.sign_in.in_(settings.administrators),
            UserRow.active,
            UserRow.password_hash != "",
        )
    ).all()
    able = {sign_in for sign_in, role in found if role == "administrator"}
    others = sorted({sign_in for sign_in, role in found if role != "administrator"})
    lacking = sorted(settings.administrators - able)
    if others:
        return f"{', '.join(others)}: for emergencies, and with roles beside administrator"
    if lacking:
        return (
            f"{', '.join(lacking)}: no administrator with a password, so of no help in an emergency"
        )
    if not settings.administrators:
        return "Nobody is named for an emergency: while the provider is away, nobody comes in"
    return ""


def guessing(config: Config) -> Finding:
    """Tell whether codes that enrol a device can be guessed more quickly than they should."""
    tries = config.enrolment_tries
    if tries <= ENROLMENT_TRIES:
        return Finding(
            about="guessing",
            level=Level.GOOD,
            says=f"One address may send {tries} wrong codes in five minutes",
        )
    return Finding(
        about="guessing",
        level=Level.MIND,
        says=f"One address may send {tries} wrong codes in five minutes: take FIELDFARE_ENROLMENT_TRIES"
        " away again",
    )


def database(config: Config) -> Finding:
    """Tell whether what the office and its database say to each other can be listened to."""
    if config.database_url is None:
        return Finding(
            about="database", level=Level.GOOD, says="The home's own PostgreSQL, on this machine"
        )
    url = make_url(config.database_url)
    if url.host in _LOOPBACK or (url.host or "").startswith("/"):
        return Finding(about="database", level=Level.GOOD, says="A PostgreSQL on this machine")
    if url.query.get("sslmode") in {"verify-full", "verify-ca"}:
        return Finding(
            about="database",
            level=Level.GOOD,
            says="Reached by TLS, and its certificate is checked",
        )
    return Finding(
        about="database",
        level=Level.STOP,
        says="Another machine's PostgreSQL without its certificate checked: add sslmode=verify-full to"
        " DATABASE_URL",
    )


def database_role(session: Session) -> Finding:
    """Tell whether the office works as a role that may alter what it has written down."""
    if not can_alter(session):
        return Finding(
            about="database role",
            level=Level.GOOD,
            says="The office adds to its logs, and can neither alter nor empty them",
        )
    return Finding(
        about="database role",
        level=Level.MIND,
        says="The office works as a role that may alter its logs; what was altered shows only against"
        " copies kept elsewhere. Give DATABASE_URL a role of its own, and the owner's to"
        " FIELDFARE_OWNER_DATABASE_URL",
    )


def backups(config: Config) -> Finding:
    """Tell whether backups are taken, and whether their key lies where they lie."""
    if config.backup_to is None or config.backup_key is None:
        return Finding(
            about="backups",
            level=Level.MIND,
            says="No backup is taken: name a folder in FIELDFARE_BACKUP_TO and a key in"
            " FIELDFARE_BACKUP_KEY",
        )
    return Finding(
        about="backups",
        level=Level.GOOD,
        says=f"Every {config.backup_hours} hours, to {config.backup_to}",
    )


def versions(session: Session) -> Finding:
    """Say which versions do the encrypting and the keeping, for whoever holds them against advisories."""
    python = ".".join(map(str, sys.version_info[:3]))
    postgres = session.scalar(text("SHOW server_version"))
    return Finding(
        about="versions",
        level=Level.GOOD,
        says=f"Python {python}, {ssl.OPENSSL_VERSION} for TLS, {backend.openssl_version_text()} for keys,"
        f" PostgreSQL {postgres}",
    )
