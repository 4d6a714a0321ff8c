"""What to do next about each thing that waits, and why."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from server.worktray.advice import Due, about_due_visit, about_task, about_unknown_payer

TODAY = date(2027, 3, 4)
DUE = Due(
    planned_on=TODAY - timedelta(days=2),
    officer="Amina Osei",
    case_open=True,
    still_assigned=True,
    held=False,
    device_seen_at=datetime(2027, 3, 4, 8, tzinfo=UTC),
)


@pytest.mark.parametrize(
    ("change", "action", "reason"),
    [
        ({}, "Plan another day, or call it off", "Planned for 2 March 2027 and not made"),
        ({"case_open": False}, "Call the visit off", "The case is closed"),
        (
            {"still_assigned": False},
            "Give it to an officer, or call it off",
            "Amina Osei no longer has the case",
        ),
        (
            {"held": True},
            "Call it off, unless the hold allows it",
            "Recovery of a debt on the case is on hold",
        ),
        ({"planned_on": TODAY}, "Nothing yet", "It is planned for today"),
        (
            {"device_seen_at": None},
            "Ring Amina Osei",
            "Planned for 2 March 2027, and the officer’s device has not connected since",
        ),
        (
            {"device_seen_at": datetime(2027, 3, 2, 8, tzinfo=UTC)},
            "Ring Amina Osei",
            "Planned for 2 March 2027, and the officer’s device has not connected since",
        ),
    ],
)
def test_a_due_visit_says_what_to_do_and_why(
    change: dict[str, Any], action: str, reason: str
) -> None:
    advice = about_due_visit(replace(DUE, **change), TODAY)
    assert (str(advice.action), str(advice.reason)) == (action, reason)


def test_a_visit_a_week_overdue_is_urgent() -> None:
    assert about_due_visit(DUE, TODAY).tone == ""
    long_ago = replace(DUE, planned_on=TODAY - timedelta(days=7))
    assert about_due_visit(long_ago, TODAY).tone == "red"


def test_an_unknown_payer_is_looked_for_where_there_is_something_to_go_by() -> None:
    assert str(about_unknown_payer(5_00, "1 High Street").action).endswith("with the address")
    assert "£5.00" in about_unknown_payer(5_00, "1 High Street").reason
    assert "Ask the charging service" in about_unknown_payer(5_00, "").action
    assert "Nothing is owed" in about_unknown_payer(0, "1 High Street").reason


def test_a_task_says_whose_it_is_and_when_it_is_due() -> None:
    def said(**how: Any) -> tuple[str, str, str]:
        asked: dict[str, Any] = {"owner": "", "mine": False, "due_on": None, **how}
        advice = about_task(today=TODAY, **asked)
        return str(advice.action), str(advice.reason), advice.tone

    assert said() == (
        "Take it, or give it to someone",
        "It has no day by which to be done",
        "",
    )
    assert said(mine=True, due_on=TODAY) == ("Do it", "It is due on 4 March 2027", "")
    assert said(owner="Carl", due_on=date(2027, 3, 3)) == (
        "With Carl",
        "It was due on 3 March 2027",
        "red",
    )
