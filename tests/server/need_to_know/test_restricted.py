"""A restricted person is nowhere for whoever is not on the list: not by id, not in a list, not by time."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from statistics import median
from time import perf_counter

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.routing import Rule

from server.cases.commands import AssignCase
from server.need_to_know.commands import GiveAccess
from server.spine import clock, sight
from server.spine.permissions import Opening, opening_of
from server.spine.tables import CommandRow
from tests.server.access.conftest import Office
from tests.server.need_to_know.restricted_town import Household, build, give_all, restrict

GAP = re.compile(r"<(?:\w+(?:\([^)]*\))?:)?(?P<name>\w+)>")
NOBODYS = {
    "device_id", "team_id", "user_id", "import_id", "upload_id", "job_id", "kind", "filename",
    "subject", "break_id", "errand_id", "sign_in_id",
}  # fmt: skip
"""What addresses name that is of no resident: `subject` and `break_id` have tests of their own."""

TABLES = ("person", "account", "debt", "case", "visit", "planned_visit", "task", "hold", "contact",
          "marker", "residence", "search_term", "case_subject", "conflict", "liable_party")  # fmt: skip


def ways_in(app: Flask) -> Iterator[tuple[Rule, str]]:
    """List every address with a resident's id in it, by every method."""
    for rule in app.url_map.iter_rules():
        if opening_of(app, rule.endpoint) in (Opening.DEVICE, Opening.EVERYONE):
            continue
        if set(rule.arguments) - NOBODYS:
            for method in sorted((rule.methods or set()) - {"OPTIONS", "HEAD"}):
                yield rule, method


def filled(rule: Rule, household: Household) -> str:
    """Write the address of something of this household."""
    return GAP.sub(lambda gap: household.ids.get(gap["name"], clock.new_id()), rule.rule)


def timed(client: FlaskClient, address: str, method: str) -> tuple[int, float]:
    """Ask, and say how it was answered and in how many milliseconds."""
    began = perf_counter()
    answer = _status(client, address, method)
    return answer, (perf_counter() - began) * 1_000


def test_every_id_an_address_can_hold_is_a_residents_or_known_to_be_nobodys(office: Office) -> None:
    known = set(Household(1).ids) | NOBODYS
    named = {
        argument
        for rule in office.app.url_map.iter_rules()
        if opening_of(office.app, rule.endpoint) not in (Opening.DEVICE, Opening.EVERYONE)
        for argument in rule.arguments
    }
    assert named - known == set()


@pytest.mark.timeout(1800)
@pytest.mark.proves("T51")
def test_nobody_reaches_anything_of_a_person_whose_list_they_are_not_on(
    office: Office, record_property: Callable[[str, object], None]
) -> None:
    keeper = office.person("keeper", "supervisor")
    roles = ("officer", "caseworker", "supervisor")
    users = [office.person(f"user{n}", roles[n % 3]) for n in range(30)]
    households = build(office, 300, users[0])
    restrict(office, keeper, *((each, users[n % 30]) for n, each in enumerate(households)))

    leaks, asked = _seen_by_query(office, users, households), 0
    doors = list(ways_in(office.app))
    hidden_ms, absent_ms = [], []
    for number, user in enumerate(users):
        client = office.client_of(user)
        may = office.actor(user).permissions
        for at, (rule, method) in enumerate(doors):
            if opening_of(office.app, rule.endpoint) not in may:
                continue
            other = households[(number + 1 + 7 * at) % 300]
            if other.number % 30 == (number + 1) % 30:
                other = households[(number + 1) % 300]
            for household, times in ((other, hidden_ms), (Household(0), absent_ms)):
                address = filled(rule, household)
                status, took = timed(client, address, method)
                times.append(took)
                asked += 1
                if status != 404:
                    leaks.append((rule.rule, method, status))
        pages = ("/", "/cases", "/search?q=Quillfeather", "/visits", "/restricted", "/conflicts")
        html = "".join(client.get(page).get_data(as_text=True) for page in pages)
        mine = {h.number for h in households if (h.number - 1) % 30 == number}
        seen = {int(each) for each in re.findall(r"Quillfeather(\d{3})x", html)}
        leaks.extend(("a list", user, each) for each in seen - mine)
    record_property(
        "figure",
        f"30 people, 300 restricted cases, {len(doors)} ways in: {asked} requests, "
        f"{len(leaks)} leaks, every answer 404; median {median(hidden_ms):.2f} ms for what is "
        f"hidden, {median(absent_ms):.2f} ms for what is not there",
    )
    assert leaks == []


def _status(client: FlaskClient, address: str, method: str) -> int:
    return client.open(address, method=method).status_code


def _seen_by_query(
    office: Office, users: list[str], households: list[Household]
) -> list[tuple[str, ...]]:
    """Ask every table, as each of the people, for rows of those whose list they are not on."""
    leaks: list[tuple[str, ...]] = []
    for number, user in enumerate(users):
        mine = {h["person"] for h in households if (h.number - 1) % 30 == number}
        with office.session() as session:
            sight.look_for(session, sight.Reader(user_id=user, now=datetime.now(UTC)))
            seen = {str(i) for i in session.scalars(text("SELECT person_id FROM person"))}
            leaks.extend(("person", user, each) for each in seen - mine)
            assert mine <= seen, "whoever is on the list sees them"
            for table in TABLES:
                rows = session.scalar(text(f'SELECT count(*) FROM "{table}"'))  # noqa: S608 - our own words
                every = session.scalar(text(f'SELECT count(*) FROM public."{table}"'))  # noqa: S608 - our own words
                if rows != every / 30:
                    leaks.append((table, user, f"{rows} of {every}"))
    return leaks


def test_their_own_record_is_hidden_from_the_user_it_is_about_on_a_list_or_not(
    office: Office,
) -> None:
    keeper, amina = office.person("keeper", "supervisor"), office.person("amina", "supervisor")
    (household,) = build(office, 1, keeper)
    restrict(office, keeper, (household, ""), own=amina)
    asked = GiveAccess(person_id=household["person"], user_id=amina)
    assert office.give(asked, office.actor(keeper)).code == "restriction.subject"
    assert _status(office.client_of(amina), f"/people/{household['person']}", "GET") == 404
    assert _status(office.client_of(keeper), f"/people/{household['person']}", "GET") == 200


def test_an_officer_who_is_not_on_the_list_is_not_given_the_case(office: Office) -> None:
    keeper, officer = office.person("keeper", "supervisor"), office.person("omar", "officer")
    (household,) = build(office, 1, officer)
    restrict(office, keeper, (household, ""))
    command = AssignCase(case_id=household["case"], officer_id=officer)
    assert office.give(command, office.actor(keeper)).code == "case.officer_not_entitled"


def test_restricting_takes_the_case_from_every_officer_who_is_not_on_the_list(
    office: Office,
) -> None:
    keeper, officer = office.person("keeper", "supervisor"), office.person("omar", "officer")
    (household,) = build(office, 1, officer)
    give_all(office, [AssignCase(case_id=household["case"], officer_id=officer)])
    restrict(office, keeper, (household, ""))
    with office.session() as session:
        held = text("SELECT granted FROM case_access WHERE case_id = :id")
        assert session.scalars(held, {"id": household["case"]}).all() == [False]


def test_what_a_device_sent_of_a_hidden_case_and_could_not_be_taken_is_hidden_too(
    office: Office,
) -> None:
    keeper, other = office.person("keeper", "supervisor"), office.person("olu", "supervisor")
    (household,) = build(office, 1, keeper)
    restrict(office, keeper, (household, ""))
    command_id, now = clock.new_id(), datetime.now(UTC)
    with office.session() as session, session.begin():
        session.add(
            CommandRow(
                command_id=command_id,
                payload_hash="0" * 64,
                name="RecordVisit",
                actor_id=keeper,
                case_id=household["case"],
                happened_at=now,
                received_at=now,
                outcome="quarantined",
                code="authority.never_assigned",
            )
        )
    hidden, shown = office.client_of(other), office.client_of(keeper)
    address = f"/set-aside/{command_id}"
    assert [_status(hidden, address, method) for method in ("GET", "POST")] == [404, 404]
    assert _status(shown, address, "GET") == 200
    assert command_id not in hidden.get("/?tray=aside").get_data(as_text=True)
    assert command_id in shown.get("/?tray=aside").get_data(as_text=True)


def test_a_hidden_case_that_is_ticked_on_a_list_all_the_same_is_not_moved(office: Office) -> None:
    keeper, other = office.person("keeper", "supervisor"), office.person("olu", "caseworker")
    officer = office.person("omar", "officer")
    hidden, plain = build(office, 2, officer)
    restrict(office, keeper, (hidden, officer))
    sent = {
        "case_id": [hidden["case"], plain["case"]],
        "scope": "ticked",
        "officer_id": officer,
        "what": "give",
    }
    page = office.client_of(other).post("/cases", data=sent).get_data(as_text=True)
    assert plain["case"] in page
    assert hidden["case"] not in page


def test_a_command_about_somebody_hidden_is_answered_as_if_nobody_was_there(office: Office) -> None:
    keeper, other = office.person("keeper", "supervisor"), office.person("olu", "caseworker")
    (household,) = build(office, 1, keeper)
    restrict(office, keeper, (household, ""))
    sent = {"kind": "decide", "case_id": household["case"], "task_id": clock.new_id(), "note": "x"}
    client = office.client_of(other)
    assert client.post("/tasks/new", data=sent).status_code == 404
    with office.session() as session:
        assert session.scalar(text("SELECT count(*) FROM task")) == 1
