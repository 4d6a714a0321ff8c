"""Reviews: a supervisor approves a visit or returns it with a comment, and the officer answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from marshmallow import Schema

from shared.case_file import CaseFile, PastVisit
from shared.catalogue import mark
from shared.commands import PERSONAL, Change, Command, Decision, Occasion
from shared.errors import RuleBroken
from shared.fields import Choice, CleanText, IdField
from shared.visits import NOT_COME, REVIEWABLE_FIELDS


@dataclass(frozen=True, kw_only=True)
class ApproveVisit(Command):
    """Accept a visit as recorded."""

    name: ClassVar[str] = "ApproveVisit"
    visit_id: str
    case_id: str


class ApproveVisitSchema(Schema):
    """How `ApproveVisit` is written."""

    visit_id = IdField(required=True)
    case_id = IdField(required=True)


@dataclass(frozen=True, kw_only=True)
class VisitApproved(Change):
    """A supervisor accepted a visit."""

    name: ClassVar[str] = "VisitApproved"
    visit_id: str
    case_id: str
    reviewer_id: str


@dataclass(frozen=True, kw_only=True)
class ReturnVisit(Command):
    """Send a visit back to its officer with a comment on one part of it."""

    name: ClassVar[str] = "ReturnVisit"
    comment_id: str
    visit_id: str
    case_id: str
    about: str
    comment: str


class ReturnVisitSchema(Schema):
    """How `ReturnVisit` is written in a form and in a message."""

    comment_id = IdField(required=True)
    visit_id = IdField(required=True)
    case_id = IdField(required=True)
    about = Choice(
        REVIEWABLE_FIELDS,
        required=True,
        metadata={
            "label": mark("Which part of the visit?"),
            "missing": mark("Select the part of the visit you are asking about"),
        },
    )
    comment = CleanText(
        required=True,
        characters_max=2000,
        lines=True,
        metadata={
            "label": mark("What do you want the officer to do?"),
            "missing": mark("Enter what you want the officer to do"),
        },
    )


@dataclass(frozen=True, kw_only=True)
class VisitReturned(Change):
    """A supervisor sent a visit back with a comment."""

    name: ClassVar[str] = "VisitReturned"
    comment_id: str
    visit_id: str
    case_id: str
    reviewer_id: str
    about: str
    comment: str = field(metadata=PERSONAL)


@dataclass(frozen=True, kw_only=True)
class RecordVisitAnswer(Command):
    """Answer a supervisor's comment on a returned visit."""

    name: ClassVar[str] = "RecordVisitAnswer"
    answer_id: str
    visit_id: str
    case_id: str
    answer: str


class RecordVisitAnswerSchema(Schema):
    """How `RecordVisitAnswer` is written in a form and in a message."""

    answer_id = IdField(required=True)
    visit_id = IdField(required=True)
    case_id = IdField(required=True)
    answer = CleanText(
        required=True,
        characters_max=2000,
        lines=True,
        metadata={"label": mark("Your answer"), "missing": mark("Enter your answer")},
    )


@dataclass(frozen=True, kw_only=True)
class VisitAnswered(Change):
    """The officer answered a supervisor's comment."""

    name: ClassVar[str] = "VisitAnswered"
    answer_id: str
    visit_id: str
    case_id: str
    officer_id: str
    answer: str = field(metadata=PERSONAL)


def _visit_for_review(case: CaseFile, visit_id: str, occasion: Occasion) -> PastVisit:
    """Find a visit that this person may review now."""
    visit = case.visit(visit_id)
    if visit is None:
        raise RuleBroken("visit.unknown")
    if visit.review not in {"waiting", "answered"}:
        raise RuleBroken("visit.not_waiting")
    if visit.officer_id == occasion.actor.user_id:
        raise RuleBroken("visit.own_review")
    return visit


def approve_visit(case: CaseFile, command: ApproveVisit, occasion: Occasion) -> Decision:
    """Decide an approval: the visit waits for one, and its own officer does not give it."""
    _visit_for_review(case, command.visit_id, occasion)
    return Decision(
        changes=(
            VisitApproved(
                visit_id=command.visit_id,
                case_id=command.case_id,
                reviewer_id=occasion.actor.user_id,
            ),
        )
    )


def return_visit(case: CaseFile, command: ReturnVisit, occasion: Occasion) -> Decision:
    """Decide a return: as an approval, with a comment on one part of the visit."""
    _visit_for_review(case, command.visit_id, occasion)
    return Decision(
        changes=(
            VisitReturned(
                comment_id=command.comment_id,
                visit_id=command.visit_id,
                case_id=command.case_id,
                reviewer_id=occasion.actor.user_id,
                about=command.about,
                comment=command.comment,
            ),
        )
    )


def record_visit_answer(case: CaseFile, command: RecordVisitAnswer, occasion: Occasion) -> Decision:
    """Record the officer's answer, kept even if the visit was approved meanwhile."""
    visit = case.visit(command.visit_id)
    if visit is None:
        raise RuleBroken(NOT_COME)
    flags = () if visit.review == "returned" else ("visit.not_returned",)
    return Decision(
        changes=(
            VisitAnswered(
                answer_id=command.answer_id,
                visit_id=command.visit_id,
                case_id=command.case_id,
                officer_id=occasion.actor.user_id,
                answer=command.answer,
            ),
        ),
        flags=flags,
    )
