"""Visits back for review: the most doubtful first, approved or returned once, by somebody else."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select

from server.spine import clock
from server.visits.ranking import FIRST_VISITS
from server.visits.tables import BlobRefusalRow, BlobRow, VisitCommentRow, VisitRow
from shared.photographs import RecordPhotograph
from shared.reviews import ApproveVisit, RecordVisitAnswer, ReturnVisit
from shared.schemas import digest
from tests.server.day import SUPERVISOR, Browser, Day, Household, counted_queries, new_id
from tests.server.visits.pictures import jpeg


@pytest.fixture
def browser(day: Day) -> Browser:
    return day.browser(day.supervisor)


def seen(page: str) -> dict[str, Any]:
    """Read what the page sends along with a decision."""
    import re  # noqa: PLC0415 - read in where it is used

    found = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
    return {name: found[name] for name in ("seen", "command_id")}


def review_of(day: Day, visit_id: str) -> str:
    with day.session() as session:
        return session.scalars(select(VisitRow.review).where(VisitRow.visit_id == visit_id)).one()


def test_an_empty_list_says_when_something_comes(browser: Browser) -> None:
    assert "Nothing waits for review" in browser.get("/visits/review")
    assert "No visit is with its officer" in browser.get("/visits/review?tab=returned")
    assert "No visit has been approved yet" in browser.get("/visits/review?tab=approved")


def test_the_most_doubtful_visit_stands_first_with_its_reasons(
    day: Day, browser: Browser, household: Household
) -> None:
    plain = day.household("Plain Case", officers=[day.amina])
    for _ in range(FIRST_VISITS):
        day.visit(plain.case_id, day.amina)
    late = day.household("Late Case", officers=[day.amina])
    day.visit(late.case_id, day.amina, happened_at=clock.now() - timedelta(days=3))
    day.hold(household.debt_ids[0])
    day.visit(household.case_id, day.amina)
    page = browser.get("/visits/review")
    order = [page.index(name) for name in ("Wilfred Arkwright", "Late Case", "Plain Case")]
    assert order == sorted(order)
    assert "A hold was in force on the day of the visit" in page
    assert "It arrived 3 days late" in page


def test_each_tab_holds_its_own(day: Day, browser: Browser, household: Household) -> None:
    waiting, returned, approved = (day.visit(household.case_id, day.amina) for _ in range(3))
    case_id = household.case_id
    day.give(day.supervisor, ApproveVisit(visit_id=approved, case_id=case_id))
    day.give(
        day.supervisor,
        ReturnVisit(
            comment_id=new_id(), visit_id=returned, case_id=case_id, about="notes", comment="Who?"
        ),
    )
    for tab, visit_id in (("waiting", waiting), ("returned", returned), ("approved", approved)):
        page = browser.get(f"/visits/review?tab={tab}")
        assert f"/visits/{visit_id}" in page
        assert page.count('href="/visits/') - page.count('href="/visits/review') == 1
    assert "Sunita Rao" in browser.get("/visits/review?tab=approved")


def test_the_list_is_narrowed_to_one_officer(
    day: Day, browser: Browser, household: Household
) -> None:
    day.visit(household.case_id, day.amina)
    page = browser.get(f"/visits/review?officer={day.bryn.user_id}")
    assert "Nothing waits for review" in page
    assert "Wilfred" in browser.get(f"/visits/review?officer={day.amina.user_id}")
    assert "Wilfred" in browser.get("/visits/review?officer=nonsense&tab=nothing")


def test_a_visit_stands_beside_its_plan(day: Day, browser: Browser, household: Household) -> None:
    planned = day.plan(household.case_id, day.amina, instructions="Ask about\nwork")
    visit_id = day.visit(
        household.case_id,
        day.amina,
        planned_visit_id=planned,
        met_person_ids=(household.person_id,),
        others_met="A neighbour",
        notes="First line\n<b>second</b> line",
    )
    page = browser.get(f"/visits/{visit_id}")
    for words in (
        "As the officer wrote it",
        "As it was planned",
        "Ask about<br>work",
        "A neighbour",
        "First line<br>&lt;b&gt;second&lt;/b&gt; line",
        "Wilfred Arkwright",
        "Approve this visit",
        "This is the first.",
    ):
        assert words in page


def test_a_visit_that_was_not_planned_says_so(
    day: Day, browser: Browser, household: Household
) -> None:
    visit_id = day.visit(household.case_id, day.amina, notes="")
    page = browser.get(f"/visits/{visit_id}")
    for words in ("This visit was not planned", "No notes", "Nobody on the case", "Nobody else"):
        assert words in page


def test_earlier_visits_and_flags_are_shown(
    day: Day, browser: Browser, household: Household
) -> None:
    day.visit(household.case_id, day.amina, "no_answer")
    visit_id = day.visit(household.case_id, day.bryn)
    page = browser.get(f"/visits/{visit_id}")
    assert "No answer" in page
    assert "The case was no longer assigned to this officer" in page


def test_a_visit_is_approved_once(day: Day, browser: Browser, household: Household) -> None:
    visit_id = day.visit(household.case_id, day.amina)
    url = f"/visits/{visit_id}"
    asked = seen(browser.get(url))
    assert "The visit has been approved" in browser.follow(f"{url}/approve", **asked)
    assert review_of(day, visit_id) == "approved"
    browser.post(f"{url}/approve", **asked)
    page = browser.get(url)
    assert "Approve this visit" not in page
    assert "Sunita Rao" in page


def test_a_visit_is_returned_with_a_comment_on_one_part(
    day: Day, browser: Browser, household: Household
) -> None:
    visit_id = day.visit(household.case_id, day.amina)
    url = f"/visits/{visit_id}"
    page = browser.get(f"{url}?about=notes")
    assert 'value="notes" checked' in page
    asked = {**seen(page), "about": "notes", "comment": "Which Friday?"}
    there = browser.post(f"{url}/return", **asked)
    assert browser.post(f"{url}/return", **asked) == there
    assert review_of(day, visit_id) == "returned"
    assert "Which Friday?" in browser.get(url)
    with day.session() as session:
        assert len(session.scalars(select(VisitCommentRow)).all()) == 1


def test_a_return_without_a_part_or_a_comment_says_what_is_missing(
    day: Day, browser: Browser, household: Household
) -> None:
    visit_id = day.visit(household.case_id, day.amina)
    page = browser.post(f"/visits/{visit_id}/return", 422, comment="Which Friday?")
    assert "Select the part of the visit you are asking about" in page
    assert "Which Friday?" in page
    page = browser.post(f"/visits/{visit_id}/return", 422, about="notes")
    assert "Enter what you want the officer to do" in page


def test_an_answered_visit_comes_back_with_the_answer(
    day: Day, browser: Browser, household: Household
) -> None:
    visit_id = day.visit(household.case_id, day.amina)
    case_id = household.case_id
    day.give(
        day.supervisor,
        ReturnVisit(
            comment_id=new_id(), visit_id=visit_id, case_id=case_id, about="notes", comment="Who?"
        ),
    )
    day.give(
        day.amina,
        RecordVisitAnswer(
            answer_id=new_id(), visit_id=visit_id, case_id=case_id, answer="His brother."
        ),
    )
    page = browser.get("/visits/review")
    assert "The officer has answered" in page
    page = browser.get(f"/visits/{visit_id}")
    assert "His brother." in page
    browser.post(f"/visits/{visit_id}/approve", **seen(page))
    assert review_of(day, visit_id) == "approved"


def test_somebody_elses_decision_is_told_and_no_comment_is_lost(
    day: Day, browser: Browser, household: Household
) -> None:
    visit_id = day.visit(household.case_id, day.amina)
    asked = seen(browser.get(f"/visits/{visit_id}"))
    other = day.someone("Otto Other", SUPERVISOR)
    day.give(other, ApproveVisit(visit_id=visit_id, case_id=household.case_id))
    page = browser.post(f"/visits/{visit_id}/approve", 409, **asked)
    assert "This visit is not waiting for review: open it again" in page
    assert "Approved: Otto Other" in page
    comment = {"about": "notes", "comment": "Which Friday?", **asked, "command_id": new_id()}
    page = browser.post(f"/visits/{visit_id}/return", 409, **comment)
    assert "Your comment was not sent: “Which Friday?”" in " ".join(page.split())


def test_an_answer_that_came_meanwhile_is_read_before_the_decision(
    day: Day, browser: Browser, household: Household
) -> None:
    visit_id = day.visit(household.case_id, day.amina)
    case_id = household.case_id
    asked = seen(browser.get(f"/visits/{visit_id}"))
    other = day.someone("Otto Other", SUPERVISOR)
    day.give(
        other,
        ReturnVisit(
            comment_id=new_id(), visit_id=visit_id, case_id=case_id, about="notes", comment="Who?"
        ),
    )
    day.give(
        day.amina,
        RecordVisitAnswer(
            answer_id=new_id(), visit_id=visit_id, case_id=case_id, answer="His brother."
        ),
    )
    page = browser.post(f"/visits/{visit_id}/approve", 409, **asked)
    assert "This visit has changed since you opened it" in page
    assert "His brother." in page
    browser.post(f"/visits/{visit_id}/approve", **seen(page))


def test_nobody_reviews_their_own_visit(day: Day) -> None:
    both = day.someone("Both Hats", (*SUPERVISOR, "visits.record"))
    household = day.household("Wilfred Arkwright", officers=[both])
    visit_id = day.visit(household.case_id, both)
    browser = day.browser(both)
    page = browser.get(f"/visits/{visit_id}")
    assert "nobody reviews their own visit" in page
    assert "Approve this visit" not in page
    page = browser.post(f"/visits/{visit_id}/approve", 409, seen="waiting")
    assert "Ask another supervisor" in page
    assert review_of(day, visit_id) == "waiting"


def test_a_caseworker_reads_a_visit_and_decides_nothing(day: Day, household: Household) -> None:
    visit_id = day.visit(household.case_id, day.amina)
    browser = day.browser(day.caseworker)
    assert "Approve this visit" not in browser.get(f"/visits/{visit_id}")
    browser.get("/visits/review", 403)
    browser.post(f"/visits/{visit_id}/approve", 403)
    browser.post(f"/visits/{visit_id}/return", 403)
    day.browser(day.amina).get(f"/visits/{visit_id}", 403)


def photograph(day: Day, household: Household, visit_id: str, body: bytes) -> str:
    photograph_id = digest(body)
    day.give(
        day.amina,
        RecordPhotograph(
            photograph_id=photograph_id,
            visit_id=visit_id,
            case_id=household.case_id,
            purpose="premises",
            size_bytes=len(body),
        ),
    )
    return photograph_id


def arrive(day: Day, body: bytes) -> None:
    with day.session() as session:
        session.execute(
            insert(BlobRow).values(
                digest=digest(body), size_bytes=len(body), body=body, received_at=clock.now()
            )
        )


def test_a_photograph_that_could_not_be_kept_is_not_waited_for(
    day: Day, browser: Browser, household: Household
) -> None:
    visit_id = day.visit(household.case_id, day.amina)
    photograph_id = photograph(day, household, visit_id, jpeg("red"))
    with day.session() as session:
        session.execute(
            insert(BlobRefusalRow).values(
                digest=photograph_id, code="blob.not_a_picture", refused_at=clock.now()
            )
        )
    page = browser.get(f"/visits/{visit_id}")
    assert "1 photograph could not be kept" in page
    assert "still to come" not in page


def test_photographs_are_shown_once_their_bytes_are_here(
    day: Day, browser: Browser, household: Household
) -> None:
    visit_id = day.visit(household.case_id, day.amina)
    first, second = jpeg("red"), jpeg("blue")
    photograph_id = photograph(day, household, visit_id, first)
    photograph(day, household, visit_id, second)
    page = browser.get(f"/visits/{visit_id}")
    assert "2 photographs still to come from the officer’s device, since " in page
    browser.get(f"/visits/{visit_id}/photographs/{photograph_id}", 404)
    arrive(day, first)
    page = browser.get(f"/visits/{visit_id}")
    assert "1 photograph still to come" in page
    assert 'alt="Photograph 1: The premises"' in page
    answer = browser.client.get(f"/visits/{visit_id}/photographs/{photograph_id}")
    assert answer.data == first
    assert answer.mimetype == "image/jpeg"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer.headers["Content-Disposition"] == 'inline; filename="photograph.jpg"'
    assert answer.headers["Cache-Control"] == "no-store"
    assert ("visits.photograph", photograph_id, None) in day.reads(day.supervisor)


def test_a_photograph_is_shown_only_on_its_own_visit_and_to_who_may_see_visits(
    day: Day, browser: Browser, household: Household
) -> None:
    visit_id = day.visit(household.case_id, day.amina)
    other = day.visit(household.case_id, day.amina)
    body = jpeg("red")
    photograph_id = photograph(day, household, visit_id, body)
    arrive(day, body)
    browser.get(f"/visits/{other}/photographs/{photograph_id}", 404)
    browser.get(f"/visits/{visit_id}/photographs/nonsense", 404)
    day.browser(day.amina).get(f"/visits/{visit_id}/photographs/{photograph_id}", 403)


def test_a_visit_that_is_not_there_is_not_found(browser: Browser) -> None:
    browser.get(f"/visits/{new_id()}", 404)
    browser.post(f"/visits/{new_id()}/approve", 404)
    browser.post(f"/visits/{new_id()}/return", 404)


def test_a_longer_list_and_a_fuller_visit_take_no_more_queries(
    day: Day, browser: Browser, household: Household
) -> None:
    visit_id = day.visit(household.case_id, day.amina)
    browser.get("/visits/review")
    with counted_queries(day.app) as few:
        browser.get("/visits/review")
        browser.get(f"/visits/{visit_id}")
    for _ in range(5):
        day.visit(household.case_id, day.amina)
        photograph(day, household, visit_id, jpeg("red"))
    with counted_queries(day.app) as many:
        browser.get("/visits/review")
        browser.get(f"/visits/{visit_id}")
    assert len(many) == len(few)


def test_who_read_a_visit_is_noted(day: Day, browser: Browser, household: Household) -> None:
    visit_id = day.visit(household.case_id, day.amina)
    browser.get(f"/visits/{visit_id}")
    assert day.reads(day.supervisor) == [("visits.visit", visit_id, None)]
