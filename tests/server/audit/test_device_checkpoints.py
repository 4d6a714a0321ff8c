"""A device notices an office whose sealed history was cut short or written anew, and so does the office."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.orm import Session, sessionmaker

from field_client.answers import Answer
from field_client.vault.history import KNOWN, History
from field_client.vault.store import Store
from server.app import house
from server.audit.chain import beginning, link
from server.audit.tables import AuditCheckpointRow, AuditEntryRow
from server.spine.execute import Door
from server.spine.tables import SyncHeadRow
from server.sync_api.tables import DefectRow
from shared.errors import RuleBroken
from sync.checkpoints import (
    ALARMS,
    CHECKPOINT_PATH,
    OTHER_KEY,
    UNSETTLED_MAX,
    UNSIGNED,
    WITHHELD,
    CheckpointRequest,
    write_request,
)
from tests.field_client.vault.sample import open_vault
from tests.server import office as at_the_door
from tests.server.access.conftest import Office, make_app, office
from tests.server.access.tablet import Tablet, enrolled
from tests.server.audit.conftest import Ledger

__all__ = ["make_app", "office"]

Rows = tuple[list[dict[str, Any]], list[dict[str, Any]]]


@dataclass
class Scene:
    """An office with a sealed history, and a device of an officer of it with a vault of its own."""

    office: Office
    ledger: Ledger
    tablet: Tablet
    device_id: str
    store: Store
    answering: Callable[[Answer], Answer] = field(default=lambda answer: answer)

    def send(self, path: str, body: bytes, content_type: str = "") -> Answer:
        """Carry a request of the vault as its keeper does."""
        assert content_type == "application/json"
        said = self.tablet.post(self.office.app.test_client(), path, body)
        return self.answering(Answer(status=said.status_code, headers={}, body=said.data))

    def look(self) -> str | None:
        """Have the device look as it does beside the first sync of an unlocking; say what it tells."""
        key = self.office.app.extensions["fieldfare"]["seal"].public_text
        problem = History(self.store, self, key).check()
        return problem.code if problem else None

    @property
    def entries(self) -> int:
        """Say how long the history was that this device saw last."""
        known = json.loads(self.store.get(KNOWN) or "{}")
        return int(known.get("entries", 0))

    def alarms(self) -> set[str]:
        return {kind for kind, _times, _at in self.store.defects() if kind in ALARMS}

    def noticed(self) -> list[str]:
        """List what the office noted of this device."""
        with self.office.session() as session:
            return list(session.scalars(select(DefectRow.kind)))

    def restore(self, epoch: str) -> None:
        """Have the office's database begin another life, and seal and sign in it."""
        with self.office.session() as session, session.begin():
            session.execute(update(SyncHeadRow).values(epoch=epoch))

    @contextmanager
    def tampering(self) -> Iterator[Session]:
        """Do what the database's owner can do, and put everything back when the block ends."""
        kept = self._rows()
        with self.office.session() as session, session.begin():
            session.execute(text("SET LOCAL session_replication_role = replica"))
            yield session
        self._kept = kept

    def put_back(self) -> None:
        """Make the history what it was, and forget what was noticed."""
        with self.office.session() as session, session.begin():
            session.execute(text("SET LOCAL session_replication_role = replica"))
            for row, rows in zip((AuditEntryRow, AuditCheckpointRow), self._kept, strict=True):
                session.execute(delete(row))
                session.execute(insert(row), rows)
            session.execute(delete(DefectRow))

    def _rows(self) -> Rows:
        with self.office.session() as session:
            return tuple(  # type: ignore[return-value]
                [dict(each) for each in session.execute(select(row.__table__)).mappings()]
                for row in (AuditEntryRow, AuditCheckpointRow)
            )


@pytest.fixture
def scene(office: Office, tmp_path: Path) -> Iterator[Scene]:
    """Seal some work, sign it, and have a device see that."""
    sessions = sessionmaker(office.engine)
    inside = at_the_door.Office(door=Door(sessions=sessions, house=house()), sessions=sessions)
    ledger = Ledger(inside, tmp_path)
    ledger.work()
    tablet, device_id = enrolled(office, office.person("amina", "officer"))
    ledger.sealed()
    ledger.work("Pugh")
    ledger.sealed()
    store = open_vault(tmp_path)
    with office.session() as session:
        store.put("epoch", str(session.scalar(select(SyncHeadRow.epoch))))
    made = Scene(office, ledger, tablet, device_id, store)
    assert made.look() is None
    assert made.entries > 20
    yield made
    store.close()


def rechain(session: Session, until: int | None = None) -> None:
    """Work the chain out anew, as somebody would who owns the database and knows how it is done."""
    entries = session.scalars(select(AuditEntryRow).order_by(AuditEntryRow.seq)).all()
    head = beginning(str(json.loads(entries[0].header)["log_id"]))
    for entry in entries[:until]:
        head = link(head, entry.commitment, entry.header.encode())
        session.execute(
            update(AuditEntryRow).where(AuditEntryRow.seq == entry.seq).values(hash=head)
        )


def cut(session: Session, at: int) -> None:
    """Take away everything from an entry on, and every checkpoint that speaks of it."""
    session.execute(delete(AuditEntryRow).where(AuditEntryRow.seq >= at))
    session.execute(delete(AuditCheckpointRow).where(AuditCheckpointRow.entries >= at))


def alter(session: Session, at: int) -> None:
    """Change what an entry says, and everything after it so that it fits."""
    entry = session.scalars(select(AuditEntryRow).where(AuditEntryRow.seq == at)).one()
    header = {**json.loads(entry.header), "altered": True}
    written = json.dumps(header, sort_keys=True, separators=(",", ":"))
    session.execute(update(AuditEntryRow).where(AuditEntryRow.seq == at).values(header=written))
    session.expire_all()
    rechain(session)


def take_out(session: Session, at: int) -> None:
    """Take one entry out, and let the others close up."""
    session.execute(delete(AuditEntryRow).where(AuditEntryRow.seq == at))
    session.execute(
        update(AuditEntryRow).where(AuditEntryRow.seq > at).values(seq=-(AuditEntryRow.seq - 1))
    )
    session.execute(
        update(AuditEntryRow).where(AuditEntryRow.seq < 0).values(seq=-AuditEntryRow.seq)
    )
    session.expire_all()
    rechain(session)


def begin_another(session: Session, _at: int) -> None:
    """Pass another log off as this one."""
    first = session.scalars(select(AuditEntryRow).where(AuditEntryRow.seq == 1)).one()
    header = {**json.loads(first.header), "log_id": at_the_door.new_id()}
    written = json.dumps(header, sort_keys=True, separators=(",", ":"))
    session.execute(update(AuditEntryRow).where(AuditEntryRow.seq == 1).values(header=written))
    session.expire_all()
    rechain(session)


TAMPERINGS = (cut, alter, take_out, begin_another)


@pytest.mark.proves("T56")
def test_whatever_is_cut_off_or_written_anew_is_noticed_at_the_next_look(
    scene: Scene, record_property: Callable[[str, object], None]
) -> None:
    tried, noticed = [], []

    @settings(max_examples=100, suppress_health_check=list(HealthCheck))
    @given(data=st.data())
    def one(data: st.DataObject) -> None:
        tamper = data.draw(st.sampled_from(TAMPERINGS))
        at = data.draw(st.integers(2, scene.entries))
        before = scene.store.get(KNOWN)
        with scene.tampering() as session:
            tamper(session, at)
            if data.draw(st.booleans()):
                session.execute(delete(AuditCheckpointRow))
        signed_anew = data.draw(st.booleans())
        try:
            if signed_anew:
                scene.ledger.sign()
            tried.append(f"{tamper.__name__} at {at}, signed anew: {signed_anew}")
            if scene.look() == "sync.history" and scene.noticed():
                noticed.append(tried[-1])
            assert scene.store.get(KNOWN) == before, "what was seen before is the evidence"
        finally:
            scene.put_back()
        assert scene.look() is None, "and once it is as it was, nobody is alarmed any more"

    one()
    record_property("figure", f"{len(noticed)} of {len(tried)} noticed within one look")
    assert len(tried) >= 100
    assert noticed == tried
    assert scene.alarms()


def test_a_history_that_only_grows_alarms_nobody(scene: Scene) -> None:
    for _hour in range(5):
        scene.ledger.work("Osei")
        signed = scene.ledger.sealed()
        assert scene.look() is None
        assert scene.entries == signed.entries
    assert (scene.alarms(), scene.noticed()) == (set(), [])


def test_a_restore_that_was_announced_is_taken_once_a_checkpoint_is_signed_in_its_life(
    scene: Scene,
) -> None:
    seen, epoch = scene.entries, at_the_door.new_id()
    with scene.tampering() as session:
        cut(session, 10)
    scene.restore(epoch)
    scene.store.put("epoch", epoch)
    for _wait in range(UNSETTLED_MAX + 2):
        assert scene.look() is None, "nothing has been signed in this life yet"
    assert scene.entries == seen
    signed = scene.ledger.sealed()
    assert scene.look() is None
    assert scene.entries == signed.entries
    assert json.loads(scene.store.get(KNOWN) or "")["epoch"] == epoch


def test_a_restore_that_no_sync_has_announced_is_noticed(scene: Scene) -> None:
    scene.restore(at_the_door.new_id())
    looks = [scene.look() for _look in range(UNSETTLED_MAX + 1)]
    assert looks == [None] * UNSETTLED_MAX + ["sync.history"]
    assert scene.alarms() == {WITHHELD}


def test_an_office_that_no_longer_answers_is_noticed_and_one_that_never_did_is_not(
    scene: Scene,
) -> None:
    scene.answering = lambda _answer: Answer(status=404, headers={}, body=b"")
    assert [scene.look() for _look in range(UNSETTLED_MAX + 1)][-1] == "sync.history"
    scene.store.put(KNOWN, "")
    scene.answering = lambda answer: answer
    assert scene.look() is None
    scene.store.put(KNOWN, "")
    scene.answering = lambda _answer: Answer(status=200, headers={}, body=b"no message")
    assert {scene.look() for _look in range(UNSETTLED_MAX + 2)} == {None}


def told(answer: Answer, **other: object) -> Answer:
    return replace(answer, body=json.dumps({**json.loads(answer.body), **other}).encode())


@pytest.mark.parametrize(
    "lie",
    [
        {"head": "0" * 64},
        {"seal": ""},
        {"epoch": "00000000-0000-4000-8000-0000000000aa"},
        {"newest": None},
    ],
)
def test_an_answer_that_the_office_did_not_sign_is_an_alarm(
    scene: Scene, lie: Mapping[str, object]
) -> None:
    scene.answering = lambda answer: told(answer, **lie)
    assert scene.look() == "sync.history"
    assert scene.alarms() == {UNSIGNED}


def test_a_checkpoint_signed_by_another_key_is_an_alarm(scene: Scene) -> None:
    with scene.tampering() as session:
        session.execute(update(AuditCheckpointRow).values(public_key="A" * 43))
    assert scene.look() == "sync.history"
    assert scene.alarms() == {UNSIGNED}
    assert scene.noticed() == [OTHER_KEY]


def test_what_the_office_never_signed_raises_no_alarm_there(scene: Scene) -> None:
    known = json.loads(scene.store.get(KNOWN) or "")
    scene.store.put(KNOWN, json.dumps({**known, "head": "0" * 64}))
    assert scene.look() == "sync.history"
    assert scene.noticed() == []


def test_an_office_that_cannot_be_reached_is_no_alarm_and_is_asked_again_later(
    scene: Scene,
) -> None:
    def nobody(_answer: Answer) -> Answer:
        raise RuleBroken("office.unreachable")

    scene.answering = nobody
    with pytest.raises(RuleBroken, match=r"office\.unreachable"):
        scene.look()
    scene.answering = lambda answer: answer
    assert scene.look() is None


def test_the_office_is_asked_no_more_often_than_it_signs_and_only_by_who_can_check_it(
    scene: Scene,
) -> None:
    asked: list[Answer] = []

    def counted(answer: Answer) -> Answer:
        asked.append(answer)
        return answer

    scene.answering = counted
    key = scene.office.app.extensions["fieldfare"]["seal"].public_text
    history = History(scene.store, scene, key)
    assert (history.check(), history.check(), len(asked)) == (None, None, 1)
    assert (History(scene.store, scene, "").check(), len(asked)) == (None, 1)


def test_a_device_that_may_not_speak_is_shown_no_checkpoint(scene: Scene) -> None:
    client = scene.office.app.test_client()
    body = write_request(CheckpointRequest(store_id=scene.device_id, nonce=scene.device_id))
    pending, _device_id = enrolled(
        scene.office, scene.office.person("bryn", "officer"), approved=False
    )
    answer = pending.post(client, CHECKPOINT_PATH, body)
    assert (answer.status_code, answer.get_json()["code"]) == (401, "device.pending")
    answer = scene.tablet.post(client, CHECKPOINT_PATH, b"{}")
    assert (answer.status_code, answer.get_json()["code"]) == (400, "message.unreadable")


def test_before_anything_is_sealed_there_is_nothing_to_keep(office: Office, tmp_path: Path) -> None:
    tablet, device_id = enrolled(office, office.person("amina", "officer"))
    store = open_vault(tmp_path)
    with office.session() as session:
        store.put("epoch", str(session.scalar(select(SyncHeadRow.epoch))))
    sessions = sessionmaker(office.engine)
    inside = at_the_door.Office(door=Door(sessions=sessions, house=house()), sessions=sessions)
    scene = Scene(office, Ledger(inside, tmp_path), tablet, device_id, store)
    assert (scene.look(), scene.entries) == (None, 0)
    store.close()
