"""One page of a long list: which rows it shows, and where the others are with the filters kept."""

from __future__ import annotations

from dataclasses import dataclass

from flask import request, url_for

ROWS = 50
"""Rows of a page."""

_DIGITS_MAX = 6


@dataclass(frozen=True, kw_only=True)
class Slice:
    """Which part of a long list is wanted."""

    offset: int = 0
    limit: int = ROWS


@dataclass(frozen=True, kw_only=True)
class Page:
    """A page as the `pages` macro reads it."""

    number: int
    total: int

    @classmethod
    def asked(cls, total: int) -> Page:
        """Read from the address which page was asked for; one beyond the end is the last."""
        asked = request.args.get("page", "1")
        readable = asked.isascii() and asked.isdecimal() and len(asked) <= _DIGITS_MAX
        number = max(1, int(asked)) if readable else 1
        return cls(number=min(number, _pages(total)), total=total)

    @property
    def count(self) -> int:
        """Count the pages."""
        return _pages(self.total)

    @property
    def part(self) -> Slice:
        """Say which rows to read."""
        return Slice(offset=(self.number - 1) * ROWS)

    @property
    def first(self) -> int:
        """Number the first row shown."""
        return min(self.total, self.part.offset + 1)

    @property
    def last(self) -> int:
        """Number the last row shown."""
        return min(self.total, self.part.offset + ROWS)

    def href(self, number: int) -> str:
        """Give the address of another page of the same list."""
        return here(page=str(number))


def here(**changed: str | None) -> str:
    """Give this page's own address with some of what it asks for changed, or with None left out."""
    asked: dict[str, object] = dict(request.args.to_dict(flat=False))
    asked |= changed
    kept = {name: value for name, value in asked.items() if value not in (None, "")}
    return url_for(request.endpoint or "", **(request.view_args or {}), **kept)  # type: ignore[arg-type]


def _pages(total: int) -> int:
    return max(1, -(-total // ROWS))
