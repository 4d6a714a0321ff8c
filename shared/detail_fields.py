"""Details of a person and their contacts that can be put right: what each may hold, and its words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, ClassVar

from shared.catalogue import Sentence, mark
from shared.day_fields import DayField
from shared.field_policy import rule_of
from shared.fields import Answer, Choice, Choices, CleanText
from shared.presentation import day

NEEDS: dict[str, str] = {
    "interpreter": mark("An interpreter"),
    "sign_language": mark("British Sign Language"),
    "large_print": mark("Large print"),
    "help_reading": mark("Help with reading and forms"),
    "hard_of_hearing": mark("Clear speech: hard of hearing"),
    "time_at_door": mark("Time to come to the door"),
    "somebody_with_them": mark("Somebody with them when we talk"),
}
"""What a person needs from us to be treated fairly."""

PREFERRED: dict[str, str] = {
    "phone": mark("Telephone"),
    "text": mark("Text message"),
    "email": mark("Email"),
    "letter": mark("Letter"),
    "visit": mark("A visit"),
}
"""How a person would rather be reached."""

STANDINGS: dict[str, str] = {
    "in_use": mark("It reaches them"),
    "wrong": mark("It does not reach them"),
}
"""Whether a phone number or email address reaches the person it was given for."""

UNKNOWN: Mapping[str, Any] = {
    "born_on": "",
    "language": "",
    "preferred_contact": "",
    "household": "",
    "needs": [],
}
"""A person's details where nothing is known of them."""

HOUSEHOLD_MAX = 1_000
SEEN_BYTES_MAX = 8_000
FIELDS_MAX = 20

ANSWERS: Mapping[str, Mapping[str, Answer]] = {
    "person": {
        "born_on": DayField(
            load_default=None, allow_none=True, metadata={"label": mark("Date of birth")}
        ),
        "language": CleanText(
            load_default="",
            characters_max=40,
            metadata={
                "label": mark("Language they prefer"),
                "hint": mark("Leave this empty if it is English"),
            },
        ),
        "preferred_contact": Choice(
            PREFERRED, load_default="", metadata={"label": mark("Best way to reach them")}
        ),
        "needs": Choices(
            NEEDS, load_default=[], metadata={"label": mark("What they need from us")}
        ),
        "household": CleanText(
            load_default="",
            characters_max=HOUSEHOLD_MAX,
            lines=True,
            metadata={
                "label": mark("Who else lives there, and what to know of it"),
                "hint": mark("The person may ask to read this"),
            },
        ),
    },
    "contact": {
        "standing": Choice(
            STANDINGS,
            required=True,
            metadata={
                "label": mark("Does it reach them?"),
                "missing": mark("Select whether it reaches them"),
            },
        ),
    },
}
"""What each field that can be corrected may hold; forms and messages read it alike."""


class Edits(Answer):
    """What was put right: each field with what its writer had seen and what they say it is now."""

    sentences: ClassVar[Mapping[str, str]] = {
        "missing": mark("Change something before you save"),
        "invalid": mark("This could not be read: open the page again"),
    }

    def __init__(self, record: str, **options: Any) -> None:  # noqa: ANN401 - for marshmallow
        super().__init__(**options)
        self.record = record

    def check(self, value: object) -> dict[str, dict[str, Any]]:
        """Return the fields in their usual form, if each is one and holds what it may."""
        if not isinstance(value, dict) or not 0 < len(value) <= FIELDS_MAX:
            raise self.refusal("invalid")
        return {str(name): self._edit(str(name), edit) for name, edit in sorted(value.items())}

    def _edit(self, name: str, edit: object) -> dict[str, Any]:
        if name not in ANSWERS[self.record] or not isinstance(edit, dict):
            raise self.refusal("invalid")
        if set(edit) != {"was", "now"} or not _could_be_seen(edit["was"]):
            raise self.refusal("invalid")
        return {"was": edit["was"], "now": check_value(self.record, name, edit["now"], edit["was"])}


def check_value(record: str, name: str, value: object, was: object = None) -> Any:  # noqa: ANN401 - a value of any kind
    """Read a field's value; nothing said is always one, and so is what another version had there.

    A member of a set that this version has no word for is kept, or an old device would take it out.
    """
    answer = ANSWERS[record][name]
    if isinstance(answer, Choices):
        if not isinstance(value, list):
            raise answer.refusal("invalid")
        known = [each for each in value if each in answer.options]
        kept = [each for each in value if isinstance(was, list) and each in was]
        if {*map(str, value)} - {*known, *map(str, kept)}:
            raise answer.refusal("invalid")
        return sorted({*known, *kept})
    if value == "" and not answer.required:
        return ""
    meant = answer.check(value)
    return meant.isoformat() if isinstance(meant, date) else meant


def _could_be_seen(value: object) -> bool:
    """Tell whether a value is one a page may have shown: text, or a list of short texts."""
    if isinstance(value, list):
        return len(value) <= FIELDS_MAX and all(
            isinstance(each, str) and len(each) <= FIELDS_MAX * 2 for each in value
        )
    return isinstance(value, str) and len(value.encode()) <= SEEN_BYTES_MAX


def said(record: str, name: str, value: object) -> Sentence:
    """Say a field's value in words; a member of a set is in it or not."""
    if isinstance(value, bool):
        return Sentence(mark("Keep it") if value else mark("Take it off"))
    answer = ANSWERS.get(record, {}).get(name.partition(".")[0])
    if not value:
        return Sentence(mark("Nothing") if isinstance(answer, Choices) else mark("Not known"))
    if isinstance(answer, DayField):
        return Sentence("%(day)s", day=day(date.fromisoformat(str(value)), say=Sentence))
    if isinstance(answer, Choice):
        codes = [str(code) for code in (value if isinstance(value, list) else [value])]
        words = {f"word{n}": _word(answer, code) for n, code in enumerate(codes)}
        return Sentence(", ".join(f"%({each})s" for each in words), **words)
    return Sentence("%(typed)s", typed=str(value))


def _word(answer: Choice, code: str) -> str:
    """Say a code; one that another version of Fieldfare uses stays as it is."""
    return Sentence(answer.options[code]) if code in answer.options else code


def label_of(record: str, name: str) -> Sentence:
    """Say what a field is called; of a set, which member it is about."""
    label, member = Sentence(rule_of(record, name).label), name.partition(".")[2]
    answer = ANSWERS.get(record, {}).get(name.partition(".")[0])
    if member and isinstance(answer, Choice):
        return Sentence(mark("%(what)s: %(member)s"), what=label, member=_word(answer, member))
    return label
