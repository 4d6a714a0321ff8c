"""Takes photographs in and shows them; a picture is refused in one sentence, next to its field."""

from __future__ import annotations

import re
from uuid import UUID

from flask import Blueprint, Response, abort, jsonify, request

from field_client.vault import drafts, photographs
from field_client.vault.desk import desk
from field_client.vault.drafts import Draft
from field_client.vault.pictures import UPLOAD_BYTES_MAX, read_picture
from field_client.vault.screens.ids import id_in_form
from field_client.vault.screens.typed import typed_in_form
from field_client.vault.screens.words import said
from field_client.vault.store import Store
from shared.errors import RuleBroken
from shared.photographs import PURPOSES

screens = Blueprint("photograph", __name__, template_folder="templates")

_DIGEST = re.compile(r"[0-9a-f]{64}")


def add_sent(store: Store, visit_id: str, case_id: str, *, must: bool) -> None:
    """Keep the photograph that came with the form, if one did; `must` when it was the point of it."""
    sent = request.files.get("photograph")
    raw = sent.stream.read(UPLOAD_BYTES_MAX + 1) if sent is not None else b""
    if not raw and not must and not (sent and sent.filename):
        return
    purpose = request.form.get("purpose", "")
    photographs.keep(
        store,
        read_picture(raw),
        visit_id=visit_id,
        case_id=case_id,
        purpose=purpose if purpose in PURPOSES else next(iter(PURPOSES)),
    )


@screens.post("/drafts/<uuid:draft_id>/photographs")
def add(draft_id: UUID) -> Response:
    """Keep a photograph the page's own camera view took, with the form it belongs to."""
    here = desk()
    draft = Draft(
        draft_id=str(draft_id),
        case_id=id_in_form("case_id"),
        kind="visit",
        saved_at=here.now(),
        typed=typed_in_form(),
    )
    try:
        if not drafts.keep(here.store, draft):
            abort(409)
        add_sent(here.store, draft.draft_id, draft.case_id, must=True)
    except RuleBroken as refusal:
        response = jsonify(sentence=said(refusal))
        response.status_code = 422
        return response
    return Response(status=204)


@screens.get("/photographs/<name>")
def show(name: str) -> Response:
    """Show a photograph that is on this device."""
    body = photographs.body(desk().store, name) if _DIGEST.fullmatch(name) else None
    if body is None:
        abort(404)
    return Response(
        body,
        content_type="image/jpeg",
        headers={"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"},
    )
