"""Breaking the glass: an hour for a reason, known at once to those who review it, never by oneself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from server.need_to_know.glass_commands import BreakGlass, CloseGlass, ReviewGlass
from server.spine import clock, sight
from server.spine.orders import Result
from tests.server.access.conftest import Office
from tests.server.need_to_know.restricted_town import Household, build, restrict
from tests.server.reading import words_of

WHY = "She is at the counter with cash"
HOUR = timedelta(minutes=60)


@dataclass(frozen=True)
class Scene:
    """A restricted household and those who work around it."""

    office: Office
    household: Household
    keeper: str
    caseworker: str
    other: str
    dpo: str

    def open(self, user: str = "", why: str = WHY, reference: str = "", **told: object) -> Result:
        """Open the record as somebody, the caseworker unless another is named."""
        command = BreakGlass(
            break_id=clock.new_id(),
            reference=reference or self.household.reference,
            reason="payment",
            why=why,
        )
        return self.office.give(command, self.office.actor(user or self.caseworker), **told)

    def break_id(self) -> str:
        """Give the id of the last opening."""
        with self.office.session() as session:
            found = session.scalar(
                text("SELECT break_id FROM glass_break ORDER BY broken_at DESC LIMIT 1")
            )
        return str(found)

    def status(self, user: str) -> int:
        """Open the page of the person as somebody."""
        address = f"/people/{self.household['person']}"
        return self.office.client_of(user).get(address).status_code

    def sees(self, user: str, at: datetime) -> bool:
        """Tell whether a query of this user finds the person at a moment of the office's clock."""
        with self.office.session() as session:
            sight.look_for(session, sight.Reader(user_id=user, now=at))
            wanted = {"id": self.household["person"]}
            found = session.scalar(text("SELECT 1 FROM person WHERE person_id = :id"), wanted)
        return found is not None

    def review(self, user: str, at: datetime | None = None) -> Result:
        """Review the last opening as somebody."""
        command = ReviewGlass(break_id=self.break_id(), finding="in_order")
        return self.office.give(command, self.office.actor(user), **({"now": at} if at else {}))


@pytest.fixture
def scene(office: Office) -> Scene:
    keeper = office.person("keeper", "supervisor")
    (household,) = build(office, 1, keeper)
    restrict(office, keeper, (household, ""))
    return Scene(
        office=office,
        household=household,
        keeper=keeper,
        caseworker=office.person("carol", "caseworker"),
        other=office.person("olu", "supervisor"),
        dpo=office.person("dpo", "protection_officer"),
    )


@pytest.mark.proves("T58")
def test_a_record_opened_for_a_reason_is_hidden_again_after_exactly_sixty_minutes(
    scene: Scene, record_property: Callable[[str, object], None]
) -> None:
    at = datetime.now(UTC)
    assert scene.status(scene.caseworker) == 404
    scene.open(now=at).raise_if_refused()
    second = timedelta(seconds=1)
    seen = {
        moment: scene.sees(scene.caseworker, at + HOUR + moment)
        for moment in (-HOUR - second, -HOUR, -second, timedelta(0), second)
    }
    assert list(seen.values()) == [False, True, True, False, False]
    assert not scene.sees(scene.other, at), "the glass was broken for one person only"
    record_property(
        "figure", "open from the first second to 59:59, hidden at 60:00 and 60:01, for one person"
    )


@pytest.mark.proves("T58")
def test_supervisors_and_the_data_protection_officer_are_told_at_once(
    scene: Scene, record_property: Callable[[str, object], None]
) -> None:
    scene.open().raise_if_refused()
    homes = {
        user: words_of(scene.office.client_of(user).get("/").get_data(as_text=True))
        for user in (scene.keeper, scene.other, scene.dpo)
    }
    told = [user for user, html in homes.items() if "Somebody opened a hidden record" in html]
    assert len(told) == 3
    record_property("figure", f"{len(told)} of {len(homes)} told on their first page at once")


@pytest.mark.proves("T58")
def test_nobody_reviews_what_they_opened_themselves(
    scene: Scene, record_property: Callable[[str, object], None]
) -> None:
    at = datetime.now(UTC) - 2 * HOUR
    scene.open(scene.other, now=at).raise_if_refused()
    assert scene.review(scene.other).code == "glass.own"
    assert scene.review(scene.keeper).code is None
    assert scene.review(scene.dpo).code == "glass.reviewed"
    record_property("figure", "1 of 1 own review refused")


def test_a_record_that_is_still_open_is_reviewed_only_once_it_is_closed(scene: Scene) -> None:
    scene.open().raise_if_refused()
    assert scene.review(scene.dpo).code == "glass.still_open"
    mine = CloseGlass(break_id=scene.break_id())
    assert scene.office.give(mine, scene.office.actor(scene.other)).code == "glass.unknown"
    scene.office.give(mine, scene.office.actor(scene.caseworker)).raise_if_refused()
    assert scene.office.give(mine, scene.office.actor(scene.caseworker)).code == "glass.closed"
    assert scene.status(scene.caseworker) == 404
    assert scene.review(scene.dpo).code is None


def test_a_reason_of_fourteen_characters_is_none_and_one_of_fifteen_is(scene: Scene) -> None:
    assert scene.open(why="x" * 14).code == "glass.why_short"
    assert scene.open(why="x" * 15).code is None


def test_one_record_at_a_time_is_open(scene: Scene) -> None:
    at = datetime.now(UTC)
    scene.open(now=at).raise_if_refused()
    assert scene.open(now=at + HOUR - timedelta(seconds=1)).code == "glass.open"
    assert scene.open(now=at + HOUR).code is None


def test_what_is_not_hidden_not_there_or_ones_own_answers_alike(office: Office) -> None:
    keeper, amina = office.person("keeper", "supervisor"), office.person("amina", "supervisor")
    own, plain = build(office, 2, keeper)
    restrict(office, keeper, (own, ""), own=amina)
    for reference in (own.reference, plain.reference, "NOSUCH1"):
        asked = BreakGlass(break_id=clock.new_id(), reference=reference, reason="payment", why=WHY)
        assert office.give(asked, office.actor(amina)).code == "glass.nothing"


def test_whose_record_was_opened_is_not_told_of_it(office: Office) -> None:
    keeper, amina = office.person("keeper", "supervisor"), office.person("amina", "supervisor")
    caseworker = office.person("carol", "caseworker")
    (own,) = build(office, 1, keeper)
    restrict(office, keeper, (own, ""), own=amina)
    scene = Scene(office, own, keeper, caseworker, amina, amina)
    scene.open(now=datetime.now(UTC) - 2 * HOUR).raise_if_refused()
    client = office.client_of(amina)
    assert "opened a hidden record" not in client.get("/").get_data(as_text=True)
    assert "Carol" not in client.get("/hidden-records/opened").get_data(as_text=True)
    assert client.get(f"/hidden-records/opened/{scene.break_id()}").status_code == 404
    assert scene.review(amina).code == "glass.unknown"


def test_a_caseworker_opens_a_record_on_the_page_works_on_it_and_closes_it(scene: Scene) -> None:
    client = scene.office.client_of(scene.caseworker)
    sent = {
        "break_id": clock.new_id(),
        "reference": scene.household.reference.lower(),
        "reason": "payment",
        "why": "too short",
    }
    assert "at least 15 characters" in client.post("/hidden-records", data=sent).get_data(
        as_text=True
    )
    there = client.post("/hidden-records", data={**sent, "why": WHY})
    assert there.location == f"/accounts/{scene.household['account']}"
    page = words_of(client.get(there.location).get_data(as_text=True))
    assert f"You opened a hidden record, {sent['reference']}, until" in page
    assert scene.household.surname in page
    asked = words_of(client.get("/hidden-records").get_data(as_text=True))
    assert "A record is open" in asked
    client.post("/hidden-records/close")
    assert client.get(there.location).status_code == 404


def test_a_reviewer_finds_it_counts_it_by_month_and_says_what_they_found(scene: Scene) -> None:
    for hours in (3, 2):
        scene.open(now=datetime.now(UTC) - hours * HOUR).raise_if_refused()
    client = scene.office.client_of(scene.dpo)
    page = words_of(client.get("/hidden-records/opened").get_data(as_text=True))
    assert "Carol" in page
    assert "How many each month" in page
    address = f"/hidden-records/opened/{scene.break_id()}"
    shown = words_of(client.get(address).get_data(as_text=True))
    assert WHY in shown
    assert scene.household.surname not in shown
    assert "Withheld from you" in shown
    assert client.post(address, data={}).status_code == 422
    answer = client.post(address, data={"finding": "to_discuss", "note": "Talk to Carol"})
    assert answer.location == "/hidden-records/opened"
    assert "Talk to Carol" in client.get(address).get_data(as_text=True)
    again = client.post(address, data={"finding": "in_order"}, follow_redirects=True)
    assert "This was reviewed already" in again.get_data(as_text=True)
