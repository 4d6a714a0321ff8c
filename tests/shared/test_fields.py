"""Shows that each kind of answer takes what it should, and refuses the rest in one sentence."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import Schema, ValidationError, missing

from shared import day_fields, fields
from shared.catalogue import PSEUDO, Sentence, translator
from shared.forms import Form
from shared.values import PENCE_MAX

AN_ID = "0190b6a8-5f7e-7c31-9d6e-2f4a8b1c3d5e"


def load(answer: fields.Answer, value: object) -> object:
    return Schema.from_dict({"answer": answer})().load({"answer": value})["answer"]


def refusal(answer: fields.Answer, value: object) -> str:
    with pytest.raises(ValidationError) as refused:
        load(answer, value)
    [sentence] = refused.value.messages_dict["answer"]
    assert isinstance(sentence, Sentence)
    return sentence


def typed(answer: fields.Answer, text: str) -> object:
    return answer.from_typed("answer", {"answer": (text,)})


def typed_refusal(answer: fields.Answer, text: str) -> str:
    with pytest.raises(ValidationError) as refused:
        typed(answer, text)
    return str(refused.value.messages[0])


def test_text_is_trimmed_and_of_one_form() -> None:
    assert load(fields.CleanText(), "  Zoe\u0308  \n Smith ") == "Zo\u00eb Smith"
    assert load(fields.CleanText(lines=True), "one\r\ntwo ") == "one\ntwo"


@pytest.mark.parametrize("text", ["a\x00b", "a\ud800b", "a\x07b"])
def test_text_no_screen_can_show_is_refused(text: str) -> None:
    assert refusal(fields.CleanText(), text) == "Remove the characters that cannot be shown"


def test_text_too_long_is_refused_with_its_limit() -> None:
    said = refusal(fields.CleanText(characters_max=3), "four")
    assert said == "Shorten this to 3 characters or fewer"


def test_blank_text_is_missing_where_an_answer_is_required() -> None:
    answer = fields.CleanText(required=True, metadata={"missing": "Enter a phone number"})
    assert refusal(answer, " ") == "Enter a phone number"
    assert refusal(answer, None) == "Enter a phone number"
    assert load(fields.CleanText(), " ") == ""


def test_text_that_is_not_text_is_refused() -> None:
    assert refusal(fields.CleanText(), 7) == "Enter this again: it could not be read"


@pytest.mark.parametrize(
    ("text", "pence"),
    [
        ("25", 2_500),
        ("£1,234.5", 123_450),
        ("1234.56", 123_456),
        (" £ 0.07 ", 7),
        (".5", 50),
        ("5.", 500),
        ("−£5", -500),
        ("£-5.00", -500),
    ],
)
def test_pounds_are_read_as_people_type_them(text: str, pence: int) -> None:
    assert typed(fields.PenceField(least=-1_000), text) == pence


@pytest.mark.parametrize("text", ["twelve", "1.2.3", "12,34", "£", ".", "--5", "-£-5", "1e3", "٣"])
def test_an_amount_that_could_mean_two_things_is_refused(text: str) -> None:
    said = "Enter an amount in pounds, like 25 or 25.50"
    assert typed_refusal(fields.PenceField(), text) == said


def test_half_pennies_are_refused() -> None:
    said = "Enter pounds and pence with two digits after the point, like 25.50"
    assert typed_refusal(fields.PenceField(), "1.234") == said


def test_an_amount_of_absurd_length_is_refused_before_it_is_read() -> None:
    assert typed_refusal(fields.PenceField(most=500), "9" * 5_000) == "Enter £5.00 or less"


@given(st.integers(-PENCE_MAX, PENCE_MAX))
def test_an_amount_shown_in_its_box_reads_back_the_same(pence: int) -> None:
    answer = fields.PenceField(least=-PENCE_MAX)
    [text] = answer.to_typed("answer", pence)["answer"]
    assert typed(answer, text) == pence
    assert load(answer, pence) == pence


def test_amounts_keep_to_their_limits() -> None:
    answer = fields.PenceField(least=100, most=5_000)
    assert refusal(answer, 99) == "Enter £1.00 or more"
    assert refusal(answer, 5_001) == "Enter £50.00 or less"


@pytest.mark.parametrize("value", [True, 1.0, "1", [1]])
def test_a_number_on_the_wire_is_a_number(value: object) -> None:
    assert refusal(fields.WholeNumber(), value) == "Enter a whole number, like 12"
    assert refusal(fields.PenceField(), value).startswith("Enter an amount")


@pytest.mark.parametrize("value", [True, "1.5", None, float("nan"), float("inf"), 10**400])
def test_a_number_that_need_not_be_whole_is_a_number_all_the_same(value: object) -> None:
    with pytest.raises(ValidationError):
        fields.FiniteNumber(required=True).deserialize(value)
    assert load(fields.FiniteNumber(), 2) == 2.0
    assert load(fields.FiniteNumber(), -1.5) == -1.5


def test_a_whole_number_fits_a_column() -> None:
    assert load(fields.WholeNumber(), 2**63 - 1) == 2**63 - 1
    assert refusal(fields.WholeNumber(), 2**63).startswith("Enter 9223372036854775807")
    assert refusal(fields.WholeNumber(least=3), 2) == "Enter 3 or more"


def test_a_whole_number_is_typed_in_digits() -> None:
    assert typed(fields.WholeNumber(), "19,323") == 19_323
    for text in ("12.5", "1,2", "a dozen", "9" * 50):
        assert typed_refusal(fields.WholeNumber(), text) == "Enter a whole number, like 12"


def test_an_id_has_one_form() -> None:
    assert load(fields.IdField(), AN_ID) == AN_ID
    for wrong in (AN_ID.upper(), AN_ID[:-1], 7):
        assert refusal(fields.IdField(), wrong) == "Choose one of the records shown"
    assert fields.IdField().serialize("answer", {"answer": AN_ID}) == AN_ID


@pytest.mark.parametrize(
    "text", ["2027-03-04", "4/3/2027", "04-03-2027", "4 march 2027", "4 Mar 2027", "4.3.2027"]
)
def test_a_day_is_read_in_any_british_form(text: str) -> None:
    assert typed(day_fields.DayField(), text) == "2027-03-04"


@pytest.mark.parametrize("text", ["31/2/2027", "4 smarch 2027", "soon", "4/3/27", "2027-3-4-5"])
def test_a_day_no_calendar_has_is_refused(text: str) -> None:
    assert typed_refusal(day_fields.DayField(), text) == "Enter a real date, like 4 3 2027"


def test_three_boxes_make_a_day_and_two_do_not() -> None:
    answer = day_fields.DayField()
    boxes = {"answer-day": ("4",), "answer-month": ("March",), "answer-year": ("2027",)}
    assert answer.from_typed("answer", boxes) == "2027-03-04"
    assert answer.from_typed("answer", {}) is missing
    with pytest.raises(ValidationError, match="Enter a day, a month and a year"):
        answer.from_typed("answer", {"answer-day": ("4",)})


@given(st.dates(date(1900, 1, 1), date(2099, 12, 31)))
def test_a_day_shown_in_its_boxes_reads_back_the_same(value: date) -> None:
    answer = day_fields.DayField()
    wire = answer.from_typed("answer", answer.to_typed("answer", value))
    assert wire == answer.serialize("answer", {"answer": value})
    assert load(answer, wire) == value


def test_a_day_keeps_to_its_limits_and_says_them_in_any_language() -> None:
    answer = day_fields.DayField(least=date(2027, 1, 1), most=date(2027, 12, 31))
    early = refusal(answer, "2026-12-31")
    assert early == "Enter a date that is 1 January 2027 or later"
    assert "⟦January⟧" in translator(PSEUDO)(early)
    assert refusal(answer, "2028-01-01") == "Enter a date that is 31 December 2027 or earlier"


@pytest.mark.parametrize("value", ["2027-02-30", "20270304", "4/3/2027", 20_270_304])
def test_a_day_on_the_wire_is_iso(value: object) -> None:
    assert refusal(day_fields.DayField(), value) == "Enter a real date, like 4 3 2027"


def test_a_moment_is_kept_in_utc() -> None:
    moment = load(day_fields.MomentField(), "2027-07-04T10:00:00+01:00")
    assert moment == datetime(2027, 7, 4, 9, tzinfo=UTC)
    assert (
        day_fields.MomentField().serialize("answer", {"answer": moment}) == "2027-07-04T09:00:00Z"
    )


@pytest.mark.parametrize(
    "value", ["2027-07-04T10:00:00", "soon", 7, "0001-01-01T00:00:00+14:00", "2" * 99]
)
def test_a_moment_without_its_time_zone_is_refused(value: object) -> None:
    assert refusal(day_fields.MomentField(), value) == "Enter a date and time with its time zone"


def test_a_choice_is_one_of_its_list() -> None:
    answer = fields.Choice({"spoke": "Spoke to someone"})
    assert load(answer, "spoke") == "spoke"
    for wrong in ("shouted", ["spoke"], 1):
        assert refusal(answer, wrong) == "Choose one of the answers"


def test_choices_come_in_the_order_of_the_list_and_once() -> None:
    answer = fields.Choices({"a": "A", "b": "B"})
    assert load(answer, ["b", "a"]) == ["a", "b"]
    for wrong in ("a", ["c"], [1], ["a", "a", "b"]):
        assert refusal(answer, wrong) == "Choose from the answers shown"
    assert answer.from_typed("answer", {}) == []
    required = fields.Choices({"a": "A"}, required=True)
    assert refusal(required, []) == "Choose at least one of the answers"
    assert required.from_typed("answer", {}) is missing
    assert answer.to_typed("answer", ["a"]) == {"answer": ("a",)}
    assert answer.to_typed("answer", None) == {}


def test_yes_and_no_are_true_and_false() -> None:
    answer = fields.YesNo()
    assert [typed(answer, text) for text in ("yes", "no")] == [True, False]
    assert [answer.as_typed(value) for value in (True, False)] == ["yes", "no"]
    assert load(answer, typed(answer, "yes")) is True
    assert refusal(answer, 1) == "Choose yes or no"
    assert refusal(answer, typed(answer, "perhaps")) == "Choose yes or no"


@given(st.text(max_size=50))
def test_whatever_is_typed_is_read_or_refused_never_a_crash(text: str) -> None:
    for answer in (
        fields.PenceField(),
        fields.WholeNumber(),
        day_fields.DayField(),
        fields.YesNo(),
    ):
        schema = Schema.from_dict({"answer": answer})()
        form = Form.read(schema, {"answer": text})
        assert form.ok or form.error("answer")
