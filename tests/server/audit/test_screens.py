"""History's seal: who sees it, what it says, and an export that is itself an entry."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, select, text, update

from server.audit import jobs, queries
from server.audit.tables import AuditCheckpointRow, AuditEntryRow
from server.spine import clock, worker
from server.spine.settings import FICTIONAL, keep_setting
from server.spine.tables import JobRow, ReadRow
from tests.server.audit.waiting import others_are_over
from tests.server.day import Day, Someone, day, new_id
from tests.server.reading import hidden_of, words_of

__all__ = ["day"]


@pytest.fixture
def auditor(day: Day) -> Someone:
    return day.someone("Ines Okafor", ("audit.see", "audit.export"))


def kept_at(day: Day, folder: Path) -> None:
    fieldfare = day.app.extensions["fieldfare"]
    fieldfare["config"] = replace(fieldfare["config"], checkpoints_to=folder)


def seal(day: Day) -> None:
    """Have the worker's chore come round twice: what was signed is put elsewhere the next time."""
    others_are_over(day.session)
    with day.app.app_context():
        worker.do_chore(jobs.SEAL)
        worker.do_chore(jobs.SEAL)


def test_an_office_that_has_just_begun_says_what_is_to_be_set_up(
    day: Day, auditor: Someone
) -> None:
    browser = day.browser(auditor)
    page = words_of(browser.get("/history-seal"))
    assert "Nothing yet: a worker begins as soon as it runs" in page
    assert "Checkpoints are kept nowhere else" in page
    assert "Export without texts" not in page
    assert "somebody has to name a folder" in words_of(browser.get("/"))
    with day.session() as session:
        keep_setting(session, FICTIONAL, "yes")
    assert "somebody has to name a folder" not in words_of(browser.get("/"))


def test_the_page_says_how_far_it_is_and_where_the_checkpoint_went(
    day: Day, auditor: Someone, tmp_path: Path
) -> None:
    day.household("Osgood")
    kept_at(day, tmp_path)
    seal(day)
    with day.session() as session:
        entries = session.query(AuditEntryRow).count()
    page = words_of(day.browser(auditor).get("/history-seal"))
    assert entries > 1
    for words in (f"Sealed {entries} entries", f"over {entries} entries", str(tmp_path)):
        assert words in page
    assert "kept nowhere else" not in page
    assert len(list(tmp_path.glob("checkpoint-*"))) == 1


def test_a_copy_that_failed_is_said_on_both_pages(
    day: Day, auditor: Someone, tmp_path: Path
) -> None:
    kept_at(day, tmp_path / "gone")
    seal(day)
    browser = day.browser(auditor)
    for address in ("/history-seal", "/"):
        assert "could not be written to its folder" in words_of(browser.get(address))


def test_rows_that_wait_too_long_are_an_alarm_for_those_who_see_to_it(
    day: Day, auditor: Someone
) -> None:
    with day.session() as session:
        session.execute(
            insert(ReadRow).values(
                user_id=new_id(), read_at=clock.now() - timedelta(minutes=11), what="cases.case"
            )
        )
    browser = day.browser(auditor)
    assert "is not sealed yet: see whether a worker runs" in words_of(browser.get("/history-seal"))
    assert "Nothing has been sealed into the history since" in words_of(browser.get("/"))
    assert "sealed into the history" not in words_of(day.browser(day.supervisor).get("/"))
    seal(day)
    assert "see whether a worker runs" not in words_of(browser.get("/history-seal"))


def test_a_verification_is_asked_for_once_and_its_result_is_shown(
    day: Day, auditor: Someone
) -> None:
    day.household("Osgood")
    seal(day)
    browser = day.browser(auditor)
    fields = hidden_of(browser.get("/history-seal"))
    for _twice in range(2):
        browser.post("/history-seal/verify", **fields)
    worker.run_worker(day.app, wait=False)
    assert "Nothing amiss" in words_of(browser.get("/history-seal"))
    with day.session() as session:
        assert len(session.scalars(select(JobRow).where(JobRow.name == jobs.JOB)).all()) == 1
    with day.behind_its_back() as session:
        session.execute(text("UPDATE command SET outcome = 'refused'"))
    browser.post("/history-seal/verify", **hidden_of(browser.get("/history-seal")))
    worker.run_worker(day.app, wait=False)
    page = words_of(browser.get("/history-seal"))
    assert "The sealed history does not hold" in page
    assert "its row was changed" in page
    assert "The sealed history does not hold" in words_of(browser.get("/"))


def test_each_night_one_verification_is_asked_for(day: Day) -> None:
    now = clock.now()
    for _worker in range(2):
        with day.session() as session:
            assert jobs.ask_each_night(session, now) == 1
    with day.session() as session:
        assert len(session.scalars(select(JobRow).where(JobRow.name == jobs.JOB)).all()) == 1


def test_an_export_holds_no_text_and_is_itself_noted(day: Day, auditor: Someone) -> None:
    day.household("Unmistakable")
    client = day.browser(auditor).client
    nothing = client.post("/history-seal/export")
    assert nothing.status_code == 303
    seal(day)
    answer = client.post("/history-seal/export")
    assert answer.status_code == 200
    lines = answer.get_data().splitlines()
    assert json.loads(lines[0])["fieldfare"] == "audit export 1"
    assert b"Unmistakable" not in answer.get_data()
    with day.session() as session:
        (read,) = session.scalars(select(ReadRow).where(ReadRow.what == "audit.export"))
        assert (read.user_id, read.results) == (auditor.user_id, len(lines) - 1)


def test_seeing_the_seal_is_not_exporting_it(day: Day) -> None:
    keeper = day.someone("Kit Archer", ("audit.see",))
    seal(day)
    browser = day.browser(keeper)
    assert "Export without texts" not in words_of(browser.get("/history-seal"))
    assert browser.client.post("/history-seal/export").status_code == 403


def test_many_rows_that_wait_are_not_counted_one_by_one(
    day: Day, auditor: Someone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "WAITING_MAX", 1)
    day.household("Osgood")
    assert "more than 1" in words_of(day.browser(auditor).get("/history-seal"))


def test_what_a_restore_lost_is_said_on_the_page(day: Day, auditor: Someone) -> None:
    figures = {"whole": True, "entries": 7, "held": 7, "superseded": 2}
    with day.session() as session:
        session.execute(
            insert(JobRow).values(
                job_id=new_id(),
                name=jobs.JOB,
                title=jobs.TITLE,
                asked_by=auditor.user_id,
                asked_at=clock.now(),
                ended_at=clock.now(),
                state="done",
                result={"figures": figures},
            )
        )
        session.execute(update(AuditCheckpointRow).values(problem=None))
    page = words_of(day.browser(auditor).get("/history-seal"))
    assert "A restore of the office lost what 2 checkpoints were signed over" in page


def test_two_sealers_at_once_leave_it_to_one(day: Day) -> None:
    with day.session() as session:
        assert jobs.sealing.alone(session)
        with day.session() as other:
            assert jobs.seal_and_sign(other, clock.now()) == 0
