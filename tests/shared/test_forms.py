"""Shows that a form keeps what was typed, and puts each refusal next to its field."""

from __future__ import annotations

from datetime import date

import pytest
from marshmallow import Schema, ValidationError, validates_schema
from werkzeug.datastructures import MultiDict

from shared import day_fields, fields
from shared.errors import RuleBroken
from shared.forms import Form, Option, Wrong


class OfferSchema(Schema):
    """What someone offers to pay."""

    phone = fields.CleanText(
        required=True,
        characters_max=20,
        metadata={"label": "Phone number", "hint": "As given", "missing": "Enter a phone number"},
    )
    offer = fields.PenceField(metadata={"label": "Offer"})
    first_on = day_fields.DayField()
    kinds = fields.Choices({"cash": "Cash", "card": "Card"}, hints={"cash": "At an office"})

    @validates_schema
    def an_offer_has_a_day(self, data: dict[str, object], **_: object) -> None:
        if "offer" in data and "first_on" not in data:
            raise ValidationError("Say when the first payment is", "first_on")


def read(**typed: object) -> Form:
    return Form.read(OfferSchema(), typed)


def test_good_answers_are_read_to_what_they_mean() -> None:
    form = read(phone=" 01632 960123", offer="£12", first_on="4/3/2027", kinds=["card"])
    assert form.ok
    assert form.data == {
        "phone": "01632 960123",
        "offer": 1_200,
        "first_on": date(2027, 3, 4),
        "kinds": ["card"],
    }


def test_what_was_typed_is_kept_exactly_beside_its_refusal() -> None:
    form = read(phone=" ", offer=" twelve quid ")
    assert not form.ok
    assert form.data is None
    assert form.value("offer") == " twelve quid "
    assert form.error("phone") == "Enter a phone number"
    assert form.error("offer") == "Enter an amount in pounds, like 25 or 25.50"
    assert form.error("kinds") == ""


def test_the_summary_follows_the_page_and_links_to_the_first_box() -> None:
    form = read(**{"offer": "x", "first_on-day": "4"})
    assert [wrong.anchor for wrong in form.summary()] == ["phone", "offer", "first_on-day"]
    assert form.summary()[0] == Wrong("phone", "Enter a phone number")


def test_a_browsers_many_values_are_all_read() -> None:
    sent = MultiDict([("phone", "1"), ("kinds", "card"), ("kinds", "cash"), ("other", "left out")])
    form = Form.read(OfferSchema(), sent)
    assert form.ok
    assert form.data["kinds"] == ["cash", "card"]
    assert "other" not in form.typed


def test_a_rule_about_the_whole_form_names_its_field() -> None:
    assert read(phone="1", offer="5").error("first_on") == "Say when the first payment is"


def test_a_refusal_stands_next_to_its_field_or_above_the_form() -> None:
    form = read(phone="1")
    beside = form.refused(RuleBroken("text.too_long", field="phone", characters_max=5))
    assert beside.summary() == [Wrong("phone", "Shorten this to 5 characters or fewer")]
    assert not beside.ok
    above = form.refused(RuleBroken("text.unreadable", field="elsewhere"))
    assert above.summary() == [Wrong("", "Remove the characters that cannot be shown")]
    assert form.with_error("phone", "Ring them first").error("phone") == "Ring them first"


def test_a_blank_form_shows_what_is_already_known() -> None:
    form = Form.blank(OfferSchema(), {"offer": 123_456, "first_on": date(2027, 3, 4)})
    assert form.value("offer") == "1,234.56"
    assert [form.value(f"first_on-{part}") for part in ("day", "month", "year")] == [
        "4",
        "3",
        "2027",
    ]
    assert not form.ok
    assert form.errors == {}


def test_a_field_says_its_words_its_limit_and_its_options() -> None:
    form = Form.blank(OfferSchema(), {"kinds": ["cash"]})
    assert (form.label("phone"), form.hint("phone")) == ("Phone number", "As given")
    assert (form.label("kinds"), form.hint("kinds")) == ("", "")
    assert (form.characters_max("phone"), form.characters_max("offer")) == (20, None)
    assert form.options("kinds") == [
        Option("cash", "Cash", "At an office", chosen=True),
        Option("card", "Card", "", chosen=False),
    ]
    with pytest.raises(AssertionError, match="no list"):
        form.options("phone")


def test_optional_is_said_only_where_something_else_is_required() -> None:
    form = Form.blank(OfferSchema())
    assert [form.is_optional(name) for name in ("phone", "offer")] == [False, True]
    only_optional = Schema.from_dict({"postcode": fields.CleanText()})
    assert not Form.blank(only_optional()).is_optional("postcode")


def test_a_field_that_is_not_ours_is_our_own_mistake() -> None:
    from marshmallow import fields as plain  # noqa: PLC0415 - the mistake on purpose

    with pytest.raises(AssertionError, match="not one of shared"):
        Form.read(Schema.from_dict({"age": plain.Integer()})(), {})
