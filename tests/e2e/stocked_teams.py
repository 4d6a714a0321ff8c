"""Teams of the fictional council: one that asks for more days, one that starts online, one with nobody."""

from __future__ import annotations

from server.leasing.commands import AskForOfflineDays, OpenTeam, PlaceInTeam, SetTeamMode
from server.spine import clock
from tests.e2e.stock import Stock
from tests.server.access.tablet import enrolled
from tests.server.leasing.lending import lent


def add_teams(stock: Stock) -> None:
    """Add the teams, and a device that was lent its share."""
    ids = {title: clock.new_id() for title in ("Dales", "Town centre", "Autumn campaign")}
    for title, team_id in ids.items():
        stock.give(OpenTeam(team_id=team_id, title=title))
    officer = stock.officer.user_id
    stock.give(PlaceInTeam(user_id=officer, team_id=ids["Dales"]))
    stock.give(SetTeamMode(team_id=ids["Town centre"], mode="online-start"))
    stock.give(
        AskForOfflineDays(
            request_id=clock.new_id(),
            team_id=ids["Dales"],
            days=10,
            reason="There is no signal in the upper dales, and a round of them takes eight days",
        ),
        stock.office.actor(stock.users["supervisor"]),
    )
    tablet, device_id = enrolled(stock.office, officer)
    lent(stock.office, tablet)
    stock.starts += [f"/teams/{team_id}" for team_id in ids.values()]
    stock.starts.append(f"/devices/{device_id}")
