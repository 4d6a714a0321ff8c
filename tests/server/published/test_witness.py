"""The witness sees every row that is written, and tells what is only counted from what is changed."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from tests.conftest import connection_string
from tests.server.day import Day
from tests.server.published.calls import unbidden
from tests.server.published.witness import Witness
from tests.server.visits.phones import phone_of

WRITES = {
    "UPDATE device SET seen_at = now()": "COUNT device",
    "UPDATE device SET seen_at = now(), name = 'Red tablet 5'": "UPDATE device",
    "DELETE FROM device": "DELETE device",
    "INSERT INTO attempt (what, who, made_at) VALUES ('sign_in', 'x', now())": "INSERT attempt",
    "TRUNCATE attempt": "TRUNCATE attempt",
}


def test_each_write_is_seen_once_and_changes_what_the_rows_come_to(day: Day) -> None:
    phone_of(day, day.amina)
    with Witness(connection_string(day.url)) as witness:
        assert witness.written() == set()
        for statement, said in WRITES.items():
            before = witness.rows()
            with day.behind_its_back() as session:
                session.execute(text("SET LOCAL session_replication_role = origin"))
                session.execute(text(statement))
            assert witness.written() == {said}
            assert witness.written() == set()
            moved = {table for table, rows in witness.rows().items() if rows != before[table]}
            assert {table for _schema, table in moved} == {said.partition(" ")[2]}


@pytest.mark.parametrize(
    ("caller", "status", "refused", "wrong"),
    [
        ("signed", 200, "", set()),
        ("signed", 409, "", {"UPDATE visit", "DELETE blob_part"}),
        ("signed", 460, "blob.damaged", {"UPDATE visit"}),
        ("forged", 200, "", {"INSERT nonce", "COUNT device", "UPDATE visit", "DELETE blob_part"}),
        ("unsigned", 401, "", {"INSERT nonce", "COUNT device", "UPDATE visit", "DELETE blob_part"}),
    ],
)
def test_what_a_call_may_write_depends_on_who_makes_it_and_on_the_answer(
    caller: str, status: int, refused: str, wrong: set[str]
) -> None:
    written = {
        "INSERT nonce",
        "COUNT device",
        "UPDATE sync_failure",
        "UPDATE visit",
        "DELETE blob_part",
    }
    assert unbidden(written, caller, status, refused) == wrong
