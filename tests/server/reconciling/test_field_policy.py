"""Shows that every field of every record has a declared policy, and every kind of command its endings."""

from __future__ import annotations

import pytest

from server.all_tables import ALL
from server.app import house
from server.spine.areas import Area, Handling, Recorder, assemble
from server.spine.database import Row
from shared.commands import Change, Kind
from shared.decide import BY_NAME
from shared.detail_fields import ANSWERS, UNKNOWN
from shared.field_policy import ADDED_ONLY, ENDINGS, FIELDS, Policy, from_the_field

ABOUT_CASES = ("accounts", "cases", "people", "recovery", "visits", "worktray")
"""The areas whose rows are records of cases."""

MACHINERY = {
    "blob", "blob_upload", "blob_part", "blob_refusal", "examination", "replay", "search_term",
}  # fmt: skip
"""Rows of those areas that no person writes a field of."""

TABLES = {
    mapper.class_.__tablename__: mapper.class_.__table__
    for mapper in Row.registry.mappers
    if mapper.class_.__module__.split(".")[1] in ABOUT_CASES
}


@pytest.mark.parametrize("table", sorted(set(TABLES) - MACHINERY - ADDED_ONLY))
def test_every_field_of_a_record_has_a_policy(table: str) -> None:
    columns = {column.name for column in TABLES[table].columns if not column.primary_key}
    assert set(FIELDS.get(table, {})) == columns, (
        f"declare these in shared/field_policy.py: {table}"
    )


def test_no_policy_is_left_for_a_record_that_is_no_more() -> None:
    assert ALL
    assert set(FIELDS) <= set(TABLES)
    assert not ADDED_ONLY & set(FIELDS)


def test_what_a_device_may_correct_can_be_written_and_read() -> None:
    for record in ("person", "contact"):
        assert from_the_field(record) <= set(ANSWERS[record])
    assert from_the_field("person") <= set(UNKNOWN)


def test_every_field_that_two_can_move_says_what_it_is_called() -> None:
    silent = [
        f"{record}.{name}"
        for record, rules in FIELDS.items()
        for name, rule in rules.items()
        if rule.policy in {Policy.MERGE, Policy.UNION, Policy.KEEP_BOTH} and not rule.label
    ]
    assert silent == []


def test_every_decision_about_a_conflict_takes_a_permission_there_is() -> None:
    needed = {rule.decided_with for rules in FIELDS.values() for rule in rules.values()}
    assert needed <= set(house().permissions)


def test_every_kind_of_command_says_how_it_may_end() -> None:
    assert set(ENDINGS) == set(Kind)
    assert {handling.kind.kind for handling in house().commands.values()} == set(Kind)


def test_a_rule_that_wants_what_nobody_loads_stops_the_start() -> None:
    handling = Handling(kind=BY_NAME["CorrectDetails"], wants=frozenset({"horoscope"}))
    with pytest.raises(LookupError, match="horoscope"):
        assemble([Area(name="odd", commands=(handling,), recorders=no_recorders())])


def no_recorders() -> dict[type[Change], Recorder]:
    return {change: lambda _session, _recorded: None for change in Change.__subclasses__()}
