"""The pages of one account: its debts, every movement, who is liable, and what happened."""

from __future__ import annotations

from uuid import UUID

from flask import abort, redirect, render_template, url_for
from werkzeug.wrappers import Response

from server.accounts import queries
from server.accounts.blueprint import screens
from server.accounts.movements import PostTransaction, PostTransactionSchema
from server.accounts.queries import Account, Debt
from server.people import timeline
from server.people.asked import ask, sent
from server.people.screens import house, timeline_filter
from server.spine import clock
from server.spine.database import db
from server.spine.paging import Page, here
from server.spine.permissions import WEIGHTY, needs
from server.spine.web import note_read, tell
from shared.catalogue import mark
from shared.debts import TRANSACTION_KINDS
from shared.forms import Form


def load_debt(debt_id: UUID, what: str) -> Debt:
    """Find a debt for a form, and note that it is being looked at."""
    found = queries.debt(db.session(), str(debt_id)) or abort(404)
    note_read(what, found.debt_id)
    return found


def _account(account_id: UUID) -> Account:
    found = queries.account(db.session(), str(account_id)) or abort(404)
    note_read("accounts.one_account", found.account_id)
    return found


@screens.get("/accounts/<uuid:account_id>")
@needs("accounts.see")
def one_account(account_id: UUID) -> str:
    """Show an account: its breakdown by debt and kind, who is liable, holds, every movement."""
    account, session = _account(account_id), db.session()
    page = Page.asked(queries.count_movements(session, account.account_id))
    return render_template(
        "accounts/account.html",
        account=account,
        kinds=[kind for kind in TRANSACTION_KINDS if kind in account.by_kind],
        holds=[(debt, hold) for debt in account.debts for hold in debt.holds],
        movements=queries.movements(session, account.account_id, page.part),
        page=page,
    )


@screens.get("/accounts/<uuid:account_id>/history")
@needs("accounts.see")
def history(account_id: UUID) -> str:
    """Show everything that happened to an account, the latest first, of one kind if asked."""
    account, session = _account(account_id), db.session()
    about = timeline.of_account(session, account.account_id)
    filters = timeline_filter()
    kind = filters.data["kind"] if filters.ok else ""
    page = Page.asked(timeline.count(session, house(), about, kind))
    return render_template(
        "accounts/history.html",
        account=account,
        entries=timeline.entries(session, house(), about, page.part, kind),
        filters=filters,
        kind=kind,
        page=page,
        without=here(kind=None, page=None),
    )


@screens.get("/debts/<uuid:debt_id>/transactions/new")
@needs("accounts.post")
def new_transaction(debt_id: UUID) -> str:
    """Ask for costs, a correction or a write-off."""
    known = {"transaction_id": clock.new_id(), "effective_on": clock.today()}
    form = Form.blank(PostTransactionSchema(), known)
    debt = load_debt(debt_id, "accounts.new_transaction")
    return render_template("accounts/transaction.html", form=form, debt=debt)


@screens.post("/debts/<uuid:debt_id>/transactions/new")
@needs("accounts.post", proved_within=WEIGHTY)
def post_transaction(debt_id: UUID) -> tuple[str, int] | Response:
    """Post costs, a correction or a write-off."""
    debt = load_debt(debt_id, "accounts.new_transaction")
    result = ask(sent(PostTransactionSchema(), debt_id=debt.debt_id), PostTransaction)
    if isinstance(result, Form):
        return render_template("accounts/transaction.html", form=result, debt=debt), 422
    tell(mark("The transaction has been posted"))
    return redirect(url_for("accounts.one_account", account_id=debt.account_id), code=303)
