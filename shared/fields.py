"""The kinds of answer a form, the API and the wire all take, each with its limits and its refusals.

A field reads two things alike: a JSON value (strict: a number is a number) and what a person typed
into boxes (forgiving of pound signs, commas and spaces, but never guessing).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from math import isfinite
from typing import Any, ClassVar, TypeVar

from marshmallow import ValidationError, fields, missing

from shared.catalogue import Sentence, mark
from shared.errors import REFUSALS, RuleBroken
from shared.presentation import money
from shared.values import PENCE_MAX, clean_text, is_id

LINE_MAX = 200
"""Characters one line of text may hold unless its field says otherwise."""

WHOLE_NUMBER_MAX = 2**63 - 1
"""The largest whole number a database column holds."""

Typed = Mapping[str, Sequence[str]]
"""What came from the boxes of a form: the name of each control, and the values in it as typed."""

_Ordered = TypeVar("_Ordered", int, date)

_MONEY = re.compile(r"-?£?-?([0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)?(\.[0-9]*)?")
_WHOLE = re.compile(r"-?([0-9]{1,3}(,[0-9]{3})+|[0-9]{1,20})")


class Answer(fields.Field[Any]):
    """An answer to one question.

    `metadata` may hold marked sentences: `label`, `hint`, `missing` (said when nothing was entered)
    and `invalid` (said when what was entered cannot be read).
    """

    sentences: ClassVar[Mapping[str, str]] = {
        "missing": mark("Enter an answer"),
        "invalid": mark("Enter this again: it could not be read"),
    }

    def refusal(self, key: str, **values: object) -> ValidationError:
        """Say no to this answer, in a sentence that can still be translated where it is shown."""
        text = self.metadata.get(key) or self.sentences[key]
        return ValidationError([Sentence(str(text), **values)])

    def make_error(self, key: str, **values: object) -> ValidationError:
        """Say marshmallow's own refusals through the catalogue too."""
        return self.refusal("missing" if key in ("required", "null") else "invalid", **values)

    def check(self, value: object) -> object:
        """Return what a JSON value means, or refuse it."""
        return value

    def write(self, value: Any) -> object:  # noqa: ANN401 - each field knows its own values
        """Write a value that is held as JSON."""
        return value

    def _deserialize(self, value: object, *_place: object, **_more: object) -> object:
        return self.check(value)

    def _serialize(self, value: object, *_place: object, **_more: object) -> object:
        return None if value is None else self.write(value)

    def from_typed(self, name: str, typed: Typed) -> object:
        """Turn what was typed into the JSON value it means; `missing` when nothing was."""
        text = first_of(typed, name).strip()
        return self.wire_value(text) if text else missing

    def wire_value(self, text: str) -> object:
        """Turn text that is not blank into the JSON value it means."""
        return text

    def to_typed(self, name: str, value: object) -> dict[str, tuple[str, ...]]:
        """Fill the boxes with a value already held, as a person would have typed it."""
        return {} if value is None else {name: (self.as_typed(value),)}

    def as_typed(self, value: Any) -> str:  # noqa: ANN401 - each field knows its own values
        """Write one value as a person would type it."""
        return str(self.write(value))

    def controls(self, name: str) -> tuple[str, ...]:
        """Name the boxes this field reads."""
        return (name,)

    def anchor(self, name: str) -> str:
        """Name the box an error in this field links to."""
        return name


class CleanText(Answer):
    """Text a person wrote: trimmed, in one Unicode form, without characters no screen can show.

    Text of one line (`lines=False`) keeps single spaces only.
    """

    def __init__(
        self,
        *,
        characters_max: int = LINE_MAX,
        lines: bool = False,
        **options: Any,  # noqa: ANN401 - passed on to marshmallow, which checks them
    ) -> None:
        super().__init__(**options)
        self.characters_max = characters_max
        self.lines = lines

    def check(self, value: object) -> str:
        """Return the text cleaned, or say which limit it breaks."""
        if not isinstance(value, str):
            raise self.refusal("invalid")
        try:
            text = clean_text(value, field=self.name or "", characters_max=self.characters_max)
        except RuleBroken as refusal:
            raise ValidationError([Sentence(REFUSALS[refusal.code], **refusal.values)]) from refusal
        if not self.lines:
            text = " ".join(text.split())
        if not text and self.required:
            raise self.refusal("missing")
        return text


class WholeNumber(Answer):
    """A whole number within limits: a JSON number on the wire, digits in the box."""

    sentences: ClassVar[Mapping[str, str]] = {
        "missing": mark("Enter a number"),
        "invalid": mark("Enter a whole number, like 12"),
        "too_small": mark("Enter %(least)s or more"),
        "too_large": mark("Enter %(most)s or less"),
    }
    written: ClassVar[Callable[[int], str]] = str

    def __init__(
        self,
        *,
        least: int = 0,
        most: int = WHOLE_NUMBER_MAX,
        **options: Any,  # noqa: ANN401 - passed on to marshmallow, which checks them
    ) -> None:
        super().__init__(**options)
        assert -WHOLE_NUMBER_MAX <= least <= most <= WHOLE_NUMBER_MAX, "limits a column can hold"
        self.least = least
        self.most = most

    def check(self, value: object) -> int:
        """Return the number, if it is one and within the limits; true is not 1."""
        if not isinstance(value, int) or isinstance(value, bool):
            raise self.refusal("invalid")
        return within(self, value, (self.least, self.most), type(self).written)

    def wire_value(self, text: str) -> int:
        """Read digits as typed, with commas between thousands if the person wrote them."""
        if not _WHOLE.fullmatch(text):
            raise self.refusal("invalid")
        return int(text.replace(",", ""))


class FiniteNumber(Answer):
    """A number that need not be whole: a JSON number, never digits in a string."""

    def check(self, value: object) -> float:
        """Return the number, if it is one that a computer can hold; true is not 1."""
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise self.refusal("invalid")
        try:
            number = float(value)
        except OverflowError as error:
            raise self.refusal("invalid") from error
        if not isfinite(number):
            raise self.refusal("invalid")
        return number


class PenceField(WholeNumber):
    """An amount of money: whole pence on the wire and in `least` and `most`, pounds in the box."""

    sentences: ClassVar[Mapping[str, str]] = {
        "missing": mark("Enter an amount"),
        "invalid": mark("Enter an amount in pounds, like 25 or 25.50"),
        "fraction": mark("Enter pounds and pence with two digits after the point, like 25.50"),
        "too_small": mark("Enter %(least)s or more"),
        "too_large": mark("Enter %(most)s or less"),
    }
    written: ClassVar[Callable[[int], str]] = money

    def __init__(
        self,
        *,
        least: int = 0,
        most: int = PENCE_MAX,
        **options: Any,  # noqa: ANN401 - passed on to marshmallow, which checks them
    ) -> None:
        super().__init__(least=least, most=most, **options)

    def wire_value(self, text: str) -> int:
        """Read pounds as typed, refusing what could mean two amounts."""
        typed = re.sub(r"\s", "", text).replace("−", "-")
        match = _MONEY.fullmatch(typed)
        if match is None or typed.count("-") > 1 or not re.search("[0-9]", typed):
            raise self.refusal("invalid")
        pence = (match[2] or ".")[1:]
        if len(pence) > 2:  # noqa: PLR2004 - there is no half penny
            raise self.refusal("fraction")
        if len(typed) > len(f"-£{PENCE_MAX:,}.00"):
            raise self.refusal("too_large", most=money(self.most))
        amount = int((match[1] or "0").replace(",", "")) * 100 + int(pence.ljust(2, "0"))
        return -amount if "-" in typed else amount

    def as_typed(self, value: int) -> str:
        """Write pence as the digits of pounds, without the sign that stands before the box."""
        return money(value).replace("£", "").replace("−", "-")


class IdField(Answer):
    """The id of a record, in its one written form."""

    sentences: ClassVar[Mapping[str, str]] = {
        "missing": mark("Choose one of the records shown"),
        "invalid": mark("Choose one of the records shown"),
    }

    def check(self, value: object) -> str:
        """Return the id, if it is one."""
        if not isinstance(value, str) or not is_id(value):
            raise self.refusal("invalid")
        return value

    def write(self, value: object) -> str:
        """Write an id, whatever library holds it."""
        return str(value)


class Choice(Answer):
    """One of a fixed list of answers: a short word on the wire, its marked label on the page."""

    sentences: ClassVar[Mapping[str, str]] = {
        "missing": mark("Choose one of the answers"),
        "invalid": mark("Choose one of the answers"),
    }

    def __init__(
        self,
        options: Mapping[str, str],
        *,
        hints: Mapping[str, str] | None = None,
        **field_options: Any,  # noqa: ANN401 - passed on to marshmallow, which checks them
    ) -> None:
        super().__init__(**field_options)
        self.options = dict(options)
        self.hints = dict(hints or {})

    def check(self, value: object) -> object:
        """Return the answer, if it is one of the list."""
        if not isinstance(value, str) or value not in self.options:
            raise self.refusal("invalid")
        return value


class Choices(Choice):
    """Any number of a fixed list of answers, in the order of the list; none is an answer too."""

    sentences: ClassVar[Mapping[str, str]] = {
        "missing": mark("Choose at least one of the answers"),
        "invalid": mark("Choose from the answers shown"),
    }

    def check(self, value: object) -> list[str]:
        """Return the answers in the order of the list, each once."""
        if not isinstance(value, list) or len(value) > len(self.options):
            raise self.refusal("invalid")
        if any(not isinstance(each, str) or each not in self.options for each in value):
            raise self.refusal("invalid")
        if not value and self.required:
            raise self.refusal("missing")
        return [option for option in self.options if option in value]

    def from_typed(self, name: str, typed: Typed) -> object:
        """Read every box that was ticked."""
        ticked = [text for text in typed.get(name, ()) if text]
        return ticked or (missing if self.required else [])

    def to_typed(self, name: str, value: object) -> dict[str, tuple[str, ...]]:
        """Tick the boxes of a list already held."""
        return {name: tuple(value)} if isinstance(value, (list, tuple)) else {}


class YesNo(Choice):
    """Yes or no: true or false on the wire, two radio buttons on the page."""

    sentences: ClassVar[Mapping[str, str]] = {
        "missing": mark("Choose yes or no"),
        "invalid": mark("Choose yes or no"),
    }

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 - passed on to marshmallow
        super().__init__({"yes": mark("Yes"), "no": mark("No")}, **options)

    def check(self, value: object) -> bool:
        """Return the answer, if it is true or false."""
        if not isinstance(value, bool):
            raise self.refusal("invalid")
        return value

    def wire_value(self, text: str) -> object:
        """Read the radio button that was chosen."""
        return {"yes": True, "no": False}.get(text, text)

    def as_typed(self, value: object) -> str:
        """Choose the radio button of an answer already held."""
        return "yes" if value else "no"


def first_of(typed: Typed, name: str) -> str:
    """Return the first value typed into a control, or nothing."""
    values = typed.get(name, ())
    return values[0] if values else ""


def within(
    answer: Answer,
    value: _Ordered,
    limits: tuple[_Ordered, _Ordered],
    written: Callable[[_Ordered], str],
) -> _Ordered:
    """Return a value that is within its limits; what is not is refused with the limit in words."""
    least, most = limits
    if value < least:
        raise answer.refusal("too_small", least=written(least))
    if value > most:
        raise answer.refusal("too_large", most=written(most))
    return value
