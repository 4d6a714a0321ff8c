"""Shows that what was sent, refused or kept aside is told in plain words, and what can be done."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient

from field_client.vault import drafts, outbox, photographs
from field_client.vault.pending import case_view
from field_client.vault.store import Store
from shared.commands import Outcome
from sync.protocol import Receipt
from tests.field_client.vault.pictures import jpeg
from tests.field_client.vault.sample import OFFICER, case, fill, id_of, place, visit
from tests.field_client.vault.saving import save_visit
from tests.pages import assert_page

NAME = "Maryam Castellanos"
NOW = datetime.now(UTC)


def answer(
    store: Store,
    name: str,
    outcome: Outcome,
    code: str | None = None,
    *flags: str,
    **values: object,
) -> None:
    receipt = Receipt(
        command_id=id_of(name),
        outcome=outcome,
        code=code,
        flags=flags,
        values=values,
        received_at=NOW.isoformat(),
    )
    fill(store, [], NOW, [receipt])


def page(client: FlaskClient, url: str) -> str:
    text = client.get(url).text
    assert_page(text, url)
    return text


def test_each_item_says_what_for_whom_when_and_how_it_stands(
    client: FlaskClient, full: Store
) -> None:
    save_visit(full, NAME, number="07700900777", picture=jpeg())
    text = page(client, "/outbox")
    assert "Visit: No answer" in text
    assert NAME in text
    assert "2 things with it" in text
    assert "one photograph to send" in text
    assert "One photograph still to come" in text
    assert "Photographs are sent by themselves, after everything else." in text
    assert ">Saved</strong>" in text


def test_a_receipt_says_when_and_what(client: FlaskClient, full: Store) -> None:
    visit_id = save_visit(full, NAME)
    answer(full, "a visit command", Outcome.FLAGGED, None, "visit.hold_in_force")
    text = page(client, f"/outbox/{visit_id}")
    assert "Received" in text
    assert "Your supervisor is told: A hold was in force on the day of the visit." in text
    assert "Curtains drawn." in text
    assert "The office has it already." in page(client, f"/saved/{visit_id}")


@pytest.mark.parametrize(
    ("outcome", "sentence"),
    [
        (Outcome.DUPLICATE, "The office had it already."),
        (Outcome.NO_CHANGE, "The office knew it already."),
        (Outcome.MERGED, "Joined with what the office had."),
        (Outcome.REVIEW, "Somebody at the office decides."),
        (Outcome.QUARANTINED, "The office keeps this whole and a supervisor looks at it."),
    ],
)
def test_every_outcome_is_said_in_words(
    client: FlaskClient, full: Store, outcome: Outcome, sentence: str
) -> None:
    visit_id = save_visit(full, NAME)
    answer(full, "a visit command", outcome, "authority.never_assigned")
    assert sentence in page(client, f"/outbox/{visit_id}")


@pytest.mark.parametrize(
    ("code", "values", "sentence"),
    [
        ("visit.already_recorded", {}, "This visit has already been recorded"),
        ("text.too_long", {"characters_max": 40}, "Shorten this to 40 characters or fewer"),
        ("text.too_long", {}, "The office did not accept this."),
        ("something.newer", {}, "The office did not accept this."),
    ],
)
def test_a_refusal_shows_the_office_s_sentence(
    client: FlaskClient, full: Store, code: str, values: dict[str, object], sentence: str
) -> None:
    visit_id = save_visit(full, NAME)
    answer(full, "a visit command", Outcome.REFUSED, code, **values)
    assert "The office did not take one thing" in page(client, "/today")
    text = page(client, f"/outbox/{visit_id}")
    assert sentence in text
    assert "Nothing you wrote is lost" in text


def test_a_refused_group_names_the_part_that_was_not_accepted(
    client: FlaskClient, full: Store
) -> None:
    visit_id = save_visit(full, NAME, number="07700900777")
    answer(full, "a visit command", Outcome.REFUSED, "command.group_refused")
    answer(full, "a visit number", Outcome.REFUSED, "person.not_on_case")
    text = page(client, f"/outbox/{visit_id}")
    assert "Something that belongs with this was not accepted" in text
    assert "This person is not on the case" in text


def test_a_refused_visit_is_begun_anew_with_all_that_was_written(
    client: FlaskClient, full: Store
) -> None:
    visit_id = save_visit(full, NAME, number="07700900777", picture=jpeg())
    for name in ("a visit command", "a visit number", "a visit picture"):
        answer(full, name, Outcome.REFUSED, "command.group_refused")
    answered = client.post(f"/outbox/{visit_id}/again")
    (draft,) = drafts.every(full)
    assert answered.headers["Location"] == f"/drafts/{draft.draft_id}"
    form = page(client, f"/cases/{id_of(NAME)}/visit")
    assert "Curtains drawn." in form
    assert "07700900777" in form
    assert f'value="{id_of("person Maryam Castellanos")}" checked' in form
    assert len(photographs.of_visit(full, draft.draft_id)) == 1
    assert outbox.counts(full).needs_you == 0
    assert "You dealt with this" in page(client, f"/outbox/{visit_id}")
    again = {name: values[0] for name, values in draft.typed.items() if values}
    sent = again | {"draft_id": draft.draft_id, "do": "save", "number": ""}
    assert client.post(f"/cases/{id_of(NAME)}/visit", data=sent).status_code == 303
    item = outbox.find(full, draft.draft_id, ())
    assert item is not None
    assert item.first.body["notes"] == "Curtains drawn."
    assert item.photographs_waiting == 1


def test_a_refusal_can_be_said_to_be_dealt_with(client: FlaskClient, full: Store) -> None:
    visit_id = save_visit(full, NAME)
    answer(full, "a visit command", Outcome.REFUSED, "visit.already_recorded")
    assert "1 needs you" in page(client, "/today")
    client.post(f"/outbox/{visit_id}/settle")
    assert "needs you" not in page(client, "/today")
    text = page(client, f"/outbox/{visit_id}")
    assert "You dealt with this" in text
    assert "I have told the office" not in text


def test_only_a_refused_visit_can_be_begun_anew(client: FlaskClient, full: Store) -> None:
    visit_id = save_visit(full, NAME)
    assert client.post(f"/outbox/{visit_id}/again").status_code == 404
    assert client.post(f"/outbox/{id_of('nothing')}/again").status_code == 404


def test_an_item_about_a_case_that_left_can_still_be_read(client: FlaskClient, full: Store) -> None:
    visit_id = save_visit(full, NAME)
    answer(full, "a visit command", Outcome.APPLIED)
    with full.transaction() as connection:
        connection.execute("DELETE FROM record WHERE case_id = ?", (id_of(NAME),))
    assert "A case that is no longer on this device" in page(client, "/outbox")
    assert "Curtains drawn." in page(client, f"/outbox/{visit_id}")
    page(client, f"/saved/{visit_id}")


def test_many_items_are_paged(client: FlaskClient, full: Store) -> None:
    for number in range(53):
        save_visit(full, NAME, f"visit {number}")
    assert "Showing 1 to 50 of 53" in page(client, "/outbox")
    assert "Showing 51 to 53 of 53" in page(client, "/outbox?page=2")


# Answering a supervisor


IDRIS = id_of("Idris Vaughan")
ADDRESS = f"/cases/{IDRIS}/visits/{id_of('idris')}"
ANSWER = id_of("an answer")


def typed(**more: str) -> dict[str, str]:
    return {"draft_id": ANSWER, "case_id": IDRIS, "visit_id": id_of("idris"), "kind": "answer",
            "answer": "In August.", **more}  # fmt: skip


def test_a_returned_visit_shows_its_comment_first_and_takes_an_answer(
    client: FlaskClient, full: Store
) -> None:
    first = page(client, f"/cases/{IDRIS}")
    assert first.index("Which month did he say") < first.index("<h1")
    asked = page(client, ADDRESS)
    assert "Your supervisor asks about: Notes" in asked
    assert "Written at " in asked
    assert client.post(f"{ADDRESS}/answer", data=typed()).headers["Location"] == f"/saved/{ANSWER}"
    text = page(client, ADDRESS)
    assert "In August." in text
    assert "Not sent yet" in text
    assert "Save answer" not in text
    assert "Answer to your supervisor" in page(client, f"/saved/{ANSWER}")
    assert "In August." in page(client, f"/outbox/{ANSWER}")
    view = case_view(full, OFFICER, IDRIS)
    assert view is not None
    assert view.of("visit")[id_of("idris")]["review"] == "answered"


def test_answering_twice_is_one_answer(client: FlaskClient, full: Store) -> None:
    for _press in range(2):
        assert client.post(f"{ADDRESS}/answer", data=typed()).status_code == 303
    assert outbox.count(full) == 1


def test_an_empty_answer_is_refused_beside_its_box(client: FlaskClient, full: Store) -> None:
    text = client.post(f"{ADDRESS}/answer", data=typed(answer="  ")).text
    assert "Enter your answer" in text
    assert_page(text)
    assert outbox.count(full) == 0


def test_an_answer_is_kept_while_it_is_typed(client: FlaskClient, full: Store) -> None:
    client.post(f"/drafts/{ANSWER}", data=typed(answer="In Aug", page="p", turn="1"))
    assert "Unfinished answer" in page(client, "/today")
    assert client.get(f"/drafts/{ANSWER}").headers["Location"] == ADDRESS
    assert "In Aug</textarea>" in page(client, ADDRESS)
    client.post(f"{ADDRESS}/answer", data=typed())
    assert drafts.every(full) == []


def test_a_visit_that_is_not_there_cannot_be_answered(client: FlaskClient) -> None:
    gone = f"/cases/{IDRIS}/visits/{id_of('gone')}/answer"
    assert client.post(gone, data=typed()).status_code == 404


def test_a_colleague_s_returned_visit_is_theirs_to_answer(app, store: Store) -> None:  # type: ignore[no-untyped-def]
    theirs = visit(NOW - timedelta(days=2), officer_id=id_of("other"), review="returned",
                   comments=[{"about": "notes", "text": "Why?", "is_answer": False,
                              "made_at": NOW.isoformat()}])  # fmt: skip
    fill(store, [case("Theirs", place("1 A", "QZ1 1AA"), visit={id_of("t"): theirs})], NOW)
    text = app.test_client().get(f"/cases/{id_of('Theirs')}/visits/{id_of('t')}").text
    assert "Why?" in text
    assert "Save answer" not in text


@pytest.mark.parametrize(
    ("told", "sentence"),
    [
        ({"state": "recorded", "note": ""}, "Somebody at the office recorded this in your name"),
        ({"state": "closed", "note": "Ann rang her"}, "The office has closed this: Ann rang her."),
        ({"state": "invented"}, "The office has closed this: ."),
    ],
)
def test_an_officer_is_told_what_became_of_something_that_was_held(
    client: FlaskClient, full: Store, told: dict[str, str], sentence: str
) -> None:
    visit_id = save_visit(full, NAME)
    answer(full, "a visit command", Outcome.QUARANTINED, "command.failed")
    fill(full, [(id_of(NAME), {"set_aside": {id_of("a visit command"): told}})], NOW)
    text = page(client, f"/outbox/{visit_id}")
    assert sentence in text
    assert f'action="/outbox/{visit_id}/settle"' in text
    assert "1 needs you" in page(client, "/today")
