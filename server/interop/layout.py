"""Where in one file each of a profile's columns stands, and whether a row has the right shape."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from server.interop.lines import Reason, because
from server.interop.profiles import Column, Feed, Profile, heading_key
from server.interop.reading import Record
from shared.errors import RuleBroken

HEADER_LINES_MAX = 25
"""Records that may stand above the row of column names: titles, dates, blank lines."""


@dataclass(frozen=True, slots=True)
class Place:
    """A feed and the positions, from 0, of the columns that feed it in this file."""

    feed: Feed
    positions: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """A file's header with every feed of the profile found in it."""

    headings: tuple[str, ...]
    width: int
    places: tuple[Place, ...]
    missing_position: int | None = None

    def heading(self, place: Place) -> str:
        """Name the columns of a place as the file does, for a sentence; repeated ones by number too."""
        return ", ".join(self._named(at) for at in place.positions)

    def _named(self, at: int) -> str:
        heading = self.headings[at]
        if self.headings.count(heading) == 1:
            return heading
        return f"{heading} ({self.headings[: at + 1].count(heading)})"

    def place(self, field: str) -> Place | None:
        """Find where a field is fed from."""
        return next((place for place in self.places if place.feed.field == field), None)

    @property
    def unused(self) -> tuple[str, ...]:
        """List the columns that the profile does not read."""
        used = {at for place in self.places for at in place.positions}
        named = enumerate(self.headings)
        return tuple(heading for at, heading in named if at not in used and heading)

    def shape_fault(self, values: Sequence[str]) -> Reason | None:
        """Say whether a row has too few values, or too many that are not blank."""
        if len(values) < self.width:
            return because("row.short", values=len(values), columns=self.width)
        if any(value.strip() for value in values[len(self.headings) :]):
            return because("row.long", values=len(values), columns=len(self.headings))
        return None


def lay_out(profile: Profile, header: Sequence[str]) -> Layout:
    """Find every column of the profile in its header row; refuse one that could be either of two."""
    headings = tuple(" ".join(heading.split()) for heading in header)
    keys = [heading_key(heading) for heading in headings]
    places: list[Place] = []
    for feed in profile.feeds:
        positions = tuple(
            at for column in feed.columns if (at := _position(column, keys)) is not None
        )
        if positions:
            places.append(Place(feed, positions))
    width = max((at + 1 for at, heading in enumerate(headings) if heading), default=0)
    column = profile.missing_column
    return Layout(headings, width, tuple(places), _position(column, keys) if column else None)


def missing_columns(profile: Profile, header: Sequence[str]) -> list[str]:
    """List the columns the profile cannot do without and the header row does not have."""
    keys = [heading_key(heading) for heading in header]
    needed = [column for feed in profile.feeds if not feed.optional for column in feed.columns]
    return [column.heading for column in needed if not _stands_in(column, keys)]


def _stands_in(column: Column, keys: Sequence[str]) -> bool:
    heading, occurrence = column.key
    return keys.count(heading) >= occurrence


def _position(column: Column, keys: Sequence[str]) -> int | None:
    heading, occurrence = column.key
    found = [at for at, key in enumerate(keys) if key == heading]
    if column.occurrence is None and len(found) > 1:
        raise RuleBroken("file.column_twice", field="file", column=column.heading, count=len(found))
    return found[occurrence - 1] if len(found) >= occurrence else None


def find_header(profile: Profile, records: Sequence[Record], delimiter: str) -> int:
    """Find which record is the row of column names; refuse naming what the likeliest one lacks."""
    lacking = [(len(missing), at, missing) for at, missing in _lacking(profile, records, delimiter)]
    if not lacking:
        raise RuleBroken("file.empty", field="file")
    count, at, missing = min(lacking)
    if count:
        raise RuleBroken("file.no_header", field="file", columns=", ".join(missing))
    return at


def _lacking(
    profile: Profile, records: Sequence[Record], delimiter: str
) -> list[tuple[int, list[str]]]:
    return [
        (at, missing_columns(profile, header_cells(record, delimiter)))
        for at, record in enumerate(records[:HEADER_LINES_MAX])
        if record.fault is None
    ]


def header_cells(record: Record, delimiter: str) -> tuple[str, ...]:
    """Give the column names of a header row, also where the whole row stands in quotation marks."""
    cells = tuple(cell.strip() for cell in record.values)
    if len(cells) == 1 and delimiter in cells[0]:
        return tuple(cell.strip().strip('"').strip() for cell in cells[0].split(delimiter))
    return cells
