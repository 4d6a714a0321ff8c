"""Who may open what: every view behind a permission, every role held to its table."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

import pytest
from flask import Flask
from sqlalchemy import delete, select
from sqlalchemy.orm import Session
from werkzeug.routing import Rule

from server.access.roles import NAMES, ensure_roles, shipped_roles
from server.access.tables import RolePermissionRow, RoleRow, ShippedPermissionRow
from server.app import house
from server.spine.areas import House
from server.spine.permissions import Opening, check_every_view, needs, opening_of
from tests.server.access.conftest import Office

ROLES = {role.role: role.permissions for role in shipped_roles()}
ABOUT_CASES = (
    "people.",
    "accounts.",
    "payments.",
    "recovery.",
    "cases.",
    "visits.",
    "tasks.",
    "worktray.",
    "imports.",
    "aside.",
    "conflicts.",
)
GAP = re.compile(r"<(?:(?P<kind>\w+)(?:\([^)]*\))?:)?\w+>")
DUMMIES = {"uuid": "7b1f6d0a-54c8-4f0e-9d4a-0d6c5a3b9f10", "int": "1", "float": "1.0"}


class Door(NamedTuple):
    """One way into the office: an address, a method, and what opens it."""

    endpoint: str
    method: str
    address: str
    opening: str | Opening | None


def doors(app: Flask) -> Iterator[Door]:
    """List every route with every method, ids filled in with ones that nothing has."""
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - {"OPTIONS", "HEAD"}):
            opening = opening_of(app, rule.endpoint)
            yield Door(rule.endpoint, method, _address(rule), opening)


def _address(rule: Rule) -> str:
    """Fill each gap of an address with an id of its kind that nothing has."""
    return GAP.sub(lambda gap: DUMMIES.get(gap["kind"] or "", "none"), rule.rule)


def test_every_permission_is_in_a_role_and_every_role_names_only_permissions_there_are() -> None:
    declared = set(house().permissions)
    given = set().union(*ROLES.values())
    assert sorted(declared - given) == []
    assert sorted(given - declared) == []


def test_roles_are_called_what_the_catalogue_knows() -> None:
    assert {role.name for role in shipped_roles()} == set(NAMES)


@pytest.mark.parametrize("role", ["administrator", "auditor", "protection_officer"])
def test_who_keeps_or_audits_the_house_holds_no_permission_about_a_case(role: str) -> None:
    held = ROLES[role]
    assert [each for each in held if each.startswith(ABOUT_CASES)] == []


@pytest.mark.proves("T50")
@pytest.mark.parametrize("role", ROLES)
def test_each_view_opens_to_exactly_the_roles_that_hold_its_permission(
    office: Office, role: str
) -> None:
    client = office.client_of(office.person("amina", role))
    wrong, faults = [], []
    for door in doors(office.app):
        if door.opening in (Opening.EVERYONE, Opening.DEVICE):
            continue
        may = door.opening is Opening.SIGNED_IN or door.opening in ROLES[role]
        answer = client.open(door.address, method=door.method)
        if (answer.status_code != 403) is not may:
            wrong.append((door, answer.status_code))
        if answer.status_code >= 500:
            faults.append(door)
    assert wrong == []
    assert faults == []


@pytest.mark.proves("T50")
def test_an_administrator_is_refused_at_every_view_about_a_case(office: Office) -> None:
    client = office.client_of(office.person("amina", "administrator"))
    about_cases = [
        door
        for door in doors(office.app)
        if isinstance(door.opening, str) and door.opening.startswith(ABOUT_CASES)
    ]
    answers = {
        door: client.open(door.address, method=door.method).status_code for door in about_cases
    }
    assert answers
    assert set(answers.values()) == {403}


@pytest.mark.proves("T50")
def test_nobody_unknown_opens_anything_but_what_is_for_everyone(office: Office) -> None:
    client = office.app.test_client()
    for door in doors(office.app):
        answer = client.open(door.address, method=door.method)
        if door.opening is Opening.DEVICE:
            assert answer.status_code in (400, 401, 404), door
        elif door.opening is not Opening.EVERYONE:
            expected = 302 if door.method == "GET" else 307
            assert answer.status_code == expected, door


def test_a_post_from_another_site_is_refused(office: Office) -> None:
    client = office.client_of(office.person("amina", "administrator"))
    for headers in (
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
    ):
        assert client.post("/users/new", headers=headers).status_code == 403
        assert client.post("/sign-in", headers=headers).status_code == 403


def test_a_view_that_declares_nothing_stops_the_start(office: Office) -> None:
    assembled: House = office.app.extensions["fieldfare"]["house"]
    check_every_view(office.app, assembled)
    office.app.view_functions["forgotten"] = lambda: ""
    with pytest.raises(LookupError, match="forgotten does not declare"):
        check_every_view(office.app, assembled)


def test_a_view_that_needs_what_no_area_declares_stops_the_start(office: Office) -> None:
    assembled: House = office.app.extensions["fieldfare"]["house"]
    office.app.view_functions["astray"] = needs("nobody.declares")(lambda: "")
    with pytest.raises(LookupError, match="which no area declares"):
        check_every_view(office.app, assembled)


def held(session: Session, role: str) -> set[str]:
    found = select(RolePermissionRow.permission).where(RolePermissionRow.role == role)
    return set(session.scalars(found))


def test_a_start_gives_the_roles_and_a_second_start_changes_nothing(office: Office) -> None:
    with office.session() as session, session.begin():
        ensure_roles(session)
        assert {role: held(session, role) for role in ROLES} == {
            role: set(permissions) for role, permissions in ROLES.items()
        }


def test_what_a_council_took_away_stays_away_at_the_next_start(office: Office) -> None:
    with office.session() as session, session.begin():
        session.execute(
            delete(RolePermissionRow).where(
                RolePermissionRow.role == "officer",
                RolePermissionRow.permission == "people.search",
            )
        )
        ensure_roles(session)
        assert "people.search" not in held(session, "officer")


def test_what_a_council_added_stays(office: Office) -> None:
    with office.session() as session, session.begin():
        session.add(RoleRow(role="inspector", name="Inspector"))
        session.flush()
        session.add(RolePermissionRow(role="inspector", permission="people.see"))
        session.add(RolePermissionRow(role="officer", permission="payments.record"))
        session.flush()
        ensure_roles(session)
        assert held(session, "inspector") == {"people.see"}
        assert "payments.record" in held(session, "officer")


def test_a_permission_of_a_later_version_is_given_at_the_next_start(office: Office) -> None:
    with office.session() as session, session.begin():
        for table in (RolePermissionRow, ShippedPermissionRow):
            session.execute(delete(table).where(table.permission == "visits.review"))
        ensure_roles(session)
        assert "visits.review" in held(session, "supervisor")


def test_a_role_a_council_made_opens_what_its_rows_say(office: Office) -> None:
    with office.session() as session, session.begin():
        session.add(RoleRow(role="keeper", name="Keeper of devices"))
        session.flush()
        session.add(RolePermissionRow(role="keeper", permission="devices.manage"))
    client = office.client_of(office.person("amina", "keeper"))
    assert client.get("/devices").status_code == 200
    assert client.get("/users").status_code == 403
