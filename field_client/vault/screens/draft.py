"""Keeps what is on screen while it is typed, and throws it away only when asked twice."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, abort, redirect, render_template, request
from werkzeug.wrappers import Response as Answer

from field_client.vault import drafts
from field_client.vault.cases import summarise
from field_client.vault.desk import Desk, desk
from field_client.vault.drafts import Draft
from field_client.vault.pending import case_view
from field_client.vault.screens.ids import id_in_form
from field_client.vault.screens.typed import typed_in_form

screens = Blueprint("draft", __name__, template_folder="templates")

KINDS = frozenset({"visit", "answer", "details", "warning", "off", "refusal"})
_TURN_DIGITS_MAX = 9


@screens.post("/drafts/<uuid:draft_id>")
def keep(draft_id: UUID) -> Response:
    """Keep what stands in a form, for the page's own script."""
    here = desk()
    kind = request.form.get("kind", "")
    if kind not in KINDS:
        abort(400)
    drafts.keep(
        here.store,
        Draft(
            draft_id=str(draft_id),
            case_id=id_in_form("case_id"),
            kind=kind,
            saved_at=here.now(),
            typed=typed_in_form(),
            page=request.form.get("page", "")[:36],
            turn=_turn(request.form.get("turn", "")),
        ),
    )
    return Response(status=204)


def _turn(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _TURN_DIGITS_MAX else 0


@screens.get("/drafts/<uuid:draft_id>")
def go_on(draft_id: UUID) -> str | Answer:
    """Go on where it was left; what was typed about a case that is gone can still be read."""
    here = desk()
    draft = _find(here, draft_id)
    view = case_view(here.store, here.officer_id, draft.case_id)
    if view is None:
        return render_template("screens/draft_only.html", draft=draft)
    if draft.kind == "answer":
        return redirect(f"/cases/{draft.case_id}/visits/{draft.typed['visit_id'][0]}")
    if draft.kind == "refusal":
        return redirect(f"/outbox/{draft.typed['item_id'][0]}/answer")
    if draft.kind == "off":
        return redirect(f"/cases/{draft.case_id}/warnings/{draft.typed['marker_id'][0]}/off")
    return redirect(f"/cases/{draft.case_id}/{draft.kind}")


@screens.get("/drafts/<uuid:draft_id>/discard")
def ask(draft_id: UUID) -> str:
    """Ask once more before anything that was typed is thrown away."""
    here = desk()
    draft = _find(here, draft_id)
    view = case_view(here.store, here.officer_id, draft.case_id)
    case = summarise(view, here.today()) if view else None
    return render_template("screens/discard.html", draft=draft, case=case)


@screens.post("/drafts/<uuid:draft_id>/discard")
def discard(draft_id: UUID) -> Answer:
    """Throw away a draft and its photographs."""
    here = desk()
    draft = drafts.find(here.store, str(draft_id))
    if draft is not None:
        drafts.discard(here.store, draft.draft_id)
    return redirect("/today", 303)


def _find(here: Desk, draft_id: UUID) -> Draft:
    draft = drafts.find(here.store, str(draft_id))
    if draft is None:
        abort(404)
    return draft
