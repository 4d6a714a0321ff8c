"""Keeps the vault and the office in step: one sync at a time, behind every screen and before none."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from field_client import clock, incidents
from field_client.answers import Answer
from field_client.pipe import PipeClosed, PipeFault
from field_client.vault import freshness, reporting, sealing
from field_client.vault.absorbing import Seal
from field_client.vault.history import History
from field_client.vault.photograph_round import PhotographRound, Uplink
from field_client.vault.store import Store
from field_client.vault.telling import Telling
from field_client.vault.uploads import Waits
from shared.catalogue import mark
from shared.errors import RuleBroken, register
from sync.blobs import REFUSED_HEADER
from sync.device_steps import Copy, Taken
from sync.protocol import CONTENT_TYPE, SYNC_PATH, Clock, Page, Reply, Request
from sync.session import converse, pause
from sync.steps import run
from sync.wire import NotAMessage, read_json, read_reply, write_request

_OK = 200
_FIRST_REFUSAL = 400

_NOWHERE = -1
"""Where no copy stands, so that no page that begins there is taken."""

register(
    {
        "sync.revoked": mark(
            "The office has stopped this device. What you saved is kept here: ring your office"
        ),
        "sync.suspended": mark(
            "Your sign-in has been stopped. What you saved is kept here: ring your office"
        ),
        "sync.not_approved": mark(
            "The office has not approved this device yet: ask your supervisor to approve it"
        ),
        "sync.unknown_device": mark(
            "The office does not know this device. What you saved is kept here: ring your office"
        ),
        "sync.other_vault": mark(
            "The office knows these records under another device."
            " What you saved is kept here: ring your office"
        ),
        "sync.clock": mark("The clock of this device is wrong. Set the date and time, then sync"),
        "sync.older": mark("The office has a newer Fieldfare. Update this device, then sync"),
        "sync.newer": mark(
            "This device has a newer Fieldfare than the office. What you saved is kept here and"
            " sent once the office is updated"
        ),
        "sync.differs": mark(
            "Some of your cases may not be as the office has them. Fieldfare asks for them again"
            " with each sync: if this stays, ring your office"
        ),
        "sync.parked": mark(
            "The office asked to take away many of your cases. They stay here until it has"
            " confirmed that: if this stays, ring your office"
        ),
        "sync.forked": mark(
            "These records were copied, or put back as they once were. Nothing is lost: what you"
            " save here is sent as before. Tell your office"
        ),
        "sync.no_room": mark(
            "This device has hardly any room left, so Fieldfare takes nothing new in."
            " What you saved is kept and sent: delete files you do not need, then sync"
        ),
        "sync.office_fault": mark(
            "The office had a fault of its own. Fieldfare tries again by itself"
        ),
        "sync.fault": mark(
            "Fieldfare had a fault of its own while it synced, and tries again by itself."
            " What you saved is kept"
        ),
    }
)

_SAID: dict[str, str] = {
    "device.revoked": "sync.revoked",
    "device.suspended": "sync.suspended",
    "device.pending": "sync.not_approved",
    "device.unknown": "sync.unknown_device",
    "store.of_another_device": "sync.other_vault",
    "signature.stale": "sync.clock",
    "protocol.newer": "sync.newer",
    "protocol.older": "sync.older",
}
"""What the office's refusals of a whole request mean to an officer."""


class Keeper(Uplink, Protocol):
    """The way out of the vault, as far as syncing needs it."""

    def send(self, path: str, body: bytes, content_type: str = CONTENT_TYPE) -> Answer:
        """Carry a request to the office and give its answer."""


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How a sync stands, for a person to see at any moment."""

    running: bool = False
    cases: int = 0
    received: int = 0
    expected: int = 0
    sent: int = 0
    photographs_sent: int = 0
    photographs_left: int = 0
    photographs_wait: Waits = Waits.NO
    metered: bool | None = None
    began_at: datetime | None = None
    ended_at: datetime | None = None
    problem: RuleBroken | None = None
    sending: frozenset[str] = frozenset()
    next_seconds: float | None = None

    @property
    def next_at(self) -> datetime | None:
        """Say when it is tried again by itself; none while it runs or when nobody can tell."""
        if self.running or self.ended_at is None or self.next_seconds is None:
            return None
        return self.ended_at + timedelta(seconds=self.next_seconds)


class Syncing:
    """The one thread of the vault that talks with the office."""

    def __init__(
        self,
        store: Store,
        keeper: Keeper,
        draw: Callable[[float, float], float],
        after: Callable[[], object] | None = None,
        office_key: str = "",
    ) -> None:
        """Take the vault, the way out, how waits are drawn, and what to make ready after a sync.

        `office_key` is the public half of the key the office signs receipts with, as this device
        was given it when it was enrolled.
        """
        self._after = after
        self._office_key = office_key
        self._seal: Seal | None = None
        self._store = store
        self._keeper = keeper
        self._draw = draw
        self._turn = threading.Lock()
        self._wanted = threading.Event()
        self._stopped = threading.Event()
        self._progress = Progress()
        self._photographs = PhotographRound(
            store, keeper, _check_upload, interrupted=self._is_wanted, note=self._note
        )
        self._history = History(store, keeper, office_key)
        self._telling = Telling(store, keeper)
        self._failures = 0
        self._no_room = False
        self._took_stock = False
        self._thread = threading.Thread(target=self._run, name="syncing", daemon=True)

    @property
    def progress(self) -> Progress:
        """Say how things stand."""
        with self._turn:
            return self._progress

    def start(self) -> None:
        """Begin to sync by itself, now and from time to time."""
        self._wanted.set()
        self._thread.start()

    def stop(self) -> None:
        """End after the request in hand; only tests need this, for a lock ends the process."""
        self._stopped.set()
        self._wanted.set()
        if self._thread.is_alive():
            self._thread.join(timeout=30)

    def ask(self) -> None:
        """Have it sync now, or again when it is at it; this never waits.

        From now on it has not ended, so that whoever asked does not take the last end for this one.
        """
        self._note(next_seconds=0.0, ended_at=None)
        self._wanted.set()

    def send_photographs_now(self) -> None:
        """Sync now, and send the photographs that wait here on whatever connection there is."""
        self._photographs.ask()
        self.ask()

    def _is_wanted(self) -> bool:
        """Tell whether somebody saved or asked meanwhile: their data goes before photographs."""
        return self._stopped.is_set() or self._wanted.is_set()

    def _run(self) -> None:
        while not self._stopped.is_set():
            self._wanted.wait(timeout=self.progress.next_seconds)
            self._wanted.clear()
            if not self._stopped.is_set():
                self.sync_once()

    def sync_once(self) -> Progress:
        """Exchange all there is with the office, then send photographs; every fault is a sentence."""
        self._note(
            running=True, cases=0, received=0, expected=0, sent=0, photographs_sent=0, photographs_left=0,
            began_at=clock.now(), ended_at=None,
        )  # fmt: skip
        problem = self._attempt()
        self._failures = self._failures + 1 if problem else 0
        self._note(
            running=False, ended_at=clock.now(), problem=problem, sending=frozenset(),
            next_seconds=run(pause(self._failures), self),
        )  # fmt: skip
        return self.progress

    def _attempt(self) -> RuleBroken | None:
        try:
            self._take_stock()
            other_key = self._telling.tell()
            unsettled = self._exchange() or other_key
            if self._after is not None:
                self._after()
            unsettled = self._look_at_history() or unsettled
            self._send_photographs()
        except RuleBroken as refusal:
            return RuleBroken("sync.no_room") if refusal.code == "disk.full" else refusal
        except (PipeClosed, PipeFault):
            return RuleBroken("sync.fault")
        except Exception as fault:  # noqa: BLE001 - a fault of ours must not end syncing for good
            incidents.note("sync", fault)
            return RuleBroken("sync.fault")
        return unsettled

    def _send_photographs(self) -> None:
        """Send photographs, and follow those that arrived, whatever became of the rest."""
        try:
            self._photographs.send_all()
        finally:
            if self.progress.photographs_sent and self._after is not None:
                self._after()

    def _take_stock(self) -> None:
        """Once an opening, and before anything is said of this copy, see that it is as it was left."""
        if not self._took_stock:
            self._store.take_stock(clock.now())
            self._took_stock = True

    def _look_at_history(self) -> RuleBroken | None:
        """Hold the office's history to what this device saw of it; that keeps nothing else back."""
        with suppress(RuleBroken):  # nobody answered: there is another sync
            return self._history.check()
        return None

    def _exchange(self) -> RuleBroken | None:
        """Hold the conversation of `sync.session`; say what is not as it should be at its end.

        That keeps nothing else back: photographs are sent all the same.
        """
        self._no_room = False
        ended = run(converse(), self)
        if self._no_room:
            return RuleBroken("sync.no_room")
        for wrong in ("forked", "parked", "differs"):
            if getattr(ended, wrong):
                return RuleBroken(f"sync.{wrong}")
        return None

    # What the conversation asks for

    def copy(self, envelopes_max: int) -> Copy:
        """Read what there is to say, and how this device stands, in one moment."""
        with self._store.transaction():
            copy = self._store.copy(envelopes_max)
            return replace(copy, report=reporting.report(self._store))

    def send(self, request: Request) -> Reply:
        """Carry a request to the office; raises RuleBroken when it did not take it."""
        self._note(sending=_commands_in(request))
        answer = self._keeper.send(SYNC_PATH, write_request(request))
        if (code := _refusal_of(answer)) is not None:
            raise RuleBroken(_SAID.get(code, "sync.office_fault"))
        return read_reply(answer.body, request.envelopes)

    def is_sealed(self, reply: Reply) -> bool:
        """Tell whether the office's key signed what this reply says of our commands."""
        self._seal = sealing.seal_of(self._store, reply)
        return sealing.is_genuine(self._office_key, reply, self._seal)

    def read_clock(self) -> Clock:
        """Read every clock."""
        return clock.reading()

    def absorb(self, reply: Reply, clock: Clock, *, sealed: bool) -> Taken:
        """Take a reply in, and keep what the clocks said when it came.

        Not all of it where there is hardly any room: that is for what the officer types.
        """
        if not self._store.has_room():
            return self._absorb_receipts(reply, sealed=sealed)
        with self._store.transaction():
            taken = self._store.absorb(reply, self._seal, sealed=sealed)
            freshness.note_reply(self._store, reply.server_time, clock)
        if taken.erased:
            self._store.sweep()
        self._count(reply, taken)
        return taken

    def renumber(self) -> None:
        """Give this vault a name nobody has, and number what it has not sent anew under it."""
        self._store.renumber(clock.new_id())

    def _absorb_receipts(self, reply: Reply, *, sealed: bool) -> Taken:
        """Keep only what was said of what was sent, so that the rest can go: that takes little room."""
        self._no_room = True
        if reply.epoch != self._store.epoch():
            raise RuleBroken("sync.no_room")
        page = Page(start=_NOWHERE, end=_NOWHERE, head=reply.page.head)
        only = replace(reply, page=page, noted=())
        taken = self._store.absorb(only, self._seal, sealed=sealed)
        self._count(only, taken)
        return Taken(receipts=taken.receipts)

    def draw(self, least: float, most: float) -> float:
        """Draw a number between two."""
        return self._draw(least, most)

    def _count(self, reply: Reply, taken: Taken) -> None:
        before = self.progress
        received = before.received + len(reply.page.records)
        cases = sum(each.kind == "case" and not each.removed for each in reply.page.records)
        self._note(
            cases=before.cases + cases,
            received=received,
            expected=received + reply.page.remaining,
            sent=before.sent + taken.receipts,
            sending=frozenset(),
        )

    def _note(self, **changes: Any) -> None:  # noqa: ANN401 - the fields of Progress
        with self._turn:
            self._progress = replace(self._progress, **changes)


def _commands_in(request: Request) -> frozenset[str]:
    return frozenset(place.command_id for place in request.places)


def _refusal_of(answer: Answer) -> str | None:
    """Read the office's refusal of a whole request; none when it took the request."""
    if answer.status == _OK:
        return None
    try:
        said = read_json(answer.body)
    except NotAMessage:
        return ""
    return str(said.get("code", "")) if isinstance(said, dict) else ""


def _check_upload(answer: Answer) -> None:
    """Stop at a refusal that is of the device or of nothing we know, not of one photograph."""
    code = answer.headers.get(REFUSED_HEADER, "")
    if answer.status >= _FIRST_REFUSAL and not code.startswith("blob."):
        raise RuleBroken(_SAID.get(code, "sync.office_fault"))
