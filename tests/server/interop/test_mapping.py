"""Shows how a row becomes an account with its debts and payers, or a rejection with every reason."""

from __future__ import annotations

from datetime import date

import pytest

from server.interop.lines import AccountLine
from shared.errors import RuleBroken
from tests.server.interop.mapped import codes, intake, outcomes


def test_several_columns_make_one_reference() -> None:
    fields = {"account_reference": {"columns": ["ref", "digit"], "join": ""}}
    (line,) = outcomes("ref,digit\n70012345,X\n", fields)
    assert line.account_reference == "70012345X"


def test_a_repeated_column_is_told_apart_by_its_number() -> None:
    fields = {
        "account_reference": "Ref",
        "liable_from": {"columns": [{"heading": "From", "occurrence": 1}]},
        "period_from": {"columns": [{"heading": "From", "occurrence": 2}]},
    }
    (line,) = outcomes("Ref,From,From\n1,2020-01-01,2024-04-01\n", fields)
    assert line.liable_from == date(2020, 1, 1)
    assert line.debts[0].period_from == date(2024, 4, 1)


def test_a_repeated_column_without_a_number_is_refused() -> None:
    with pytest.raises(RuleBroken) as refusal:
        intake("Ref,From,From\n", {"account_reference": "Ref", "liable_from": "From"})
    assert refusal.value.code == "file.column_twice"
    assert "2 times" in refusal.value.sentence()


def test_a_file_without_the_columns_is_refused_naming_them() -> None:
    with pytest.raises(RuleBroken) as refusal:
        intake(
            "Ref,Name\n1,A\n",
            {"account_reference": "Ref", "balance": "Owed", "liable_from": "From"},
        )
    assert refusal.value.code == "file.no_header"
    assert "(missing: Owed, From)" in refusal.value.sentence()


def test_a_file_of_broken_lines_only_is_refused() -> None:
    with pytest.raises(RuleBroken) as refusal:
        intake('"open\n', {"account_reference": "Ref"})
    assert refusal.value.code == "file.empty"


def test_optional_columns_may_be_absent() -> None:
    fields = {"account_reference": "Ref", "payer_phone": {"columns": ["Phone"], "optional": True}}
    (line,) = outcomes("Ref\n1\n", fields)
    assert line.account_reference == "1"


def test_a_header_wrapped_in_quotation_marks_as_a_whole_is_understood() -> None:
    (line,) = outcomes(
        '"Ref,Name"\n1,Mrs Ann Marsh\n', {"account_reference": "Ref", "payer_name": "Name"}
    )
    assert line.payers[0].surname == "Marsh"


def test_columns_nobody_reads_are_listed() -> None:
    taken = intake("Ref,Notes,\n1,x,\n", {"account_reference": "Ref"})
    assert taken.survey.unused_columns == ("Notes",)


def test_last_days_become_the_first_day_not_covered() -> None:
    fields = {
        "account_reference": "Ref",
        "liable_until": {"columns": "To", "last_day": True},
        "period_until": "Until",
    }
    (line,) = outcomes("Ref,To,Until\n1,31/03/2025,01/04/2025\n", fields)
    assert line.liable_until == date(2025, 4, 1)
    assert line.debts[0].period_until == date(2025, 4, 1)


def test_a_required_value_that_is_missing_turns_the_row_away() -> None:
    fields = {"account_reference": "Ref", "balance": {"columns": "Owed", "required": True}}
    first, second = outcomes("Ref,Owed\n1,\n,5\n", fields)
    assert codes(first) == ["cell.missing"]
    assert first.reasons[0].sentence() == "Fill in “Owed”: it is empty"
    assert codes(second) == ["cell.missing"]


def test_a_blank_payer_is_someone_to_find_or_a_rejection_as_the_profile_says() -> None:
    fields = {"account_reference": "Ref", "payer_name": "Name"}
    (line,) = outcomes("Ref,Name\n1,\n", fields)
    assert isinstance(line, AccountLine)
    assert line.find_who_is_liable()
    (row,) = outcomes("Ref,Name\n1,The Occupier\n", fields, blank_payer="reject")
    assert codes(row) == ["payer.missing"]


def test_contact_details_without_a_name_are_noted() -> None:
    fields = {"account_reference": "Ref", "payer_name": "Name", "payer_phone": "Phone"}
    (line,) = outcomes("Ref,Name,Phone\n1,,01632 960123\n", fields)
    assert codes(line) == ["note.details_without_payer"]


def test_everything_about_a_payer_is_kept_with_the_payer() -> None:
    fields = {
        "account_reference": "Ref",
        "payer_name": "Name",
        "payer_reference": "Party",
        "payer_date_of_birth": "Born",
        "payer_phone": "Phone",
        "payer_email": "Email",
        "contact_address": ["A1", "A2"],
        "contact_postcode": "PC",
    }
    text = (
        "Ref,Name,Party,Born,Phone,Email,A1,A2,PC\n"
        "1,Mr J & Mrs A Marsh,P7,1970-02-03,01632 960123,j@example.org,Lodge,Fell,ZZ1 1AA\n"
    )
    (line,) = outcomes(text, fields)
    first, second = line.payers
    assert (first.reference, first.date_of_birth, first.phone, first.email) == (
        "P7",
        date(1970, 2, 3),
        "01632 960123",
        "j@example.org",
    )
    assert (second.reference, second.phone) == (None, None)
    assert first.contact_address == second.contact_address
    assert second.contact_address is not None
    assert second.contact_address.lines == ("Lodge", "Fell")


def test_a_name_in_parts_is_an_individual_s_and_may_speak_of_a_death() -> None:
    fields = {
        "account_reference": "Ref",
        "payer_title": "T",
        "payer_forenames": ["F", "M"],
        "payer_surname": "S",
    }
    first, second, third = outcomes(
        "Ref,T,F,M,S\n1,Ms,Bea,May,Lund\n2,Exors of,,,Crane\n3,,,,Unknown\n", fields
    )
    assert (first.payers[0].name, first.payers[0].forenames) == ("Ms Bea May Lund", "Bea May")
    assert second.payers[0].estate
    assert codes(second) == ["note.estate"]
    assert third.payers == ()


def test_another_column_may_say_what_kind_of_payer_it_is() -> None:
    fields = {
        "account_reference": "Ref",
        "payer_name": "Name",
        "payer_kind": {"columns": "Kind", "values": {"C": "organisation", "P": "individual"}},
    }
    company, person, unknown = outcomes(
        "Ref,Name,Kind\n1,Ann Marsh,C\n2,Fell Ltd,P\n3,Bea Lund,X\n", fields
    )
    assert company.payers[0].kind == "organisation"
    assert person.payers[0].kind == "individual"
    assert codes(unknown) == ["cell.choice"]


def test_one_odd_value_is_left_out_with_a_note_and_two_turn_the_row_away() -> None:
    fields = {
        "account_reference": "Ref",
        "occupied": "Occupied",
        "rateable_value_pounds": "RV",
        "property_postcode": "PC",
        "property_address": "Address",
    }
    header = "Ref,Occupied,RV,PC,Address\n"
    (line,) = outcomes(header + "1,Deceased,500,ZZ1 1AA,Mill\n", fields)
    assert codes(line) == ["cell.yes_no"]
    assert line.property.occupied is None
    (row,) = outcomes(header + "1,Deceased,LS2,ZZ1 1AA,Mill\n", fields)
    assert codes(row) == ["row.shifted", "cell.yes_no", "cell.number"]


def test_an_unreadable_postcode_stays_in_the_address_unless_it_is_too_long_to_be_one() -> None:
    fields = {"account_reference": "Ref", "property_postcode": "PC", "property_address": "Address"}
    (line,) = outcomes("Ref,PC,Address\n1,ZZ1,Mill Lane\n", fields)
    assert line.property.address.lines == ("Mill Lane", "ZZ1")
    assert codes(line) == ["cell.postcode", "note.postcode_in_address"]
    (row,) = outcomes(f"Ref,PC,Address\n1,{'no postcode ' * 9},Mill Lane\n", fields)
    assert codes(row) == ["cell.postcode"]
    (row,) = outcomes(
        f"Ref,PC,Address\n1,ZZ1,{'y' * 150}\n", {**fields, "contact_address": "Address"}
    )
    assert isinstance(row, AccountLine)


def test_an_address_that_grows_too_long_with_its_odd_postcode_turns_the_row_away() -> None:
    fields = {
        "account_reference": "Ref",
        "property_postcode": "PC",
        "property_address": {"columns": "Address", "split": ","},
    }
    parts = ",".join(["a"] * 7 + ["b" * 190])
    (row,) = outcomes(f'Ref,PC,Address\n1,not one at all,"{parts}"\n', fields)
    assert codes(row) == ["cell.text_too_long"]


def test_coordinates_come_in_pairs() -> None:
    fields = {"account_reference": "Ref", "property_latitude": "Lat", "property_longitude": "Long"}
    both, one = outcomes("Ref,Lat,Long\n1,53.5,-1.5\n2,53.5,\n", fields)
    assert both.property.latitude is not None
    assert one.property is None


def test_an_end_before_its_start_turns_the_row_away() -> None:
    fields = {"account_reference": "Ref", "liable_from": "From", "liable_until": "To"}
    same, before = outcomes(
        "Ref,From,To\n1,2020-01-02,2020-01-02\n2,2020-01-02,2020-01-01\n", fields
    )
    assert codes(same) == ["dates.none"]
    assert same.reasons[0].sentence() == "To leaves no day after From: the two are the same"
    assert codes(before) == ["dates.order"]
    assert before.reasons[0].sentence() == "To is before From"


def test_a_balance_is_reported_on_its_own_day_or_the_file_s() -> None:
    fields = {
        "account_reference": "Ref",
        "balance": "Owed",
        "reported_on": "Day",
        "debt_reference": "Bill",
    }
    own, file_s, none = outcomes("Ref,Owed,Day,Bill\n1,5,2025-01-01,\n2,5,,\n3,,,B3\n", fields)
    assert own.debts[0].reported_on == date(2025, 1, 1)
    assert file_s.debts[0].reported_on == date(2025, 6, 30)
    assert none.debts[0].reported_on is None
    assert codes(none) == ["note.no_balance"]


def test_a_hold_is_kept_and_dates_without_its_reason_are_noted() -> None:
    fields = {
        "account_reference": "Ref",
        "hold_reason": "Stop",
        "hold_from": "From",
        "hold_until": "To",
    }
    held, dates_only, free = outcomes(
        "Ref,Stop,From,To\n1,VULN,2025-01-01,\n2,,2025-01-01,\n3,,,\n", fields
    )
    assert held.hold is not None
    assert (held.hold.reason, held.hold.from_on, held.hold.until) == (
        "VULN",
        date(2025, 1, 1),
        None,
    )
    assert dates_only.hold is None
    assert codes(dates_only) == ["note.hold_without_reason"]
    assert codes(free) == []


def test_the_same_facts_have_the_same_fingerprint_on_any_line() -> None:
    fields = {"account_reference": "Ref", "payer_name": "Name", "balance": "Owed"}
    (one,) = outcomes("Ref,Name,Owed\n1,Ann Marsh,5\n", fields)
    (two,) = outcomes("Name,x,Ref,Owed\n\n\nAnn Marsh,,1,£5.00\n", fields)
    (three,) = outcomes("Ref,Name,Owed\n1,Ann Marsh,6\n", fields)
    assert one.fingerprint() == two.fingerprint() != three.fingerprint()


def test_a_fault_names_a_repeated_column_by_its_number() -> None:
    fields = {
        "account_reference": "Ref",
        "period_from": {"columns": [{"heading": "From", "occurrence": 2}]},
    }
    (row,) = outcomes("Ref,From,From\n1,2020-01-01,soon\n", fields)
    assert row.reasons[0].sentence().startswith("“From (2)” should be a date")
