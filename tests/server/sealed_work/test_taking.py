"""What comes sealed is taken by the door of every sync: once, in its order, and never dropped."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest
from sqlalchemy import func, select

from server.access.tables import SetAsideRow
from server.sealed_work import queries, taking
from server.sealed_work.tables import SealedCopyRow
from server.spine.office_box import OfficeBox
from server.spine.tables import ChangeRow, CommandRow
from shared.schemas import digest
from sync.protocol import Place
from sync.sealed import HELD, TAKEN, framed
from sync.wire import NotAMessage
from tests.server.day import Day, Household, day, new_id
from tests.server.sealed_work.sealing import seal, seal_under
from tests.server.worktray.sending import Tablet

__all__ = ["day"]


@pytest.fixture
def box(day: Day) -> OfficeBox:
    found: OfficeBox = day.app.extensions["fieldfare"]["box"]
    return found


@pytest.fixture
def tablet(day: Day) -> Tablet:
    return Tablet(day, day.amina)


@pytest.fixture
def household(day: Day) -> Household:
    return day.household("Iris Cole", officers=[day.amina])


def bring(tablet: Tablet, *copies: bytes, state: str = "active", **how: bool) -> list[str]:
    box = tablet.day.app.extensions["fieldfare"]["box"]
    with tablet.day.app.app_context():
        answers = taking.take(tablet.office(), box, copies, state=state, **how)
    return [answers[digest(copy)] for copy in copies]


def outcomes(day: Day, envelopes: Sequence[bytes]) -> list[str | None]:
    with day.session() as session:
        return [
            session.scalar(
                select(CommandRow.outcome).where(
                    CommandRow.command_id == json.loads(each)["command_id"]
                )
            )
            for each in envelopes
        ]


def visits_recorded(day: Day) -> int:
    with day.session() as session:
        recorded = select(func.count()).where(ChangeRow.name == "VisitRecorded")
        return session.scalar(recorded) or 0


def held(day: Day) -> int:
    with day.session() as session:
        return session.scalar(select(func.count()).select_from(SealedCopyRow)) or 0


def test_a_sealed_visit_is_recorded_as_a_synced_one_and_the_later_sync_doubles_nothing(
    day: Day, box: OfficeBox, tablet: Tablet, household: Household
) -> None:
    visit = tablet.visit(household.case_id)
    assert bring(tablet, seal(box, visit)) == [TAKEN]
    assert outcomes(day, [visit]) == ["applied"]
    assert bring(tablet, seal(box, visit)) == [TAKEN], "sealed anew, it is the same command"
    (receipt,) = tablet.send(visit).receipts
    assert receipt.outcome == "applied"
    assert visits_recorded(day) == 1


def test_a_group_that_comes_in_one_copy_is_decided_together(
    day: Day, box: OfficeBox, tablet: Tablet, household: Household
) -> None:
    group = new_id()
    first = tablet.visit(household.case_id)
    body = {"case_id": new_id(), "visit_id": new_id()}
    both = [
        tablet.write("RecordVisit", json.loads(first)["body"], group=group),
        tablet.write("RecordVisit", body, group=group),
    ]
    assert bring(tablet, seal(box, first), seal(box, *both)) == [TAKEN, TAKEN]
    assert outcomes(day, [first, *both]) == ["applied", "refused", "quarantined"]


def test_what_stands_behind_a_gap_waits_and_is_taken_once_the_gap_is_filled(
    day: Day, box: OfficeBox, tablet: Tablet, household: Household
) -> None:
    first, second, third = (tablet.visit(household.case_id) for _ in range(3))
    assert bring(tablet, seal(box, third)) == [HELD]
    assert bring(tablet, seal(box, second)) == [HELD]
    assert outcomes(day, [second, third]) == [None, None]
    with day.session() as session:
        (waiting,) = queries.waiting(session)
        assert (waiting.copies, waiting.commands, waiting.other_life) == (2, 2, False)
    assert bring(tablet, seal(box, first)) == [TAKEN]
    assert outcomes(day, [first, second, third]) == ["applied"] * 3
    assert held(day) == 0


def test_a_gap_that_a_sync_fills_leaves_nothing_waiting(
    day: Day, box: OfficeBox, tablet: Tablet, household: Household
) -> None:
    first, second = (tablet.visit(household.case_id) for _ in range(2))
    assert bring(tablet, seal(box, second)) == [HELD]
    tablet.send(first, second)
    with day.session() as session:
        assert queries.waiting(session) == []
    assert visits_recorded(day) == 2


def test_what_was_sealed_in_another_life_of_the_office_waits_for_a_person(
    day: Day, box: OfficeBox, tablet: Tablet, household: Household
) -> None:
    visit = tablet.visit(household.case_id)
    copy = seal(box, visit, epoch=new_id())
    assert bring(tablet, copy) == [HELD]
    with day.session() as session:
        (waiting,) = queries.waiting(session)
        assert waiting.other_life
        copies = queries.copies_of(session, tablet.device_id)
    assert copies == [copy]
    assert bring(tablet, copy, other_lives=True) == [TAKEN]
    assert outcomes(day, [visit]) == ["applied"]
    assert held(day) == 0


def test_what_a_revoked_device_brings_is_set_aside_whole_but_for_what_the_office_has(
    day: Day, box: OfficeBox, tablet: Tablet, household: Household
) -> None:
    sent, unsent = (tablet.visit(household.case_id) for _ in range(2))
    tablet.send(sent)
    copies = [seal(box, sent), seal(box, unsent)]
    assert bring(tablet, *copies, state="revoked") == [TAKEN, TAKEN]
    assert bring(tablet, *copies, state="revoked") == [TAKEN, TAKEN]
    assert bring(tablet, copies[0], state="revoked") == [TAKEN]
    with day.session() as session:
        kept = session.execute(select(SetAsideRow.code, SetAsideRow.body)).all()
    assert [(code, bytes(body)) for code, body in kept] == [("device.revoked", unsent)]


def test_a_copy_that_cannot_be_opened_is_set_aside_as_it_came(
    day: Day, box: OfficeBox, tablet: Tablet, household: Household
) -> None:
    visit = tablet.visit(household.case_id)
    copy = seal(box, visit)
    flipped = copy[:-1] + bytes([copy[-1] ^ 1])
    place = Place(command_id=new_id(), lane="ordinary", seq=1)
    short = seal_under(box, tablet.store_id, None, [place], framed([visit, visit]))
    torn = seal_under(box, tablet.store_id, None, [place], b"\0\0\0\xff")
    large = seal_under(box, tablet.store_id, None, [place], framed([bytes(1024 * 1024 + 500)]))
    assert bring(tablet, flipped, short, torn, large) == [TAKEN] * 4
    with day.session() as session:
        kept = session.execute(select(SetAsideRow.code, SetAsideRow.body)).all()
    assert sorted((code, bytes(body)) for code, body in kept) == sorted(
        ("sealed.unreadable", each) for each in (flipped, short, torn, large)
    )


def test_an_envelope_nobody_can_read_keeps_its_place_and_its_lane_goes_on(
    day: Day, box: OfficeBox, tablet: Tablet, household: Household
) -> None:
    place = Place(command_id=new_id(), lane="ordinary", seq=1)
    copy = seal_under(box, tablet.store_id, None, [place], framed([b"what is this"]))
    assert bring(tablet, copy) == [TAKEN]
    with day.session() as session:
        outcome = session.scalar(
            select(CommandRow.outcome).where(CommandRow.command_id == place.command_id)
        )
    assert outcome == "quarantined"


def test_what_is_of_another_devices_vault_is_set_aside(
    day: Day, box: OfficeBox, tablet: Tablet, household: Household
) -> None:
    visit = tablet.visit(household.case_id)
    tablet.send(visit)
    next_visit = tablet.visit(household.case_id)
    thief = Tablet(day, day.bryn)
    assert bring(thief, seal(box, next_visit)) == [TAKEN]
    with day.session() as session:
        assert session.scalars(select(SetAsideRow.code)).all() == ["store.of_another_device"]


def test_a_number_that_a_copy_of_the_vault_has_taken_is_set_aside_as_in_a_sync(
    day: Day, box: OfficeBox, tablet: Tablet, household: Household
) -> None:
    tablet.send(tablet.visit(household.case_id))
    tablet.seq -= 1
    twin = tablet.visit(household.case_id)
    assert bring(tablet, seal(box, twin)) == [TAKEN]
    with day.session() as session:
        assert session.scalars(select(SetAsideRow.code)).all() == ["lane.forked"]


def test_more_than_a_request_carries_is_taken_in_turn(
    day: Day, box: OfficeBox, tablet: Tablet, household: Household
) -> None:
    visits = [tablet.visit(household.case_id) for _ in range(103)]
    copies = [seal(box, *visits[at : at + 3]) for at in range(0, 102, 3)]
    assert set(bring(tablet, *reversed(copies), seal(box, visits[102]))) == {TAKEN}
    assert visits_recorded(day) == 103


def test_a_device_that_would_fill_the_office_is_told_to_stop(
    day: Day, box: OfficeBox, tablet: Tablet, household: Household, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(taking, "HELD_MAX", 1)
    tablet.visit(household.case_id)
    copies = [seal(box, tablet.visit(household.case_id)) for _ in range(2)]
    assert bring(tablet, copies[0]) == [HELD]
    with pytest.raises(taking.TooMany):
        bring(tablet, copies[1])
    assert held(day) == 1


@pytest.mark.parametrize("said", [b"", b"no label", b"{}\nx", b"{\nx", b'{"store_id":1}\n'])
def test_what_is_no_copy_is_not_taken_for_one(day: Day, tablet: Tablet, said: bytes) -> None:
    with pytest.raises(NotAMessage):
        bring(tablet, said)
