"""What must hold in a simulation, looked at after every step and all of it again at the end."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from server.spine import projections, totals
from server.spine.areas import House
from sync.protocol import Purge, Record, Reply, Request
from sync.scope import total_of
from tests.simulation.broken import Broken
from tests.simulation.device import Device
from tests.simulation.office_log import compare_with_log
from tests.simulation.world import World

Rows = Sequence[Any]


NUMBERS = """
    SELECT commit_number FROM field_record WHERE case_id = ANY(:cases)
    UNION SELECT commit_number FROM case_access WHERE case_id = ANY(:cases)
"""

SCOPE = """
    SELECT a.case_id::text, a.view, r.kind, r.record_id, r.body, r.commit_number AS moved,
           a.granted, a.commit_number AS since
    FROM case_access a LEFT JOIN field_record r USING (case_id, view)
    WHERE a.officer_id = :officer
"""


@dataclass(kw_only=True)
class Watch:
    """Looks at the office's database beside the office, and at each vault through its own store."""

    engine: Engine
    house: House
    world: World
    given: int = 0
    visible: set[int] = field(default_factory=set)

    @property
    def cases(self) -> list[str]:
        """Name the cases of this world."""
        return [case.case_id for case in self.world.cases]

    def rows(self, statement: str, **values: object) -> Rows:
        """Read the office's database as it is committed at this moment."""
        with self.engine.connect() as connection:
            return connection.execute(text(statement), values).all()

    def assignments(self) -> list[tuple[str, str]]:
        """List who has which case."""
        found = self.rows(
            "SELECT case_id::text, officer_id::text FROM case_access "
            "WHERE granted AND case_id = ANY(:cases) ORDER BY case_id, officer_id",
            cases=self.cases,
        )
        return [(case_id, officer_id) for case_id, officer_id in found]

    def visits(self) -> list[tuple[str, str]]:
        """List the visits at the office, each with its case."""
        found = self.rows(
            "SELECT visit_id::text, case_id::text FROM visit WHERE case_id = ANY(:cases) "
            "ORDER BY visit_id",
            cases=self.cases,
        )
        return [(visit_id, case_id) for visit_id, case_id in found]

    # After every step

    def office_moved(self) -> None:
        """P3: what becomes visible is numbered beyond everything a reader was told it has read."""
        numbers = {row[0] for row in self.rows(NUMBERS, cases=self.cases)}
        if None in numbers:
            raise Broken("P3", "something was committed without a number")
        late = {number for number in numbers - self.visible if number <= self.given}
        if late:
            raise Broken("P3", f"{len(late)} numbers appear behind a cursor already given out")
        self.visible |= numbers

    def page_given(self, device: Device, request: Request, reply: Reply) -> None:
        """P3, P22: a page lies behind its cursor and within its officer's cases."""
        page = reply.page
        if page.start != request.cursor or not page.start <= page.end <= page.head:
            raise Broken("P3", f"a page from {page.start} to {page.end} of {page.head}")
        moved: list[Record | Purge] = [*page.records, *page.purges]
        if any(not page.start < item.commit <= page.end for item in moved):
            raise Broken("P3", "a page holds what its cursor does not cover")
        self.given = max(self.given, page.end)
        if held := set(reply.noted) & set(device.cases()):
            label = self.world.label_of_case(held.pop())
            raise Broken("P10", f"the office notes that {device.label} erased {label}: it has it")
        scope = {row.case_id for row in self.rows(SCOPE, officer=device.officer.user_id)}
        if any(item.case_id not in scope for item in moved):
            raise Broken("P22", f"{device.label} was given a case its officer never had")

    def device_holds(self, device: Device) -> None:
        """P2, P4 at any moment: up to its cursor a device holds exactly what the office has."""
        cursor = device.store.cursor()
        held = {
            (case_id, view, kind, id_): (commit, body)
            for case_id, view, kind, id_, commit, body in device.store.rows(
                "SELECT case_id, view, kind, record_id, commit_number, body FROM record"
            )
        }
        leaving = set(device.store.rows("SELECT case_id, view FROM purge WHERE NOT erased"))
        told_off: set[tuple[str, str]] = set()
        known: set[tuple[str, str]] = set()
        for row in self.rows(SCOPE, officer=device.officer.user_id):
            known.add((row.case_id, row.view))
            if row.since > cursor:
                continue
            if not row.granted:
                told_off.add((row.case_id, row.view))
            elif row.kind is not None and row.moved <= cursor:
                self._same(device, row, held.get((row.case_id, row.view, row.kind, row.record_id)))
        for case_id, view, kind, _id in held:
            label = self.world.label_of_case(case_id)
            if (case_id, view) not in known:
                raise Broken("P22", f"{device.label} holds {kind} of {label}, never assigned to it")
            if (case_id, view) in told_off - leaving:
                raise Broken("P2", f"{device.label} still holds {kind} of {label}, taken away")

        self._leaving(device)

    def _leaving(self, device: Device) -> None:
        """P10: a case leaves a device only after everything saved on it has reached the office."""
        waiting = device.store.rows(
            "SELECT name FROM purge JOIN outbox USING (case_id) WHERE erased AND outcome IS NULL"
        )
        if waiting:
            raise Broken("P10", f"{device.label} erased a case while {waiting[0][0]} waited")
        kept = {row[0] for row in device.store.rows("SELECT photograph_id FROM photograph")}
        if device.to_upload() - kept:
            raise Broken("P10", f"{device.label} lost a photograph the office does not have")

    def _same(self, device: Device, row: Any, held: tuple[int, str] | None) -> None:
        wanted = None if row.body is None else (row.moved, row.body)
        if held != wanted:
            what = "lacks" if held is None else "still has" if wanted is None else "has an old"
            label = self.world.label_of_case(row.case_id)
            raise Broken("P2", f"{device.label} {what} {row.kind} of {label} behind its cursor")

    # At the end

    def everything(self, devices: Sequence[Device], asked: Sequence[Any]) -> None:
        """Check every property once nothing moves any more."""
        self._nothing_is_stale()
        for device in devices:
            self.device_holds(device)
            self._same_scope(device)
            self._nothing_is_left(device)
            self._receipts_agree(device)
            self._totals_agree(device)
        self._orders_stand_once(asked)
        self._groups_are_whole(devices, asked)
        self._ledger_adds_up()
        compare_with_log(self, devices)

    def _nothing_is_stale(self) -> None:
        """Field records of the cases that somebody has are what a fresh projection gives."""
        with Session(self.engine) as session:
            assigned = projections.assigned(session, self.cases)
            stale = projections.compare(session, self.house, assigned).stale
        if stale:
            kinds = sorted(
                f"{kind} of {self.world.label_of_case(case_id)}" for case_id, _, kind, _ in stale
            )
            raise Broken("P2", f"stored field records are stale: {', '.join(kinds)}")

    def _same_scope(self, device: Device) -> None:
        """P2: byte for byte, a device holds its officer's cases and nothing else."""
        wanted = {
            (row.case_id, row.view, row.kind, row.record_id, row.body)
            for row in self.rows(SCOPE, officer=device.officer.user_id)
            if row.granted and row.body is not None
        }
        held = set(device.store.rows("SELECT case_id, view, kind, record_id, body FROM record"))
        if held != wanted:
            lacking, extra = len(wanted - held), len(held - wanted)
            raise Broken("P2", f"{device.label} lacks {lacking} records and has {extra} others")

    def _totals_agree(self, device: Device) -> None:
        """P2: what the office keeps as the total is what its records come to, and the device's too."""
        officer_id = device.officer.user_id
        with Session(self.engine) as session:
            kept = totals.of_scope(session, officer_id)
            counted = total_of(totals.counted(session, officer_id))
        if not kept == counted == device.store.total():
            raise Broken("P2", f"{device.label} and the office come to different totals")
        defects = {kind for kind, _times, _last in device.store.defects()}
        if wrong := defects & {"scope.differs", "receipt.wrong_seal", "lane.forked"}:
            raise Broken("P2", f"{device.label} noticed {', '.join(sorted(wrong))}")

    def _nothing_is_left(self, device: Device) -> None:
        """Of a case taken away nothing is left, and the office has been told so since."""
        rows = self.rows(SCOPE, officer=device.officer.user_id)
        granted = {row.case_id for row in rows if row.granted}
        left = {
            case_id
            for (case_id,) in device.store.rows("SELECT case_id FROM photograph")
            if case_id not in granted
        }
        if left:
            raise Broken("P2", f"{device.label} keeps photographs of a case taken away")
        untold = self.rows(
            "SELECT a.case_id FROM case_access a LEFT JOIN erasure e ON e.case_id = a.case_id "
            "AND e.store_id = :store WHERE a.officer_id = :officer AND NOT a.granted "
            "AND (e.erased_at IS NULL OR e.erased_at < a.revoked_at)",
            officer=device.officer.user_id,
            store=device.store_id,
        )
        if untold:
            raise Broken("P2", f"the office was not told that {device.label} erased a case")

    def _receipts_agree(self, device: Device) -> None:
        """P1, P19: every command on a device has the receipt that the office's own row shows."""
        office = {
            row.command_id: (row.outcome, row.code, list(row.flags), row.commit_number)
            for row in self.rows(
                "SELECT command_id::text, outcome, code, flags, commit_number FROM command "
                "WHERE store_id = :store",
                store=device.store_id,
            )
        }
        receipts = {
            command_id: (outcome, code, json.loads(flags or "[]"), commit)
            for command_id, outcome, code, flags, commit in device.store.rows(
                "SELECT command_id, outcome, code, flags, commit_number FROM outbox"
            )
        }
        saved = {each.command_id for each in device.saved}
        if set(receipts) != saved:
            raise Broken("P1", f"the outbox of {device.label} is not what it said it had saved")
        if receipts != office:
            wrong = sum(receipts.get(id_) != office.get(id_) for id_ in {*receipts, *office})
            raise Broken("P1", f"{wrong} receipts of {device.label} are not the office's answer")

    def _orders_stand_once(self, asked: Sequence[Any]) -> None:
        """P1: every command answered or saved is at the office, ended as it was said to have."""
        told = {result.command_id: result for each in asked for result in each.results or ()}
        rows = {
            row.command_id: row
            for row in self.rows(
                "SELECT command_id::text, outcome, code FROM command WHERE command_id = ANY(:ids)",
                ids=sorted(told),
            )
        }
        for id_, result in told.items():
            row = rows.get(id_)
            if row is None or (row.outcome, row.code) != (result.outcome.value, result.code):
                raise Broken("P1", f"an order the office answered is not in its log: {result}")

    def _groups_are_whole(self, devices: Sequence[Device], asked: Sequence[Any]) -> None:
        """A group is recorded in one transaction or not at all; what is refused changes nothing."""
        groups: dict[str, list[str]] = {}
        for device in devices:
            for saved in device.saved:
                groups.setdefault(saved.group or saved.command_id, []).append(saved.command_id)
        for each in asked:
            for order in each.orders:
                groups.setdefault(order.group or order.command_id, []).append(order.command_id)
        ended = {
            row.command_id: row
            for row in self.rows(
                "SELECT command_id::text, commit_number, received_at, "
                "outcome IN ('refused', 'quarantined') AS refused, "
                "EXISTS (SELECT FROM change c WHERE c.command_id = command.command_id) AS changed "
                "FROM command WHERE command_id = ANY(:ids)",
                ids=[id_ for ids in groups.values() for id_ in ids],
            )
        }
        if any(row.refused and row.changed for row in ended.values()):
            raise Broken("P1", "a command that was refused changed something")
        for ids in groups.values():
            rows = [ended.get(id_) for id_ in ids]
            if (
                len(
                    {
                        (row.commit_number, row.received_at, row.refused) if row else ()
                        for row in rows
                    }
                )
                > 1
            ):
                raise Broken("P1", "a group was recorded by halves")

    def _ledger_adds_up(self) -> None:
        """Every balance is the sum of its transactions."""
        wrong = self.rows(
            "SELECT d.debt_id FROM debt d LEFT JOIN transaction t USING (debt_id) "
            "WHERE d.debt_id = ANY(:debts) GROUP BY d.debt_id, d.balance_pence "
            "HAVING d.balance_pence <> coalesce(sum(t.amount_pence), 0)",
            debts=self.world.debts,
        )
        if wrong:
            raise Broken("ledger", f"{len(wrong)} balances are not the sum of their transactions")
