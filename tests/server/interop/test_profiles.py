"""Shows that a profile which would misread a file is refused when it is loaded."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from server.interop import profile_files
from server.interop.fields import FIELDS
from server.interop.profile_files import ProfileInvalid, as_data, from_data, from_text, load, names
from server.interop.profiles import Column, Profile

GOOD: dict[str, Any] = {
    "name": "thornmere",
    "title": "Thornmere",
    "source": "invented",
    "service": "Revenues",
    "country": "england",
    "debt_type": "council_tax",
    "fields": {"account_reference": "Ref", "balance": "Owed", "payer_name": ["Name 1", "Name 2"]},
}


def changed(**changes: Any) -> dict[str, Any]:
    data = copy.deepcopy(GOOD)
    for key, value in changes.items():
        at, *inner = key.split("__")
        if inner:
            data[at][inner[0]] = value
        elif value is None:
            del data[at]
        else:
            data[at] = value
    return data


def refused(data: dict[str, Any]) -> list[tuple[str, str | None]]:
    with pytest.raises(ProfileInvalid) as refusal:
        from_data(data)
    assert all(reason.sentence() for reason in refusal.value.reasons)
    return [(reason.code, reason.field) for reason in refusal.value.reasons]


@pytest.mark.parametrize("name", names())
def test_each_profile_that_comes_with_the_program_is_valid_and_has_its_file_s_name(
    name: str,
) -> None:
    assert load(name).name == name


@pytest.mark.parametrize("name", names())
def test_a_profile_written_out_reads_back_the_same(name: str) -> None:
    profile = load(name)
    assert from_text(json.dumps(as_data(profile))) == profile


def test_the_profiles_named_in_the_guide_are_there() -> None:
    assert set(names()) == {
        "academy-council-tax",
        "bradford-business-rates",
        "fieldfare-accounts",
        "sample-accounts",
    }


def test_our_own_form_of_file_has_every_field() -> None:
    assert {feed.field for feed in load("fieldfare-accounts").feeds} == set(FIELDS)


def test_a_column_may_be_one_text_a_list_or_a_table() -> None:
    profile = from_data(
        changed(fields__payer_surname={"columns": [{"heading": "Name", "occurrence": 2}]})
    )
    feeds = {feed.field: feed.columns for feed in profile.feeds}
    assert feeds["account_reference"] == (Column("Ref"),)
    assert feeds["payer_name"] == (Column("Name 1"), Column("Name 2"))
    assert feeds["payer_surname"] == (Column("Name", 2),)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (changed(title=None), ("profile.missing", "title")),
        (changed(name="guess"), ("profile.missing", "name")),
        (changed(colour="red"), ("profile.unknown_key", "colour")),
        (changed(service=7), ("profile.not_text", "service")),
        (changed(country="france"), ("profile.not_choice", "country")),
        (changed(debt_type="parking"), ("profile.not_choice", "debt_type")),
        (changed(master_of_balance="nobody"), ("profile.not_choice", "master_of_balance")),
        (changed(amounts_in_pence="yes"), ("profile.not_yes_no", "amounts_in_pence")),
        (changed(fields="all"), ("profile.not_table", "fields")),
        (changed(fields__shoe_size="S"), ("profile.unknown_field", "fields.shoe_size")),
        (changed(fields__liable_from=[]), ("profile.no_columns", "fields.liable_from")),
        (changed(fields__liable_from=" "), ("profile.no_columns", "fields.liable_from")),
        (changed(fields__liable_from=["a", "b"]), ("profile.one_column", "fields.liable_from")),
        (changed(fields__payer_name=["A", "a"]), ("profile.same_column", "fields.payer_name")),
        (changed(fields__payer_name=["x"] * 21), ("profile.not_list", "fields.payer_name")),
        (changed(fields__liable_from=3), ("profile.not_text", "fields.liable_from")),
        (
            changed(fields__liable_from={"columns": "a", "colour": 1}),
            ("profile.unknown_key", "fields.liable_from.colour"),
        ),
        (
            changed(fields__liable_from={"columns": [{"heading": "a", "occurrence": 0}]}),
            ("profile.not_number", "fields.liable_from.columns.occurrence"),
        ),
        (
            changed(fields__occupied={"columns": "a", "values": {"Y": "perhaps"}}),
            ("profile.unknown_value", "fields.occupied"),
        ),
        (
            changed(fields__occupied={"columns": "a", "values": {"Y": True}}),
            ("profile.not_text", "fields.occupied.values"),
        ),
        (
            changed(fields__occupied={"columns": "a", "values": "Y"}),
            ("profile.not_table", "fields.occupied.values"),
        ),
        (changed(date_formats=["D-M-Y"]), ("profile.not_choice", "date_formats")),
        (changed(date_formats=[]), ("profile.not_choice", "date_formats")),
        (
            changed(date_formats=["DD/MM/YYYY", "MM/DD/YYYY"]),
            ("profile.ambiguous_dates", "date_formats"),
        ),
        (changed(fields={"balance": "Owed"}), ("profile.no_reference", "fields.account_reference")),
        (changed(debt_type=None), ("profile.no_debt_type", "debt_type")),
        (changed(fields__debt_type="Type"), ("profile.debt_type_twice", "debt_type")),
        (
            changed(fields={"account_reference": "Ref", "charged": "Charge"}),
            ("profile.no_balance", "fields.balance"),
        ),
        (changed(one_row="debt"), ("profile.no_period_or_reference", "one_row")),
        (changed(short_rows="mend"), ("profile.no_missing_column", "short_rows")),
        (changed(control={"begins": "TOTAL"}), ("profile.no_control", "control")),
        (changed(control={"count_at": 2}), ("profile.no_control", "control")),
        (
            changed(control={"begins": "T", "sum_at": 2, "sum_of": "charged"}),
            ("profile.no_columns", "fields.charged"),
        ),
        (changed(control=[1]), ("profile.not_table", "control")),
    ],
)
def test_each_slip_in_a_profile_has_its_own_sentence_and_place(
    data: dict[str, Any], expected: tuple[str, str]
) -> None:
    assert expected in refused(data)


def test_all_slips_are_told_at_once() -> None:
    assert len(refused(changed(title=None, country="france", colour="red"))) == 3


@pytest.mark.parametrize(
    "text", ["", "name = ", "{", "[1, 2]", "{}", "[[]]", "x" * 200, "{" * 100_000]
)
def test_text_that_is_no_profile_is_refused(text: str) -> None:
    with pytest.raises(ProfileInvalid):
        from_text(text)


def test_a_profile_too_long_to_be_one_is_refused() -> None:
    with pytest.raises(ProfileInvalid) as refusal:
        from_text(" " * 100_001)
    assert refusal.value.code == "profile.too_long"


@pytest.mark.parametrize(
    "name", ["", "nobody", "../secrets", "bradford-business-rates.toml", "x" * 500]
)
def test_an_unknown_name_is_refused_with_the_names_there_are(name: str) -> None:
    with pytest.raises(ProfileInvalid) as refusal:
        load(name)
    assert refusal.value.code == "profile.unknown_name"
    assert "sample-accounts" in refusal.value.sentence()


def test_a_profile_is_a_refusal_meant_for_a_person() -> None:
    with pytest.raises(ProfileInvalid) as refusal:
        from_data({})
    assert refusal.value.sentence() == "Say what name is"
    assert isinstance(load("sample-accounts"), Profile)
    assert profile_files.names()
