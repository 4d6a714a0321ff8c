"""What is going on in a stocked council: visits, plans, tasks, what was set aside, devices and users."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256
from typing import Any

from server.access.device_commands import ApproveDevice, RevokeDevice
from server.access.tables import SetAsideRow
from server.access.user_commands import SuspendUser
from server.accounts.commands import OpenAccount, OpenDebt
from server.spine import clock
from server.spine.orders import Order
from server.visits.tables import BlobRow
from server.wiping.commands import OrderWipe
from server.worktray.commands import FinishTask, RaiseTask
from shared.commands import Actor
from shared.photographs import RecordPhotograph
from shared.reviews import ApproveVisit, RecordVisitAnswer, ReturnVisit
from shared.schemas import canonical, write_body
from shared.visits import PlanVisit, RecordVisit
from sync.sealed import SEALED_PATH, framed
from tests.e2e.stock import Stock
from tests.server.access.tablet import enrolled
from tests.server.sealed_work.sealing import seal
from tests.server.spine.test_office_box import envelope
from tests.server.visits.pictures import jpeg


def add_visits(stock: Stock) -> None:
    """Have visits waiting, flagged, approved, returned and answered."""
    supervisor = stock.office.actor(stock.users["supervisor"])
    outcomes = ("spoke_to_person", "no_answer", "moved_away", "would_not_speak", "not_safe")
    for number, outcome in enumerate(outcomes):
        case_id, person_id, _debts = stock.cases[number % len(stock.cases)]
        visit = {"visit_id": clock.new_id(), "case_id": case_id}
        stock.give(
            RecordVisit(
                **visit,
                happened_at=stock.now - timedelta(hours=3 + number),
                outcome=outcome,
                met_person_ids=(person_id,) if outcome == "spoke_to_person" else (),
                others_met="A neighbour at number 12" if number else "",
                notes="Said that they lost their job in June.\nWill ring the office on Friday.",
            ),
            stock.officer,
        )
        stock.starts.append(f"/visits/{visit['visit_id']}")
        if number == 0:
            _photograph(stock, visit)
        if number == 1:
            stock.give(ApproveVisit(**visit), supervisor)
        if number in {2, 3}:
            _return(stock, visit, supervisor)
        if number == 3:
            stock.give(
                RecordVisitAnswer(
                    answer_id=clock.new_id(), answer="The yellow one, at 2pm.", **visit
                ),
                stock.officer,
            )


def _photograph(stock: Stock, visit: dict[str, Any]) -> None:
    """Add a photograph that has arrived, and one that is still on the device."""
    body = jpeg("steelblue")
    digest = sha256(body).hexdigest()
    for named, purpose in ((digest, "premises"), (sha256(b"later").hexdigest(), "document")):
        stock.give(
            RecordPhotograph(photograph_id=named, purpose=purpose, size_bytes=len(body), **visit),
            stock.officer,
        )
    with stock.office.session() as session, session.begin():
        session.add(BlobRow(digest=digest, size_bytes=len(body), received_at=stock.now, body=body))


def _return(stock: Stock, visit: dict[str, Any], supervisor: Actor) -> None:
    stock.give(
        ReturnVisit(
            comment_id=clock.new_id(),
            about="notes",
            comment="Which card did you leave?",
            **visit,
        ),
        supervisor,
    )


def add_plans(stock: Stock) -> None:
    """Plan visits: overdue, today and later, for each purpose."""
    for number, (purpose, days) in enumerate((("arrears", -4), ("tracing", 0), ("welfare", 3))):
        case_id, _person_id, _debts = stock.cases[number]
        day = stock.today + timedelta(days=days)
        stock.give(
            PlanVisit(
                planned_visit_id=clock.new_id(),
                case_id=case_id,
                officer_id=stock.officer.user_id,
                purpose=purpose,
                planned_on=day,
                instructions="Ask about work.\nLeave the leaflet about free debt advice.",
            ),
            at=stock.now - timedelta(days=6),
        )
        stock.starts.append(f"/cases/{case_id}")


def add_tasks(stock: Stock) -> None:
    """Raise tasks: mine and overdue, nobody's, done, and an account of nobody known."""
    case_id, person_id, _debts = stock.cases[0]
    account_id = _account_of_nobody(stock)
    caseworker, supervisor = stock.users["caseworker"], stock.users["supervisor"]
    done = clock.new_id()
    for task_id, more in (
        (clock.new_id(), {"kind": "ring_back", "case_id": case_id, "owner_id": caseworker,
                          "due_on": stock.today - timedelta(days=2), "note": "After 4pm, please."}),
        (clock.new_id(), {"kind": "decide", "case_id": case_id, "owner_id": supervisor}),
        (clock.new_id(), {"kind": "check_details", "person_id": person_id}),
        (clock.new_id(), {"kind": "find_liable", "account_id": account_id}),
        (done, {"kind": "ring_back", "case_id": stock.cases[1][0], "owner_id": caseworker}),
    ):  # fmt: skip
        stock.give(RaiseTask(task_id=task_id, **more))
        stock.starts.append(f"/tasks/{task_id}")
    stock.give(FinishTask(task_id=done, note="Rang twice and left a message."))
    stock.starts += [f"/accounts/{account_id}", f"/tasks/new?case_id={case_id}"]


def _account_of_nobody(stock: Stock) -> str:
    account_id = clock.new_id()
    stock.give(
        OpenAccount(
            account_id=account_id,
            reference="58000001",
            debt_type="business_rates",
            lines="Unit 7\nGranary Wharf\nHarrowmere",
            postcode="QZ1 3CD",
            address_id=clock.new_id(),
            rateable_value=38_250,
        )
    )
    stock.give(
        OpenDebt(
            debt_id=clock.new_id(),
            account_id=account_id,
            reference="2026/27",
            from_on=stock.today.replace(month=4, day=1),
            transaction_id=clock.new_id(),
            charge_pence=1_912_500,
            charged_on=stock.today,
        )
    )
    return account_id


def add_what_is_set_aside(stock: Stock) -> None:
    """Set a visit aside that an officer had no case for, and bytes that nobody can read."""
    command = RecordVisit(
        visit_id=clock.new_id(),
        case_id=stock.cases[0][0],
        happened_at=stock.now,
        outcome="no_answer",
        notes="Left a card.",
    )
    order = Order(
        command=command,
        command_id=clock.new_id(),
        actor=stock.office.actor(stock.users["officer2"]),
        happened_at=stock.now,
        store_id=clock.new_id(),
        lane="ordinary",
        seq=1,
        envelope=canonical({"name": command.name, "body": write_body(command)}),
    )
    with stock.office.app.app_context():
        stock.office.door.execute(order, now=stock.now)
    body = b"\x1f\x8bnothing that anybody can read"
    with stock.office.session() as session, session.begin():
        session.add(
            SetAsideRow(
                store_id=clock.new_id(),
                device_id=clock.new_id(),
                digest=sha256(body).hexdigest(),
                code="command.unreadable",
                body=body,
                received_at=stock.now,
            )
        )
    stock.starts += [f"/set-aside/{order.command_id}", f"/set-aside/{sha256(body).hexdigest()}"]


def add_devices(stock: Stock) -> None:
    """Enrol a device that waits, one whose sealed work waits, one that was lost and is to erase itself."""
    giver = stock.users["supervisor"]
    other = stock.office.actor(stock.users["supervisor2"])
    for approved, revoked in ((False, False), (True, False), (True, True)):
        tablet, device_id = enrolled(
            stock.office, stock.users["officer2"], approved=False, issuer_id=giver
        )
        if approved:
            stock.give(ApproveDevice(device_id=device_id), other)
        if revoked:
            stock.give(RevokeDevice(device_id=device_id, reason="lost"), other)
            stock.give(OrderWipe(wipe_id=clock.new_id(), device_id=device_id), other)
            stock.starts.append(f"/lost-devices/{device_id}")
        elif approved:
            box = stock.office.app.extensions["fieldfare"]["box"]
            body = framed([seal(box, envelope(seq=2))])
            sent = tablet.post(stock.office.app.test_client(), SEALED_PATH, body)
            assert sent.status_code == 200, sent.text
            stock.starts.append("/sealed-work")
        stock.starts.append(f"/devices/{device_id}")


def add_users(stock: Stock) -> None:
    """Take on somebody who has no password yet, and suspend somebody."""
    stock.office.give_user_without_password("new.starter")
    gone = stock.office.person("gone.away", "caseworker")
    stock.give(SuspendUser(user_id=gone))
    stock.starts.append(f"/users/{gone}")
