"""Both halves of a conversation only ask; whoever drives them does, in whatever order it likes."""

from __future__ import annotations

import ast
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import pytest

import sync
from server.cases.commands import UnassignCase
from sync import hub
from sync.device_steps import Draw, Send
from sync.session import RETRY_SECONDS_MAX, RETRY_SECONDS_MIN, STEADY_SECONDS, converse, pause
from sync.steps import Step, Steps, ask, run
from tests.simulation import ends
from tests.simulation.device import Attempt, Device
from tests.sync.bench import Bench

SOURCES = sorted(Path(sync.__path__[0]).glob("*.py"))
DOES = {"time", "random", "secrets", "os", "threading", "asyncio", "socket", "pathlib", "uuid"}


@dataclass(frozen=True)
class Say(Step[list[str], int]):
    """Have a word written down."""

    word: str

    def do(self, doer: list[str]) -> int:
        if self.word == "never":
            raise ValueError(self.word)
        doer.append(self.word)
        return len(doer)


def told() -> Steps[list[str], str]:
    first = yield from ask(Say("one"))
    try:
        yield from ask(Say("never"))
    except ValueError:
        first += yield from ask(Say("two"))
    return f"said {first}"


def test_each_step_is_done_as_it_is_asked_for_and_fails_where_it_was_asked() -> None:
    words: list[str] = []
    assert run(told(), words) == "said 3"
    assert words == ["one", "two"]


def test_what_nobody_minds_reaches_whoever_drives() -> None:
    def careless() -> Steps[list[str], None]:
        yield from ask(Say("never"))

    with pytest.raises(ValueError, match="never"):
        run(careless(), [])


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
def test_no_file_of_sync_can_do_anything_itself(source: Path) -> None:
    """No clock, no chance, no file, no thread, no network: not one of them is even imported."""
    imported: set[str] = set()
    for node in ast.walk(ast.parse(source.read_text())):
        if isinstance(node, ast.Import):
            imported |= {name.name.split(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            imported.add(node.module.split(".")[0])
    assert imported & DOES == set()


def test_both_halves_are_generators_and_nothing_else() -> None:
    assert isinstance(converse(), Generator)
    assert isinstance(pause(0), Generator)
    first = next(pause(3))
    assert isinstance(first, Draw), "even chance is asked for"
    assert first.least == 0.0


@pytest.mark.parametrize(
    ("failures", "drawn", "waits"),
    [
        (0, 300.0, 300.0),
        (1, 0.0, RETRY_SECONDS_MIN),
        (1, 9.0, 9.0),
        (99, RETRY_SECONDS_MAX, RETRY_SECONDS_MAX),
    ],
)
def test_a_wait_is_drawn_and_never_too_short(failures: int, drawn: float, waits: float) -> None:
    steps = pause(failures)
    step = next(steps)
    assert isinstance(step, Draw)
    assert step.least <= drawn <= step.most or failures == 0
    with pytest.raises(StopIteration) as ended:
        steps.send(drawn)
    assert ended.value.value == waits
    assert RETRY_SECONDS_MAX >= STEADY_SECONDS


@pytest.mark.parametrize("seed", range(3))
def test_one_scheduler_holds_devices_and_office_between_any_two_steps(
    bench: Bench, seed: int
) -> None:
    """Two devices and the office's half of each request advance a step at a time, as chance says."""
    random = Random(seed)
    devices = bench.devices[:2]
    for number, device in enumerate(devices):
        bench.assign(device, number)
        bench.sync(device)
        device.save([bench.visit(device.cases()[0]) for _ in range(3)], bench.world.now)
    turns = [_turn_by_turn(bench, device) for device in devices]
    taken: list[str] = []
    while turns:
        turn = random.choice(turns)
        try:
            taken.append(next(turn))
        except StopIteration:
            turns.remove(turn)

    assert {"Hear", "Accept", "LookUp", "Sign", "Send", "Absorb"} <= set(taken)
    assert len(bench.watch.visits()) == 6
    for device in devices:
        bench.sync(device)
        ends.same_scope(bench.watch, device)
        ends.receipts_agree(bench.watch, device)


def test_a_sync_that_finds_nothing_new_asks_each_end_once(bench: Bench) -> None:
    device = bench.devices[0]
    bench.assign(device, 0)
    bench.sync(device)
    asked = list(_turn_by_turn(bench, device))
    assert asked == [
        "ReadCopy", "Send", "LookUp", "ServerTime", "CheckSeal", "ReadClock", "Absorb",
    ]  # fmt: skip


def test_a_case_that_goes_only_when_nothing_else_moves_is_told_in_the_same_sync(
    bench: Bench,
) -> None:
    """A draft held it when it was taken away; that it has gone since must not wait for the next sync."""
    device = bench.devices[0]
    case_id = bench.assign(device, 0)
    bench.sync(device)
    with device.store.transaction() as connection:
        connection.execute(
            "INSERT INTO draft VALUES ('d', ?, 'RecordVisit', '{}', ?)",
            (case_id, bench.world.now.isoformat()),
        )
    bench.ask(UnassignCase(case_id=case_id, officer_id=device.officer.user_id))
    bench.sync(device)
    assert bench.erasures(device) == []
    with device.store.transaction() as connection:
        connection.execute("DELETE FROM draft")
    bench.sync(device)
    assert bench.erasures(device) == [case_id]


def _turn_by_turn(bench: Bench, device: Device) -> Generator[str, None, None]:
    """Drive one whole sync, giving up the turn before each step of either end."""
    attempt = Attempt(number=1, conversation=converse(envelopes_max=2))
    answer: Any = None
    while True:
        try:
            step = attempt.conversation.send(answer)
        except StopIteration:
            return
        yield type(step).__name__
        if not isinstance(step, Send):
            answer = step.do(device)
            continue
        store = bench.office.store(device.actor, bench.world.now)
        office = hub.answer(step.request)
        said: Any = None
        while True:
            try:
                asked = office.send(said)
            except StopIteration as end:
                answer = end.value
                break
            yield type(asked).__name__
            said = asked.do(store)
