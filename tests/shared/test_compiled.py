"""A compiled schema reads what the schema reads and refuses what it refuses, whatever comes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import Schema, ValidationError, fields, post_load

from shared.compiled import compiled
from shared.decide import FROM_THE_FIELD
from shared.fields import FiniteNumber
from sync.shapes import EnvelopeSchema, ReplySchema, RequestSchema

ID = "0b0e3c52-3c77-4bd0-8e5b-6b8a4c1d2e3f"
SCHEMAS = [EnvelopeSchema(), RequestSchema(), ReplySchema(), *(k.schema for k in FROM_THE_FIELD)]

leaves = st.one_of(
    st.none(), st.booleans(), st.integers(-2, 2**64), st.floats(), st.text(max_size=8),
    st.sampled_from([ID, "0" * 64, "urgent", "applied", "no_answer", "RecordVisit", "07700900123",
                     "2027-03-01T08:30:00+00:00", "2027-03-01", "phone", ""]),
)  # fmt: skip
values = st.recursive(leaves, lambda inner: st.lists(inner, max_size=3), max_leaves=4)


def ended(load: Any, value: Any) -> Any:
    try:
        return "read", load(value)
    except ValidationError as refusal:
        return "refused", refusal.messages
    except (ValueError, OverflowError) as refusal:
        return "refused", type(refusal)


def likely(field: fields.Field[Any]) -> st.SearchStrategy[Any]:
    """Draw what a field may well take, and sometimes what it does not."""
    if isinstance(field, fields.Nested):
        return st.one_of(objects(field.schema), values)
    if isinstance(field, fields.List):
        return st.one_of(st.lists(likely(field.inner), max_size=2), values)
    if isinstance(field, fields.Dict):
        inner = likely(field.value_field) if field.value_field else values
        return st.one_of(
            st.dictionaries(st.sampled_from(["urgent", "ordinary", "x"]), inner), values
        )
    return values


def objects(schema: Schema) -> st.SearchStrategy[Any]:
    members = {name: likely(field) for name, field in schema.load_fields.items()}
    return st.fixed_dictionaries({}, optional={**members, "of a newer version": values})


@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda schema: type(schema).__name__)
@given(data=st.data())
def test_both_end_alike_for_anything(schema: Schema, data: st.DataObject) -> None:
    said = data.draw(st.one_of(objects(schema), values))
    assert repr(ended(compiled(schema), said)) == repr(ended(schema.load, said))


@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda schema: type(schema).__name__)
def test_no_schema_that_comes_by_the_hundred_is_left_slow(schema: Schema) -> None:
    assert compiled(schema) != schema.load


def test_a_schema_that_does_more_than_read_is_used_as_it_is() -> None:
    class Doubling(Schema):
        number = FiniteNumber()

        @post_load
        def double(self, data: dict[str, float], **_more: object) -> dict[str, float]:
            return {"number": 2 * data["number"]}

    assert compiled(Doubling())({"number": 2.0}) == {"number": 4.0}
