"""One page of a long list: which rows it shows and where the others are."""

from __future__ import annotations

from dataclasses import dataclass

from flask import request, url_for

from server.access.queries import Slice

ROWS = 50
"""Rows of a page."""

_DIGITS_MAX = 6


@dataclass(frozen=True, kw_only=True)
class Page:
    """A page as the template's `pages` macro reads it."""

    number: int
    total: int

    @classmethod
    def asked(cls, total: int) -> Page:
        """Read which page was asked for; one beyond the end is the last."""
        asked = request.args.get("page", "1")
        readable = asked.isascii() and asked.isdecimal() and len(asked) <= _DIGITS_MAX
        number = max(1, int(asked)) if readable else 1
        return cls(number=min(number, max(1, -(-total // ROWS))), total=total)

    @property
    def count(self) -> int:
        """Count the pages."""
        return max(1, -(-self.total // ROWS))

    @property
    def first(self) -> int:
        """Number the first row shown."""
        return min(self.total, self.part.offset + 1)

    @property
    def last(self) -> int:
        """Number the last row shown."""
        return min(self.total, self.part.offset + ROWS)

    @property
    def part(self) -> Slice:
        """Say which rows to read."""
        return Slice(offset=(self.number - 1) * ROWS, limit=ROWS)

    def href(self, number: int) -> str:
        """Give the address of another page of the same list, keeping its filters."""
        told = {**(request.view_args or {}), **request.args.to_dict(), "page": number}
        return url_for(request.endpoint or "", **told)
