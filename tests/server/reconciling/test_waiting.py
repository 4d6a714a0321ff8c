"""Shows that what builds on something not taken is kept beside it, and shown with it as one item."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select

from server.spine.tables import UnmadeRecordRow
from server.worktray import aside_queries
from shared.commands import Actor, Outcome
from shared.markers import AddMarker, ProposeMarkerRemoval
from shared.schemas import canonical, write_body
from tests.server.day import CASEWORKER, Day
from tests.server.office import Office, new_id
from tests.server.reading import words_of
from tests.server.reconciling.saying import Doorstep, doorstep
from tests.server.town import office_of


@pytest.fixture
def door_step(office: Office) -> Doorstep:
    return doorstep(office)


def two_that_belong_together(at: Doorstep) -> tuple[str, str]:
    """Send a warning that is set aside, and a wish to take that same warning off again."""
    warning = AddMarker(
        marker_id=new_id(),
        case_id=at.case_id,
        person_id=at.jane,
        kind="weapon",
        note="A knife on the table",
    )
    wish = ProposeMarkerRemoval(
        proposal_id=new_id(),
        case_id=at.case_id,
        marker_id=warning.marker_id,
        reason="It was a bread knife",
    )
    may_nothing = replace(at.officer, permissions=frozenset())
    orders = []
    for command, actor in ((warning, may_nothing), (wish, at.officer)):
        at.sent += 1
        envelope = canonical({"name": command.name, "body": write_body(command)})
        order = at.office.order(command, actor=actor)
        orders.append(
            replace(order, store_id=at.store_id, lane="ordinary", seq=at.sent, envelope=envelope)
        )
    results = [at.office.door.execute(order, now=at.office.now) for order in orders]
    assert [r.outcome for r in results] == [Outcome.QUARANTINED] * 2
    assert [r.code for r in results] == ["authority.lacking", "command.waits"]
    return orders[0].command_id, orders[1].command_id


def test_both_are_one_item(door_step: Doorstep) -> None:
    parent, _child = two_that_belong_together(door_step)
    with door_step.office.look() as session:
        assert aside_queries.waiting(session).count == 1
        (shown,) = aside_queries.unexamined(session, aside_queries.Slice())
        found = aside_queries.find(session, parent)
    assert shown.subject == parent
    assert found is not None
    assert [part.what for part in found.beside] == ["The wish to take a warning off"]


def test_what_waits_beside_a_refusal_is_shown_by_itself(door_step: Doorstep) -> None:
    warning = AddMarker(
        marker_id=new_id(), case_id=door_step.case_id, kind="weapon", note="A knife"
    )
    assert door_step.send(warning).outcome is Outcome.REFUSED
    wish = ProposeMarkerRemoval(
        proposal_id=new_id(),
        case_id=door_step.case_id,
        marker_id=warning.marker_id,
        reason="Mistake",
    )
    assert door_step.send(wish).code == "command.waits"
    with door_step.office.look() as session:
        (shown,) = aside_queries.unexamined(session, aside_queries.Slice())
    assert shown.code == "command.waits"


def test_once_it_is_made_nothing_waits_for_it_any_more(door_step: Doorstep) -> None:
    warning = AddMarker(
        marker_id=new_id(), case_id=door_step.case_id, kind="weapon", note="A knife"
    )
    door_step.send(warning)
    door_step.send(replace(warning, person_id=door_step.jane))
    with door_step.office.look() as session:
        assert session.scalars(select(UnmadeRecordRow)).all() == []
    wish = ProposeMarkerRemoval(
        proposal_id=new_id(),
        case_id=door_step.case_id,
        marker_id=warning.marker_id,
        reason="Mistake",
    )
    assert door_step.send(wish).outcome is Outcome.REVIEW


def test_the_office_itself_is_told_at_once_and_waits_for_nothing(door_step: Doorstep) -> None:
    wish = ProposeMarkerRemoval(
        proposal_id=new_id(), case_id=door_step.case_id, marker_id=new_id(), reason="Mistake"
    )
    somebody = Actor(user_id=new_id(), permissions=frozenset({"visits.record"}))
    assert door_step.office.ask(wish, actor=somebody).code == "marker.not_on_case"


def test_its_page_shows_what_waits_beside_it(day: Day) -> None:
    parent, _child = two_that_belong_together(doorstep(office_of(day)))
    browser = day.browser(day.someone("Sunita Rao", (*CASEWORKER, "aside.examine")))
    said = words_of(browser.get(f"/set-aside/{parent}"))
    assert "What waits beside it" in said
    assert "It was a bread knife" in said
