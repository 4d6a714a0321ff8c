"""What every list of the device says of a case: who, where, what to beware of, how often tried."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from field_client.vault.pending import CaseView
from field_client.vault.walking import Point
from shared.case_file import CaseHold
from shared.presentation import LONDON, address, postcode

Body = Mapping[str, Any]

NOBODY_CAME = frozenset({"no_answer"})
"""Outcomes after which it is worth trying again at another time."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where to go."""

    lines: tuple[str, ...]
    postcode: str
    point: Point | None

    @property
    def one_line(self) -> str:
        """Write the address on one line."""
        return address(self.lines, self._unbroken)

    @property
    def street(self) -> str:
        """Write house, street and postcode: a day's list stays in one town."""
        return address(self.lines[:-1] or self.lines, self._unbroken)

    @property
    def _unbroken(self) -> str:
        return postcode(self.postcode).replace(" ", "\N{NO-BREAK SPACE}")


@dataclass(frozen=True, kw_only=True)
class Marker:
    """A warning that must be read before the door."""

    marker_id: str
    kind: str
    note: str
    about: str | None
    """Whom it warns of, by name; none when it warns of the place."""
    from_on: date
    review_on: date


@dataclass(frozen=True, kw_only=True)
class Summary:
    """One case as a list shows it; `name` is empty where nobody is known to live."""

    case_id: str
    reference: str
    open: bool
    person_id: str | None
    name: str
    place: Place | None
    markers: tuple[Marker, ...]
    holds: tuple[CaseHold, ...]
    tries: tuple[datetime, ...]

    @property
    def risks(self) -> tuple[str, ...]:
        """Name each kind of risk once, however many warn of it."""
        return tuple(dict.fromkeys(marker.kind for marker in self.markers))

    @property
    def at(self) -> str:
        """Write where to go on one line, or nothing."""
        return self.place.one_line if self.place else ""

    @property
    def door(self) -> str:
        """Write house and street, or nothing."""
        return self.place.street if self.place else ""


def summarise(view: CaseView, today: date) -> Summary:
    """Say of a case what a list needs; holds and warnings are those in force today."""
    case = view.of("case")[view.case_id]
    person = view.of("person").get(case["person_id"] or "")
    return Summary(
        case_id=view.case_id,
        reference=case["reference"],
        open=case["open"],
        person_id=case["person_id"],
        name=person["name"] if person else "",
        place=_where(view, case, person),
        markers=tuple(_markers(view)),
        holds=tuple(hold for hold in holds_of(view).values() if hold.is_in_force_on(today)),
        tries=tries_of(view),
    )


def place_of(body: Body) -> Place:
    """Read a place out of a record."""
    latitude, longitude = body["latitude"], body["longitude"]
    known = latitude is not None and longitude is not None
    return Place(
        lines=tuple(body["lines"]),
        postcode=body["postcode"],
        point=Point(latitude=latitude, longitude=longitude) if known else None,
    )


def _where(view: CaseView, case: Body, person: Body | None) -> Place | None:
    """Choose the door: the case's own address, else where the person lives, else the premises."""
    places = view.of("place")
    if case["address_id"] in places:
        return place_of(places[case["address_id"]])
    homes = [home for home in (person["addresses"] if person else ()) if home["until"] is None]
    if homes:
        return place_of(homes[0])
    return place_of(next(iter(places.values()))) if places else None


def _markers(view: CaseView) -> list[Marker]:
    people = view.of("person")
    return [
        Marker(
            marker_id=marker_id,
            kind=body["kind"],
            note=body["note"],
            about=people.get(body["person_id"], {}).get("name", "") if body["person_id"] else None,
            from_on=date.fromisoformat(body["from_on"]),
            review_on=date.fromisoformat(body["review_on"]),
        )
        for marker_id, body in sorted(view.of("marker").items(), key=lambda item: item[1]["kind"])
    ]


def holds_of(view: CaseView) -> dict[str, CaseHold]:
    """Read the holds of a case by their id, those that are over included."""
    return {
        hold_id: CaseHold(
            hold_id=hold_id,
            reason=body["reason"],
            from_on=date.fromisoformat(body["from_on"]),
            until=date.fromisoformat(body["until"]) if body["until"] else None,
        )
        for hold_id, body in view.of("hold").items()
    }


def visits_of(view: CaseView) -> list[tuple[str, Body]]:
    """List the visits of a case, the latest first."""
    return sorted(
        view.of("visit").items(), key=lambda item: moment_of(item[1]["happened_at"]), reverse=True
    )


def tries_of(view: CaseView) -> tuple[datetime, ...]:
    """List when nobody came to the door since somebody last did, the latest first."""
    tries = []
    for _visit_id, visit in visits_of(view):
        if visit["outcome"] not in NOBODY_CAME:
            break
        tries.append(moment_of(visit["happened_at"]))
    return tuple(tries)


def people_of(view: CaseView) -> list[tuple[str, Body]]:
    """List the people of a case, its principal first."""
    return sorted(
        view.of("person").items(), key=lambda item: (not item[1]["principal"], item[1]["name"])
    )


def plans_of(view: CaseView, officer_id: str) -> list[tuple[str, Body]]:
    """List the visits this officer was asked to make, the first due first."""
    own = [item for item in view.of("planned_visit").items() if item[1]["officer_id"] == officer_id]
    return sorted(own, key=lambda item: (item[1]["planned_on"], item[0]))


def moment_of(text: str) -> datetime:
    """Read a moment out of a record."""
    return datetime.fromisoformat(text)


EVENING_HOUR = 17
NOON_HOUR = 12
SATURDAY = 5


def time_of_week(moment: datetime) -> str:
    """Name the part of the week a moment falls in: a time when other people are at home."""
    local = moment.astimezone(LONDON)
    if local.weekday() >= SATURDAY:
        return "weekend"
    if local.hour >= EVENING_HOUR:
        return "evening"
    return "morning" if local.hour < NOON_HOUR else "afternoon"


def next_time(tries: Sequence[datetime]) -> str:
    """Suggest a part of the week in which this door has been tried least."""
    tried = [time_of_week(moment) for moment in tries]
    return min(("evening", "weekend", "morning", "afternoon"), key=tried.count)
