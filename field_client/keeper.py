"""The keeper: the process that has the network and the window, and never any case data.

It starts a vault's process, which shows the lock page and, once the passphrase is right, the
screens; to lock is to end that process and the window, and to start both again. A passphrase is
typed to the process that ends, because Python gives no way to wipe it from one that lives on. The
keeper's own pages are those of a device with no vault yet; of all web servers one listens at a
time.
"""

from __future__ import annotations

import contextlib
import logging
import shutil
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue

from field_client import clock
from field_client.device import Device, Stage
from field_client.door import BOOT_SECONDS
from field_client.entrance import Entrance
from field_client.errands import Errands
from field_client.hardening import leave_no_trace
from field_client.lease_watch import LeaseWatch
from field_client.loopback import LoopbackServer
from field_client.pipe import Message, PipeClosed, PipeFault
from field_client.rounds import Rounds
from field_client.tablet import Tablet
from field_client.vault_process import VaultHandler, VaultProcess
from field_client.window_process import LEFT, WindowProcess
from shared.errors import RuleBroken

IDLE_SECONDS = 300
"""How long an unlocked device may lie untouched before it locks."""

ASLEEP_SECONDS = 30
"""A gap this long between two looks at the clock means the device was asleep: it locks."""

CARRIED_BOOT_SECONDS = 3_600
"""How long an address works that a person has to carry to a browser (development and tests)."""

_LOOK_SECONDS = 1.0
_ANSWER_SECONDS = 60.0
_SECONDS_MIN = 5.0  # a child that lives no longer than this never worked
_FAILURES_MAX = 3
_EVENTS = {
    Stage.CHOOSE: "choose", Stage.LOCKED: "locked", Stage.LEASE: "lease", Stage.ERASED: "erased",
}  # fmt: skip

_log = logging.getLogger(__name__)

Announce = Callable[[str, str], None]
"""Told each new address, with what it is for: choose, enrol, lease, locked, unlocked or erased."""


@dataclass(frozen=True, kw_only=True)
class _Happened:
    """Something for the keeper's own thread: what, and which child it was about."""

    what: str
    child: object = None
    code: int = 0


class Keeper:
    """One tablet's keeper, from start to end."""

    def __init__(
        self,
        folder: Path,
        *,
        announce: Announce | None = None,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        """Take a tablet's folder; with `announce` there is no window, and addresses are told instead."""
        self._tablet = Tablet(folder)
        self._announce = announce
        self._idle_seconds = idle_seconds
        self._boot_seconds = BOOT_SECONDS if announce is None else CARRIED_BOOT_SECONDS
        self._happened: SimpleQueue[_Happened] = SimpleQueue()
        self._turn = threading.RLock()
        self._failures = 0
        self._entrance: LoopbackServer | None = None
        self._vault: VaultProcess | None = None
        self._lease: LeaseWatch | None = None
        self._vault_address = ""
        self._vault_since = 0.0
        self._open = False
        self._active_at = self._opened_at = 0.0
        self._window: WindowProcess | None = None
        self._window_since = 0.0
        self._window_shows_erased = False
        self._rounds = Rounds(
            self._tablet,
            is_shut=lambda device: not (self._open and device is self._tablet.chosen),
            is_gone=self._is_gone,
            end_vault=lambda: self._happened.put(_Happened(what="erase")),
        )

    def stop(self) -> None:
        """Have the keeper end; safe to call from a signal handler."""
        self._happened.put(_Happened(what="stop"))

    def run(self) -> int:
        """Keep the device until stopped, and give how the program should end."""
        leave_no_trace()
        with self._tablet.held():
            try:
                self._begin()
                self._rounds.start()
                return self._attend()
            finally:
                self._rounds.stop()
                self._end()

    def go_on(self) -> str:
        """Leave the keeper's pages for those of a vault's process, and say where they are."""
        with self._turn:
            if self._vault is not None:
                return self._vault_address  # a second press, which came while this was answered
            self._leave_entrance()
            try:
                return self._show_vault()
            except RuleBroken:
                self._happened.put(_Happened(what="over"))
                raise

    # The keeper's own thread

    def _attend(self) -> int:
        """Wait for what happens, look at the clock in between, and say how the program ends."""
        looked_at = clock.elapsed_seconds()
        while True:
            with contextlib.suppress(Empty):
                happened = self._happened.get(timeout=_LOOK_SECONDS)
                code = self._take(happened)
                if code is not None:
                    return code
            now = clock.elapsed_seconds()
            alone = self._open and self._was_left_alone(now, looked_at)
            looked_at = now
            self._tablet.look()
            if alone:
                self._lock()
            elif self._lease is not None and self._lease.is_over(now, self._in_hand()):
                self._begin_again()

    def _was_left_alone(self, now: float, looked_at: float) -> bool:
        """Tell whether an open vault lay untouched, or slept since it was opened."""
        slept = now - max(looked_at, self._opened_at) > ASLEEP_SECONDS
        return slept or now - self._active_at >= self._idle_seconds

    def _in_hand(self) -> float | None:
        """Say when an open vault was last touched; a locked one has nothing in hand."""
        return self._active_at if self._open else None

    def _take(self, happened: _Happened) -> int | None:
        """Act on what happened; a code means the end."""
        if happened.what == "stop":
            return 0
        if happened.what == "window" and happened.child is self._window:
            return self._window_closed(happened.code)
        if happened.what == "left" and isinstance(happened.child, VaultProcess):
            happened.child.end()
        if happened.what == "erase":
            self._begin_again()
        if happened.child is self._vault:
            self._vault_has_to_go(happened.what)
        return None

    def _vault_has_to_go(self, why: str) -> None:
        if why == "lock":
            self._lock()
        elif why == "over":
            self._begin_again()
        elif why == "vault":
            self._note_failure()
            self._begin_again()

    def _window_closed(self, code: int) -> int | None:
        """End when a person closed the window; when it was left or failed, lock and open another."""
        if code == 0:
            return 0
        if code == LEFT:
            self._lock(minimised=True)
            return None
        _log.warning("the window ended with %s", code)
        if clock.elapsed_seconds() - self._window_since < _SECONDS_MIN:
            return 1
        self._begin_again()
        return None

    def _note_failure(self) -> None:
        """Count vault processes that end as soon as they start; after a few, stop trying."""
        _log.warning("the vault's process ended by itself")
        soon = clock.elapsed_seconds() - self._vault_since < _SECONDS_MIN
        self._failures = self._failures + 1 if soon else 0
        if self._failures >= _FAILURES_MAX:
            self._chosen().problem = RuleBroken("vault.stopped")

    def _lock(self, *, minimised: bool = False) -> None:
        """Lock: end what is open and go back to the first page, for whoever is next."""
        self._tablet.step_back()
        self._begin_again(minimised=minimised)

    def _begin_again(self, *, minimised: bool = False) -> None:
        """End what shows and holds case data, the screen first, and show the first page anew."""
        with self._turn:
            self._end_children()
            self._leave_entrance()
            self._begin(minimised=minimised)
        self._rounds.ask()

    # What is open

    def _begin(self, *, minimised: bool = False) -> None:
        """Show the first page of this device's stage, and say or open its address."""
        device = self._tablet.chosen
        stage = Stage.CHOOSE if device is None else device.stage
        self._window_shows_erased = stage is Stage.ERASED
        if stage in {Stage.LOCKED, Stage.PASSPHRASE}:
            try:
                address = self._show_vault()
            except RuleBroken as refusal:
                self._chosen().problem = refusal
                address = self._show_entrance()
        else:
            address = self._show_entrance()
        if self._announce is None:
            self._open_window(address, minimised=minimised)
        else:
            self._announce(_EVENTS.get(stage, "enrol"), address)

    def _show_entrance(self) -> str:
        entrance = Entrance(self._tablet, self.go_on)
        app, door = entrance.create_app(lambda: server.port, boot_seconds=self._boot_seconds)
        server = self._entrance = LoopbackServer(app)
        server.start()
        return door.boot_address()

    def _show_vault(self) -> str:
        """Start a vault's process and have it show the page before its vault."""
        self._vault_since = clock.elapsed_seconds()
        device = self._chosen()
        errands = Errands(device, lease_over=self._lease_over, not_allowed=self._rounds.ask)
        vault = self._vault = VaultProcess(self._handlers(device, errands), self._vault_ended)
        self._lease = errands.watch
        try:
            self._vault_address = vault.show(
                device.vault_folder,
                device.identity(),
                device.lent,
                sealed_folder=device.sealed_folder,
                boot_seconds=self._boot_seconds,
                pin_seconds=device.pin.seconds_left(self._vault_since),
            )
        except (PipeClosed, PipeFault):
            self._end_vault()
            raise RuleBroken("vault.stopped") from None
        return self._vault_address

    def _vault_ended(self, vault: VaultProcess) -> None:
        self._happened.put(_Happened(what="vault", child=vault))

    def _leave_entrance(self) -> None:
        """Give the entrance's port back; the answer in hand still goes out."""
        entrance, self._entrance = self._entrance, None
        if entrance is not None:
            entrance.stop_listening()
            threading.Thread(
                target=entrance.stop, kwargs={"grace_seconds": _ANSWER_SECONDS}, daemon=True
            ).start()

    def _open_window(self, address: str, *, minimised: bool) -> None:
        def closed(window: WindowProcess, code: int) -> None:
            self._happened.put(_Happened(what="window", child=window, code=code))

        here = self._tablet.chosen
        storage = self._tablet.window if here is None else here.home.window
        self._window_since = clock.elapsed_seconds()
        self._window = WindowProcess(address, storage, closed, minimised=minimised)

    def _chosen(self) -> Device:
        if self._tablet.chosen is None:
            raise ValueError("only where somebody was chosen is there a vault")
        return self._tablet.chosen

    def _is_gone(self, device: Device) -> bool:
        """Tell whether nothing shows or holds what is a device's: erasing it may go on."""
        if device is not self._tablet.chosen:
            return True
        return self._vault is None and self._window_shows_erased

    # What a vault's process may ask

    def _handlers(self, device: Device, errands: Errands) -> Mapping[str, VaultHandler]:
        def was_opened(vault: VaultProcess, message: Message) -> None:
            device.attempts.was_right()
            self._was_opened(vault, str(message.values["address"]))

        return {
            **errands.handlers(),
            "activity": self._was_active,
            "leave": self._leave_asked,
            "lock": self._lock_asked,
            "opened": was_opened,
        }

    def _was_opened(self, vault: VaultProcess, address: str) -> None:
        """Take in that a vault is open now, and say where."""
        with self._turn:
            if vault is not self._vault:
                return
            self._failures = 0
            self._active_at = self._opened_at = clock.elapsed_seconds()
            self._open = True
            if self._window is not None:
                self._window.vault_opened()
            if self._announce is not None:
                self._announce("unlocked", address)

    def _was_active(self, _vault: VaultProcess, _message: Message) -> None:
        self._active_at = clock.elapsed_seconds()

    def _lock_asked(self, vault: VaultProcess, _message: Message) -> None:
        self._happened.put(_Happened(what="lock", child=vault))

    def _leave_asked(self, vault: VaultProcess, _message: Message) -> Message:
        """Leave a vault that was not opened for the page that asks who is visiting, and say where it is."""
        with self._turn:
            if vault is not self._vault or self._open:
                raise RuleBroken("vault.not_shown")
            self._vault = self._lease = None
            self._tablet.leave()
            self._happened.put(_Happened(what="left", child=vault))
            return Message(values={"address": self._show_entrance()})

    def _lease_over(self, vault: VaultProcess) -> None:
        self._happened.put(_Happened(what="over", child=vault))

    # The end

    def _end_vault(self) -> None:
        self._open = False
        self._lease = None
        vault, self._vault = self._vault, None
        if vault is not None:
            vault.end()

    def _end_children(self) -> None:
        window, self._window = self._window, None
        if window is not None:
            window.end()
        self._end_vault()

    def _end(self) -> None:
        with self._turn:
            self._tablet.forget_pins()
            entrance, self._entrance = self._entrance, None
            self._end_children()
            if entrance is not None:
                entrance.stop(grace_seconds=0)
            shutil.rmtree(self._tablet.window, ignore_errors=True)
