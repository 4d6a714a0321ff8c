"""Shows that money, days, times, names and places read the way people write them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import presentation
from shared.catalogue import PSEUDO, Sentence, translator
from shared.presentation import (
    address,
    address_lines,
    ago,
    day,
    duration,
    filters,
    moment,
    money,
    name,
    number,
    period,
    phone,
    postcode,
    time_of_day,
    weekday,
    when,
    yes_no,
)

MARCH_4 = date(2027, 3, 4)
AFTERNOON = datetime(2027, 3, 4, 14, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("pence", "words"),
    [
        (0, "£0.00"),
        (1, "£0.01"),
        (123_456, "£1,234.56"),
        (-500, "−£5.00"),
        (-1, "−£0.01"),
        (10**12, "£10,000,000,000.00"),
    ],
)
def test_money_is_pounds_and_pence_with_a_true_minus(pence: int, words: str) -> None:
    assert money(pence) == words


@given(st.integers(-(10**14), 10**14))
def test_money_can_be_read_back_to_the_penny(pence: int) -> None:
    words = money(pence)
    assert re.fullmatch(r"−?£[0-9]{1,3}(,[0-9]{3})*\.[0-9]{2}", words)
    digits = int(re.sub("[£,.−]", "", words))
    assert (-digits if words.startswith("−") else digits) == pence


def test_a_number_has_commas_and_a_true_minus() -> None:
    assert [number(value) for value in (5, 19_323, -1_000)] == ["5", "19,323", "−1,000"]


def test_a_day_is_written_in_words() -> None:
    assert day(MARCH_4) == "4 March 2027"
    assert weekday(MARCH_4) == "Thursday 4 March 2027"


@given(st.dates(date(1900, 1, 1), date(2099, 12, 31)))
def test_a_day_in_words_is_that_day(value: date) -> None:
    assert datetime.strptime(day(value), "%d %B %Y").replace(tzinfo=UTC).date() == value
    assert weekday(value).startswith(value.strftime("%A"))


def test_a_moment_belongs_to_the_day_it_is_in_london() -> None:
    summer_night = datetime(2027, 6, 30, 23, 30, tzinfo=UTC)
    assert day(summer_night) == "1 July 2027"
    assert time_of_day(summer_night) == "12:30am"
    assert moment(AFTERNOON) == "4 March 2027 at 2:05pm"


@pytest.mark.parametrize(
    ("hour", "minute", "words"),
    [
        (0, 0, "midnight"),
        (0, 1, "12:01am"),
        (9, 0, "9am"),
        (8, 12, "8:12am"),
        (12, 0, "midday"),
        (12, 5, "12:05pm"),
        (14, 5, "2:05pm"),
        (23, 59, "11:59pm"),
    ],
)
def test_a_time_is_written_on_the_twelve_hour_clock(hour: int, minute: int, words: str) -> None:
    assert time_of_day(datetime(2027, 1, 5, hour, minute, tzinfo=UTC)) == words


@given(st.datetimes(datetime(2000, 1, 1), datetime(2050, 1, 1)))  # noqa: DTZ001 - made aware below
def test_a_time_in_words_is_the_same_whatever_zone_it_came_in(value: datetime) -> None:
    aware = value.replace(tzinfo=UTC)
    elsewhere = aware.astimezone(timezone(timedelta(hours=9)))
    assert moment(aware) == moment(elsewhere)


def test_a_moment_without_a_time_zone_is_our_own_mistake() -> None:
    with pytest.raises(AssertionError, match="time zone"):
        moment(datetime(2027, 1, 5, 9))  # noqa: DTZ001 - the mistake on purpose


def test_when_is_as_brief_as_it_stays_clear() -> None:
    now = datetime(2027, 3, 4, 18, tzinfo=UTC)
    assert when(datetime(2027, 3, 4, 8, 12, tzinfo=UTC), now) == "8:12am"
    assert when(datetime(2027, 3, 3, 8, 12, tzinfo=UTC), now) == "8:12am yesterday"
    assert when(datetime(2027, 3, 2, 8, 12, tzinfo=UTC), now) == "8:12am on 2 March 2027"
    assert when(datetime(2027, 3, 5, 8, 12, tzinfo=UTC), now) == "8:12am on 5 March 2027"


def test_a_period_is_written_by_its_last_day_not_the_day_after() -> None:
    assert period(MARCH_4, date(2027, 3, 10)) == "4 March 2027 to 9 March 2027"
    assert period(MARCH_4, date(2027, 3, 5)) == "4 March 2027"
    assert period(MARCH_4, None) == "from 4 March 2027"
    assert period(None, MARCH_4) == "up to and including 3 March 2027"
    assert period(None, None) == "at any time"
    with pytest.raises(AssertionError, match="at least one day"):
        period(MARCH_4, MARCH_4)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-90, "later than this clock shows"),
        (-5, "just now"),
        (0, "just now"),
        (60, "1 minute ago"),
        (3 * 3_600 + 59, "3 hours ago"),
        (86_400, "1 day ago"),
        (13 * 86_400, "13 days ago"),
        (21 * 86_400, "3 weeks ago"),
        (90 * 86_400, "2 months ago"),
        (800 * 86_400, "2 years ago"),
    ],
)
def test_how_long_ago_is_told_in_the_largest_unit_that_fits(seconds: int, words: str) -> None:
    assert ago(seconds) == words


def test_a_duration_is_told_in_two_units() -> None:
    assert [duration(each) for each in (1, 75, 3_600, 7_500)] == [
        "1 second",
        "1 minute",
        "1 hour",
        "2 hours 5 minutes",
    ]
    with pytest.raises(AssertionError, match="never negative"):
        duration(-1)


def test_names_and_addresses_leave_out_what_is_not_held() -> None:
    assert name("Ms", None, " Amina ", "", "Osei") == "Ms Amina Osei"
    lines = ["Flat 2,", "", None, "Thornholme", "Thornholme"]
    assert address_lines(lines, "th49qx") == ["Flat 2", "Thornholme", "TH4 9QX"]
    assert address(["TH4 9QX"], "TH49QX") == "TH4 9QX"


def test_a_postcode_that_is_none_stays_as_it_was() -> None:
    assert [postcode(text) for text in ("bd11aa", " EC1A 1BB ", "NOT KNOWN", "BFPO 801")] == [
        "BD1 1AA",
        "EC1A 1BB",
        "NOT KNOWN",
        "BFPO 801",
    ]


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("07700900123", "07700 900123"),
        ("+44 7700 900123", "07700 900123"),
        ("+44 (0)1632 960123", "01632 960123"),
        ("02079460123", "020 7946 0123"),
        ("0113 4960123", "0113 496 0123"),
        ("ask his sister", "ask his sister"),
    ],
)
def test_a_phone_number_is_grouped_for_dialling(typed: str, words: str) -> None:
    assert phone(typed) == words


def test_yes_and_no_are_words() -> None:
    assert [yes_no(value) for value in (True, False)] == ["Yes", "No"]


def test_every_filter_speaks_the_language_of_who_is_reading() -> None:
    made = filters(lambda: translator(PSEUDO))
    assert made["day"](MARCH_4) == "⟦4 ⟦March⟧ 2027⟧"
    assert made["say"](Sentence("Enter %(least)s or more", least=3)) == "⟦Enter 3 or more⟧"
    assert made["money"](100) == "£1.00"
    assert set(made) == {*presentation.FILTERS, *presentation.SPOKEN_FILTERS, "say"}


def test_a_day_can_be_said_later() -> None:
    assert translator(PSEUDO)(day(MARCH_4, say=Sentence)) == "⟦4 ⟦March⟧ 2027⟧"
