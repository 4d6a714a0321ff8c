"""What came back from a form: every answer kept as it was typed, and what it means or what is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, Protocol, runtime_checkable

from marshmallow import Schema, ValidationError, missing

from shared.catalogue import Sentence
from shared.errors import REFUSALS, RuleBroken
from shared.fields import Answer, Choice, Typed, first_of

WHOLE_FORM = "_schema"
"""Where an error stands that belongs to no one field."""


@runtime_checkable
class ManyValued(Protocol):
    """A mapping whose names can hold several values, as a browser sends them."""

    def getlist(self, key: str, /) -> list[str]:
        """List every value sent under a name."""
        ...


class Wrong(NamedTuple):
    """One line of the error summary: the control it links to (empty for none) and what to do."""

    anchor: str
    sentence: str


class Option(NamedTuple):
    """One answer of a list: its word, its marked label and hint, and whether it is chosen."""

    value: str
    label: str
    hint: str
    chosen: bool


@dataclass(frozen=True)
class Form:
    """The answers to one schema: `typed` as typed, `data` as meant, `errors` by field."""

    schema: Schema
    typed: Typed = field(default_factory=dict)
    data: Any = None
    errors: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def blank(cls, schema: Schema, known: Mapping[str, Any] | None = None) -> Form:
        """Offer a form not filled in yet, its boxes showing what is already known."""
        typed: dict[str, Sequence[str]] = {}
        for name, value in (known or {}).items():
            typed |= _answer(schema, name).to_typed(name, value)
        return cls(schema, typed)

    @classmethod
    def read(cls, schema: Schema, raw: Mapping[str, Any] | ManyValued) -> Form:
        """Read what was sent; names the schema does not have are left alone."""
        typed: dict[str, Sequence[str]] = {}
        meant: dict[str, object] = {}
        errors: dict[str, str] = {}
        for name in schema.fields:
            answer = _answer(schema, name)
            typed |= _sent(raw, answer.controls(name))
            try:
                value = answer.from_typed(name, typed)
            except ValidationError as refusal:
                errors[name] = _first_sentence(refusal.messages)
                continue
            if value is not missing:
                meant[name] = value
        return cls._loaded(schema, typed, meant, errors)

    @classmethod
    def _loaded(
        cls, schema: Schema, typed: Typed, meant: dict[str, object], errors: dict[str, str]
    ) -> Form:
        data = None
        try:
            data = schema.load(meant, partial=tuple(errors) or None)
        except ValidationError as refusal:
            for name, messages in refusal.messages_dict.items():
                errors.setdefault(name, _first_sentence(messages))
        order = [*schema.fields, *errors]
        errors = {name: errors[name] for name in dict.fromkeys(order) if name in errors}
        return cls(schema, typed, None if errors else data, errors)

    @property
    def ok(self) -> bool:
        """Tell whether the answers were read and nothing is wrong with them."""
        return self.data is not None and not self.errors

    def refused(self, refusal: RuleBroken) -> Form:
        """Put a rule's refusal next to its field, or above the form if it names none of them."""
        name = refusal.field if refusal.field in self.schema.fields else WHOLE_FORM
        sentence = Sentence(REFUSALS[refusal.code], **refusal.values)
        return replace(self, errors={**self.errors, str(name): sentence})

    def with_error(self, name: str, sentence: str) -> Form:
        """Put a sentence next to a field, for what only the screen could find out."""
        return replace(self, errors={**self.errors, name: sentence})

    def label(self, name: str) -> str:
        """Return the field's marked label."""
        return str(_answer(self.schema, name).metadata.get("label", ""))

    def hint(self, name: str) -> str:
        """Return the field's marked hint, if it has one."""
        return str(_answer(self.schema, name).metadata.get("hint", ""))

    def error(self, name: str) -> str:
        """Return what is wrong with a field, or nothing."""
        return self.errors.get(name, "")

    def value(self, control: str) -> str:
        """Return what was typed into a control, exactly."""
        return first_of(self.typed, control)

    def options(self, name: str) -> list[Option]:
        """List the answers of a choice in order, the chosen ones marked."""
        answer = _answer(self.schema, name)
        assert isinstance(answer, Choice), f"{name} has no list of answers"
        chosen = self.typed.get(name, ())
        return [
            Option(value, label, answer.hints.get(value, ""), value in chosen)
            for value, label in answer.options.items()
        ]

    def is_optional(self, name: str) -> bool:
        """Tell whether to say an answer may be left out; where all may, as in a filter, none is said."""
        if _answer(self.schema, name).required:
            return False
        return any(answer.required for answer in self.schema.fields.values())

    def characters_max(self, name: str) -> int | None:
        """Return how many characters an answer may hold, if it is text."""
        limit = getattr(_answer(self.schema, name), "characters_max", None)
        return limit if isinstance(limit, int) else None

    def summary(self) -> list[Wrong]:
        """List what is wrong in the order of the page, each with the control to go to."""
        return [
            Wrong(
                _answer(self.schema, name).anchor(name) if name in self.schema.fields else "",
                sentence,
            )
            for name, sentence in self.errors.items()
        ]


def _answer(schema: Schema, name: str) -> Answer:
    answer = schema.fields[name]
    assert isinstance(answer, Answer), f"{name} is not one of shared.fields"
    return answer


def _sent(
    raw: Mapping[str, Any] | ManyValued, controls: Iterable[str]
) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for control in controls:
        if isinstance(raw, ManyValued):
            values: Sequence[str] = raw.getlist(control)
        else:
            value = raw.get(control, ())
            values = (value,) if isinstance(value, str) else value
        if values:
            found[control] = tuple(values)
    return found


def _first_sentence(messages: object) -> str:
    while not isinstance(messages, str):
        assert isinstance(messages, (dict, list)), "marshmallow nests its messages in these"
        messages = next(iter(messages.values() if isinstance(messages, dict) else messages))
    return messages
