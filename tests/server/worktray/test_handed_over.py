"""What an officer wants looked at after a refusal stands among what was set aside, as it was sent."""

from __future__ import annotations

import pytest
from sqlalchemy import insert

from server.spine import clock
from server.spine.tables import CommandRow
from shared.refused import LOOK, WITHDRAW, RecordRefusalAnswer
from tests.server.day import Browser, Day, Household, Someone, day, new_id
from tests.server.reading import hidden_of, words_of

__all__ = ["day"]

TRAY = "/?tray=aside"


@pytest.fixture
def household(day: Day) -> Household:
    return day.household("Iris Cole", officers=[day.amina])


@pytest.fixture
def browser(day: Day) -> Browser:
    return day.browser(day.supervisor)


def refuse(day: Day, household: Household, officer: Someone) -> str:
    """Have a correction of an officer refused, as the office does and keeps."""
    command_id = new_id()
    with day.session() as session:
        session.execute(
            insert(CommandRow).values(
                command_id=command_id,
                payload_hash="a" * 64,
                name="CorrectDetails",
                actor_id=officer.user_id,
                store_id=new_id(),
                lane="ordinary",
                seq=1,
                case_id=household.case_id,
                happened_at=clock.now(),
                received_at=clock.now(),
                outcome="refused",
                code="case.unknown",
            )
        )
    return command_id


def answer(day: Day, household: Household, refused_id: str, choice: str = LOOK) -> None:
    day.give(
        day.amina,
        RecordRefusalAnswer(
            answer_id=new_id(),
            refused_id=refused_id,
            case_id=household.case_id,
            choice=choice,
            reason="She showed me the letter herself",
        ),
    )


def test_what_was_refused_waits_for_nobody_until_its_officer_asks(
    day: Day, browser: Browser, household: Household
) -> None:
    refused_id = refuse(day, household, day.amina)
    assert "Details put right" not in words_of(browser.get(TRAY))
    answer(day, household, refused_id)
    assert "Look at what the officer asks, and ring them" in words_of(browser.get(TRAY))
    page = words_of(browser.get(f"/set-aside/{refused_id}"))
    assert "She showed me the letter herself" in page
    assert "It was refused" in page


def test_what_was_handed_over_leaves_when_somebody_has_looked(
    day: Day, browser: Browser, household: Household
) -> None:
    refused_id = refuse(day, household, day.amina)
    answer(day, household, refused_id)
    page = browser.get(f"/set-aside/{refused_id}")
    fields = {**hidden_of(page), "note": "Rang Amina and put it right"}
    browser.post(f"/set-aside/{refused_id}", **fields)
    assert "Details put right" not in words_of(browser.get(TRAY))


def test_what_was_set_aside_by_its_officer_asks_nothing_of_the_office(
    day: Day, browser: Browser, household: Household
) -> None:
    refused_id = refuse(day, household, day.amina)
    answer(day, household, refused_id, WITHDRAW)
    assert "Details put right" not in words_of(browser.get(TRAY))
    browser.get(f"/set-aside/{refused_id}", 404)


def test_nobody_hands_over_what_another_officer_sent(
    day: Day, browser: Browser, household: Household
) -> None:
    refused_id = refuse(day, household, day.bryn)
    answer(day, household, refused_id)
    assert "Details put right" not in words_of(browser.get(TRAY))
    browser.get(f"/set-aside/{refused_id}", 404)
