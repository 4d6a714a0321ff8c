"""A device that speaks to the office of a day's tests, by the engine's own half of a conversation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import insert

from server.access.tables import DeviceRow
from server.spine import clock
from server.sync_api.store import OfficeOnPostgres
from shared.commands import Actor
from sync import hub
from sync.protocol import GENESIS, Place, Reply, Request
from sync.steps import run
from sync.wire import chain_hash, write_envelope
from tests.server.day import Day, Someone, new_id

HAPPENED_AT = (clock.now() - timedelta(hours=2)).replace(microsecond=0).isoformat()


@dataclass
class Tablet:
    """One officer's device and its vault, with what it has written so far."""

    day: Day
    officer: Someone
    device_id: str = field(default_factory=new_id)
    store_id: str = field(default_factory=new_id)
    seq: int = 0
    head: str = GENESIS

    def __post_init__(self) -> None:
        with self.day.session() as session:
            session.execute(
                insert(DeviceRow).values(
                    device_id=self.device_id,
                    officer_id=self.officer.user_id,
                    public_key=self.device_id.encode(),
                    name="Tablet 7",
                    words="",
                    state="active",
                    enrolled_at=clock.now(),
                )
            )

    def write(
        self, name: str, body: dict[str, Any], *, case_id: str | None = None, **members: Any
    ) -> bytes:
        """Write the next command of the ordinary lane."""
        self.seq += 1
        written = write_envelope(
            {
                "command_id": new_id(),
                "store_id": self.store_id,
                "lane": "ordinary",
                "seq": self.seq,
                "prev": self.head,
                "name": name,
                "version": 1,
                "case_id": case_id or body["case_id"],
                "seen_commit": 0,
                "group": None,
                "happened_at": HAPPENED_AT,
                "clock": {"wall": HAPPENED_AT, "monotonic": 1.0, "boot": "b"},
                "body": body,
                **members,
            }
        )
        self.head = chain_hash(self.head, written)
        return written

    def visit(self, case_id: str, *, seen_commit: int = 0, **more: Any) -> bytes:
        """Write a visit, on a copy that had been read so far."""
        body = {
            "visit_id": new_id(),
            "case_id": case_id,
            "happened_at": HAPPENED_AT,
            "outcome": "no_answer",
            "notes": "Curtains drawn",
            **more,
        }
        return self.write("RecordVisit", body, seen_commit=seen_commit)

    def office(self) -> OfficeOnPostgres:
        """Give the office's half of a conversation with this device."""
        actor = Actor(
            user_id=self.officer.user_id,
            permissions=frozenset(self.officer.permissions),
            device_id=self.device_id,
        )
        door = self.day.app.extensions["fieldfare"]["door"]
        return OfficeOnPostgres(door=door, actor=actor, now=clock.now())

    def send(self, *envelopes: bytes, places: Sequence[Place] = (), cursor: int = 0) -> Reply:
        """Have the office answer."""
        request = Request(
            store_id=self.store_id,
            epoch=None,
            cursor=cursor,
            envelopes=envelopes,
            places=tuple(places),
        )
        with self.day.app.app_context():
            return run(hub.answer(request), self.office())
