"""How each change to payments reads on a timeline."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from server.payments.commands import METHODS, PaymentRecorded, PaymentReversed
from server.people.saying import day_of, word
from shared.catalogue import Sentence, mark
from shared.commands import Change
from shared.presentation import money

Said = Mapping[str, Any]


def _recorded(said: Said) -> str:
    return Sentence(
        mark("Payment of %(amount)s received on %(day)s (%(method)s)"),
        amount=money(said["amount_pence"]),
        day=day_of(said["received_on"]),
        method=word(METHODS, said["method"]),
    )


def _reversed(said: Said) -> str:
    return Sentence(
        mark("Payment of %(amount)s taken back on %(day)s"),
        amount=money(said["amount_pence"]),
        day=day_of(said["reversed_on"]),
    )


SENTENCES: Mapping[type[Change], Callable[[Said], str]] = {
    PaymentRecorded: _recorded,
    PaymentReversed: _reversed,
}
