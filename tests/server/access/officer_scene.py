"""A real vault on a device of an officer, and the office it speaks to, for tests of whose hand signs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from field_client.answers import Answer
from field_client.vault import signing
from field_client.vault.execute import Saving, execute
from field_client.vault.store import Store
from field_client.vault.syncing import Syncing
from server.access.tables import OfficerKeyRow
from server.spine.tables import CommandRow
from shared.visits import RecordVisit
from sync.officer_keys import (
    OFFICER_KEY_PATH,
    Holder,
    OfficerKey,
    write_officer_key,
)
from sync.protocol import SYNC_PATH, Clock, Request
from sync.wire import read_reply, write_request
from tests.field_client.vault.sample import open_vault
from tests.server.day import Day, Household, new_id
from tests.server.visits.phones import Phone, phone_of


@dataclass
class Scene:
    """A real vault on a device of Amina's, and the office it speaks to by signed requests."""

    day: Day
    phone: Phone
    store: Store
    household: Household
    asked: list[str] = field(default_factory=list)

    def send(self, path: str, body: bytes, _content_type: str = "") -> Answer:
        """Carry a request of the vault as its keeper does."""
        self.asked.append(path)
        said = self.phone.tablet.post(self.day.app.test_client(), path, body)
        return Answer(status=said.status_code, headers={}, body=said.data)

    def metered(self) -> bool | None:
        return False

    @property
    def own(self) -> signing.OwnKey:
        found = self.store.own_key()
        assert found is not None
        return found

    @property
    def holder(self) -> Holder:
        key = self.day.app.extensions["fieldfare"]["seal"].public_text
        return Holder(office=key, device_id=self.phone.device_id, officer_id=self.day.amina.user_id)

    def sync(self) -> str | None:
        """Sync as an open vault does; say what the officer is told."""
        key = self.day.app.extensions["fieldfare"]["seal"].public_text
        syncing = Syncing(self.store, self, lambda least, _most: least, office_key=key)  # type: ignore[arg-type]
        problem = syncing.sync_once().problem
        return problem.code if problem else None

    def save(self, notes: str = "Curtains drawn") -> str:
        """Save a visit as the pages do."""
        command_id, now = new_id(), datetime.now(UTC)
        visit = RecordVisit(
            visit_id=new_id(),
            case_id=self.household.case_id,
            happened_at=now,
            outcome="no_answer",
            notes=notes,
        )
        clock = Clock(wall=now.isoformat(), monotonic=1.0, boot="b")
        saving = Saving(command_id=command_id, command=visit)
        execute(self.store, self.day.amina.user_id, [saving], clock=clock, now=now)
        return command_id

    def push(self, envelopes: Sequence[bytes], signatures: Sequence[str] = ()) -> list[Any]:
        """Send work as whoever has the device's key can."""
        request = Request(
            store_id=self.store.store_id(),
            epoch=None,
            cursor=0,
            envelopes=tuple(envelopes),
            signatures=tuple(signatures),
        )
        answer = self.send(SYNC_PATH, write_request(request))
        assert answer.status == 200, answer.body
        return [(r.outcome.value, r.code) for r in read_reply(answer.body, envelopes).receipts]

    def tell(self, told: OfficerKey | bytes) -> tuple[int, str]:
        """Tell a key in any way; give the status and the code."""
        body = told if isinstance(told, bytes) else write_officer_key(told)
        answer = self.send(OFFICER_KEY_PATH, body)
        return answer.status, str(json.loads(answer.body).get("code", ""))

    def commands(self) -> list[CommandRow]:
        with self.day.session() as session:
            rows = select(CommandRow).where(CommandRow.store_id.is_not(None))
            found = list(session.scalars(rows.order_by(CommandRow.seq)))
            session.expunge_all()
            return found

    def bound(self) -> list[OfficerKeyRow]:
        with self.day.session() as session:
            found = list(session.scalars(select(OfficerKeyRow)))
            session.expunge_all()
            return found


@pytest.fixture
def scene(day: Day, tmp_path: Path) -> Iterator[Scene]:
    household = day.household("Iris Cole", officers=[day.amina])
    made = Scene(day, phone_of(day, day.amina), open_vault(tmp_path), household)
    made.store.make_key(made.holder)
    yield made
    made.store.close()
