"""Settings of the council's sign-in service: one file, read at a start, refused in plain words.

The file is TOML and holds no secret. The client's secret is in a file of its own that it names, so
that it stands in no argument, no environment and no backup of the settings.
"""

from __future__ import annotations

import stat
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from server.config import Config

BY_DIRECTORY = "tid+oid"
"""People are told apart by the directory's tenant and object ids, as Entra gives them."""

BY_SUBJECT = "sub"
"""People are told apart by the provider's own name for them."""

LOOPBACK = {"127.0.0.1", "::1", "localhost"}

_SECRET_BYTES_MAX = 4_096
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_KNOWN = {
    "name", "issuer", "client_id", "client_secret_file", "address", "people",
    "roles_claim", "roles", "administrators",
}  # fmt: skip


class NotSetUp(Exception):  # noqa: N818 - it says how the settings stand
    """What is wrong with the settings, in one sentence for whoever set them up."""


@dataclass(frozen=True, kw_only=True)
class ProviderSettings:
    """One provider that this office trusts, and what its word means here."""

    name: str
    """What people call their account, as the button says it."""
    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    address: str
    """Where browsers find this office, without a slash at the end."""
    people: str
    roles_claim: str
    roles: Mapping[str, tuple[str, ...]]
    """What the provider calls a role, to the office's roles."""
    administrators: frozenset[str]
    """User names that may still sign in with a password, in an emergency."""
    loopback: bool = False
    """Whether plain HTTP on this machine will do, for tests and the demonstration."""

    def office_roles(self, claimed: object) -> frozenset[str]:
        """Say which roles here follow from the roles a provider names; of what it is not told, none."""
        named = [claimed] if isinstance(claimed, str) else claimed
        if not isinstance(named, list):
            return frozenset()
        return frozenset(
            role for each in named if isinstance(each, str) for role in self.roles.get(each, ())
        )

    def permits(self, url: str) -> bool:
        """Tell whether an address is one to send secrets to: by TLS, or on this machine where allowed."""
        return is_safe(url, loopback=self.loopback)


def is_safe(url: str, *, loopback: bool) -> bool:
    """Tell whether an address is HTTPS, or plain HTTP on this machine where that is allowed."""
    parts = urlsplit(url)
    if not parts.hostname or parts.username or parts.fragment:
        return False
    return parts.scheme == "https" or (
        loopback and parts.scheme == "http" and parts.hostname in LOOPBACK
    )


def load(config: Config) -> ProviderSettings | None:
    """Read the settings, if a file of them is named; raises NotSetUp with what is wrong."""
    if config.sign_in is None:
        return None
    try:
        written = tomllib.loads(config.sign_in.read_text("utf-8"))
    except OSError as error:
        raise NotSetUp(f"FIELDFARE_SIGN_IN names {config.sign_in}, which cannot be read") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise NotSetUp(f"{config.sign_in} is no TOML: {error}") from error
    unknown = sorted(set(written) - _KNOWN)
    if unknown:
        raise NotSetUp(f"{config.sign_in} says {', '.join(unknown)}, which is not known here")
    loopback = config.demonstration
    return ProviderSettings(
        name=_text(written, "name"),
        issuer=_url(written, "issuer", loopback=loopback),
        client_id=_text(written, "client_id"),
        client_secret=_secret(_text(written, "client_secret_file"), config.sign_in.parent),
        address=_url(written, "address", loopback=loopback).rstrip("/"),
        people=_people(written),
        roles_claim=_text(written, "roles_claim", "roles"),
        roles=_roles(written),
        administrators=_names(written.get("administrators", []), "administrators"),
        loopback=loopback,
    )


def _text(written: Mapping[str, Any], name: str, otherwise: str = "") -> str:
    value = written.get(name, otherwise)
    if not isinstance(value, str) or not value.strip():
        raise NotSetUp(f"{name} must say something: write it as text in quotation marks")
    return value.strip()


def _url(written: Mapping[str, Any], name: str, *, loopback: bool) -> str:
    value = _text(written, name)
    if not is_safe(value, loopback=loopback):
        raise NotSetUp(f"{name} must be an address that begins with https://, not {value}")
    return value


def _people(written: Mapping[str, Any]) -> str:
    value = _text(written, "people")
    if value not in {BY_DIRECTORY, BY_SUBJECT}:
        raise NotSetUp(f'people must be "{BY_DIRECTORY}" for Entra or "{BY_SUBJECT}", not {value}')
    return value


def _roles(written: Mapping[str, Any]) -> Mapping[str, tuple[str, ...]]:
    table = written.get("roles")
    if not isinstance(table, dict) or not table:
        raise NotSetUp("roles must be a table of the provider's roles: without it nobody comes in")
    return {
        named: tuple(sorted(_names([ours] if isinstance(ours, str) else ours, f"roles.{named}")))
        for named, ours in table.items()
    }


def _names(value: object, name: str) -> frozenset[str]:
    if not isinstance(value, list) or not all(isinstance(each, str) and each for each in value):
        raise NotSetUp(f"{name} must be a list of names")
    return frozenset(each.strip() for each in value)


def _secret(named: str, beside: Path) -> str:
    path = beside / Path(named).expanduser()
    try:
        if path.stat().st_size > _SECRET_BYTES_MAX:
            raise NotSetUp(f"client_secret_file names {path}, which is too large to be a secret")
        secret = path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise NotSetUp(f"client_secret_file names {path}, which cannot be read") from error
    if not secret:
        raise NotSetUp(f"client_secret_file names {path}, which is empty")
    if sys.platform != "win32" and path.stat().st_mode & _OTHERS:
        raise NotSetUp(f"Others on this machine may read {path}: take their rights away")
    return secret
