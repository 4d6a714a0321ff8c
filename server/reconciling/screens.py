"""The conflict tray: what was before, what the office has and what officers say, one choice a field."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID, uuid5

from flask import Blueprint, abort, redirect, render_template, request, url_for
from marshmallow import Schema
from werkzeug.wrappers import Response

from server.reconciling import queries
from server.reconciling.commands import NOTE_MAX, DecideConflict, DecideConflictSchema
from server.reconciling.queries import Conflict
from server.spine import clock
from server.spine.database import db
from server.spine.links import link
from server.spine.paging import Page
from server.spine.permissions import may, needs, signed_in
from server.spine.web import give, note_read, tell
from shared.catalogue import Sentence, mark
from shared.conflicts import ANSWERS
from shared.detail_fields import said
from shared.errors import REFUSALS, RuleBroken
from shared.fields import CleanText
from shared.forms import Form, Wrong
from shared.values import is_id
from shared.visits import OUTCOMES

screens = Blueprint("reconciling", __name__, template_folder="templates")

_SEPARATOR = ":"
NOTHING_CHOSEN = mark("Select what holds for at least one of them")


class NoteSchema(Schema):
    """What the officer is told beside the decision."""

    note = CleanText(
        load_default="",
        characters_max=NOTE_MAX,
        lines=True,
        metadata=dict(DecideConflictSchema().fields["note"].metadata),
    )


@screens.context_processor
def words() -> dict[str, object]:
    """Give templates the words for values, answers and visits."""
    return {"answers": ANSWERS, "link": link, "outcomes": OUTCOMES, "said": said}


@dataclass(frozen=True, kw_only=True)
class Choosing:
    """One conflict on the page: what was chosen, and what was wrong with that."""

    conflict: Conflict
    chosen: str = ""
    error: str = ""
    may_decide: bool = True
    is_own: bool = False


@screens.get("/conflicts/<uuid:conflict_id>")
@needs("conflicts.decide")
def one_conflict(conflict_id: UUID) -> str:
    """Show a conflict with everything else that waits about the same person or case."""
    conflict = _conflict(conflict_id)
    return _page(
        conflict, [_choosing(each) for each in _together(conflict)], Form.blank(NoteSchema())
    )


@screens.get("/conflicts/decided")
@needs("conflicts.decide")
def decided() -> str:
    """List what was decided, the latest first, with every value that was in it."""
    page = Page.asked(queries.count_decided(db.session()))
    rows = queries.decided_conflicts(db.session(), page.part)
    note_read("reconciling.decided", results=len(rows))
    return render_template("reconciling/decided.html", rows=rows, page=page)


@screens.post("/conflicts/<uuid:conflict_id>")
@needs("conflicts.decide")
def decide(conflict_id: UUID) -> Response | tuple[str, int]:
    """Decide each conflict for which something was chosen; the others go on waiting."""
    conflict = _conflict(conflict_id)
    form = Form.read(NoteSchema(), request.form)
    together = _together(conflict)
    chosen = {
        each.conflict_id: request.form.get(f"answer-{each.conflict_id}", "") for each in together
    }
    if not form.ok or not any(chosen.values()):
        error = "" if any(chosen.values()) else NOTHING_CHOSEN
        return _again(conflict, together, chosen, {conflict.conflict_id: error}, form)
    errors: dict[str, str] = {}
    for each in together:
        if chosen[each.conflict_id] and (refused := _give(each, chosen[each.conflict_id], form)):
            errors[each.conflict_id] = refused
    if errors:
        open_still = [queries.find(db.session(), each.conflict_id) or each for each in together]
        waiting = [each for each in open_still if each.open or each.conflict_id in errors]
        return _again(conflict, waiting, chosen, errors, form)
    tell(mark("Decided. The officer is told on their device"))
    return redirect(_next(conflict), code=303)


def _again(
    conflict: Conflict,
    together: list[Conflict],
    chosen: dict[str, str],
    errors: dict[str, str],
    form: Form,
) -> tuple[str, int]:
    rows = [
        _choosing(each, chosen.get(each.conflict_id, ""), errors.get(each.conflict_id, ""))
        for each in together
    ]
    return _page(conflict, rows, form), 422


def _give(conflict: Conflict, chosen: str, form: Form) -> str:
    """Give one decision, or say why it was refused."""
    if conflict.withheld:
        return REFUSALS["authority.lacking"]
    answer, _, claim_id = chosen.partition(_SEPARATOR)
    offered = request.form.get("command_id", "")
    seen = request.form.get(f"seen-{conflict.conflict_id}", "")
    command = DecideConflict(
        conflict_id=conflict.conflict_id,
        case_id=conflict.case_id,
        person_id=conflict.person_id,
        address_id=conflict.address_id,
        answer=answer,
        claim_id=claim_id if is_id(claim_id) else None,
        claims_seen=int(seen) if seen.isdecimal() and len(seen) <= 3 else 0,  # noqa: PLR2004 - digits
        note=form.data["note"],
    )
    if answer not in ANSWERS:
        return REFUSALS["conflict.claim_unknown"]
    given = UUID(offered) if is_id(offered) else UUID(clock.new_id())
    try:
        give(command, str(uuid5(given, f"{conflict.conflict_id} {chosen}")))
    except RuleBroken as refusal:
        return Sentence(REFUSALS[refusal.code], **refusal.values)
    return ""


def _next(conflict: Conflict) -> str:
    """Go on to what else waits about the same person or case, else back to the tray."""
    rest = queries.beside(db.session(), conflict)
    if rest:
        return url_for("reconciling.one_conflict", conflict_id=rest[0].conflict_id)
    return link("worktray.home", tray="conflicts") or "/"


def _conflict(conflict_id: UUID) -> Conflict:
    return queries.find(db.session(), str(conflict_id)) or abort(404)


def _together(conflict: Conflict) -> list[Conflict]:
    return [conflict, *(queries.beside(db.session(), conflict) if conflict.open else ())]


def _choosing(conflict: Conflict, chosen: str = "", error: str = "") -> Choosing:
    me = signed_in().actor.user_id
    return Choosing(
        conflict=conflict,
        chosen=chosen,
        error=error,
        may_decide=may(conflict.decided_with) and not conflict.withheld,
        is_own=any(each.officer_id == me for each in conflict.said),
    )


def _page(conflict: Conflict, rows: list[Choosing], form: Form) -> str:
    note_read("reconciling.conflict", subject_id=conflict.conflict_id)
    return render_template(
        "reconciling/conflict.html",
        conflict=conflict,
        rows=rows,
        form=form,
        errors=[
            *form.summary(),
            *(Wrong(f"answer-{r.conflict.conflict_id}", r.error) for r in rows if r.error),
        ],
        may_decide_any=any(r.may_decide and not r.is_own and r.conflict.open for r in rows),
        command_id=clock.new_id(),
    )
