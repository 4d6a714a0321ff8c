"""Rows that are added together are in the table as they were given, or none of them is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import event, func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, sessionmaker

from server.spine.many_rows import add_rows
from server.spine.tables import CommandRow
from tests.server.office import new_id

LATE = datetime(2026, 10, 25, 2, 30, 0, 123456, tzinfo=timezone(timedelta(hours=1)))


def command(**changes: Any) -> dict[str, Any]:
    return {
        "command_id": new_id(),
        "payload_hash": "a" * 64,
        "name": "RecordVisit",
        "actor_id": new_id(),
        "device_id": None,
        "seq": 2**53 + 1,
        "happened_at": LATE,
        "received_at": datetime(2026, 3, 1, tzinfo=UTC),
        "outcome": "applied",
        "code": None,
        "values": {"said": 'ŵ "quoted" \\ \n', "more": [1, None, {"deep": True}]},
        "flags": ["late_work", 'a,"b"'],
    } | changes


def test_every_value_comes_back_as_it_was_given(sessions: sessionmaker[Session]) -> None:
    rows = [command(), command(flags=[], values={}, code="a", device_id=new_id(), seq=None)]
    with sessions() as session, session.begin():
        add_rows(session, CommandRow, rows)
    with sessions() as session:
        for row in rows:
            kept = session.get_one(CommandRow, row["command_id"])
            assert {name: getattr(kept, name) for name in row} == row


def test_however_many_there_are_it_is_one_statement_of_the_same_words(
    sessions: sessionmaker[Session],
) -> None:
    asked: list[str] = []
    with sessions() as session, session.begin():
        connection = session.connection()

        @event.listens_for(connection, "before_cursor_execute")
        def note(_c: object, _cursor: object, statement: str, *_more: object) -> None:
            asked.append(statement)

        for count in (1, 40, 0):
            add_rows(session, CommandRow, [command() for _ in range(count)])
    assert len(asked) == 2
    assert len(set(asked)) == 1


@pytest.mark.parametrize(
    "wrong",
    [{"outcome": "x" * 21}, {"code": "a\0b"}, {"code": "\ud800"}, {"name": None}],
    ids=["too long", "a null character", "half a character", "nothing where something must be"],
)
def test_one_row_that_cannot_be_kept_keeps_all_of_them_out(
    sessions: sessionmaker[Session], wrong: dict[str, Any]
) -> None:
    with pytest.raises(DBAPIError), sessions() as session, session.begin():
        add_rows(session, CommandRow, [command(), command(**wrong)])
    with sessions() as session:
        assert session.scalar(select(func.count()).select_from(CommandRow)) == 0


def test_what_nobody_has_said_how_to_write_is_our_fault_and_not_written(
    sessions: sessionmaker[Session],
) -> None:
    with pytest.raises(TypeError, match="Decimal"), sessions() as session, session.begin():
        add_rows(session, CommandRow, [command(values={"pence": Decimal(1)})])


def test_rows_that_give_different_columns_are_not_taken(sessions: sessionmaker[Session]) -> None:
    whole = command()
    short = {name: value for name, value in command().items() if name != "code"}
    with pytest.raises(ValueError, match="different columns"), sessions() as session:
        add_rows(session, CommandRow, [whole, short])
