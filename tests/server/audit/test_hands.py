"""An export shows whose hand signed what came from a device, to whoever has it and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import sessionmaker

from server.audit.chain import Entry, header_bytes
from server.audit.hands import Hands
from server.audit.verifying import verify
from shared.errors import RuleBroken
from tests.server import office as at_the_door
from tests.server.access.officer_scene import Scene, scene
from tests.server.audit.conftest import Ledger
from tests.server.day import day

__all__ = ["day", "scene"]


def test_whoever_has_an_export_can_check_whose_hand_signed(scene: Scene, tmp_path: Path) -> None:
    scene.sync()
    scene.save("First")
    scene.save("Second")
    scene.sync()
    scene.save("Third")
    scene.push(scene.store.copy().waiting)
    door = scene.day.app.extensions["fieldfare"]["door"]
    sessions: sessionmaker[Any] = door.sessions
    ledger = Ledger(at_the_door.Office(door=door, sessions=sessions), tmp_path)
    with scene.day.app.app_context():
        checkpoint = ledger.sealed()
        assert verify(ledger.exported(), [checkpoint]).signed == 2
        assert verify(ledger.exported(details=False), [checkpoint]).signed == 0
        assert ledger.check().entries == checkpoint.entries, "the rows say what was sealed"


def entry(seq: int, header: dict[str, Any], detail: bytes | None = None) -> Entry:
    return Entry(
        seq=seq,
        header=header_bytes(header),
        commitment="",
        hash="",
        detail=None if detail is None else (b"", detail),
    )


def test_another_hand_in_a_history_is_named_with_its_entry(scene: Scene) -> None:
    scene.sync()
    scene.save("First")
    scene.save("Second")
    copy = scene.store.copy()
    own = scene.own
    line = {
        "device_id": own.holder.device_id,
        "officer_id": own.holder.officer_id,
        "office": own.holder.office,
        "officer_key": own.public_text,
    }
    bound = entry(1, {"kind": "change", "what": "OfficerKeyBound", "line": line})
    told = {
        "kind": "command",
        "what": "RecordVisit",
        "device": own.holder.device_id,
        "store": scene.store.store_id(),
        "lane": "ordinary",
        "lane_seq": 1,
        "code": None,
        "signature": copy.signatures[0],
    }
    for wrong, written in (
        ({"signature": copy.signatures[1]}, copy.waiting[0]),
        ({"lane_seq": 2}, copy.waiting[0]),
        ({"signature": 7}, copy.waiting[0]),
        ({"store": None}, copy.waiting[0]),
        ({}, copy.waiting[1]),
    ):
        hands = Hands()
        hands.passed(bound)
        hands.passed(entry(2, told, copy.waiting[0]))
        assert hands.signed == 1
        with pytest.raises(RuleBroken, match="The command of entry 3 is not signed"):
            hands.passed(entry(3, {**told, **wrong}, written))
    with pytest.raises(RuleBroken, match="entry 9"):
        Hands().passed(entry(9, {"kind": "change", "what": "OfficerKeyBound", "line": 1}))
    hands = Hands()
    hands.passed(entry(1, told, copy.waiting[1]))
    hands.passed(bound)
    hands.passed(entry(2, {**told, "code": "lane.wrong_signature"}, copy.waiting[1]))
    hands.passed(entry(3, told, b"no envelope"))
    assert hands.signed == 0, "before a key was told, or where the office said so itself"
