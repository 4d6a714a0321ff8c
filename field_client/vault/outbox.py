"""Tells in order what this device has saved, what the office said of each, and what still waits."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from field_client.vault import photographs
from field_client.vault.photographs import KeptPhotograph
from field_client.vault.store import Store
from shared.commands import Outcome
from shared.refused import RecordRefusalAnswer
from sync.protocol import Receipt


class State(StrEnum):
    """Where one thing stands on its way, in the five words the officer knows."""

    SAVED = "saved"
    SENDING = "sending"
    RECEIVED = "received"
    NEEDS_YOU = "needs_you"
    HELD = "held"


_STATES: dict[Outcome, State] = {
    Outcome.APPLIED: State.RECEIVED,
    Outcome.MERGED: State.RECEIVED,
    Outcome.NO_CHANGE: State.RECEIVED,
    Outcome.FLAGGED: State.RECEIVED,
    Outcome.DUPLICATE: State.RECEIVED,
    Outcome.REVIEW: State.HELD,
    Outcome.REFUSED: State.NEEDS_YOU,
    Outcome.QUARANTINED: State.HELD,
}

NOT_TAKEN_MAX = 20
"""Things the office did not take that a case's page lists."""

_WORST_FIRST = (State.NEEDS_YOU, State.HELD, State.SENDING, State.SAVED, State.RECEIVED)


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One command with the office's answer to it, if there is one."""

    command_id: str
    case_id: str
    name: str
    saved_at: datetime
    body: Mapping[str, Any]
    state: State
    outcome: Outcome | None = None
    code: str | None = None
    flags: tuple[str, ...] = ()
    said: Mapping[str, Any] = field(default_factory=dict)
    received_at: datetime | None = None
    sealed: bool = False
    settled_at: datetime | None = None

    @property
    def receipt_number(self) -> str | None:
        """Give the number to read out that shows that the office has it; none before its answer."""
        if self.outcome is None:
            return None
        return Receipt(command_id=self.command_id, outcome=self.outcome).number


@dataclass(frozen=True, kw_only=True)
class Item:
    """What was saved with one press: its commands, and the photographs that follow them."""

    item_id: str
    entries: tuple[Entry, ...]
    photographs_waiting: int = 0
    photographs_refused: tuple[KeptPhotograph, ...] = ()

    @property
    def first(self) -> Entry:
        """Give the command the others belong to."""
        return self.entries[0]

    @property
    def state(self) -> State:
        """Say the state that matters most; an item is received when all of it is."""
        if any(photograph.needs_you for photograph in self.photographs_refused):
            return State.NEEDS_YOU
        states = {entry.state for entry in self.entries}
        if states == {State.RECEIVED} and self.photographs_waiting:
            return State.SAVED
        return next(state for state in _WORST_FIRST if state in states)

    @property
    def settled(self) -> bool:
        """Tell whether the officer has said that its refusals are dealt with."""
        return all(e.settled_at for e in self.entries if e.outcome is Outcome.REFUSED)

    @property
    def dealt_with(self) -> bool:
        """Tell whether nothing of it that needed the officer is left: no refusal, nothing unread."""
        needing = [entry for entry in self.entries if entry.state is State.NEEDS_YOU]
        return all(entry.settled_at for entry in needing) and not self.photographs_refused


_PICTURE_REFUSED = "refused IS NOT NULL AND settled_at IS NULL"

_DECIDED = (
    "(settled_at IS NULL AND (outcome = 'quarantined' AND command_id IN "
    "(SELECT record_id FROM record WHERE kind = 'set_aside') "
    "OR outcome = 'review' AND (SELECT min(NOT json_extract(body, '$.open')) "
    "FROM record WHERE record.kind = 'conflict' AND record.case_id = outbox.case_id "
    "AND json_extract(body, '$.command_id') = outbox.command_id)))"
)
"""That somebody at the office has decided everything a command differed about, or has dealt with what
was held, and it is not read yet."""

_REFUSED = "outcome = 'refused' AND settled_at IS NULL"

_COLUMNS = (
    "command_id, coalesce(group_id, command_id), case_id, name, saved_at, written, outcome, code, "
    f"flags, said, seal_id IS NOT NULL, {_DECIDED}, received_at, settled_at"
)

_NEEDS_YOU = (
    f"({_REFUSED} OR {_DECIDED} OR coalesce(group_id, '') IN "  # noqa: S608 - our own words
    f"(SELECT visit_id FROM photograph WHERE {_PICTURE_REFUSED}))"
)


def count(store: Store) -> int:
    """Count the items."""
    return int(
        store.rows("SELECT count(DISTINCT coalesce(group_id, command_id)) FROM outbox")[0][0]
    )


def some(store: Store, sending: Collection[str], *, first: int, rows_max: int = 50) -> list[Item]:
    """Give some of the items: what needs the officer, then what waits, then the latest saved."""
    with store.transaction():
        ids = store.rows(
            "SELECT coalesce(group_id, command_id) AS item FROM outbox GROUP BY item "  # noqa: S608 - our own words
            f"ORDER BY max({_NEEDS_YOU}) DESC, max(outcome IS NULL) DESC, "
            "max(rowid) DESC LIMIT ? OFFSET ?",
            (rows_max, first),
        )
        return [item for (id_,) in ids if (item := find(store, id_, sending))]


def needing_you(store: Store) -> list[Item]:
    """List the items with a refusal nobody has dealt with."""
    ids = store.rows(
        "SELECT coalesce(group_id, command_id) AS item FROM outbox "  # noqa: S608 - our own words
        f"WHERE {_NEEDS_YOU} GROUP BY item ORDER BY min(rowid)"
    )
    return [item for (item_id,) in ids if (item := find(store, item_id, ()))]


def not_taken(store: Store, case_id: str) -> list[Item]:
    """List what the office did not take of a case, dealt with or not, the latest first.

    What was refused or set aside stands in no record, so without this a case would not show it.
    """
    ids = store.rows(
        "SELECT coalesce(group_id, command_id) AS item FROM outbox WHERE case_id = ? "
        "AND outcome IN ('refused', 'quarantined') GROUP BY item ORDER BY max(rowid) DESC LIMIT ?",
        (case_id, NOT_TAKEN_MAX),
    )
    return [item for (item_id,) in ids if (item := find(store, item_id, ()))]


def answered_refusal(store: Store, item: Item) -> Item | None:
    """Find what the officer said is to become of an item that was refused."""
    refused = {entry.command_id for entry in item.entries}
    rows = store.rows(
        "SELECT command_id FROM outbox WHERE case_id = ? AND name = ? ORDER BY rowid DESC",
        (item.first.case_id, RecordRefusalAnswer.name),
    )
    said = (find(store, command_id, ()) for (command_id,) in rows)
    return next((each for each in said if each and each.first.body["refused_id"] in refused), None)


def find(store: Store, item_id: str, sending: Collection[str]) -> Item | None:
    """Find one item by its id."""
    rows = store.rows(
        f"SELECT {_COLUMNS} FROM outbox WHERE group_id = ?1 OR command_id = ?1 ORDER BY rowid",  # noqa: S608 - our own words
        (item_id,),
    )
    if not rows:
        return None
    left = [p for p in photographs.of_visit(store, item_id) if p.recorded and not p.arrived]
    refused = tuple(photograph for photograph in left if photograph.refused)
    return Item(
        item_id=rows[0][1],
        entries=tuple(_entry(row, sending) for row in rows),
        photographs_waiting=len(left) - len(refused),
        photographs_refused=refused,
    )


def _entry(row: Sequence[Any], sending: Collection[str]) -> Entry:
    command_id, _item, case_id, name, saved_at, written, outcome, code, flags, said, *rest = row
    sealed, decided, *times = rest
    known = Outcome(outcome) if outcome else None
    received_at, settled_at = (datetime.fromisoformat(t) if t else None for t in times)
    waiting = State.SENDING if command_id in sending else State.SAVED
    return Entry(
        command_id=command_id,
        case_id=case_id,
        name=name,
        saved_at=datetime.fromisoformat(saved_at),
        body=json.loads(written)["body"],
        state=_state(known, waiting, decided=bool(decided), settled=settled_at is not None),
        outcome=known,
        code=code,
        flags=tuple(json.loads(flags or "[]")),
        said=json.loads(said or "{}"),
        received_at=received_at,
        sealed=bool(sealed),
        settled_at=settled_at,
    )


def _state(known: Outcome | None, waiting: State, *, decided: bool, settled: bool) -> State:
    """Say where a command stands; one that was decided needs reading, and then is done."""
    if known is None:
        return waiting
    if known in {Outcome.REVIEW, Outcome.QUARANTINED} and (decided or settled):
        return State.RECEIVED if settled else State.NEEDS_YOU
    return _STATES[known]


_TO_SEND = (
    "recorded AND NOT arrived AND refused IS NULL AND visit_id NOT IN (SELECT group_id FROM outbox "
    "WHERE outcome IN ('refused', 'quarantined') AND group_id IS NOT NULL)"
)


_COUNTS = f"""
    SELECT (SELECT count(*) FROM (
                SELECT coalesce(group_id, command_id) FROM outbox WHERE outcome IS NULL
                UNION SELECT visit_id FROM photograph WHERE {_TO_SEND})),
           (SELECT count(*) FROM (
                SELECT coalesce(group_id, command_id) FROM outbox
                 WHERE {_REFUSED} OR {_DECIDED}
                UNION SELECT visit_id FROM photograph WHERE {_PICTURE_REFUSED})),
           (SELECT count(*) FROM photograph WHERE {_TO_SEND})
"""  # noqa: S608 - our own words


@dataclass(frozen=True, kw_only=True)
class Counts:
    """How many items wait, and how many need the officer."""

    waiting: int
    needs_you: int
    photographs: int


def counts(store: Store) -> Counts:
    """Count for the strip on every page."""
    [[waiting, needs_you, pictures]] = store.rows(_COUNTS)
    return Counts(waiting=int(waiting), needs_you=int(needs_you), photographs=int(pictures))


def is_saved(store: Store, item_id: str) -> bool:
    """Tell whether this press has been saved before."""
    return find(store, item_id, ()) is not None


def settle(store: Store, item_id: str, now: datetime) -> None:
    """Note that the officer has dealt with what was refused; nothing of it is deleted."""
    with store.transaction() as connection:
        connection.execute(
            "UPDATE outbox SET settled_at = ? WHERE (group_id = ? OR command_id = ?) "  # noqa: S608 - our own words
            f"AND ({_REFUSED} OR {_DECIDED})",
            (now.isoformat(), item_id, item_id),
        )
        photographs.settle(store, item_id, now)
