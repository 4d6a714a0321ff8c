"""The network under simulation: what is on its way, and everything that can become of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from sync.signatures import content_digest
from tests.simulation.device import Attempt, Device

FATES = (
    ("arrives", 78),
    ("is lost", 7),
    ("arrives twice", 7),
    ("is cut short", 3),
    ("is damaged", 3),
    ("is not the office's", 2),
)
"""What can become of a message, and how often of a hundred."""

OUT_OF_TURN = 0.4
"""How often a message waits while a later one arrives."""

WHOLE_HEADER_BYTES = 20
"""A zstd frame's header is shorter; damage behind it is damage to what the frame holds."""


@dataclass(frozen=True, kw_only=True)
class Message:
    """Bytes on their way between one sync of a device and the office."""

    number: int
    to_office: bool
    device: Device
    attempt: Attempt
    exchange: int
    body: bytes
    digest: str = ""

    def __str__(self) -> str:
        """Name the message as the trace does."""
        what = "request" if self.to_office else "reply"
        return f"{what} {self.number} of {self.device.label}/{self.attempt.number}"


@dataclass(kw_only=True)
class Network:
    """Messages that have been sent and have neither arrived nor been lost."""

    random: Random
    on_the_way: list[Message] = field(default_factory=list)
    sent: int = 0

    def send(self, *, to_office: bool, device: Device, attempt: Attempt, body: bytes) -> Message:
        """Put a message on its way."""
        self.sent += 1
        message = Message(
            number=self.sent,
            to_office=to_office,
            device=device,
            attempt=attempt,
            exchange=attempt.exchange,
            body=body,
            digest=content_digest(body) if to_office else "",
        )
        self.on_the_way.append(message)
        return message

    def next(self) -> tuple[Message, str, bytes | None]:
        """Choose a message, not always the latest, and its fate; None when nothing arrives."""
        message = self.on_the_way[-1]
        if self.random.random() < OUT_OF_TURN:
            message = self.random.choice(self.on_the_way)
        fate = self.random.choices(
            [name for name, _weight in FATES], [weight for _name, weight in FATES]
        )[0]
        if fate != "arrives twice":
            self.on_the_way.remove(message)
        return message, fate, self._arriving(message.body, fate)

    def _arriving(self, body: bytes, fate: str) -> bytes | None:
        if fate == "is lost":
            return None
        if fate == "is not the office's":
            return b"<html><title>Sign in to the hotel's network</title></html>"
        if fate == "is cut short":
            return body[: int(len(body) * self.random.random() * 0.9)]
        if fate == "is damaged":
            at = WHOLE_HEADER_BYTES + int((len(body) - WHOLE_HEADER_BYTES) * self.random.random())
            return body[:at] + bytes([body[at] ^ 0x55]) + body[at + 1 :]
        return body
