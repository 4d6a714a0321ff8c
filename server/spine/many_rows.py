"""Adds many rows to a table by one statement, which is the same however many there are."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any

from sqlalchemy import Text, bindparam, cast, column, func, select, true
from sqlalchemy.dialects.postgresql import JSONB, Insert, insert
from sqlalchemy.orm import Session

from server.spine.database import Row, table_of


def add_rows(session: Session, row: type[Row], rows: Sequence[Mapping[str, Any]]) -> None:
    """Add rows that all give the same columns; nothing when there are none.

    A row apiece would have its values turned into PostgreSQL's words one by one and be planned and
    answered by itself, which costs several times as much. Raises ValueError when they give different
    columns, because what one of them left out would be put in as nothing.
    """
    if rows:
        if any(each.keys() != rows[0].keys() for each in rows):
            raise ValueError(f"rows of {row.__tablename__} give different columns")
        session.execute(adding(row, tuple(rows[0])), values_of(rows))


@cache
def adding(row: type[Row], names: tuple[str, ...]) -> Insert:
    """Put together the statement that adds rows with these columns; it takes what `values_of` gives."""
    table = table_of(row)
    told = (
        func.jsonb_to_recordset(cast(bindparam("rows", type_=Text), JSONB))
        .table_valued(*(column(name, table.c[name].type) for name in names))
        .render_derived(name="told", with_types=True)
    )
    # SQLite, where the simulation keeps its office, wants a condition before "on conflict".
    return insert(table).from_select(names, select(*told.c).where(true()))


def values_of(rows: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Write rows down for a statement of `adding`."""
    return {"rows": json.dumps([dict(row) for row in rows], default=_as_text)}


def _as_text(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    raise TypeError(f"a row may not hold a {type(value).__name__}")
