"""Shows how rows that are short, long, broken or told twice are found, and a file's totals held to."""

from __future__ import annotations

from datetime import date

import pytest

from server.interop.intake import Declared, pounds
from server.interop.lines import AccountLine, Rejected
from tests.server.interop.mapped import codes, intake, outcomes


def test_short_rows_are_rejected_padded_or_mended_as_the_profile_says() -> None:
    fields = {
        "account_reference": "Ref",
        "property_latitude": "Lat",
        "property_longitude": "Long",
        "liable_from": "From",
        "occupied": "Occ",
    }
    text = "Ref,Lat,Long,From,Occ\n1,,2020-01-01,Y\n"
    (row,) = outcomes(text, fields)
    assert row.reasons[0].sentence() == (
        "The row is shifted: there are 4 values for 5 columns, so one is missing"
    )
    (line,) = outcomes(text, fields, short_rows="mend", missing_column="Long")
    assert (line.liable_from, line.property) == (date(2020, 1, 1), None)
    assert codes(line) == ["note.mended"]
    (padded,) = outcomes("Ref,Lat,Long,From,Occ\n1,,,2020-01-01\n", fields, short_rows="pad")
    assert padded.liable_from == date(2020, 1, 1)


def test_a_row_is_not_mended_where_the_missing_value_could_be_another() -> None:
    fields = {
        "account_reference": "Ref",
        "payer_title": "T",
        "payer_forenames": "F",
        "payer_surname": "S",
    }
    text = "Ref,T,F,S\n1,Ann,Marsh\n"
    (row,) = outcomes(text, fields, short_rows="mend", missing_column="T")
    assert codes(row) == ["row.short"]
    (row,) = outcomes("Ref,T,F,S\n1,Ann\n", fields, short_rows="mend", missing_column="T")
    assert codes(row) == ["row.short"]


def test_blank_trailing_columns_are_nothing_and_filled_ones_a_fault() -> None:
    fields = {"account_reference": "Ref", "balance": "Owed"}
    blank, spare, extra = outcomes("Ref,Owed,,\n1,5,,,,,\n2,5,note,\n3,5,,,more\n", fields)
    assert isinstance(blank, AccountLine)
    assert isinstance(spare, AccountLine)
    assert codes(extra) == ["row.long"]


def test_a_repeated_row_is_told_from_one_that_disagrees() -> None:
    fields = {"account_reference": "Ref", "balance": "Owed"}
    text = "Ref,Owed\n00 1,5\n001,6\n002,7\n003,8\n002,7\n001,6\n"
    found = outcomes(text, fields)
    assert [codes(outcome) for outcome in found] == [
        ["row.conflict"],
        ["row.conflict"],
        [],
        [],
        ["row.repeat"],
        ["row.conflict"],
    ]
    lines = [dict(o.reasons[0].values)["line"] for o in found if isinstance(o, Rejected)]
    assert lines == [3, 2, 4, 2]


def test_with_a_row_for_each_debt_an_account_may_stand_on_many_rows() -> None:
    fields = {"account_reference": "Ref", "balance": "Owed", "debt_reference": "Bill"}
    text = "Ref,Owed,Bill\n1,5,A\n1,6,B\n1,7,A\n"
    found = outcomes(text, fields, one_row="debt")
    assert [codes(outcome) for outcome in found] == [["row.conflict"], [], ["row.conflict"]]


def test_the_file_s_own_totals_are_checked_wherever_its_line_stands() -> None:
    fields = {"account_reference": "Ref", "balance": "Owed"}
    control = {"begins": "CT", "count_at": 2, "sum_at": 3, "sum_negative": True}
    right = intake("CT,2,-11.50\nRef,Owed\n1,5\n2,6.50\n", fields, control=control)
    assert right.survey.problems == []
    assert right.survey.read == 2
    wrong = intake("Ref,Owed\n1,5\n2,x\nCT,3,-11.50\n", fields, control=control)
    assert [problem.sentence() for problem in wrong.survey.problems] == [
        "The file says it has 3 rows and it has 2: get the file again",
        (
            "The file says its total is £11.50 and its rows add to £5.00 "
            "(rows whose amount cannot be read: 1)"
        ),
    ]


@pytest.mark.parametrize(
    ("line", "code"),
    [("", "control.absent"), ("CT,two,5\n", "control.unreadable"), ("CT\n", "control.unreadable")],
)
def test_a_line_of_totals_that_is_missing_or_unreadable_is_a_problem(line: str, code: str) -> None:
    fields = {"account_reference": "Ref", "balance": "Owed"}
    control = {"begins": "CT", "count_at": 2, "sum_at": 3}
    taken = intake(f"Ref,Owed\n1,5\n{line}", fields, control=control)
    assert [problem.code for problem in taken.survey.problems] == [code]


def test_totals_may_also_be_declared_by_whoever_sent_the_file() -> None:
    fields = {"account_reference": "Ref", "balance": "Owed"}
    taken = intake("Ref,Owed\n1,5\n", fields, Declared(rows=1, sum_pence=500))
    assert taken.survey.problems == []
    taken = intake("Ref,Owed\n1,5\n", fields, Declared(rows=1, sum_pence=501))
    assert [problem.code for problem in taken.survey.problems] == ["control.sum"]
    assert pounds(-123456) == "-£1,234.56"


def test_a_file_in_pence_is_read_and_added_in_pence() -> None:
    fields = {"account_reference": "Ref", "balance": "Owed"}
    taken = intake("Ref,Owed\n1,12345\n", fields, Declared(sum_pence=12345), amounts_in_pence=True)
    (line,) = taken.outcomes()
    assert line.debts[0].balance_pence == 12345
    assert taken.survey.problems == []


def test_a_record_broken_in_itself_is_rejected_with_its_fault() -> None:
    fields = {"account_reference": "Ref", "payer_name": "Name"}
    broken, whole = outcomes('Ref,Name\n1,"Marsh\n2,Larch\n', fields)
    assert codes(broken) == ["row.unclosed_quote"]
    assert broken.values == ('1,"Marsh',)
    assert whole.line_number == 3
