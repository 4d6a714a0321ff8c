"""The pages about users and devices, as the people see them who look after both."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import insert, select, text

from server.access import queries
from server.access.device_commands import ApproveDevice, RevokeDevice
from server.access.tables import (
    DeviceRow,
    DeviceStoreRow,
    ErasureRow,
    UserRoleRow,
    UserRow,
)
from server.access.user_commands import SuspendUser
from server.spine import clock
from server.spine.paging import Slice
from server.spine.tables import CaseAccessRow
from tests.pages import assert_page
from tests.server.access.conftest import Office
from tests.server.access.tablet import enrolled


@pytest.fixture
def admin(office: Office) -> FlaskClient:
    """Give the test the browser of an administrator."""
    return office.client_of(office.person("sal", "administrator"))


def seen(client: FlaskClient, address: str) -> str:
    """Open a page, hold it to the house rules and give its text."""
    answer = client.get(address)
    assert answer.status_code == 200, address
    assert_page(answer.text, address)
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())


def test_every_page_keeps_the_house_rules(office: Office, admin: FlaskClient) -> None:
    amina = office.person("amina", "officer")
    _tablet, waiting = enrolled(office, amina, approved=False)
    _tablet, in_use = enrolled(office, amina)
    _tablet, revoked = enrolled(office, amina)
    office.give(RevokeDevice(device_id=revoked, reason="lost")).raise_if_refused()
    for address in (
        "/sign-in",
        "/you",
        "/users",
        "/users?page=9",
        "/users/new",
        f"/users/{amina}",
        "/roles",
        "/devices",
        "/devices/revoked",
        "/devices/new",
        f"/devices/{waiting}",
        f"/devices/{in_use}",
        f"/devices/{in_use}/revoke",
        f"/devices/{revoked}",
    ):
        seen(admin, address)
    for address in ("/sign-in", "/you/password", "/users/new", "/devices/new"):
        answer = admin.post(address, data={"user_id": clock.new_id()})
        assert answer.status_code == 422
        assert_page(answer.text, address)


def test_pages_with_nobody_and_nothing_say_what_would_be_there(admin: FlaskClient) -> None:
    assert "No devices are in use" in seen(admin, "/devices")
    assert "No devices have been revoked" in seen(admin, "/devices/revoked")
    assert "Nobody goes out on visits yet" in seen(admin, "/devices/new")


def test_a_user_is_added_and_signs_in_with_the_password_shown_once(
    office: Office, admin: FlaskClient
) -> None:
    sent = {
        "user_id": clock.new_id(),
        "full_name": "Ben Ode",
        "sign_in": "Ben.Ode",
        "roles": ["officer", "caseworker"],
    }
    answer = admin.post("/users/new", data=sent)
    assert_page(answer.text)
    password = re.search(r">\s*([a-z]+(-[a-z]+){4})\s*<", answer.text)
    assert password is not None
    assert password[1] not in admin.get(f"/users/{sent['user_id']}").text
    client = office.app.test_client()
    signed_in = client.post(
        "/sign-in", data={"user_name": "ben.ode", "password": password[1], "next": ""}
    )
    assert signed_in.status_code == 303
    assert client.get("/first-page").location == "/you"
    with office.session() as session:
        held = select(UserRoleRow.role).where(UserRoleRow.user_id == sent["user_id"])
        assert set(session.scalars(held)) == {"officer", "caseworker"}


def test_adding_a_user_twice_or_with_a_taken_name_adds_nobody(
    office: Office, admin: FlaskClient
) -> None:
    sent = {"user_id": clock.new_id(), "full_name": "Ben", "sign_in": "ben", "roles": "officer"}
    assert admin.post("/users/new", data=sent).status_code == 200
    again = admin.post("/users/new", data=sent)
    assert "This user has already been added" in again.text
    taken = admin.post("/users/new", data=sent | {"user_id": clock.new_id()})
    assert taken.status_code == 422
    assert "Someone already has this user name" in taken.text
    assert 'value="Ben"' in taken.text
    with office.session() as session:
        assert len(session.scalars(select(UserRow).where(UserRow.sign_in == "ben")).all()) == 1


@pytest.mark.parametrize(
    ("other", "sentence"),
    [
        ({"full_name": " "}, "Enter their full name"),
        ({"sign_in": "ab"}, "at least 3, like amina.khan"),
        ({"sign_in": "amina khan"}, "at least 3, like amina.khan"),
        ({"roles": []}, "Choose at least one role"),
        ({"roles": ["king"]}, "Choose from the answers shown"),
    ],
)
def test_a_user_who_cannot_be_added_is_refused_beside_the_field(
    admin: FlaskClient, other: dict[str, object], sentence: str
) -> None:
    sent = {"user_id": clock.new_id(), "full_name": "Ben", "sign_in": "ben", "roles": ["officer"]}
    answer = admin.post("/users/new", data=sent | other)
    assert answer.status_code == 422
    assert sentence in answer.text


def test_roles_are_given_and_taken_until_they_are_those_ticked(
    office: Office, admin: FlaskClient
) -> None:
    amina = office.person("amina", "officer", "caseworker")
    answer = admin.post(f"/users/{amina}/roles", data={"roles": ["caseworker", "supervisor"]})
    assert answer.status_code == 303
    page = seen(admin, f"/users/{amina}")
    assert "The roles have been changed" in page
    assert "Caseworker, Supervisor" in page
    refused = admin.post(f"/users/{amina}/roles", data={"roles": ["king"]})
    assert refused.status_code == 422


def test_nobody_is_offered_to_change_their_own_roles(office: Office) -> None:
    own = office.person("tom", "administrator")
    client = office.client_of(own)
    assert "ask another administrator" in seen(client, f"/users/{own}")
    answer = client.post(f"/users/{own}/roles", data={"roles": ["officer"]})
    assert answer.status_code == 422
    assert "nobody changes their own roles" in answer.text
    assert client.post(f"/users/{own}/suspend").status_code == 409
    assert client.get("/users").status_code == 200


def test_a_user_is_suspended_and_let_in_again(office: Office, admin: FlaskClient) -> None:
    amina = office.person("amina", "administrator")
    client = office.client_of(amina)
    assert admin.post(f"/users/{amina}/suspend").status_code == 303
    assert "Suspended" in seen(admin, f"/users/{amina}")
    assert client.get("/users").status_code == 302
    assert admin.post(f"/users/{amina}/password").status_code == 409
    assert admin.post(f"/users/{amina}/reinstate").status_code == 303
    assert "Can sign in" in seen(admin, f"/users/{amina}")


def test_another_password_is_made_and_shown_once(office: Office, admin: FlaskClient) -> None:
    amina = office.person("amina", "administrator")
    client = office.client_of(amina)
    answer = admin.post(f"/users/{amina}/password")
    assert_page(answer.text)
    assert re.search(r">\s*([a-z]+(-[a-z]+){4})\s*<", answer.text)
    assert client.get("/users").status_code == 302


def test_a_long_list_of_users_has_pages(office: Office, admin: FlaskClient) -> None:
    with office.session() as session, session.begin():
        session.execute(
            insert(UserRow),
            [
                {
                    "user_id": clock.new_id(),
                    "sign_in": f"user{number:03d}",
                    "name": f"User {number:03d}",
                    "created_at": datetime.now(UTC),
                }
                for number in range(60)
            ],
        )
    first, second = seen(admin, "/users"), seen(admin, "/users?page=2")
    assert "Showing 1 to 50 of 61" in first
    assert "Showing 51 to 61 of 61" in second
    assert "User 059" in second
    assert "No password yet" in first


def test_roles_are_shown_with_what_they_permit(admin: FlaskClient) -> None:
    page = seen(admin, "/roles")
    assert "Record visits" in page
    assert "Supervisor" in page


@pytest.mark.parametrize("address", ["/users/{}", "/devices/{}", "/devices/{}/revoke", "/users/x"])
def test_what_is_not_there_is_not_found(admin: FlaskClient, address: str) -> None:
    assert admin.get(address.format(clock.new_id())).status_code == 404


def test_the_six_words_stand_on_the_page_until_somebody_answers(
    office: Office, admin: FlaskClient
) -> None:
    amina = office.person("amina", "officer")
    _tablet, device_id = enrolled(office, amina, approved=False)
    with office.session() as session:
        words = session.get_one(DeviceRow, device_id).words.split()
    page = seen(admin, f"/devices/{device_id}")
    assert [word for word in words if word not in page] == []
    assert "Waiting for approval" in seen(admin, "/devices")
    unanswered = admin.post(f"/devices/{device_id}/approve", data={})
    assert unanswered.status_code == 422
    assert admin.post(f"/devices/{device_id}/approve", data={"words_match": "yes"}).location
    assert "In use" in seen(admin, f"/devices/{device_id}")
    again = admin.post(f"/devices/{device_id}/approve", data={"words_match": "yes"})
    assert "not waiting for approval" in again.text


def test_a_device_whose_words_differ_is_turned_away(office: Office, admin: FlaskClient) -> None:
    _tablet, device_id = enrolled(office, office.person("amina", "officer"), approved=False)
    admin.post(f"/devices/{device_id}/approve", data={"words_match": "no"})
    page = seen(admin, f"/devices/{device_id}")
    assert "The six words did not match" in page
    assert "turned away" in page


def test_whoever_gave_out_the_code_is_told_that_somebody_else_approves(office: Office) -> None:
    sal = office.person("tom", "administrator")
    client = office.client_of(sal)
    amina = office.person("amina", "officer")
    _tablet, device_id = enrolled(office, amina, approved=False, issuer_id=sal)
    assert "Somebody else approves this device" in seen(client, f"/devices/{device_id}")
    answer = client.post(f"/devices/{device_id}/approve", data={"words_match": "yes"})
    assert answer.status_code == 422
    assert "you gave out the code" in answer.text


def test_a_device_is_revoked_with_a_reason(office: Office, admin: FlaskClient) -> None:
    _tablet, device_id = enrolled(office, office.person("amina", "officer"))
    without = admin.post(f"/devices/{device_id}/revoke", data={})
    assert without.status_code == 422
    assert "Choose why it is revoked" in without.text
    assert_page(without.text)
    assert admin.post(f"/devices/{device_id}/revoke", data={"reason": "stolen"}).location
    page = seen(admin, f"/devices/{device_id}")
    assert "Stolen" in page
    assert "Sal" in page
    again = admin.post(f"/devices/{device_id}/revoke", data={"reason": "lost"})
    assert "already been revoked" in again.text


def test_the_list_says_when_a_device_was_heard_and_how_its_clock_stands(
    office: Office, admin: FlaskClient
) -> None:
    amina = office.person("amina", "officer")
    for offset in (None, 30, 7_200, -180):
        _tablet, device_id = enrolled(office, amina)
        with office.session() as session, session.begin():
            session.execute(
                text(
                    "UPDATE device SET seen_at = :at, clock_offset_seconds = :by WHERE device_id = :id"
                ),
                {"at": datetime.now(UTC) - timedelta(hours=3), "by": offset, "id": device_id},
            )
    office.give(SuspendUser(user_id=amina)).raise_if_refused()
    page = seen(admin, "/devices")
    assert "3 hours ago" in page
    assert "2 hours ahead" in page
    assert "3 minutes behind" in page
    assert page.count("Right") == 2
    assert "Suspended" in page


def test_cases_taken_from_an_officer_are_counted_until_the_device_says_they_are_erased(
    office: Office,
) -> None:
    amina = office.person("amina", "officer")
    _tablet, device_id = enrolled(office, amina)
    now = datetime.now(UTC)
    store, taken, erased, held, before = (clock.new_id() for _ in range(5))
    accesses = {
        taken: (now, False),
        erased: (now, False),
        held: (None, True),
        before: (now - timedelta(days=9), False),
    }
    with office.session() as session, session.begin():
        session.execute(
            insert(DeviceStoreRow).values(
                store_id=store, device_id=device_id, first_seen_at=now - timedelta(days=2)
            )
        )
        for case_id, (revoked_at, granted) in accesses.items():
            session.execute(
                insert(CaseAccessRow).values(
                    case_id=case_id,
                    officer_id=amina,
                    view="home_visit",
                    granted_at=now - timedelta(days=10),
                    revoked_at=revoked_at,
                    granted=granted,
                    reason="unassigned",
                    commit_number=1,
                )
            )
        session.execute(
            insert(ErasureRow).values(
                store_id=store, case_id=erased, erased_at=now + timedelta(seconds=1)
            )
        )
    with office.session() as session:
        listed = queries.devices(session, ["active"], Slice())
        assert [device.cases_left for device in listed] == [1]


def test_officers_are_those_whose_roles_record_visits(office: Office) -> None:
    amina = office.person("amina", "officer")
    office.person("cleo", "caseworker")
    office.give(SuspendUser(user_id=office.person("ben", "officer"))).raise_if_refused()
    with office.session() as session:
        assert [(each.user_id, each.name) for each in queries.officers(session)] == [
            (amina, "Amina")
        ]


def test_pressing_approve_twice_is_one_approval(office: Office, admin: FlaskClient) -> None:
    _tablet, device_id = enrolled(office, office.person("amina", "officer"), approved=False)
    sent = {"words_match": "yes", "command_id": clock.new_id()}
    for _ in range(2):
        assert admin.post(f"/devices/{device_id}/approve", data=sent).status_code == 303
    sal = office.actor(office.person("tom", "supervisor"))
    assert office.give(ApproveDevice(device_id=device_id), sal).code == "device.not_pending"
