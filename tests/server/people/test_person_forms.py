"""Shows the forms of a person's page: one press, one command, and what was typed is never lost."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from server.people.tables import ContactRow, MarkerRow, ResidenceRow
from server.spine import clock
from server.spine.tables import CommandRow
from tests.server.people.scene import Scene
from tests.server.reading import hidden_of, words_of
from tests.server.scenes import open_organisation


def _rows(scene: Scene, row: type[ContactRow] | type[MarkerRow] | type[ResidenceRow]) -> int:
    with scene.office.look() as session:
        return len(session.scalars(select(row)).all())


@pytest.mark.parametrize("kind", ["individual", "organisation"])
def test_a_person_is_opened_from_a_form(scene: Scene, kind: str) -> None:
    address = f"/people/new/{kind}"
    known = hidden_of(scene.browser.get(address))
    name = {
        "individual": {"forenames": "Ann", "surname": "Lee"},
        "organisation": {"whole_name": "Ann Lee Ltd"},
    }
    wrong = scene.browser.post(address, 422, **known)
    assert ("Enter a surname" if kind == "individual" else "organisation’s name") in wrong
    page = scene.browser.follow(address, **hidden_of(wrong), **name[kind])
    assert "The person has been added" in page
    assert "Ann Lee" in words_of(page)


def test_pressing_twice_is_one_command(scene: Scene) -> None:
    address = f"{scene.page}/contacts/new"
    sent = {**hidden_of(scene.browser.get(address)), "kind": "phone", "value": "07700 900 982"}
    for _ in range(2):
        assert scene.browser.post(address, **sent) == scene.page
    assert _rows(scene, ContactRow) == 1
    with scene.office.look() as session:
        commands = session.scalars(
            select(CommandRow).where(CommandRow.name == "RecordContact")
        ).all()
    assert [command.command_id for command in commands] == [sent["command_id"]]


def test_what_was_typed_is_still_there_beside_what_is_wrong(scene: Scene) -> None:
    address = f"{scene.page}/contacts/new"
    known = hidden_of(scene.browser.get(address))
    page = scene.browser.post(address, 422, **known, kind="email", value="jane at home")
    assert 'value="jane at home"' in page
    assert "Enter an email address, like name@example.org" in words_of(page)
    assert hidden_of(page)["command_id"] != known["command_id"]
    assert hidden_of(page)["contact_id"] == known["contact_id"]


def test_an_address_is_added_and_the_one_before_becomes_a_former_one(scene: Scene) -> None:
    address = f"{scene.page}/addresses/new"
    known = hidden_of(scene.browser.get(address))
    typed = {"lines": "7 Ferry Road\r\nThornholme", "postcode": "th1 1aa", "uprn": "0100"}
    wrong = scene.browser.post(address, 422, **known, **{**typed, "postcode": "TH1"})
    assert "Enter a full postcode, like BD1 1AA" in words_of(wrong)
    assert "7 Ferry Road" in wrong
    earlier = {"from_on-day": "1", "from_on-month": "1", "from_on-year": "2020"}
    refused = scene.browser.post(address, 422, **known, **typed, **earlier)
    assert "enter the last day at this address too" in words_of(refused)
    words = words_of(scene.browser.follow(address, **hidden_of(refused), **typed))
    assert "Address 7 Ferry Road Thornholme TH1 1AA" in words
    assert "Former address 14 Saltmarsh Terrace" in words


def test_somebody_without_an_address_can_only_be_the_risk_themselves(scene: Scene) -> None:
    person_id = open_organisation(scene.office, "Ann Lee Ltd")
    page = scene.browser.get(f"/people/{person_id}/markers/new")
    (answer,) = re.findall(r'<input[^>]* name="on" [^>]*>', page)
    assert "checked" in answer


@pytest.mark.parametrize("where", ["person", "place"])
def test_a_marker_is_added_and_ended_from_forms(scene: Scene, where: str) -> None:
    address, today = f"{scene.page}/markers/new", clock.today()
    page = scene.browser.get(address)
    places = re.findall(r'name="on" type="radio" value="([^"]+)"', page)
    assert len(places) == 2
    assert "14 Saltmarsh Terrace, Thornholme, TH4 9QX" in words_of(page)
    review = today + timedelta(days=100)
    typed = {
        "kind": "dangerous_dog",
        "note": "Bit the postman",
        "from_on": today.isoformat(),
        "review_on": review.isoformat(),
        "on": "person" if where == "person" else next(p for p in places if p != "person"),
    }
    wrong = scene.browser.post(
        address, 422, **{**hidden_of(page), **typed, "review_on": "2020-01-01"}
    )
    assert "Enter a review date after today" in words_of(wrong)
    shown = scene.browser.follow(address, **{**hidden_of(wrong), **typed})
    assert "Dangerous dog Bit the postman" in words_of(shown)
    with scene.office.look() as session:
        row = session.scalars(select(MarkerRow)).one()
    assert (row.person_id is None) == (where == "place")
    end = f"{scene.page}/markers/{row.marker_id}/end"
    asked = scene.browser.get(end)
    assert "Enter why the risk is over" in words_of(
        scene.browser.post(end, 422, **hidden_of(asked))
    )
    ended = words_of(scene.browser.follow(end, **hidden_of(asked), reason="The dog has died"))
    assert "The marker has been ended" in ended
    twice = scene.browser.post(end, 422, **hidden_of(scene.browser.get(end)), reason="Again")
    assert "This marker has already been ended" in words_of(twice)


def test_a_name_is_changed_and_the_old_one_kept(scene: Scene) -> None:
    address = f"{scene.page}/name"
    page = scene.browser.get(address)
    assert 'value="Smith"' in page
    wrong = scene.browser.post(address, 422, **hidden_of(page), forenames="Jane")
    assert "Enter a surname" in words_of(wrong)
    known = hidden_of(wrong)
    words = words_of(scene.browser.follow(address, **known, forenames="Jane", surname="Ferreira"))
    assert "Jane Ferreira" in words
    assert "Former name Jane Smith" in words
