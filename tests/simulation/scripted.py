"""An office with one day's script: it answers each command once for ever and is never down."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from field_client.answers import Answer
from server.spine.office_seal import OfficeSeal
from shared.commands import Lane, Outcome
from shared.schemas import digest
from sync.protocol import (
    CONTENT_TYPE,
    GENESIS,
    PROTOCOL_VERSION,
    SYNC_PATH,
    CaseTotal,
    Page,
    Position,
    Purge,
    Receipt,
    Record,
    Reply,
)
from sync.scope import HASHES, body_hash, total_of
from sync.seals import statement
from sync.wire import chain_hash, read_envelope, read_request, write_reply
from tests.field_client.vault.small_blobs import SmallBlobs

SEAL = OfficeSeal(bytes(32))
EPOCH = "11111111-1111-4111-8111-111111111111"
VIEW = "home_visit"
SERVER_TIME = datetime(2027, 3, 1, 9, 0, tzinfo=UTC).isoformat()

Bodies = Mapping[str, Mapping[str, Mapping[str, Any]]]
"""Kind to record id to body, for one case."""


@dataclass(frozen=True, kw_only=True)
class Commit:
    """One transaction of the office: cases given or changed, and cases taken away."""

    cases: tuple[tuple[str, Bodies], ...] = ()
    leave: tuple[str, ...] = ()


@dataclass(eq=False, kw_only=True)
class Scripted:
    """Speaks the real protocol over a list of commits that is all it will ever have."""

    commits: list[Commit]
    answered: dict[str, bytes] = field(default_factory=dict)
    noted: set[str] = field(default_factory=set)
    speaks: int = PROTOCOL_VERSION
    blobs: SmallBlobs = field(default_factory=SmallBlobs)
    refuses: Mapping[str, str] = field(default_factory=dict)
    """Commands that today's case does not allow, by name, and why."""

    def send(self, path: str, body: bytes, _content_type: str = "") -> Answer:
        """Answer a request as the office would; it has no sealed history to speak of."""
        if path != SYNC_PATH:
            return Answer(status=404, body=b"")
        asked = read_request(body)
        for written in asked.envelopes:
            command_id = read_envelope(written).command_id
            known = self.answered.setdefault(command_id, written)
            assert known == written, "a command is sent as it was first written"
        receipts = [self._receipt(written) for written in asked.envelopes]
        noted = sorted(set(asked.purged))
        self.noted.update(noted)
        page = self._page(asked.cursor)
        told = statement(
            store_id=asked.store_id,
            epoch=EPOCH,
            receipts=receipts,
            sent={read_envelope(w).command_id: digest(w) for w in asked.envelopes},
            confirmed=None,
        )
        reply = Reply(
            epoch=EPOCH,
            server_time=SERVER_TIME,
            receipts=tuple(receipts),
            positions=self._positions(),
            noted=tuple(noted),
            page=page,
            scope=total_of(self._totals()) if page.end == page.head else None,
            seal=SEAL.sign(told) if receipts else "",
            protocol=self.speaks,
        )
        return Answer(
            status=200,
            body=write_reply(reply, asked.envelopes),
            headers={"Content-Type": CONTENT_TYPE},
        )

    def upload(self, asking: Any) -> Answer:
        """Take a part of a photograph."""
        return self.blobs(asking)

    def metered(self) -> bool | None:
        """Say that the way here costs nothing."""
        return False

    def records(self) -> dict[tuple[str, str, str], str]:
        """List what a copy at the head holds: the body by case, kind and id."""
        held: dict[tuple[str, str, str], str] = {}
        for commit in self.commits:
            held = {place: body for place, body in held.items() if place[0] not in commit.leave}
            held |= {(r.case_id, r.kind, r.record_id): str(r.body) for r in _records(commit, 0)}
        return held

    def _receipt(self, written: bytes) -> Receipt:
        envelope = read_envelope(written)
        code = self.refuses.get(envelope.name)
        return Receipt(
            command_id=envelope.command_id,
            outcome=Outcome.REFUSED if code else Outcome.APPLIED,
            code=code,
            received_at=SERVER_TIME,
        )

    def _positions(self) -> dict[Lane, Position]:
        """Say how far each lane has come, each command following on the one before it."""
        at: dict[Lane, Position] = {}
        for written in self.answered.values():
            envelope = read_envelope(written)
            lane = Lane(envelope.lane)
            before = at.get(lane, Position(head=GENESIS))
            assert (envelope.seq, envelope.prev) == (before.seq + 1, before.head)
            at[lane] = Position(seq=envelope.seq, head=chain_hash(before.head, written))
        return at

    def _page(self, cursor: int) -> Page:
        given = self.commits[cursor : cursor + 1]
        end, head = cursor + len(given), len(self.commits)
        left = sum(len(_records(commit, 0)) for commit in self.commits[end:])
        return Page(
            records=tuple(r for commit in given for r in _records(commit, end)),
            purges=tuple(
                Purge(case_id=case_id, view=VIEW, commit=end, reason="reassigned")
                for commit in given
                for case_id in commit.leave
            ),
            start=cursor,
            end=end,
            head=head,
            remaining=left,
        )

    def _totals(self) -> list[CaseTotal]:
        of_case: dict[str, list[int]] = {}
        for (case_id, kind, record_id), body in self.records().items():
            hashed = body_hash(case_id, VIEW, kind, record_id, body)
            of_case.setdefault(case_id, []).append(hashed)
        return [
            CaseTotal(case_id=case_id, view=VIEW, records=len(each), hash=sum(each) % HASHES)
            for case_id, each in of_case.items()
        ]


def _records(commit: Commit, number: int) -> list[Record]:
    return [
        Record(
            case_id=case_id,
            view=VIEW,
            kind=kind,
            record_id=record_id,
            commit=number,
            body=json.dumps(body),
        )
        for case_id, bodies in commit.cases
        for kind, of_kind in bodies.items()
        for record_id, body in of_kind.items()
    ]
