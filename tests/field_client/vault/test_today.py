"""Shows that a day is put in order by what is due, with the reason, whatever the clock says."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from field_client.vault.cases import next_time, summarise
from field_client.vault.pending import case_views
from field_client.vault.store import Store
from field_client.vault.today import Day, plan_day, walking_order
from tests.field_client.vault.sample import (
    COLLEAGUE,
    OFFICER,
    Bodies,
    case,
    fill,
    hold,
    id_of,
    marker,
    person,
    place,
    visit,
)

NOON = datetime(2026, 11, 18, 12, tzinfo=UTC)
TODAY = date(2026, 11, 18)
HERE = place("1 Market Place", "QZ1 1AA")


def day_of(store: Store, *cases: tuple[str, Bodies], now: datetime = NOON) -> Day:
    fill(store, cases, now)
    return plan_day(case_views(store, OFFICER).values(), OFFICER, now)


def names(day: Day, group: str) -> list[str]:
    return [stop.case.name for stop in day.stops[group]]


def test_each_case_stands_where_its_plan_and_its_past_put_it(store: Store) -> None:
    tried = {id_of("try"): visit(NOON - timedelta(days=3))}
    day = day_of(
        store,
        case("Late", HERE, planned_on=TODAY - timedelta(days=2)),
        case("Due", HERE, planned_on=TODAY),
        case("Tried", HERE, planned_on=TODAY + timedelta(days=2), visit=dict(tried)),
        case(
            "Tried and not planned", HERE, visit={id_of("try 2"): visit(NOON - timedelta(days=3))}
        ),
        case("Later", HERE, planned_on=TODAY + timedelta(days=2)),
        case("Unplanned", HERE),
    )
    assert names(day, "overdue") == ["Late"]
    assert names(day, "today") == ["Due"]
    assert sorted(names(day, "tried")) == ["Tried", "Tried and not planned"]
    assert names(day, "later") == ["Later"]
    assert [each.name for each in day.unplanned] == ["Unplanned"]
    assert day.stops["overdue"][0].days_overdue == 2
    assert day.count == 5


def test_the_day_turns_at_midnight_in_london(store: Store) -> None:
    summer = datetime(2026, 7, 1, 23, 30, tzinfo=UTC)
    day = day_of(store, case("Due", HERE, planned_on=date(2026, 7, 2)), now=summer)
    assert names(day, "today") == ["Due"]


def test_a_colleague_s_plan_is_not_mine(store: Store) -> None:
    day = day_of(store, case("Theirs", HERE, planned_on=TODAY, officer_id=COLLEAGUE))
    assert day.count == 0
    assert [each.name for each in day.unplanned] == ["Theirs"]


def test_a_closed_case_is_nowhere_to_go(store: Store) -> None:
    day = day_of(store, case("Closed", HERE, planned_on=TODAY, open=False))
    assert (day.count, day.unplanned) == (0, ())


def test_risk_comes_first_then_the_longest_due_then_the_nearest(store: Store) -> None:
    def of(name: str, days: int, north: float, *, risk: bool = False) -> tuple[str, Bodies]:
        warned = {"marker": {id_of(f"marker {name}"): marker()}} if risk else {}
        where = place("A street", "QZ1 1AA", north=north)
        return case(name, where, planned_on=TODAY - timedelta(days=days), **warned)

    day = day_of(
        store,
        of("a near", 1, 10),
        of("b far", 1, 900),
        of("c between", 1, 300),
        of("d longest due", 5, 5_000),
        of("e risk", 1, 9_000, risk=True),
    )
    assert names(day, "overdue") == ["e risk", "d longest due", "b far", "c between", "a near"]
    assert [stop.metres_on for stop in day.stops["overdue"]] == [None, 4000, 4100, 600, 290]


def test_what_was_done_today_is_shown_as_done_and_not_asked_for_again(store: Store) -> None:
    day = day_of(
        store,
        case("Done", HERE, visit={id_of("done"): visit(NOON - timedelta(hours=1), "no_answer")}),
    )
    assert [each.case.name for each in day.done] == ["Done"]
    assert (day.count, day.unplanned) == (0, ())


def test_a_visit_sent_back_is_shown_to_whoever_made_it(store: Store) -> None:
    back = {"review": "returned", "comments": []}
    day = day_of(
        store,
        case("Mine", HERE, visit={id_of("mine"): visit(NOON - timedelta(days=4), **back)}),
        case(
            "Theirs",
            HERE,
            visit={id_of("x"): visit(NOON - timedelta(days=4), officer_id=COLLEAGUE, **back)},
        ),
    )
    assert [each.case.name for each in day.returned] == ["Mine"]


def test_somebody_who_came_to_the_door_ends_the_count_of_tries(store: Store) -> None:
    visits = {
        id_of("1"): visit(NOON - timedelta(days=9)),
        id_of("2"): visit(NOON - timedelta(days=8), "spoke_to_someone_else"),
        id_of("3"): visit(NOON - timedelta(days=7)),
        id_of("4"): visit(NOON - timedelta(days=6)),
    }
    fill(store, [case("Tried", HERE, visit=visits)], NOON)
    (view,) = case_views(store, OFFICER).values()
    assert len(summarise(view, TODAY).tries) == 2


def test_a_hold_counts_on_its_days_alone(store: Store) -> None:
    holds = {
        id_of("over"): hold("Held", until=TODAY.isoformat()),
        id_of("now"): hold("Held", "dispute", until=(TODAY + timedelta(days=1)).isoformat()),
        id_of("to come"): hold("Held", from_on=(TODAY + timedelta(days=1)).isoformat()),
    }
    fill(store, [case("Held", HERE, hold=holds)], NOON)
    (view,) = case_views(store, OFFICER).values()
    assert [each.reason for each in summarise(view, TODAY).holds] == ["dispute"]


def test_a_case_about_an_address_goes_to_the_address(store: Store) -> None:
    case_id, bodies = case("Nobody", HERE)
    place_id = id_of("the door")
    bodies["case"][case_id].update(person_id=None, address_id=place_id)
    bodies["person"] = {}
    bodies["place"] = {place_id: place("7 Quarry Bank", "QZ5 5AA")}
    fill(store, [(case_id, bodies)], NOON)
    (view,) = case_views(store, OFFICER).values()
    summary = summarise(view, TODAY)
    assert (summary.name, summary.door) == ("", "7 Quarry Bank, QZ5\N{NO-BREAK SPACE}5AA")


def test_where_someone_lived_before_is_no_place_to_go(store: Store) -> None:
    case_id, bodies = case("Moved", HERE)
    old = {**place("9 Osier Bank", "QZ2 1AA"), "address_id": id_of("o"), "from_on": None,
           "until": "2025-01-01"}  # fmt: skip
    bodies["person"] = {id_of("person Moved"): person("Moved", addresses=[old])}
    fill(store, [(case_id, bodies)], NOON)
    (view,) = case_views(store, OFFICER).values()
    assert summarise(view, TODAY).place is None


def test_stops_without_a_position_come_after_the_walk(store: Store) -> None:
    nowhere = {**place("Somewhere", "QZ1 1AB"), "latitude": None, "longitude": None}
    day = day_of(
        store,
        case("A nowhere", nowhere, planned_on=TODAY),
        case("B here", HERE, planned_on=TODAY),
    )
    assert [stop.case.name for stop in walking_order(day.due())] == ["B here", "A nowhere"]
    assert [stop.case.name for stop in walking_order([])] == []


@pytest.mark.parametrize(
    ("tried", "best"),
    [
        ([], "evening"),
        ([datetime(2026, 11, 18, 19, tzinfo=UTC)], "weekend"),
        (
            [datetime(2026, 11, 18, 19, tzinfo=UTC), datetime(2026, 11, 21, 11, tzinfo=UTC)],
            "morning",
        ),
        ([datetime(2026, 7, 1, 16, 30, tzinfo=UTC)], "weekend"),  # half past five in London
    ],
)
def test_the_next_try_is_at_a_time_least_tried(tried: list[datetime], best: str) -> None:
    assert next_time(tried) == best
