"""Whose account of the council a user is: linked by an administrator, and then it brings their roles."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from server.access.tables import UserRoleRow, UserRow
from server.entrance.commands import LinkIdentity
from server.spine import clock
from tests.pages import assert_page
from tests.server.access.conftest import Office
from tests.server.entrance.conftest import Trusting
from tests.server.entrance.council_accounts import PEOPLE, Accounts, sign_in
from tests.server.reading import words_of

pytestmark = pytest.mark.enable_socket


@pytest.fixture
def admin(trusting: Trusting, accounts: Accounts) -> FlaskClient:
    client = trusting.app.test_client()
    sign_in(client, accounts, "olive")
    return client


def test_a_user_of_before_keeps_what_is_theirs(
    trusting: Trusting, accounts: Accounts, admin: FlaskClient
) -> None:
    tom = trusting.office.person("tom", "caseworker")
    address = f"/users/{tom}/account"
    assert_page(admin.get(address).text)
    assert f'href="{address}"' in admin.get(f"/users/{tom}").text
    empty = admin.post(address, data={})
    assert empty.status_code == 422
    assert_page(empty.text)
    assert "Enter the object ID" in words_of(empty.text)
    assert "Enter the tenant ID" in words_of(empty.text)
    told = {"tenant": PEOPLE["tom"]["tid"], "subject": PEOPLE["tom"]["oid"]}
    assert admin.post(address, data=told).location == f"/users/{tom}"
    linked = admin.get(address)
    assert_page(linked.text)
    assert "signs in by an account of the council" in words_of(linked.text)
    client = trusting.app.test_client()
    sign_in(client, accounts, "tom")
    with trusting.office.session() as session:
        assert len(session.scalars(select(UserRow)).all()) == 2
        roles = select(UserRoleRow.role).where(UserRoleRow.user_id == tom)
        assert set(session.scalars(roles)) == {"supervisor", "officer"}
    assert "looked after with your council account" in words_of(client.get("/you").text)


def test_an_account_is_one_users_and_a_user_has_one(
    trusting: Trusting, accounts: Accounts, admin: FlaskClient
) -> None:
    tom, ben = (trusting.office.person(name, "officer") for name in ("tom", "ben"))
    olives = {"tenant": PEOPLE["olive"]["tid"], "subject": PEOPLE["olive"]["oid"]}
    taken = admin.post(f"/users/{tom}/account", data=olives)
    assert taken.status_code == 422
    assert "already belongs to somebody here" in words_of(taken.text)
    assert_page(taken.text)
    own = {"tenant": "t", "subject": "one"}
    assert admin.post(f"/users/{ben}/account", data=own).status_code == 303
    assert admin.post(f"/users/{ben}/account", data=own).status_code == 303, "again is no change"
    another = admin.post(f"/users/{ben}/account", data=own | {"subject": "two"})
    assert "already signs in with another account" in words_of(another.text)


def test_roles_and_passwords_of_a_linked_user_are_not_changed_here(
    trusting: Trusting, accounts: Accounts, admin: FlaskClient
) -> None:
    sign_in(trusting.app.test_client(), accounts, "tom")
    with trusting.office.session() as session:
        tom = session.scalars(select(UserRow.user_id).where(UserRow.name == "Tom Reeve")).one()
    page = admin.get(f"/users/{tom}")
    assert_page(page.text)
    assert "those of their council account" in words_of(page.text)
    assert f"/users/{tom}/roles" not in page.text
    for address, sent in (("roles", {"roles": "administrator"}), ("password", {})):
        answer = admin.post(f"/users/{tom}/{address}", data=sent)
        assert answer.status_code == 409
        assert "Change it with their council account" in words_of(answer.text)
    assert admin.post(f"/users/{tom}/suspend").status_code == 303


def test_two_first_requests_of_one_person_add_one_user(
    trusting: Trusting, accounts: Accounts
) -> None:
    ben = trusting.office.person("ben", "officer")
    issuer = accounts.issuer
    ids = {"issuer": issuer, "tenant": "t", "subject": "one"}
    trusting.office.give(LinkIdentity(user_id=ben, **ids)).raise_if_refused()
    cleo = trusting.office.person("cleo", "officer")
    assert trusting.office.give(LinkIdentity(user_id=cleo, **ids)).code == "identity.linked"


def test_without_a_provider_there_is_no_account_to_link(office: Office) -> None:
    amina = office.person("amina", "administrator")
    client = office.client_of(amina)
    assert client.get(f"/users/{amina}/account").status_code == 404
    assert client.post(f"/users/{clock.new_id()}/account").status_code == 404
