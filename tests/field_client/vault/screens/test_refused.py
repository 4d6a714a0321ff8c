"""Shows the ways out of a refusal: change it, have the office look at it, or set it aside with why."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from field_client.vault import drafts, outbox
from field_client.vault.store import Store
from shared.commands import Outcome
from tests.field_client.vault.sample import id_of
from tests.field_client.vault.saving import save_visit
from tests.field_client.vault.screens.test_sent import NAME, answer, page
from tests.server.reading import hidden_of, words_of

REASON = "She showed me the letter herself"


@pytest.fixture
def refused(full: Store) -> str:
    """Save a visit with a phone number that the office refuses whole."""
    visit_id = save_visit(full, NAME, number="07700900777")
    answer(full, "a visit command", Outcome.REFUSED, "command.group_refused")
    answer(full, "a visit number", Outcome.REFUSED, "person.not_on_case")
    return visit_id


def say(client: FlaskClient, item_id: str, status: int = 303, **typed: str) -> str:
    url = f"/outbox/{item_id}/answer"
    carried = hidden_of(page(client, url))
    answered = client.post(url, data={**carried, **typed})
    assert answered.status_code == status, answered.text
    return answered.text


def test_a_refusal_offers_three_ways_out(client: FlaskClient, refused: str) -> None:
    text = words_of(page(client, f"/outbox/{refused}"))
    for way in ("Change it and save again", "Ask the office to look at it", "Set it aside"):
        assert way in text
    assert "I have told the office" not in text


def test_the_office_is_asked_to_look_at_it_as_it_is(
    client: FlaskClient, full: Store, refused: str
) -> None:
    say(client, refused, choice="look", reason=REASON)
    text = words_of(page(client, f"/outbox/{refused}"))
    assert "Asked the office to look at something refused" in text
    assert REASON in text
    assert "Curtains drawn." in text, "nothing was deleted"
    assert "needs you" not in words_of(page(client, "/today"))
    asked = outbox.answered_refusal(full, _item(full, refused))
    assert asked is not None
    assert asked.first.body["refused_id"] == id_of("a visit number"), "what was refused for itself"
    assert REASON in words_of(page(client, f"/outbox/{asked.item_id}"))
    assert "Asked the office to look" in words_of(page(client, "/outbox"))


def test_it_is_set_aside_with_why(client: FlaskClient, full: Store, refused: str) -> None:
    assert 'value="withdraw" checked' in page(client, f"/outbox/{refused}/answer?choice=withdraw")
    say(client, refused, choice="withdraw", reason=REASON)
    text = words_of(page(client, f"/outbox/{refused}"))
    assert "Set aside something refused" in text
    assert "Dealt with" in text
    assert "Needs you" not in text
    assert "Needs you" not in words_of(page(client, "/outbox"))
    assert len(outbox.not_taken(full, id_of(NAME))) == 1


def test_without_a_reason_nothing_happens_and_what_was_typed_is_kept(
    client: FlaskClient, full: Store, refused: str
) -> None:
    text = say(client, refused, 200, choice="withdraw", reason="")
    assert "Write in a few words why" in words_of(text)
    assert 'value="withdraw" checked' in text
    assert 'value="withdraw" checked' in page(client, f"/outbox/{refused}/answer"), "kept"
    (draft,) = drafts.every(full)
    assert "Unfinished answer to a refusal" in words_of(page(client, "/today"))
    where = client.get(f"/drafts/{draft.draft_id}").headers["Location"]
    assert where == f"/outbox/{refused}/answer"
    assert not _item(full, refused).settled


def test_pressing_twice_says_it_once(client: FlaskClient, full: Store, refused: str) -> None:
    url = f"/outbox/{refused}/answer"
    sent = {**hidden_of(page(client, url)), "choice": "look", "reason": REASON}
    for _press in range(2):
        assert client.post(url, data=sent).status_code == 303
    said = full.rows("SELECT count(*) FROM outbox WHERE name = 'RecordRefusalAnswer'")
    assert said == [(1,)]
    assert drafts.every(full) == []


def test_only_what_was_refused_and_waits_can_be_answered(client: FlaskClient, full: Store) -> None:
    visit_id = save_visit(full, NAME)
    assert client.get(f"/outbox/{visit_id}/answer").status_code == 404
    assert client.get(f"/outbox/{id_of('nothing')}/answer").status_code == 404


def test_what_was_refused_stays_on_the_page_of_its_case(
    client: FlaskClient, full: Store, refused: str
) -> None:
    case = f"/cases/{id_of(NAME)}"
    client.post(f"{case}/read", data={"markers": " ".join(_markers(full))})
    text = page(client, case)
    assert "Not taken by the office" in text
    assert f"/outbox/{refused}" in text
    assert "Needs you" in text
    say(client, refused, choice="withdraw", reason=REASON)
    text = page(client, case)
    assert f"/outbox/{refused}" in text
    assert "Dealt with" in text


def test_what_a_supervisor_looks_at_stays_on_the_page_of_its_case(
    client: FlaskClient, full: Store
) -> None:
    visit_id = save_visit(full, NAME)
    answer(full, "a visit command", Outcome.QUARANTINED, "command.failed")
    client.post(f"/cases/{id_of(NAME)}/read", data={"markers": " ".join(_markers(full))})
    text = page(client, f"/cases/{id_of(NAME)}")
    assert f"/outbox/{visit_id}" in text
    assert "Held by the office" in text


def test_a_refusal_about_a_case_that_left_is_told_by_telephone(
    client: FlaskClient, full: Store, refused: str
) -> None:
    with full.transaction() as connection:
        connection.execute("DELETE FROM record WHERE case_id = ?", (id_of(NAME),))
    text = words_of(page(client, f"/outbox/{refused}"))
    assert "I have told the office" in text
    assert "Set it aside" not in text


def _item(store: Store, item_id: str) -> outbox.Item:
    found = outbox.find(store, item_id, ())
    assert found is not None
    return found


def _markers(store: Store) -> list[str]:
    return [str(id_) for (id_,) in store.rows("SELECT record_id FROM record WHERE kind = 'marker'")]
