"""What only the office asks about cases: open, close, assign to an officer, take away again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from marshmallow import Schema

from shared.catalogue import mark
from shared.commands import Change, Command, Touched
from shared.errors import register
from shared.fields import Answer, Choice, CleanText, IdField, Typed
from shared.values import is_id

VIEWS: dict[str, str] = {"home_visit": mark("Home visit")}
"""What an assignment entitles a device to be given; each view is a set of field records."""

DEBTS_MAX = 50
"""Debts one case may be opened with."""

register(
    {
        "case.exists": mark("This case has already been opened"),
        "case.about_nobody": mark("Choose the person or the address that the case is about"),
        "case.already_closed": mark("This case has already been closed"),
        "case.person_unknown": mark("This person is not known here: search for them again"),
        "case.debt_unknown": mark("This debt is not known here: open the account again"),
        "case.officer_unknown": mark("Choose someone who goes out on visits"),
        "case.officer_not_entitled": mark(
            "This officer may not see this case: choose someone on its list"
        ),
        "case.not_assigned": mark("The case is not assigned to this officer"),
    }
)


class DebtIds(Answer):
    """The debts a case concerns: their ids, each once."""

    sentences: ClassVar[dict[str, str]] = {
        "missing": mark("Select the debts the case is about"),
        "invalid": mark("Select from the debts shown, up to 50"),
    }

    def check(self, value: object) -> list[str]:
        """Return the ids, if that is what they are."""
        if not isinstance(value, list) or len(value) > DEBTS_MAX:
            raise self.refusal("invalid")
        if not all(isinstance(each, str) and is_id(each) for each in value):
            raise self.refusal("invalid")
        return sorted(set(value))

    def from_typed(self, name: str, typed: Typed) -> object:
        """Read every box that was ticked."""
        return [text for text in typed.get(name, ()) if text]


@dataclass(frozen=True, kw_only=True)
class OpenCase(Command):
    """Open a case about a person or an address to trace, with the debts it concerns."""

    name: ClassVar[str] = "OpenCase"
    case_id: str
    person_id: str | None = None
    address_id: str | None = None
    debt_ids: tuple[str, ...] = ()


class OpenCaseSchema(Schema):
    """How `OpenCase` is written in a form and in a message."""

    case_id = IdField(required=True)
    person_id = IdField(load_default=None, allow_none=True)
    address_id = IdField(load_default=None, allow_none=True)
    debt_ids = DebtIds(load_default=(), metadata={"label": mark("Debts")})


@dataclass(frozen=True, kw_only=True)
class CaseOpened(Change):
    """A case was opened."""

    name: ClassVar[str] = "CaseOpened"
    case_id: str
    person_id: str | None
    address_id: str | None
    debt_ids: tuple[str, ...]

    def touched(self) -> Touched:
        """Name the case, its person and its debts."""
        return Touched(
            case_ids=frozenset({self.case_id}),
            person_ids=frozenset({self.person_id} if self.person_id else ()),
            debt_ids=frozenset(self.debt_ids),
        )


@dataclass(frozen=True, kw_only=True)
class CloseCase(Command):
    """Close a case: nobody is to visit about it any more."""

    name: ClassVar[str] = "CloseCase"
    case_id: str


class CloseCaseSchema(Schema):
    """How `CloseCase` is written."""

    case_id = IdField(required=True)


@dataclass(frozen=True, kw_only=True)
class CaseClosed(Change):
    """A case was closed."""

    name: ClassVar[str] = "CaseClosed"
    case_id: str


@dataclass(frozen=True, kw_only=True)
class AssignCase(Command):
    """Give a case to an officer, whose devices are then given its field records."""

    name: ClassVar[str] = "AssignCase"
    case_id: str
    officer_id: str
    view: str = "home_visit"


class AssignCaseSchema(Schema):
    """How `AssignCase` is written in a form and in a message."""

    case_id = IdField(required=True)
    officer_id = IdField(
        required=True,
        metadata={"label": mark("Officer"), "missing": mark("Select an officer")},
    )
    view = Choice(VIEWS, load_default="home_visit", metadata={"label": mark("What for?")})


@dataclass(frozen=True, kw_only=True)
class CaseAssigned(Change):
    """A case was given to an officer."""

    name: ClassVar[str] = "CaseAssigned"
    case_id: str
    officer_id: str
    view: str


@dataclass(frozen=True, kw_only=True)
class UnassignCase(Command):
    """Take a case from an officer; their devices erase it once their work on it has arrived."""

    name: ClassVar[str] = "UnassignCase"
    case_id: str
    officer_id: str
    reason: str = ""


class UnassignCaseSchema(Schema):
    """How `UnassignCase` is written in a form and in a message."""

    case_id = IdField(required=True)
    officer_id = IdField(required=True)
    reason = CleanText(load_default="", characters_max=80, metadata={"label": mark("Why?")})


@dataclass(frozen=True, kw_only=True)
class CaseUnassigned(Change):
    """A case was taken from an officer."""

    name: ClassVar[str] = "CaseUnassigned"
    case_id: str
    officer_id: str
    reason: str
