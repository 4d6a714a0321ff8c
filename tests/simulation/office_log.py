"""The oracle: a day told again from the office's change log by a model that shares none of its code."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from shared.contacts import RecordPhoneNumber
from shared.photographs import RecordPhotograph
from shared.reviews import RecordVisitAnswer
from shared.visits import RecordVisit
from tests.simulation.broken import Broken

if TYPE_CHECKING:
    from tests.simulation.device import Device, Saved
    from tests.simulation.watch import Watch
    from tests.simulation.world import World

AHEAD = timedelta(minutes=10)
LONG_AGO = timedelta(days=90)

LOG = """
    SELECT c.name, c.line, c.command_id::text, c.happened_at, c.recorded_at, c.actor_id::text
    FROM change c ORDER BY c.change_id
"""

OWED = """
    SELECT debt_id::text, sum(amount_pence) FROM "transaction" WHERE debt_id = ANY(:debts)
    GROUP BY debt_id
"""

WHAT_A_COMMAND_MAKES = {
    RecordVisit: "VisitRecorded",
    RecordPhoneNumber: "PhoneNumberRecorded",
    RecordPhotograph: "PhotographRecorded",
    RecordVisitAnswer: "VisitAnswered",
}


@dataclass
class Told:
    """What the model knows of one case at a point of the log."""

    officers: set[str] = field(default_factory=set)
    open: bool = True
    plans: dict[str, str] = field(default_factory=dict)
    visits: dict[str, dict[str, Any]] = field(default_factory=dict)


@dataclass
class Model:
    """The whole world as the log tells it; locks make the log's order the true one for each case."""

    world: World
    cases: dict[str, Told]
    holds: dict[str, dict[str, Any]] = field(default_factory=dict)

    def tell(self, row: Any) -> str | None:
        """Take in one line; answer what is wrong with it, if anything is."""
        line = row.line
        case = self.cases.get(line.get("case_id", ""))
        if row.name == "HoldPlaced":
            self.holds[line["hold_id"]] = dict(line)
        elif row.name == "HoldEnded":
            self.holds[line["hold_id"]]["until"] = line["until"]
        elif case is not None and row.name == "VisitRecorded":
            return self._visit(case, row)
        elif case is not None and row.name in _REVIEWS:
            return self._review(case, row)
        elif case is not None:
            _tell_of_case(case, row.name, line)
        return None

    def _visit(self, case: Told, row: Any) -> str | None:
        """Predict what a supervisor is told about a visit, and compare."""
        line = row.line
        if line["visit_id"] in case.visits:
            return "a visit stands in the log twice"
        happened_at = datetime.fromisoformat(line["happened_at"])
        plan = case.plans.get(line["planned_visit_id"])
        flags = {
            "visit.hold_in_force": self._is_held(line["case_id"], happened_at.date()),
            "visit.not_assigned": line["officer_id"] not in case.officers,
            "visit.case_closed": not case.open,
            "visit.plan_closed": plan not in {None, "planned"},
            "visit.clock_ahead": happened_at > row.recorded_at + AHEAD,
            "visit.long_ago": happened_at < row.recorded_at - LONG_AGO,
        }
        if set(line["flags"]) != {flag for flag, is_so in flags.items() if is_so}:
            return f"a visit is flagged {line['flags']}, not {flags}"
        if plan == "planned":
            case.plans[line["planned_visit_id"]] = "made"
        case.visits[line["visit_id"]] = {**line, "review": "waiting"}
        return None

    def _is_held(self, case_id: str, day: date) -> bool:
        debts = self.world.case(case_id).debt_ids
        return any(
            hold["debt_id"] in debts
            and hold["from_on"] <= day.isoformat()
            and (hold["until"] is None or day.isoformat() < hold["until"])
            for hold in self.holds.values()
        )

    def _review(self, case: Told, row: Any) -> str | None:
        visit = case.visits.get(row.line["visit_id"])
        if visit is None:
            return f"{row.name} is about a visit that has not been recorded"
        if row.name != "VisitAnswered" or visit["review"] == "returned":
            visit["review"] = _REVIEWS[row.name]
        return None


def _tell_of_case(case: Told, name: str, line: dict[str, Any]) -> None:
    """Take in what the office did with a case."""
    if name == "CaseAssigned":
        case.officers.add(line["officer_id"])
    elif name == "CaseUnassigned":
        case.officers.discard(line["officer_id"])
    elif name == "CaseClosed":
        case.open = False
    elif name == "VisitPlanned":
        case.plans[line["planned_visit_id"]] = "planned"
    elif name == "PlannedVisitWithdrawn":
        case.plans[line["planned_visit_id"]] = "withdrawn"


_REVIEWS = {"VisitApproved": "approved", "VisitReturned": "returned", "VisitAnswered": "answered"}


def compare_with_log(watch: Watch, devices: Sequence[Device]) -> None:
    """P1, P7: tell the log again and compare it with what was saved, stored and given to devices."""
    model = Model(world=watch.world, cases={id_: Told() for id_ in watch.cases})
    log = watch.rows(LOG)
    for row in log:
        watch.looked_at("P8")
        wrong = model.tell(row)
        if wrong:
            raise Broken("P7", wrong)
    aside = _lost_with_a_life(watch)
    everything = {each.command_id: each for d in devices for each in d.saved}
    saved = [each for id_, each in everything.items() if id_ not in aside]
    _saved_once(watch, saved, log)
    _visits_as_written(watch, model, saved)
    owed = dict(watch.rows(OWED, debts=watch.world.debts))
    for device in devices:
        _given(watch.world, model, device)
        _figures(device, owed)


def _lost_with_a_life(watch: Watch) -> set[str]:
    """Name commands kept for a person because a restore lost what they rest on.

    That is an assignment, or a visit that another copy of the vault has still to bring."""
    if not watch.restores:
        return set()
    rows = watch.rows(
        "SELECT command_id::text FROM command WHERE outcome = 'quarantined' AND detail_id IS NOT NULL "
        "AND code IN ('authority.never_assigned', 'command.waits', 'visit.not_come')"
    )
    return {row[0] for row in rows}


def _saved_once(watch: Watch, saved: Sequence[Saved], log: Sequence[Any]) -> None:
    """P1, P7: each command saved on a device has ended well and made its one line in the log."""
    outcomes = dict(
        watch.rows(
            "SELECT command_id::text, outcome FROM command WHERE command_id = ANY(:ids)",
            ids=[each.command_id for each in saved],
        )
    )
    lines: dict[str, list[str]] = {}
    for row in log:
        if row.name in WHAT_A_COMMAND_MAKES.values():
            lines.setdefault(row.command_id, []).append(row.name)
    for each in saved:
        watch.looked_at("P1", "P7")
        outcome = outcomes.get(each.command_id)
        if outcome is None:
            raise Broken(
                "P1", f"a {each.command.name} saved on {each.device} never reached the office"
            )
        if type(each.command) in WHAT_A_COMMAND_MAKES:
            _made_its_line(each, outcome, lines.pop(each.command_id, []))
    if lines:
        raise Broken("P1", f"{len(lines)} commands nobody saved are in the log")


def _made_its_line(saved: Saved, outcome: str, lines: list[str]) -> None:
    """P7: a fact is never turned away, and makes its one line unless it was known."""
    name = saved.command.name
    if outcome in {"refused", "quarantined"}:
        raise Broken("P7", f"a {name} saved on {saved.device} was {outcome}")
    made = [] if outcome == "no_change" else [WHAT_A_COMMAND_MAKES[type(saved.command)]]
    if lines != made:
        raise Broken("P1", f"a {name} of {saved.device} ended {outcome} without its one line")


def _visits_as_written(watch: Watch, model: Model, saved: Sequence[Saved]) -> None:
    """P1: the office's rows are what officers wrote, no more and no less."""
    wanted = {
        (c.visit_id, c.case_id, each.officer_id, c.outcome, c.notes, c.happened_at)
        for each in saved
        if isinstance(c := each.command, RecordVisit)
    }
    stored = watch.rows(
        "SELECT visit_id::text, case_id::text, officer_id::text, outcome, notes, happened_at "
        "FROM visit WHERE case_id = ANY(:cases)",
        cases=watch.cases,
    )
    if len(stored) != len(wanted) or {tuple(row) for row in stored} != wanted:
        raise Broken("P1", f"{len(wanted)} visits were saved, {len(stored)} are at the office")
    if {id_ for case in model.cases.values() for id_ in case.visits} != {row[0] for row in stored}:
        raise Broken("P1", "the log and the table of visits differ")
    photographs = {
        (c.photograph_id, c.visit_id)
        for each in saved
        if isinstance(c := each.command, RecordPhotograph)
    }
    answers = {c.answer_id for each in saved if isinstance(c := each.command, RecordVisitAnswer)}
    kept = watch.rows(
        "SELECT photograph_id, visit_id::text FROM photograph WHERE case_id = ANY(:cases)",
        cases=watch.cases,
    )
    said = watch.rows(
        "SELECT comment_id::text FROM visit_comment JOIN visit USING (visit_id) "
        "WHERE is_answer AND case_id = ANY(:cases)",
        cases=watch.cases,
    )
    if {tuple(row) for row in kept} != photographs or {row[0] for row in said} != answers:
        raise Broken("P1", "photographs or answers are not what was saved")


def _given(world: World, model: Model, device: Device) -> None:
    """P2: what a device shows is what the model expects, whatever the projections say."""
    held: dict[tuple[str, str], dict[str, dict[str, Any]]] = {}
    for case_id, kind, id_, body in device.store.rows(
        "SELECT case_id, kind, record_id, body FROM record"
    ):
        held.setdefault((case_id, kind), {})[id_] = json.loads(body)
    for case_id in device.cases():
        told = model.cases[case_id]
        elsewhere = {id_ for other in world.sharing(case_id) for id_ in model.cases[other].visits}
        wanted = {
            "visit": set(told.visits),
            "visit_elsewhere": elsewhere,
            "planned_visit": {id_ for id_, state in told.plans.items() if state == "planned"},
            "hold": {
                id_
                for id_, hold in model.holds.items()
                if hold["debt_id"] in world.case(case_id).debt_ids
            },
        }
        for kind, ids in wanted.items():
            if set(held.get((case_id, kind), {})) != ids:
                label = world.label_of_case(case_id)
                raise Broken("P2", f"{device.label} does not show each {kind} of {label}")
        for id_, body in held.get((case_id, "visit"), {}).items():
            if body["review"] != told.visits[id_]["review"]:
                raise Broken("P2", f"{device.label} shows a visit as {body['review']}")


def _figures(device: Device, owed: Mapping[str, int]) -> None:
    """P2: what a device shows as owed is the sum of every movement, whoever paid it."""
    for debt_id, body in device.store.rows(
        "SELECT record_id, body FROM record WHERE kind = 'debt'"
    ):
        if json.loads(body)["balance_pence"] != owed[debt_id]:
            raise Broken("P2", f"{device.label} shows a debt with another balance than is owed")
