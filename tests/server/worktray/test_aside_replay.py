"""What was set aside is put right and recorded in its officer's name, once, by the real rules."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from sqlalchemy import select

from server.access.tables import SetAsideRow
from server.cases.tables import CaseRow
from server.spine import clock
from server.spine.tables import ChangeRow, CommandRow, FieldRecordRow
from server.visits.tables import VisitRow
from server.worktray.tables import ReplayRow
from shared.schemas import digest
from sync.office_steps import Aside
from tests.server.day import Browser, Day, Household, new_id
from tests.server.worktray.sending import HAPPENED_AT, Tablet


@pytest.fixture
def theirs(day: Day) -> Household:
    """Somebody's case, which Amina has."""
    return day.household("Maryam Castellanos", officers=[day.amina])


@pytest.fixture
def strangers(day: Day) -> Household:
    """A case Amina never had."""
    return day.household("Zofia Nowak", officers=[day.bryn])


def reference(day: Day, case_id: str) -> str:
    with day.session() as session:
        return session.scalars(select(CaseRow.reference).where(CaseRow.case_id == case_id)).one()


def visits(day: Day) -> list[Any]:
    row = VisitRow
    with day.session() as session:
        return list(
            session.execute(select(row.visit_id, row.case_id, row.officer_id, row.happened_at))
        )


def aside_of(written: bytes) -> str:
    return str(json.loads(written)["command_id"])


def fields_of(page: str, **said: str) -> dict[str, str]:
    """Read what the form offers, with some answers changed."""
    form = page[page.rindex("<form", 0, page.rindex("Record it in the officer")) :]
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form))
    text = dict(re.findall(r'<textarea[^>]*name="(\w+)"[^>]*>\s*([^<]*?)\s*</textarea>', form))
    chosen = re.findall(r'name="(\w+)" type="radio" value="(\w+)" checked', form)
    return {**hidden, **text, **dict(chosen), **said}


def record(browser: Browser, subject: str, case: str, /, status: int = 303, **said: str) -> str:
    url = f"/set-aside/{subject}/record"
    page = browser.get(f"{url}?case={case}")
    return browser.post(url, status, **fields_of(page, **said))


def test_a_visit_to_the_wrong_case_is_recorded_on_the_right_one(
    day: Day, theirs: Household, strangers: Household
) -> None:
    tablet = Tablet(day, day.amina)
    written = tablet.visit(strangers.case_id)
    assert tablet.send(written).receipts[0].code == "authority.never_assigned"
    browser, subject = day.browser(day.supervisor), aside_of(written)
    page = browser.get(f"/set-aside/{subject}")
    assert "Put it right and record it" in page

    said = record(browser, subject, reference(day, theirs.case_id), notes="Curtains were drawn")

    page = browser.get(said)
    assert "Recorded in the officer’s name" in page
    assert "Sunita Rao recorded this in the officer’s name" in page
    assert "Put it right and record it" not in page
    (visit,) = visits(day)
    assert (visit.case_id, visit.officer_id) == (theirs.case_id, day.amina.user_id)
    assert visit.happened_at.isoformat() == HAPPENED_AT
    assert visit.visit_id == json.loads(written)["body"]["visit_id"]
    assert "Curtains were drawn" in browser.get(f"/visits/{visit.visit_id}")
    assert subject not in browser.get("/?tray=aside")
    with day.session() as session:
        replay = session.scalars(select(ReplayRow)).one()
        command = session.get_one(CommandRow, replay.replay_id)
        line = session.scalars(select(ChangeRow).where(ChangeRow.name == "VisitRecorded")).one()
        assert (replay.subject, replay.original_id) == (subject, subject)
        assert command.actor_id == line.actor_id == day.supervisor.user_id, "who did it"
        assert command.happened_at.isoformat() == HAPPENED_AT


@pytest.mark.parametrize("notes", ["100% sure it was his car", "paid %d of it", "50%"])
def test_what_an_officer_typed_is_shown_as_typed_whatever_signs_are_in_it(
    day: Day, strangers: Household, notes: str
) -> None:
    tablet = Tablet(day, day.amina)
    written = tablet.visit(strangers.case_id, notes=notes)
    tablet.send(written)
    assert notes in day.browser(day.supervisor).get(f"/set-aside/{aside_of(written)}")


def test_the_officer_is_told_on_the_device(
    day: Day, theirs: Household, strangers: Household
) -> None:
    tablet = Tablet(day, day.amina)
    written = tablet.visit(strangers.case_id)
    tablet.send(written)
    record(day.browser(day.supervisor), aside_of(written), reference(day, theirs.case_id))

    records = {r.record_id: r for r in tablet.send().page.records if r.kind == "set_aside"}

    told = json.loads(records[aside_of(written)].body or "{}")
    assert (records[aside_of(written)].case_id, told["state"]) == (theirs.case_id, "recorded")


def test_pressing_twice_records_it_once(day: Day, theirs: Household, strangers: Household) -> None:
    tablet = Tablet(day, day.amina)
    written = tablet.visit(strangers.case_id)
    tablet.send(written)
    browser, url = day.browser(day.supervisor), f"/set-aside/{aside_of(written)}/record"
    page = browser.get(f"{url}?case={reference(day, theirs.case_id)}")
    said = fields_of(page)
    browser.post(url, **said)
    browser.post(url, **said)
    assert len(visits(day)) == 1
    other = {**said, "command_id": new_id()}
    assert "This has been recorded already" in browser.post(url, 409, **other)
    assert len(visits(day)) == 1


def test_what_the_rules_refuse_is_said_and_nothing_is_recorded(
    day: Day, theirs: Household, strangers: Household
) -> None:
    tablet = Tablet(day, day.amina)
    body = {
        "contact_id": new_id(),
        "case_id": strangers.case_id,
        "person_id": strangers.person_id,
        "number": "07700900123",
    }
    written = tablet.write("RecordPhoneNumber", body)
    tablet.send(written)
    browser, subject = day.browser(day.supervisor), aside_of(written)
    ref = reference(day, theirs.case_id)

    page = record(browser, subject, ref, 422, number="nonsense", person_id=theirs.person_id)
    assert "nonsense" in page, "what was typed is still there"
    said = record(browser, subject, ref, number="07700900124", person_id=theirs.person_id)
    assert "Recorded in the officer’s name" in browser.get(said)

    visit = tablet.visit(strangers.case_id)
    again = tablet.write("RecordVisit", json.loads(visit)["body"])
    tablet.send(visit, again)
    record(browser, aside_of(visit), ref)
    page = record(browser, aside_of(again), ref, 409)
    assert "already" in page
    assert len(visits(day)) == 1
    with day.session() as session:
        assert len(session.scalars(select(ReplayRow)).all()) == 2


def test_a_fault_that_has_passed_is_recorded_as_it_was_sent(day: Day, theirs: Household) -> None:
    tablet = Tablet(day, day.amina)
    written = tablet.visit(theirs.case_id)
    with day.behind_its_back() as session:
        session.connection().exec_driver_sql(
            "CREATE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'a fault'; END $$"
        )
        session.connection().exec_driver_sql(
            "CREATE TRIGGER broken BEFORE INSERT ON visit FOR EACH ROW EXECUTE FUNCTION broken()"
        )
    assert tablet.send(written).receipts[0].code == "command.failed"
    with day.behind_its_back() as session:
        session.connection().exec_driver_sql("DROP TRIGGER broken ON visit")
    browser, subject = day.browser(day.supervisor), aside_of(written)

    page = browser.get(f"/set-aside/{subject}/record")
    assert "Curtains drawn" in page, "the case it was sent for is at hand already"
    browser.post(f"/set-aside/{subject}/record", **fields_of(page))

    (visit,) = visits(day)
    assert (visit.case_id, visit.officer_id) == (theirs.case_id, day.amina.user_id)


def test_what_waits_beside_it_is_recorded_with_it(
    day: Day, theirs: Household, strangers: Household
) -> None:
    tablet = Tablet(day, day.amina)
    visit = tablet.visit(strangers.case_id)
    visit_id = json.loads(visit)["body"]["visit_id"]
    answer = tablet.write(
        "RecordVisitAnswer",
        {
            "answer_id": new_id(),
            "visit_id": visit_id,
            "case_id": theirs.case_id,
            "answer": "In March",
        },
    )
    assert tablet.send(visit).receipts[0].code == "authority.never_assigned"
    assert tablet.send(answer).receipts[0].code == "command.waits"
    browser = day.browser(day.supervisor)

    said = record(browser, aside_of(visit), reference(day, theirs.case_id))

    assert "could not be recorded" not in browser.get(said)
    assert "Nothing waits here" in browser.get("/?tray=aside")
    with day.session() as session:
        names = session.scalars(select(ChangeRow.name).where(ChangeRow.name == "VisitAnswered"))
        assert len(names.all()) == 1


def test_bytes_nobody_could_read_are_recorded_as_what_the_officer_says_they_were(
    day: Day, theirs: Household
) -> None:
    tablet = Tablet(day, day.amina)
    tablet.send(b'{"no":"envelope"}')
    browser = day.browser(day.supervisor)
    (subject,) = re.findall(r"/set-aside/([0-9a-f]{64})", browser.get("/?tray=aside"))
    ref = reference(day, theirs.case_id)

    page = browser.get(f"/set-aside/{subject}/record?kind=AddMarker&case={ref}")
    assert "Who is it about?" in page
    page = browser.post(
        f"/set-aside/{subject}/record", 422, **fields_of(page, person_id=theirs.person_id)
    )
    assert "error" in page
    record(browser, subject, ref, outcome="no_answer", notes="She said so on the telephone")
    assert len(visits(day)) == 1


def test_bytes_of_a_device_nobody_knows_can_be_looked_at_and_not_recorded(day: Day) -> None:
    body = b"nothing that anybody can read"
    subject = digest(body)
    with day.session() as session:
        session.add(
            SetAsideRow(
                store_id=new_id(),
                device_id=new_id(),
                digest=subject,
                code="envelope.unreadable",
                body=body,
                received_at=clock.now(),
            )
        )
    browser = day.browser(day.supervisor)
    page = browser.get(f"/set-aside/{subject}")
    assert "nothing that anybody can read" in page
    assert "Put it right and record it" not in page
    browser.get(f"/set-aside/{subject}/record", 404)


def test_what_comes_by_itself_after_all_has_no_second_effect(day: Day, theirs: Household) -> None:
    """A suspended officer's visit is recorded by a supervisor; then they are reinstated."""
    tablet = Tablet(day, day.amina)
    written = tablet.visit(theirs.case_id)
    with day.app.app_context():
        tablet.office().set_aside(tablet.store_id, [Aside(written, "device.suspended")])
    browser = day.browser(day.supervisor)
    page = browser.get("/?tray=aside")
    assert "A visit" in page
    (subject,) = re.findall(r"/set-aside/([0-9a-f]{64})", page)
    record(browser, subject, reference(day, theirs.case_id))

    (receipt,) = tablet.send(written).receipts

    assert receipt.outcome == "duplicate"
    assert len(visits(day)) == 1
    after = tablet.visit(theirs.case_id)
    (receipt,) = tablet.send(after).receipts
    assert (receipt.outcome, receipt.flags) == ("applied", ()), "its lane goes on"


def test_what_has_come_by_itself_leaves_the_list_and_is_not_recorded_again(
    day: Day, theirs: Household
) -> None:
    tablet = Tablet(day, day.amina)
    written = tablet.visit(theirs.case_id)
    with day.app.app_context():
        tablet.office().set_aside(tablet.store_id, [Aside(written, "device.suspended")])
    browser = day.browser(day.supervisor)
    (subject,) = re.findall(r"/set-aside/([0-9a-f]{64})", browser.get("/?tray=aside"))
    page = browser.get(f"/set-aside/{subject}/record")
    tablet.send(written)

    assert "Nothing waits here" in browser.get("/?tray=aside")
    assert "arrived by itself since" in browser.get(f"/set-aside/{subject}")
    refused = browser.post(f"/set-aside/{subject}/record", 409, **fields_of(page))
    assert "has arrived by itself meanwhile" in refused
    assert len(visits(day)) == 1


def test_a_reference_nobody_knows_is_asked_for_again(day: Day, strangers: Household) -> None:
    tablet = Tablet(day, day.amina)
    written = tablet.visit(strangers.case_id)
    tablet.send(written)
    url = f"/set-aside/{aside_of(written)}/record"
    page = day.browser(day.supervisor).get(f"{url}?case=C-nothing")
    assert "No case has this reference" in page
    assert "C-nothing" in page
    day.browser(day.supervisor).post(url, 400, case_id=new_id(), command_id=new_id())


def test_only_those_who_may_record_for_others_do(day: Day, strangers: Household) -> None:
    tablet = Tablet(day, day.amina)
    written = tablet.visit(strangers.case_id)
    tablet.send(written)
    url = f"/set-aside/{aside_of(written)}"
    examiner = day.browser(day.someone("Eve Examiner", ("worktray.see", "aside.examine")))
    assert "Put it right" not in examiner.get(url)
    examiner.get(f"{url}/record", 403)
    examiner.post(f"{url}/record", 403)
    supervisor = day.browser(day.supervisor)
    supervisor.get(f"/set-aside/{new_id()}/record", 404)


def test_a_closed_one_tells_the_officer_why(day: Day, theirs: Household) -> None:
    tablet = Tablet(day, day.amina)
    body = {"visit_id": new_id(), "case_id": theirs.case_id}
    written = tablet.write("RecordSomethingNew", body)
    assert tablet.send(written).receipts[0].code == "command.unknown"
    day.browser(day.supervisor).post(f"/set-aside/{aside_of(written)}", note="Rang her about it")
    with day.session() as session:
        (body,) = session.scalars(
            select(FieldRecordRow.body).where(FieldRecordRow.kind == "set_aside")
        )
    assert json.loads(body or "{}")["note"] == "Rang her about it"
