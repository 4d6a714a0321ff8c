"""The pages about teams: what two people have to agree on, and what one may choose alone."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from server.leasing import queries
from server.leasing.commands import AnswerOfflineDays, AskForOfflineDays, OpenTeam, PlaceInTeam
from server.leasing.queries import Terms
from server.leasing.tables import OfflineRequestRow
from server.spine import clock
from shared.lease_modes import Mode
from tests.pages import assert_page
from tests.server.access.conftest import Office
from tests.server.access.tablet import enrolled
from tests.server.leasing.lending import lent, team_of

REASON = "There is no signal in the dales"


@pytest.fixture
def first(office: Office) -> FlaskClient:
    """Give the test the browser of whoever asks."""
    return office.client_of(office.person("una", "supervisor"))


@pytest.fixture
def second(office: Office) -> FlaskClient:
    """Give the test the browser of somebody else."""
    return office.client_of(office.person("sal", "supervisor"))


def seen(client: FlaskClient, address: str) -> str:
    """Open a page, hold it to the house rules and give its words."""
    answer = client.get(address)
    assert answer.status_code == 200, address
    assert_page(answer.text, address)
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())


def refused(client: FlaskClient, address: str, sent: dict[str, object]) -> str:
    """Send what must be refused, and give the page that says so."""
    answer = client.post(address, data=sent)
    assert answer.status_code == 422, address
    assert_page(answer.text, address)
    return answer.text


def terms(office: Office, user_id: str) -> Terms:
    with office.session() as session:
        return queries.terms_of(session, user_id)


def request_of(office: Office) -> str:
    with office.session() as session:
        return session.scalars(select(OfflineRequestRow.request_id)).one()


def test_a_team_is_set_up_given_officers_and_a_mode(office: Office, first: FlaskClient) -> None:
    amina = office.person("amina", "officer")
    assert "No teams have been set up" in seen(first, "/teams")
    team_id = clock.new_id()
    assert 'name="team_id"' in first.get("/teams/new").text
    sent: dict[str, object] = {"team_id": team_id, "title": "East"}
    assert first.post("/teams/new", data=sent).status_code == 303
    assert "Nobody is in this team yet" in seen(first, f"/teams/{team_id}")
    placed = first.post(f"/teams/{team_id}/officers", data={"user_id": amina})
    assert placed.status_code == 303
    assert "Amina" in seen(first, f"/teams/{team_id}")
    assert terms(office, amina) == Terms(mode=Mode.LEASED)
    chosen = first.post(f"/teams/{team_id}/mode", data={"mode": "online-start"})
    assert chosen.status_code == 303
    assert terms(office, amina) == Terms(mode=Mode.ONLINE_START)
    page = seen(first, "/teams")
    assert "Signal at every start" in page
    assert first.post(f"/teams/{team_id}/officers/{amina}/remove").status_code == 303
    assert terms(office, amina) == Terms(mode=Mode.LEASED)
    again = first.post(f"/teams/{team_id}/officers/{amina}/remove")
    assert again.status_code == 303, "somebody else was quicker"


def test_days_without_signal_count_once_a_second_person_has_agreed(
    office: Office, first: FlaskClient, second: FlaskClient
) -> None:
    amina = office.person("amina", "officer")
    team_id = team_of(office, amina)
    asked: dict[str, object] = {"request_id": clock.new_id(), "days": "14", "reason": REASON}
    assert first.post(f"/teams/{team_id}/days", data=asked).status_code == 303
    assert "You asked for this" in seen(first, f"/teams/{team_id}")
    assert "Somebody has asked for days already" in seen(first, f"/teams/{team_id}/mode")
    assert "Waits for an answer" in seen(second, "/teams")
    page = seen(second, f"/teams/{team_id}")
    assert REASON in page
    assert "Una" in page
    answer: dict[str, object] = {"request_id": request_of(office), "agreed": "yes"}
    own = refused(first, f"/teams/{team_id}/answer", answer)
    assert "Ask someone else to agree" in own
    assert terms(office, amina) == Terms()
    assert second.post(f"/teams/{team_id}/answer", data=answer).status_code == 303
    assert terms(office, amina) == Terms(mode=Mode.OFFLINE_DAYS, days=14)
    assert "Up to 14 days without signal" in seen(second, f"/teams/{team_id}")
    late = refused(second, f"/teams/{team_id}/answer", answer)
    assert "This was answered already" in late


def test_days_that_are_turned_down_or_overtaken_change_nothing(
    office: Office, first: FlaskClient, second: FlaskClient
) -> None:
    amina = office.person("amina", "officer")
    team_id = team_of(office, amina)
    asked: dict[str, object] = {"request_id": clock.new_id(), "days": "5", "reason": REASON}
    first.post(f"/teams/{team_id}/days", data=asked)
    turned_down = {"request_id": request_of(office), "agreed": "no"}
    assert second.post(f"/teams/{team_id}/answer", data=turned_down).status_code == 303
    assert terms(office, amina) == Terms()
    asked["request_id"] = clock.new_id()
    first.post(f"/teams/{team_id}/days", data=asked)
    first.post(f"/teams/{team_id}/mode", data={"mode": "leased"})
    with office.session() as session:
        answers = set(session.scalars(select(OfflineRequestRow.answer)))
    assert answers == {"turned_down", "overtaken"}
    assert terms(office, amina) == Terms()


@pytest.mark.parametrize(
    ("path", "sent", "sentence"),
    [
        ("mode", {}, "Choose how long"),
        ("mode", {"mode": "offline-days"}, "Choose"),
        ("days", {"days": "15", "reason": REASON}, "14"),
        ("days", {"days": "3", "reason": REASON}, "4"),
        ("days", {"days": "", "reason": REASON}, "Enter how many days"),
        ("days", {"days": "5", "reason": ""}, "Say why"),
        ("days", {"days": "5", "reason": "dales"}, "at least 15 characters"),
        ("officers", {}, "Choose an officer"),
        ("answer", {}, "Choose yes if you agree"),
    ],
)
def test_what_cannot_be_done_is_said_beside_the_field(
    office: Office, first: FlaskClient, path: str, sent: dict[str, object], sentence: str
) -> None:
    office.person("amina", "officer")
    team_id = team_of(office)
    if path == "answer":
        asked = AskForOfflineDays(request_id=clock.new_id(), team_id=team_id, days=5, reason=REASON)
        office.give(asked).raise_if_refused()
        sent = {"request_id": asked.request_id}
    if path == "days":
        sent = {"request_id": clock.new_id(), **sent}
    assert sentence in refused(first, f"/teams/{team_id}/{path}", sent)


def test_a_second_team_of_a_name_and_the_same_team_twice_are_refused(
    office: Office, first: FlaskClient
) -> None:
    team_id = team_of(office, title="East")
    taken = refused(first, "/teams/new", {"team_id": clock.new_id(), "title": "East"})
    assert "Another team is called that already" in taken
    twice = refused(first, "/teams/new", {"team_id": team_id, "title": "West"})
    assert "This team has already been set up" in twice
    assert "Enter a name" in refused(first, "/teams/new", {"team_id": clock.new_id()})


def test_what_nobody_can_choose_on_a_page_the_rules_refuse_too(office: Office) -> None:
    sal, nobody = office.person("sal", "supervisor"), clock.new_id()
    team_id = team_of(office)
    for command, code in (
        (PlaceInTeam(user_id=sal, team_id=team_id), "team.officer_unknown"),
        (PlaceInTeam(user_id=sal, team_id=nobody), "team.unknown"),
        (AnswerOfflineDays(request_id=nobody, agreed=True), "offline.unknown"),
        (
            AskForOfflineDays(request_id=nobody, team_id=nobody, days=5, reason=REASON),
            "team.unknown",
        ),
    ):
        assert office.give(command).code == code
    asked = AskForOfflineDays(request_id=clock.new_id(), team_id=team_id, days=5, reason=REASON)
    office.give(asked).raise_if_refused()
    twice = AskForOfflineDays(request_id=nobody, team_id=team_id, days=6, reason=REASON)
    assert office.give(twice).code == "offline.waiting"
    assert office.give(OpenTeam(team_id=team_id, title="Again")).code == "team.exists"


def test_a_team_nobody_knows_is_not_found(first: FlaskClient) -> None:
    for path in ("", "/mode"):
        assert first.get(f"/teams/{clock.new_id()}{path}").status_code == 404


def test_the_page_of_a_device_says_what_was_lent_to_it_until_when_and_that_it_was_taken_back(
    office: Office, first: FlaskClient
) -> None:
    tablet, device_id = enrolled(office, office.person("amina", "officer"))
    assert "Nothing has been lent to it yet" in seen(first, f"/devices/{device_id}")
    lent(office, tablet)
    page = seen(first, f"/devices/{device_id}")
    assert "Up to 3 days without signal" in page
    assert "Lent until" in page
    assert "Taken back" not in page
    first.post(f"/devices/{device_id}/revoke", data={"reason": "lost"})
    assert "Taken back" in seen(first, f"/devices/{device_id}")
