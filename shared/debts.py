"""Debts: the kinds of debt a council recovers and the movements on them, as both programs name them."""

from __future__ import annotations

from shared.catalogue import mark

DEBT_TYPES: dict[str, str] = {
    "council_tax": mark("Council Tax"),
    "business_rates": mark("Business Rates"),
    "housing_benefit_overpayment": mark("Housing Benefit overpayment"),
    "sundry": mark("Sundry debt"),
    "miscellaneous": mark("Miscellaneous debt"),
}
"""The debt types every council has; the code is stored, the words are shown."""

TRANSACTION_KINDS: dict[str, str] = {
    "charge": mark("Charge"),
    "payment": mark("Payment"),
    "costs": mark("Costs"),
    "write_off": mark("Write-off"),
    "correction": mark("Correction"),
    "reported": mark("Balance as reported"),
}
"""Movements on a debt; `reported` posts the difference when another system is master of the balance."""
