"""Checkpoints are signed in time, put where others keep them, and what stands in the way is said."""

from __future__ import annotations

import json
import logging
from datetime import timedelta
from pathlib import Path

import pytest

from server.audit import checkpoints
from server.audit.checkpoints import DIFFERS, EVERY, UNWRITABLE
from server.audit.tables import AuditCheckpointRow
from server.spine.office_seal import load
from tests.server.audit.conftest import Ledger


def kept(ledger: Ledger) -> list[AuditCheckpointRow]:
    with ledger.session() as session:
        found = session.query(AuditCheckpointRow).order_by(AuditCheckpointRow.entries).all()
        session.expunge_all()
        return found


def test_a_checkpoint_is_due_after_an_hour_or_after_many_entries(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ledger.sign(at_once=False) is None
    ledger.seal()
    assert ledger.sign(at_once=False) is not None
    ledger.now += EVERY
    assert ledger.sign(at_once=True) is None, "nothing was sealed since"
    ledger.now -= EVERY
    ledger.work("Second")
    ledger.seal()
    assert ledger.sign(at_once=False) is None
    ledger.now += EVERY
    assert ledger.sign(at_once=False) is not None
    ledger.work("Third")
    ledger.seal()
    assert ledger.sign(at_once=False) is None
    monkeypatch.setattr(checkpoints, "ENTRIES_MAX", 3)
    assert ledger.sign(at_once=False) is not None
    assert [row.copied_to for row in kept(ledger)] == [str(ledger.folder)] * 3


def test_a_copy_is_the_checkpoint_itself_and_is_written_whole(ledger: Ledger) -> None:
    signed = ledger.sealed()
    (path,) = ledger.folder.iterdir()
    assert path.read_bytes() == signed.content
    assert checkpoints.read(path) == signed
    assert signed.is_signed
    assert signed.public_key == ledger.key.public_text
    assert json.loads(path.read_bytes())["entries"] == len(ledger.entries())
    assert ledger.copy() == 0


def test_the_key_of_checkpoints_is_not_the_one_of_receipts(tmp_path: Path, ledger: Ledger) -> None:
    secrets = ledger.root / "secrets"
    assert load(secrets).public != ledger.key.public
    assert (secrets / "audit").stat().st_mode & 0o077 == 0
    assert load(secrets, "audit").public == ledger.key.public


def test_a_folder_that_is_not_there_is_an_error_in_the_log_until_it_is(
    ledger: Ledger, caplog: pytest.LogCaptureFixture
) -> None:
    ledger.folder.rmdir()
    with caplog.at_level(logging.ERROR):
        ledger.sealed()
    assert UNWRITABLE in {getattr(record, "code", None) for record in caplog.records}
    assert [row.problem for row in kept(ledger)] == [UNWRITABLE]
    ledger.work("Meanwhile")
    ledger.sealed()
    assert [row.copied_to for row in kept(ledger)] == [None, None]
    ledger.folder.mkdir()
    assert ledger.copy() == 2
    assert [row.problem for row in kept(ledger)] == [None, None]
    assert len(list(ledger.folder.iterdir())) == 2


def test_a_file_that_is_there_already_is_never_written_over(
    ledger: Ledger, caplog: pytest.LogCaptureFixture
) -> None:
    ledger.seal()
    with ledger.session() as session, session.begin():
        signed = checkpoints.sign(session, ledger.key, ledger.now, at_once=True)
    assert signed is not None
    path = ledger.folder / signed.file_name
    path.write_text("something else")
    ledger.copy()
    assert path.read_text() == "something else"
    assert [row.problem for row in kept(ledger)] == [DIFFERS]
    assert DIFFERS in {getattr(record, "code", None) for record in caplog.records}
    ledger.now += timedelta(hours=1)
    ledger.work("Later")
    ledger.sealed()
    assert kept(ledger)[-1].copied_to == str(ledger.folder), "the next is put there all the same"


def test_another_folder_is_given_every_checkpoint(ledger: Ledger) -> None:
    ledger.sealed()
    ledger.work("Second")
    ledger.sealed()
    other = ledger.root / "other"
    other.mkdir()
    with ledger.session() as session, session.begin():
        assert checkpoints.copy_all(session, other, ledger.now) == 2
    assert len(list(other.iterdir())) == 2
