"""What the pages about cases ask for, where it is not a command's own schema."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from marshmallow import Schema

from server.access.queries import Officer
from server.cases.commands import DEBTS_MAX
from server.cases.queries import NOBODY
from shared.catalogue import mark
from shared.debts import DEBT_TYPES
from shared.fields import Choice, Choices, CleanText, IdField

GIVE, TAKE = "give", "take"
"""The two things done to many cases at once."""

TICKED, ALL = "ticked", "all"
"""Which cases it is done to: those ticked on the page, or every one that the filter wants."""

CASES_TICKED_MAX = 200
"""Cases a form may name one by one."""


def as_text(label: str) -> str:
    """Let data stand where a marked sentence is expected: its percent signs mean themselves."""
    return label.replace("%", "%%")


def officer_options(officers: Sequence[Officer]) -> dict[str, str]:
    """Offer officers by name."""
    return {officer.user_id: as_text(officer.name) for officer in officers}


def filter_schema(officers: Sequence[Officer]) -> Schema:
    """Ask which cases are wanted."""
    return Schema.from_dict(
        {
            "text": CleanText(
                load_default="",
                characters_max=100,
                metadata={"label": mark("Name, address or reference")},
            ),
            "postcode": CleanText(
                load_default="",
                characters_max=10,
                metadata={"label": mark("Postcode, or how it begins")},
            ),
            "officer": Choice(
                {NOBODY: mark("Nobody yet"), **officer_options(officers)},
                load_default="",
                metadata={"label": mark("Who has it")},
            ),
            "debt_type": Choice(
                DEBT_TYPES, load_default="", metadata={"label": mark("Kind of debt")}
            ),
            "held": Choice(
                {"yes": mark("With a hold"), "no": mark("Without a hold")},
                load_default="",
                metadata={"label": mark("Holds")},
            ),
            "state": Choice(
                {"closed": mark("Closed")},
                load_default="",
                metadata={"label": mark("State")},
            ),
        },
        name="CaseFilterSchema",
    )()


class CaseIds(Choices):
    """The cases ticked on a page: their ids, each once."""

    def __init__(self) -> None:
        super().__init__({}, load_default=list)

    def check(self, value: object) -> list[str]:
        """Return the ids, if that is what they are and a page can hold so many."""
        if not isinstance(value, list) or len(value) > CASES_TICKED_MAX:
            raise self.refusal("invalid")
        one = IdField()
        return sorted({one.check(each) for each in value})


def selection_schema(officers: Sequence[Officer]) -> Schema:
    """Ask what is to be done, with which cases, and with whom."""
    return Schema.from_dict(
        {
            "case_id": CaseIds(),
            "scope": Choice(
                {
                    TICKED: mark("Those ticked on this page"),
                    ALL: mark("Every case in this list, on this page and the others"),
                },
                required=True,
                metadata={"label": mark("Which cases?"), "missing": mark("Select which cases")},
            ),
            "officer_id": Choice(
                officer_options(officers),
                required=True,
                metadata={"label": mark("Officer"), "missing": mark("Select an officer")},
            ),
            "what": Choice({GIVE: mark("Give"), TAKE: mark("Take")}, load_default=GIVE),
        },
        name="CaseSelectionSchema",
    )()


def officer_schema(officers: Sequence[Officer]) -> Schema:
    """Ask which officer is to have one case."""
    return Schema.from_dict(
        {
            "officer_id": Choice(
                officer_options(officers),
                required=True,
                metadata={"label": mark("Officer"), "missing": mark("Select an officer")},
            )
        },
        name="CaseOfficerSchema",
    )()


def opening_schema(debts: Mapping[str, str]) -> Schema:
    """Ask which of a person's debts a new case is about; there can be more than one case holds."""
    return Schema.from_dict(
        {
            "case_id": IdField(required=True),
            "debt_ids": _Debts(
                debts,
                required=True,
                metadata={
                    "label": mark("Which debts is the case about?"),
                    "missing": mark("Select the debts the case is about"),
                },
            ),
        },
        name="CaseOpeningSchema",
    )()


class _Debts(Choices):
    """The debts of a new case, as many as one holds."""

    sentences: ClassVar[Mapping[str, str]] = {
        "missing": mark("Select the debts the case is about"),
        "invalid": mark("Select from the debts shown, up to 50"),
    }

    def check(self, value: object) -> list[str]:
        """Return the debts chosen, if a case holds so many."""
        chosen = super().check(value)
        if len(chosen) > DEBTS_MAX:
            raise self.refusal("invalid")
        return chosen
