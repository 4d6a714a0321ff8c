"""Shows that each house rule for pages finds the fault it is there for."""

from __future__ import annotations

import pytest

from shared.ui import INLINE_SCRIPT
from tests.pages import assert_page, faults_of

GOOD = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Search – Fieldfare</title></head>
<body><script>{script}</script><main id="main-content"><h1>Search</h1>{body}</main></body></html>"""


def page(body: str = "") -> str:
    return GOOD.replace("{script}", INLINE_SCRIPT).replace("{body}", body)


def test_a_good_page_has_no_faults() -> None:
    assert_page(
        page(
            "<h2>Results</h2><p>None of these, 4 March 2027, £1,234.56, <code>council_ref</code></p>"
            '<form action="/search" method="get"><label for="q">Name</label>'
            '<input id="q" name="q" aria-describedby="h"><p id="h">Or jo_smith@example.org</p>'
            '<label>Exact <input type="checkbox" name="exact"></label><button>Go</button></form>'
        )
    )


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ("<h1>Again</h1>", "2 h1 headings"),
        ("<h3>Too deep</h3>", "h1 is followed by h3"),
        ("<p id='a'></p><p id='a'></p>", "the id 'a' stands 2 times"),
        ("<p aria-describedby='gone'>x</p>", "points at nothing"),
        ("<a href='#gone'>There</a>", "leads nowhere"),
        ("<input name='q'>", "input 'q' has no label"),
        ("<select name='s'></select>", "select 's' has no label"),
        ("<a href='/x'> </a>", "a has no words"),
        ("<a>Go</a>", "a link without an address"),
        ("<img src='/x.png'>", "has no alt"),
        ("<form method='post'></form>", "a form needs an action"),
        ("<form action='/x'></form>", "a form needs an action"),
        ("<script>alert(1)</script>", "an inline script"),
        ("<style>p { color: red }</style>", "an inline style sheet"),
        ("<p style='color: red'>x</p>", "p has an inline style"),
        ("<p onclick='go()'>x</p>", "p has an inline onclick"),
        ("<script src='https://example.org/a.js'></script>", "fetched from elsewhere"),
        ("<p>Due None</p>", "a value of the program is shown: 'None'"),
        ("<p>True</p>", "a value of the program is shown: 'True'"),
        ("<p>[object Object]</p>", "the program is shown"),
        ("<p>%(name)s owes</p>", "the program is shown"),
        ("<p>Smith &amp;amp; Sons</p>", "text escaped twice"),
        ("<p>0190b6a8-5f7e-7c31-9d6e-2f4a8b1c3d5e</p>", "an id is shown"),
        ("<p>Refused: breathing_space</p>", "a code word is shown: 'breathing_space'"),
        ("<p>visit.no_answer</p>", "a code word"),
        ("<p>On 2027-03-04</p>", "a date not in words"),
        ("<p>£1234.00</p>", "money not written"),
        ("<p>£12.5</p>", "money not written"),
        ("<p>£-5.00</p>", "money not written"),
        ("<p>After <b>bold</b> None</p>", "a value of the program"),
        ("<div><b></div>", "line 3: End tag (div) seen too early"),
        ("<main></main>", "exactly one main"),
    ],
)
def test_a_fault_is_found(body: str, fault: str) -> None:
    faults = faults_of(page(body))
    assert any(fault in each for each in faults), faults


def test_a_title_that_does_not_begin_with_the_h1_is_found() -> None:
    assert any(
        "does not begin" in each for each in faults_of(page().replace(">Search –", ">Find –"))
    )


def test_error_comes_first_in_the_title_exactly_when_something_is_wrong() -> None:
    summary = page('<div class="govuk-error-summary"></div>')
    assert any("says Error first" in each for each in faults_of(summary))
    assert any(
        "says Error first" in e for e in faults_of(page().replace("<title>", "<title>Error: "))
    )
    assert_page(summary.replace("<title>", "<title>Error: "))


def test_a_page_without_a_language_is_found() -> None:
    assert "html has no lang" in faults_of(page().replace(' lang="en"', ""))


def test_every_fault_is_told_at_once_with_the_address() -> None:
    with pytest.raises(AssertionError, match=r"(?s)/search:.*has no alt.*value of the program"):
        assert_page(page("<img src='/x.png'><p>None</p>"), "/search")
