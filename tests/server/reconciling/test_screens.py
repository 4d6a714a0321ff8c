"""Shows the conflict tray as a caseworker and a supervisor use it, and what each may decide."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta

import pytest
from sqlalchemy import update

from server.reconciling.advice import Heard, suggest
from server.reconciling.tables import ConflictRow
from server.spine import clock
from shared.markers import AddMarker, ProposeMarkerRemoval
from tests.server.day import CASEWORKER, Browser, Day, Someone
from tests.server.office import new_id
from tests.server.reading import hidden_of, words_of
from tests.server.reconciling.saying import Doorstep, add_number, doorstep
from tests.server.town import office_of

DECIDES = (*CASEWORKER, "conflicts.decide", "vulnerability.see")


@dataclass
class Scene:
    """An office in which an officer has said otherwise, and somebody who decides."""

    day: Day
    at: Doorstep
    caseworker: Someone
    browser: Browser

    def open(self) -> str:
        """Open the page of the conflict that has waited longest."""
        return self.browser.get(self.url())

    def url(self) -> str:
        return f"/conflicts/{self.at.conflicts(open_only=True)[0].conflict_id}"


@pytest.fixture
def scene(day: Day) -> Scene:
    at = doorstep(office_of(day), language="Welsh")
    at.correct(clock.now() - timedelta(days=3), language=("Welsh", "Polish"))
    at.correct(clock.now() - timedelta(hours=5), language=("Welsh", "Ukrainian"))
    caseworker = day.someone("Carl Weston", DECIDES)
    return Scene(day, at, caseworker, day.browser(caseworker))


def names_in(html: str) -> list[str]:
    """List the values one can choose."""
    return re.findall(r'name="answer-[^"]+" type="radio" value="([^"]+)"', html)


def choose(html: str, value: str) -> dict[str, str]:
    """Choose a value for the first field of the page."""
    (name, *_more) = re.findall(r'name="(answer-[^"]+)"', html)
    return {**hidden_of(html), **seen_of(html), name: value}


def seen_of(html: str) -> dict[str, str]:
    return dict(re.findall(r'name="(seen-[^"]+)" value="([^"]*)"', html))


def test_the_worktray_counts_what_waits_and_leads_to_it(scene: Scene) -> None:
    said = words_of(scene.browser.get("/?tray=conflicts"))
    assert "Officer and office differ" in said
    assert "Language they prefer Jane Smith" in said
    assert "ask the person before you decide" in said
    assert scene.url() in scene.browser.get("/?tray=conflicts")


def test_before_office_and_officer_stand_side_by_side_with_their_evidence(scene: Scene) -> None:
    said = words_of(scene.open())
    for words in ("Before Welsh", "The office Polish", "Amina Osei Ukrainian"):
        assert words in said
    assert "No visit recorded on that day" in said
    assert "Nothing is suggested." in said


def test_a_choice_is_decided_and_told(scene: Scene) -> None:
    html = scene.open()
    claim = next(value for value in names_in(html) if value.startswith("officer:"))
    to = scene.browser.post(scene.url(), **choose(html, claim), note="I rang her")
    assert to == "/?tray=conflicts"
    assert "The officer is told on their device" in words_of(scene.browser.get(to))
    assert scene.at.person().language == "Ukrainian"
    decided = words_of(scene.browser.get("/conflicts/decided"))
    for words in ("Welsh", "Polish", "Ukrainian (Amina Osei)", "By Carl Weston"):
        assert words in decided
    (conflict,) = scene.at.conflicts()
    page = words_of(scene.browser.get(f"/conflicts/{conflict.conflict_id}"))
    assert "Decided: Ukrainian" in page
    assert "I rang her" in page


def test_what_nobody_here_decided_names_nobody(scene: Scene) -> None:
    html = scene.open()
    url = scene.url()
    scene.browser.post(url, **choose(html, "office"))
    with scene.day.session() as session:
        session.execute(update(ConflictRow).values(decided_by=new_id()))
    for page in (scene.browser.get(url), scene.browser.get("/conflicts/decided")):
        assert "By ," not in words_of(page)


def test_pressing_twice_decides_once(scene: Scene) -> None:
    html, url = scene.open(), scene.url()
    fields = choose(html, "office")
    scene.browser.post(url, **fields)
    scene.browser.post(url, **fields)
    assert [c.answer for c in scene.at.conflicts()] == ["office"]


def test_choosing_nothing_is_refused_with_what_was_written_still_there(scene: Scene) -> None:
    html = scene.open()
    page = scene.browser.post(scene.url(), 422, **hidden_of(html), **seen_of(html), note="I rang")
    assert "Select what holds for at least one of them" in words_of(page)
    assert "I rang</textarea>" in page


def test_what_came_meanwhile_is_looked_at_first(scene: Scene) -> None:
    html = scene.open()
    scene.at.correct(language=("Welsh", "Slovak"))
    page = scene.browser.post(scene.url(), 422, **choose(html, "office"))
    assert "An officer has said more about this since" in words_of(page)
    assert "Slovak" in page
    assert scene.at.conflicts(open_only=True)


def test_an_answer_nobody_offered_is_refused(scene: Scene) -> None:
    html = scene.open()
    for value in ("mine", f"officer:{new_id()}", "officer:", "both"):
        page = scene.browser.post(scene.url(), 422, **choose(html, value))
        assert "Select one of the answers shown" in words_of(page)
    broken = {**choose(html, "office"), **dict.fromkeys(seen_of(html), "many")}
    assert "said more" in words_of(scene.browser.post(scene.url(), 422, **broken))


def test_fields_of_one_person_are_decided_on_one_page_one_choice_each(scene: Scene) -> None:
    scene.at.correct(household=("", "Two sons"))
    scene.at.correct(household=("", "A lodger"))
    html = scene.open()
    assert "Each says something that the other does not" in words_of(html)
    answers = list(dict.fromkeys(re.findall(r'name="(answer-[^"]+)"', html)))
    assert len(answers) == 2
    fields = {**hidden_of(html), **seen_of(html), answers[0]: "office", answers[1]: "both"}
    scene.browser.post(scene.url(), **fields)
    assert (scene.at.person().language, scene.at.person().household) == (
        "Polish",
        "Two sons\n\nA lodger",
    )


def test_one_decided_leads_on_to_the_next(scene: Scene) -> None:
    scene.at.correct(household=("", "Two sons"))
    scene.at.correct(household=("", "A lodger"))
    html, first = scene.open(), scene.url()
    to = scene.browser.post(first, **choose(html, "office"))
    assert to == scene.url() != first


def test_a_warning_is_for_who_may_end_warnings(scene: Scene) -> None:
    scene.at.decide("office")
    marker_id = new_id()
    scene.at.send(
        AddMarker(
            marker_id=marker_id,
            case_id=scene.at.case_id,
            person_id=scene.at.jane,
            kind="dangerous_dog",
            note="Bit the postman",
        )
    )
    scene.at.send(
        ProposeMarkerRemoval(
            proposal_id=new_id(), case_id=scene.at.case_id, marker_id=marker_id, reason="It died"
        )
    )
    html = scene.open()
    said = words_of(html)
    assert "Warning: Dangerous dog" in said
    assert "“It died”" in said
    assert "ask a supervisor" in said
    assert names_in(html) == []
    assert "Decide whether it stays" in words_of(scene.browser.get("/?tray=conflicts"))
    supervisor = scene.day.browser(scene.day.someone("Sunita Rao", (*DECIDES, "people.mark")))
    page = supervisor.get(scene.url())
    claim = next(value for value in names_in(page) if value.startswith("officer:"))
    supervisor.post(scene.url(), **choose(page, claim))
    assert scene.at.on_device("marker") == {}


def test_who_said_it_themselves_sees_it_and_leaves_it_to_another(day: Day) -> None:
    at = doorstep(office_of(day), language="Welsh")
    both = day.someone("Bryn Pugh", (*DECIDES, "visits.record"))
    day.assign(at.case_id, both)
    at.officer = both.actor
    at.correct(language=("Welsh", "Polish"))
    at.correct(language=("Welsh", "Ukrainian"))
    html = day.browser(both).get(f"/conflicts/{at.conflicts()[0].conflict_id}")
    assert "You said this yourself" in words_of(html)
    assert names_in(html) == []


def test_a_number_is_named_where_two_differ_about_it(scene: Scene) -> None:
    scene.at.decide("office")
    number = add_number(scene.at.office, scene.at.jane)
    scene.at.number_is(number, "in_use", "wrong")
    scene.at.number_is(number, "unsure", "in_use")
    said = words_of(scene.open())
    assert "07700 900123: Does it reach them?" in said
    assert "It does not reach them" in said


def test_an_empty_tray_says_what_would_be_there(day: Day) -> None:
    browser = day.browser(day.someone("Carl Weston", DECIDES))
    said = words_of(browser.get("/?tray=conflicts"))
    assert "What an officer says against what the office has appears here." in said
    assert "Nothing has been decided yet" in words_of(browser.get("/conflicts/decided"))
    browser.get(f"/conflicts/{new_id()}", 404)


def test_who_decides_nothing_sees_no_conflicts(scene: Scene) -> None:
    officer = scene.day.browser(scene.day.someone("Amina Osei", ("visits.record", "people.see")))
    officer.get(scene.url(), 403)
    assert "An officer and the office differ" not in officer.get(f"/people/{scene.at.jane}")


def test_reading_a_conflict_is_noted(scene: Scene) -> None:
    (conflict,) = scene.at.conflicts()
    scene.open()
    read = [(what, about) for what, about, _ in scene.day.reads(scene.caseworker)]
    assert ("reconciling.conflict", conflict.conflict_id) in read


@pytest.mark.parametrize(
    ("field", "office", "heard", "answer"),
    [
        ("language", "Polish", [Heard(claim_id="1", value="polish ")], "office"),
        ("language", "Polish", [Heard(claim_id="1", value="Slovak")], ""),
        ("language", "A", [Heard(claim_id="1", value="B", spoke_to_person=True)], "officer"),
        (
            "language",
            "A",
            [
                Heard(claim_id="1", value="B", spoke_to_person=True),
                Heard(claim_id="2", value="C", spoke_to_person=True),
            ],
            "",
        ),
        ("household", "A", [Heard(claim_id="1", value="B")], "both"),
        ("needs.interpreter", True, [Heard(claim_id="1", value=False)], "office"),
    ],
)
def test_an_answer_is_suggested_with_its_reason_and_never_by_a_clock(
    field: str, office: object, heard: list[Heard], answer: str
) -> None:
    suggestion = suggest("person", field, office, heard)
    assert suggestion.answer == answer
    assert suggestion.reason
