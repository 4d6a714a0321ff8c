"""What a profile may say: every slip in one is found at once and has its own sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, cast

from server.interop.cells import DATE_FORMATS, DAY_FIRST, MONTH_FIRST
from server.interop.fields import CHOICES, FIELDS
from server.interop.lines import Reason, because
from server.interop.profiles import GUESS, Column, ControlLine, Feed, Profile
from server.interop.reading import DELIMITERS
from shared.debts import DEBT_TYPES

COLUMNS_A_FIELD_MAX = 20
TEXT_CHARACTERS_MAX = 500

_LIMITS = {"service": 60, "name": 80}
"""Characters of the texts that are kept with each account and each import."""

_NEEDED = ("name", "title", "source", "service", "country")
_TEXTS = frozenset({"name", "title", "source", "service", "begins", "join", "split"})
_NUMBERS = frozenset({"occurrence", "count_at", "sum_at"})
_CHOICES: dict[str, tuple[str, ...]] = {
    "country": ("england", "wales"),
    "debt_type": tuple(DEBT_TYPES),
    "delimiter": DELIMITERS,
    "short_rows": ("reject", "pad", "mend"),
    "one_row": ("account", "debt"),
    "master_of_balance": ("host", "fieldfare"),
    "merge_organisations": ("never", "registered", "all"),
    "payer_kind": ("individual", "organisation", "by_rule"),
    "otherwise_kind": ("individual", "organisation"),
    "name_order": ("title_first", "surname_first"),
    "blank_payer": ("find_who_is_liable", "reject"),
    "sum_of": ("balance", "charged"),
}
_PROFILE_KEYS = frozenset(field.name for field in fields(Profile)) - {"feeds"} | {"fields"}
_FEED_KEYS = frozenset(field.name for field in fields(Feed)) - {"field"}
_CONTROL_KEYS = frozenset(field.name for field in fields(ControlLine))
_COLUMN_KEYS = frozenset({"heading", "occurrence"})


def check(data: Mapping[str, object]) -> tuple[Profile | None, tuple[Reason, ...]]:
    """Make a profile of plain data, or give a reason for everything that is not as it should be."""
    reading = _Reading()
    profile = reading.profile(data)
    if profile is not None:
        reading.check_together(profile)
    return (None if reading.reasons else profile), tuple(reading.reasons)


class _Reading:
    def __init__(self) -> None:
        self.reasons: list[Reason] = []

    def say(self, code: str, key: str, **values: str | int) -> None:
        self.reasons.append(because(code, key, key=key, **values))

    def profile(self, data: Mapping[str, object]) -> Profile | None:
        for key in _NEEDED:
            if not data.get(key):
                self.say("profile.missing", key)
        said = self.table(data, "", _PROFILE_KEYS)
        if said.get("name") == GUESS:
            self.say("profile.missing", "name")
        if self.reasons:
            return None
        return Profile(**{"feeds": (), **said})

    def table(self, data: object, path: str, keys: frozenset[str]) -> dict[str, Any]:
        """Read each key of a table by what it is called; a key means the same wherever it stands."""
        if not isinstance(data, Mapping):
            self.say("profile.not_table", path)
            return {}
        said: dict[str, Any] = {}
        for key, value in data.items():
            at = f"{path}.{key}" if path else str(key)[:60]
            if key not in keys:
                self.say("profile.unknown_key", at)
            elif key == "fields":
                said["feeds"] = self.feeds(value)
            else:
                said[key] = self.value(key, at, value)
        return said

    def value(self, key: str, at: str, value: object) -> object:
        match key:
            case "control":
                return ControlLine(**{"begins": "", **self.table(value, at, _CONTROL_KEYS)})
            case "columns":
                return self.columns(value, at)
            case "missing_column":
                return self.column(value, at)
            case "date_formats" | "formats":
                return self.date_formats(value, at)
            case "values":
                return self.translations(value, at)
            case _:
                return self.scalar(key, at, value)

    def scalar(self, key: str, at: str, value: object) -> object:
        if key in _CHOICES:
            if value not in _CHOICES[key]:
                choices = ", ".join(choice.replace("\t", "tab") for choice in _CHOICES[key])
                self.say("profile.not_choice", at, choices=choices)
        elif key in _TEXTS or key == "heading":
            self.check_text(at, value, _LIMITS.get(key, TEXT_CHARACTERS_MAX))
        elif key in _NUMBERS:
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                self.say("profile.not_number", at)
        elif not isinstance(value, bool):
            self.say("profile.not_yes_no", at)
        return value

    def check_text(self, at: str, value: object, characters_max: int) -> None:
        if not isinstance(value, str):
            self.say("profile.not_text", at)
        elif len(value) > characters_max:
            self.say("profile.long", at, characters_max=characters_max)

    def feeds(self, data: object) -> tuple[Feed, ...]:
        if not isinstance(data, Mapping):
            self.say("profile.not_table", "fields")
            return ()
        feeds: list[Feed] = []
        for name, value in data.items():
            at = f"fields.{str(name)[:60]}"
            if name not in FIELDS:
                self.say("profile.unknown_field", at)
                continue
            feed = self.feed(name, at, value)
            if feed is not None:
                feeds.append(feed)
        return tuple(feeds)

    def feed(self, name: str, at: str, value: object) -> Feed | None:
        if isinstance(value, Mapping):
            said = self.table(value, at, _FEED_KEYS)
        else:
            said = {"columns": self.columns(value, at)}
        columns = cast(tuple[Column, ...], said.get("columns", ()))
        if not columns:
            self.say("profile.no_columns", at)
            return None
        keys = [column.key for column in columns]
        for column in columns:
            if keys.count(column.key) > 1:
                self.say("profile.same_column", at, column=column.heading)
                break
        if len(columns) > 1 and not FIELDS[name].many:
            self.say("profile.one_column", at)
        self.check_values(name, at, said.get("values", ()))
        return Feed(**{**said, "field": name, "columns": columns})

    def check_values(self, name: str, at: str, values: tuple[tuple[str, str], ...]) -> None:
        allowed = frozenset(DEBT_TYPES) if name == "debt_type" else CHOICES.get(name)
        for _, ours in values:
            if allowed is not None and ours not in allowed:
                choices = ", ".join(sorted(allowed))
                self.say("profile.unknown_value", at, value=ours[:40], choices=choices)

    def columns(self, value: object, at: str) -> tuple[Column, ...]:
        listed = value if isinstance(value, list | tuple) else [value]
        if len(listed) > COLUMNS_A_FIELD_MAX:
            self.say("profile.not_list", at)
            return ()
        found = [self.column(part, at) for part in listed]
        return tuple(column for column in found if column is not None)

    def column(self, value: object, at: str) -> Column | None:
        if isinstance(value, Mapping):
            said = self.table(value, at, _COLUMN_KEYS)
        else:
            said = {"heading": self.scalar("heading", at, value)}
        heading = said.get("heading")
        if not isinstance(heading, str):
            return None
        if not heading.strip():
            self.say("profile.no_columns", at)
            return None
        return Column(heading, said.get("occurrence"))

    def date_formats(self, value: object, at: str) -> tuple[str, ...]:
        listed = value if isinstance(value, list | tuple) else []
        known = tuple(name for name in listed if isinstance(name, str) and name in DATE_FORMATS)
        if not listed or len(known) != len(listed):
            self.say("profile.not_choice", at, choices=", ".join(DATE_FORMATS))
        if set(known) & DAY_FIRST and set(known) & MONTH_FIRST:
            self.say("profile.ambiguous_dates", at)
        return known

    def translations(self, value: object, at: str) -> tuple[tuple[str, str], ...]:
        if not isinstance(value, Mapping):
            self.say("profile.not_table", at)
            return ()
        pairs: list[tuple[str, str]] = []
        for theirs, ours in value.items():
            if not isinstance(theirs, str) or not isinstance(ours, str):
                self.say("profile.not_text", at)
            else:
                pairs.append((theirs, ours))
        return tuple(pairs)

    def check_together(self, profile: Profile) -> None:
        """Check what only shows when the parts are seen together."""
        if not profile.has("account_reference"):
            self.say("profile.no_reference", "fields.account_reference")
        if profile.debt_type is None and not profile.has("debt_type"):
            self.say("profile.no_debt_type", "debt_type")
        if profile.debt_type is not None and profile.has("debt_type"):
            self.say("profile.debt_type_twice", "debt_type")
        if (
            profile.has("charged")
            and not profile.has("balance")
            and profile.master_of_balance == "host"
        ):
            self.say("profile.no_balance", "fields.balance")
        if profile.one_row == "debt" and not profile.has("debt_reference", "period_from"):
            self.say("profile.no_period_or_reference", "one_row")
        if profile.short_rows == "mend" and profile.missing_column is None:
            self.say("profile.no_missing_column", "short_rows")
        if profile.control is not None:
            self.check_control(profile, profile.control)

    def check_control(self, profile: Profile, control: ControlLine) -> None:
        if not control.begins.strip() or (control.count_at is None and control.sum_at is None):
            self.say("profile.no_control", "control")
        if control.sum_at is not None and not profile.has(control.sum_of):
            self.say("profile.no_columns", f"fields.{control.sum_of}")
