"""Takes a file in: blocks of accounts are looked up, planned, and put through the office's one door."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from server.accounts.commands import RecordLiableParty
from server.interop.ids import made_id
from server.interop.intake import Intake
from server.interop.known import Remembered
from server.interop.lines import Reason, Rejected
from server.interop.lookup import load_known
from server.interop.ordering import in_turn
from server.interop.payers import Terms
from server.interop.pictures import Picture, gather
from server.interop.planning import Planner
from server.interop.plans import Plan
from server.interop.row_ends import row_ends
from server.interop.tables import ImportedAccountRow
from server.spine.execute import Door
from server.spine.orders import Order, Result
from shared.commands import Actor, Command, Outcome
from shared.schemas import canonical, digest, write_body

BLOCK = 250
"""Accounts looked up together."""

Example = tuple[int, Reason]
"""The line of a row, and what was said of it."""

Reached = Callable[[int, int], None]
"""Told how many rows of how many are done."""


@dataclass(kw_only=True)
class Tally:
    """How the rows ended: read is always created, changed, unchanged and rejected together."""

    read: int = 0
    created: int = 0
    changed: int = 0
    unchanged: int = 0
    rejected: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    notes: Counter[str] = field(default_factory=Counter)
    examples: dict[str, Example] = field(default_factory=dict)
    """The first row to which each reason and each note applied."""

    def figures(self) -> dict[str, int]:
        """Give the five figures as programs read them."""
        names = ("read", "created", "changed", "unchanged", "rejected")
        return {name: getattr(self, name) for name in names}

    def count(self, outcome: str, rows: int = 1) -> None:
        """Count rows that ended in one way."""
        self.read += rows
        setattr(self, outcome, getattr(self, outcome) + rows)

    def turn_away(self, row: Rejected) -> None:
        """Count a row that was not taken, with its reasons."""
        self.count("rejected")
        self.reasons.update({reason.code for reason in row.reasons})
        self._give_examples(row.line_number, row.reasons)

    def note(self, line_number: int, notes: Sequence[Reason]) -> None:
        """Count what is worth knowing of a row that was taken."""
        self.notes.update({note.code for note in notes})
        self._give_examples(line_number, notes)

    def _give_examples(self, line_number: int, reasons: Sequence[Reason]) -> None:
        for reason in reasons:
            self.examples.setdefault(reason.code, (line_number, reason))


@dataclass(frozen=True, kw_only=True)
class Posting:
    """One file being taken in; a trial writes nothing, and its figures are the same."""

    intake: Intake
    terms: Terms
    door: Door
    actor: Actor
    clock: Callable[[], datetime]
    keep_rejects: Callable[[Sequence[Rejected]], None]
    trial: bool = False
    tally: Tally = field(default_factory=Tally)

    def take_in(self, reached: Reached) -> Tally:
        """Take in every row, telling how far it is after each block."""
        total = self.intake.survey.read
        rows = gather(self.intake.outcomes(), self.intake.rows_of)
        while block := list(islice(rows, BLOCK)):
            rejected = [row for row in block if isinstance(row, Rejected)]
            rejected += self._block([row for row in block if isinstance(row, Picture)])
            for row in rejected:
                self.tally.turn_away(row)
            if rejected:
                self.keep_rejects(rejected)
            reached(self.tally.read, total)
        return self.tally

    def _block(self, pictures: Sequence[Picture]) -> list[Rejected]:
        """Plan the accounts of a block, and give what fits into one transaction together."""
        with self.door.sessions() as session:
            known = load_known(session, pictures, self.terms.profile)
        planner = Planner(known, self.terms)
        rejected: list[Rejected] = []
        together: list[Plan] = []
        for picture in pictures:
            plan = planner.plan(picture)
            for line in picture.lines:
                self.tally.note(line.line_number, line.notes)
            if not plan.moved:
                self._count_again(known.remembered[plan.account_id], picture)
                continue
            self.tally.note(picture.first.line_number, plan.notes)
            if sum(len(each.steps) for each in (*together, plan)) > self.door.chunk_max:
                rejected += self._give(together)
                together = []
            together.append(plan)
        return rejected + self._give(together)

    def _count_again(self, remembered: Remembered, picture: Picture) -> None:
        """Count an account that has not moved: as before where this import was cut off and goes on."""
        if remembered.import_id == self.terms.import_id:
            for outcome, rows in remembered.outcomes.items():
                self.tally.count(outcome, rows)
        else:
            self.tally.count("unchanged", len(picture.lines))

    def _give(self, plans: Sequence[Plan]) -> list[Rejected]:
        """Put the commands of these accounts through the door, and count how their rows ended."""
        steps = in_turn([step for plan in plans for step in plan.steps])
        now = self.clock()
        orders = {
            id(step): order_of(self.terms.import_id, step.command, self.actor, now)
            for step in steps
        }
        results = self._execute(plans, orders, _known_first([orders[id(s)] for s in steps]))
        rejected: list[Rejected] = []
        for plan in plans:
            ended = [(step, results[orders[id(step)].command_id]) for step in plan.steps]
            for row in row_ends(plan, ended, self.terms.profile):
                if row.reasons:
                    values = self.intake.sheet.record_at(row.line_number).values
                    rejected.append(
                        Rejected(line_number=row.line_number, reasons=row.reasons, values=values)
                    )
                else:
                    self.tally.count(row.outcome)
        return rejected

    def _execute(
        self, plans: Sequence[Plan], orders: Mapping[int, Order], in_order: Sequence[Order]
    ) -> dict[str, Result]:
        """Give the orders and remember what the file said, in the same transaction where it is one."""
        if self.trial:
            return {
                order.command_id: Result(command_id=order.command_id, outcome=Outcome.APPLIED)
                for order in in_order
            }

        def remember(session: Session, results: Sequence[Result]) -> None:
            by_id = {result.command_id: result for result in results}
            self._remember(session, plans, orders, by_id)

        results = self.door.execute_many(in_order, now=self.clock(), beside=remember)
        by_id = {result.command_id: result for result in results}
        if len(in_order) > self.door.chunk_max or not in_order:
            with self.door.sessions() as session, session.begin():
                self._remember(session, plans, orders, by_id)
        return by_id

    def _remember(
        self,
        session: Session,
        plans: Sequence[Plan],
        orders: Mapping[int, Order],
        results: Mapping[str, Result],
    ) -> None:
        """Write down what the file said of the accounts for which all is done."""
        rows: list[dict[str, object]] = []
        for plan in plans:
            ended = [(s, results.get(orders[id(s)].command_id)) for s in plan.steps]
            told = [(step, result) for step, result in ended if result is not None]
            if len(told) < len(ended):
                continue
            ends = row_ends(plan, told, self.terms.profile)
            if not any(row.reasons for row in ends):
                rows.append(
                    {
                        "account_id": plan.account_id,
                        "import_id": self.terms.import_id,
                        "marks": plan.picture.marks,
                        "named": plan.named,
                        "outcomes": Counter(row.outcome for row in ends),
                    }
                )
        if rows:
            statement = insert(ImportedAccountRow)
            moved = {
                name: getattr(statement.excluded, name)
                for name in ("import_id", "marks", "named", "outcomes")
            }
            session.execute(
                statement.on_conflict_do_update(index_elements=["account_id"], set_=moved), rows
            )


def _known_first(orders: Sequence[Order]) -> list[Order]:
    """Have people opened before anyone is made liable: the two name no row in common.

    A command of a group is decided by itself, so the one that stands between keeps them apart.
    """
    at = next((n for n, o in enumerate(orders) if isinstance(o.command, RecordLiableParty)), None)
    if at is None:
        return list(orders)
    between = replace(orders[at], group=orders[at].command_id)
    return [*orders[:at], between, *orders[at + 1 :]]


def order_of(import_id: str, command: Command, actor: Actor, now: datetime) -> Order:
    """Give a command an id that is the same whenever this import comes to it."""
    content = digest(canonical([command.name, write_body(command)]))
    return Order(
        command=command,
        command_id=made_id(import_id, content),
        actor=actor,
        happened_at=now,
        payload_hash=content,
    )
