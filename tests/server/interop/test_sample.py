"""The invented sample: what stands on each line of it, and what must become of it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from server.interop.intake import Intake
from server.interop.lines import AccountLine, Rejected
from server.interop.profile_files import load
from server.interop.reading import read
from server.interop.rejects import rejects_file

SAMPLE = Path(__file__).parents[3] / "server" / "interop" / "samples" / "accounts.csv"

# Line in the file, what is the matter with it, and the reasons it must be turned away for.
REJECTED = {
    31: ("the reference is a formula", ["cell.reference"]),
    33: ("the reference was rounded by a spreadsheet", ["cell.reference_rounded"]),
    34: ("a value is missing", ["row.short"]),
    35: ("a value was split in two", ["row.shifted"]),
    36: ("shifted within its own width", ["row.shifted"]),
    37: ("says the same as line 4", ["row.repeat"]),
    38: ("the same charge as line 39, another balance", ["row.conflict"]),
    39: ("the same charge as line 38, another balance", ["row.conflict"]),
    50: ("the 31st of a short month", ["cell.date"]),
    51: ("words for an amount", ["cell.amount"]),
    52: ("ends before it starts", ["dates.order"]),
    53: ("a type nobody knows", ["cell.choice"]),
    54: ("no reference", ["cell.missing"]),
    55: ("a spreadsheet's day number", ["cell.date"]),
    56: ("born in the year 204", ["cell.date_unlikely"]),
    63: ("a quotation mark never closed", ["row.unclosed_quote"]),
}

# Line in the file, and the notes its accepted account must carry.
NOTED = {
    27: ["note.estate"],
    28: ["note.estate"],
    30: ["note.formula", "note.kind_uncertain"],
    49: ["cell.postcode", "note.postcode_in_address"],
    57: ["note.no_balance"],
    64: ["cell.coordinate"],
}


@pytest.fixture(scope="module")
def taken() -> Intake:
    return Intake(read(SAMPLE.read_bytes()), load("sample-accounts"))


@pytest.fixture(scope="module")
def lines(taken: Intake) -> dict[int, AccountLine]:
    found = {outcome.line_number: outcome for outcome in taken.outcomes()}
    return {number: line for number, line in found.items() if isinstance(line, AccountLine)}


def test_sixty_rows_are_read_and_every_one_is_accounted_for(taken: Intake) -> None:
    survey = taken.survey
    assert (survey.read, survey.accepted, survey.rejected) == (60, 44, 16)
    assert (survey.without_payer, survey.debts) == (2, 44)
    assert survey.problems == []
    assert survey.unused_columns == ("Notes",)


def test_each_bad_row_is_turned_away_for_its_own_reason(taken: Intake) -> None:
    found = {
        outcome.line_number: [reason.code for reason in outcome.reasons]
        for outcome in taken.outcomes()
        if isinstance(outcome, Rejected)
    }
    assert set(found) == set(REJECTED)
    assert {line: codes[:1] for line, codes in found.items()} == {
        line: codes for line, (_, codes) in REJECTED.items()
    }


def test_each_doubtful_row_carries_its_notes_and_no_other_row_does(
    lines: dict[int, AccountLine],
) -> None:
    found = {
        number: [note.code for note in line.notes] for number, line in lines.items() if line.notes
    }
    assert found == NOTED


def test_stray_encodings_are_read_and_their_lines_named(
    taken: Intake, lines: dict[int, AccountLine]
) -> None:
    assert taken.survey.encoding == "utf-8"
    remarks = {remark.reason.code: remark.line_numbers for remark in taken.survey.remarks}
    assert remarks == {"characters.windows": (45, 47), "characters.removed": (66,)}
    names = [lines[number].payers[0].name for number in (45, 46, 47, 65, 66)]
    assert names == [
        "Mr José Prat",
        "Ms Zoë Quill",
        "Ms Maeve O’Hara",
        "Ms Mary Jane Dunn",
        "Ms Lily Hart",
    ]


def test_four_ways_of_writing_a_date_give_the_same_days(lines: dict[int, AccountLine]) -> None:
    days = {
        (lines[n].liable_from, lines[n].debts[0].period_from, lines[n].debts[0].period_until)
        for n in (4, 5, 6, 7)
    }
    assert days == {(date(2021, 4, 1), date(2024, 4, 1), date(2025, 4, 1))}
    assert {lines[n].debts[0].reported_on for n in (4, 5, 6, 7)} == {date(2025, 6, 30)}


def test_amounts_keep_their_pennies_and_their_signs(lines: dict[int, AccountLine]) -> None:
    balances = [lines[number].debts[0].balance_pence for number in (8, 9, 10, 11)]
    assert balances == [123456, -4510, -1200, -3000]
    assert lines[17].property is not None
    assert lines[17].property.rateable_value_pounds == 12500


def test_marks_for_nothing_are_nothing_but_a_person_called_null_keeps_the_name(
    lines: dict[int, AccountLine],
) -> None:
    (person,) = lines[12].payers
    assert (person.date_of_birth, person.phone, person.email) == (None, None, None)
    assert lines[13].payers[0].surname == "Null"
    assert lines[14].liable_until is None
    assert lines[67].liable_until is None


def test_nobody_named_is_someone_to_find(lines: dict[int, AccountLine]) -> None:
    assert [number for number, line in lines.items() if line.find_who_is_liable()] == [15, 16]


def test_the_company_merges_and_the_clubs_and_the_two_ann_marshes_do_not(
    lines: dict[int, AccountLine],
) -> None:
    assert {lines[n].payers[0].merge_key for n in (17, 18, 19)} == {"thornmere widgets ltd"}
    assert lines[19].payers[0].trading_as == "Widget World"
    assert {lines[n].payers[0].merge_key for n in (20, 21, 22, 23)} == {None}
    assert {lines[n].payers[0].name for n in (22, 23)} == {"Mrs Ann Marsh"}


def test_joint_liability_gives_each_person_their_own_line(lines: dict[int, AccountLine]) -> None:
    assert [payer.name for payer in lines[24].payers] == ["Mr Peter Finch", "Mrs Olga Finch"]
    assert [payer.name for payer in lines[26].payers] == [
        "Ms Bea Lund",
        "Mr J Harrow",
        "Mrs A Harrow",
    ]


def test_what_looks_like_a_formula_is_kept_as_text_and_written_out_as_text(
    taken: Intake, lines: dict[int, AccountLine]
) -> None:
    assert lines[30].payers[0].name.startswith("=HYPERLINK")
    rejected = [outcome for outcome in taken.outcomes() if isinstance(outcome, Rejected)]
    text = "".join(rejects_file(taken.header, rejected))
    assert '"\'=1+1"' in text
    assert '"=1+1"' not in text


def test_zeros_in_front_of_a_reference_stay(lines: dict[int, AccountLine]) -> None:
    assert lines[32].account_reference == "000426619"


def test_one_account_with_two_years_stands_on_two_rows(lines: dict[int, AccountLine]) -> None:
    assert {lines[n].account_reference for n in (40, 41)} == {"700055555"}
    assert [lines[n].debts[0].reference for n in (40, 41)] == ["2023/036", "2024/036"]


def test_an_address_over_three_lines_counts_as_the_lines_it_takes(
    lines: dict[int, AccountLine],
) -> None:
    assert lines[42].property is not None
    assert lines[42].property.address is not None
    assert lines[42].property.address.lines == ("Flat 2", "The Old Maltings", "Thornmere")
    assert 43 not in lines
    assert 44 not in lines


def test_all_five_debt_types_are_there(lines: dict[int, AccountLine]) -> None:
    assert {line.debt_type for line in lines.values()} == {
        "council_tax",
        "business_rates",
        "housing_benefit_overpayment",
        "sundry",
        "miscellaneous",
    }


def test_a_stop_on_recovery_comes_in_with_the_account(lines: dict[int, AccountLine]) -> None:
    hold = lines[61].hold
    assert hold is not None
    assert (hold.reason, hold.until) == ("VULN", date(2026, 2, 1))


def test_a_contact_address_elsewhere_is_kept_apart_from_the_property(
    lines: dict[int, AccountLine],
) -> None:
    (payer,) = lines[62].payers
    assert payer.contact_address is not None
    assert payer.contact_address.lines == ("Lodge 4", "Fell End", "Thornmere")
    assert payer.contact_address.postcode == "ZZ9 9AA"
    assert (payer.phone, payer.email) == ("01632 960 123", "pat@example.org")


def test_a_file_cut_short_no_longer_matches_its_own_totals() -> None:
    cut = b"\r\n".join(SAMPLE.read_bytes().split(b"\r\n")[:-3]) + b"\r\n"
    survey = Intake(read(cut), load("sample-accounts")).survey
    assert [problem.code for problem in survey.problems] == ["control.absent"]
