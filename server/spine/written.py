"""Which tables a transaction has written, so that only what shows their rows is projected again."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Delete, Insert, Table, TextClause, Update, event, inspect
from sqlalchemy.orm import ORMExecuteState, Session

_KEPT_AS = "written"

SUBJECTS = frozenset({"case", "case_debt", "debt", "account", "liable_party", "residence"})
"""Tables that the view `case_subject` is made of: which people, debts and places a case concerns."""

ASSIGNMENTS = "case_access"
"""A case that was just assigned is projected whole, because while it was not, nothing was."""


class Written:
    """What one session writes, from when it is watched until it ends."""

    def __init__(self, session: Session) -> None:
        """Begin to watch a session."""
        self._tables: set[str] = set()
        self._anything = False
        event.listen(session, "do_orm_execute", self._note_statement)
        event.listen(session, "before_flush", self._note_flush)
        session.info[_KEPT_AS] = self

    def may_show_in(self, reads: frozenset[str] | None) -> bool:
        """Tell whether what was written may show in something made of these tables."""
        anything = self._anything or ASSIGNMENTS in self._tables or reads is None
        return anything or bool(self._tables & (reads or frozenset()))

    def _note_statement(self, state: ORMExecuteState) -> None:
        statement = state.statement
        if isinstance(statement, Insert | Update | Delete):
            table = statement.table
            self._anything = self._anything or not isinstance(table, Table)
            self._tables.add(str(getattr(table, "name", "")))
        elif isinstance(statement, TextClause):
            # What words say cannot be known; only a question is sure to write nothing.
            self._anything = self._anything or not statement.text.lstrip().startswith("SELECT")

    def _note_flush(self, session: Session, *_more: Any) -> None:  # noqa: ANN401 - SQLAlchemy's own
        for row in (*session.new, *session.dirty, *session.deleted):
            self._tables.add(str(inspect(row).mapper.local_table.name))


def written_in(session: Session) -> Written | None:
    """Give what a session is known to have written; none when nobody watched it."""
    found: Written | None = session.info.get(_KEPT_AS)
    return found
