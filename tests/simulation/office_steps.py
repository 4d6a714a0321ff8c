"""What people in the office do in a simulation, whether or not it makes sense at that moment."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from server.accounts.movements import PostTransaction
from server.cases.commands import AssignCase, CloseCase, UnassignCase
from server.payments.commands import RecordPayment, ReversePayment
from server.people.commands import RecordContact
from server.people.markers import EndMarker, RecordMarker
from server.recovery.commands import EndHold, PlaceHold
from server.spine.orders import Order, Result
from shared.commands import Command, Outcome
from shared.reviews import ApproveVisit, ReturnVisit
from shared.visits import PlanVisit, WithdrawPlannedVisit
from tests.simulation import calls, field_words
from tests.simulation.broken import Broken
from tests.simulation.office import Hold

if TYPE_CHECKING:
    from tests.simulation.story import Story

STATEMENTS = 60
"""Statements of an order that it may be held before."""


DECIDES_FIRST = 0.6
"""How often the office turns to a conflict, when there is one, before anything else."""


@dataclass(kw_only=True)
class Asked:
    """Orders somebody in the office gave together, and what they were told."""

    orders: list[Order]
    results: list[Result] | None = None


def _assign(story: Story) -> Command:
    """Give a case to somebody, often to one it was taken from."""
    taken = story.asked_for(UnassignCase)
    if taken and story.random.random() < 0.4:
        again = story.random.choice(taken)
        return AssignCase(case_id=again.case_id, officer_id=again.officer_id)
    return AssignCase(case_id=story.some_case(), officer_id=story.some_officer())


def _unassign(story: Story) -> Command:
    case_id, officer_id = _someone_assigned(story)
    return UnassignCase(case_id=case_id, officer_id=officer_id)


def _someone_assigned(story: Story) -> tuple[str, str]:
    """Choose a case and an officer who has it, or at times any two."""
    assigned = story.watch.assignments()
    if assigned and story.random.random() < 0.9:
        return story.random.choice(assigned)
    return story.some_case(), story.some_officer()


def _close(story: Story) -> Command:
    return CloseCase(case_id=story.some_case())


def _plan(story: Story) -> Command:
    case_id, officer_id = _someone_assigned(story)
    return PlanVisit(
        planned_visit_id=story.ids(),
        case_id=case_id,
        officer_id=officer_id,
        purpose="arrears",
        planned_on=story.world.today + timedelta(days=story.random.randrange(3)),
        instructions="Ring twice",
    )


def _withdraw(story: Story) -> Command:
    known = story.asked_for(PlanVisit)
    if not known:
        return _plan(story)
    planned = story.random.choice(known)
    return WithdrawPlannedVisit(planned_visit_id=planned.planned_visit_id, case_id=planned.case_id)


def _review(story: Story) -> Command:
    visits = story.watch.visits()
    if not visits:
        return _assign(story)
    visit_id, case_id = story.random.choice(visits)
    if story.random.random() < 0.4:
        return ApproveVisit(visit_id=visit_id, case_id=case_id)
    return ReturnVisit(
        comment_id=story.ids(),
        visit_id=visit_id,
        case_id=case_id,
        about="notes",
        comment="Which door?",
    )


def _hold(story: Story) -> Command:
    return PlaceHold(
        hold_id=story.ids(),
        debt_id=story.random.choice(story.world.debts),
        reason=story.random.choice(("dispute", "bereavement", "complaint")),
        from_on=story.world.today - timedelta(days=story.random.randrange(2)),
    )


def _end_hold(story: Story) -> Command:
    known = story.asked_for(PlaceHold)
    if not known:
        return _hold(story)
    hold = story.random.choice(known)
    return EndHold(hold_id=hold.hold_id, debt_id=hold.debt_id, last_day=story.world.today)


def _post(story: Story) -> Command:
    return PostTransaction(
        transaction_id=story.ids(),
        debt_id=story.random.choice(story.world.debts),
        kind=story.random.choice(("costs", "correction")),
        amount_pence=story.random.randrange(1, 5_000),
        effective_on=story.world.today,
    )


def _pay(story: Story) -> Command:
    known = story.asked_for(RecordPayment)
    if known and story.random.random() < 0.3:
        payment = story.random.choice(known)
        return ReversePayment(
            transaction_id=story.ids(),
            payment_id=payment.transaction_id,
            debt_id=payment.debt_id,
            reversed_on=story.world.today,
            reason="The cheque was not honoured",
        )
    return RecordPayment(
        transaction_id=story.ids(),
        debt_id=story.random.choice(story.world.debts),
        amount_pence=story.random.randrange(1, 5_000),
        received_on=story.world.today,
        method="cash",
    )


def _mark(story: Story) -> Command:
    known = story.asked_for(RecordMarker)
    if known and story.random.random() < 0.4:
        return EndMarker(marker_id=story.random.choice(known).marker_id, reason="Mistaken")
    address = next(case.address_id for case in story.world.cases if case.address_id)
    on_person = story.random.random() < 0.6
    return RecordMarker(
        marker_id=story.ids(),
        person_id=story.random.choice(story.world.people) if on_person else None,
        address_id=None if on_person else address,
        kind="dog",
        note="A large dog",
        from_on=story.world.today,
        review_on=story.world.today + timedelta(days=90),
    )


def _contact(story: Story) -> Command:
    return RecordContact(
        contact_id=story.ids(),
        person_id=story.random.choice(story.world.people),
        kind="phone",
        value=f"077009{story.random.randrange(40):05d}",
    )


WORK: tuple[tuple[Callable[[Story], Command], int], ...] = (
    (_assign, 9),
    (_unassign, 4),
    (_close, 1),
    (_plan, 6),
    (_withdraw, 2),
    (_review, 6),
    (_hold, 3),
    (_end_hold, 2),
    (_post, 2),
    (_pay, 3),
    (_mark, 4),
    (_contact, 2),
    (field_words.change, 3),
    (field_words.decide, 3),
)
"""What the office does, and how often."""


def _commands(story: Story) -> list[Command]:
    """Draw what somebody asks next: mostly one thing, at times several at once.

    A conflict is what the office does first, so that few days end with all of theirs undecided.
    """
    if story.watch.conflicts() and story.random.random() < DECIDES_FIRST:
        return [field_words.decide(story)]
    makers = story.random.choices(
        [maker for maker, _weight in WORK],
        [weight for _maker, weight in WORK],
        k=story.random.choice((1, 1, 1, 2, 6)),
    )
    return [maker(story) for maker in makers]


def work(story: Story) -> None:
    """Ask the office for something, or for the same thing again."""
    if story.asked and story.random.random() < 0.1:
        orders = story.random.choice(story.asked).orders
        story.note("the office is asked the same again")
    else:
        orders = _orders(story, _commands(story))
        if len(orders) > 1 and story.random.random() < 0.3:
            group = story.ids()
            orders = [replace(order, group=group) for order in orders]
    _ask(story, orders, calls.hold(story, STATEMENTS, 0.4))


def _orders(story: Story, commands: Sequence[Command]) -> list[Order]:
    return [
        Order(
            command=command,
            command_id=story.ids(),
            actor=story.world.office_user,
            happened_at=story.now,
        )
        for command in commands
    ]


def _ask(story: Story, orders: list[Order], hold: Hold | None) -> None:
    asked = Asked(orders=orders)
    story.asked.append(asked)
    names = ", ".join(_told(story, order.command) for order in orders)
    story.note(f"the office is asked for {names}")
    call = story.office.orders(orders, story.now, hold)

    def ended() -> None:
        if call.is_busy or call.was_lost:
            story.note(f"the office is too busy for {names}")
            return
        if call.failure is not None:
            raise Broken("P0", f"the office failed: {call.failure!r}") from call.failure
        asked.results = call.answer
        story.note("the office: " + ", ".join(_ending(result) for result in call.answer))

    calls.run(story, call, ended)


def _told(story: Story, command: Command) -> str:
    case_id = getattr(command, "case_id", None)
    officer_id = getattr(command, "officer_id", None)
    labels = [story.world.label_of_case(case_id)] if case_id else []
    labels += [o.label for o in story.world.officers if o.user_id == officer_id]
    return " ".join((command.name, *labels))


def _ending(result: Result) -> str:
    refused = result.outcome in {Outcome.REFUSED, Outcome.QUARANTINED}
    return f"{result.outcome} {result.code}" if refused else str(result.outcome)


def ask(story: Story, commands: Sequence[Command]) -> None:
    """Ask the office for something that nothing comes in the way of."""
    _ask(story, _orders(story, commands), None)


def assign_the_cases(story: Story) -> None:
    """Assign most cases, before anything can go wrong."""
    given = [
        AssignCase(case_id=case.case_id, officer_id=story.some_officer())
        for case in story.world.cases
        if story.random.random() < 0.8
    ]
    ask(story, given)
    story.office.take_small_steps()
    for asked in story.asked:
        for result in asked.results or ():
            story.expect("P0", result.outcome == Outcome.APPLIED, f"the opening: {result}")
