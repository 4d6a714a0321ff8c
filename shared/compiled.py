"""Schemas read without their machinery: each field's own check is called directly, a hundred times over."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, missing

from shared.fields import Answer

Read = Callable[[Any], Any]
"""Give what a value means, or raise when it is not plainly right."""


class _NotPlain(Exception):  # noqa: N818 - it says what the value or the schema is
    """The schema itself has to look at this."""


@cache
def compiled(schema: Schema) -> Callable[[Any], Any]:
    """Make a function that does what `schema.load` does, some ten times as quickly.

    What is plainly right is read directly. Everything else, every refusal among it, is left to the
    schema itself, so that there is one place that says no. A schema with fields of a kind not known
    here is used as it is.
    """
    try:
        read = _object(schema)
    except _NotPlain:
        return schema.load

    def load(value: Any) -> Any:  # noqa: ANN401 - any JSON value
        try:
            return read(value)
        except (_NotPlain, ValidationError, ValueError, OverflowError, TypeError):
            return schema.load(value)

    return load


@dataclass(frozen=True, kw_only=True)
class _Member:
    """How one member of an object is read."""

    name: str
    read: Read
    required: bool
    none_allowed: bool
    default: Any


def _object(schema: Schema) -> Read:
    """Plan how an object is read; what runs before or after loading is not for this."""
    if any(schema._hooks.values()) or schema.partial or schema.many:  # noqa: SLF001 - no other way to ask
        raise _NotPlain
    members = [_member(name, field) for name, field in schema.load_fields.items()]
    return partial(_read_object, members, schema.unknown == RAISE)


def _member(name: str, field: fields.Field[Any]) -> _Member:
    if field.data_key not in {None, name} or field.attribute not in {None, name}:
        raise _NotPlain
    if callable(field.load_default) and field.load_default not in {list, dict}:
        raise _NotPlain
    return _Member(
        name=name,
        read=_value(field),
        required=field.required,
        none_allowed=field.allow_none,
        default=field.load_default,
    )


def _read_object(members: list[_Member], strict: bool, value: Any) -> dict[str, Any]:  # noqa: ANN401, FBT001 - a value of any kind
    if type(value) is not dict:
        raise _NotPlain
    meant: dict[str, Any] = {}
    left = len(value)
    for member in members:
        said = value.get(member.name, missing)
        if said is missing:
            _leave_out(member, meant)
            continue
        left -= 1
        if said is not None:
            meant[member.name] = member.read(said)
        elif member.none_allowed:
            meant[member.name] = None
        else:
            raise _NotPlain
    if strict and left:
        raise _NotPlain
    return meant


def _leave_out(member: _Member, meant: dict[str, Any]) -> None:
    if member.required:
        raise _NotPlain
    default = member.default
    if default is not missing:
        meant[member.name] = default() if default in (list, dict) else default


def _value(field: fields.Field[Any]) -> Read:
    """Plan how one value that is there is read: by its kind, then by each of its validators."""
    read = _of_kind(field)
    validators = tuple(field.validators)
    if not validators:
        return read
    if len(validators) == 1:
        return partial(_checked, read, validators[0])
    raise _NotPlain


def _checked(read: Read, validator: Callable[[Any], Any], value: Any) -> Any:  # noqa: ANN401 - a value of any kind
    meant = read(value)
    validator(meant)
    return meant


def _of_kind(field: fields.Field[Any]) -> Read:
    if isinstance(field, Answer):
        if type(field)._deserialize is not Answer._deserialize:  # noqa: SLF001 - a field of its own kind
            raise _NotPlain
        return field.check
    plan = _KINDS.get(type(field))
    if plan is None:
        raise _NotPlain
    return plan(field)


def _string(_field: fields.Field[Any]) -> Read:
    return _text


def _text(value: Any) -> str:  # noqa: ANN401 - a value of any kind
    if type(value) is not str:
        raise _NotPlain
    return value


def _raw(_field: fields.Field[Any]) -> Read:
    return _as_it_is


def _as_it_is(value: Any) -> Any:  # noqa: ANN401 - a value of any kind
    return value


def _enumerated(field: Any) -> Read:  # noqa: ANN401 - an Enum
    if not field.by_value:
        raise _NotPlain
    return partial(_one_of, {each.value: each for each in field.enum})


def _one_of(members: Mapping[Any, Any], value: Any) -> Any:  # noqa: ANN401 - a value of any kind
    if type(value) is not str or value not in members:
        raise _NotPlain
    return members[value]


def _list(field: Any) -> Read:  # noqa: ANN401 - a List
    return partial(_read_list, _value(field.inner))


def _read_list(read: Read, value: Any) -> list[Any]:  # noqa: ANN401 - a value of any kind
    if type(value) is not list or None in value:
        raise _NotPlain
    return [read(each) for each in value]


def _dict(field: Any) -> Read:  # noqa: ANN401 - a Dict
    keys = _value(field.key_field) if field.key_field else _text
    return partial(_read_dict, keys, _value(field.value_field) if field.value_field else None)


def _read_dict(key: Read, inner: Read | None, value: Any) -> dict[Any, Any]:  # noqa: ANN401 - a value of any kind
    if type(value) is not dict:
        raise _NotPlain
    if inner is None:
        return {key(name): each for name, each in value.items()}
    if None in value.values():
        raise _NotPlain
    return {key(name): inner(each) for name, each in value.items()}


def _nested(field: Any) -> Read:  # noqa: ANN401 - a Nested
    if field.many or field.unknown is not None or field.only or field.exclude:
        raise _NotPlain
    return _object(field.schema)


_KINDS: Mapping[type, Callable[[Any], Read]] = {
    fields.Raw: _raw,
    fields.String: _string,
    fields.Enum: _enumerated,
    fields.List: _list,
    fields.Dict: _dict,
    fields.Nested: _nested,
}
