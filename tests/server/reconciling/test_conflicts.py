"""Shows that both values of a true conflict are kept until somebody decides, once and for good."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from server.people.tables import MarkerRow
from server.reconciling import queries
from server.reconciling.commands import DecideConflict
from server.spine.tables import ChangeRow, CommandRow
from shared.commands import Actor, Outcome
from shared.markers import AddMarker, ProposeMarkerRemoval
from tests.server.office import NOW, Office, new_id
from tests.server.reconciling.saying import Doorstep, add_number, doorstep
from tests.server.scenes import live_at


@pytest.fixture
def door_step(office: Office) -> Iterator[Doorstep]:
    return doorstep(office, language="Welsh")


def warn(at: Doorstep) -> str:
    """Add a warning about Jane from the device."""
    marker_id = new_id()
    result = at.send(
        AddMarker(
            marker_id=marker_id,
            case_id=at.case_id,
            person_id=at.jane,
            kind="dangerous_dog",
            note="Bit the postman while I stood there",
        )
    )
    assert result.outcome is Outcome.APPLIED
    return marker_id


def test_what_nobody_else_moved_is_put_right_and_the_device_sees_it(door_step: Doorstep) -> None:
    result = door_step.correct(language=("Welsh", "Polish"), needs=([], ["interpreter"]))
    assert result.outcome is Outcome.APPLIED
    assert (door_step.person().language, door_step.person().needs) == ("Polish", ["interpreter"])
    (given,) = door_step.on_device("person").values()
    assert (given["language"], given["needs"]) == ("Polish", ["interpreter"])
    assert door_step.conflicts() == []


def test_what_two_moved_keeps_both_and_what_was_before(door_step: Doorstep) -> None:
    door_step.correct(language=("Welsh", "Polish"))
    result = door_step.correct(language=("Welsh", "Ukrainian"), household=("", "A lodger upstairs"))
    assert result.outcome is Outcome.REVIEW
    assert result.commit is not None
    assert door_step.person().language == "Polish"
    assert door_step.person().household == "A lodger upstairs"
    (conflict,) = door_step.conflicts()
    assert (conflict.was, conflict.office, conflict.open) == ("Welsh", "Polish", True)
    (claim,) = door_step.claims()
    assert (claim.value, claim.officer_id) == ("Ukrainian", door_step.officer.user_id)
    (given,) = door_step.on_device("conflict").values()
    assert (given["said"], given["office"], given["open"]) == ("Ukrainian", "Polish", True)


def test_the_same_said_twice_is_no_conflict(door_step: Doorstep) -> None:
    door_step.correct(language=("Welsh", "Polish"))
    assert door_step.correct(language=("Welsh", "Polish")).outcome is Outcome.NO_CHANGE
    assert door_step.conflicts() == []


def test_a_second_officer_joins_the_open_conflict(door_step: Doorstep) -> None:
    door_step.correct(language=("Welsh", "Polish"))
    door_step.correct(language=("Welsh", "Ukrainian"))
    door_step.correct(language=("Polish", "Slovak"))
    assert len(door_step.conflicts()) == 1
    assert {claim.value for claim in door_step.claims()} == {"Ukrainian", "Slovak"}
    assert door_step.person().language == "Polish"


def test_a_hundred_replays_make_one_conflict_with_one_claim(door_step: Doorstep) -> None:
    door_step.correct(language=("Welsh", "Polish"))
    command, command_id = door_step.correction(language=("Welsh", "Ukrainian")), new_id()
    seq = door_step.sent
    for _again in range(100):
        door_step.sent = seq
        assert door_step.send(command, command_id=command_id).outcome is Outcome.REVIEW
    assert (len(door_step.conflicts()), len(door_step.claims())) == (1, 1)


@pytest.mark.parametrize(
    ("answer", "language"), [("office", "Polish"), ("officer", "Ukrainian"), ("before", "Welsh")]
)
def test_a_decision_holds_and_is_final_and_the_device_is_told(
    door_step: Doorstep, answer: str, language: str
) -> None:
    door_step.correct(language=("Welsh", "Polish"))
    door_step.correct(language=("Welsh", "Ukrainian"))
    assert door_step.decide(answer, note="I rang her").outcome is Outcome.APPLIED
    assert door_step.person().language == language
    (conflict,) = door_step.conflicts()
    assert (conflict.open, conflict.decided, conflict.note) == (False, language, "I rang her")
    (given,) = door_step.on_device("conflict").values()
    assert (given["open"], given["decided"], given["note"]) == (False, language, "I rang her")
    assert (given["was"], given["office"], given["said"]) == ("Welsh", "Polish", "Ukrainian")


def test_a_decided_conflict_is_not_decided_again(door_step: Doorstep) -> None:
    door_step.correct(language=("Welsh", "Polish"))
    door_step.correct(language=("Welsh", "Ukrainian"))
    (conflict,) = door_step.conflicts()
    door_step.decide("office")

    command = DecideConflict(
        conflict_id=conflict.conflict_id, case_id=conflict.case_id, answer="before", claims_seen=1
    )
    assert door_step.office.ask(command).code == "conflict.decided"
    assert door_step.person().language == "Polish"
    unknown = replace(command, conflict_id=new_id())
    assert door_step.office.ask(unknown).code == "conflict.unknown"


def test_a_field_decided_once_can_be_contested_anew(door_step: Doorstep) -> None:
    door_step.correct(language=("Welsh", "Polish"))
    door_step.correct(language=("Welsh", "Ukrainian"))
    door_step.decide("office")
    assert door_step.correct(language=("Welsh", "Slovak")).outcome is Outcome.REVIEW
    assert [c.open for c in door_step.conflicts()].count(True) == 1


def test_nobody_decides_over_what_came_since_they_looked(door_step: Doorstep) -> None:
    door_step.correct(language=("Welsh", "Polish"))
    door_step.correct(language=("Welsh", "Ukrainian"))
    assert door_step.decide("office", claims_seen=0).code == "conflict.moved"


def test_nobody_decides_about_what_they_said_themselves(door_step: Doorstep) -> None:
    door_step.officer = Actor(
        user_id=door_step.officer.user_id,
        permissions=frozenset({"visits.record", "conflicts.decide"}),
    )
    door_step.correct(language=("Welsh", "Polish"))
    door_step.correct(language=("Welsh", "Ukrainian"))
    door_step.office.actor = door_step.officer
    assert door_step.decide("officer").code == "conflict.own"


def test_an_answer_that_is_not_one_of_those_shown_is_refused(door_step: Doorstep) -> None:
    door_step.correct(language=("Welsh", "Polish"))
    door_step.correct(language=("Welsh", "Ukrainian"))
    assert door_step.decide("officer", claim_id=new_id()).code == "conflict.claim_unknown"
    assert door_step.decide("both").code == "conflict.one_text"


def test_two_texts_can_stand_one_after_the_other_if_there_is_room(door_step: Doorstep) -> None:
    door_step.correct(household=("", "Two sons"))
    door_step.correct(household=("", "A lodger"))
    assert door_step.person().household == "Two sons"
    door_step.decide("both")
    assert door_step.person().household == "Two sons\n\nA lodger"
    door_step.correct(household=("", "x" * 990))
    assert door_step.decide("both").code == "conflict.too_long"


def test_a_number_that_two_disagree_about_is_not_used_meanwhile(door_step: Doorstep) -> None:
    number = add_number(door_step.office, door_step.jane)
    door_step.number_is(number, "in_use", "wrong")
    assert door_step.number_is(number, "in_use", "wrong").outcome is Outcome.NO_CHANGE
    assert door_step.on_device("person")[door_step.jane]["phone_numbers"] == []
    assert door_step.number_is(number, "wrong", "in_use").outcome is Outcome.APPLIED
    assert door_step.on_device("person")[door_step.jane]["phone_numbers"] == ["07700900123"]


def test_adding_a_need_wins_and_taking_one_off_is_asked(door_step: Doorstep) -> None:
    door_step.correct(needs=([], ["interpreter"]))
    assert door_step.correct(needs=([], ["large_print"])).outcome is Outcome.MERGED
    assert door_step.person().needs == ["interpreter", "large_print"]
    taking = door_step.correct(needs=(["interpreter", "large_print"], ["large_print"]))
    assert taking.outcome is Outcome.REVIEW
    assert door_step.person().needs == ["interpreter", "large_print"]
    door_step.decide("officer")
    assert door_step.person().needs == ["large_print"]


def test_a_warning_from_a_device_holds_at_once_in_every_case(door_step: Doorstep) -> None:
    marker_id = warn(door_step)
    (given,) = door_step.on_device("marker").values()
    assert (given["kind"], given["from_on"], given["review_on"]) == (
        "dangerous_dog",
        "2027-03-04",
        "2027-06-02",
    )
    with door_step.office.look() as session:
        assert session.get(MarkerRow, marker_id) is not None


def test_a_warning_stays_until_a_supervisor_takes_it_off(door_step: Doorstep) -> None:
    marker_id = warn(door_step)
    asked = ProposeMarkerRemoval(
        proposal_id=new_id(), case_id=door_step.case_id, marker_id=marker_id, reason="It died"
    )
    assert door_step.send(asked).outcome is Outcome.REVIEW
    again = replace(asked, proposal_id=new_id(), reason="Seen the empty kennel")
    assert door_step.send(again).outcome is Outcome.REVIEW
    assert list(door_step.on_device("marker")) == [marker_id]
    caseworker = Actor(user_id=new_id(), permissions=frozenset({"conflicts.decide"}))
    supervisor, door_step.office.actor = door_step.office.actor, caseworker
    assert door_step.decide("officer").code == "authority.lacking"
    door_step.office.actor = supervisor
    assert door_step.decide("officer").outcome is Outcome.APPLIED
    assert door_step.on_device("marker") == {}
    assert door_step.send(replace(asked, proposal_id=new_id())).outcome is Outcome.NO_CHANGE


def test_a_warning_that_is_kept_stays(door_step: Doorstep) -> None:
    marker_id = warn(door_step)
    door_step.send(
        ProposeMarkerRemoval(
            proposal_id=new_id(), case_id=door_step.case_id, marker_id=marker_id, reason="Gone"
        )
    )
    door_step.decide("office", note="The dog is still there on Tuesdays")
    assert list(door_step.on_device("marker")) == [marker_id]


@pytest.mark.parametrize(
    ("edits", "code"),
    [
        ({"born_on": ("", "1961-05-02")}, "edit.office_only"),
    ],
)
def test_what_only_the_office_may_write_is_refused(
    door_step: Doorstep, edits: dict[str, tuple[str, str]], code: str
) -> None:
    assert door_step.correct(**edits).code == code


def test_what_is_not_on_the_case_is_refused(door_step: Doorstep) -> None:
    door_step_of_another = replace(door_step, jane=new_id(), store_id=new_id())
    assert door_step_of_another.correct(language=("", "Polish")).code == "person.not_on_case"
    assert door_step.number_is(new_id(), "in_use", "wrong").code == "contact.not_on_case"
    unknown = ProposeMarkerRemoval(
        proposal_id=new_id(), case_id=door_step.case_id, marker_id=new_id(), reason="Gone"
    )
    assert door_step.send(unknown).code == "marker.not_on_case"
    elsewhere = replace(unknown, marker_id=warn(door_step), address_id=new_id())
    assert door_step.send(elsewhere).code == "marker.not_on_case"
    warning = AddMarker(
        marker_id=new_id(), case_id=door_step.case_id, person_id=new_id(), kind="weapon", note="x"
    )
    assert door_step.send(warning).code == "person.not_on_case"
    somewhere = replace(warning, marker_id=new_id(), person_id=None, address_id=new_id())
    assert door_step.send(somewhere).code == "place.not_on_case"
    nothing = replace(warning, marker_id=new_id(), person_id=None)
    assert door_step.send(nothing).code == "marker.person_or_place"
    marker_id = warn(door_step)
    assert door_step.send(replace(warning, marker_id=marker_id)).code == "marker.known"


def test_what_builds_on_something_not_taken_waits_beside_it(door_step: Doorstep) -> None:
    marker_id, refused_id = new_id(), new_id()
    warning = AddMarker(
        marker_id=marker_id, case_id=door_step.case_id, kind="weapon", note="A knife on the table"
    )
    assert door_step.send(warning, command_id=refused_id).outcome is Outcome.REFUSED
    asked = ProposeMarkerRemoval(
        proposal_id=new_id(), case_id=door_step.case_id, marker_id=marker_id, reason="My mistake"
    )
    result = door_step.send(asked)
    assert (result.outcome, result.code) == (Outcome.QUARANTINED, "command.waits")
    assert result.values == {"beside": refused_id}


def test_both_in_one_transaction_wait_together(door_step: Doorstep) -> None:
    marker_id = new_id()
    commands = [
        AddMarker(marker_id=marker_id, case_id=door_step.case_id, kind="weapon", note="A knife"),
        ProposeMarkerRemoval(
            proposal_id=new_id(), case_id=door_step.case_id, marker_id=marker_id, reason="Mistake"
        ),
    ]
    orders = [
        replace(
            door_step.office.order(command, actor=door_step.officer),
            store_id=door_step.store_id,
            lane="ordinary",
            seq=number,
        )
        for number, command in enumerate(commands, 1)
    ]
    results = door_step.office.door.execute_many(orders, now=NOW)
    assert [result.code for result in results] == ["marker.person_or_place", "command.waits"]
    door_step.sent = 2
    warn(door_step)


def test_the_log_line_of_a_conflict_holds_nothing_personal(door_step: Doorstep) -> None:
    door_step.correct(language=("Welsh", "Polish"))
    door_step.correct(language=("Welsh", "Ukrainian"))
    door_step.decide("officer", note="She told me on the telephone")
    with door_step.office.look() as session:
        lines = " ".join(str(line) for line in session.scalars(select(ChangeRow.line)))
        values = " ".join(str(each) for each in session.scalars(select(CommandRow.values)))
    for word in ("Polish", "Ukrainian", "telephone"):
        assert word not in lines + values


def test_evidence_is_the_visit_of_the_day_and_who_gave_the_office_its_value(
    door_step: Doorstep,
) -> None:

    door_step.correct(language=("Welsh", "Polish"))
    later = NOW + timedelta(days=2)
    door_step.spoke(later)
    door_step.correct(later, language=("Welsh", "Ukrainian"))
    with door_step.office.look() as session:
        (conflict,) = queries.open_conflicts(session, queries.Slice())
    assert conflict.office_from is not None
    assert conflict.office_from.by == "Amina Osei"
    assert conflict.office_from.at == NOW
    assert conflict.said[0].visit_outcome == "spoke_to_person"
    assert (conflict.suggestion.answer, conflict.label) == ("officer", "Language they prefer")


def two_doors_of_one_house(office: Office) -> tuple[Doorstep, Doorstep, str]:
    """Open the cases of two people at one address, with a warning about the place."""
    first, second = doorstep(office), doorstep(office)
    place = new_id()
    for at in (first, second):
        live_at(office, at.jane, "1 High Street", "BD1 1AA", address_id=place)
    marker_id = new_id()
    result = first.send(
        AddMarker(
            marker_id=marker_id,
            case_id=first.case_id,
            address_id=place,
            kind="dangerous_dog",
            note="Loose in the yard",
        )
    )
    assert result.outcome is Outcome.APPLIED
    assert list(second.on_device("marker")) == [marker_id]
    return first, second, marker_id


def proposal(at: Doorstep, marker_id: str) -> ProposeMarkerRemoval:
    """Ask as a device does, which names what the warning is about."""
    return ProposeMarkerRemoval(
        proposal_id=new_id(),
        case_id=at.case_id,
        marker_id=marker_id,
        address_id=at.on_device("marker")[marker_id]["address_id"],
        reason="Gone",
    )


def test_two_officers_who_ask_in_one_transaction_share_a_conflict(office: Office) -> None:
    first, second, marker_id = two_doors_of_one_house(office)
    orders = [
        replace(
            office.order(proposal(at, marker_id), actor=at.officer), store_id=at.store_id,
            lane="ordinary", seq=9,
        )
        for at in (first, second)
    ]  # fmt: skip
    results = office.door.execute_many(orders, now=NOW)
    assert [result.outcome for result in results] == [Outcome.REVIEW] * 2
    assert (len(first.conflicts()), len(first.claims())) == (1, 2)
    assert len(first.on_device("conflict")) == len(second.on_device("conflict")) == 2


def test_two_officers_who_ask_at_the_same_moment_share_a_conflict(office: Office) -> None:
    first, second, marker_id = two_doors_of_one_house(office)
    proposals = [(at, proposal(at, marker_id)) for at in (first, second)]
    with ThreadPoolExecutor(2) as at_once:
        asked = [at_once.submit(at.send, each) for at, each in proposals]
        assert [each.result().outcome for each in asked] == [Outcome.REVIEW] * 2
    assert (len(first.conflicts()), len(first.claims())) == (1, 2)
    first.decide("officer")
    assert first.on_device("marker") == second.on_device("marker") == {}


def test_two_who_decide_at_the_same_moment_decide_once(door_step: Doorstep) -> None:
    door_step.correct(language=("Welsh", "Polish"))
    door_step.correct(language=("Welsh", "Ukrainian"))
    (conflict,) = door_step.conflicts()
    command = DecideConflict(
        conflict_id=conflict.conflict_id, case_id=conflict.case_id, answer="office", claims_seen=1
    )
    with ThreadPoolExecutor(2) as at_once:
        asked = [
            at_once.submit(door_step.office.ask, replace(command, answer=answer))
            for answer in ("office", "before")
        ]
        codes = [each.result().code for each in asked]
    assert sorted(str(code) for code in codes) == ["None", "conflict.decided"]
