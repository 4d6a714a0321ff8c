"""What a simulation says when something that must hold does not."""

from __future__ import annotations


class Broken(Exception):  # noqa: N818 - it says what the property is
    """A property that does not hold: its number, and how that was seen."""

    def __init__(self, property_: str, seen: str) -> None:
        self.property = property_
        self.seen = seen
        super().__init__(f"{property_}: {seen}")
