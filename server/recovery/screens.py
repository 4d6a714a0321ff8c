"""The forms about holds: place one on a debt, and end it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from uuid import UUID

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from server.accounts.queries import Debt
from server.accounts.screens import load_debt
from server.people.asked import ask, sent, tell_result
from server.people.merging import (
    THEIRS,
    Edited,
    ask_over,
    merge_page,
    seen_in_form,
    seen_text,
)
from server.people.words import words
from server.recovery import queries
from server.recovery.commands import FLAGS, EndHold, EndHoldSchema, PlaceHold, PlaceHoldSchema
from server.recovery.queries import Hold
from server.spine import clock
from server.spine.database import db
from server.spine.permissions import needs
from server.spine.web import tell
from shared.catalogue import Sentence, mark
from shared.forms import Form
from shared.presentation import day

screens = Blueprint("recovery", __name__, template_folder="templates")
screens.context_processor(words)


@screens.get("/debts/<uuid:debt_id>/holds/new")
@needs("recovery.hold")
def new_hold(debt_id: UUID) -> str:
    """Ask why a debt is held, and over which days."""
    known = {"hold_id": clock.new_id(), "from_on": clock.today()}
    form = Form.blank(PlaceHoldSchema(), known)
    debt = load_debt(debt_id, "recovery.new_hold")
    return render_template("recovery/hold.html", form=form, debt=debt)


@screens.post("/debts/<uuid:debt_id>/holds/new")
@needs("recovery.hold")
def place_hold(debt_id: UUID) -> tuple[str, int] | Response:
    """Place a hold and show the account."""
    debt = load_debt(debt_id, "recovery.new_hold")
    result = ask(sent(PlaceHoldSchema(), debt_id=debt.debt_id), PlaceHold)
    if isinstance(result, Form):
        return render_template("recovery/hold.html", form=result, debt=debt), 422
    tell_result(result, mark("The hold has been placed"), FLAGS)
    return redirect(url_for("accounts.one_account", account_id=debt.account_id), code=303)


def _hold(hold_id: UUID) -> tuple[Hold, Debt]:
    hold = queries.hold(db.session(), str(hold_id)) or abort(404)
    return hold, load_debt(UUID(hold.debt_id), "recovery.last_of_hold")


@screens.get("/holds/<uuid:hold_id>/end")
@needs("recovery.hold")
def last_of_hold(hold_id: UUID) -> str:
    """Ask which day is the last of a hold."""
    hold, debt = _hold(hold_id)
    form = Form.blank(EndHoldSchema(), {"last_day": clock.today()})
    return _end_page(form, debt, hold, _held(hold))


def _held(hold: Hold) -> dict[str, str]:
    """Write the last day of a hold as its form shows it."""
    last_day = hold.until - timedelta(days=1) if hold.until else None
    return {"last_day": last_day.isoformat() if last_day else ""}


def _end_page(form: Form, debt: Debt, hold: Hold, seen: Mapping[str, str]) -> str:
    return render_template(
        "recovery/end_hold.html", form=form, debt=debt, hold=hold, seen=seen_text(seen)
    )


@screens.post("/holds/<uuid:hold_id>/end")
@needs("recovery.hold")
def end_hold(hold_id: UUID) -> tuple[str, int] | Response:
    """End a hold and show the account."""
    hold, debt = _hold(hold_id)
    seen = {**_held(hold), **(seen_in_form() or {})}
    if request.form.get("take-last_day") == THEIRS:
        return redirect(url_for("accounts.one_account", account_id=debt.account_id), code=303)
    form = sent(EndHoldSchema(), hold_id=hold.hold_id, debt_id=debt.debt_id)
    result = ask_over(form, EndHold, last_day_seen=str(seen["last_day"]))
    if result is None:
        return merge_page(_edited(*_hold(hold_id)), form, seen)
    if isinstance(result, Form):
        return _end_page(result, debt, hold, seen), 422
    tell(mark("The last day of the hold has been recorded"))
    return redirect(url_for("accounts.one_account", account_id=debt.account_id), code=303)


def _edited(hold: Hold, debt: Debt) -> Edited:
    return Edited(
        held=_held(hold),
        labels={"last_day": mark("Last day of the hold")},
        show=lambda _name, value: (
            Sentence("%(day)s", day=day(date.fromisoformat(value), say=Sentence))
            if value
            else Sentence(mark("No last day"))
        ),
        action=url_for("recovery.end_hold", hold_id=hold.hold_id),
        back=url_for("accounts.one_account", account_id=debt.account_id),
        title=debt.account_reference,
    )
