"""Shows that details put right and warnings are seen at once, kept whole, and told how they ended."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from flask.testing import FlaskClient

from field_client.vault import drafts, outbox
from field_client.vault.pending import case_view
from field_client.vault.store import Store
from shared.commands import Lane, Outcome
from sync.protocol import Receipt
from tests.field_client.vault.sample import OFFICER, fill, id_of, marker
from tests.pages import assert_page
from tests.server.reading import hidden_of, words_of

NOW = datetime.now(UTC)
MARYAM, ARKWRIGHT = id_of("Maryam Castellanos"), id_of("Wilfred Arkwright-Oyelaran")
PERSON = id_of("person Maryam Castellanos")
MOBILE, OLD = id_of("maryam mobile"), id_of("maryam old")
AS_SHOWN = {
    "language": "Spanish",
    "preferred_contact": "letter",
    "needs": ["large_print"],
    "household": "",
    f"standing-{MOBILE}": "in_use",
    f"standing-{OLD}": "wrong",
}


def page(client: FlaskClient, url: str, status: int = 200) -> str:
    answer = client.get(url)
    assert answer.status_code == status, answer.text
    assert_page(answer.text, url)
    return answer.text


def carried(text: str) -> dict[str, str]:
    found = hidden_of(text)
    seen = re.search(r'name="seen" value="([^"]*)"', text)
    return {**found, **({"seen": seen[1].replace("&#34;", '"')} if seen else {})}


def correct(client: FlaskClient, draft_id: str = "", /, **changed: Any) -> str:
    """Save the form with some boxes changed; give the address it leads to."""
    text = page(client, f"/cases/{MARYAM}/details")
    fields = {
        **AS_SHOWN,
        **changed,
        **carried(text),
        **({"draft_id": draft_id} if draft_id else {}),
    }
    answer = client.post(f"/cases/{MARYAM}/details", data=fields)
    assert answer.status_code == 303, words_of(answer.text)
    return str(answer.headers["Location"])


def bodies(store: Store, *names: str) -> list[Mapping[str, Any]]:
    """Read the bodies of what waits to be sent."""
    every = [json.loads(written) for written in store.waiting(100)]
    return [each["body"] for each in every if each["name"] in names]


def answer_all(store: Store, outcome: Outcome, code: str | None = None, **records: Any) -> None:
    """Have the office answer everything that waits, and send what it has about the case."""
    receipts = [
        Receipt(
            command_id=json.loads(written)["command_id"],
            outcome=outcome,
            code=code,
            received_at=NOW.isoformat(),
        )
        for written in store.waiting(100)
    ]
    fill(store, [(MARYAM, records)] if records else [], NOW, receipts)


def test_only_what_was_changed_is_said_with_what_had_been_seen(
    client: FlaskClient, full: Store
) -> None:
    to = correct(client, language="Catalan", needs=["large_print", "interpreter"])
    said = words_of(page(client, to))
    assert "Details put right" in said
    (body,) = bodies(full, "CorrectDetails")
    assert body["person_id"] == PERSON
    assert body["edits"] == {
        "language": {"was": "Spanish", "now": "Catalan"},
        "needs": {"was": ["large_print"], "now": ["interpreter", "large_print"]},
    }
    assert drafts.every(full) == []


def test_what_was_put_right_is_seen_at_once_and_said_to_be_pending(
    client: FlaskClient, full: Store
) -> None:
    correct(client, household="Her mother moved in", preferred_contact="text")
    said = words_of(page(client, f"/cases/{MARYAM}"))
    assert "Her mother moved in Not sent yet" in said
    assert "Text message Not sent yet" in said
    assert "Large print" in said


def test_a_number_that_does_not_reach_them_is_not_offered_any_more(
    client: FlaskClient, full: Store
) -> None:
    correct(client, **{f"standing-{MOBILE}": "wrong", f"standing-{OLD}": "in_use"})
    found = bodies(full, "CorrectContact")
    assert {each["contact_id"]: each["edits"]["standing"]["now"] for each in found} == {
        MOBILE: "wrong",
        OLD: "in_use",
    }
    view = case_view(full, OFFICER, MARYAM)
    assert view is not None
    assert view.of("person")[PERSON]["phone_numbers"] == ["01632960777"]
    assert "07700 900123 Does not reach them" in words_of(page(client, f"/cases/{MARYAM}"))


def test_a_second_press_saves_nothing_more(client: FlaskClient, full: Store) -> None:
    draft_id = id_of("a correction")
    correct(client, draft_id, language="Catalan")
    correct(client, draft_id, language="Catalan")
    assert len(bodies(full, "CorrectDetails")) == 1


def test_saving_what_stands_there_already_is_refused_in_a_sentence(client: FlaskClient) -> None:
    text = page(client, f"/cases/{MARYAM}/details")
    answer = client.post(f"/cases/{MARYAM}/details", data={**AS_SHOWN, **carried(text)})
    assert "Change something before you save" in words_of(answer.text)


def test_what_was_typed_is_kept_and_goes_on_where_it_was_left(
    client: FlaskClient, full: Store
) -> None:
    text = page(client, f"/cases/{MARYAM}/details")
    fields = {**AS_SHOWN, "household": "Two dogs", **carried(text), "kind": "details"}
    draft_id = fields["draft_id"]
    assert client.post(f"/drafts/{draft_id}", data=fields).status_code == 204
    assert client.get(f"/drafts/{draft_id}").headers["Location"] == f"/cases/{MARYAM}/details"
    again = page(client, f"/cases/{MARYAM}/details")
    assert "Two dogs" in again
    assert f'value="{draft_id}"' in again
    assert "Unfinished correction" in words_of(page(client, "/today"))


def test_the_base_is_what_stood_on_the_page_even_if_the_copy_moved_meanwhile(
    client: FlaskClient, full: Store
) -> None:
    text = page(client, f"/cases/{MARYAM}/details")
    view = case_view(full, OFFICER, MARYAM)
    assert view is not None
    moved = {**view.of("person")[PERSON], "language": "Basque"}
    fill(full, [(MARYAM, {"person": {PERSON: moved}})], NOW)
    fields = {**AS_SHOWN, "language": "Catalan", **carried(text)}
    client.post(f"/cases/{MARYAM}/details", data=fields)
    (body,) = bodies(full, "CorrectDetails")
    assert body["edits"] == {"language": {"was": "Spanish", "now": "Catalan"}}
    said = words_of(page(client, f"/cases/{MARYAM}"))
    assert "Basque" in said
    assert "You wrote: Catalan Not sent yet" in said


def test_a_word_of_another_version_stays_in_the_set(client: FlaskClient, full: Store) -> None:
    view = case_view(full, OFFICER, MARYAM)
    assert view is not None
    newer = {**view.of("person")[PERSON], "needs": ["large_print", "telepathy"]}
    fill(full, [(MARYAM, {"person": {PERSON: newer}})], NOW)
    correct(client, needs=["large_print", "interpreter"])
    (body,) = bodies(full, "CorrectDetails")
    assert body["edits"]["needs"]["now"] == ["interpreter", "large_print", "telepathy"]


def conflict(full: Store, **more: Any) -> dict[str, Any]:
    (command_id,) = full.rows("SELECT command_id FROM outbox WHERE name = 'CorrectDetails'")[0]
    return {
        "conflict_id": id_of("conflict"), "command_id": command_id, "record": "person",
        "record_id": PERSON, "field": "language", "was": "Spanish", "office": "Basque",
        "said": "Catalan", "open": True, "answer": "", "decided": None, "note": "",
        "decided_at": None, **more,
    }  # fmt: skip


def test_what_the_office_decides_is_told_until_it_has_been_read(
    client: FlaskClient, full: Store
) -> None:
    to = correct(client, language="Catalan")
    item = to.replace("/saved/", "/outbox/")
    answer_all(full, Outcome.REVIEW, conflict={id_of("claim"): conflict(full)})
    said = words_of(page(client, item))
    assert "you wrote Catalan, the office has Basque. Somebody there decides." in said
    assert "an officer wrote Catalan" in words_of(page(client, f"/cases/{MARYAM}"))
    assert outbox.counts(full).needs_you == 0
    decided = conflict(
        full, open=False, answer="office", decided="Basque", note="I rang her on Monday",
        decided_at=NOW.isoformat(),
    )  # fmt: skip
    fill(full, [(MARYAM, {"conflict": {id_of("claim"): decided}})], NOW)
    assert outbox.counts(full).needs_you == 1
    assert "Needs you" in words_of(page(client, "/outbox"))
    said = words_of(page(client, item))
    assert "you wrote Catalan. The office decided: Basque." in said
    assert "I rang her on Monday" in said
    client.post(f"{item}/settle")
    assert outbox.counts(full).needs_you == 0
    assert "Received" in words_of(page(client, "/outbox"))


def test_a_refused_correction_can_be_changed_and_saved_again(
    client: FlaskClient, full: Store
) -> None:
    item = correct(client, language="Catalan").replace("/saved/", "/outbox/")
    answer_all(full, Outcome.REFUSED, "person.not_on_case")
    assert "This person is not on the case" in words_of(page(client, item))
    went = client.post(f"{item}/again")
    assert went.status_code == 303
    again = page(client, client.get(went.headers["Location"]).headers["Location"])
    assert 'value="Catalan"' in again


def test_a_warning_holds_on_this_device_as_soon_as_it_is_saved_and_goes_first(
    client: FlaskClient, full: Store
) -> None:
    text = page(client, f"/cases/{MARYAM}/warning")
    fields = {**carried(text), "risk": "dangerous_dog", "note": "Bit me", "about": PERSON}
    answer = client.post(f"/cases/{MARYAM}/warning", data=fields)
    assert answer.status_code == 303
    page(client, str(answer.headers["Location"]))
    assert "Before you go" in words_of(page(client, f"/cases/{MARYAM}"))
    (envelope,) = [json.loads(w) for w in full.waiting(100)]
    assert (envelope["name"], envelope["lane"]) == ("AddMarker", Lane.URGENT.value)
    assert client.post(f"/cases/{MARYAM}/warning", data=fields).status_code == 303
    assert len(full.waiting(100)) == 1


def test_a_warning_about_nobody_is_refused_beside_its_question(client: FlaskClient) -> None:
    text = page(client, f"/cases/{MARYAM}/warning")
    answer = client.post(f"/cases/{MARYAM}/warning", data={**carried(text), "risk": "weapon"})
    said = words_of(answer.text)
    assert "Select the person or the place" in said
    assert "Enter what happened and who saw it" in said


def test_a_wish_to_take_a_warning_off_leaves_it_on(client: FlaskClient, full: Store) -> None:
    dog = id_of("dog")
    home = f"/cases/{ARKWRIGHT}"
    client.post(f"{home}/read", data={"markers": dog})
    assert "Ask to take this warning off" in words_of(page(client, home))
    text = page(client, f"{home}/warnings/{dog}/off")
    fields = {**carried(text), "reason": "The kennel is empty since May"}
    answer = client.post(f"{home}/warnings/{dog}/off", data=fields)
    assert "Asked to take a warning off" in words_of(page(client, str(answer.headers["Location"])))
    said = words_of(page(client, home))
    assert "Dangerous dog" in said
    assert "It holds until they have decided" in said
    blank = client.post(
        f"{home}/warnings/{dog}/off", data=carried(page(client, f"{home}/warnings/{dog}/off"))
    )
    assert "Enter why the risk is over" in words_of(blank.text)
    assert page(client, f"{home}/warnings/{id_of('none')}/off", 404)


def test_a_draft_of_each_kind_goes_on_where_it_was(client: FlaskClient, full: Store) -> None:
    dog = id_of("dog")
    client.post(f"/cases/{ARKWRIGHT}/read", data={"markers": dog})
    off = f"/cases/{ARKWRIGHT}/warnings/{dog}/off"
    for url, kind, typed in (
        (f"/cases/{ARKWRIGHT}/warning", "warning", {"risk": "weapon", "note": "A knife"}),
        (off, "off", {"reason": "Gone"}),
    ):
        fields = {**carried(page(client, url)), **typed, "kind": kind}
        client.post(f"/drafts/{fields['draft_id']}", data=fields)
        assert client.get(f"/drafts/{fields['draft_id']}").headers["Location"] == url
        assert list(typed.values())[-1] in page(client, url)


def test_a_case_without_a_person_has_no_details_to_put_right(
    client: FlaskClient, full: Store
) -> None:
    case_id = id_of("nobody known")
    body = {"reference": "C-1", "open": True, "person_id": None, "address_id": None}
    fill(full, [(case_id, {"case": {case_id: body}, "marker": {id_of("m"): marker()}})], NOW)
    assert page(client, f"/cases/{case_id}/details", 404)


def test_a_refusal_beside_something_decided_hides_neither(client: FlaskClient, full: Store) -> None:
    changed = {"language": "Catalan", f"standing-{MOBILE}": "wrong"}
    item = correct(client, **changed).replace("/saved/", "/outbox/")
    waiting = {json.loads(w)["name"]: json.loads(w)["command_id"] for w in full.waiting(9)}
    receipts = [
        Receipt(
            command_id=waiting["CorrectDetails"],
            outcome=Outcome.REVIEW,
            received_at=NOW.isoformat(),
        ),
        Receipt(
            command_id=waiting["CorrectContact"],
            outcome=Outcome.REFUSED,
            code="contact.not_on_case",
            received_at=NOW.isoformat(),
        ),
    ]
    decided = conflict(
        full, open=False, answer="office", decided="Basque", decided_at=NOW.isoformat()
    )
    fill(full, [(MARYAM, {"conflict": {id_of("claim"): decided}})], NOW, receipts)
    said = words_of(page(client, item))
    assert "The office decided: Basque." in said
    assert "This phone number or email is not on the case" in said
    assert outbox.counts(full).needs_you == 1
    client.post(f"{item}/settle")
    assert outbox.counts(full).needs_you == 0
