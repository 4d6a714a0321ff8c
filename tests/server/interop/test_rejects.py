"""Shows that the file of rejected rows can be mended and given back, and starts no formula."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.interop.cells import plain
from server.interop.intake import Intake
from server.interop.lines import Rejected, because
from server.interop.profile_files import from_data
from server.interop.reading import read
from server.interop.rejects import rejects_file, safe_cell

DANGEROUS = [
    "=1+1",
    "+1+1",
    "-1+1",
    "@SUM(A1)",
    "|cmd",
    "%0A=1",
    " =1",
    "\t=1",
    "\r\n=1",
    '"=1',
    "'=1",
    "\u200b=1",
    "\ufeff=1",
    "\u00a0=1",
    "＝1",
    "＋1+1",
    "－1+1",
    "＠SUM",
    '=HYPERLINK("http://example.org","x")',
    "-2+3+cmd|' /C calc'!A0",
]


@pytest.mark.parametrize("text", DANGEROUS)
def test_what_a_spreadsheet_would_run_is_made_text(text: str) -> None:
    safe = safe_cell(text)
    assert safe.startswith("'")
    assert not any(character in safe for character in "\t\r\n")


@pytest.mark.parametrize(
    "text", ["-12.50", "+44 1632 960123", "1,234.50", "12", "-1,234", "Mill Lane", "a=b", ""]
)
def test_numbers_and_plain_text_stay_as_they_are(text: str) -> None:
    assert safe_cell(text) == text


@pytest.mark.parametrize("text", ["=1+1", "+x", "@home", "％5"])
def test_a_guarded_cell_reads_back_as_it_was(text: str) -> None:
    assert plain(safe_cell(text)) == plain(text)


@given(st.text(max_size=60))
def test_no_cell_at_all_begins_with_what_a_spreadsheet_runs(text: str) -> None:
    safe = safe_cell(text).lstrip(' \u00a0\u200b\ufeff"')
    assert not safe.startswith(("=", "@", "|", "%", "＝", "＋", "－", "＠"))
    if safe.startswith(("+", "-")):
        assert safe[1].isdigit()


def test_each_row_stands_as_it_was_after_its_line_and_its_reasons() -> None:
    rejected = [
        Rejected(
            line_number=7,
            reasons=(
                because("row.short", values=2, columns=3),
                because("cell.missing", column="Ref"),
            ),
            values=("=1", "Ann, Marsh"),
        )
    ]
    text = "".join(rejects_file(("Ref", "Name", "Owed"), rejected))
    assert text.startswith("\ufeff")
    assert list(csv.reader(io.StringIO(text[1:], newline=""))) == [
        ["Line in the file", "Why it was not taken", "Ref", "Name", "Owed"],
        [
            "7",
            (
                "The row is shifted: there are 2 values for 3 columns, so one is missing. "
                "Fill in “Ref”: it is empty"
            ),
            "'=1",
            "Ann, Marsh",
        ],
    ]


def test_the_reasons_are_said_in_the_reader_s_language() -> None:
    rejected = [Rejected(line_number=2, reasons=(because("payer.missing"),), values=("1",))]
    text = "".join(rejects_file(("Ref",), rejected, lambda sentence: f"[{sentence}]"))
    assert "[Nobody is named as liable]" in text
    assert "[Line in the file]" in text


def test_a_mended_rejects_file_is_read_with_the_same_profile() -> None:
    profile = from_data(
        {
            "name": "t",
            "title": "t",
            "source": "t",
            "service": "t",
            "country": "england",
            "debt_type": "sundry",
            "fields": {"account_reference": "Ref", "payer_name": "Name", "balance": "Owed"},
        }
    )
    first = Intake(read(b"Ref,Name,Owed\n1,@Fell Ltd,see note\n2,Bea\n"), profile)
    rejected = [outcome for outcome in first.outcomes() if isinstance(outcome, Rejected)]
    text = "".join(rejects_file(first.header, rejected))
    again = list(Intake(read(text.encode()), profile).outcomes())
    assert [outcome.reasons[0].code for outcome in again] == ["cell.amount", "row.short"]
    mended = Intake(read(text.replace("see note", "12.50").encode()), profile)
    line = next(mended.outcomes())
    assert line.payers[0].name == "@Fell Ltd"
    assert line.debts[0].balance_pence == 1250
