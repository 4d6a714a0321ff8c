"""Where the device secret lives: in the operating system's keystore, or honestly said, in a file.

The secret makes a copied vault useless without this device. A real keystore (Windows, macOS, a
desktop's Secret Service) guards it with the user's own sign-in. A Linux machine without a desktop
has none; there it is a file that only this user can read, beside the vault's folder and never in
it. Such a file protects a vault copied alone and nothing more: somebody with the whole disk has
both, and then the passphrase alone stands between them and the records. Settings says which it is.
"""

from __future__ import annotations

import enum
import json
import re
import secrets
from dataclasses import dataclass, field
from pathlib import Path

import keyring
from keyring.backend import KeyringBackend
from keyring.errors import KeyringError

from field_client.files import read_private, sync_folder, write_private
from field_client.vault.keys import SECRET_BYTES
from shared.errors import RuleBroken
from shared.schemas import canonical

_SERVICE = "Fieldfare device secret"
_REAL_PRIORITY = 1
"""From this priority up, keyring itself recommends a backend; its plain-text files lie below."""

_HEXADECIMAL = re.compile(r"\A[0-9a-f]{64}\Z", re.ASCII)


class Keeping(enum.Enum):
    """Where the secret is kept."""

    KEYSTORE = "keystore"
    FILE = "file"


@dataclass(frozen=True, kw_only=True)
class DeviceSecret:
    """The secret of this device, and where it was found."""

    secret: bytes = field(repr=False)
    kept_in: Keeping


def load(path: Path, backend: KeyringBackend | None = None) -> DeviceSecret:
    """Fetch this device's secret; where it is kept was decided when it was made."""
    place, kept = _read_place(path)
    if place is Keeping.FILE:
        return DeviceSecret(secret=_from_text(kept), kept_in=place)
    try:
        text = (backend or keyring.get_keyring()).get_password(_SERVICE, kept)
    except KeyringError:
        text = None
    if text is None:  # never make another: the vault would be lost with the first
        raise RuleBroken("device.secret_missing")
    return DeviceSecret(secret=_from_text(text), kept_in=place)


def make(path: Path, backend: KeyringBackend | None = None) -> DeviceSecret:
    """Make this device's secret and keep it in the best place this machine has."""
    secret = secrets.token_bytes(SECRET_BYTES)
    keystore = backend or keyring.get_keyring()
    entry = secrets.token_hex(16)
    if _is_real(keystore) and _kept(keystore, entry, secret.hex()):
        write_private(path, canonical({"kept_in": Keeping.KEYSTORE.value, "kept": entry}))
        return DeviceSecret(secret=secret, kept_in=Keeping.KEYSTORE)
    write_private(path, canonical({"kept_in": Keeping.FILE.value, "kept": secret.hex()}))
    return DeviceSecret(secret=secret, kept_in=Keeping.FILE)


def forget(path: Path, backend: KeyringBackend | None = None) -> bool:
    """Delete this device's secret for ever, and tell whether it is sure to be gone.

    The keystore comes first: its entry's name is in the file. What is gone already is gone.
    """
    if not path.exists():
        return True
    place, kept = _read_place(path)
    gone = True
    if place is Keeping.KEYSTORE:
        keystore = backend or keyring.get_keyring()
        try:
            if keystore.get_password(_SERVICE, kept) is not None:
                keystore.delete_password(_SERVICE, kept)
            gone = keystore.get_password(_SERVICE, kept) is None
        except KeyringError:
            gone = False
    path.unlink()
    sync_folder(path.parent)
    return gone


def _is_real(keystore: KeyringBackend) -> bool:
    return keystore.priority >= _REAL_PRIORITY


def _kept(keystore: KeyringBackend, entry: str, text: str) -> bool:
    """Keep the secret and read it back, because some keystores only claim to have kept it."""
    try:
        keystore.set_password(_SERVICE, entry, text)
        return keystore.get_password(_SERVICE, entry) == text
    except KeyringError:
        return False


def _read_place(path: Path) -> tuple[Keeping, str]:
    try:
        content = json.loads(read_private(path))
        return Keeping(content["kept_in"]), str(content["kept"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        raise RuleBroken("device.damaged") from None


def _from_text(text: str) -> bytes:
    if not _HEXADECIMAL.fullmatch(text):
        raise RuleBroken("device.damaged")
    return bytes.fromhex(text)
