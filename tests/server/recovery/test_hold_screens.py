"""Shows a hold placed on a debt and ended from the forms of the office."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import pytest
from sqlalchemy import select

from server.accounts.movements import PostTransaction
from server.recovery.tables import HoldRow
from server.spine import clock
from tests.server.day import Browser, Day
from tests.server.office import Office, new_id
from tests.server.reading import hidden_of, words_of
from tests.server.scenes import Owed, open_debt, open_person
from tests.server.town import office_of, someone_who_may


@dataclass(frozen=True)
class Scene:
    """The office, a browser for somebody who may do everything, and one debt."""

    day: Day
    office: Office
    browser: Browser
    owed: Owed

    @property
    def account(self) -> str:
        return f"/accounts/{self.owed.account_id}"

    @property
    def form(self) -> str:
        return f"/debts/{self.owed.debt_id}/holds/new"

    def hold(self) -> HoldRow:
        with self.office.look() as session:
            return session.scalars(select(HoldRow)).one()


@pytest.fixture
def scene(day: Day) -> Scene:
    office = office_of(day)
    owed = open_debt(office, open_person(office, "Jane", "Smith"))
    return Scene(day, office, someone_who_may(day), owed)


def test_a_hold_is_placed_and_ended_by_its_last_day(scene: Scene) -> None:
    today = clock.today()
    last = today + timedelta(days=59)
    sent = {
        **hidden_of(scene.browser.get(scene.form)),
        "reason": "breathing_space",
        "from_on": today.isoformat(),
        "last_day": last.isoformat(),
        "note": "Moratorium 123",
    }
    for _ in range(2):
        assert scene.browser.post(scene.form, **sent) == scene.account
    hold = scene.hold()
    assert (hold.from_on, hold.until) == (today, last + timedelta(days=1))
    page = scene.browser.get(scene.account)
    assert "Breathing space In force" in words_of(page)
    assert "Moratorium 123" in words_of(page)
    assert "Carys Bell" in words_of(page)
    end = f"/holds/{hold.hold_id}/end"
    assert f'href="{end}"' in page
    asked = scene.browser.get(end)
    early = (today - timedelta(days=1)).isoformat()
    wrong = scene.browser.post(end, 422, **hidden_of(asked), last_day=early)
    assert "Enter a last day that is not before the first day" in words_of(wrong)
    ended = scene.browser.follow(end, **hidden_of(wrong), last_day=today.isoformat())
    assert "The last day of the hold has been recorded" in words_of(ended)
    assert scene.hold().until == today + timedelta(days=1)


def test_a_hold_from_a_past_day_says_what_happened_since(scene: Scene) -> None:
    today = clock.today()
    costs = PostTransaction(
        transaction_id=new_id(),
        debt_id=scene.owed.debt_id,
        kind="costs",
        amount_pence=7_000,
        effective_on=today - timedelta(days=60),
    )
    scene.office.give(costs)
    known = hidden_of(scene.browser.get(scene.form))
    began = (today - timedelta(days=90)).isoformat()
    page = scene.browser.follow(scene.form, **known, reason="insolvency", from_on=began)
    assert "The hold has been placed" in words_of(page)
    assert "Costs were added after the hold began" in words_of(page)


def test_a_hold_that_cannot_be_is_refused_beside_its_field(scene: Scene) -> None:
    page = scene.browser.get(scene.form)
    today = clock.today().isoformat()
    wrong: dict[str, dict[str, str]] = {
        "Select why the debt is held": {"reason": ""},
        "Enter the first day of the hold, like 4 3 2027": {"from_on": ""},
        "Enter a last day that is not before the first day": {"last_day": "2020-01-01"},
    }
    for sentence, change in wrong.items():
        typed = {"reason": "dispute", "from_on": today, "note": "Kept", **change}
        page = scene.browser.post(scene.form, 422, **hidden_of(page), **typed)
        assert sentence in words_of(page), sentence
        assert ">Kept</textarea>" in page


def test_only_who_may_places_or_ends_a_hold(scene: Scene) -> None:
    known = hidden_of(scene.browser.get(scene.form))
    today = clock.today().isoformat()
    scene.browser.post(scene.form, **known, reason="dispute", from_on=today)
    end = f"/holds/{scene.hold().hold_id}/end"
    reader = someone_who_may(scene.day, "accounts.see")
    assert f'href="{end}"' not in reader.get(scene.account)
    for address in (scene.form, end):
        reader.get(address, 403)
        reader.post(address, 403)


def test_what_is_not_there_is_not_found(scene: Scene) -> None:
    scene.browser.get(f"/holds/{new_id()}/end", 404)
    scene.browser.get(f"/debts/{new_id()}/holds/new", 404)
