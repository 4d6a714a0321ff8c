"""Everything the office records is sealed once, in one order, and nothing before it is surely there."""

from __future__ import annotations

import json
from collections import Counter

from sqlalchemy import func, insert, select, text

from server.audit import sealing
from server.audit.chain import NOTHING
from server.spine import database, database_roles
from server.spine.many_rows import add_rows
from server.spine.tables import ChangeRow, CommandRow, DetailRow, ReadRow, SyncHeadRow
from tests.server.audit.conftest import Ledger
from tests.server.office import new_id


def recorded(ledger: Ledger) -> Counter[str]:
    """Count the rows of the office that are to be sealed."""
    rows = {"command": CommandRow, "change": ChangeRow, "read": ReadRow}
    with ledger.session() as session:
        return Counter(
            {
                kind: session.scalar(select(func.count()).select_from(row)) or 0
                for kind, row in rows.items()
            }
        )


def test_every_command_change_and_read_is_sealed_once_and_nothing_is_left(ledger: Ledger) -> None:
    there = recorded(ledger)
    assert min(there.values()) > 0
    assert ledger.seal() == there.total() + 1
    headers = ledger.headers()
    assert Counter(header["kind"] for header in headers) == there + Counter(log=1)
    assert headers[0]["what"] == "begun"
    assert len({(header["kind"], str(header.get("id"))) for header in headers}) == len(headers)
    assert ledger.seal() == 0
    ledger.work("Later")
    assert ledger.seal() == (recorded(ledger) - there).total()
    assert ledger.check().entries == recorded(ledger).total() + 1


def test_an_entry_says_who_did_what_to_whom_and_holds_no_text(ledger: Ledger) -> None:
    ledger.work("Unmistakable")
    ledger.seal()
    headers = ledger.headers()
    opened = next(h for h in headers if h["kind"] == "change" and h["what"] == "PersonOpened")
    assert opened["actor"] == ledger.office.actor.user_id
    assert opened["people"]
    asked = next(h for h in headers if h.get("id") == opened["command"])
    assert (asked["kind"], asked["what"], asked["outcome"]) == ("command", "OpenPerson", "applied")
    assert headers.index(asked) < headers.index(opened)
    written = json.dumps(headers)
    assert "Unmistakable" not in written
    assert any(entry.commitment != NOTHING for entry in ledger.entries())


def test_small_batches_seal_in_the_same_order_as_one(ledger: Ledger) -> None:
    ledger.work("Second")
    rows = sealing.after(sealing.FIRST)
    with ledger.session() as session:
        order = session.execute(
            select(rows.c.turn, rows.c.key).order_by(rows.c.written_in, rows.c.turn, rows.c.key)
        ).all()
    ledger.seal(rows_max=3)
    sealed = [
        (sealing.BY_KIND[entry.kind].turn, entry.source_key) for entry in ledger.entries()[1:]
    ]
    assert sealed == [tuple(row) for row in order]


def test_what_another_transaction_may_still_come_before_is_not_sealed_yet(ledger: Ledger) -> None:
    ledger.seal()
    with ledger.session() as slow, ledger.session() as quick:
        for session, what in ((slow, "slow"), (quick, "quick")):
            session.execute(insert(ReadRow).values(user_id=new_id(), read_at=ledger.now, what=what))
        quick.commit()
        assert ledger.seal(meanwhile=True) == 0
        slow.commit()
    assert ledger.seal() == 2
    assert [header["what"] for header in ledger.headers()[-2:]] == ["slow", "quick"]


def test_of_two_who_would_seal_at_once_one_does(ledger: Ledger) -> None:
    with ledger.session() as one, ledger.session() as other:
        assert sealing.alone(one)
        assert not sealing.alone(other)
        one.rollback()
        assert sealing.alone(other)


def test_what_an_office_held_before_it_was_upgraded_is_sealed_as_it_was_found(
    ledger: Ledger, database_url: str
) -> None:
    there = recorded(ledger)
    database.unmigrate(database_url, "0015")
    database.migrate(database_url)
    database_roles.grant(database_url)
    assert ledger.seal(rows_max=4) == there.total() + 1
    assert len({entry.written_in for entry in ledger.entries()[1:]}) == 1
    ledger.work("After")
    ledger.seal(rows_max=4)
    assert ledger.check().entries == recorded(ledger).total() + 1


def test_a_text_that_was_erased_before_it_was_sealed_is_sealed_as_nothing(ledger: Ledger) -> None:
    with ledger.session() as session, session.begin():
        session.execute(text("UPDATE detail SET salt = NULL, body = NULL, erased_at = now()"))
    ledger.seal()
    assert {entry.commitment for entry in ledger.entries()} == {NOTHING}
    assert ledger.check().withheld == 0


def test_an_office_with_another_epoch_writes_first_that_it_was_restored(ledger: Ledger) -> None:
    ledger.seal()
    (before,) = {h["epoch"] for h in ledger.headers() if h["kind"] == "log"}
    epoch = new_id()
    with ledger.session() as session, session.begin():
        session.query(SyncHeadRow).update({"epoch": epoch})
    ledger.work("Afterwards")
    ledger.seal()
    restored = next(header for header in ledger.headers() if header["what"] == "restored")
    assert (restored["epoch_before"], restored["epoch"]) == (before, epoch)
    assert ledger.seal() == 0


def test_rows_that_are_added_many_at_a_time_bear_their_transaction(ledger: Ledger) -> None:
    with ledger.session() as session, session.begin():
        mine = session.scalar(text("SELECT pg_current_xact_id()::text::bigint"))
        add_rows(
            session,
            ReadRow,
            [{"user_id": new_id(), "read_at": ledger.now, "what": "many"} for _ in range(3)],
        )
        written = session.scalars(select(ReadRow.written_in).where(ReadRow.what == "many")).all()
    assert written == [mine] * 3


def test_an_envelope_of_a_device_is_sealed_with_its_command(ledger: Ledger) -> None:
    with ledger.behind_its_back() as session:
        detail_id = session.scalar(
            insert(DetailRow)
            .values(salt=b"s" * 16, body=b"an envelope")
            .returning(DetailRow.detail_id)
        )
        session.query(CommandRow).filter_by(name="OpenPerson").update({"detail_id": detail_id})
    ledger.seal()
    entry = next(e for e in ledger.entries() if e.kind == "command" and e.detail_id == detail_id)
    assert entry.commitment != NOTHING
    assert ledger.check().entries == len(ledger.entries())
