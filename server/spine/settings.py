"""Facts about this office as a whole, kept as rows so that every process reads the same."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from server.spine.tables import SettingRow

FICTIONAL = "fictional"
"""Set to `yes` when everybody in this office is made up; every page then says so."""

OFFICE_NAME = "office_name"
"""What the office calls itself, such as the council's name."""


def setting(session: Session, name: str) -> str | None:
    """Read one fact, if it has been set."""
    return session.scalar(select(SettingRow.value).where(SettingRow.name == name))


def keep_setting(session: Session, name: str, value: str) -> None:
    """Keep one fact."""
    statement = insert(SettingRow).values(name=name, value=value)
    session.execute(statement.on_conflict_do_update(index_elements=["name"], set_={"value": value}))
