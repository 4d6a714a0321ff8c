"""The list the City of Bradford publishes: 19,323 rows with the faults of real life."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from server.interop.guessing import guess_sheet
from server.interop.intake import Intake
from server.interop.lines import AccountLine, Rejected
from server.interop.profile_files import as_data, from_data, load
from server.interop.reading import Sheet, read
from server.interop.rejects import rejects_file

REAL = Path(__file__).parents[4] / "shared" / "data" / "bradford-business-rates.csv"

pytestmark = pytest.mark.skipif(
    not REAL.is_file(), reason="the real business rates list is not beside this clone"
)


@pytest.fixture(scope="module")
def sheet() -> Sheet:
    return read(REAL.read_bytes())


@pytest.fixture(scope="module")
def taken(sheet: Sheet) -> Intake:
    return Intake(sheet, load("bradford-business-rates"))


@pytest.fixture(scope="module")
def found(taken: Intake) -> list[AccountLine | Rejected]:
    return list(taken.outcomes())


def test_every_row_is_accepted_or_rejected(
    taken: Intake, found: list[AccountLine | Rejected]
) -> None:
    survey = taken.survey
    assert len(found) == survey.read == 19_323
    assert (survey.accepted, survey.rejected) == (19_250, 73)
    assert survey.reasons == {"row.short": 72, "row.repeat": 1}


def test_the_rows_that_lost_their_longitude_go_back_with_the_reason(
    found: list[AccountLine | Rejected],
) -> None:
    shifted = [row for row in found if isinstance(row, Rejected) and len(row.values) == 19]
    assert len(shifted) == 72
    assert {row.reasons[0].sentence() for row in shifted} == {
        "The row is shifted: there are 19 values for 20 columns, so one is missing"
    }


def test_they_can_be_mended_for_certain_where_a_profile_asks_for_it(sheet: Sheet) -> None:
    data = as_data(load("bradford-business-rates"))
    mending = from_data({**data, "short_rows": "mend", "missing_column": "Longitude"})
    survey = Intake(sheet, mending).survey
    assert survey.notes["note.mended"] == 72
    assert survey.reasons == {"row.repeat": 1}


def test_the_reference_that_stands_twice_is_taken_once(found: list[AccountLine | Rejected]) -> None:
    rows = [row for row in found if row.line_number in (5599, 5600)]
    first, second = rows
    assert isinstance(first, AccountLine)
    assert first.account_reference == "19003"
    assert isinstance(second, Rejected)
    assert second.reasons[0].sentence() == "The row repeats line 5599 and adds nothing"


def test_rows_without_a_payer_are_accounts_with_someone_to_find(
    taken: Intake, found: list[AccountLine | Rejected]
) -> None:
    blank = [row for row in found if isinstance(row, AccountLine) and row.find_who_is_liable()]
    rejected = [row for row in found if isinstance(row, Rejected) and not row.values[1].strip()]
    assert taken.survey.without_payer == len(blank)
    assert len(blank) + len(rejected) == 7_603


def test_the_council_itself_is_one_payer_of_hundreds_of_properties(
    found: list[AccountLine | Rejected],
) -> None:
    lines = [row for row in found if isinstance(row, AccountLine)]
    keys = Counter(payer.merge_key for line in lines for payer in line.payers)
    council = keys["bradford mdc"]
    turned_away = sum(
        isinstance(row, Rejected) and row.values[1] == "Bradford MDC" for row in found
    )
    assert council + turned_away == 593


def test_no_individual_has_a_key_to_merge_by(found: list[AccountLine | Rejected]) -> None:
    people = [
        payer
        for row in found
        if isinstance(row, AccountLine)
        for payer in row.payers
        if payer.kind == "individual"
    ]
    assert len(people) > 50
    assert {payer.merge_key for payer in people} == {None}


def test_stray_bytes_are_read_as_the_letters_they_are(
    taken: Intake, found: list[AccountLine | Rejected]
) -> None:
    remarks = {remark.reason.code: remark.line_numbers for remark in taken.survey.remarks}
    assert remarks["characters.windows"] == (2770, 8554, 13163, 19056)
    assert remarks["characters.doubtful"] == (8554, 13163)
    names = {row.line_number: row for row in found if isinstance(row, AccountLine)}
    assert "Bébé" in names[2770].payers[0].name
    assert "Sién" in names[19056].payers[0].name


def test_every_accepted_row_has_a_place_and_a_day(found: list[AccountLine | Rejected]) -> None:
    lines = [row for row in found if isinstance(row, AccountLine)]
    assert all(
        line.property and line.property.address and line.property.address.postcode for line in lines
    )
    assert all(line.liable_from for line in lines)
    without_coordinates = [
        line for line in lines if line.property and line.property.latitude is None
    ]
    assert len(without_coordinates) == 1


def test_the_rejects_file_gives_every_rejected_row_back(
    taken: Intake, found: list[AccountLine | Rejected]
) -> None:
    rejected = [row for row in found if isinstance(row, Rejected)]
    text = "".join(rejects_file(taken.header, rejected))
    again = Intake(read(text.encode()), load("bradford-business-rates")).survey
    assert again.read == 73
    assert again.reasons == {"row.short": 72}
    assert again.accepted == 1


def test_the_guesser_reads_the_same_file_with_the_same_figures(sheet: Sheet, taken: Intake) -> None:
    guess = guess_sheet(sheet)
    assert guess.profile is not None
    assert guess.profile.date_formats == ("YYYY-MM-DD",)
    survey = Intake(sheet, guess.profile).survey
    assert (survey.read, survey.accepted, survey.rejected) == (
        taken.survey.read,
        taken.survey.accepted,
        taken.survey.rejected,
    )
    assert survey.without_payer == taken.survey.without_payer
