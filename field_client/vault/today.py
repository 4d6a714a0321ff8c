"""Orders a day's work: what is overdue, what is due, what was tried before, what can wait, and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from field_client.vault.cases import (
    Summary,
    moment_of,
    plans_of,
    summarise,
    visits_of,
)
from field_client.vault.pending import CaseView
from field_client.vault.walking import Point, metres, walk
from shared.presentation import LONDON

GROUPS = ("overdue", "today", "tried", "later")
"""The order in which a day is worked through."""

STOPS_WALKED_MAX = 60
"""Stops put in a walking order; nobody visits more in a day."""

RECORD_KINDS = ("person", "place", "planned_visit", "visit", "marker", "hold")
"""The records a day's list is made from."""


@dataclass(frozen=True, kw_only=True)
class Stop:
    """One door to go to, with what its place in the list is worked out from."""

    case: Summary
    group: str
    planned_visit_id: str | None = None
    planned_on: date | None = None
    purpose: str | None = None
    days_overdue: int = 0
    metres_on: int | None = None

    @property
    def point(self) -> Point | None:
        """Say where it is, if anybody knows."""
        return self.case.place.point if self.case.place else None


@dataclass(frozen=True, kw_only=True)
class Done:
    """A visit of today."""

    case: Summary
    visit_id: str
    visit: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Returned:
    """A visit that a supervisor sent back."""

    case: Summary
    visit_id: str
    visit: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Day:
    """Everything on one officer's plate today."""

    stops: Mapping[str, tuple[Stop, ...]] = field(default_factory=dict)
    unplanned: tuple[Summary, ...] = ()
    done: tuple[Done, ...] = ()
    returned: tuple[Returned, ...] = ()

    @property
    def count(self) -> int:
        """Count the doors in all groups."""
        return sum(len(stops) for stops in self.stops.values())

    def due(self) -> list[Stop]:
        """List the doors to go to today, whether they were due before or are due now."""
        return [*self.stops["overdue"], *self.stops["today"]]


def plan_day(views: Iterable[CaseView], officer_id: str, now: datetime) -> Day:
    """Put every open case where it belongs today."""
    today = now.astimezone(LONDON).date()
    found: list[Stop] = []
    unplanned: list[Summary] = []
    done: list[Done] = []
    returned: list[Returned] = []
    for view in views:
        case = summarise(view, today)
        visited = [item for item in visits_of(view) if item[1]["officer_id"] == officer_id]
        here = [item for item in visited if _day_of(item[1]) == today]
        done += [Done(case=case, visit_id=key, visit=visit) for key, visit in here]
        returned += [
            Returned(case=case, visit_id=key, visit=visit)
            for key, visit in visited
            if visit["review"] == "returned"
        ]
        stop = _stop(view, case, officer_id, today)
        if not case.open or (here and stop.planned_visit_id is None):
            continue
        if stop.group == "unplanned":
            unplanned.append(case)
        else:
            found.append(stop)
    return Day(
        stops={group: _ranked([s for s in found if s.group == group]) for group in GROUPS},
        unplanned=tuple(sorted(unplanned, key=lambda case: (case.name or case.at, case.case_id))),
        done=tuple(sorted(done, key=lambda d: moment_of(d.visit["happened_at"]), reverse=True)),
        returned=tuple(returned),
    )


def _day_of(visit: Mapping[str, Any]) -> date:
    return moment_of(visit["happened_at"]).astimezone(LONDON).date()


def _stop(view: CaseView, case: Summary, officer_id: str, today: date) -> Stop:
    """Find which group a case belongs to, by the first of its planned visits."""
    plans = plans_of(view, officer_id)
    if not plans:
        return Stop(case=case, group="tried" if case.tries else "unplanned")
    planned_visit_id, plan = plans[0]
    planned_on = date.fromisoformat(plan["planned_on"])
    if planned_on > today:
        group = "tried" if case.tries else "later"
    else:
        group = "today" if planned_on == today else "overdue"
    return Stop(
        case=case,
        group=group,
        planned_visit_id=planned_visit_id,
        planned_on=planned_on,
        purpose=plan["purpose"],
        days_overdue=max(0, (today - planned_on).days),
    )


def _ranked(stops: Sequence[Stop]) -> tuple[Stop, ...]:
    """Order by risk, then by the day it was due, then so that each is near the one before."""

    def rank(stop: Stop) -> tuple[bool, date]:
        return (not stop.case.markers, stop.planned_on or date.max)

    ordered = sorted(stops, key=lambda stop: (*rank(stop), stop.case.name, stop.case.case_id))
    way = {stop.case.case_id: place for place, stop in enumerate(walking_order(ordered))}
    ordered.sort(key=lambda stop: (*rank(stop), way[stop.case.case_id]))
    return tuple(_with_distances(ordered))


def walking_order(stops: Sequence[Stop]) -> list[Stop]:
    """Order the stops to walk them, starting with the first; those without a position come last."""
    placed = {
        stop.case.case_id: stop.point for stop in stops[:STOPS_WALKED_MAX] if stop.point is not None
    }
    if not placed:
        return list(stops)
    order = walk(placed, next(iter(placed)))
    by_id = {stop.case.case_id: stop for stop in stops}
    rest = [stop for stop in stops if stop.case.case_id not in placed]
    return _with_distances([by_id[case_id] for case_id in order] + rest)


def _with_distances(stops: Sequence[Stop]) -> list[Stop]:
    """Say of each stop how far it is from the one before, in a straight line."""
    measured: list[Stop] = []
    for stop in stops:
        before, here = measured[-1].point if measured else None, stop.point
        on = round(metres(before, here)) if before and here else None
        measured.append(replace(stop, metres_on=on))
    return measured
