"""Mapping profiles: as data, which column of another system's file feeds which field of ours, and how."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from server.interop.lines import Master, PayerKind
from server.interop.names import KindRule, Merging, NameOrder

ShortRows = Literal["reject", "pad", "mend"]
OneRow = Literal["account", "debt"]
BlankPayer = Literal["find_who_is_liable", "reject"]

GUESS = "guess"
"""The name that asks for a profile to be guessed; no profile may be called so."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column by its heading; `occurrence` says which one of that name where a file repeats it."""

    heading: str
    occurrence: int | None = None

    @property
    def key(self) -> tuple[str, int]:
        """Give what two ways of writing the same heading share."""
        return heading_key(self.heading), self.occurrence or 1


def heading_key(heading: str) -> str:
    """Compare headings without regard to case, spaces at the ends or doubled spaces."""
    return " ".join(heading.replace("\ufeff", "").split()).casefold()


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """The column or columns one of our fields is read from.

    Several columns are joined with `join`, except an address, whose columns are its lines; `split`
    cuts one cell into address lines. `values` translates the file's words into ours. `last_day`
    says the file's "until" is the last day covered. `optional` columns may be absent from the file,
    `required` ones may not be empty in a row. `formats` overrides the profile's date formats.
    """

    field: str
    columns: tuple[Column, ...]
    join: str = " "
    split: str | None = None
    values: tuple[tuple[str, str], ...] = ()
    formats: tuple[str, ...] = ()
    last_day: bool = False
    optional: bool = False
    required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlLine:
    """The line in which a file declares its own totals; `count_at` and `sum_at` are places from 1."""

    begins: str
    count_at: int | None = None
    sum_at: int | None = None
    sum_of: Literal["balance", "charged"] = "balance"
    sum_negative: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """All that is needed to read one kind of file."""

    name: str
    title: str
    source: str
    feeds: tuple[Feed, ...]
    service: str
    country: str
    debt_type: str | None = None
    delimiter: str | None = None
    short_rows: ShortRows = "reject"
    missing_column: Column | None = None
    one_row: OneRow = "account"
    master_of_balance: Master = "host"
    merge_organisations: Merging = "never"
    payer_kind: KindRule = "by_rule"
    otherwise_kind: PayerKind = "individual"
    name_order: NameOrder = "title_first"
    blank_payer: BlankPayer = "find_who_is_liable"
    date_formats: tuple[str, ...] = ("YYYY-MM-DD", "DD/MM/YYYY")
    amounts_in_pence: bool = False
    control: ControlLine | None = None

    def feed(self, field: str) -> Feed | None:
        """Find what feeds a field, if anything does."""
        return next((feed for feed in self.feeds if feed.field == field), None)

    def has(self, *fields: str) -> bool:
        """Tell whether any of the fields is fed."""
        return any(feed.field in fields for feed in self.feeds)
