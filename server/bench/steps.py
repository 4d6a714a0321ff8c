"""The steps of a measurement, one function each: prepare, warm up and count, then time in rounds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from time import perf_counter

from sqlalchemy import select

from server.bench.council import Council, Sessions
from server.bench.devices import Devices, Taken
from server.bench.floor import FloorServer, RowFloor, Rows
from server.bench.line import CountingLine
from server.bench.moving import move
from server.bench.processor import Processor
from server.bench.report import Figure
from server.spine.areas import House
from server.spine.projections import head
from server.spine.tables import FieldRecordRow

FIRST = 0
"""The device whose officer has the scope."""


@dataclass(frozen=True, kw_only=True)
class Size:
    """How much each step does, and how often."""

    cases: int = 2_000
    scope: int = 300
    rounds: int = 30
    few_rounds: int = 5
    inside: int = 100
    outside: int = 5_000
    commands: int = 500
    devices: int = 50
    pushed_each: int = 20
    moved_each: int = 100


@dataclass
class Bench:
    """All that runs during a measurement."""

    size: Size
    sessions: Sessions
    house: House
    council: Council
    devices: Devices
    office: str
    line: CountingLine
    rows: RowFloor
    server: FloorServer
    processor: Processor
    marks: int = 0
    tell: Callable[[], None] = field(default=lambda: None)

    def counted(self, doing: Callable[[], Taken]) -> int:
        """Do something once over the counting line, which warms up too; give its bytes."""
        self.devices.ask("go_to", address=self.line.address)
        self.line.counted()
        sound(doing())
        counted = self.line.counted()
        self.devices.ask("go_to", address=self.office)
        return counted

    def move(self, cases: Sequence[str], records: int) -> None:
        """Have the office move records."""
        self.marks += 1
        move(self.sessions, self.house, cases, records, f" Change {self.marks:>6}.")

    def records(self, cases: Sequence[str], after: int = 0) -> list[tuple[str, str]]:
        """Read the very bytes a device is sent of these cases after a commit, as a floor sends them."""
        row = FieldRecordRow
        with self.sessions() as session:
            found = session.execute(
                select(row.case_id, row.view, row.kind, row.record_id, row.body)
                .where(row.case_id.in_(cases), row.commit_number > after, row.body.is_not(None))
                .order_by(row.commit_number, row.case_id, row.kind, row.record_id)
            )
            return [("/".join(key), body or "") for *key, body in found]


def sound(taken: Taken) -> Taken:
    """Stop when something failed, because what did not work is not worth timing."""
    if taken.failed:
        raise RuntimeError("a sync that was to be measured failed; see the devices' log")
    return taken


def timed(
    bench: Bench,
    doing: Callable[[], Taken],
    *,
    rounds: int,
    before: Callable[[], object] | None = None,
    bytes_: int,
    together: bool = False,
) -> Figure:
    """Time something in rounds, each prepared apart; processor time is that of all programs."""
    each: list[float] = []
    used, failed = 0.0, 0
    for _round in range(rounds):
        if before is not None:
            before()
        began = bench.processor.used_ms()
        taken = doing()
        used += bench.processor.used_ms() - began
        each.extend(taken.ms)
        failed += taken.failed
        bench.tell()
    return Figure(
        each_ms=tuple(each), bytes=bytes_, cpu_ms=used / rounds, failed=failed, together=together
    )


def first_pull(bench: Bench) -> tuple[Figure, Figure]:
    """(a) A device with an empty vault takes in every record of its officer's cases."""
    begin = partial(bench.devices.ask, "begin", devices=[FIRST])
    pull = partial(bench.devices.sync, [FIRST])
    begin()
    size = bench.counted(pull)
    step = timed(bench, pull, rounds=bench.size.few_rounds, before=begin, bytes_=size)
    return step, _floor(bench, bench.records(bench.council.scope), bench.size.few_rounds, new=True)


def pull_changes(bench: Bench) -> tuple[Figure, Figure]:
    """(b) Some records moved in the officer's cases, and many more in everybody else's."""
    outside, scope, size = bench.council.others, bench.council.scope, bench.size
    moved: list[list[tuple[str, str]]] = []

    def change() -> None:
        bench.move(outside, size.outside // 2)
        before = _head(bench)
        bench.move(scope, size.inside)
        moved[:] = [bench.records(scope, before)]
        bench.move(outside, size.outside - size.outside // 2)

    pull = partial(bench.devices.sync, [FIRST])
    change()
    count = bench.counted(pull)
    step = timed(bench, pull, rounds=size.rounds, before=change, bytes_=count)
    return step, _floor(bench, moved[0], size.rounds, new=False)


def push(bench: Bench) -> tuple[Figure, Figure]:
    """(c) Visits saved on the device go to the office, a hundred a request, and come back."""
    commands, rounds = bench.size.commands, bench.size.few_rounds
    save = partial(bench.devices.ask, "save", devices=[FIRST], visits=commands)
    send = partial(bench.devices.sync, [FIRST])
    save()
    count = bench.counted(send)
    step = timed(bench, send, rounds=rounds, before=save, bytes_=count)
    ((_store, rows),) = bench.rows.rows_of(_stores(bench, [FIRST]), commands).items()
    put = partial(_timed_put, bench.rows, rows)
    put()
    raw = timed(bench, put, rounds=rounds, before=bench.rows.clear, bytes_=0)
    return step, raw


def nothing(bench: Bench) -> tuple[Figure, Figure]:
    """(d) Both sides hold the same; the floor is an empty signed request that the office answers."""
    look, knock = partial(bench.devices.sync, [FIRST]), partial(bench.devices.knock, FIRST)
    rounds = bench.size.rounds
    step = timed(bench, look, rounds=rounds, bytes_=bench.counted(look))
    raw = timed(bench, knock, rounds=rounds, bytes_=bench.counted(knock))
    return step, raw


def all_at_once(bench: Bench) -> tuple[Figure, Figure]:
    """(f) Many devices at the same moment, each with commands to push and records to pull."""
    size, all_ = bench.size, list(range(bench.size.devices))
    officers = bench.council.officers[: size.devices]
    bench.devices.ask("begin", devices=all_)
    sound(bench.devices.sync(all_))
    moved: dict[int, list[tuple[str, str]]] = {}

    def prepare() -> None:
        for number, officer in enumerate(officers):
            before = _head(bench)
            cases = bench.council.cases[officer]
            bench.move(cases, size.moved_each)
            moved[number] = bench.records(cases, before)
        bench.devices.ask("save", devices=all_, visits=size.pushed_each)

    go = partial(bench.devices.sync, all_)
    prepare()
    count = bench.counted(go)
    step = timed(bench, go, rounds=size.few_rounds, before=prepare, bytes_=count, together=True)
    stores = _stores(bench, all_)
    rows = bench.rows.rows_of(stores, size.pushed_each)
    for number, store_id in enumerate(stores):
        bench.server.offer(f"/f/{number}", moved[number], rows[store_id])
    return step, _floor_at_once(bench, all_)


def _floor_at_once(bench: Bench, all_: Sequence[int]) -> Figure:
    paths = [(number, f"/f/{number}") for number in all_]
    take = partial(bench.devices.floor, paths)
    bench.devices.ask("begin_floor", devices=all_)
    bench.devices.ask("go_to", address=bench.server.address)
    bench.rows.clear()
    take()
    raw = timed(
        bench, take, rounds=bench.size.few_rounds, before=bench.rows.clear, bytes_=0, together=True
    )
    bench.devices.ask("go_to", address=bench.office)
    return raw


def _floor(bench: Bench, records: list[tuple[str, str]], rounds: int, *, new: bool) -> Figure:
    """Time the same bytes over one request into one transaction of a vault, a new one if asked."""
    bench.server.offer("/floor", records)
    begin = partial(bench.devices.ask, "begin_floor", devices=[FIRST])
    take = partial(bench.devices.floor, [(FIRST, "/floor")])
    bench.devices.ask("go_to", address=bench.server.address)
    sound(take())
    before: Callable[[], object] | None = begin if new else None
    raw = timed(bench, take, rounds=rounds, before=before, bytes_=bench.server.size_of("/floor"))
    begin()
    bench.devices.ask("go_to", address=bench.office)
    return raw


def _timed_put(floor: RowFloor, rows: tuple[Rows, ...]) -> Taken:
    began = perf_counter()
    floor.put(rows)
    return Taken(ms=((perf_counter() - began) * 1000,), failed=0)


def _stores(bench: Bench, devices: Sequence[int]) -> list[str]:
    return [str(bench.devices.ask("held", device=number)["store_id"]) for number in devices]


def _head(bench: Bench) -> int:
    with bench.sessions() as session:
        return head(session)


STEPS = {"a": first_pull, "b": pull_changes, "c": push, "d": nothing, "f": all_at_once}
"""In this order, each on what the one before has left."""

OFTEN = frozenset({"b", "d"})
"""Steps that are timed in many rounds, because each is short."""
