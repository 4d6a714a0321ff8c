"""The one connection between keeper and vault: whole messages over the child's stdin and stdout.

A frame is two lengths, a small JSON head, and bytes: `>II` (head, body), head, body. Either side may
ask (and wait for an answer), or tell (and not). A refusal crosses as its code, so that the sentence
is said where it is read. Each ask runs in its own thread: a slow office never holds up a lock. When
one side is gone, the other is told once, and everyone still waiting stops waiting.
"""

from __future__ import annotations

import contextlib
import io
import itertools
import json
import struct
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as TooSlow
from dataclasses import dataclass, field
from typing import Any

from field_client import incidents
from shared.errors import REFUSALS, RuleBroken
from sync.protocol import SENT_BYTES_MAX

HEAD_BYTES_MAX = 65_536
"""Bytes of JSON in one message; anything large is in the body."""

BODY_BYTES_MAX = SENT_BYTES_MAX
"""Bytes of body in one message: as many as any sync request, reply or photograph may have."""

IN_HAND_MAX = 64
"""Asks one side works on at once; more than a person and a sync session can make."""

_LENGTHS = struct.Struct(">II")


@dataclass(frozen=True, kw_only=True)
class Message:
    """What is said: a few named values, and bytes when there are many."""

    values: Mapping[str, Any] = field(default_factory=dict)
    body: bytes = field(default=b"", repr=False)


Handler = Callable[[Message], Message | None]
"""Answers an ask, or takes in what was told; a RuleBroken it raises reaches whoever asked."""


class PipeClosed(Exception):  # noqa: N818 - it says what happened
    """The other side is gone, or did not answer in time."""


class PipeFault(Exception):  # noqa: N818 - it says what happened
    """The other side failed at what it was asked; it logged why, under the id given here."""


class Pipe:
    """One end of the connection."""

    def __init__(
        self,
        reader: io.RawIOBase,
        writer: io.RawIOBase,
        handlers: Mapping[str, Handler],
        closed: Callable[[], None],
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._handlers = handlers
        self._closed = closed
        self._write_turn = threading.Lock()
        self._waiting: dict[int, Future[Message]] = {}
        self._waiting_turn = threading.Lock()
        self._open = True
        self._numbers = itertools.count(1)
        self._places = threading.BoundedSemaphore(IN_HAND_MAX)

    def start(self) -> None:
        """Begin to listen to the other side."""
        threading.Thread(target=self._listen, name="pipe", daemon=True).start()

    def ask(self, name: str, message: Message, *, seconds_max: float) -> Message:
        """Ask the other side something and wait for its answer."""
        number = next(self._numbers)
        answer: Future[Message] = Future()
        with self._waiting_turn:
            if not self._open:
                raise PipeClosed(name)
            self._waiting[number] = answer
        try:
            self._write({"kind": "ask", "number": number, "name": name}, message)
            return answer.result(timeout=seconds_max)
        except TooSlow:
            raise PipeClosed(name) from None
        finally:
            with self._waiting_turn:
                self._waiting.pop(number, None)

    def tell(self, name: str, message: Message | None = None) -> None:
        """Tell the other side something; if it is gone, there is nobody to tell."""
        with contextlib.suppress(PipeClosed):
            self._write({"kind": "tell", "number": 0, "name": name}, message or Message())

    def close(self) -> None:
        """Hang up; the other side notices at its next read."""
        with self._write_turn, contextlib.suppress(OSError):
            self._writer.close()

    def _write(self, head: Mapping[str, Any], message: Message) -> None:
        packed = json.dumps({**head, "values": message.values}).encode()
        if len(packed) > HEAD_BYTES_MAX or len(message.body) > BODY_BYTES_MAX:
            raise ValueError("a message is larger than the pipe carries")
        parts = (_LENGTHS.pack(len(packed), len(message.body)), packed, message.body)
        try:
            with self._write_turn:
                for part in parts:
                    self._write_all(part)
        except (OSError, ValueError):  # a closed file says ValueError
            raise PipeClosed(str(head.get("name"))) from None

    def _write_all(self, part: bytes) -> None:
        rest = memoryview(part)
        while rest:
            rest = rest[self._writer.write(rest) or 0 :]

    def _listen(self) -> None:
        try:
            while True:
                head, body = self._read_frame()
                self._take(head, body)
        except (EOFError, OSError, ValueError, KeyError, TypeError, RecursionError):
            pass  # gone, or no longer making sense: the same to us
        finally:
            self._stop_waiting()
            self._closed()

    def _read_frame(self) -> tuple[dict[str, Any], bytes]:
        head_length, body_length = _LENGTHS.unpack(self._read_exactly(_LENGTHS.size))
        if head_length > HEAD_BYTES_MAX or body_length > BODY_BYTES_MAX:
            raise ValueError("a frame is larger than the pipe carries")
        head = json.loads(self._read_exactly(head_length))
        return head, self._read_exactly(body_length)

    def _read_exactly(self, length: int) -> bytes:
        parts = bytearray()
        while len(parts) < length:
            part = self._reader.read(length - len(parts))
            if not part:
                raise EOFError
            parts += part
        return bytes(parts)

    def _take(self, head: dict[str, Any], body: bytes) -> None:
        kind, number = str(head["kind"]), int(head["number"])
        message = Message(values=dict(head["values"]), body=body)
        if kind in {"ask", "tell"}:
            self._begin(kind, number, str(head["name"]), message)
            return
        with self._waiting_turn:
            answer = self._waiting.pop(number, None)
        if answer is not None:
            _settle(answer, kind, message)

    def _begin(self, kind: str, number: int, name: str, message: Message) -> None:
        if not self._places.acquire(blocking=False):
            raise ValueError("the other side asks more than anyone could need")
        threading.Thread(
            target=self._work, args=(kind, number, name, message), name=f"pipe-{name}", daemon=True
        ).start()

    def _work(self, kind: str, number: int, name: str, message: Message) -> None:
        try:
            outcome, answer = self._handle(name, message)
            if kind == "ask":
                with contextlib.suppress(PipeClosed):
                    self._write({"kind": outcome, "number": number, "name": name}, answer)
        finally:
            self._places.release()

    def _handle(self, name: str, message: Message) -> tuple[str, Message]:
        try:
            return "answer", self._handlers[name](message) or Message()
        except RuleBroken as refused:
            values = {"code": refused.code, "field": refused.field, "values": refused.values}
            return "refused", Message(values=values)
        except Exception as fault:  # noqa: BLE001 - whatever it was, nobody must wait for ever
            return "failed", Message(values={"incident": incidents.note(name, fault)})

    def _stop_waiting(self) -> None:
        with self._waiting_turn:
            self._open = False
            waiting, self._waiting = self._waiting, {}
        for answer in waiting.values():
            answer.set_exception(PipeClosed("closed"))


def _settle(answer: Future[Message], kind: str, message: Message) -> None:
    """Hand an answer to whoever waits for it, as a value or as the exception it stands for."""
    if kind == "answer":
        answer.set_result(message)
    elif kind == "refused" and message.values.get("code") in REFUSALS:
        refusal = message.values
        answer.set_exception(
            RuleBroken(refusal["code"], field=refusal["field"], **refusal["values"])
        )
    else:
        answer.set_exception(PipeFault(str(message.values.get("incident"))))
