"""Being asked again who one is: for what weighs, at the pace of a sign-in, and with nothing typed lost."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from server.access.identity import PLAIN_COOKIE
from server.access.tables import SessionRow, UserRow
from server.entrance.tables import ErrandRow
from server.spine import clock
from server.spine.permissions import (
    ROUTINE,
    WEIGHTY,
    check_every_view,
    needs,
    proof_asked_of,
)
from tests.pages import assert_page
from tests.server.access.conftest import PASSWORD, Office
from tests.server.access.test_held_forms import hidden
from tests.server.entrance.proving import later, new_user, pressed_late, token_of
from tests.server.reading import words_of

ASK = {
    WEIGHTY: {
        "accounts": {"accounts.post_transaction"},
        "audit": {"audit.export"},
        "council_account": {"council_account.link"},
        "devices": {"devices.approve", "devices.revoke"},
        "emergency": {"emergency.examine"},
        "imports": {"imports.rejects"},
        "payments": {"payments.reverse_payment"},
        "teams": {"teams.answer"},
        "users": {
            "users.add_user",
            "users.set_roles",
            "users.give_password",
            "users.suspend",
            "users.reinstate",
        },
        "wiping": {"wiping.erase"},
    },
    ROUTINE: {
        "visits": {"visits.approve"},
        "worktray": {"worktray.record_aside"},
        "sealed_work": {"sealed_work.take"},
    },
}
"""What must ask again, and how old the last proof may be."""


def test_what_weighs_and_nothing_else_asks_again(office: Office) -> None:
    declared: dict[timedelta, set[str]] = {}
    for endpoint in office.app.view_functions:
        within = proof_asked_of(office.app, endpoint)
        if within is not None:
            declared.setdefault(within, set()).add(endpoint)
    assert declared == {
        within: {each for named in areas.values() for each in named}
        for within, areas in ASK.items()
    }


def test_asking_who_anybody_is_stops_the_start(office: Office) -> None:
    house = office.app.extensions["fieldfare"]["house"]
    view = office.app.view_functions["access.sign_in"]
    asking = needs(view.needs, proved_within=WEIGHTY)(lambda: "")  # type: ignore[attr-defined]
    office.app.view_functions["astray"] = asking
    with pytest.raises(LookupError, match="asks who somebody is"):
        check_every_view(office.app, house)


def test_a_fresh_sign_in_is_proof_enough(office: Office) -> None:
    client = office.client_of(office.person("amina", "administrator"))
    later(office, proved_at=timedelta(minutes=14))
    assert client.post("/users/new", data=new_user()).status_code == 200
    later(office, proved_at=timedelta(minutes=2))
    assert client.post("/users/new", data=new_user()).status_code == 307


def test_a_form_goes_on_after_the_password_and_only_when_somebody_says_so(office: Office) -> None:
    client = office.client_of(office.person("amina", "administrator"))
    later(office, proved_at=timedelta(minutes=16))
    sent = new_user()
    asked = pressed_late(client, sent)
    assert "What you entered has been kept" in words_of(asked.text)
    proved = client.post("/prove", data={**hidden(asked.text), "password_now": PASSWORD})
    offered = client.get(proved.location)
    assert_page(offered.text)
    assert 'action="/users/new"' in offered.text
    assert hidden(offered.text) == sent
    with office.session() as session:
        assert session.scalars(select(UserRow).where(UserRow.sign_in == "rosa")).all() == []
    assert client.post("/users/new", data=hidden(offered.text)).status_code == 200
    with office.session() as session:
        assert session.scalars(select(UserRow).where(UserRow.sign_in == "rosa")).one()


def test_proving_changes_the_token_and_lengthens_nothing(office: Office) -> None:
    client = office.client_of(office.person("amina", "administrator"))
    later(office, proved_at=timedelta(hours=9), started_at=timedelta(hours=9))
    before = token_of(client)
    with office.session() as session:
        started_at = session.scalars(select(SessionRow.started_at)).one()
    client.post("/prove", data={"password_now": PASSWORD, "next": "/you"})
    assert token_of(client) != before
    with office.session() as session:
        assert session.scalars(select(SessionRow.started_at)).one() == started_at
    stolen = office.app.test_client()
    stolen.set_cookie(PLAIN_COOKIE, before)
    assert stolen.get("/you").status_code == 302
    assert client.get("/you").status_code == 200
    later(office, started_at=timedelta(minutes=61))
    assert client.get("/you").status_code == 302


def test_a_page_that_asks_leads_back_to_itself(office: Office) -> None:
    client = office.client_of(office.person("amina", "supervisor"))
    later(office, proved_at=timedelta(minutes=16))
    address = f"/imports/{clock.new_id()}/rejects.csv?a=1"
    asked = client.get(address, follow_redirects=True)
    assert_page(asked.text)
    sent = {**hidden(asked.text), "password_now": PASSWORD}
    assert client.post("/prove", data=sent).location == address
    assert client.get(address).status_code == 404, "and is opened, were there such an import"


@pytest.mark.parametrize(
    ("typed", "sentence", "status"),
    [("wrong", "That is not your password now", 422), ("", "Enter your password", 422)],
)
def test_a_wrong_password_keeps_what_was_typed(
    office: Office, typed: str, sentence: str, status: int
) -> None:
    client = office.client_of(office.person("amina", "administrator"))
    later(office, proved_at=timedelta(minutes=16))
    asked = pressed_late(client, new_user())
    wrong = client.post("/prove", data={**hidden(asked.text), "password_now": typed})
    assert wrong.status_code == status
    assert sentence in words_of(wrong.text)
    assert_page(wrong.text)
    right = client.post("/prove", data={**hidden(wrong.text), "password_now": PASSWORD})
    assert "rosa" in client.get(right.location).text


@pytest.mark.proves("T37")
def test_proofs_and_sign_ins_are_guessed_at_the_same_slow_pace(office: Office) -> None:
    client = office.client_of(office.person("amina", "administrator"))
    statuses = [
        client.post("/prove", data={"password_now": f"guess {number}"}).status_code
        for number in range(12)
    ]
    assert statuses == [422] * 10 + [429] * 2
    assert client.post("/prove", data={"password_now": PASSWORD}).status_code == 429


def test_what_somebody_typed_is_theirs_alone(office: Office) -> None:
    amina, ben = (
        office.client_of(office.person(name, "administrator")) for name in ("amina", "ben")
    )
    later(office, proved_at=timedelta(minutes=16))
    address = amina.post("/users/new", data=new_user(), follow_redirects=True).request.path
    assert amina.get(address).status_code == 200
    assert ben.get(address).status_code == 404
    assert ben.get(f"{address}/go-on").status_code == 404
    with office.session() as session, session.begin():
        kept = session.scalars(select(ErrandRow)).one()
        assert b"Rosa" not in kept.sealed
        kept.began_at -= timedelta(minutes=61)
    assert amina.get(address).status_code == 404


def test_what_was_sealed_for_one_errand_is_read_as_no_other(office: Office) -> None:
    client = office.client_of(office.person("amina", "administrator"))
    later(office, proved_at=timedelta(minutes=16))
    addresses = [
        client.post("/users/new", data=new_user(), follow_redirects=True).request.path
        for _each in range(2)
    ]
    with office.session() as session, session.begin():
        first, second = session.scalars(select(ErrandRow)).all()
        first.sealed = second.sealed
    assert sorted(client.get(address).status_code for address in addresses) == [200, 404]


def test_after_a_proof_nobody_is_led_to_another_site(office: Office) -> None:
    client = office.client_of(office.person("amina", "administrator"))
    for wanted in ("https://evil.example/", "//evil.example"):
        answer = client.post("/prove", data={"password_now": PASSWORD, "next": wanted})
        assert answer.location == "/first-page"
        assert "evil" not in client.get(f"/prove?next={wanted}").text


def test_a_password_is_never_kept_with_a_form(office: Office) -> None:
    client = office.client_of(office.person("amina", "administrator"))
    later(office, proved_at=timedelta(minutes=16))
    asked = pressed_late(client, new_user() | {"password": "never-kept"})
    proved = client.post("/prove", data={**hidden(asked.text), "password_now": PASSWORD})
    assert "never-kept" not in client.get(proved.location).text


def test_nothing_is_asked_of_the_provider_where_there_is_none(office: Office) -> None:
    client = office.client_of(office.person("amina", "administrator"))
    assert client.post("/prove/account").status_code == 404
