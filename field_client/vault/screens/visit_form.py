"""What an officer fills in about a visit, and the commands it means."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, ClassVar

from marshmallow import Schema, ValidationError, validates_schema

from field_client.vault.cases import people_of
from field_client.vault.execute import Saving
from field_client.vault.pending import CaseView
from field_client.vault.photographs import KeptPhotograph
from field_client.vault.screens.ids import command_id
from shared.catalogue import mark
from shared.contacts import PhoneNumberField, RecordPhoneNumber
from shared.day_fields import DayField
from shared.fields import Choice, Choices, CleanText
from shared.forms import Form
from shared.photographs import PURPOSES, RecordPhotograph
from shared.presentation import LONDON, time_of_day
from shared.visits import RecordVisit, RecordVisitSchema

NOBODY_MET = frozenset({"no_answer", "premises_empty"})
"""Outcomes that say there was nobody to meet."""

_AHEAD = timedelta(minutes=10)
_CLOCK = re.compile(r"(?P<hour>[0-9]{1,2})(?:[:.]?(?P<minute>[0-9]{2}))? ?(?P<half>am|pm)?")
_NAMED = {"midday": time(12), "noon": time(12), "midnight": time(0)}
_NOON = 12

_SHARED = RecordVisitSchema().declared_fields


class TimeField(CleanText):
    """A time of day in London as people write it: 2:05pm, 14:05, 2pm, midday."""

    sentences: ClassVar[dict[str, str]] = {
        "missing": mark("Enter the time of the visit, like 2:05pm"),
        "invalid": mark("Enter the time of the visit, like 2:05pm or 14:05"),
    }

    def check(self, value: object) -> time:  # type: ignore[override]  # it means a time, not text
        """Return the time, if the text is one."""
        text = super().check(value).casefold()
        if text in _NAMED:
            return _NAMED[text]
        match = _CLOCK.fullmatch(text)
        if match is None or (match["half"] is None and match["minute"] is None):
            raise self.refusal("invalid")
        hour, minute = int(match["hour"]), int(match["minute"] or 0)
        if match["half"] and not 1 <= hour <= _NOON:
            raise self.refusal("invalid")
        if match["half"]:
            hour = hour % _NOON + (_NOON if match["half"] == "pm" else 0)
        try:
            return time(hour, minute)
        except ValueError as error:
            raise self.refusal("invalid") from error


class VisitForm(Schema):
    """One visit, in the order of the page."""

    outcome = _SHARED["outcome"]
    happened_time = TimeField(
        required=True, characters_max=20, metadata={"label": mark("Time of the visit")}
    )
    happened_on = DayField(required=True, metadata={"label": mark("Day of the visit")})
    met_person_ids = Choices({})
    others_met = _SHARED["others_met"]
    notes = _SHARED["notes"]
    number = PhoneNumberField(
        load_default="",
        characters_max=40,
        metadata={"label": mark("New phone number"), "hint": mark("As they gave it to you")},
    )
    number_person_id = Choice({})
    purpose = Choice(PURPOSES, metadata={"label": mark("What does it show?")})
    photograph = CleanText(metadata={"label": mark("Photograph")})

    @validates_schema(skip_on_field_errors=True)
    def _agree(self, data: Mapping[str, Any], **_options: object) -> None:
        """Refuse answers that cannot both be so, because nobody could say afterwards which was."""
        met = data["met_person_ids"] or data["others_met"]
        if data["outcome"] in NOBODY_MET and met:
            raise ValidationError(
                mark("You met someone, so choose another outcome, or take away who you met"),
                "outcome",
            )
        if data["outcome"] == "spoke_to_person" and not data["met_person_ids"]:
            raise ValidationError(mark("Select who you spoke to"), "met_person_ids")
        if data["number"] and "number_person_id" not in data:
            raise ValidationError(mark("Select whose number this is"), "number_person_id")


def visit_schema(view: CaseView) -> Schema:
    """Make the form for one case: its people are the ones to choose from."""
    people = {person_id: body["name"].replace("%", "%%") for person_id, body in people_of(view)}
    whose = Choice(people, metadata={"label": _WHOSE})
    if len(people) == 1:
        whose = Choice(people, load_default=next(iter(people)), metadata={"label": _WHOSE})
    met = Choices(people, load_default=list, metadata={"label": _MET})
    made: type[Schema] = VisitForm.from_dict({"met_person_ids": met, "number_person_id": whose})
    return made()


_MET = mark("Who did you meet?")
_WHOSE = mark("Whose number is it?")


def blank(view: CaseView, opened_at: datetime, outcome: str | None = None) -> Form:
    """Offer the form with the time it was opened, which can be changed."""
    local = opened_at.astimezone(LONDON)
    known = {"happened_on": local.date(), "purpose": "premises"}
    form = Form.blank(visit_schema(view), known)
    typed = {**form.typed, "happened_time": (time_of_day(opened_at),)}
    if outcome:
        typed["outcome"] = (outcome,)
    return Form(form.schema, typed)


def moment_meant(day: date, clock_time: time, opened_at: datetime) -> datetime:
    """Join day and time in London; the minute the form was opened keeps its seconds."""
    local = datetime.combine(day, clock_time, LONDON)
    opened = opened_at.astimezone(LONDON)
    return opened_at if opened.replace(second=0, microsecond=0) == local else local


def with_moment(form: Form, opened_at: datetime, now: datetime) -> tuple[Form, datetime | None]:
    """Read when the visit was; a time to come is refused beside its field."""
    if not form.ok:
        return form, None
    moment = moment_meant(form.data["happened_on"], form.data["happened_time"], opened_at)
    if moment > now + _AHEAD:
        return form.with_error("happened_time", mark("Enter a time that has been")), None
    return form, moment


@dataclass(frozen=True, kw_only=True)
class Carried:
    """What the page carries besides the boxes: whose visit it is and which it answers."""

    visit_id: str
    case_id: str
    planned_visit_id: str | None
    opened_at: datetime


def savings(
    carried: Carried, data: Mapping[str, Any], moment: datetime, pictures: Sequence[KeptPhotograph]
) -> list[Saving]:
    """Write the form as commands: the visit and its photographs together, the number by itself.

    A number the office cannot take, because the person has left the case, must not take the visit
    with it: that the visit was made is never refused.
    """
    visit_id, case_id = carried.visit_id, carried.case_id
    commands: list[Saving] = [
        Saving(
            command_id=command_id(visit_id, RecordVisit.name),
            command=RecordVisit(
                visit_id=visit_id,
                case_id=case_id,
                planned_visit_id=carried.planned_visit_id,
                happened_at=moment,
                outcome=data["outcome"],
                met_person_ids=tuple(sorted(data["met_person_ids"])),
                others_met=data["others_met"],
                notes=data["notes"],
            ),
        )
    ]
    commands += [_picture_saving(carried, picture) for picture in pictures]
    if data["number"]:
        number = RecordPhoneNumber(
            contact_id=command_id(visit_id, "contact"),
            case_id=case_id,
            person_id=data["number_person_id"],
            number=data["number"],
        )
        commands.append(
            Saving(
                command_id=command_id(visit_id, RecordPhoneNumber.name), command=number, alone=True
            )
        )
    return commands


def _picture_saving(carried: Carried, picture: KeptPhotograph) -> Saving:
    return Saving(
        command_id=command_id(carried.visit_id, RecordPhotograph.name, picture.photograph_id),
        command=RecordPhotograph(
            photograph_id=picture.photograph_id,
            visit_id=carried.visit_id,
            case_id=carried.case_id,
            purpose=picture.purpose,
            size_bytes=picture.size_bytes,
        ),
    )
