"""The office's settings, read from the environment once and passed on as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

HOME_DEFAULT = Path.home() / ".fieldfare"
"""Where data lives when FIELDFARE_HOME does not say."""

ENROLMENT_TRIES = 5
"""Wrong enrolment codes that may come from one address in five minutes."""

PORT_DEFAULT = 8650
"""The loopback port the office answers on unless FIELDFARE_PORT says another."""


@dataclass(frozen=True, kw_only=True)
class Config:
    """Everything the office needs to know about where it runs."""

    home: Path
    database_url: str | None
    owner_database_url: str | None = None
    """The same database for the role that owns its tables: to migrate, and to take backups."""
    port: int = PORT_DEFAULT
    secure_cookies: bool = False
    office_name: str = "Fieldfare"
    country: str = "England"
    backup_to: Path | None = None
    """The folder backups go to; without it none is taken, and the office says so."""
    backup_key: Path | None = None
    backup_hours: int = 24
    backups_kept: int = 14
    enrolment_tries: int = ENROLMENT_TRIES
    """Wrong enrolment codes that may come from one address in five minutes; twice as many from anywhere."""
    demonstration: bool = False
    """Whether users may have the passwords that are printed in the software."""
    checkpoints_to: Path | None = None
    """The folder in which checkpoints of the sealed history are put, out of the database's reach."""
    sign_in: Path | None = None
    """The file that says by whose accounts people sign in; without it, by passwords of the office's own."""


def from_environment(environment: Mapping[str, str]) -> Config:
    """Read the settings; a value that cannot be used is refused in one sentence."""
    port = environment.get("FIELDFARE_PORT", str(PORT_DEFAULT))
    if not port.isdecimal() or int(port) > 65_535:  # noqa: PLR2004 - the largest port there is
        raise SystemExit(f"FIELDFARE_PORT must be a port number up to 65535, not {port!r}")
    return Config(
        home=Path(environment.get("FIELDFARE_HOME") or HOME_DEFAULT).expanduser().absolute(),
        database_url=environment.get("DATABASE_URL") or None,
        owner_database_url=environment.get("FIELDFARE_OWNER_DATABASE_URL") or None,
        port=int(port),
        secure_cookies=environment.get("FIELDFARE_SECURE_COOKIES", "") == "1",
        office_name=environment.get("FIELDFARE_OFFICE_NAME", "Fieldfare"),
        country=environment.get("FIELDFARE_COUNTRY", "England"),
        backup_to=_path(environment.get("FIELDFARE_BACKUP_TO")),
        backup_key=_path(environment.get("FIELDFARE_BACKUP_KEY")),
        backup_hours=_count(environment, "FIELDFARE_BACKUP_HOURS", 24),
        backups_kept=_count(environment, "FIELDFARE_BACKUPS_KEPT", 14),
        enrolment_tries=_count(
            environment, "FIELDFARE_ENROLMENT_TRIES", ENROLMENT_TRIES, most=TRIES_MAX
        ),
        demonstration=environment.get("FIELDFARE_DEMONSTRATION", "") == "1",
        checkpoints_to=_path(environment.get("FIELDFARE_CHECKPOINTS_TO")),
        sign_in=_path(environment.get("FIELDFARE_SIGN_IN")),
    )


def _path(written: str | None) -> Path | None:
    return Path(written).expanduser().absolute() if written else None


COUNT_MAX = 1000
TRIES_MAX = 1_000_000


def _count(
    environment: Mapping[str, str], name: str, otherwise: int, *, most: int = COUNT_MAX
) -> int:
    written = environment.get(name) or str(otherwise)
    if not written.isdecimal() or not 1 <= int(written) <= most:
        raise SystemExit(f"{name} must be a whole number from 1 to {most}, not {written!r}")
    return int(written)
