"""What the office asks about payments: record one for a debt, and take back one that was none."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import ClassVar

from marshmallow import Schema

from shared.catalogue import mark
from shared.commands import PERSONAL, Change, Command
from shared.day_fields import DayField
from shared.errors import register
from shared.fields import Choice, CleanText, IdField, PenceField

METHODS: dict[str, str] = {
    "cash": mark("Cash"),
    "cheque": mark("Cheque"),
    "card": mark("Card"),
    "bank": mark("Bank transfer"),
    "other": mark("Another way"),
}
"""How money came."""

FLAGS: dict[str, str] = {"payment.more_than_owed": mark("More was paid than was owed")}
"""What someone should look at although the payment was recorded."""

REASON_MAX = 200

register(
    {
        "payment.known": mark("This payment has already been recorded"),
        "payment.unknown": mark("This payment is not on this debt: open the account again"),
        "payment.reversed": mark("This payment has already been taken back"),
        "payment.in_future": mark("Enter the day the money came, which cannot be in the future"),
        "payment.before_received": mark("Enter a day that is not before the payment"),
    }
)


@dataclass(frozen=True, kw_only=True)
class RecordPayment(Command):
    """Say that money was received for a debt."""

    name: ClassVar[str] = "RecordPayment"
    transaction_id: str
    debt_id: str
    amount_pence: int
    received_on: date
    method: str
    payer_reference: str = ""


class RecordPaymentSchema(Schema):
    """How `RecordPayment` is written in a form and in a message."""

    transaction_id = IdField(required=True)
    debt_id = IdField(required=True)
    amount_pence = PenceField(
        required=True,
        least=1,
        metadata={
            "label": mark("Amount received"),
            "missing": mark("Enter the amount received"),
        },
    )
    received_on = DayField(
        required=True,
        metadata={
            "label": mark("Day it was received"),
            "missing": mark("Enter the day it was received, like 4 3 2027"),
        },
    )
    method = Choice(
        METHODS,
        required=True,
        metadata={"label": mark("How was it paid?"), "missing": mark("Select how it was paid")},
    )
    payer_reference = CleanText(
        load_default="",
        characters_max=60,
        metadata={
            "label": mark("Payer’s reference"),
            "hint": mark("What the payer wrote on the payment"),
        },
    )


@dataclass(frozen=True, kw_only=True)
class PaymentRecorded(Change):
    """Money was received for a debt."""

    name: ClassVar[str] = "PaymentRecorded"
    transaction_id: str
    debt_id: str
    account_id: str
    amount_pence: int
    received_on: date
    method: str
    flags: tuple[str, ...] = ()
    payer_reference: str = field(metadata=PERSONAL)


@dataclass(frozen=True, kw_only=True)
class ReversePayment(Command):
    """Take a payment back by adding its opposite: a cheque not honoured, the wrong debt."""

    name: ClassVar[str] = "ReversePayment"
    transaction_id: str
    payment_id: str
    debt_id: str
    reversed_on: date
    reason: str


class ReversePaymentSchema(Schema):
    """How `ReversePayment` is written in a form and in a message."""

    transaction_id = IdField(required=True)
    payment_id = IdField(required=True)
    debt_id = IdField(required=True)
    reversed_on = DayField(
        required=True,
        metadata={
            "label": mark("Day it was taken back"),
            "missing": mark("Enter the day it was taken back, like 4 3 2027"),
        },
    )
    reason = CleanText(
        required=True,
        characters_max=REASON_MAX,
        metadata={"label": mark("Why?"), "missing": mark("Enter why the payment is taken back")},
    )


@dataclass(frozen=True, kw_only=True)
class PaymentReversed(Change):
    """A payment was taken back; `amount_pence` is what is owed again."""

    name: ClassVar[str] = "PaymentReversed"
    transaction_id: str
    payment_id: str
    debt_id: str
    account_id: str
    amount_pence: int
    reversed_on: date
    reason: str = field(metadata=PERSONAL)
