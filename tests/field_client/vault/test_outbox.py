"""Shows that the outbox tells each thing's state truly, and what the officer has still to do."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from field_client.vault import outbox
from field_client.vault.pending import case_view, case_views
from field_client.vault.store import Store
from shared.commands import Outcome
from sync.protocol import Receipt
from tests.field_client.vault.pictures import jpeg
from tests.field_client.vault.sample import OFFICER, case, fill, id_of, place
from tests.field_client.vault.saving import save_visit

NOW = datetime.now(UTC)
HERE = place("1 Market Place", "QZ1 1AA")


@pytest.fixture
def one(store: Store) -> Store:
    fill(store, [case("One", HERE), case("Two", HERE)], NOW)
    return store


def answer(store: Store, *outcomes: tuple[str, Outcome, str | None]) -> None:
    receipts = [
        Receipt(
            command_id=id_of(name),
            outcome=outcome,
            code=code,
            received_at=NOW.isoformat(),
            commit=9,
        )
        for name, outcome, code in outcomes
    ]
    fill(store, [], NOW, receipts)


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        (None, "saved"),
        (Outcome.APPLIED, "received"),
        (Outcome.MERGED, "received"),
        (Outcome.NO_CHANGE, "received"),
        (Outcome.FLAGGED, "received"),
        (Outcome.DUPLICATE, "received"),
        (Outcome.REVIEW, "held"),
        (Outcome.QUARANTINED, "held"),
        (Outcome.REFUSED, "needs_you"),
    ],
)
def test_each_outcome_has_its_word(one: Store, outcome: Outcome | None, state: str) -> None:
    visit_id = save_visit(one, "One")
    if outcome:
        answer(one, ("a visit command", outcome, None))
    item = outbox.find(one, visit_id, ())
    assert item is not None
    assert item.state == state


def test_what_is_on_its_way_is_being_sent(one: Store) -> None:
    visit_id = save_visit(one, "One")
    item = outbox.find(one, visit_id, {id_of("a visit command")})
    assert item is not None
    assert item.state == "sending"


def test_one_press_is_one_item_however_much_was_saved(one: Store) -> None:
    save_visit(one, "One", number="07700900123", picture=jpeg())
    save_visit(one, "Two", "another")
    assert outbox.count(one) == 2
    assert outbox.counts(one) == outbox.Counts(waiting=2, needs_you=0, photographs=1)
    latest, first = outbox.some(one, (), first=0)
    assert [entry.name for entry in first.entries] == [
        "RecordVisit",
        "RecordPhoneNumber",
        "RecordPhotograph",
    ]
    assert latest.first.case_id == id_of("Two")


def test_an_item_waits_until_its_photographs_have_arrived(one: Store) -> None:
    visit_id = save_visit(one, "One", picture=jpeg())
    answer(
        one,
        ("a visit command", Outcome.APPLIED, None),
        ("a visit picture", Outcome.APPLIED, None),
    )
    item = outbox.find(one, visit_id, ())
    assert item is not None
    assert (item.state, item.photographs_waiting) == ("saved", 1)
    assert outbox.counts(one).waiting == 1


def test_what_needs_the_officer_stands_first_and_goes_when_dealt_with(one: Store) -> None:
    visit_id = save_visit(one, "One", number="07700900123")
    save_visit(one, "Two", "another")
    answer(
        one,
        ("a visit command", Outcome.REFUSED, "command.group_refused"),
        ("a visit number", Outcome.REFUSED, "person.not_on_case"),
    )
    assert [item.item_id for item in outbox.needing_you(one)] == [visit_id]
    assert outbox.some(one, (), first=0)[0].item_id == visit_id
    assert outbox.counts(one).needs_you == 1
    outbox.settle(one, visit_id, NOW)
    assert outbox.counts(one).needs_you == 0
    item = outbox.find(one, visit_id, ())
    assert item is not None
    assert item.settled
    assert item.first.body["notes"] == "Curtains drawn."


def test_nothing_is_found_under_a_name_nobody_saved(one: Store) -> None:
    assert outbox.find(one, id_of("nothing"), ()) is None
    assert not outbox.is_saved(one, id_of("nothing"))


def test_what_is_pending_lies_over_what_is_confirmed(one: Store) -> None:
    visit_id = save_visit(one, "One", number="07700900123", picture=jpeg())
    view = case_view(one, OFFICER, id_of("One"))
    assert view is not None
    assert view.of("visit")[visit_id]["pending"] is True
    assert len(view.of("visit")[visit_id]["photographs"]) == 1
    body = view.of("person")[id_of("person One")]
    assert (body["phone_numbers"], body["pending_numbers"]) == (["07700900123"],) * 2


def test_every_case_at_once_is_what_each_is_alone(one: Store) -> None:
    save_visit(one, "One", number="07700900123", picture=jpeg())
    together = case_views(one, OFFICER)
    assert together == {id_: case_view(one, OFFICER, id_) for id_ in together}
    assert set(together) == {id_of("One"), id_of("Two")}


def test_only_the_records_asked_for_are_read(one: Store) -> None:
    views = case_views(one, OFFICER, ("person",))
    assert set(views[id_of("One")].bodies) == {"case", "person"}


def test_a_case_that_is_not_here_is_not_shown_for_what_waits(one: Store) -> None:
    save_visit(one, "One")
    with one.transaction() as connection:
        connection.execute("DELETE FROM record WHERE case_id = ?", (id_of("One"),))
    assert case_view(one, OFFICER, id_of("One")) is None
    assert id_of("One") not in case_views(one, OFFICER)


def test_what_was_held_needs_the_officer_once_somebody_has_dealt_with_it(one: Store) -> None:
    item_id = save_visit(one, "One")
    answer(one, ("a visit command", Outcome.QUARANTINED, "command.failed"))
    assert state_of(one, item_id) == "held"
    told = {"state": "recorded", "at": NOW.isoformat(), "note": ""}
    bodies = case("One", HERE)[1] | {"set_aside": {id_of("a visit command"): told}}

    fill(one, [(id_of("One"), bodies)], NOW)

    assert state_of(one, item_id) == "needs_you"
    assert outbox.counts(one).needs_you == 1
    assert [item.item_id for item in outbox.needing_you(one)] == [item_id]
    outbox.settle(one, item_id, NOW)
    assert state_of(one, item_id) == "received"
    assert outbox.counts(one).needs_you == 0


def state_of(store: Store, item_id: str) -> str:
    found = outbox.find(store, item_id, ())
    assert found is not None
    return found.state.value
