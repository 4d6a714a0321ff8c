"""Cuts a long list into pages that the frame's page links understand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

ROWS_MAX = 50
"""Rows on one page."""


@dataclass(frozen=True, kw_only=True)
class Page:
    """One page of a list: which one of how many, and which rows of how many stand on it."""

    number: int
    count: int
    first: int
    last: int
    total: int
    href: Callable[[int], str]


def paged(total: int, asked: str, address: str) -> Page:
    """Choose the page that was asked for, or the nearest there is."""
    count = max(1, -(-total // ROWS_MAX))
    wanted = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 6 else 1  # noqa: PLR2004 - digits a page number has
    number = min(max(wanted, 1), count)
    first = (number - 1) * ROWS_MAX
    return Page(
        number=number,
        count=count,
        first=first + 1 if total else 0,
        last=min(first + ROWS_MAX, total),
        total=total,
        href=lambda page: f"{address}?page={page}",
    )
