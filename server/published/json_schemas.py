"""Marshmallow's schemas written as JSON Schema (2020-12), so that what is published is what is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from marshmallow import RAISE, Schema, fields, validate

from server.access.device_commands import PublicKey
from server.published.answers import PlaceSchema, RecordSchema
from shared.day_fields import MOMENT_TEXT_MAX, MomentField
from shared.fields import Answer, CleanText, FiniteNumber, IdField, WholeNumber, YesNo
from sync.protocol import ENVELOPES_MAX
from sync.shapes import PageSchema, RequestSchema

Said = dict[str, Any]

ID = r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"
KEY = r"^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$"
"""32 bytes in unpadded base64url, whose last character has two bits to spare."""


BY_HAND: Mapping[type[Schema], Mapping[str, fields.Field[Any]]] = {
    PageSchema: {"records": fields.List(fields.Nested(RecordSchema), required=True)},
    RequestSchema: {
        "places": fields.List(
            fields.Nested(PlaceSchema), validate=validate.Length(max=ENVELOPES_MAX)
        )
    },
}
"""What `sync.wire` reads by a function of its own, because it comes by the thousand."""


class NotDescribed(LookupError):  # noqa: N818 - it says what a field is
    """A kind of field that this file cannot describe yet; it must learn to, not leave it out."""


class Components:
    """The schemas of a description by their names, each described once however often it is used."""

    def __init__(self) -> None:
        self.schemas: dict[str, Said] = {}

    def add(self, schema: Schema) -> Said:
        """Describe a schema, and give the reference to it."""
        name = type(schema).__name__.strip("_").removesuffix("Schema")
        if name not in self.schemas:
            self.schemas[name] = {}
            self.schemas[name] = self._object(schema)
        return {"$ref": f"#/components/schemas/{name}"}

    def _object(self, schema: Schema) -> Said:
        by_hand = BY_HAND.get(type(schema), {})
        described = {**schema.fields, **by_hand}
        members = {name: self._field(field) for name, field in described.items()}
        required = [name for name, field in described.items() if field.required]
        return {
            "type": "object",
            "description": (type(schema).__doc__ or "").strip(),
            "properties": members,
            **({"required": required} if required else {}),
            "additionalProperties": schema.unknown != RAISE,
        }

    def _field(self, field: fields.Field[Any]) -> Said:
        said = self._kind(field)
        for validator in field.validators:
            said |= _validated(validator, said)
        if field.allow_none:
            said = {"anyOf": [said, {"type": "null"}]}
        return said

    def _kind(self, field: fields.Field[Any]) -> Said:
        if isinstance(field, fields.Nested):
            return self.add(field.schema)
        if isinstance(field, fields.List):
            return {"type": "array", "items": self._field(field.inner)}
        if isinstance(field, fields.Dict):
            values = field.value_field
            return {
                "type": "object",
                **({"additionalProperties": self._field(values)} if values else {}),
            }
        described = _KINDS.get(type(field))
        if described is None:
            raise NotDescribed(type(field).__name__)
        return described(field)


def _clean_text(field: Any) -> Said:  # noqa: ANN401 - the table says which field it is
    unseen = r"\x00-\x08\x0b-\x1f\x7f-\x9f"
    filled = rf"^[^{unseen}]*[^\s{unseen}][^{unseen}]*$" if field.required else rf"^[^{unseen}]*$"
    return {"type": "string", "maxLength": field.characters_max, "pattern": filled}


def _enum(field: Any) -> Said:  # noqa: ANN401 - a value of any kind
    return {"type": "string", "enum": [each.value for each in field.enum]}


_KINDS: Mapping[type[fields.Field[Any] | Answer], Callable[[Any], Said]] = {
    IdField: lambda _field: {"type": "string", "pattern": ID},
    PublicKey: lambda _field: {"type": "string", "pattern": KEY},
    CleanText: _clean_text,
    MomentField: lambda _field: {
        "type": "string",
        "format": "date-time",
        "maxLength": MOMENT_TEXT_MAX,
    },
    WholeNumber: lambda field: {"type": "integer", "minimum": field.least, "maximum": field.most},
    FiniteNumber: lambda _field: {"type": "number"},
    YesNo: lambda _field: {"type": "boolean"},
    fields.String: lambda _field: {"type": "string"},
    fields.Enum: _enum,
    fields.Raw: lambda _field: {},
}
"""What each kind of field is in JSON Schema; one that is not here stops the making of a description."""


def _validated(validator: Any, said: Mapping[str, Any]) -> Said:  # noqa: ANN401 - marshmallow's, of any kind
    """Add what a validator of a field asks."""
    if isinstance(validator, validate.Length):
        what = "Items" if said.get("type") == "array" else "Length"
        limits = {"min": validator.min, "max": validator.max}
        return {f"{end}{what}": limit for end, limit in limits.items() if limit is not None}
    if isinstance(validator, validate.Regexp):
        return {"pattern": written(str(validator.regex.pattern))}
    if isinstance(validator, validate.OneOf):
        return {"enum": list(validator.choices)}
    raise NotDescribed(type(validator).__name__)


def written(pattern: str) -> str:
    """Write a pattern with the ends that JSON Schema knows."""
    return pattern.replace(r"\A", "^").replace(r"\Z", "$")
