"""The device's one door for writes: run the rule, keep the command on disk, then answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from field_client.vault import signing
from field_client.vault.pending import case_file, case_view
from field_client.vault.renumbering import ROOM_BYTES
from field_client.vault.store import Store
from shared.catalogue import mark
from shared.commands import Actor, Command, CommandType, Decision, Kind, Lane, Occasion
from shared.decide import FROM_THE_FIELD
from shared.errors import RuleBroken, register
from shared.schemas import read_body, write_body
from sync.protocol import ENVELOPE_BYTES_MAX, ENVELOPES_MAX, GROUP_BYTES_MAX, Clock
from sync.wire import chain_hash, read_envelope, write_envelope

register(
    {
        "case.catching_up": mark(
            "Only part of what is new about this case has come: wait for the sync, then do this"
        ),
        "case.not_here": mark("This case is not on this device: sync, or ask the office"),
        "command.too_large": mark("Shorten what you wrote: it is too long to send"),
    }
)

_KINDS: dict[str, CommandType] = {kind.command.name: kind for kind in FROM_THE_FIELD}

PERMISSIONS = frozenset({"visits.record"})
"""What an officer may do on a device; the office decides again."""


@dataclass(frozen=True, kw_only=True)
class Saving:
    """One command to keep, with the id it was given before it was pressed."""

    command_id: str
    command: Command
    alone: bool = False
    """Saved and shown with its group, but decided by the office whatever becomes of the others."""


def execute(
    store: Store,
    officer_id: str,
    savings: Sequence[Saving],
    *,
    clock: Clock,
    now: datetime,
    group: str | None = None,
) -> list[Decision]:
    """Decide and keep commands, all or none; the same ids again keep nothing twice.

    Raises RuleBroken, with nothing kept, when a rule refuses one of them.
    """
    decisions: list[Decision] = []
    store.make_room()
    with store.transaction():
        for saving in savings:
            known = store.rows("SELECT 1 FROM outbox WHERE command_id = ?", (saving.command_id,))
            decisions.append(
                Decision()
                if known
                else _execute_one(store, officer_id, saving, clock=clock, now=now, group=group)
            )
        if group is not None:
            _check_size(store, group)
    return decisions


def _check_size(store: Store, group: str) -> None:
    """Refuse a group that no single request could carry."""
    ((count, size),) = store.rows(
        "SELECT count(*), coalesce(sum(length(written)), 0) FROM outbox WHERE group_id = ?",
        (group,),
    )
    if count > ENVELOPES_MAX or size > GROUP_BYTES_MAX:
        raise RuleBroken("command.too_large")


def _execute_one(
    store: Store,
    officer_id: str,
    saving: Saving,
    *,
    clock: Clock,
    now: datetime,
    group: str | None,
) -> Decision:
    """Decide one command on confirmed and pending, and write its envelope."""
    kind = _KINDS[saving.command.name]
    case_id: str = getattr(saving.command, "case_id", "")
    view = case_view(store, officer_id, case_id)
    if view is None:
        raise RuleBroken("case.not_here")
    if kind.kind is Kind.DECISION and store.is_catching_up_on(case_id):
        raise RuleBroken("case.catching_up")
    actor = Actor(user_id=officer_id, permissions=PERMISSIONS)
    occasion = Occasion(actor=actor, happened_at=now, decided_at=now)
    decision = kind.rule(case_file(view, officer_id), saving.command, occasion)
    if decision.changes:
        _keep(store, saving, kind.lane, clock=clock, now=now, group=group)
    return decision


def _keep(
    store: Store,
    saving: Saving,
    lane: Lane,
    *,
    clock: Clock,
    now: datetime,
    group: str | None,
) -> None:
    at = store.lane_head(lane)
    case_id: str = getattr(saving.command, "case_id", "")
    written = write_envelope(
        {
            "command_id": saving.command_id,
            "store_id": store.store_id(),
            "lane": lane.value,
            "seq": at.seq + 1,
            "prev": at.head,
            "name": saving.command.name,
            "version": saving.command.version,
            "case_id": case_id,
            "seen_commit": store.cursor(),
            "group": None if saving.alone else group,
            "happened_at": now.isoformat(),
            "clock": asdict(clock),
            "body": write_body(saving.command),
        }
    )
    if len(written) > ENVELOPE_BYTES_MAX - ROOM_BYTES:
        raise RuleBroken("command.too_large")
    read_body(_KINDS[saving.command.name], dict(read_envelope(written).body))
    head = chain_hash(at.head, written)
    with store.transaction() as connection:
        connection.execute(
            "INSERT INTO outbox (command_id, lane, seq, hash, written, case_id, name, group_id, "
            "saved_at, signature) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                saving.command_id,
                lane.value,
                at.seq + 1,
                head,
                written,
                case_id,
                saving.command.name,
                group,
                now.isoformat(),
                signing.signed(connection, store.store_id(), lane.value, at.seq + 1, head),
            ),
        )
