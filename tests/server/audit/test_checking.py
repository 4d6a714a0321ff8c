"""What somebody changed in the office's own tables is found by holding them against the seal."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import text

from server.audit import checkpoints
from server.audit.chain import link
from server.audit.checking import check_audit
from server.audit.sources import BY_KIND
from server.audit.tables import AuditEntryRow
from server.spine.tables import SyncHeadRow
from shared.errors import RuleBroken
from tests.server.audit.conftest import Ledger
from tests.server.office import new_id

SLIPPED_IN = (
    "INSERT INTO read (user_id, read_at, what, written_in) "
    "VALUES (gen_random_uuid(), now(), 'slipped in', 1)"
)


def wrong_after(ledger: Ledger, *statements: str) -> RuleBroken:
    """Do something as the database's owner, and give what the check says."""
    with ledger.behind_its_back() as session:
        for statement in statements:
            assert session.execute(text(statement)).rowcount > 0  # type: ignore[attr-defined]
    with pytest.raises(RuleBroken) as wrong:
        ledger.check()
    assert wrong.value.sentence()
    return wrong.value


def test_an_office_in_which_nothing_was_touched_is_whole(ledger: Ledger) -> None:
    assert ledger.check().entries == 0
    checkpoint = ledger.sealed()
    ledger.work("Later")
    ledger.sealed()
    found = ledger.check()
    assert found.held == found.entries > checkpoint.entries
    assert (found.checkpoints, found.superseded, found.withheld) == (2, 0, 0)


@pytest.mark.proves("T54")
@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("UPDATE change SET actor_id = gen_random_uuid()", "audit.row_changed"),
        ("UPDATE change SET line = line || '{\"pence\": 1}'", "audit.row_changed"),
        ("UPDATE change SET detail_id = NULL WHERE detail_id IS NOT NULL", "audit.row_changed"),
        ("UPDATE command SET outcome = 'refused'", "audit.row_changed"),
        ("UPDATE read SET subject_id = 'nobody'", "audit.row_changed"),
        ("DELETE FROM read", "audit.row_gone"),
        ("DELETE FROM change WHERE change_id = 1", "audit.row_gone"),
        ("UPDATE detail SET body = 'another text'", "audit.detail_changed"),
        ("UPDATE detail SET body = NULL", "audit.detail_gone"),
        ("UPDATE audit_entry SET hash = repeat('0', 64) WHERE seq = 5", "audit.broken"),
        ("DELETE FROM audit_entry WHERE seq = 1", "audit.out_of_order"),
        ("DELETE FROM audit_entry WHERE kind = 'read'", "audit.cut_short"),
        (SLIPPED_IN, "audit.row_added"),
    ],
)
def test_every_way_to_change_a_row_is_found(ledger: Ledger, statement: str, code: str) -> None:
    ledger.sealed()
    wrong = wrong_after(ledger, statement)
    assert wrong.code == code


@pytest.mark.proves("T54")
def test_history_written_anew_is_found_by_the_copy_that_others_hold(ledger: Ledger) -> None:
    """Its owner changes a row and works the chain out anew, but cannot sign a checkpoint over it."""
    ledger.sealed()
    with ledger.behind_its_back() as session:
        session.execute(text("UPDATE read SET subject_id = 'nobody'"))
        *_, before, last = session.query(AuditEntryRow).order_by(AuditEntryRow.seq)
        (changed,) = BY_KIND["read"].load(session, [str(last.source_key)]).values()
        last.header = changed.header.decode()
        last.hash = link(before.hash, last.commitment, changed.header)
        session.flush()
        session.execute(text("DELETE FROM audit_checkpoint"))
        entries = last.seq
    with pytest.raises(RuleBroken, match=r"audit\.written_anew") as wrong:
        ledger.check()
    assert wrong.value.values["seq"] == entries


def test_an_end_that_was_cut_off_together_with_its_rows_is_found(ledger: Ledger) -> None:
    first = ledger.sealed()
    last = ledger.entries()[-1].written_in
    ledger.work("Cut")
    ledger.sealed()
    sealed = {"last": last, "entries": first.entries}
    with ledger.behind_its_back() as session:
        for statement in (
            "DELETE FROM read WHERE written_in > :last",
            "DELETE FROM change WHERE written_in > :last",
            "DELETE FROM command WHERE written_in > :last",
            "DELETE FROM audit_entry WHERE seq > :entries",
            "DELETE FROM audit_checkpoint WHERE entries > :entries",
        ):
            session.execute(text(statement), sealed)
    with pytest.raises(RuleBroken, match=r"audit\.cut_short") as wrong:
        ledger.check()
    assert wrong.value.values["seq"] == first.entries


def test_a_checkpoint_in_the_table_that_the_office_did_not_sign_is_found(ledger: Ledger) -> None:
    ledger.sealed()
    statement = "UPDATE audit_checkpoint SET head = repeat('0', 64)"
    assert wrong_after(ledger, statement).code == "audit.wrong_signature"


def test_checkpoints_over_what_a_restore_lost_are_counted_and_are_no_alarm(ledger: Ledger) -> None:
    """Two lives of one office: the second stands where the first stood before its last work."""
    first = ledger.sealed()
    (kept,) = ledger.folder.iterdir()
    with ledger.session() as session, session.begin():
        session.query(SyncHeadRow).update({"epoch": new_id()})
    ledger.seal()
    lost = replace(first, entries=first.entries + 5, head="0" * 64, signature="")
    lost = replace(lost, signature=ledger.key.sign(lost.statement))
    kept.with_name(lost.file_name).write_bytes(lost.content)
    ledger.work("Since")
    ledger.sealed()
    found = ledger.check()
    assert found.superseded == 1
    assert found.held == found.entries


def test_a_folder_that_cannot_be_read_is_said(ledger: Ledger) -> None:
    ledger.sealed()
    for path in ledger.folder.iterdir():
        path.unlink()
    ledger.folder.rmdir()
    with pytest.raises(RuleBroken, match=r"audit\.folder_unreadable"):
        ledger.check()


def test_a_checkpoint_of_another_key_is_not_the_offices(ledger: Ledger) -> None:
    ledger.sealed()
    checked = checkpoints.in_folder(
        ledger.folder, checkpoints.read(*ledger.folder.iterdir()).log_id
    )
    assert len(checked) == 1
    with ledger.session() as session, pytest.raises(RuleBroken, match=r"audit\.other_key"):
        check_audit(session, ledger.folder, "A" * 43)
