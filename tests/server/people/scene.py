"""The office with somebody in it who owes together with another, for tests of the screens about people."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pytest

from tests.server.day import Browser, Day
from tests.server.office import Office
from tests.server.scenes import live_at, open_debt, open_person
from tests.server.town import office_of, someone_who_may


@dataclass(frozen=True)
class Scene:
    """The office, its browser for somebody who may do everything, and Jane who owes with John."""

    day: Day
    office: Office
    browser: Browser
    jane: str
    john: str
    account_id: str
    debt_id: str

    @property
    def page(self) -> str:
        """The address of Jane's own page."""
        return f"/people/{self.jane}"


@pytest.fixture
def scene(day: Day) -> Scene:
    """Fill an office with Jane, who owes with John and has moved house once."""
    office = office_of(day)
    jane = open_person(
        office, "Jane", "Smith", title="Mrs", born_on=date(1961, 5, 2), language="Welsh"
    )
    john = open_person(office, "John", "Smith")
    owed = open_debt(office, jane, john, pence=123_456, reference="88042217")
    live_at(office, jane, "1 Quern Lane\nThornholme", "TH4 2AB", from_on=date(2019, 1, 1))
    live_at(office, jane, "14 Saltmarsh Terrace\nThornholme", "TH4 9QX", from_on=date(2024, 6, 1))
    browser = someone_who_may(day)
    return Scene(day, office, browser, jane, john, owed.account_id, owed.debt_id)
