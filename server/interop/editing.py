"""How a profile is shown column by column for a person to change, and made again from their answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from server.interop.cells import MONTH_FIRST
from server.interop.fields import FIELDS
from server.interop.guessing import usual_values
from server.interop.layout import Layout, lay_out
from server.interop.profile_files import as_data
from server.interop.profiles import Column, Feed, Profile, heading_key
from server.interop.sampling import USUAL_DATE_FORMATS
from shared.catalogue import Sentence, mark

BLANK = Profile(
    name="by-hand",
    title="Chosen column by column",
    source="Somebody who had the file before them",
    feeds=(),
    service="",
    country="england",
)
"""What somebody starts from when nothing can be guessed."""

TOGETHER = "+"
"""Between two fields that one column feeds."""

MONTH_FIRST_FORMATS = (
    *sorted(MONTH_FIRST),
    *(name for name in USUAL_DATE_FORMATS if not name.startswith("DD/")),
)

SETTINGS = (
    "service",
    "debt_type",
    "country",
    "one_row",
    "master_of_balance",
    "merge_organisations",
    "otherwise_kind",
    "name_order",
    "amounts_in_pence",
)
"""What a page asks about a profile besides its columns, each under the profile's own name for it."""


@dataclass(frozen=True, kw_only=True)
class ShownColumn:
    """One column of a file: its heading, which of several of that name, and what it feeds."""

    position: int
    heading: str
    occurrence: int | None
    feeds: str


def shown_columns(profile: Profile, header: Sequence[str]) -> list[ShownColumn]:
    """Say what each column of a file feeds by a profile."""
    layout = lay_out(profile, header)
    keys = [heading_key(heading) for heading in header]
    return [
        ShownColumn(
            position=at,
            heading=heading,
            occurrence=keys[: at + 1].count(keys[at]) if keys.count(keys[at]) > 1 else None,
            feeds=TOGETHER.join(_fields_at(layout, at)),
        )
        for at, heading in enumerate(layout.headings)
    ]


def _fields_at(layout: Layout, position: int) -> Iterator[str]:
    return (place.feed.field for place in layout.places if position in place.positions)


def field_words(feeds: str) -> str:
    """Say what a column feeds, to be translated where it is shown."""
    if not feeds:
        return mark("Not read")
    first, *others = (_words(name) for name in feeds.split(TOGETHER))
    for other in others:
        first = Sentence(mark("%(first)s and %(other)s"), first=first, other=other)
    return first


def _words(name: str) -> Sentence:
    words = Sentence(FIELDS[name].words)
    if name.startswith("second_"):
        return Sentence(mark("Second payer: %(field)s"), field=words)
    return words


def date_order(profile: Profile) -> str:
    """Say whether a profile reads 03/04/2025 as the 3rd of April or as the 4th of March."""
    return "month_first" if set(profile.date_formats) & MONTH_FIRST else "day_first"


def edited(
    base: Profile, header: Sequence[str], chosen: Sequence[str], settings: Mapping[str, Any]
) -> dict[str, Any]:
    """Make a profile's data anew from what somebody chose; all they were not asked about stays."""
    feeds = dict(_feeds(base, header, chosen))
    for feed in base.feeds:
        if feed.optional and not any(_stands_in(column, header) for column in feed.columns):
            feeds.setdefault(feed.field, feed)
    made = replace(base, feeds=tuple(feeds[name] for name in FIELDS if name in feeds))
    data = as_data(made)
    for name in SETTINGS:
        data.pop(name, None)
        if settings.get(name) not in (None, ""):
            data[name] = settings[name]
    if settings["date_order"] != date_order(base):
        by_month = settings["date_order"] == "month_first"
        data["date_formats"] = list(MONTH_FIRST_FORMATS if by_month else USUAL_DATE_FORMATS)
    return data


def _feeds(
    base: Profile, header: Sequence[str], chosen: Sequence[str]
) -> Iterator[tuple[str, Feed]]:
    """Give each field the columns chosen for it, as the profile read them before if it did."""
    keys = [heading_key(heading) for heading in header]
    columns: dict[str, list[Column]] = {}
    for at, feeds in enumerate(chosen):
        occurrence = keys[: at + 1].count(keys[at]) if keys.count(keys[at]) > 1 else None
        for name in feeds.split(TOGETHER) if feeds else ():
            columns.setdefault(name, []).append(Column(header[at], occurrence))
    for name, now in columns.items():
        before = base.feed(name)
        if before is not None and {c.key for c in before.columns} == {c.key for c in now}:
            yield name, before
        elif before is not None:
            yield name, replace(before, columns=tuple(now), optional=False)
        else:
            lone_address = FIELDS[name].shape == "address" and len(now) == 1
            yield (
                name,
                Feed(
                    field=name,
                    columns=tuple(now),
                    split="," if lone_address else None,
                    values=usual_values(name),
                ),
            )


def _stands_in(column: Column, header: Sequence[str]) -> bool:
    return heading_key(column.heading) in {heading_key(heading) for heading in header}
