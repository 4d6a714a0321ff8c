"""An office that a test scripts: it speaks the real protocol and decides as it is told."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from field_client.answers import Answer
from server.spine.office_seal import OfficeSeal
from shared.commands import Outcome
from shared.schemas import digest
from sync.protocol import CONTENT_TYPE, SYNC_PATH, Page, Purge, Receipt, Record, Reply, Total
from sync.seals import statement
from sync.wire import read_envelope, read_request, write_reply
from tests.field_client.vault.sample import EPOCH, Bodies


class SmallOffice:
    """Takes commands in and gives records out, each page as large as it is told."""

    def __init__(self) -> None:
        self.commits: list[list[tuple[str, Bodies]]] = []
        self.decides: dict[str, tuple[Outcome, str | None]] = {}
        self.taken: list[str] = []
        self.refuses: tuple[int, str] | None = None
        self.garbage: bytes | None = None
        self.scope: Total | None = None
        self.purges: tuple[Purge, ...] = ()
        self.seal: OfficeSeal | None = None

    def __call__(self, path: str, body: bytes) -> Answer:
        if self.refuses is not None:
            status, code = self.refuses
            return said(status, json.dumps({"code": code}).encode())
        if self.garbage is not None:
            return Answer(status=200, body=self.garbage, headers={"Content-Type": CONTENT_TYPE})
        assert path == SYNC_PATH
        return self._sync(body)

    def _sync(self, body: bytes) -> Answer:
        asked = read_request(body)
        commands = [read_envelope(written) for written in asked.envelopes]
        receipts = [self._decide(each.command_id, each.name) for each in commands]
        ahead = self.commits[asked.cursor :]
        given = ahead[:1]
        records = records_of([case for commit in given for case in commit], asked.cursor + 1)
        left = sum(len(records_of(commit, 0)) for commit in ahead[1:])
        reply = Reply(
            epoch=EPOCH,
            server_time=datetime.now(UTC).isoformat(),
            receipts=tuple(receipts),
            page=Page(
                records=records,
                purges=self.purges,
                start=asked.cursor,
                end=asked.cursor + len(given),
                head=len(self.commits),
                remaining=left,
            ),
            scope=self.scope if len(given) == len(ahead) else None,
        )
        if self.seal is not None and receipts:
            sent = {each.command_id: digest(each.written) for each in commands}
            told = statement(
                store_id=asked.store_id,
                epoch=reply.epoch,
                receipts=receipts,
                sent=sent,
                confirmed=None,
            )
            reply = replace(reply, seal=self.seal.sign(told))
        return Answer(status=200, body=write_reply(reply), headers={"Content-Type": CONTENT_TYPE})

    def _decide(self, command_id: str, name: str) -> Receipt:
        outcome, code = self.decides.get(name, (Outcome.APPLIED, None))
        self.taken.append(name)
        return Receipt(
            command_id=command_id,
            outcome=outcome,
            code=code,
            received_at=datetime.now(UTC).isoformat(),
        )


def said(status: int, body: bytes) -> Answer:
    return Answer(status=status, body=body, headers={"Content-Type": "application/json"})


def records_of(cases: Sequence[tuple[str, Bodies]], commit: int) -> tuple[Record, ...]:
    return tuple(
        Record(
            case_id=case_id,
            view="home_visit",
            kind=kind,
            record_id=record_id,
            commit=commit,
            body=json.dumps(body),
        )
        for case_id, bodies in cases
        for kind, of_kind in bodies.items()
        for record_id, body in of_kind.items()
    )
