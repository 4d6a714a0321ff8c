"""Shows what a file makes of the office's accounts: once, again, and when it has been amended."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from server.accounts.ledger import check_ledger
from server.interop.intake import Declared
from server.interop.profile_files import load
from server.interop.running import FileProblem, GivenFile
from shared.errors import RuleBroken
from shared.values import Pence
from tests.server.interop.taking import (
    SAMPLE,
    ask,
    counted,
    everything,
    figures,
    given,
    importer,
    liable,
    logged,
    open_tasks,
    owed,
    quietly,
    take_in,
)
from tests.server.office import NOW, Office
from tests.server.scenes import live_at

ANN = {"Ref": "1", "Payer": "Mrs Ann Marsh", "Bill": "2026", "Owed": "100.00"}


def sample() -> GivenFile:
    return GivenFile(name="accounts.csv", data=SAMPLE.read_bytes(), profile=load("sample-accounts"))


def test_the_sample_is_taken_in_and_every_row_is_accounted_for(office: Office) -> None:
    done = importer(office).run(sample(), quietly)
    assert figures(done) == (44, 0, 0, 16)
    assert ask(office, "SELECT count(*) FROM account") == [43]
    assert ask(office, "SELECT count(*) FROM debt") == [44]
    assert [kind for kind, _ in open_tasks(office)] == ["find_liable", "find_liable"]
    with office.look() as session:
        checked = check_ledger(session)
    assert checked.clean
    assert checked.balance_pence == 656_806


def test_the_sample_twice_changes_not_one_row(office: Office) -> None:
    take = importer(office, NOW + timedelta(days=9))
    importer(office).run(sample(), quietly)
    before, told = everything(office), logged(office)
    assert figures(take.run(sample(), quietly)) == (0, 0, 44, 16)
    assert everything(office) == before
    assert logged(office) == told


def test_a_check_writes_nothing_and_foretells_the_figures(office: Office) -> None:
    importer(office).run(sample(), quietly)
    before = everything(office), counted(office)
    amended = [ANN, {**ANN, "Ref": "2"}]
    told = importer(office).check(given(amended), quietly)
    assert (everything(office), counted(office)) == before
    assert figures(told) == figures(take_in(office, *amended))


def test_a_moved_balance_is_posted_as_reported_and_nothing_else_moves(office: Office) -> None:
    rows = [{**ANN, "Ref": n, "Bill": f"2026/{n}", "As at": "2027-03-01"} for n in "123"]
    take_in(office, *rows)
    before = logged(office)
    rows[1] = {**rows[1], "Owed": "80.50", "As at": "2027-03-03"}
    assert figures(take_in(office, *rows)) == (0, 1, 2, 0)
    assert sorted(logged(office)) == sorted([*before, "ReportBalance", "BalanceReported"])
    assert ask(
        office,
        "SELECT kind, amount_pence FROM transaction WHERE effective_on = DATE '2027-03-03'",
    ) == [("reported", -1_950)]
    assert owed(office) == {"2026/1": 10_000, "2026/2": 8_050, "2026/3": 10_000}


def test_a_night_s_list_of_the_same_balances_changes_nothing(office: Office) -> None:
    take_in(office, ANN, reported_on=date(2027, 3, 1))
    before = logged(office)
    done = take_in(office, ANN, {**ANN, "Ref": "2"}, reported_on=date(2027, 3, 4))
    assert figures(done) == (1, 0, 1, 0)
    assert set(logged(office)) >= set(before)
    assert figures(take_in(office, ANN, reported_on=date(2027, 3, 3))) == (0, 0, 1, 0)


def test_an_older_balance_is_left_out_with_a_note(office: Office) -> None:
    take_in(office, ANN, reported_on=date(2027, 3, 1))
    take_in(office, {**ANN, "Owed": "90"}, reported_on=date(2027, 3, 3))
    late = take_in(office, {**ANN, "Owed": "70"}, reported_on=date(2027, 3, 2))
    assert figures(late) == (0, 0, 1, 0)
    assert late.tally.notes == {"note.balance_older": 1}
    assert owed(office) == {"2026": 9_000}


def test_where_fieldfare_keeps_the_balance_the_file_only_opens_it(office: Office) -> None:
    master = {"master_of_balance": "fieldfare"}
    row = {**ANN, "Charged": "120.00", "Year from": "2026-04-01"}
    take_in(office, row, **master)
    assert owed(office) == {"2026": 10_000}
    assert ask(office, "SELECT kind, amount_pence FROM transaction ORDER BY kind") == [
        ("charge", 12_000),
        ("correction", -2_000),
    ]
    again = take_in(office, {**row, "Owed": "5.00"}, **master)
    assert (figures(again), owed(office)) == ((0, 0, 1, 0), {"2026": 10_000})
    assert again.tally.notes == {"note.balance_kept_here": 1}


def test_a_charge_below_nothing_stands_in_the_balance_alone(office: Office) -> None:
    done = take_in(office, {**ANN, "Charged": "-5.00", "Owed": "-5.00"})
    assert done.tally.notes == {"note.charge_negative": 1}
    assert owed(office) == {"2026": -500}


def test_two_years_under_one_reference_are_two_debts(office: Office) -> None:
    rows = [
        {**ANN, "Bill": "COUNCIL TAX", "Year from": "2025-04-01", "Owed": "10"},
        {**ANN, "Bill": "COUNCIL TAX", "Year from": "2026-04-01", "Owed": "20"},
    ]
    assert figures(take_in(office, *rows, one_row="debt")) == (2, 0, 0, 0)
    both = {"COUNCIL TAX": 1_000, "COUNCIL TAX 2026-04-01": 2_000}
    assert owed(office) == both
    third = {**ANN, "Bill": "COUNCIL TAX", "Year from": "2024-04-01", "Owed": "5"}
    assert figures(take_in(office, rows[1], third, one_row="debt")) == (1, 0, 1, 0)
    assert owed(office) == {**both, "COUNCIL TAX 2024-04-01": 500}


def test_a_new_bill_on_a_known_account_is_created_for_those_liable(office: Office) -> None:
    take_in(office, ANN, one_row="debt")
    more = {**ANN, "Bill": "2027", "Owed": "40"}
    assert figures(take_in(office, more, ANN, one_row="debt")) == (1, 0, 1, 0)
    assert owed(office) == {"2026": 10_000, "2027": 4_000}
    assert ask(office, "SELECT count(*) FROM liable_party") == [2]
    assert ask(office, "SELECT count(*) FROM person") == [1]


def test_an_account_without_a_charge_has_one_debt_of_nothing_that_says_who_is_liable(
    office: Office,
) -> None:
    take_in(office, {"Ref": "7", "Payer": "Mr Tom Karim", "From": "2024-05-06"})
    assert ask(office, "SELECT reference, balance_pence, from_on FROM debt") == [
        ("7", 0, date(2024, 5, 6))
    ]
    assert liable(office) == {"7": ["Tom Karim"]}
    assert ask(office, "SELECT count(*) FROM transaction") == [0]


def test_details_that_moved_are_amended_and_those_without_a_column_stay(office: Office) -> None:
    row = {**ANN, "RV": "12000", "Address": "1 Mill Race, Thornmere", "Postcode": "ZZ1 1AA"}
    take_in(office, {**row, "Property": "P1"})
    moved = {**row, "Address": "2 Mill Race, Thornmere"}
    assert figures(take_in(office, moved)) == (0, 1, 0, 0)
    assert ask(
        office,
        "SELECT property_reference, rateable_value, lines FROM account JOIN address USING (address_id)",
    ) == [("P1", 12_000, "2 Mill Race\nThornmere")]
    assert ask(office, "SELECT count(*) FROM address") == [2]
    assert figures(take_in(office, {**moved, "RV": "13000"})) == (0, 1, 0, 0)
    assert ask(office, "SELECT rateable_value FROM account") == [13_000]


def test_one_place_written_twice_is_one_place(office: Office) -> None:
    there = {"Address": "1 Mill Race, Thornmere", "Postcode": "ZZ1 1AA"}
    here = {"Address": "1, Mill Race, THORNMERE", "Postcode": "zz11aa"}
    nowhere = {"Address": "1 Mill Race", "Postcode": ""}
    take_in(
        office,
        {"Ref": "1", **there},
        {"Ref": "2", **here},
        {"Ref": "3", **nowhere},
        {"Ref": "4", **nowhere},
    )
    assert ask(office, "SELECT count(*) FROM address") == [3]


def test_a_place_known_by_its_number_alone_is_called_by_it(office: Office) -> None:
    done = take_in(
        office,
        {"Ref": "1", "UPRN": "000123", "Lat": "53.9", "Long": "-1.8"},
        {"Ref": "2", "UPRN": "", "Lat": "53.9", "Long": "-1.8"},
    )
    assert ask(office, "SELECT lines, uprn, latitude FROM address") == [("UPRN 123", "123", 53.9)]
    assert done.tally.notes == {"note.place_left_out": 1}


def test_the_very_same_file_is_for_the_day_it_was_first_for(office: Office) -> None:
    take_in(office, ANN)
    later = take_in(office, ANN, at=NOW + timedelta(days=30))
    assert later.earlier is not None
    assert later.earlier.state == "done"
    assert figures(later) == (0, 0, 1, 0)
    assert ask(office, "SELECT DISTINCT reported_on FROM import_file") == [date(2027, 3, 4)]


def test_a_file_that_is_not_what_it_says_it_holds_is_not_taken(office: Office) -> None:
    for declared, code in (
        (Declared(rows=2), "control.count"),
        (Declared(sum_pence=Pence(1)), "control.sum"),
    ):
        with pytest.raises(FileProblem) as refusal:
            take_in(office, ANN, declared=declared)
        assert [reason.code for reason in refusal.value.reasons] == [code]
        assert refusal.value.sentence().startswith("Nothing was taken: The file says")
    assert ask(office, "SELECT count(*) FROM import_file") == [0]


def test_balances_of_a_day_to_come_are_refused(office: Office) -> None:
    with pytest.raises(RuleBroken) as refusal:
        take_in(office, ANN, reported_on=date(2027, 3, 5))
    assert refusal.value.code == "import.reported_in_future"
    done = take_in(office, {**ANN, "As at": "2027-03-05"})
    assert figures(done) == (0, 0, 0, 1)
    assert done.tally.reasons == {"cell.date_future": 1}


def test_rows_turned_away_are_kept_with_their_reasons(office: Office) -> None:
    done = take_in(office, ANN, {**ANN, "Ref": "2", "Owed": "lots"})
    assert figures(done) == (1, 0, 0, 1)
    assert ask(office, "SELECT line_number, codes, values FROM import_reject") == [
        (3, ["cell.amount"], ["2", "Mrs Ann Marsh", "2026", "lots"])
    ]
    (known,) = ask(office, "SELECT found FROM import_file")
    assert known["reasons"] == {"cell.amount": 1}


def test_what_a_rule_refuses_is_turned_away_with_its_sentence_and_tried_again(
    office: Office,
) -> None:
    there = {"Write to": "1 Mill Race", "Write to code": "ZZ1 1AA"}
    row = {**ANN, **there}
    take_in(office, row)
    (person_id,) = ask(office, "SELECT person_id::text FROM person")
    live_at(office, person_id, "3 Beck Side", "ZZ3 3AA", from_on=date(2027, 3, 5))
    moved = {**row, "Write to": "2 Mill Race", "Owed": "90.00"}
    done = take_in(office, moved)
    assert figures(done) == (0, 0, 0, 1)
    assert done.tally.reasons == {"row.partly": 1, "person.address_earlier": 1}
    (reasons,) = ask(office, "SELECT reasons FROM import_reject")
    assert [code for code, _, _ in reasons] == ["row.partly", "person.address_earlier"]
    assert owed(office) == {"2026": 9_000}
    later = take_in(office, {**moved, "Phone": ""}, at=NOW + timedelta(days=2))
    assert figures(later) == (0, 1, 0, 0)
