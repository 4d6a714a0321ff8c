"""What must hold at every step of a simulation, and how often each of it was looked at."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from field_client.vault.absorbing import DIFFERS
from server.spine.areas import House
from sync.protocol import Purge, Record, Reply, Request
from sync.wire import write_reply
from tests.simulation import ends
from tests.simulation.broken import Broken
from tests.simulation.device import Device
from tests.simulation.reading import SCOPE, Reading

NUMBERS = """
    SELECT commit_number FROM field_record WHERE case_id = ANY(:cases)
    UNION SELECT commit_number FROM case_access WHERE case_id = ANY(:cases)
"""


@dataclass(kw_only=True)
class Watch(Reading):
    """Looks at the office's database beside the office, and at each vault through its own store."""

    house: House
    given: int = 0
    restores: int = 0
    visible: set[int] = field(default_factory=set)
    answered: dict[str, list[tuple[object, ...]]] = field(default_factory=dict)
    checked: Counter[str] = field(default_factory=Counter)
    """How often each property was looked at."""

    _seen: Any = field(default_factory=hashlib.sha256)

    def saw(self, told: object) -> None:
        """Add to what a day comes to, by which it is compared with the same day elsewhere."""
        self._seen.update(repr(told).encode())

    def digest(self) -> str:
        """Say what the day came to so far."""
        return str(self._seen.hexdigest())

    def looked_at(self, *properties: str) -> None:
        """Count that properties were looked at."""
        self.checked.update(properties)

    def remember_answers(self) -> None:
        """Keep what this life has answered: of two copies, one may hear of the next life late."""
        for id_, answer in ends.answers(self).items():
            self.answered.setdefault(id_, []).append(answer)

    def begin_again(self, epoch: str) -> None:
        """Begin another life of the database, as restoring it does; numbers begin where it stands."""
        self.restores += 1
        self.write("UPDATE sync_head SET epoch = :epoch", epoch=epoch)
        self.given = self.head()
        self.visible = {row[0] for row in self.rows(NUMBERS, cases=self.cases)}

    # After every step

    def office_moved(self) -> None:
        """P3: what becomes visible is numbered beyond everything a reader was told it has read."""
        self.looked_at("P3")
        numbers = {row[0] for row in self.rows(NUMBERS, cases=self.cases)}
        if None in numbers:
            raise Broken("P3", "something was committed without a number")
        late = {number for number in numbers - self.visible if number <= self.given}
        if late:
            raise Broken("P3", f"{len(late)} numbers appear behind a cursor already given out")
        self.visible |= numbers

    def page_given(self, device: Device, request: Request, reply: Reply) -> None:
        """P3, P22: a page lies behind its cursor and within its officer's cases."""
        self.saw(write_reply(reply, request.envelopes))
        self.looked_at("P3", "P4", "P22", "P10")
        page = reply.page
        another_life = request.epoch not in {None, reply.epoch}
        where_it_stands = another_life or page.start == request.cursor
        if not where_it_stands or not page.start <= page.end <= page.head:
            raise Broken("P3", f"a page from {page.start} to {page.end} of {page.head}")
        whole = {(each.case_id, each.view) for each in page.repaired}
        told = [r for r in page.records if (r.case_id, r.view) not in whole]
        taken = () if another_life or request.manifest is not None else page.purges
        moved: list[Record | Purge] = [*told, *taken]
        if any(not page.start < item.commit <= page.end for item in moved):
            raise Broken("P3", "a page holds what its cursor does not cover")
        self.given = max(self.given, page.end)
        if held := set(reply.noted) & set(device.cases()):
            label = self.world.label_of_case(held.pop())
            raise Broken("P10", f"the office notes that {device.label} erased {label}: it has it")
        scope = {row.case_id for row in self.rows(SCOPE, officer=device.officer.user_id)}
        given = {r.case_id for r in page.records} | {p.case_id for p in taken}
        if given - scope:
            raise Broken("P22", f"{device.label} was given a case its officer never had")

    def device_holds(self, device: Device) -> None:
        """P2, P4 at any moment: up to its cursor a device holds exactly what the office has."""
        self._leaving(device)
        if device.store.epoch() != self.epoch() or device.store.get(DIFFERS):
            return  # its copy is of another life, or is being mended
        self.looked_at("P2", "P4", "P11")
        cursor = device.store.cursor()
        held = {
            (case_id, view, kind, id_): (commit, body)
            for case_id, view, kind, id_, commit, body in device.store.rows(
                "SELECT case_id, view, kind, record_id, commit_number, body FROM record"
            )
        }
        scope = self.rows(SCOPE, officer=device.officer.user_id)
        for row in scope:
            here = row.granted and row.kind is not None
            if here and row.since <= cursor and row.moved <= cursor:
                self._same(device, row, held.get((row.case_id, row.view, row.kind, row.record_id)))
        leaving = set(device.store.rows("SELECT case_id, view FROM purge WHERE NOT erased"))
        known = {(row.case_id, row.view) for row in scope}
        gone = {(r.case_id, r.view) for r in scope if not r.granted and r.since <= cursor} - leaving
        known |= leaving  # a restore may have lost that it was ever given
        for case_id, view, kind, _id in held:
            label = self.world.label_of_case(case_id)
            if (case_id, view) not in known:
                raise Broken("P22", f"{device.label} holds {kind} of {label}, never assigned to it")
            if (case_id, view) in gone:
                raise Broken("P2", f"{device.label} still holds {kind} of {label}, taken away")

    def _leaving(self, device: Device) -> None:
        """P10: a case leaves a device only after everything saved on it has reached the office."""
        self.looked_at("P10")
        waiting = device.store.rows(
            "SELECT name FROM purge JOIN outbox USING (case_id) "
            "WHERE erased AND outcome IS NULL AND earlier IS NULL"
        )
        if waiting:
            raise Broken("P10", f"{device.label} erased a case while {waiting[0][0]} waited")
        kept = {row[0] for row in device.store.rows("SELECT photograph_id FROM photograph")}
        if device.to_upload() - kept:
            raise Broken("P10", f"{device.label} lost a photograph the office does not have")

    def _same(self, device: Device, row: Any, held: tuple[int, str] | None) -> None:
        wanted = None if row.body is None else (row.moved, row.body)
        if self.restores and held and wanted:
            wanted = (held[0], wanted[1])  # numbers of another life mean nothing in this one
        if held != wanted:
            what = "lacks" if held is None else "still has" if wanted is None else "has an old"
            label = self.world.label_of_case(row.case_id)
            raise Broken("P2", f"{device.label} {what} {row.kind} of {label} behind its cursor")

    def everything(self, devices: Sequence[Device], asked: Sequence[Any]) -> None:
        """Check every property once nothing moves any more."""
        for device in devices:
            self.device_holds(device)
        ends.check(self, devices, asked)
