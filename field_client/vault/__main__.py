"""Runs the vault as a process of its own: started by the keeper, ended by it, and ended without it."""

from __future__ import annotations

import os
import signal
import threading
from typing import TYPE_CHECKING, cast

from field_client import incidents, lease
from field_client.door import Door
from field_client.loopback import LoopbackServer
from field_client.pipe import Message, Pipe
from field_client.vault import keys
from field_client.vault.closed import ClosedVault
from field_client.vault.gate import Gate, Ways
from field_client.vault.hardening import harden, take_pipe
from field_client.vault.keeper_link import KeeperLink
from field_client.vault.lease_told import LeaseTold
from shared.errors import RuleBroken

if TYPE_CHECKING:
    from collections.abc import Callable

    from field_client.vault.keys import VaultKeys
    from field_client.vault.opened import OpenVault

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
        closed = ClosedVault.told(message)
        self._take_lease(message)
        new = not keys.exists(closed.folder)
        gate = Gate(
            closed.identity,
            new=new,
            ways=Ways(
                by_passphrase=lambda typed: self._unlock(
                    closed, lambda: self._by_passphrase(closed, typed)
                ),
                by_pin=lambda typed: self._unlock(closed, lambda: self._by_pin(closed, typed)),
                leave=self._keeper.leave,
            ),
            pin_seconds=closed.pin_seconds,
        )
        app, door = gate.create_app(lambda: server.port, boot_seconds=closed.boot_seconds)
        server = self._server = LoopbackServer(app)
        server.start()
        threading.Thread(target=_make_ready, name="ready", daemon=True).start()
        return Message(values={"address": door.boot_address()})

    def _take_lease(self, message: Message) -> None:
        """Take in until when the lease goes."""
        kept = message.values["lease"]
        self._told.lease = lease.read(kept) if kept else None

    def _unlock(self, closed: ClosedVault, unlocked: Callable[[], VaultKeys]) -> Door:
        """Open the vault, put its screens in the gate's place, and give the door before them."""
        with self._turn:
            if self._door is None:
                self._door = self._open(closed, unlocked())
                self._keeper.opened(self._door.boot_address())
            return self._door  # a second press finds it open, and goes on too

    def _by_passphrase(self, closed: ClosedVault, passphrase: str) -> VaultKeys:
        from field_client.vault import opening  # noqa: PLC0415 - see _make_ready

        self._keeper.may_try()
        try:
            return opening.keys_by_passphrase(closed, passphrase)
        except RuleBroken as refusal:
            if refusal.code == "passphrase.wrong":
                self._keeper.was_wrong()
            raise

    def _by_pin(self, closed: ClosedVault, pin: str) -> VaultKeys:
        from field_client.vault.session_pin import keys_by_pin  # noqa: PLC0415 - see _make_ready

        return keys_by_pin(closed, pin, self._keeper)

    def _open(self, closed: ClosedVault, opened: VaultKeys) -> Door:
        from field_client.vault import opening  # noqa: PLC0415 - see _make_ready

        self._vault = opening.open_vault(closed, opened, self._keeper, self._told)
        server = cast(LoopbackServer, self._server)
        app, door = opening.screens_of(closed, self._vault, lambda: server.port)
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


def _make_ready() -> None:
    """Read in what only an open vault needs, while somebody types the passphrase."""
    from field_client.vault import opening  # noqa: F401, PLC0415 - half a second of a start


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
