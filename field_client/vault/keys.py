"""The only file that handles the vault's keys: what opens it, and what is kept on disk to do so.

    PK  = Argon2id(passphrase)                             slow on purpose, 128 MiB
    KEK = HKDF(PK ‖ device secret ‖ server share)          all must come together, of one lease
    VK  = 32 random bytes, on disk only wrapped by KEK     changing the passphrase re-wraps it
    db  = HKDF(VK, "db")                                   the raw key of the encrypted database

An officer may choose a PIN for one session: then VK is also wrapped by a KEK' that begins with
Argon2id(PIN), 64 MiB. The keeper has that wrapping in memory and it is never on disk.

The key file's header is authenticated (it is the associated data of the wrapping) and bounded when
read, so nobody can make this device derive with a toy cost or run out of memory. It names the epoch
of the lease whose share is needed; a vault from before there were leases is of epoch 0 and needs
none. When a newer share is there, the vault key is wrapped again under it, beside the old wrapping:
the new one takes its place only when it was read back from disk and has opened.
"""

from __future__ import annotations

import base64
import contextlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from field_client.files import move_private, read_private, write_private
from field_client.passphrases import check, normal
from field_client.vault.key_file import (
    KEY_BYTES,
    NONCE_BYTES,
    SALT_BYTES,
    VERSION,
    Sealed,
    laid_out,
    parsed,
)
from shared.errors import RuleBroken
from shared.schemas import canonical

KEY_FILE = "keys.json"
"""What the key file is called in the vault's folder."""

SECRET_BYTES = 32
"""Bytes of the device's own secret, one of the things that open a vault."""

_NEXT_FILE = f"{KEY_FILE}.next"
"""Holds a new wrapping until it has been seen to open."""

_BY_PASSPHRASE, _BY_PIN = "fieldfare/kek/1", "fieldfare/pin/1"
"""What a wrapping key is for: what a PIN unwraps is nothing to a passphrase, nor the other way."""


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What deriving from one passphrase costs, in memory and in passes over it."""

    memory_kib: int
    passes: int
    lanes: int


CHOSEN = Cost(memory_kib=128 * 1024, passes=3, lanes=4)
"""What new vaults are made with: about a third of a second on a modest tablet."""

FLOOR = Cost(memory_kib=64 * 1024, passes=3, lanes=4)
"""The least a key file may ask for: RFC 9106's second recommendation."""

CEILING = Cost(memory_kib=1024 * 1024, passes=10, lanes=16)
"""The most a key file may ask for, so that a doctored one cannot exhaust the device."""


@dataclass(frozen=True, kw_only=True)
class Factors:
    """What has to come together to open a vault: something known, something here, something lent."""

    passphrase: str = field(repr=False)
    device_secret: bytes = field(repr=False)
    shares: Mapping[int, bytes] = field(default_factory=dict, repr=False)
    """What the office lent, by the epoch of the lease."""

    def share_of(self, epoch: int) -> bytes:
        """Give the share that belongs to a lease; before there were leases there was none."""
        if epoch == 0:
            return b""
        if epoch not in self.shares:
            raise RuleBroken("lease.missing")
        return self.shares[epoch]


@dataclass(frozen=True, kw_only=True)
class Holder:
    """Whose vault this is, on which device; written into the key file and authenticated with it."""

    device_id: str
    officer_id: str


@dataclass(kw_only=True)
class VaultKeys:
    """The keys of an open vault, in memory that can be wiped."""

    db: bytearray = field(repr=False)
    epoch: int = 0
    """Under which lease the vault key is wrapped on disk now."""

    def forget(self) -> None:
        """Overwrite the keys, because they are not needed once the database is open."""
        _wipe(self.db)


class WrongPin(Exception):  # noqa: N818 - it says what happened
    """A PIN, or what came with it, opened nothing."""


def exists(folder: Path) -> bool:
    """Tell whether a vault was made in this folder."""
    return (folder / KEY_FILE).exists()


def epoch_of(folder: Path) -> int:
    """Say which lease a vault needs, as its key file says; whether that is true shows at opening."""
    header, _sealed = _read(folder / KEY_FILE, None)
    return int(header["lease_epoch"])


def create_vault(
    folder: Path, factors: Factors, holder: Holder, *, cost: Cost = CHOSEN, floor: Cost = FLOOR
) -> VaultKeys:
    """Make a vault's key file and give its keys; the passphrase must be one that is not guessed.

    `cost` and `floor` are arguments for the tests alone: nothing else asks for less than FLOOR.
    """
    if exists(folder):
        raise RuleBroken("vault.exists")
    _check_bounds(cost, floor)
    check(factors.passphrase)
    vault_key = bytearray(secrets.token_bytes(KEY_BYTES))
    header = _new_header(holder, cost, max(factors.shares, default=0))
    stretched = _stretched(header, factors.passphrase)
    try:
        _write(folder / KEY_FILE, header, stretched, factors, vault_key)
        return _derived(vault_key, header)
    finally:
        _wipe(stretched)
        _wipe(vault_key)


def open_vault(folder: Path, factors: Factors, *, floor: Cost = FLOOR) -> VaultKeys:
    """Open a vault's keys, or say that the passphrase is wrong or the key file damaged.

    Where the office has lent a newer share, the vault key is wrapped under it before this returns.
    """
    header, sealed = _read(folder / KEY_FILE, floor)
    factors.share_of(header["lease_epoch"])
    stretched = _stretched(header, factors.passphrase)
    try:
        vault_key = _unwrap(header, sealed, stretched, factors)
        try:
            newest = max(factors.shares, default=0)
            if newest > header["lease_epoch"]:
                renewed = {**header, "lease_epoch": newest}
                with contextlib.suppress(OSError):  # on a full drive the old wrapping stays
                    _wrap_anew(folder, renewed, stretched, factors, vault_key, floor)
                    header = renewed
            return _derived(vault_key, header)
        finally:
            _wipe(vault_key)
    finally:
        _wipe(stretched)


def change_passphrase(
    folder: Path, factors: Factors, passphrase: str, *, floor: Cost = FLOOR
) -> None:
    """Wrap the same vault key under a new passphrase; the database is untouched."""
    header, sealed = _read(folder / KEY_FILE, floor)
    stretched = _stretched(header, factors.passphrase)
    try:
        vault_key = _unwrap(header, sealed, stretched, factors)
    finally:
        _wipe(stretched)
    changed = _with_new_salt(header)
    stretched = _stretched(changed, check(passphrase))
    try:
        _wrap_anew(folder, changed, stretched, factors, vault_key, floor)
    finally:
        _wipe(stretched)
        _wipe(vault_key)


def wrap_under_pin(folder: Path, factors: Factors, pin: str, *, floor: Cost = FLOOR) -> bytes:
    """Wrap the same vault key under a PIN in the passphrase's place, for the keeper's memory alone.

    Besides the PIN it takes all that the passphrase takes. Raises RuleBroken at a wrong passphrase.
    """
    header, sealed = _read(folder / KEY_FILE, floor)
    stretched = _stretched(header, factors.passphrase)
    try:
        vault_key = _unwrap(header, sealed, stretched, factors)
    finally:
        _wipe(stretched)
    by_pin = {**header, "derivation": {**header["derivation"], **asdict(floor)}}
    by_pin = _with_new_salt(by_pin)
    stretched = _stretched(by_pin, pin)
    try:
        return _wrapped(by_pin, _wrapping_key(by_pin, stretched, factors, _BY_PIN), vault_key)
    finally:
        _wipe(stretched)
        _wipe(vault_key)


def open_by_pin(wrapped: bytes, factors: Factors) -> VaultKeys:
    """Open a vault's keys with what was wrapped under a PIN, which stands where a passphrase would.

    Raises WrongPin, or RuleBroken where the share is not here any more.
    """
    header, sealed = parsed(wrapped)
    stretched = _stretched(header, factors.passphrase)
    try:
        vault_key = _unwrap(header, sealed, stretched, factors, _BY_PIN)
    except RuleBroken as refusal:
        if refusal.code == "passphrase.wrong":
            raise WrongPin from None
        raise
    finally:
        _wipe(stretched)
    try:
        return _derived(vault_key, header)
    finally:
        _wipe(vault_key)


def is_signed_by(public_text: str, statement: bytes, signature_text: str) -> bool:
    """Tell whether the holder of a key signed a statement: the office, under what it answers."""
    try:
        public = base64.urlsafe_b64decode(public_text + "=" * (-len(public_text) % 4))
        signature = base64.b64decode(signature_text, validate=True)
        Ed25519PublicKey.from_public_bytes(public).verify(signature, statement)
    except (ValueError, InvalidSignature):
        return False
    return True


def _new_header(holder: Holder, cost: Cost, epoch: int) -> dict[str, Any]:
    return {
        "version": VERSION,
        "device_id": holder.device_id,
        "officer_id": holder.officer_id,
        "lease_epoch": epoch,
        "derivation": {
            "algorithm": "argon2id",
            **asdict(cost),
            "salt": secrets.token_hex(SALT_BYTES),
        },
    }


def _with_new_salt(header: dict[str, Any]) -> dict[str, Any]:
    return {
        **header,
        "derivation": {**header["derivation"], "salt": secrets.token_hex(SALT_BYTES)},
    }


def _wrap_anew(
    folder: Path,
    header: dict[str, Any],
    stretched: bytearray,
    factors: Factors,
    vault_key: bytearray,
    floor: Cost,
) -> None:
    """Put a new wrapping in the old one's place, once it is on disk and was seen to open."""
    beside = folder / _NEXT_FILE
    _write(beside, header, stretched, factors, vault_key)
    written, sealed = _read(beside, floor)
    seen = _unwrap(written, sealed, stretched, factors)
    try:
        if not hmac.compare_digest(seen, vault_key):
            raise RuleBroken("vault.damaged")
    finally:
        _wipe(seen)
    move_private(beside, folder / KEY_FILE)


def _write(
    path: Path,
    header: dict[str, Any],
    stretched: bytearray,
    factors: Factors,
    vault_key: bytearray,
) -> None:
    wrapping_key = _wrapping_key(header, stretched, factors)
    write_private(path, _wrapped(header, wrapping_key, vault_key))


def _wrapped(header: dict[str, Any], wrapping_key: bytearray, vault_key: bytearray) -> bytes:
    """Wrap the vault key and lay it out with its header; the wrapping key is not used again."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    try:
        wrapped = AESGCM(wrapping_key).encrypt(nonce, vault_key, canonical(header))
    finally:
        _wipe(wrapping_key)
    return laid_out(header, Sealed(nonce=nonce, wrapped=wrapped))


def _read(path: Path, floor: Cost | None) -> tuple[dict[str, Any], Sealed]:
    """Read a key file; what its derivation may cost is checked for whoever is about to derive."""
    if not path.exists():
        raise RuleBroken("vault.missing")
    header, sealed = parsed(read_private(path))
    if floor is not None:
        derivation = header["derivation"]
        try:
            _check_bounds(Cost(**{name: derivation[name] for name in asdict(floor)}), floor)
        except ValueError:
            raise RuleBroken("vault.damaged") from None
    return header, sealed


def _unwrap(
    header: dict[str, Any],
    sealed: Sealed,
    stretched: bytearray,
    factors: Factors,
    purpose: str = _BY_PASSPHRASE,
) -> bytearray:
    """Unwrap the vault key; a wrong passphrase and a doctored header look the same from here."""
    vault_key = bytearray(KEY_BYTES)
    wrapping_key = _wrapping_key(header, stretched, factors, purpose)
    try:
        AESGCM(wrapping_key).decrypt_into(
            sealed.nonce, sealed.wrapped, canonical(header), vault_key
        )
    except InvalidTag:
        raise RuleBroken("passphrase.wrong", field="passphrase") from None
    finally:
        _wipe(wrapping_key)
    return vault_key


def _stretched(header: dict[str, Any], passphrase: str) -> bytearray:
    """Make a passphrase slow to guess, at the cost the key file says."""
    derivation = header["derivation"]
    stretched = bytearray(KEY_BYTES)
    Argon2id(
        salt=bytes.fromhex(derivation["salt"]),
        length=KEY_BYTES,
        iterations=derivation["passes"],
        lanes=derivation["lanes"],
        memory_cost=derivation["memory_kib"],
    ).derive_into(normal(passphrase).encode(), stretched)
    return stretched


def _wrapping_key(
    header: dict[str, Any],
    stretched: bytearray,
    factors: Factors,
    purpose: str = _BY_PASSPHRASE,
) -> bytearray:
    """Derive the KEK: what the passphrase came to, with what only this device has and is lent."""
    share = factors.share_of(header["lease_epoch"])
    together = bytearray()
    for part in (stretched, factors.device_secret, share):
        together += len(part).to_bytes(2, "big") + part  # lengths, so no two splits are alike
    whose = f"{purpose}|{header['device_id']}|{header['officer_id']}|{header['lease_epoch']}"
    salt = bytes.fromhex(header["derivation"]["salt"])
    wrapping_key = bytearray(KEY_BYTES)
    HKDF(SHA256(), KEY_BYTES, salt, whose.encode()).derive_into(together, wrapping_key)
    _wipe(together)
    return wrapping_key


def _derived(vault_key: bytearray, header: dict[str, Any]) -> VaultKeys:
    database_key = bytearray(KEY_BYTES)
    HKDF(SHA256(), KEY_BYTES, None, b"fieldfare/vault/1|db").derive_into(vault_key, database_key)
    return VaultKeys(db=database_key, epoch=header["lease_epoch"])


def _check_bounds(cost: Cost, floor: Cost) -> None:
    bounds = ((getattr(floor, n), getattr(cost, n), getattr(CEILING, n)) for n in asdict(cost))
    if not all(least <= asked <= most for least, asked, most in bounds):
        raise ValueError("the cost of deriving is outside its bounds")


def _wipe(secret: bytearray) -> None:
    secret[:] = bytes(len(secret))
