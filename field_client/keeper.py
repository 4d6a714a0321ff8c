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
from queue import Empty, SimpleQueue

from fasteners import InterProcessLock

from field_client import clock
from field_client.attempts import Attempts
from field_client.device import Device, Stage
from field_client.door import BOOT_SECONDS
from field_client.entrance import Entrance
from field_client.files import make_private_folder
from field_client.hardening import leave_no_trace
from field_client.home import Home
from field_client.lease_watch import LeaseWatch
from field_client.loopback import LoopbackServer
from field_client.pipe import Message, PipeClosed, PipeFault
from field_client.rounds import Rounds
from field_client.vault_process import VaultHandler, VaultProcess
from field_client.window_process import LEFT, WindowProcess
from shared.errors import RuleBroken
from sync.blob_session import Asking

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
_NOT_ALLOWED = 401
_EVENTS = {Stage.LOCKED: "locked", Stage.LEASE: "lease", Stage.ERASED: "erased"}

_log = logging.getLogger(__name__)

Announce = Callable[[str, str], None]
"""Told each new address, with what it is for: enrol, lease, locked, unlocked or erased."""


@dataclass(frozen=True, kw_only=True)
class _Happened:
    """Something for the keeper's own thread: what, and which child it was about."""

    what: str
    child: object = None
    code: int = 0


class Keeper:
    """One device's keeper, from start to end."""

    def __init__(
        self,
        home: Home,
        *,
        announce: Announce | None = None,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        """Take a home; with `announce` there is no window, and addresses are told instead."""
        self._device = Device(home)
        self._lease = LeaseWatch(self._device, self._lease_over)
        self._announce = announce
        self._idle_seconds = idle_seconds
        self._boot_seconds = BOOT_SECONDS if announce is None else CARRIED_BOOT_SECONDS
        self._happened: SimpleQueue[_Happened] = SimpleQueue()
        self._turn = threading.RLock()
        self._attempts = Attempts()
        self._failures = 0
        self._entrance: LoopbackServer | None = None
        self._vault: VaultProcess | None = None
        self._vault_address = ""
        self._vault_since = 0.0
        self._open = False
        self._active_at = 0.0
        self._window: WindowProcess | None = None
        self._window_since = 0.0
        self._window_shows_erased = False
        self._rounds = Rounds(
            self._device,
            is_shut=lambda: not self._open,
            is_gone=lambda: self._vault is None and self._window_shows_erased,
            end_vault=lambda: self._happened.put(_Happened(what="erase")),
        )

    def stop(self) -> None:
        """Have the keeper end; safe to call from a signal handler."""
        self._happened.put(_Happened(what="stop"))

    def run(self) -> int:
        """Keep the device until stopped, and give how the program should end."""
        leave_no_trace()
        make_private_folder(self._device.home.in_use.parent)
        in_use = InterProcessLock(self._device.home.in_use)
        if not in_use.acquire(blocking=False):
            raise RuleBroken("device.open_already")
        try:
            self._begin()
            self._rounds.start()
            return self._attend()
        finally:
            self._rounds.stop()
            self._end()
            in_use.release()

    def go_on(self) -> str:
        """Leave the keeper's pages for those of a vault's process, and say where they are."""
        with self._turn:
            if self._vault is not None:
                return self._vault_address  # a second press, which came while this was answered
            self._leave_entrance()
            try:
                return self._show_vault()
            except RuleBroken:
                self._happened.put(_Happened(what="lock"))
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
            asleep, idle = now - looked_at > ASLEEP_SECONDS, now - self._active_at
            looked_at = now
            untouched = self._open and (asleep or idle >= self._idle_seconds)
            if untouched or (self._vault is not None and self._lease.is_over(now, self._in_hand())):
                self._begin_again()

    def _in_hand(self) -> float | None:
        """Say when an open vault was last touched; a locked one has nothing in hand."""
        return self._active_at if self._open else None

    def _take(self, happened: _Happened) -> int | None:
        """Act on what happened; a code means the end."""
        if happened.what == "stop":
            return 0
        if happened.what == "window" and happened.child is self._window:
            return self._window_closed(happened.code)
        if happened.what == "erase":
            self._begin_again()
        if happened.what in {"lock", "vault"} and happened.child is self._vault:
            if happened.what == "vault":
                self._note_failure()
            self._begin_again()
        return None

    def _window_closed(self, code: int) -> int | None:
        """End when a person closed the window; when it was left or failed, lock and open another."""
        if code == 0:
            return 0
        if code == LEFT:
            self._begin_again(minimised=True)
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
            self._device.problem = RuleBroken("vault.stopped")

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
        stage = self._device.stage
        self._window_shows_erased = stage is Stage.ERASED
        if stage in {Stage.LOCKED, Stage.PASSPHRASE}:
            try:
                address = self._show_vault()
            except RuleBroken as refusal:
                self._device.problem = refusal
                address = self._show_entrance()
        else:
            address = self._show_entrance()
        if self._announce is None:
            self._open_window(address, minimised=minimised)
        else:
            self._announce(_EVENTS.get(stage, "enrol"), address)

    def _show_entrance(self) -> str:
        entrance = Entrance(self._device, self.go_on)
        app, door = entrance.create_app(lambda: server.port, boot_seconds=self._boot_seconds)
        server = self._entrance = LoopbackServer(app)
        server.start()
        return door.boot_address()

    def _show_vault(self) -> str:
        """Start a vault's process and have it show the page before its vault."""
        self._vault_since = clock.elapsed_seconds()
        vault = self._vault = VaultProcess(self._handlers(), self._vault_ended)
        device = self._device
        try:
            self._vault_address = vault.show(
                device.vault_folder,
                device.identity(),
                device.lent,
                sealed_folder=device.sealed_folder,
                boot_seconds=self._boot_seconds,
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

        self._window_since = clock.elapsed_seconds()
        self._window = WindowProcess(address, self._device.home.window, closed, minimised=minimised)

    # What a vault's process may ask

    def _handlers(self) -> Mapping[str, VaultHandler]:
        return {
            "activity": self._was_active,
            "lock": self._lock_asked,
            "metered": self._is_metered,
            "opened": self._was_opened,
            "send": self._send,
            "status": self._status,
            "try": self._may_try,
            "upload": self._upload,
            "wrapped": self._is_wrapped,
            "wrong": self._was_wrong,
        }

    def _may_try(self, _vault: VaultProcess, _message: Message) -> None:
        self._attempts.check(clock.elapsed_seconds())

    def _was_wrong(self, _vault: VaultProcess, _message: Message) -> None:
        self._attempts.was_wrong(clock.elapsed_seconds())

    def _was_opened(self, vault: VaultProcess, message: Message) -> None:
        """Take in that a vault is open now, and say where."""
        with self._turn:
            if vault is not self._vault:
                return
            self._attempts.was_right()
            self._failures = 0
            self._active_at = clock.elapsed_seconds()
            self._open = True
            if self._window is not None:
                self._window.vault_opened()
            if self._announce is not None:
                self._announce("unlocked", str(message.values["address"]))

    def _was_active(self, _vault: VaultProcess, _message: Message) -> None:
        self._active_at = clock.elapsed_seconds()

    def _lock_asked(self, vault: VaultProcess, _message: Message) -> None:
        self._happened.put(_Happened(what="lock", child=vault))

    def _send(self, vault: VaultProcess, message: Message) -> Message:
        """Sign and carry a request of the vault; its content means nothing here."""
        link = self._device.link
        if link is None:
            raise RuleBroken("office.unreachable")
        path, kind = str(message.values["path"]), str(message.values["content_type"])
        answer = link.post(path, message.body, kind)
        self._lease.hear(vault, answer)
        if answer.status == _NOT_ALLOWED:
            self._rounds.ask()
        return answer.packed()

    def _upload(self, vault: VaultProcess, message: Message) -> Message:
        """Sign and carry one request of a photograph's upload."""
        link = self._device.link
        if link is None:
            raise RuleBroken("office.unreachable")
        said = message.values
        headers = {str(name): str(value) for name, value in said["headers"].items()}
        asking = Asking(
            method=str(said["method"]), path=str(said["path"]), headers=headers, body=message.body
        )
        answer = link.upload(asking)
        self._lease.hear(vault, answer)
        return answer.packed()

    def _lease_over(self, vault: VaultProcess) -> None:
        self._happened.put(_Happened(what="lock", child=vault))

    def _is_wrapped(self, _vault: VaultProcess, message: Message) -> None:
        self._device.rest_on(int(message.values["epoch"]))

    def _is_metered(self, _vault: VaultProcess, _message: Message) -> Message:
        link = self._device.link
        return Message(values={"metered": link.metered if link else None})

    def _status(self, _vault: VaultProcess, _message: Message) -> Message:
        link = self._device.link
        reached_at = link.last_reached_at if link else None
        return Message(
            values={
                "online": link.online if link else None,
                "reached_at": reached_at.isoformat() if reached_at else None,
                "offset_seconds": link.offset_seconds if link else None,
            }
        )

    # The end

    def _end_vault(self) -> None:
        self._open = False
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
            entrance, self._entrance = self._entrance, None
            self._end_children()
            if entrance is not None:
                entrance.stop(grace_seconds=0)
            shutil.rmtree(self._device.home.window, ignore_errors=True)
