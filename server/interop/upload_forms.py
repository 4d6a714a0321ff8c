"""What the pages about a waiting file ask, and how the answers become a profile."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from marshmallow import Schema

from server.interop.column_pages import Reading
from server.interop.editing import (
    SETTINGS,
    TOGETHER,
    date_order,
    edited,
    field_words,
)
from server.interop.fields import FIELDS
from server.interop.lines import Reason
from server.interop.profile_files import ProfileInvalid, from_data
from server.interop.profiles import GUESS, Profile
from server.interop.queries import PastImport
from server.interop.sentences import REASONS
from server.interop.uploads import Upload
from shared.catalogue import Sentence, mark
from shared.day_fields import DayField
from shared.debts import DEBT_TYPES
from shared.fields import Choice, CleanText, PenceField, WholeNumber
from shared.forms import Form
from shared.presentation import day as day_in_words
from shared.values import PENCE_MAX

BY_COLUMN = "by_column"
AS_BEFORE = "as:"
ROWS_MAX = 10**7

_CHOICES: dict[str, tuple[str, dict[str, str]]] = {
    "country": (
        mark("Which country's law is it under?"),
        {"england": mark("England"), "wales": mark("Wales")},
    ),
    "one_row": (
        mark("What is one row?"),
        {
            "account": mark("One account"),
            "debt": mark("One debt: an account can stand on several rows"),
        },
    ),
    "master_of_balance": (
        mark("Who keeps the balances?"),
        {
            "host": mark("The system the file is from: its balances are taken over each time"),
            "fieldfare": mark("Fieldfare: the file only opens them"),
        },
    ),
    "merge_organisations": (
        mark("Are organisations of one name the same?"),
        {
            "never": mark("No: each account has its own"),
            "registered": mark("Only companies and other bodies whose names are registered"),
            "all": mark("Yes, all of them in this service"),
        },
    ),
    "otherwise_kind": (
        mark("What is a name that does not tell?"),
        {"individual": mark("An individual"), "organisation": mark("An organisation")},
    ),
    "name_order": (
        mark("How are whole names written?"),
        {
            "title_first": mark("Mrs Ann Marsh"),
            "surname_first": mark("Marsh, Ann Mrs"),
        },
    ),
    "date_order": (
        mark("How are dates in figures written?"),
        {
            "day_first": mark("Day first: 31/03/2027"),
            "month_first": mark("Month first: 03/31/2027"),
        },
    ),
    "amounts": (
        mark("How are amounts written?"),
        {"pounds": mark("In pounds: 25.50"), "pence": mark("In pence: 2550")},
    ),
}


def upload_schema(profiles: Sequence[tuple[str, str]], ways: Sequence[PastImport]) -> Schema:
    """Ask for a file, and how to begin to read it."""
    options = {GUESS: mark("Work it out from the names of its columns")}
    for way in ways:
        on = day_in_words(way.begun_at, say=Sentence)
        options[f"{AS_BEFORE}{way.import_id}"] = Sentence(
            mark("The way %(file)s was read on %(day)s"), file=_spaced(way.file_name), day=on
        )
    options.update(dict(profiles))
    return Schema.from_dict(
        {
            "file": CleanText(
                metadata={
                    "label": mark("File"),
                    "hint": mark("A list saved as CSV or another text file, of up to 60 MB"),
                }
            ),
            "profile": Choice(
                options,
                required=True,
                metadata={
                    "label": mark("How is it to be read?"),
                    "missing": mark("Select how the file is to be read"),
                },
            ),
        }
    )()


def reading_schema(reading: Reading) -> Schema:
    """Ask what each column is, and what no column says."""
    feeds = {"": field_words(""), **{name: field_words(name) for name in FIELDS}}
    feeds.update(
        {c.shown.feeds: field_words(c.shown.feeds) for c in reading.columns if c.shown.feeds}
    )
    both = TOGETHER.join(("account_reference", "property_reference"))
    feeds.setdefault(both, field_words(both))
    columns = {
        control(column.shown.position): Choice(feeds, load_default="")
        for column in reading.columns
        if column.shown.heading
    }
    kinds = {BY_COLUMN: mark("A column says"), **DEBT_TYPES}
    return Schema.from_dict(
        {
            **columns,
            "service": CleanText(
                required=True,
                characters_max=60,
                metadata={
                    "label": mark("Which service is the file from?"),
                    "hint": mark("Write it the same each time: an account is known by it"),
                    "missing": mark("Enter the service the file is from"),
                },
            ),
            "debt_type": Choice(
                kinds,
                required=True,
                metadata={
                    "label": mark("What kind of debt is it?"),
                    "missing": mark("Select the kind of debt, or that a column says"),
                },
            ),
            "reported_on": DayField(
                required=True,
                metadata={
                    "label": mark("On which day were the balances true?"),
                    "hint": mark("Where a column says the day, that counts"),
                    "missing": mark("Enter the day the balances were true"),
                },
            ),
            **{
                name: Choice(options, required=True, metadata={"label": label})
                for name, (label, options) in _CHOICES.items()
            },
            "declared_rows": WholeNumber(
                load_default=None,
                allow_none=True,
                most=ROWS_MAX,
                metadata={
                    "label": mark("How many rows should there be?"),
                    "hint": mark("If whoever sent the file said so"),
                },
            ),
            "declared_sum_pence": PenceField(
                load_default=None,
                allow_none=True,
                least=-PENCE_MAX,
                metadata={
                    "label": mark("What should the balances add to?"),
                    "hint": mark("If whoever sent the file said so"),
                },
            ),
        }
    )()


def _spaced(file_name: str) -> str:
    """Write the name of a file as words, because a label holds nothing else."""
    return file_name.replace("_", " ")


def control(position: int) -> str:
    """Name the control of a column."""
    return f"column-{position}"


def known_answers(reading: Reading, upload: Upload) -> dict[str, Any]:
    """Give the answers that are known already."""
    base = reading.base
    answers: dict[str, Any] = {
        control(column.shown.position): column.shown.feeds
        for column in reading.columns
        if column.shown.heading
    }
    answers |= {name: getattr(base, name) for name in SETTINGS if name in _CHOICES}
    kind = base.debt_type or (BY_COLUMN if base.has("debt_type") else None)
    return {
        **answers,
        "service": base.service,
        "debt_type": None if reading.asks_kind and kind != BY_COLUMN else kind,
        "date_order": date_order(base),
        "amounts": "pence" if base.amounts_in_pence else "pounds",
        "reported_on": upload.reported_on,
        "declared_rows": upload.declared_rows,
        "declared_sum_pence": upload.declared_sum_pence,
    }


def profile_of(reading: Reading, form: Form) -> Profile | Form:
    """Make a profile of the answers, or give the form back with what is wrong beside each."""
    answers: Mapping[str, Any] = form.data
    chosen = [str(answers.get(control(at), "")) for at in range(len(reading.header))]
    settings = {name: answers[name] for name in SETTINGS if name in answers}
    settings["debt_type"] = "" if answers["debt_type"] == BY_COLUMN else answers["debt_type"]
    settings["amounts_in_pence"] = answers["amounts"] == "pence"
    settings["date_order"] = answers["date_order"]
    try:
        return from_data(edited(reading.base, reading.header, chosen, settings))
    except ProfileInvalid as refusal:
        for reason in refusal.reasons:
            name = _at(reason, chosen, form)
            form = form.with_error(name, _sentence(reason))
        return form


def _at(reason: Reason, chosen: Sequence[str], form: Form) -> str:
    """Find the control a reason is about: the column that feeds the field, or the first one."""
    at = reason.field or ""
    if at in form.schema.fields:
        return at
    wanted = at.removeprefix("fields.")
    fed = (n for n, feeds in enumerate(chosen) if wanted in feeds.split(TOGETHER))
    named = (n for n in range(len(chosen)) if control(n) in form.schema.fields)
    return control(next(fed, next(named, 0)))


def _sentence(reason: Reason) -> Sentence:
    """Say it with our own words for the field, where a file of profiles has its key."""
    values: dict[str, object] = dict(reason.values)
    name = str(values.get("key", "")).removeprefix("fields.")
    if name in FIELDS:
        values["key"] = field_words(name)
    return Sentence(REASONS[reason.code], **values)
