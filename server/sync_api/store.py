"""The office's half of a conversation, over PostgreSQL and the one door for writes."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from marshmallow import ValidationError
from sqlalchemy import bindparam, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from server.access.tables import (
    DeviceStoreRow,
    ErasureRow,
    SetAsideRow,
)
from server.spine.among import given
from server.spine.change_log import stored_result
from server.spine.execute import Door
from server.spine.office_seal import OfficeSeal
from server.spine.orders import Order, Result
from server.spine.tables import CaseAccessRow, CommandRow
from server.sync_api import hands, lanes, looking
from server.sync_api.contacts import Kept
from server.sync_api.tables import DefectRow
from server.sync_api.unreadable import AlreadyRecorded, Unreadable
from server.worktray.tables import ReplayRow
from shared.commands import Actor, Command
from shared.decide import FROM_THE_FIELD
from shared.errors import RuleBroken
from shared.schemas import digest, read_body
from sync.office_steps import Aside, Look, Standing, Told
from sync.protocol import LANE_FORKED, UNREADABLE, Envelope, Receipt
from sync.wire import NotAMessage, read_envelope

_NEVER = 2**63

_ONE_SNAPSHOT = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}

logger = logging.getLogger(__name__)

FROM_A_DEVICE = {kind.command.name: kind for kind in FROM_THE_FIELD}


_TAKEN_AWAY = (
    select(CaseAccessRow.case_id, func.max(CaseAccessRow.commit_number))
    .where(CaseAccessRow.officer_id == bindparam("officer_id"), given(CaseAccessRow.case_id))
    .group_by(CaseAccessRow.case_id)
    .having(~func.bool_or(CaseAccessRow.granted))
)

_RECORDED_BEFORE = select(ReplayRow.original_id).where(given(ReplayRow.original_id))
"""Commands that somebody has recorded in the officer's name before they came."""

_KNOWN = select(CommandRow).where(given(CommandRow.command_id))


class WrongVault(Exception):  # noqa: N818 - it says what the request named
    """The request names a vault that belongs to another device."""


@dataclass
class OfficeOnPostgres:
    """Does what the office's half of one conversation asks, for one device at one moment."""

    door: Door
    actor: Actor
    now: datetime
    seal: OfficeSeal | None = None
    contact: Kept | None = field(init=False, default=None)
    """What was written down of the device when it was last looked for what there is to tell."""

    sessions: Callable[[], Session] = field(init=False)

    def __post_init__(self) -> None:
        self.sessions = self.door.sessions

    def hear(self, store_id: str, command_ids: Sequence[str]) -> Standing:
        """Bind this vault to its device the first time it speaks, and say how it stands."""
        with self.sessions() as session, session.begin():
            spoken = looking.standing_of(session, store_id)
            if spoken.owner != self.actor.device_id:
                self._bind(session, store_id)
            known = _known(session, command_ids) if command_ids else {}
        return Standing(epoch=spoken.epoch, positions=spoken.positions, known=known)

    def _bind(self, session: Session, store_id: str) -> None:
        """Hold a vault to the device that first speaks for it."""
        session.execute(
            insert(DeviceStoreRow)
            .values(store_id=store_id, device_id=self.actor.device_id, first_seen_at=self.now)
            .on_conflict_do_nothing()
        )
        if self._owner(session, store_id) != self.actor.device_id:
            raise WrongVault

    def _owner(self, session: Session, store_id: str) -> str | None:
        return session.scalar(
            select(DeviceStoreRow.device_id).where(DeviceStoreRow.store_id == store_id)
        )

    def accept(self, envelopes: Sequence[Envelope]) -> Sequence[Receipt]:
        """Decide new envelopes and move their lanes on in the same transaction.

        Where another request of the vault was quicker, nothing is answered: the device sees where
        the lanes stand, and sends on from there or finds that it was copied.
        """
        if not envelopes:
            return ()
        by_id = {envelope.command_id: envelope for envelope in envelopes}
        case_ids = sorted({envelope.case_id for envelope in envelopes if envelope.readable})
        with self.sessions() as session:
            taken_away = self._taken_away(session, case_ids)
            recorded = set(session.scalars(_RECORDED_BEFORE, {"ids": sorted(by_id)}))
            hand = hands.hand_of(session, self.actor.device_id)
        unsigned = hands.not_by(hand, envelopes)
        orders = [
            self._order(
                envelope,
                AlreadyRecorded(case_id=envelope.case_id or None)
                if envelope.command_id in recorded
                else _read(envelope, unsigned.get(envelope.command_id)),
                knew=envelope.seen_commit >= taken_away.get(envelope.case_id, _NEVER),
            )
            for envelope in envelopes
        ]

        def move_lanes(session: Session, results: Sequence[Result]) -> None:
            lanes.move_on(session, [by_id[result.command_id] for result in results])

        def hold_lanes(session: Session, orders: Sequence[Order]) -> None:
            lanes.hold(session, [by_id[order.command_id] for order in orders])

        door = replace(self.door, first=hold_lanes)
        try:
            results = door.execute_many(orders, now=self.now, beside=move_lanes)
        except lanes.LaneMoved:
            return ()
        return [receipt_of(result) for result in results]

    def _taken_away(self, session: Session, case_ids: Sequence[str]) -> dict[str, int]:
        """Say by which commit each of these cases was taken from this officer, if it was."""
        asked = {"officer_id": self.actor.user_id, "ids": case_ids}
        rows = session.execute(_TAKEN_AWAY, asked)
        return {case_id: number or 0 for case_id, number in rows}

    def _order(self, envelope: Envelope, command: Command, *, knew: bool) -> Order:
        """Write down for the door what an envelope carries."""
        return Order(
            command=command,
            command_id=envelope.command_id,
            actor=self.actor,
            happened_at=datetime.fromisoformat(envelope.happened_at)
            if envelope.readable
            else self.now,
            payload_hash=envelope.identity,
            store_id=envelope.store_id,
            lane=envelope.lane.value,
            seq=envelope.seq,
            group=envelope.group,
            envelope=envelope.written,
            signature=envelope.signature or None,
            knew=knew,
        )

    def set_aside(self, store_id: str, kept: Sequence[Aside]) -> None:
        """Keep bytes that cannot be commands of this vault, for a supervisor to examine."""
        with self.sessions() as session, session.begin():
            new = session.scalars(
                insert(SetAsideRow)
                .values(
                    [
                        {
                            "store_id": store_id,
                            "device_id": self.actor.device_id,
                            "digest": digest(written),
                            **_named(written),
                            "code": code,
                            "body": written,
                            "signature": signature or None,
                            "received_at": self.now,
                        }
                        for written, code, signature in kept
                    ]
                )
                .on_conflict_do_nothing()
                .returning(SetAsideRow.code)
            ).all()
        if forked := new.count(LANE_FORKED):
            self._note(store_id, {LANE_FORKED: {"commands": forked}})

    def note_purged(self, store_id: str, case_ids: Sequence[str], cursor: int) -> Sequence[str]:
        """Note that a device which has read to the cursor erased these cases; say which count.

        A case given back, or given back and taken away again, since the device last read is not
        erased by what it did before, so that is not noted and the device reports again.
        """
        if not case_ids:
            return ()
        with self.sessions() as session, session.begin():
            moved_on = set(
                session.scalars(
                    select(CaseAccessRow.case_id).where(
                        CaseAccessRow.officer_id == self.actor.user_id,
                        CaseAccessRow.case_id.in_(case_ids),
                        or_(CaseAccessRow.granted, CaseAccessRow.commit_number > cursor),
                    )
                )
            )
            noted = sorted(set(case_ids) - moved_on)
            if noted:
                statement = insert(ErasureRow)
                session.execute(
                    statement.on_conflict_do_update(
                        index_elements=["store_id", "case_id"],
                        set_={"erased_at": statement.excluded.erased_at},
                    ),
                    [
                        {"store_id": store_id, "case_id": case_id, "erased_at": self.now}
                        for case_id in noted
                    ],
                )
            return noted

    def look(self, look: Look) -> Told:
        """Read everything that a reply tells, in one snapshot; note what was found to differ.

        A vault that has not spoken before is bound to its device before it is told anything.
        """
        with self.sessions() as session:
            session.connection(execution_options=_ONE_SNAPSHOT)
            found = looking.look(session, self.actor.user_id, look)
        self.contact = found.contact
        if found.owner != self.actor.device_id:
            with self.sessions() as session, session.begin():
                self._bind(session, look.store_id)
        if found.defects:
            self._note(look.store_id, found.defects)
        return found.told

    def note_confirmed(self, store_id: str, cases: int) -> None:
        """Keep that a device asked again before it erased so many cases, and was told to."""
        self._note(store_id, {"purge.confirmed": {"cases": cases}})

    def _note(self, store_id: str, defects: Mapping[str, Mapping[str, Any]]) -> None:
        """Write down what was not as it should be, and put right what only the office keeps."""
        for kind, values in defects.items():
            logger.error("sync defect %s", kind, extra={"store_id": store_id, **values})
        with self.sessions() as session, session.begin():
            if "scope.totals" in defects:
                looking.put_totals_right(session, self.actor.user_id)
            session.execute(
                insert(DefectRow),
                [
                    {
                        "store_id": store_id,
                        "device_id": self.actor.device_id,
                        "officer_id": self.actor.user_id,
                        "noticed_at": self.now,
                        "kind": kind,
                        "values": dict(values),
                    }
                    for kind, values in defects.items()
                ],
            )

    def sign(self, statement: bytes) -> str:
        """Sign with the office's key; nothing when this office has none."""
        return self.seal.sign(statement) if self.seal else ""

    def server_time(self) -> str:
        """Say when this request came."""
        return self.now.isoformat()


def _known(session: Session, command_ids: Sequence[str]) -> dict[str, tuple[str, Receipt]]:
    return {
        row.command_id: (row.payload_hash, receipt_of(stored_result(row, row.payload_hash)))
        for row in session.scalars(_KNOWN, {"ids": sorted(set(command_ids))})
    }


def _named(written: bytes) -> dict[str, str | None]:
    """Say which command some bytes are, if they are one."""
    try:
        envelope = read_envelope(written)
    except NotAMessage:
        return {"command_id": None, "identity": None, "name": ""}
    return {
        "command_id": envelope.command_id,
        "identity": envelope.identity,
        "name": envelope.name,
    }


def _read(envelope: Envelope, unsigned: str | None) -> Command:
    """Read the command an envelope carries, by the schema of its name, if its officer signed it."""
    if not envelope.readable:
        return Unreadable(code=UNREADABLE)
    if unsigned is not None:
        return Unreadable(code=unsigned, case_id=envelope.case_id)
    kind = FROM_A_DEVICE.get(envelope.name)
    if kind is None:
        return Unreadable(code="command.unknown", case_id=envelope.case_id)
    try:
        command = read_body(kind, dict(envelope.body))
    except (ValidationError, RuleBroken, TypeError):
        return Unreadable(code="command.unreadable", case_id=envelope.case_id)
    if getattr(command, "case_id", None) != envelope.case_id:
        return Unreadable(code="command.unreadable", case_id=envelope.case_id)
    return command


def receipt_of(result: Result) -> Receipt:
    """Write how a command ended as the device keeps it."""
    return Receipt(
        command_id=result.command_id,
        outcome=result.outcome,
        code=result.code,
        flags=result.flags,
        commit=result.commit,
        received_at=result.received_at.isoformat() if result.received_at else "",
        values=dict(result.values),
    )
