"""Tasks: raised once for an account, given to who works here, finished once."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from server.spine import clock
from server.spine.orders import Order
from server.worktray.commands import AssignTask, FinishTask, RaiseTask
from server.worktray.tables import TaskRow
from shared.commands import Outcome
from shared.errors import RuleBroken
from tests.server.day import Day, Household, new_id


@pytest.fixture
def household(day: Day) -> Household:
    return day.household("Wilfred Arkwright")


def find_liable(household: Household, **more: Any) -> RaiseTask:
    return RaiseTask(
        task_id=new_id(), kind="find_liable", account_id=household.account_ids[0], **more
    )


def tasks(day: Day) -> list[TaskRow]:
    with day.session() as session:
        found = list(session.scalars(select(TaskRow).order_by(TaskRow.raised_at)))
        session.expunge_all()
        return found


def test_a_task_is_raised_given_and_finished(day: Day, household: Household) -> None:
    command = find_liable(household, note="Nobody on the account")
    day.give(day.caseworker, command)
    day.give(day.caseworker, AssignTask(task_id=command.task_id, owner_id=day.supervisor.user_id))
    day.give(day.supervisor, FinishTask(task_id=command.task_id, note="It is the landlord"))
    (task,) = tasks(day)
    assert task.note == "Nobody on the account"
    assert task.owner_id == day.supervisor.user_id
    assert task.done_by == day.supervisor.user_id


def test_an_account_waits_for_one_task_of_a_kind(day: Day, household: Household) -> None:
    first = find_liable(household)
    day.give(day.caseworker, first)
    assert day.give(day.caseworker, find_liable(household)).outcome is Outcome.NO_CHANGE
    assert len(tasks(day)) == 1
    day.give(day.caseworker, FinishTask(task_id=first.task_id, note="Done"))
    assert day.give(day.caseworker, find_liable(household)).outcome is Outcome.APPLIED


def test_many_tasks_at_once_are_one_an_account(day: Day, household: Household) -> None:
    other = day.household("Maryam Castellanos")
    commands = [find_liable(household), find_liable(other), find_liable(household)]
    now = clock.now()
    orders = [
        Order(
            command=command,
            command_id=new_id(),
            actor=day.caseworker.actor,
            happened_at=now,
        )
        for command in commands
    ]
    with day.app.app_context():
        results = day.app.extensions["fieldfare"]["door"].execute_many(orders, now=now)
    assert [r.outcome for r in results] == [Outcome.APPLIED, Outcome.APPLIED, Outcome.NO_CHANGE]


def test_two_commands_about_one_task_sent_together_are_decided_in_turn(
    day: Day, household: Household
) -> None:
    command = find_liable(household)
    day.give(day.caseworker, command)
    now = clock.now()
    orders = [
        Order(
            command=FinishTask(task_id=command.task_id, note=note),
            command_id=new_id(),
            actor=day.caseworker.actor,
            happened_at=now,
        )
        for note in ("First", "Second")
    ]
    with day.app.app_context():
        results = day.app.extensions["fieldfare"]["door"].execute_many(orders, now=now)
    assert [r.code for r in results] == [None, "task.finished"]


def test_a_task_given_to_the_same_again_changes_nothing(day: Day, household: Household) -> None:
    command = find_liable(household)
    day.give(day.caseworker, command)
    again = AssignTask(task_id=command.task_id, owner_id=None)
    assert day.give(day.caseworker, again).outcome is Outcome.NO_CHANGE


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"account_id": None}, "task.about_nothing"),
        ({"account_id": new_id()}, "task.subject_unknown"),
        ({"person_id": new_id()}, "task.subject_unknown"),
        ({"case_id": new_id()}, "task.subject_unknown"),
        ({"owner_id": new_id()}, "task.owner_unknown"),
    ],
)
def test_a_task_that_cannot_be_raised_says_why(
    day: Day, household: Household, change: dict[str, str], code: str
) -> None:
    asked: dict[str, Any] = {"account_id": household.account_ids[0], **change}
    with pytest.raises(RuleBroken) as refusal:
        day.give(day.caseworker, RaiseTask(task_id=new_id(), kind="find_liable", **asked))
    assert refusal.value.code == code


def test_a_task_id_is_used_once(day: Day, household: Household) -> None:
    command = find_liable(household)
    day.give(day.caseworker, command)
    with pytest.raises(RuleBroken) as refusal:
        day.give(day.caseworker, command)
    assert refusal.value.code == "task.exists"


def test_a_task_is_not_given_to_someone_who_does_not_see_the_worktray(
    day: Day, household: Household
) -> None:
    command = find_liable(household)
    day.give(day.caseworker, command)
    for nobody in (day.amina.user_id, day.someone("Gone", ("worktray.see",), active=False).user_id):
        with pytest.raises(RuleBroken) as refusal:
            day.give(day.caseworker, AssignTask(task_id=command.task_id, owner_id=nobody))
        assert refusal.value.code == "task.owner_unknown"


def test_an_unknown_task_and_a_finished_one_are_refused(day: Day, household: Household) -> None:
    with pytest.raises(RuleBroken) as refusal:
        day.give(day.caseworker, FinishTask(task_id=new_id(), note="Done"))
    assert refusal.value.code == "task.unknown"
    command = find_liable(household)
    day.give(day.caseworker, command)
    day.give(day.caseworker, FinishTask(task_id=command.task_id, note="Done"))
    with pytest.raises(RuleBroken) as again:
        day.give(day.caseworker, AssignTask(task_id=command.task_id, owner_id=None))
    assert again.value.code == "task.finished"


def test_an_officer_raises_no_task(day: Day, household: Household) -> None:
    with pytest.raises(RuleBroken) as refusal:
        day.give(day.amina, find_liable(household))
    assert refusal.value.code == "authority.lacking"
