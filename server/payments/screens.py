"""The forms about payments: record one, and take one back."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, abort, redirect, render_template, url_for
from werkzeug.wrappers import Response

from server.accounts import queries
from server.accounts.queries import Debt, Movement
from server.accounts.screens import load_debt
from server.payments.commands import (
    FLAGS,
    RecordPayment,
    RecordPaymentSchema,
    ReversePayment,
    ReversePaymentSchema,
)
from server.people.asked import ask, sent, tell_result
from server.people.words import words
from server.spine import clock
from server.spine.database import db
from server.spine.permissions import WEIGHTY, needs
from server.spine.web import tell
from shared.catalogue import mark
from shared.forms import Form

screens = Blueprint("payments", __name__, template_folder="templates")
screens.context_processor(words)


@screens.get("/debts/<uuid:debt_id>/payments/new")
@needs("payments.record")
def new_payment(debt_id: UUID) -> str:
    """Ask what was received for a debt."""
    known = {"transaction_id": clock.new_id(), "received_on": clock.today()}
    form = Form.blank(RecordPaymentSchema(), known)
    debt = load_debt(debt_id, "payments.new_payment")
    return render_template("payments/payment.html", form=form, debt=debt)


@screens.post("/debts/<uuid:debt_id>/payments/new")
@needs("payments.record")
def record_payment(debt_id: UUID) -> tuple[str, int] | Response:
    """Record a payment and show the account."""
    debt = load_debt(debt_id, "payments.new_payment")
    result = ask(sent(RecordPaymentSchema(), debt_id=debt.debt_id), RecordPayment)
    if isinstance(result, Form):
        return render_template("payments/payment.html", form=result, debt=debt), 422
    tell_result(result, mark("The payment has been recorded"), FLAGS)
    return redirect(url_for("accounts.one_account", account_id=debt.account_id), code=303)


def _payment(payment_id: UUID) -> tuple[Movement, Debt]:
    payment = queries.payment(db.session(), str(payment_id)) or abort(404)
    return payment, load_debt(UUID(payment.debt_id), "payments.new_reversal")


@screens.get("/payments/<uuid:payment_id>/reverse")
@needs("payments.reverse")
def new_reversal(payment_id: UUID) -> str:
    """Ask why a payment is taken back."""
    payment, debt = _payment(payment_id)
    known = {"transaction_id": clock.new_id(), "reversed_on": clock.today()}
    form = Form.blank(ReversePaymentSchema(), known)
    return render_template("payments/reversal.html", form=form, debt=debt, payment=payment)


@screens.post("/payments/<uuid:payment_id>/reverse")
@needs("payments.reverse", proved_within=WEIGHTY)
def reverse_payment(payment_id: UUID) -> tuple[str, int] | Response:
    """Take a payment back and show the account."""
    payment, debt = _payment(payment_id)
    form = sent(ReversePaymentSchema(), payment_id=payment.transaction_id, debt_id=debt.debt_id)
    result = ask(form, ReversePayment)
    if isinstance(result, Form):
        page = render_template("payments/reversal.html", form=result, debt=debt, payment=payment)
        return page, 422
    tell(mark("The payment has been taken back"))
    return redirect(url_for("accounts.one_account", account_id=debt.account_id), code=303)
