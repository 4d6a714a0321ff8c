"""The pipe between keeper and vault: questions both ways, refusals, faults, limits and hanging up."""

from __future__ import annotations

import io
import json
import os
import struct
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest

from field_client import pipe
from field_client.pipe import Handler, Message, Pipe, PipeClosed, PipeFault
from shared.errors import RuleBroken

NOTHING: Mapping[str, Handler] = {}

SECONDS = 60
"""How long anything here may take that surely comes."""


class Pair:
    """Two ends joined by two pipes of the operating system."""

    def __init__(self, left: Mapping[str, Handler], right: Mapping[str, Handler]) -> None:
        to_right, from_left = os.pipe()
        to_left, from_right = os.pipe()
        self.files = [io.FileIO(fd, mode) for fd, mode in
                      ((to_left, "r"), (from_left, "w"), (to_right, "r"), (from_right, "w"))]  # fmt: skip
        self.closed = {"left": threading.Event(), "right": threading.Event()}
        self.left = Pipe(self.files[0], self.files[1], left, self.closed["left"].set)
        self.right = Pipe(self.files[2], self.files[3], right, self.closed["right"].set)

    def start(self) -> None:
        self.left.start()
        self.right.start()

    def stop(self) -> None:
        self.left.close()
        self.right.close()
        for event in self.closed.values():
            assert event.wait(SECONDS)
        for file in self.files:
            file.close()


@pytest.fixture
def pairs() -> Iterator[list[Pair]]:
    made: list[Pair] = []
    yield made
    for pair in made:
        pair.stop()


def join(
    pairs: list[Pair], left: Mapping[str, Handler] = NOTHING, right: Mapping[str, Handler] = NOTHING
) -> Pair:
    pair = Pair(left, right)
    pairs.append(pair)
    pair.start()
    return pair


def echo(message: Message) -> Message:
    return message


def test_either_side_may_ask_and_large_bodies_arrive_whole(pairs: list[Pair]) -> None:
    pair = join(pairs, {"echo": echo}, {"echo": echo})
    body = os.urandom(3_000_000)
    for end in (pair.left, pair.right):
        answer = end.ask("echo", Message(values={"é": [1, None]}, body=body), seconds_max=SECONDS)
        assert answer == Message(values={"é": [1, None]}, body=body)


def test_many_asks_at_once_each_get_their_own_answer(pairs: list[Pair]) -> None:
    pair = join(pairs, {"echo": echo}, {"echo": echo})
    with ThreadPoolExecutor(16) as pool:
        asked = range(200)
        answers = pool.map(
            lambda n: (pair.left if n % 2 else pair.right).ask(
                "echo", Message(values={"n": n}), seconds_max=SECONDS
            ),
            asked,
        )
        assert [answer.values["n"] for answer in answers] == list(asked)


def test_an_ask_can_be_asked_back_while_it_is_being_answered(pairs: list[Pair]) -> None:
    ends: list[Pipe] = []

    def open_(_message: Message) -> Message:
        return ends[0].ask("echo", Message(values={"from": "right"}), seconds_max=SECONDS)

    pair = join(pairs, {"echo": echo}, {"open": open_})
    ends.append(pair.right)
    assert pair.left.ask("open", Message(), seconds_max=SECONDS).values == {"from": "right"}


def test_a_slow_answer_does_not_hold_up_a_lock(pairs: list[Pair]) -> None:
    released, locked = threading.Event(), threading.Event()

    def send(_message: Message) -> None:
        released.wait(SECONDS)

    pair = join(pairs, {"send": send, "lock": lambda _message: locked.set()})
    with ThreadPoolExecutor(1) as pool:
        sending = pool.submit(pair.right.ask, "send", Message(), seconds_max=SECONDS)
        pair.right.tell("lock")
        assert locked.wait(SECONDS)
        assert not sending.done()
        released.set()
        sending.result(SECONDS)


def test_a_refusal_crosses_with_its_field_and_values(pairs: list[Pair]) -> None:
    def refuse(_message: Message) -> Message:
        raise RuleBroken("passphrase.too_soon", field="passphrase", seconds=8)

    pair = join(pairs, right={"open": refuse})
    with pytest.raises(RuleBroken) as refused:
        pair.left.ask("open", Message(), seconds_max=SECONDS)
    assert refused.value.field == "passphrase"
    assert refused.value.sentence() == "Wait 8 seconds, then enter your passphrase again"


def test_a_fault_crosses_as_an_id_and_its_text_is_not_logged(
    pairs: list[Pair], caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_message: Message) -> Message:
        raise KeyError("Mrs Adebayo")

    pair = join(pairs, right={"open": fail})
    with pytest.raises(PipeFault) as fault:
        pair.left.ask("open", Message(), seconds_max=SECONDS)
    assert str(fault.value) in caplog.text
    assert "KeyError" in caplog.text
    assert "Adebayo" not in caplog.text
    with pytest.raises(PipeFault):
        pair.left.ask("no such question", Message(), seconds_max=SECONDS)


def test_when_one_side_is_gone_everyone_on_the_other_stops_waiting(pairs: list[Pair]) -> None:
    never = threading.Event()
    pair = join(pairs, right={"wait": lambda _message: never.wait(SECONDS) and None})
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(pair.left.ask, "wait", Message(), seconds_max=SECONDS)
        while not pair.left._waiting:
            time.sleep(0.01)
        pair.right.close()
        with pytest.raises(PipeClosed):
            waiting.result(SECONDS)
    assert pair.closed["left"].wait(SECONDS)
    with pytest.raises(PipeClosed):
        pair.left.ask("wait", Message(), seconds_max=1)
    pair.right.tell("nobody hears this")
    never.set()


def test_an_answer_that_does_not_come_in_time_is_not_waited_for(pairs: list[Pair]) -> None:
    late = threading.Event()
    pair = join(pairs, right={"wait": lambda _message: late.wait(SECONDS) and None})
    with pytest.raises(PipeClosed):
        pair.left.ask("wait", Message(), seconds_max=0.05)
    late.set()


def test_a_message_larger_than_the_limit_is_not_sent(pairs: list[Pair]) -> None:
    pair = join(pairs, right={"echo": echo})
    with pytest.raises(ValueError, match="larger than the pipe carries"):
        pair.left.ask("echo", Message(body=bytes(pipe.BODY_BYTES_MAX + 1)), seconds_max=SECONDS)
    with pytest.raises(ValueError, match="larger than the pipe carries"):
        pair.left.ask("echo", Message(values={"a": "b" * pipe.HEAD_BYTES_MAX}), seconds_max=SECONDS)
    assert (
        pair.left.ask("echo", Message(body=b"still works"), seconds_max=SECONDS).body
        == b"still works"
    )


def frame(head: object, body: bytes = b"") -> bytes:
    packed = json.dumps(head).encode()
    return struct.pack(">II", len(packed), len(body)) + packed + body


@pytest.mark.parametrize(
    "sent",
    [
        struct.pack(">II", pipe.HEAD_BYTES_MAX + 1, 0),
        struct.pack(">II", 0, pipe.BODY_BYTES_MAX + 1),
        struct.pack(">II", 3, 0) + b"{x}",
        struct.pack(">II", 60_000, 0) + b"[" * 60_000,
        frame([]),
        frame({"kind": "ask"}),
        frame({"kind": "ask", "number": "one", "name": "echo", "values": {}}),
        frame({"kind": "ask", "number": 1, "name": "echo", "values": 3}),
    ],
)
def test_nonsense_on_the_pipe_is_the_same_as_hanging_up(pairs: list[Pair], sent: bytes) -> None:
    pair = join(pairs, right={"echo": echo})
    pair.files[1].write(sent)
    assert pair.closed["right"].wait(SECONDS)


def test_more_asks_than_anyone_needs_is_the_same_as_hanging_up(pairs: list[Pair]) -> None:
    release = threading.Event()
    pair = join(pairs, right={"wait": lambda _message: release.wait(SECONDS) and None})
    for _ in range(pipe.IN_HAND_MAX + 1):
        pair.left.tell("wait")
    assert pair.closed["right"].wait(SECONDS)
    release.set()
