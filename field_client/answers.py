"""What the office answered, as the keeper received it and as it crosses the pipe into the vault."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from field_client.pipe import Message


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One reply of the office: its status, its body, and the few headers anyone needs."""

    status: int
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)

    def packed(self) -> Message:
        """Pack the answer for the pipe."""
        values = {"status": self.status, "headers": dict(self.headers)}
        return Message(values=values, body=self.body)

    @classmethod
    def unpacked(cls, message: Message) -> Answer:
        """Read an answer that came over the pipe."""
        return cls(
            status=int(message.values["status"]),
            body=message.body,
            headers=dict(message.values["headers"]),
        )
