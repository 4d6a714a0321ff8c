"""What is sealed: the rows of commands, changes and reads, each as a header of ids and codes.

A header holds what stays when a person's text is erased. What an answer's sentence was filled in
with, and the hash a command is known again by, are left out: both can be guessed at.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    String,
    Subquery,
    and_,
    cast,
    func,
    literal,
    literal_column,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import Session

from server.audit.chain import header_bytes
from server.spine.tables import ChangeRow, CommandRow, DetailRow, ReadRow


class Place(NamedTuple):
    """Where a row stands in the one order in which rows are sealed."""

    written_in: int
    turn: int
    key: str


FIRST = Place(0, 0, "")
"""Before every row."""

KEY_DIGITS = 19
"""As many as the greatest number has."""


@dataclass(frozen=True, kw_only=True)
class Sealable:
    """One row as it is sealed, with the text that is kept apart from it."""

    header: bytes
    detail_id: int | None = None
    salt: bytes | None = None
    body: bytes | None = None
    erased: bool = False


@dataclass(frozen=True, kw_only=True)
class Source:
    """One of the tables whose rows are sealed."""

    kind: str
    turn: int
    row: type[CommandRow | ChangeRow | ReadRow]
    id: Any
    at: Any
    header: Callable[[Any], Mapping[str, Any]]
    numbered: bool = True
    """Its rows have numbers, not ids."""
    has_detail: bool = True

    @property
    def key(self) -> ColumnElement[str]:
        """Write a row's id as an entry names it: a text, and texts of it sort as the ids do."""
        text = cast(self.id, String)
        return (func.lpad(text, KEY_DIGITS, "0") if self.numbered else text).collate("C")

    def is_after(self, place: Place) -> ColumnElement[bool]:
        """Ask whether a row comes after a place."""
        column = self.row.written_in
        if self.turn < place.turn:
            return column > place.written_in
        if self.turn > place.turn:
            return column >= place.written_in
        same = and_(column == place.written_in, self.key > place.key)
        return or_(column > place.written_in, same)

    def load(self, session: Session, keys: Collection[str]) -> dict[str, Sealable]:
        """Load rows by their keys, with the text that is kept apart from them."""
        ids: list[Any] = [int(key) for key in keys] if self.numbered else list(keys)
        statement = select(self.row, self.id)
        if self.has_detail:
            statement = statement.add_columns(DetailRow).outerjoin(
                DetailRow,
                DetailRow.detail_id == self.row.detail_id,  # type: ignore[union-attr]
            )
        found: dict[str, Sealable] = {}
        for row, id_, *details in session.execute(statement.where(self.id.in_(ids))):
            detail: DetailRow | None = details[0] if details else None
            key = f"{id_:0{KEY_DIGITS}d}" if self.numbered else id_
            found[key] = Sealable(
                header=header_bytes(self.header(row)),
                detail_id=detail.detail_id if detail else None,
                salt=detail.salt if detail else None,
                body=detail.body if detail else None,
                erased=detail is not None and detail.erased_at is not None,
            )
        return found


def _of_command(row: CommandRow) -> Mapping[str, Any]:
    return {
        "kind": "command",
        "id": row.command_id,
        "what": row.name,
        "actor": row.actor_id,
        "device": row.device_id,
        "store": row.store_id,
        "lane": row.lane,
        "lane_seq": row.seq,
        "case": row.case_id,
        "happened_at": _moment(row.happened_at),
        "at": _moment(row.received_at),
        "outcome": row.outcome,
        "code": row.code,
        "flags": list(row.flags),
        "commit": row.commit_number,
        **({} if row.signature is None else {"signature": row.signature}),
    }


def _of_change(row: ChangeRow) -> Mapping[str, Any]:
    return {
        "kind": "change",
        "id": row.change_id,
        "command": row.command_id,
        "position": row.position,
        "what": row.name,
        "actor": row.actor_id,
        "happened_at": _moment(row.happened_at),
        "at": _moment(row.recorded_at),
        "cases": list(row.case_ids),
        "accounts": list(row.account_ids),
        "debts": list(row.debt_ids),
        "people": list(row.person_ids),
        "line": row.line,
    }


def _of_read(row: ReadRow) -> Mapping[str, Any]:
    return {
        "kind": "read",
        "id": row.read_id,
        "what": row.what,
        "actor": row.user_id,
        "device": row.device_id,
        "subject": row.subject_id,
        "results": row.results,
        "at": _moment(row.read_at),
    }


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


SOURCES: tuple[Source, ...] = (
    Source(
        kind="command",
        turn=1,
        row=CommandRow,
        id=CommandRow.command_id,
        at=CommandRow.received_at,
        header=_of_command,
        numbered=False,
    ),
    Source(
        kind="change",
        turn=2,
        row=ChangeRow,
        id=ChangeRow.change_id,
        at=ChangeRow.recorded_at,
        header=_of_change,
    ),
    Source(
        kind="read",
        turn=3,
        row=ReadRow,
        id=ReadRow.read_id,
        at=ReadRow.read_at,
        header=_of_read,
        has_detail=False,
    ),
)
"""In their order: of one transaction, commands come before what they changed."""

BY_KIND = {source.kind: source for source in SOURCES}
BY_TURN = {source.turn: source for source in SOURCES}

OVER = literal_column("pg_snapshot_xmin(pg_current_snapshot())::text::bigint", BigInteger)
"""Every transaction before this one has ended, and no row of theirs can come to light any more."""


def after(place: Place, *, until: int | None = None) -> Subquery:
    """Select the places of the rows after one, with when each was recorded."""
    parts = []
    for source in SOURCES:
        column = source.row.written_in
        wanted = select(
            column.label("written_in"),
            literal(source.turn).label("turn"),
            source.key.label("key"),
            source.at.label("at"),
        ).where(column >= place.written_in, source.is_after(place))
        parts.append(wanted if until is None else wanted.where(column < until))
    return union_all(*parts).subquery("rows")


def count_until(session: Session, place: Place) -> dict[str, int]:
    """Count the rows of each kind up to a place."""
    return {
        source.kind: session.scalar(
            select(func.count()).select_from(source.row).where(~source.is_after(place))
        )
        or 0
        for source in SOURCES
    }
