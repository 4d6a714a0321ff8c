"""Tables say no more than they hold."""

from __future__ import annotations

from shared.catalogue import ENGLISH
from tests.patterns import environment

_TABLE = """{% from "lists.html" import table %}{{ table("Holds", [{"text": "Why"},
  {"text": "Note"}, {"text": "Action"}], rows, foot=foot) }}"""


def table_of(rows: list[list[str]], foot: list[str] | None = None) -> str:
    return environment(ENGLISH).from_string(_TABLE).render(rows=rows, foot=foot)


def test_a_column_in_which_no_row_has_anything_is_left_out() -> None:
    page = table_of([["Dispute", "Rang", ""], ["Complaint", "", " \n"]], ["Total", "", "2"])
    assert ">Note</th>" in page
    assert "Action" not in page
    assert page.count("<td") == 3


def test_a_column_stays_for_one_row_that_has_something() -> None:
    page = table_of([["Dispute", "", ""], ["Complaint", "", "End"]])
    assert ">Action</th>" in page
    assert "Note" not in page


def test_what_heads_a_row_is_never_left_out() -> None:
    assert ">Why</th>" in table_of([["", "", ""]])
