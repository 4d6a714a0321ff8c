"""Runs the vault as a process of its own: started by the keeper, ended by it, and ended without it."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from field_client import clock, incidents, lease
from field_client.device_secret import SECRET_BYTES
from field_client.door import Door
from field_client.files import make_private_folder
from field_client.identity import Identity
from field_client.loopback import LoopbackServer
from field_client.pipe import Message, Pipe
from field_client.vault import keys, screens
from field_client.vault.app import create_app
from field_client.vault.database import VaultUnreadable
from field_client.vault.gate import Gate
from field_client.vault.hardening import harden, take_pipe
from field_client.vault.keeper_link import KeeperLink
from field_client.vault.opened import LeaseTold, OpenVault
from field_client.vault.sealed_copies import SealedCopies
from field_client.vault.store import Store, open_store
from shared.errors import RuleBroken
from sync.leases import SHARE_BYTES

DATABASE_FILE = "vault.db"
"""What the encrypted database is called in the vault's folder."""

LAST_ANSWER_SECONDS = 0.5
"""How long an answer may still take to go out once the vault has been told to lock."""


class VaultProcess:
    """The child of one keeper: shows the page before one vault, then that vault, then ends."""

    def __init__(self) -> None:
        handlers = {"show": self._show, "lock": self._lock, "lease": self._take_lease}
        reader, writer = take_pipe()
        self._pipe = Pipe(reader, writer, handlers, closed=_leave)
        self._keeper = KeeperLink(self._pipe)
        self._turn = threading.Lock()
        self._server: LoopbackServer | None = None
        self._door: Door | None = None
        self._vault: OpenVault | None = None
        self._told = LeaseTold()

    def run(self) -> None:
        """Do what the keeper asks, until it says lock or is gone."""
        self._pipe.start()
        threading.Event().wait()

    def _show(self, message: Message) -> Message:
        """Begin to show the page before the vault, and say at which address."""
        closed = _ClosedVault(
            folder=make_private_folder(Path(message.values["folder"])),
            identity=Identity.unpacked(message.values["identity"]),
            device_secret=message.body[:SECRET_BYTES],
            shares=_shares(message),
            boot_seconds=float(message.values["boot_seconds"]),
            sealed_folder=Path(message.values["sealed_folder"]),
        )
        self._take_lease(message)
        new = not keys.exists(closed.folder)
        gate = Gate(closed.identity, new=new, open_vault=lambda typed: self._unlock(closed, typed))
        app, door = gate.create_app(lambda: server.port, boot_seconds=closed.boot_seconds)
        server = self._server = LoopbackServer(app)
        server.start()
        return Message(values={"address": door.boot_address()})

    def _take_lease(self, message: Message) -> None:
        """Take in until when the lease goes."""
        kept = message.values["lease"]
        self._told.lease = lease.read(kept) if kept else None

    def _unlock(self, closed: _ClosedVault, passphrase: str) -> Door:
        """Open the vault, put its screens in the gate's place, and give the door before them."""
        with self._turn:
            if self._door is None:
                self._door = self._open(closed, passphrase)
                self._keeper.opened(self._door.boot_address())
            return self._door  # a second press finds it open, and goes on too

    def _open(self, closed: _ClosedVault, passphrase: str) -> Door:
        self._keeper.may_try()
        try:
            store, epoch = closed.open_store(passphrase)
        except RuleBroken as refusal:
            if refusal.code == "passphrase.wrong":
                self._keeper.was_wrong()
            raise
        self._keeper.rests_on(epoch)
        self._vault = OpenVault(
            store=store,
            identity=closed.identity,
            keeper=self._keeper,
            told=self._told,
            copies=SealedCopies(store, closed.sealed_folder, closed.identity.sealing_key),
        )
        self._vault.seal_unsent()
        server = cast(LoopbackServer, self._server)
        app, door = create_app(
            self._vault, screens, lambda: server.port, boot_seconds=closed.boot_seconds
        )
        server.show(app)
        return door

    def _lock(self, _message: Message) -> None:
        """Let the last answer go out, seal what is unsent, close the database and end."""
        if self._server is not None:
            self._server.stop(grace_seconds=LAST_ANSWER_SECONDS)
        with self._turn:
            if self._vault is not None:
                self._vault.seal_unsent()
                self._vault.store.close()
        _leave()


@dataclass(frozen=True, kw_only=True)
class _ClosedVault:
    """A vault before it is opened: where it is, whose, and what opens it besides a passphrase."""

    folder: Path
    identity: Identity
    device_secret: bytes = field(repr=False)
    shares: Mapping[int, bytes] = field(repr=False)
    boot_seconds: float
    sealed_folder: Path

    def open_store(self, passphrase: str) -> tuple[Store, int]:
        """Open the database, or make it where there is none; say which lease it is wrapped under."""
        factors = keys.Factors(
            device_secret=self.device_secret, passphrase=passphrase, shares=self.shares
        )
        if keys.exists(self.folder):
            opened = keys.open_vault(self.folder, factors)
        else:
            holder = keys.Holder(
                device_id=self.identity.device_id, officer_id=self.identity.officer_id
            )
            opened = keys.create_vault(self.folder, factors, holder)
        return _open_store(self.folder / DATABASE_FILE, opened), opened.epoch


def _shares(message: Message) -> dict[int, bytes]:
    """Read the shares that stand behind the device secret, in the order of their epochs."""
    lent = message.body[SECRET_BYTES:]
    places = range(0, len(lent), SHARE_BYTES)
    return {
        int(epoch): lent[place : place + SHARE_BYTES]
        for epoch, place in zip(message.values["epochs"], places, strict=True)
    }


def _open_store(path: Path, opened: keys.VaultKeys) -> Store:
    """Open the database and forget its key; a vault that is new here is given its id."""
    try:
        store = open_store(path, opened.db)
    except VaultUnreadable:
        raise RuleBroken("vault.damaged") from None
    finally:
        opened.forget()
    if store.get("store_id") is None:
        store.put("store_id", clock.new_id())
    return store


def _leave() -> None:
    """End at once; what was saved is on disk, and nothing else is to be kept."""
    os._exit(0)


def main() -> None:
    """Run the vault's process."""
    harden()
    incidents.log_to_stderr()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the keeper decides when this ends
    VaultProcess().run()


if __name__ == "__main__":
    main()
