"""Shows who becomes of the payers in a file: the right people, each once, none made one by name."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from server.accounts.commands import OpenAccount, RecordLiableParty
from server.interop.commands import RecordPayerReference
from server.recovery.commands import EndHold
from server.worktray.commands import RaiseTask
from shared.commands import Outcome
from tests.server.interop.taking import (
    ask,
    everything,
    figures,
    liable,
    open_tasks,
    take_in,
)
from tests.server.office import NOW, Office, new_id
from tests.server.scenes import live_at, open_person

ANN = {"Ref": "1", "Payer": "Mrs Ann Marsh", "Bill": "2026", "Owed": "100.00"}


def names(office: Office) -> list[str]:
    return ask(office, "SELECT name FROM person ORDER BY name")


def test_two_of_one_name_are_two_people(office: Office) -> None:
    take_in(office, ANN, {**ANN, "Ref": "2"})
    assert names(office) == ["Ann Marsh", "Ann Marsh"]


def test_a_company_is_one_however_its_name_is_written(office: Office) -> None:
    rows = [
        {**ANN, "Ref": "1", "Payer": "Thornmere Widgets Ltd"},
        {**ANN, "Ref": "2", "Payer": "THORNMERE WIDGETS LIMITED"},
        {**ANN, "Ref": "3", "Payer": "Beck Side Bowls Club"},
        {**ANN, "Ref": "4", "Payer": "Beck Side Bowls Club"},
    ]
    take_in(office, *rows)
    assert names(office) == ["Beck Side Bowls Club"] * 2 + ["Thornmere Widgets Ltd"]
    assert figures(take_in(office, *rows, {**rows[0], "Ref": "5"})) == (1, 0, 4, 0)
    assert len(names(office)) == 3


def test_companies_merge_only_where_the_profile_says_so(office: Office) -> None:
    company = {**ANN, "Payer": "Thornmere Widgets Ltd"}
    take_in(office, company, {**company, "Ref": "2"}, merge_organisations="never")
    assert len(names(office)) == 2


def test_clubs_merge_within_a_service_where_the_profile_says_all(office: Office) -> None:
    club = {**ANN, "Payer": "Beck Side Bowls Club"}
    take_in(office, club, {**club, "Ref": "2"}, merge_organisations="all")
    assert len(names(office)) == 1
    take_in(office, {**club, "Ref": "3"}, merge_organisations="all", service="Sundry")
    assert len(names(office)) == 2


def test_one_payer_reference_is_one_person_whatever_the_name(office: Office) -> None:
    row = {**ANN, "Payer ref": "P1"}
    take_in(office, row, {**row, "Ref": "2"})
    assert names(office) == ["Ann Marsh"]
    renamed = {**row, "Payer": "Mrs Ann Fell"}
    assert figures(take_in(office, renamed, {**renamed, "Ref": "2"})) == (0, 1, 1, 0)
    assert names(office) == ["Ann Fell"]
    assert ask(office, "SELECT name FROM former_name") == ["Ann Marsh"]
    assert liable(office) == {"1": ["Ann Fell"], "2": ["Ann Fell"]}
    assert ask(
        office, "SELECT term FROM search_term WHERE kind = 'reference' AND person_id IS NOT NULL"
    ) == ["p1"]


def test_a_reference_of_another_service_is_another_person_s(office: Office) -> None:
    row = {**ANN, "Payer ref": "P1"}
    take_in(office, row)
    take_in(office, {**row, "Payer": "Mr Tom Karim"}, service="Sundry")
    assert names(office) == ["Ann Marsh", "Tom Karim"]


def test_a_reference_that_comes_later_is_the_known_payer_s(office: Office) -> None:
    take_in(office, {**ANN, "Payer ref": ""})
    assert figures(take_in(office, {**ANN, "Payer ref": "P1"})) == (0, 1, 0, 0)
    assert len(names(office)) == 1
    other = {**ANN, "Payer ref": "P2"}
    assert figures(take_in(office, other)) == (0, 1, 0, 0)
    assert len(names(office)) == 2
    assert ask(office, "SELECT count(*) FROM liable_party WHERE until IS NULL") == [1]


def test_a_payer_reference_is_one_person_s(office: Office) -> None:
    ann, tom = open_person(office, "Ann", "Marsh"), open_person(office, "Tom", "Karim")
    held = RecordPayerReference(person_id=ann, service="Revenues", reference="P1")
    office.give(held)
    assert office.give(held).outcome is Outcome.NO_CHANGE
    taken = RecordPayerReference(person_id=tom, service="Revenues", reference="P1")
    assert office.ask(taken).code == "person.reference_taken"
    nobody = RecordPayerReference(person_id=new_id(), service="Revenues", reference="P9")
    assert office.ask(nobody).code == "person.unknown"


def test_joint_payers_are_each_liable(office: Office) -> None:
    row = {**ANN, "Payer": "Mr Peter Finch & Mrs Olga Finch", "Second": "Ms Bea Lund"}
    take_in(office, row)
    assert liable(office) == {"1": ["Bea Lund", "Olga Finch", "Peter Finch"]}
    assert figures(take_in(office, {**row, "Second": ""})) == (0, 1, 0, 0)
    assert liable(office) == {"1": ["Olga Finch", "Peter Finch"]}


def test_each_debt_has_those_its_own_row_names(office: Office) -> None:
    rows = [ANN, {**ANN, "Bill": "2027", "Payer": "Mr Tom Karim"}]
    take_in(office, *rows, one_row="debt")
    assert ask(
        office,
        "SELECT reference, name FROM debt JOIN liable_party USING (debt_id)"
        " JOIN person USING (person_id) ORDER BY 1",
    ) == [("2026", "Ann Marsh"), ("2027", "Tom Karim")]


def test_one_name_on_two_rows_of_an_account_is_one_person_unless_born_apart(
    office: Office,
) -> None:
    rows = [ANN, {**ANN, "Bill": "2027"}, {**ANN, "Bill": "2028", "Born": "1990-01-01"}]
    take_in(office, *rows, one_row="debt")
    assert len(names(office)) == 1
    apart = [
        {**ANN, "Ref": "2", "Born": "1960-01-01"},
        {**ANN, "Ref": "2", "Bill": "2027", "Born": "1990-01-01"},
    ]
    take_in(office, *apart, one_row="debt")
    assert len(names(office)) == 3


def test_a_payer_who_is_named_no_more_is_ended_and_never_deleted(office: Office) -> None:
    take_in(office, {**ANN, "From": "2024-01-01"})
    moved_in = {**ANN, "Payer": "Mr Tom Karim", "From": "2027-02-01"}
    assert figures(take_in(office, moved_in)) == (0, 1, 0, 0)
    periods = ask(
        office,
        "SELECT name, from_on, until FROM liable_party JOIN person USING (person_id) ORDER BY 2",
    )
    assert periods == [
        ("Ann Marsh", date(2024, 1, 1), date(2027, 2, 1)),
        ("Tom Karim", date(2027, 2, 1), None),
    ]
    assert figures(take_in(office, {**ANN, "From": "2024-01-01"})) == (0, 1, 0, 0)
    assert liable(office) == {"1": ["Ann Marsh"]}


def test_without_a_start_a_payer_ends_on_the_day_of_the_file(office: Office) -> None:
    take_in(office, ANN, reported_on=date(2027, 3, 1))
    take_in(office, {**ANN, "Payer": "Mr Tom Karim"}, reported_on=date(2027, 3, 3))
    assert ask(office, "SELECT until FROM liable_party WHERE until IS NOT NULL") == [
        date(2027, 3, 3)
    ]
    take_in(office, {**ANN, "Payer": "Mr Tom Karim & Mrs Ann Marsh"})
    assert liable(office) == {"1": ["Ann Marsh", "Tom Karim"]}


def test_nobody_named_is_a_task_and_no_person(office: Office) -> None:
    nobody = {**ANN, "Payer": "The Occupier"}
    take_in(office, {**nobody, "Ref": "1"}, {**nobody, "Ref": "2", "Payer": ""})
    assert names(office) == []
    assert open_tasks(office) == [("find_liable", "1"), ("find_liable", "2")]
    assert figures(take_in(office, {**nobody, "Owed": "90"})) == (0, 1, 0, 0)
    assert open_tasks(office) == [("find_liable", "1"), ("find_liable", "2")]


def test_the_task_is_finished_when_a_file_names_the_payer_and_raised_when_nobody_is_left(
    office: Office,
) -> None:
    nobody = {**ANN, "Payer": ""}
    take_in(office, nobody)
    assert figures(take_in(office, ANN)) == (0, 1, 0, 0)
    assert (open_tasks(office), liable(office)) == ([], {"1": ["Ann Marsh"]})
    assert figures(take_in(office, nobody)) == (0, 1, 0, 0)
    assert (open_tasks(office), liable(office)) == ([("find_liable", "1")], {})
    assert names(office) == ["Ann Marsh"]


def test_a_task_somebody_raised_already_is_not_raised_twice(office: Office) -> None:
    account_id = new_id()
    office.give(
        OpenAccount(
            account_id=account_id, reference="1", debt_type="council_tax", source="Revenues"
        )
    )
    office.give(RaiseTask(task_id=new_id(), kind="find_liable", account_id=account_id))
    assert figures(take_in(office, {**ANN, "Payer": ""})) == (0, 1, 0, 0)
    assert open_tasks(office) == [("find_liable", "1")]


def test_whom_the_office_found_stays_liable(office: Office) -> None:
    nobody = {**ANN, "Payer": ""}
    take_in(office, nobody)
    (debt_id,) = ask(office, "SELECT debt_id::text FROM debt")
    tom = open_person(office, "Tom", "Karim")
    office.give(RecordLiableParty(debt_id=debt_id, person_id=tom))
    take_in(office, ANN)
    assert liable(office) == {"1": ["Ann Marsh", "Tom Karim"]}
    take_in(office, nobody)
    assert liable(office) == {"1": ["Tom Karim"]}
    assert open_tasks(office) == []


def test_a_payer_the_office_opened_on_the_account_is_the_same_person(office: Office) -> None:
    take_in(office, {**ANN, "Payer": ""})
    (debt_id,) = ask(office, "SELECT debt_id::text FROM debt")
    ann = open_person(office, "Ann", "MARSH")
    office.give(RecordLiableParty(debt_id=debt_id, person_id=ann))
    take_in(office, ANN)
    assert names(office) == ["Ann MARSH"]


def test_what_the_office_mends_stays_mended_until_the_file_moves(office: Office) -> None:
    row = {**ANN, "Write to": "1 Mill Race", "Write to code": "ZZ1 1AA", "Phone": "01632 960 123"}
    take_in(office, row)
    (person_id,) = ask(office, "SELECT person_id::text FROM person")
    live_at(office, person_id, "9 Heron Row", "ZZ9 9AA")
    assert figures(take_in(office, {**row, "Owed": "50"})) == (0, 1, 0, 0)
    now = "SELECT lines FROM residence JOIN address USING (address_id) WHERE until IS NULL"
    assert ask(office, now) == ["9 Heron Row"]
    later = NOW + timedelta(days=1)
    moved = {**row, "Owed": "50", "Write to": "2 Mill Race"}
    assert figures(take_in(office, moved, at=later)) == (0, 1, 0, 0)
    assert ask(office, now) == ["2 Mill Race"]


def test_a_new_phone_number_is_added_and_the_old_one_kept(office: Office) -> None:
    row = {**ANN, "Phone": "01632 960 123", "Email": "ann@example.org"}
    take_in(office, row)
    assert figures(take_in(office, {**row, "Phone": "01632 960 999"})) == (0, 1, 0, 0)
    assert ask(office, "SELECT kind, value, source FROM contact ORDER BY value") == [
        ("phone", "01632960123", "import"),
        ("phone", "01632960999", "import"),
        ("email", "ann@example.org", "import"),
    ]


def test_ways_to_reach_nobody_are_left_out_with_a_note(office: Office) -> None:
    done = take_in(office, {**ANN, "Phone": "960123", "Email": "ann@example..org"})
    assert done.tally.notes == {"note.phone_left_out": 1, "note.email_left_out": 1}
    assert figures(done) == (1, 0, 0, 0)
    assert ask(office, "SELECT count(*) FROM contact") == [0]


def test_another_account_s_address_does_not_take_the_place_of_the_first(office: Office) -> None:
    row = {**ANN, "Payer": "Widgets Ltd", "Write to": "1 Mill Race", "Write to code": "ZZ1 1AA"}
    done = take_in(office, row, {**row, "Ref": "2", "Write to": "2 Mill Race"})
    assert done.tally.notes == {"note.another_address": 1}
    assert ask(office, "SELECT count(*) FROM residence") == [1]


def test_a_birthday_that_comes_later_is_for_a_person_to_add(office: Office) -> None:
    take_in(office, {**ANN, "Born": ""})
    done = take_in(office, {**ANN, "Born": "1960-01-01"})
    assert (figures(done), done.tally.notes) == ((0, 0, 1, 0), {"note.birth_left_out": 1})


def test_a_trader_is_found_by_the_name_they_trade_under(office: Office) -> None:
    take_in(office, {**ANN, "Payer": "Mr Tom Karim T/A Beck Side Bakery"})
    assert names(office) == ["Tom Karim"]
    assert ask(office, "SELECT name FROM former_name") == ["Beck Side Bakery"]


@pytest.mark.parametrize(
    ("written", "name", "surname"),
    [
        ("Executors of the late Mrs Ann Marsh", "Executors of the late Mrs Ann Marsh", ""),
        (f"Mr {'Peregrine ' * 13}Fell", f"Mr {'Peregrine ' * 13}Fell", ""),
        ("Dr Ida Fell", "Ida Fell", "Fell"),
    ],
)
def test_a_name_that_cannot_be_taken_apart_stays_whole(
    office: Office, written: str, name: str, surname: str
) -> None:
    take_in(office, {**ANN, "Payer": written})
    assert ask(office, "SELECT name, surname FROM person") == [(name, surname)]


def test_a_stop_on_recovery_is_a_hold_and_its_end_is_for_a_person_to_decide(
    office: Office,
) -> None:
    row = {**ANN, "Stop": "VULN", "Stop to": "", "As at": "2027-03-01"}
    take_in(office, row)
    holds = "SELECT reason, note, from_on, until FROM hold ORDER BY from_on, until"
    first = ("other_system", "VULN", date(2027, 3, 1), None)
    assert ask(office, holds) == [first]
    assert figures(take_in(office, {**row, "As at": "2027-03-02"})) == (0, 0, 1, 0)
    assert figures(take_in(office, {**row, "Stop": ""})) == (0, 1, 0, 0)
    assert ask(office, holds) == [first]
    assert open_tasks(office) == [("check_details", "1")]


def test_a_stop_that_is_made_longer_is_held_longer(office: Office) -> None:
    row = {**ANN, "Stop": "Dispute", "Stop to": "2027-04-01", "As at": "2027-03-01"}
    take_in(office, row)
    take_in(office, {**row, "Stop to": "2027-05-01"})
    take_in(office, {**row, "Stop to": "2027-03-20"})
    assert ask(office, "SELECT reason, until FROM hold ORDER BY until") == [
        ("dispute", date(2027, 4, 1)),
        ("dispute", date(2027, 5, 1)),
    ]


def test_a_stop_that_was_over_is_left_out_with_a_note(office: Office) -> None:
    done = take_in(office, {**ANN, "Stop": "VULN", "Stop to": "2027-01-01"})
    assert done.tally.notes == {"note.hold_over": 1}
    assert ask(office, "SELECT count(*) FROM hold") == [0]


def test_a_hold_ended_here_is_placed_again_only_when_the_file_moves(office: Office) -> None:
    row = {**ANN, "Stop": "VULN", "As at": "2027-03-01"}
    take_in(office, row)
    ((hold_id, debt_id),) = ask(office, "SELECT hold_id::text, debt_id::text FROM hold")
    office.give(EndHold(hold_id=hold_id, debt_id=debt_id, last_day=date(2027, 3, 2)))
    before = everything(office)["hold"]
    take_in(office, {**row, "Owed": "50"})
    assert everything(office)["hold"] == before
