"""Whatever a file holds, reading it ends: in a refusal with a sentence, or with every row accounted for."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from server.interop.guessing import guess_line, guess_sheet
from server.interop.intake import Intake
from server.interop.lines import AccountLine, Reason, Rejected
from server.interop.profile_files import ProfileInvalid, as_data, from_data, from_text, load
from server.interop.reading import read
from server.interop.rejects import rejects_file
from shared.errors import RuleBroken

SAMPLE = Path(__file__).parents[3] / "server" / "interop" / "samples" / "accounts.csv"
PROFILES = [
    load(name) for name in ("sample-accounts", "fieldfare-accounts", "bradford-business-rates")
]


def must_speak(*told: RuleBroken | Reason) -> None:
    assert all(one.sentence() for one in told)


def take_in(data: bytes, profile) -> None:
    try:
        taken = Intake(read(data), profile)
    except RuleBroken as refusal:
        must_speak(refusal)
        return
    found = list(taken.outcomes())
    survey = taken.survey
    assert survey.read == len(found)
    assert survey.read == survey.accepted + survey.rejected
    assert survey.accepted == sum(isinstance(outcome, AccountLine) for outcome in found)
    rejected = [outcome for outcome in found if isinstance(outcome, Rejected)]
    assert all(reason.sentence() for row in rejected for reason in row.reasons)
    text = "".join(rejects_file(taken.header, rejected))
    assert len(list(csv.reader(io.StringIO(text[1:], newline="")))) == len(rejected) + 1


@given(st.binary(max_size=300))
def test_any_bytes_at_all(data: bytes) -> None:
    for profile in PROFILES:
        take_in(data, profile)
    try:
        guess = guess_sheet(read(data))
    except RuleBroken as refusal:
        must_speak(refusal)
        return
    if guess.profile is None:
        assert guess.refused is not None
        assert guess.refused.sentence()


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_the_sample_with_any_damage(data: st.DataObject) -> None:
    whole = SAMPLE.read_bytes()
    damaged = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(damaged) - 1))
        width = data.draw(st.integers(0, 40))
        damaged[at : at + width] = data.draw(st.binary(max_size=40))
    take_in(bytes(damaged), PROFILES[0])


CELL = st.one_of(
    st.text(max_size=30),
    st.sampled_from(
        [
            "",
            "1",
            "-",
            "#N/A",
            "Y",
            "2025-03-31",
            "31/03/2025",
            "1,234.50",
            "Mr J & Mrs A Marsh",
            "Ltd",
            "a, b\nc",
            "ZZ1 1AA",
            '"',
            "&",
            "Dr &",
            "T/A",
            "x T/A",
        ]
    ),
)


@given(st.lists(st.lists(CELL, min_size=1, max_size=40), max_size=8))
def test_any_values_below_a_real_header(rows: list[list[str]]) -> None:
    profile = PROFILES[1]
    headings = [column.heading for feed in profile.feeds for column in feed.columns]
    text = io.StringIO()
    csv.writer(text).writerows(
        [headings, *(row + [""] * (len(headings) - len(row)) for row in rows)]
    )
    take_in(text.getvalue().encode("utf-8", "replace"), profile)


@given(st.text(max_size=200))
def test_any_first_line_is_proposed_or_refused(text: str) -> None:
    guess = guess_line(text)
    assert (guess.profile is None) != (guess.refused is None)
    if guess.profile is not None:
        assert from_data(as_data(guess.profile)) == guess.profile
    else:
        assert guess.refused is not None
        assert guess.refused.sentence()


HEADINGS = st.sampled_from(
    [
        "Account Ref",
        "Ratepayer",
        "Address",
        "Address 1",
        "Postcode",
        "Property Address",
        "Date From",
        "Date To",
        "Balance",
        "Outstanding Debt",
        "RV",
        "RV 2017",
        "Empty",
        "Name",
        "",
        "Disc %",
        "Account Holder 2",
        "Debt Type",
        "Title",
    ]
)


@given(
    st.lists(HEADINGS, min_size=1, max_size=25), st.lists(st.lists(CELL, max_size=25), max_size=5)
)
def test_any_guessed_profile_is_a_valid_one_that_reads_its_own_file(
    headings: list[str], rows: list[list[str]]
) -> None:
    text = io.StringIO()
    csv.writer(text).writerows([headings, *rows])
    data = text.getvalue().encode("utf-8", "replace")
    try:
        guess = guess_sheet(read(data))
    except RuleBroken:
        return
    if guess.profile is not None:
        assert from_data(as_data(guess.profile)) == guess.profile
        take_in(data, guess.profile)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3)
    ),
    max_leaves=8,
)
KEYS = st.sampled_from(
    [
        "name",
        "title",
        "source",
        "service",
        "country",
        "debt_type",
        "fields",
        "control",
        "date_formats",
        "one_row",
        "missing_column",
        "short_rows",
        "delimiter",
    ]
)


@given(st.dictionaries(KEYS, JSON))
def test_any_data_is_a_profile_or_is_refused_with_sentences(data: dict[str, object]) -> None:
    try:
        from_data(data)
    except ProfileInvalid as refusal:
        must_speak(refusal, *refusal.reasons)


@given(st.text(max_size=100))
def test_any_text_is_a_profile_or_is_refused(text: str) -> None:
    try:
        from_text(text)
    except ProfileInvalid as refusal:
        must_speak(refusal)
