"""Asks the office for the device's share of its vault's key, keeps it for as long as it is lent, erases it.

In `online-start` the share is in memory alone and gone when the device is switched off. Otherwise it
is also in a file, wrapped by the device secret, which a real keystore guards. What the lease says
is bound to it: nobody without that secret can move its end. Wherever the lease no longer counts
(ended, clock set back, taken back) the share is overwritten at once, here and on disk.
"""

from __future__ import annotations

import json
import logging
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from marshmallow import ValidationError

from field_client import clock, lease
from field_client.device_key import unwrap, wrap
from field_client.files import read_private, write_private
from field_client.lease import Lease, Reading, Standing
from field_client.office_link import OfficeLink, code_of
from field_client.vault.keys import is_signed_by
from shared.errors import RuleBroken
from shared.lease_modes import Mode
from shared.schemas import canonical
from sync import leases
from sync.leases import LEASE_NONCE_BYTES, LEASE_PATH, LeaseReply, LeaseRequest, LeaseUnreadable

NOTED_SECONDS = 120
"""How far the latest time known may run ahead of the one on disk; less than may be set back."""

TAKEN_BACK = frozenset({"lease.taken_back", "device.revoked", "device.suspended"})
"""What the office says once the share is destroyed there."""

_log = logging.getLogger(__name__)

_PURPOSE = b"fieldfare/lease/1"
_OK = 200
_SERVER_FAULT = 500


@dataclass(frozen=True, kw_only=True)
class Borrower:
    """Which device asks, and the office's key that a lease must be signed by, if it was given one."""

    device_id: str
    receipt_key: str


@dataclass(frozen=True, kw_only=True)
class Kept:
    """What the device keeps of its lease: how it stands, its terms, and the share of each epoch."""

    standing: Standing = Standing.NEVER
    lease: Lease | None = None
    shares: Mapping[int, bytes] = field(default_factory=dict, repr=False)


class Leasing:
    """The lease of one device; the caller sees to it that one thread at a time is here."""

    def __init__(self, path: Path, device_secret: bytes) -> None:
        self._path = path
        self._secret = device_secret
        self._noted = float("-inf")
        self.life = 0
        self._kept = self._read()
        self.look()

    @property
    def standing(self) -> Standing:
        """Say how the lease stood when it was last looked at."""
        return self._kept.standing

    @property
    def lease(self) -> Lease | None:
        """Give the terms of the last lease there was, whether or not it still holds."""
        return self._kept.lease

    @property
    def shares(self) -> Mapping[int, bytes]:
        """Give the shares this device may use now, by epoch; none when the lease does not hold."""
        return self._kept.shares

    def look(self) -> Standing:
        """Hold the lease to the clocks of now, and erase what no longer may be used."""
        kept = self._kept
        if kept.lease is None or kept.standing is not Standing.HOLDS:
            return kept.standing
        standing, seen = lease.look(kept.lease, _reading())
        if standing is not Standing.HOLDS:
            self._keep(Kept(standing=standing, lease=seen))
        elif seen.latest - self._noted >= NOTED_SECONDS:
            self._keep(Kept(standing=standing, lease=seen, shares=kept.shares))
        else:
            self._kept = Kept(standing=standing, lease=seen, shares=kept.shares)
        return standing

    def begin(self, given: LeaseReply, asked_in: int) -> None:
        """Begin a lease that was asked for in this life; one that was taken back since is over.

        A share that is there already stays, and stays as it is: a vault may be wrapped under it, and
        an office that was put back to before it lent anything has drawn another since.
        """
        if asked_in != self.life:
            return
        shares = {**given.shares, **self._kept.shares}
        began = lease.begin(given, _reading())
        self._keep(Kept(standing=Standing.HOLDS, lease=began, shares=shares))
        self.look()

    def take_back(self) -> None:
        """Erase the share because the office has destroyed its own."""
        self.life += 1
        self._keep(Kept(standing=Standing.TAKEN_BACK, lease=self._kept.lease))

    def rest_on(self, epoch: int) -> None:
        """Forget the shares of epochs before this one: the vault is wrapped anew, on disk."""
        shares = {each: share for each, share in self._kept.shares.items() if each >= epoch}
        if shares != self._kept.shares:
            self._keep(Kept(standing=self._kept.standing, lease=self._kept.lease, shares=shares))

    def forget(self) -> None:
        """Forget the lease altogether: this device begins anew."""
        self._kept = Kept()
        self._path.unlink(missing_ok=True)

    def _keep(self, kept: Kept) -> None:
        """Keep it on disk first, so that no vault is wrapped under what a power cut would lose.

        A drive without room leaves what was there, which is still lent, or deletes it: that needs none.
        """
        on_disk = kept.shares
        if kept.lease is not None and kept.lease.mode is Mode.ONLINE_START:
            on_disk = {}
        said = {
            "standing": kept.standing.value,
            "lease": kept.lease.packed() if kept.lease else None,
        }
        secret = canonical({str(epoch): share.hex() for epoch, share in on_disk.items()})
        wrapped = wrap(self._secret, _PURPOSE, secret, canonical(said))
        try:
            write_private(self._path, canonical({"said": said, **wrapped}))
        except OSError as fault:
            _log.warning("the lease could not be written: %s", fault.strerror)
            if not on_disk:
                self._path.unlink(missing_ok=True)
        self._noted = kept.lease.latest if kept.lease else float("-inf")
        self._kept = kept

    def _read(self) -> Kept:
        """Read what was kept; a file that was altered is no lease, and the office has to be asked."""
        if not self._path.exists():
            return Kept()
        try:
            content = json.loads(read_private(self._path))
            said = content["said"]
            shares = _shares(unwrap(self._secret, _PURPOSE, content, canonical(said)))
            standing = Standing(said["standing"])
            kept = lease.read(said["lease"]) if said["lease"] is not None else None
        except (OSError, ValueError, KeyError, TypeError, RecursionError, ValidationError):
            return Kept()
        if standing is Standing.HOLDS and kept is None:
            return Kept()
        if standing is Standing.HOLDS and not shares:
            return Kept(standing=Standing.SWITCHED_OFF, lease=kept)
        return Kept(standing=standing, lease=kept, shares=shares)


class TakenBack(RuleBroken):
    """The office has destroyed its share; `revoked` tells whether the device itself is over."""

    def __init__(self, code: str) -> None:
        super().__init__("lease.taken_back")
        self.revoked = code == "device.revoked"


def ask(link: OfficeLink, borrower: Borrower, wrapped: int) -> LeaseReply:
    """Ask the office for a lease; `wrapped` is the epoch of the vault on disk, or 0.

    Raises RuleBroken when the office lends nothing, as TakenBack when it never will again.
    """
    nonce = secrets.token_hex(LEASE_NONCE_BYTES)
    answer = link.post(LEASE_PATH, leases.write_request(LeaseRequest(wrapped=wrapped, nonce=nonce)))
    if answer.status == _OK:
        return _genuine(answer.body, borrower, nonce)
    code = code_of(answer)
    if code in TAKEN_BACK:
        raise TakenBack(code)
    raise RuleBroken("office.unreachable" if answer.status >= _SERVER_FAULT else "office.refused")


def _shares(unwrapped: bytes) -> dict[int, bytes]:
    return {int(epoch): bytes.fromhex(share) for epoch, share in json.loads(unwrapped).items()}


def _genuine(body: bytes, borrower: Borrower, nonce: str) -> LeaseReply:
    """Read a lease, and hold it to the office's signature over this device and this request."""
    try:
        given, seal = leases.read_reply(body)
    except LeaseUnreadable:
        raise RuleBroken("office.not_the_office") from None
    told = leases.statement(borrower.device_id, nonce, given)
    if borrower.receipt_key and not is_signed_by(borrower.receipt_key, told, seal):
        raise RuleBroken("office.not_the_office")
    return given


def _reading() -> Reading:
    return Reading.of(clock.now(), clock.elapsed_seconds(), clock.boot_id())
