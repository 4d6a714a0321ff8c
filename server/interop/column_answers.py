"""What each column of a header row is taken for, once all its columns have been looked at together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from server.interop.headings import Meaning, meaning_of
from server.interop.lines import Reason, because
from server.interop.profiles import heading_key

CERTAIN, LIKELY, POSSIBLE = 100, 85, 60
"""How sure an answer is, of 100: a known name, a known name but for its number, a name in context."""

_LINES = frozenset({"property_address", "contact_address", "payer_forenames"})
"""Fields that several columns may feed; of any other field the best column is taken."""

_SECOND = 2
_YES_IS_NO = tuple(
    (theirs, "no" if theirs in ("Y", "Yes", "True", "1", "Empty") else "yes")
    for theirs in ("Y", "Yes", "True", "1", "Empty", "N", "No", "False", "0", "Occupied")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnAnswer:
    """What one column was taken to be: fields of ours or none, how surely (of 100), and why."""

    position: int
    heading: str
    occurrence: int | None
    fields: tuple[str, ...]
    confidence: int
    why: Reason
    values: tuple[tuple[str, str], ...] = ()
    year: int = 0

    def without_field(self, why: Reason) -> ColumnAnswer:
        """Take the column for nothing of ours after all."""
        return replace(self, fields=(), confidence=0, why=why)


def answer_columns(headings: Sequence[str]) -> list[ColumnAnswer]:
    """Say what each column is: first by its name, then by its neighbours, then the best of several."""
    meanings = [meaning_of(heading) if heading.strip() else None for heading in headings]
    answers: list[ColumnAnswer] = []
    for at, (heading, meaning) in enumerate(zip(headings, meanings, strict=True)):
        blank = _blank_answer(at, heading, headings)
        if meaning is not None:
            answers.append(_by_meaning(blank, meaning, meanings, answers))
        else:
            answers.append(blank)
    answers = _best_of_each(answers)
    return _with_account_reference(_without_lone_amounts(answers))


def _blank_answer(at: int, heading: str, headings: Sequence[str]) -> ColumnAnswer:
    keys = [heading_key(other) for other in headings]
    key = heading_key(heading)
    repeated = Counter(keys)[key] > 1
    return ColumnAnswer(
        position=at,
        heading=" ".join(heading.split()),
        occurrence=keys[: at + 1].count(key) if repeated else None,
        fields=(),
        confidence=0,
        why=because("column.unknown" if key else "column.unnamed"),
    )


def _by_meaning(
    blank: ColumnAnswer,
    meaning: Meaning,
    meanings: Sequence[Meaning | None],
    before: Sequence[ColumnAnswer],
) -> ColumnAnswer:
    match meaning.sense:
        case "not_needed":
            return replace(blank, why=because("column.not_needed"))
        case "follows":
            return _following(blank, before)
        case "unclaimed":
            claimed = _claimed(meaning.field, meanings, before)
            why = because("column.context", claimed)
            return replace(blank, fields=(claimed,), confidence=LIKELY, why=why)
        case "opposite":
            return replace(
                blank,
                fields=(meaning.field,),
                confidence=LIKELY,
                why=because("column.opposite", meaning.field),
                values=_YES_IS_NO,
            )
        case "field":
            return _by_name(blank, meaning)


def _by_name(blank: ColumnAnswer, meaning: Meaning) -> ColumnAnswer:
    field = meaning.field
    confidence, why = CERTAIN, because("column.known", field)
    if meaning.series is not None:
        confidence, why = LIKELY, because("column.numbered", field)
        if field == "payer_name" and meaning.series == _SECOND:
            field = "second_payer_name"
        elif field not in _LINES and meaning.series > 1:
            return blank
    if meaning.spelled is not None:
        confidence, why = POSSIBLE, because("column.spelling", field, known=meaning.spelled)
    return replace(blank, fields=(field,), confidence=confidence, why=why, year=meaning.year or 0)


def _following(blank: ColumnAnswer, before: Sequence[ColumnAnswer]) -> ColumnAnswer:
    """Read "Date From" after a relief as the relief's, and after a payer as the start of liability."""
    if not before:
        return blank
    last = before[-1]
    owner = str(dict(last.why.values).get("column", last.heading))
    fields = {
        "date from": "liable_from",
        "from": "liable_from",
        "date to": "liable_until",
        "to": "liable_until",
    }
    field = fields.get(heading_key(blank.heading))
    about_liability = any(name.startswith(("account", "payer", "liable")) for name in last.fields)
    if field is not None and about_liability:
        why = because("column.context", field)
        return replace(blank, fields=(field,), confidence=POSSIBLE, why=why)
    return replace(blank, why=because("column.follows", column=owner))


def _claimed(field: str, meanings: Sequence[Meaning | None], before: Sequence[ColumnAnswer]) -> str:
    """Decide whose a bare address or postcode is: the property's, unless that has its own by name."""
    named = {meaning.field for meaning in meanings if meaning and meaning.sense == "field"}
    if field == "property_address":
        return "contact_address" if "property_address" in named else field
    nearest = next((a.fields[0] for a in reversed(before) if _is_address(a)), "property_address")
    if nearest == "contact_address" or field in named:
        return "contact_postcode"
    return field


def _is_address(answer: ColumnAnswer) -> bool:
    return answer.fields in (("property_address",), ("contact_address",))


def _best_of_each(answers: Sequence[ColumnAnswer]) -> list[ColumnAnswer]:
    """Keep one column for each field that takes one: the surest, then the latest year, then the first."""
    best: dict[str, ColumnAnswer] = {}
    for answer in answers:
        for field in answer.fields:
            held = best.get(field)
            if held is None or _rank(answer) > _rank(held):
                best[field] = answer
    settled: list[ColumnAnswer] = []
    for answer in answers:
        beaten = [name for name in answer.fields if name not in _LINES and best[name] is not answer]
        if beaten:
            column = best[beaten[0]].heading
            settled.append(
                answer.without_field(because("column.fed_already", beaten[0], column=column))
            )
        else:
            settled.append(_with_year_told(answer, answers))
    return settled


def _rank(answer: ColumnAnswer) -> tuple[bool, int, int]:
    # "Current rateable value" and plain "Rateable value" are newer than one with a year in its name.
    return (answer.year == 0, answer.year, answer.confidence)


def _with_year_told(answer: ColumnAnswer, answers: Sequence[ColumnAnswer]) -> ColumnAnswer:
    rivals = [a for a in answers if a.fields == answer.fields and a.fields]
    if answer.year and len(rivals) > 1:
        return replace(answer, why=because("column.year", answer.fields[0]))
    return answer


def _without_lone_amounts(answers: Sequence[ColumnAnswer]) -> list[ColumnAnswer]:
    """Leave out a charge without a balance: it would make a debt of unknown size."""
    if any("balance" in answer.fields for answer in answers):
        return list(answers)
    whys = {"charged": because("column.no_balance"), "reported_on": because("column.no_amount")}
    return [
        answer.without_field(whys[answer.fields[0]])
        if answer.fields and answer.fields[0] in whys
        else answer
        for answer in answers
    ]


def _with_account_reference(answers: Sequence[ColumnAnswer]) -> list[ColumnAnswer]:
    """Where no column names the account, let the property's reference name it too."""
    if any("account_reference" in answer.fields for answer in answers):
        return list(answers)
    return [
        replace(
            answer,
            fields=("account_reference", *answer.fields),
            confidence=min(answer.confidence, LIKELY),
            why=because("column.reference", "account_reference"),
        )
        if answer.fields == ("property_reference",)
        else answer
        for answer in answers
    ]
