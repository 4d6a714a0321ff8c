"""The marshmallow fields every form and message is made of, each as strict as the database behind it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from marshmallow import ValidationError, fields

from shared.catalogue import mark
from shared.errors import RuleBroken
from shared.values import PENCE_MAX, TEXT_MAX, clean_text, is_id

WHOLE_NUMBER_MAX = 2**63 - 1
"""The largest whole number PostgreSQL's bigint holds."""

DAY_MIN = date(1850, 1, 1)
DAY_MAX = date(2200, 12, 31)
"""Days outside these are slips of the finger, whatever the field."""

_DIGITS = re.compile(r"-?[0-9]{1,19}")
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6})?(Z|[+-]\d{2}:\d{2})")
_POUNDS = re.compile(r"-?£?\s?(\d{1,3}(,\d{3})+|\d+)(\.\d{1,2})?")


class CleanText(fields.Field[str]):
    """Text in normal form within a limit; refuses control characters, NUL and lone surrogates."""

    def __init__(self, *, characters_max: int = TEXT_MAX, **settings: Any) -> None:  # noqa: ANN401
        self.characters_max = characters_max
        super().__init__(**settings)

    def _deserialize(self, value: object, attr: str | None, *_: Any, **__: Any) -> str:  # noqa: ANN401
        if not isinstance(value, str):
            raise ValidationError(mark("Enter text"))
        try:
            text = clean_text(value, field=attr or "", characters_max=self.characters_max)
        except RuleBroken as refusal:
            raise ValidationError(refusal.sentence()) from refusal
        if not text and self.required:
            raise ValidationError(self.metadata.get("missing", mark("Enter an answer")))
        return text


class IdField(fields.Field[str]):
    """An id: a lower-case UUID with hyphens."""

    def _deserialize(self, value: object, *_: Any, **__: Any) -> str:  # noqa: ANN401
        if not isinstance(value, str) or not is_id(value):
            raise ValidationError(mark("This link or form is not complete: go back and try again"))
        return value


class DayField(fields.Field[date]):
    """A calendar day, written 2027-03-04."""

    def _serialize(self, value: date | None, *_: Any, **__: Any) -> str | None:  # noqa: ANN401
        return None if value is None else value.isoformat()

    def _deserialize(self, value: object, *_: Any, **__: Any) -> date:  # noqa: ANN401
        sentence = self.metadata.get("invalid", mark("Enter a real date, like 4 3 2027"))
        if not isinstance(value, str) or not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
            raise ValidationError(sentence)
        try:
            day = date.fromisoformat(value)
        except ValueError as error:
            raise ValidationError(sentence) from error
        if not DAY_MIN <= day <= DAY_MAX:
            raise ValidationError(sentence)
        return day


class MomentField(fields.Field[datetime]):
    """A moment with its zone, written 2027-03-04T14:05:00+00:00; a naive time is refused."""

    def _serialize(self, value: datetime | None, *_: Any, **__: Any) -> str | None:  # noqa: ANN401
        return None if value is None else value.isoformat()

    def _deserialize(self, value: object, *_: Any, **__: Any) -> datetime:  # noqa: ANN401
        sentence = mark("Enter a date and time with its zone")
        if not isinstance(value, str) or not _MOMENT.fullmatch(value):
            raise ValidationError(sentence)
        try:
            moment = datetime.fromisoformat(value)
            in_range = DAY_MIN <= (moment - timedelta(days=1)).date() <= DAY_MAX
        except (ValueError, OverflowError) as error:
            raise ValidationError(sentence) from error
        if not in_range:
            raise ValidationError(sentence)
        return moment


class WholeNumber(fields.Field[int]):
    """A whole number between limits; 1.9, 1_000, true and other scripts' digits are refused."""

    def __init__(self, *, least: int = 0, most: int = WHOLE_NUMBER_MAX, **settings: Any) -> None:  # noqa: ANN401
        self.least, self.most = least, most
        super().__init__(**settings)

    def _deserialize(self, value: object, *_: Any, **__: Any) -> int:  # noqa: ANN401
        sentence = self.metadata.get("invalid", mark("Enter a whole number"))
        if isinstance(value, str) and _DIGITS.fullmatch(value.strip()):
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool):
            raise ValidationError(sentence)
        if not self.least <= value <= self.most:
            raise ValidationError(sentence)
        return value


class PenceField(WholeNumber):
    """An amount in whole pence, as messages carry it."""

    def __init__(self, *, least: int = -PENCE_MAX, most: int = PENCE_MAX, **settings: Any) -> None:  # noqa: ANN401
        super().__init__(least=least, most=most, **settings)


class PoundsField(PenceField):
    """An amount as a person types it, £1,234.50, held in whole pence; messages pass whole pence."""

    def _deserialize(self, value: object, attr: str | None, data: Any, **kwargs: Any) -> int:  # noqa: ANN401
        if not isinstance(value, str):
            return super()._deserialize(value, attr, data, **kwargs)
        text = value.strip().replace("−", "-")
        if not _POUNDS.fullmatch(text) or len(text) > 20:
            raise ValidationError(
                self.metadata.get("invalid", mark("Enter an amount in pounds, like 125 or 125.50"))
            )
        pounds, _, pence = text.replace("£", "").replace(",", "").replace(" ", "").partition(".")
        sign = -1 if pounds.startswith("-") else 1
        amount = sign * (abs(int(pounds)) * 100 + int((pence or "0").ljust(2, "0")))
        return super()._deserialize(amount, attr, data, **kwargs)


class Choice(fields.Field[str]):
    """One of a closed list of codes; screens show each code's sentence."""

    def __init__(
        self,
        choices: Mapping[str, str] | Callable[[], Mapping[str, str]],
        **settings: Any,  # noqa: ANN401
    ) -> None:
        self._choices = choices
        super().__init__(**settings)

    @property
    def choices(self) -> Mapping[str, str]:
        """Give the codes with the sentence each is shown as."""
        return self._choices() if callable(self._choices) else self._choices

    def _deserialize(self, value: object, *_: Any, **__: Any) -> str:  # noqa: ANN401
        if not isinstance(value, str) or value not in self.choices:
            raise ValidationError(self.metadata.get("missing", mark("Select an answer")))
        return value
