"""Shows what is made of each council's real header row, and which are refused with a reason."""

from __future__ import annotations

import csv
import tomllib
from pathlib import Path

import pytest

from server.interop.guessing import Guess, guess_line, guess_sheet
from server.interop.intake import Intake
from server.interop.profile_files import as_data, from_data
from server.interop.reading import read

HEADERS = Path(__file__).parents[4] / "shared" / "data" / "council-headers.csv"
needs_headers = pytest.mark.skipif(
    not HEADERS.is_file(), reason="the real councils' header rows are not beside this clone"
)


def columns(guess: Guess) -> dict[str, list[str]]:
    """Give each field with the columns that feed it, in order, repeated ones by number."""
    fed: dict[str, list[str]] = {}
    for answer in guess.columns:
        for field in answer.fields:
            number = f" #{answer.occurrence}" if answer.occurrence else ""
            fed.setdefault(field, []).append(answer.heading + number)
    return fed


ANSWERS = tomllib.loads((Path(__file__).parent / "expected_guesses.toml").read_text("utf-8"))
EXPECTED: dict[str, dict[str, list[str]]] = ANSWERS["proposed"]
REFUSED: dict[str, str] = ANSWERS["refused"]


def real_headers() -> dict[str, str]:
    with HEADERS.open(encoding="utf-8", newline="") as file:
        return {row["ons_code"]: row["header_row"] for row in csv.DictReader(file)}


@needs_headers
def test_every_real_header_row_is_either_proposed_or_refused() -> None:
    assert set(real_headers()) == set(EXPECTED) | set(REFUSED)
    assert not set(EXPECTED) & set(REFUSED)


@needs_headers
@pytest.mark.parametrize("council", EXPECTED)
def test_a_real_header_row_is_proposed_with_sensible_columns(council: str) -> None:
    guess = guess_line(real_headers()[council])
    assert guess.refused is None
    assert guess.profile is not None
    fed = columns(guess)
    assert {field: fed.get(field) for field in EXPECTED[council]} == EXPECTED[council]
    assert guess.profile.debt_type == "business_rates"
    assert guess.profile.merge_organisations == "never"
    assert from_data(as_data(guess.profile)) == guess.profile


@needs_headers
@pytest.mark.parametrize("council", EXPECTED)
def test_every_column_of_a_real_header_row_is_accounted_for(council: str) -> None:
    guess = guess_line(real_headers()[council])
    unknown = [a.heading for a in guess.columns if a.why.code == "column.unknown"]
    assert unknown == []
    assert all(answer.why.sentence() for answer in guess.columns)


@needs_headers
@pytest.mark.parametrize("council", REFUSED)
def test_what_is_no_header_row_is_refused_with_its_reason(council: str) -> None:
    guess = guess_line(real_headers()[council])
    assert guess.profile is None
    assert guess.refused is not None
    assert guess.refused.code == REFUSED[council]
    assert guess.refused.sentence()


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("", "guess.blank"),
        (",,,", "guess.blank"),
        ("<?xml version='1.0'?>", "guess.xml"),
        ('[{"ref": 1}]', "guess.json"),
        ("Access denied", "guess.message"),
        ("Your session has expired please sign in again", "guess.message"),
        ("Name,Address,Postcode", "guess.no_reference"),
        ("Account Ref,Colour,Shape", "guess.too_little"),
        ("Colour,Shape", "guess.too_little"),
        ("Account Ref,Name,Balance", "guess.no_debt_type"),
        ("PK\x03\x04", "file.spreadsheet"),
    ],
)
def test_a_refusal_says_what_is_wrong_with_the_file(line: str, code: str) -> None:
    guess = guess_line(line)
    assert guess.refused is not None
    assert guess.refused.code == code
    assert guess.refused.sentence()


def test_who_imports_may_say_the_debt_type() -> None:
    guess = guess_line("Account Ref,Name,Balance", debt_type="sundry")
    assert guess.profile is not None
    assert (guess.profile.debt_type, guess.profile.service) == ("sundry", "Finance")


def test_a_column_may_tell_the_debt_type_row_by_row() -> None:
    guess = guess_line("Account Ref,Debt Type,Name,Balance")
    assert guess.profile is not None
    feed = guess.profile.feed("debt_type")
    assert guess.profile.debt_type is None
    assert feed is not None
    assert dict(feed.values)["nndr"] == "business_rates"


def test_bare_dates_take_their_meaning_from_the_column_before() -> None:
    guess = guess_line(
        "Account Ref,Ratepayer,Date From,Date To,Disc Relief,Date From,Date To,Balance"
    )
    assert columns(guess)["liable_from"] == ["Date From #1"]
    assert columns(guess)["liable_until"] == ["Date To #1"]
    whys = [answer.why.sentence() for answer in guess.columns[5:7]]
    assert whys == ["Belongs to “Disc Relief” before it"] * 2


def test_a_misspelt_column_is_found_and_said_to_be_so() -> None:
    guess = guess_line("Property Refrence,Ratepayer,Adress,Postcode")
    fed = columns(guess)
    assert fed["account_reference"] == ["Property Refrence"]
    spelled = guess_line("Account Reference,Ratepayr Name,Balance", debt_type="sundry").columns[1]
    assert (spelled.fields, spelled.why.code) == (("payer_name",), "column.spelling")


def test_values_that_are_not_what_their_column_says_take_the_answer_back() -> None:
    sheet = read(
        b"Account Ref,Ratepayer,Occupied,Balance\n1,A Ltd,2020-01-01,5\n2,B Ltd,2020-01-02,6\n"
    )
    guess = guess_sheet(sheet)
    answer = guess.columns[2]
    assert answer.fields == ()
    assert answer.why.code == "column.values_disagree"
    assert "2020-01-01" in answer.why.sentence()


def test_the_way_dates_are_written_is_learnt_from_the_rows() -> None:
    def formats(*days: str) -> tuple[str, ...]:
        rows = "".join(f"{n},A Ltd,{day},5\n" for n, day in enumerate(days, 1))
        guess = guess_sheet(read(f"Account Ref,Ratepayer,Liable From,Balance\n{rows}".encode()))
        assert guess.profile is not None
        return guess.profile.date_formats

    assert formats("01/04/2020", "31/03/2021") == ("DD/MM/YYYY",)
    assert formats("01/04/2020", "2021-03-31") == ("DD/MM/YYYY", "YYYY-MM-DD")
    assert formats("04/30/2020", "03/31/2021") == ("MM/DD/YYYY",)
    assert formats("04/01/2020", "03/31/2021") == ("MM/DD/YYYY",)
    assert formats("01-Apr-2020") == ("DD-MON-YYYY",)
    assert len(formats("")) > 1


def test_the_header_is_found_below_a_title_and_a_date() -> None:
    sheet = read(b"Arrears at year end\n31/03/2025\n\nAccount Ref,Ratepayer,Balance\n1,A Ltd,5\n")
    guess = guess_sheet(sheet)
    assert guess.header_line == 4
    assert columns(guess)["balance"] == ["Balance"]


def test_a_guessed_profile_reads_the_file_it_was_guessed_from() -> None:
    text = (
        "Account Ref\tRatepayer\tProperty Address\tEmpty\tOutstanding Debt\tSnapshot Date\n"
        "71\tFell Ltd\t1 Mill Lane, Thornmere, ZZ1 1AA\tY\t£1,200.00\t31/03/2025\n"
    )
    sheet = read(text.encode())
    guess = guess_sheet(sheet)
    assert guess.profile is not None
    (line,) = Intake(sheet, guess.profile).outcomes()
    assert line.property.address.lines == ("1 Mill Lane", "Thornmere")
    assert line.property.occupied is False
    assert line.debts[0].balance_pence == 120000
    assert line.debts[0].reported_on.isoformat() == "2025-03-31"


def test_a_numbered_column_of_a_field_that_takes_one_is_only_the_first() -> None:
    guess = guess_line("Account Ref,Payer Name,Phone 1,Phone 2,Balance", debt_type="sundry")
    assert columns(guess)["payer_phone"] == ["Phone 1"]
    assert guess.columns[3].fields == ()


def test_a_guess_is_as_sure_as_its_least_sure_column() -> None:
    assert guess_line("Account Ref,Payer Name,Balance", debt_type="sundry").confidence == 100
    assert guess_line("Account Ref,Payr Name,Balance", debt_type="sundry").confidence < 100
    assert guess_line("<html>").confidence == 0
