"""What the payments area hands to the office."""

from __future__ import annotations

from server.accounts.tables import TransactionRow
from server.payments import commands, facts, record, rules, sentences
from server.payments.screens import screens
from server.spine.areas import Area, Handling
from shared.catalogue import mark
from shared.commands import CommandType, Kind

AREA = Area(
    name="payments",
    addressed={"payment_id": TransactionRow.transaction_id},
    commands=(
        Handling(
            kind=CommandType(
                command=commands.RecordPayment,
                schema=commands.RecordPaymentSchema(),
                rule=rules.record_payment,
                kind=Kind.FACT,
                needs="payments.record",
            ),
            facts=facts.payment_facts,
        ),
        Handling(
            kind=CommandType(
                command=commands.ReversePayment,
                schema=commands.ReversePaymentSchema(),
                rule=rules.reverse_payment,
                kind=Kind.DECISION,
                needs="payments.reverse",
            ),
            facts=facts.payment_facts,
        ),
    ),
    recorders=record.RECORDERS,
    permissions={
        "payments.record": mark("Record payments"),
        "payments.reverse": mark("Take payments back"),
    },
    screens=(screens,),
    sentences=sentences.SENTENCES,
)
