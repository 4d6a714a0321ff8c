"""An officer's own key is held to their device, and what it has not signed waits for a supervisor."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from sqlalchemy import select, update

from field_client.answers import Answer
from field_client.vault import signing
from field_client.vault.sealed_copies import SealedCopies
from field_client.vault.store import Store
from field_client.vault.telling import Telling
from server.access.device_commands import write_key
from server.access.tables import DeviceRow, OfficerKeyRow, SetAsideRow
from server.spine.tables import ChangeRow
from sync.officer_keys import (
    OFFICER_KEY_BYTES_MAX,
    OFFICER_KEY_PATH,
    Holder,
    OfficerKey,
    fingerprint,
    write_officer_key,
)
from sync.protocol import SYNC_PATH, Request
from sync.sealed import SEALED_PATH, framed, read_answers
from sync.wire import write_request
from tests.field_client.vault.sample import open_vault
from tests.server.access.officer_scene import Scene, scene
from tests.server.day import Day, day, new_id
from tests.server.sealed_work.sealing import seal
from tests.server.visits.phones import phone_of
from tests.server.worktray.test_aside_replay import record, reference, visits

__all__ = ["day", "scene"]


def a_vault(scene_folder: Path, holder: Holder) -> Store:
    scene_folder.mkdir(exist_ok=True)
    store = open_vault(scene_folder)
    store.make_key(holder)
    return store


def test_a_vault_tells_its_officers_key_and_the_office_holds_to_it_and_shows_it(
    scene: Scene,
) -> None:
    page = scene.day.browser(scene.day.administrator).get(f"/devices/{scene.phone.device_id}")
    assert "Not told yet" in page

    assert scene.sync() is None

    (row,) = scene.bound()
    own = scene.own
    assert (row.device_id, row.officer_id) == (scene.phone.device_id, scene.day.amina.user_id)
    assert (own.public_text, row.office) == (signing_text(row), scene.holder.office)
    with scene.day.session() as session:
        changes = session.scalars(select(ChangeRow).where(ChangeRow.name == "OfficerKeyBound"))
        (change,) = changes.all()
        assert change.line["officer_key"] == own.public_text
        assert change.actor_id == scene.day.amina.user_id
    page = scene.day.browser(scene.day.administrator).get(f"/devices/{scene.phone.device_id}")
    assert fingerprint(own.public_text) in page
    assert "Not told yet" not in page
    assert len(fingerprint(own.public_text)) == 19

    for _again in range(3):
        assert scene.sync() is None
    assert scene.asked.count(OFFICER_KEY_PATH) == 2, "again once it knew which life it speaks to"
    assert len(scene.bound()) == 1


def signing_text(row: OfficerKeyRow) -> str:
    return write_key(row.public_key)


def test_what_is_saved_in_the_vault_is_signed_and_its_signature_is_kept(scene: Scene) -> None:
    scene.sync()
    scene.save()
    (signature,) = scene.store.copy().signatures
    assert scene.sync() is None
    (command,) = scene.commands()
    assert (command.outcome, command.code, command.signature) == ("applied", None, signature)


def test_unsigned_work_waits_on_the_supervisors_screen_and_can_be_admitted_there(
    scene: Scene,
) -> None:
    scene.sync()
    scene.save("Said by nobody yet")
    (written,) = scene.store.copy().waiting

    assert scene.push([written]) == [("quarantined", "lane.unsigned")]

    (command,) = scene.commands()
    browser = scene.day.browser(scene.day.supervisor)
    page = browser.get(f"/set-aside/{command.command_id}")
    assert "its officer’s own key has not signed it" in page
    assert "Ask the officer whether it is theirs" in page
    assert "Said by nobody yet" in page
    assert "Put it right and record it" in page
    assert visits(scene.day) == []
    assert scene.sync() is None, "the device keeps it as held by the office"
    held = scene.store.rows("SELECT outcome, code FROM outbox")
    assert held == [("quarantined", "lane.unsigned")]
    case = reference(scene.day, scene.household.case_id)
    said = record(browser, command.command_id, case)
    assert "Recorded in the officer’s name" in browser.get(said)
    (visit,) = visits(scene.day)
    assert (visit.case_id, visit.officer_id) == (
        scene.household.case_id,
        scene.day.amina.user_id,
    )


def test_a_second_key_is_refused_and_its_work_waits_for_a_person(
    scene: Scene, tmp_path: Path
) -> None:
    """Somebody with the device's key makes a vault of their own: the office keeps to the first."""
    scene.sync()
    theirs = Scene(
        scene.day, scene.phone, a_vault(tmp_path / "theirs", scene.holder), scene.household
    )
    theirs.store.put("store_id", new_id())
    assert theirs.own.public_text != scene.own.public_text

    assert theirs.sync() == "sync.officer_key"
    theirs.save()
    assert theirs.sync() == "sync.officer_key"

    (command,) = theirs.commands()
    assert (command.outcome, command.code) == ("quarantined", "lane.wrong_signature")
    assert [kind for kind, _times, _at in theirs.store.defects()] == ["officer_key.other"]
    assert [signing_text(row) for row in scene.bound()] == [scene.own.public_text]
    theirs.store.close()


def test_a_key_is_believed_only_with_its_own_word_for_whom_it_is(scene: Scene) -> None:
    own = scene.own
    good = OfficerKey(officer_key=own.public_text, office=own.holder.office, proof=own.prove())
    other = signing.OwnKey(
        holder=replace(own.holder, officer_id=new_id()), private_key=own.private_key
    )
    elsewhere = replace(good, office="A" * 43)
    for wrong in (
        replace(good, proof=other.prove()),
        replace(good, proof="AAAA"),
        replace(good, officer_key="A" * 42 + "B"),
        elsewhere,
    ):
        assert scene.tell(wrong) == (422, "officer_key.unproven")
    for unreadable in (b"", b"{}", b"[]", write_officer_key(replace(good, officer_key="é"))):
        assert scene.tell(unreadable) == (400, "message.unreadable")
    assert scene.tell(bytes(OFFICER_KEY_BYTES_MAX + 1))[0] == 413
    assert scene.bound() == []
    assert scene.tell(good) == (200, "")
    assert scene.tell(good) == (200, "")
    assert len(scene.bound()) == 1


def test_a_device_that_was_given_no_key_of_the_office_names_none(
    day: Day, tmp_path: Path, scene: Scene
) -> None:
    plain = Scene(
        day, phone_of(day, day.amina), a_vault(tmp_path / "older", scene.holder), scene.household
    )
    own = plain.own
    holder = replace(own.holder, office="", device_id=plain.phone.device_id)
    older = signing.OwnKey(holder=holder, private_key=own.private_key)
    told = OfficerKey(officer_key=own.public_text, office="", proof=older.prove())
    assert plain.tell(told) == (200, "")
    assert [row.office for row in plain.bound()] == [""]
    plain.store.close()


@pytest.mark.parametrize("state", ["pending", "revoked"])
def test_a_device_that_may_not_speak_binds_nothing_and_its_work_keeps_its_signature(
    scene: Scene, state: str
) -> None:
    scene.sync()
    scene.save()
    copy = scene.store.copy()
    with scene.day.session() as session:
        session.execute(update(DeviceRow).values(state=state))
    own = scene.own
    told = OfficerKey(officer_key=own.public_text, office=own.holder.office, proof=own.prove())
    assert scene.tell(told) == (401, f"device.{state}")
    request = Request(
        store_id=scene.store.store_id(),
        epoch=None,
        cursor=0,
        envelopes=copy.waiting,
        signatures=copy.signatures,
    )
    assert scene.send(SYNC_PATH, write_request(request)).status == 401
    with scene.day.session() as session:
        (aside,) = session.scalars(select(SetAsideRow)).all()
        assert (aside.code, aside.signature) == (f"device.{state}", copy.signatures[0])


def test_an_officer_who_no_longer_goes_out_tells_no_key(scene: Scene) -> None:
    gone = scene.day.someone("Gwen Nowhere", ())
    phone = phone_of(scene.day, gone)
    holder = replace(scene.holder, device_id=phone.device_id, officer_id=gone.user_id)
    theirs = signing.OwnKey(holder=holder, private_key=scene.own.private_key)
    told = OfficerKey(officer_key=theirs.public_text, office=holder.office, proof=theirs.prove())
    other = Scene(scene.day, phone, scene.store, scene.household)
    assert other.tell(told) == (409, "authority.lacking")
    assert other.bound() == []


@dataclass
class Answering:
    """An office that says the same whatever it is told."""

    status: int
    asked: int = 0

    def send(self, _path: str, _body: bytes, _content_type: str = "") -> Answer:
        self.asked += 1
        return Answer(status=self.status, body=b"nothing to read")


def test_an_office_from_before_there_were_such_keys_is_asked_once_an_unlocking(
    scene: Scene,
) -> None:
    older = Answering(404)
    telling = Telling(scene.store, older)
    assert [telling.tell(), telling.tell()] == [None, None]
    assert older.asked == 1
    assert Telling(scene.store, older).tell() is None
    assert older.asked == 2


def test_an_office_that_cannot_answer_now_is_told_at_the_next_sync(scene: Scene) -> None:
    busy = Answering(503)
    telling = Telling(scene.store, busy)
    assert [telling.tell(), telling.tell()] == [None, None]
    assert busy.asked == 2
    busy.status = 200
    assert [telling.tell(), telling.tell()] == [None, None]
    assert busy.asked == 3


def test_sealed_copies_carry_the_signature_and_are_held_to_it(scene: Scene, tmp_path: Path) -> None:
    scene.sync()
    scene.save("First")
    scene.save("Second")
    box = scene.day.app.extensions["fieldfare"]["box"]
    SealedCopies(scene.store, tmp_path / "sealed", box.public_text).keep_true()
    first, second = sorted((tmp_path / "sealed").iterdir())
    older = seal(box, scene.store.copy().waiting[1])

    answer = scene.send(SEALED_PATH, framed([first.read_bytes(), older]))

    assert set(read_answers(answer.body)[0].values()) == {"taken"}
    assert [(each.outcome, each.code) for each in scene.commands()] == [
        ("applied", None),
        ("quarantined", "lane.unsigned"),
    ], "what an older program sealed has no signature"
    assert second.exists()
