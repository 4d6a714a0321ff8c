"""The pages of a task, and of what was set aside from a device."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import insert, select

from server.access.tables import DeviceRow, SetAsideRow
from server.spine import clock
from server.spine.tables import CommandRow, DetailRow
from server.worktray.commands import FinishTask, RaiseTask
from server.worktray.tables import ExaminationRow, TaskRow
from tests.server.day import Browser, Day, Household, new_id


@pytest.fixture
def browser(day: Day) -> Browser:
    return day.browser(day.caseworker)


@pytest.fixture
def household(day: Day) -> Household:
    return day.household("Wilfred Arkwright")


def task(day: Day, household: Household, **more: Any) -> str:
    asked = {"kind": "find_liable", "account_id": household.account_ids[0], **more}
    command = RaiseTask(task_id=new_id(), **asked)
    day.give(day.caseworker, command)
    return command.task_id


def row(day: Day, task_id: str) -> TaskRow:
    with day.session() as session:
        found = session.scalars(select(TaskRow).where(TaskRow.task_id == task_id)).one()
        session.expunge(found)
        return found


def test_a_task_shows_what_it_is_about_and_what_to_do(
    day: Day, browser: Browser, household: Household
) -> None:
    task_id = task(day, household, note="Keys are with\nthe agent")
    page = browser.get(f"/tasks/{task_id}")
    for words in (
        "Find who is liable",
        "£1,234.56",
        "Keys are with<br>the agent",
        "Saltmarsh Terrace",
        "Nobody yet",
        "I will do it",
    ):
        assert words in page


def test_a_task_is_taken_given_on_and_put_back(
    day: Day, browser: Browser, household: Household
) -> None:
    task_id = task(day, household)
    url = f"/tasks/{task_id}/owner"
    assert "The task has been given out" in browser.follow(url, owner_id=day.caseworker.user_id)
    assert row(day, task_id).owner_id == day.caseworker.user_id
    browser.post(url, owner_id=day.supervisor.user_id)
    assert row(day, task_id).owner_id == day.supervisor.user_id
    assert "waits for anybody again" in browser.follow(url, owner_id="")
    assert row(day, task_id).owner_id is None
    browser.post(url, 400, owner_id="nobody")


def test_a_task_is_done_with_what_came_of_it(
    day: Day, browser: Browser, household: Household
) -> None:
    task_id = task(day, household)
    url = f"/tasks/{task_id}/done"
    assert "Enter what came of it" in browser.post(url, 422)
    assert "The task is done" in browser.follow(url, note="It is the landlord")
    assert row(day, task_id).done_by == day.caseworker.user_id
    assert "This task is done." in browser.get(f"/tasks/{task_id}")


def test_a_task_somebody_else_finished_says_so_and_keeps_what_was_written(
    day: Day, browser: Browser, household: Household
) -> None:
    task_id = task(day, household)
    day.give(day.supervisor, FinishTask(task_id=task_id, note="Found"))
    page = browser.post(f"/tasks/{task_id}/done", 409, note="It is the landlord")
    assert "This task has already been finished" in page
    assert "It is the landlord" in page
    browser.post(f"/tasks/{task_id}/owner", 409, owner_id=day.caseworker.user_id)


def test_a_task_is_raised_from_a_case(day: Day, browser: Browser, household: Household) -> None:
    page = browser.get(f"/tasks/new?case_id={household.case_id}")
    assert household.case_id in page
    assert household.name in page
    assert f'<a href="/cases/{household.case_id}"' in page
    assert "Find who is liable" not in page
    task_id = new_id()
    asked = {
        "command_id": task_id,
        "case_id": household.case_id,
        "kind": "ring_back",
        "note": "After six",
        "owner_id": day.supervisor.user_id,
    }
    there = browser.post("/tasks/new", **asked)
    assert there == browser.post("/tasks/new", **asked) == f"/tasks/{task_id}"
    assert row(day, task_id).owner_id == day.supervisor.user_id


def test_a_task_about_nothing_or_of_no_kind_is_refused(
    day: Day, browser: Browser, household: Household
) -> None:
    assert "Open the case, the person or the account first" in browser.get("/tasks/new")
    page = browser.post("/tasks/new", 422, note="After six", case_id=household.case_id)
    assert "Select what is to be done" in page
    assert "After six" in page
    page = browser.post("/tasks/new", 422, kind="ring_back", case_id="nonsense")
    assert "Choose the account, the person or the case it is about" in page


def test_tasks_are_worked_by_those_who_may(day: Day, household: Household) -> None:
    task_id = task(day, household)
    onlooker = day.browser(day.someone("Olive Look", ("worktray.see",)))
    page = onlooker.get(f"/tasks/{task_id}")
    assert "It is done" not in page
    onlooker.post(f"/tasks/{task_id}/owner", 403)
    onlooker.post(f"/tasks/{task_id}/done", 403)
    onlooker.get("/tasks/new", 403)
    onlooker.post("/tasks/new", 403)
    day.browser(day.amina).get(f"/tasks/{task_id}", 403)
    onlooker.get(f"/tasks/{new_id()}", 404)


SENT = (
    b'{"name":"RecordVisit","body":{"notes":"<b>Shouted","outcome":"no_answer",'
    b'"happened_at":"2027-03-04T14:05:00+00:00","others_met":["?"]}}'
)


@pytest.fixture
def aside(day: Day) -> str:
    """A visit of an officer who never had its case, set aside whole."""
    command_id, device_id = new_id(), new_id()
    with day.session() as session:
        session.execute(
            insert(DeviceRow).values(
                device_id=device_id,
                officer_id=day.amina.user_id,
                public_key=b"k" * 32,
                name="Tablet 7",
                words="",
                state="active",
                enrolled_at=clock.now(),
            )
        )
        detail_id = session.scalar(
            insert(DetailRow).values(salt=b"s", body=SENT).returning(DetailRow.detail_id)
        )
        session.execute(
            insert(CommandRow).values(
                command_id=command_id,
                payload_hash="a" * 64,
                name="RecordVisit",
                actor_id=day.amina.user_id,
                device_id=device_id,
                store_id=new_id(),
                lane="ordinary",
                seq=1,
                happened_at=clock.now(),
                received_at=clock.now(),
                outcome="quarantined",
                code="authority.never_assigned",
                detail_id=detail_id,
            )
        )
        session.execute(
            insert(SetAsideRow).values(
                store_id=new_id(),
                device_id=device_id,
                digest="b" * 64,
                code="envelope.unreadable",
                body=b"\xff\x00 not JSON",
                received_at=clock.now(),
            )
        )
    return command_id


def test_what_was_set_aside_waits_until_somebody_has_looked(day: Day, aside: str) -> None:
    browser = day.browser(day.supervisor)
    page = browser.get("/?tray=aside")
    for words in ("A visit", "Amina Osei", "Tablet 7", "Something that could not be read"):
        assert words in page
    page = browser.get(f"/set-aside/{aside}")
    assert "&lt;b&gt;Shouted" in page
    for words in ("4 March 2027 at 2:05pm", "What happened?", "No answer", "&#34;no_answer&#34;"):
        assert words in page
    assert "Anyone else you met" not in page
    assert "The case was never assigned to this officer" in page
    assert "Enter what you have done about it" in browser.post(f"/set-aside/{aside}", 422)
    browser.post(f"/set-aside/{aside}", note="Gave her the case")
    browser.post(f"/set-aside/{aside}", note="Again")
    with day.session() as session:
        (found,) = session.scalars(select(ExaminationRow))
        assert (found.subject, found.note) == (aside, "Gave her the case")
    assert f"/set-aside/{aside}" not in browser.get("/?tray=aside")
    assert "Sunita Rao looked at this" in browser.get(f"/set-aside/{aside}")


def test_bytes_that_were_no_command_can_be_looked_at_too(day: Day, aside: str) -> None:
    browser = day.browser(day.supervisor)
    url = f"/set-aside/{'b' * 64}"
    assert "\\xff\\x00 not JSON" in browser.get(url)
    browser.post(url, note="Sent to the makers")
    browser.post(f"/set-aside/{aside}", note="Seen")
    assert "Nothing waits here" in browser.get("/?tray=aside")


def test_what_was_set_aside_is_for_those_who_may_examine_it(day: Day, aside: str) -> None:
    day.browser(day.caseworker).get(f"/set-aside/{aside}", 403)
    day.browser(day.caseworker).post(f"/set-aside/{aside}", 403)
    supervisor = day.browser(day.supervisor)
    supervisor.get("/set-aside/nonsense", 404)
    supervisor.get(f"/set-aside/{new_id()}", 404)
