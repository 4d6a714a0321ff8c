"""The pages of one thing set aside: examine it, mend it and record it, or close it with a reason."""

from __future__ import annotations

from flask import abort, current_app, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from server.spine import clock
from server.spine.areas import House
from server.spine.database import db
from server.spine.permissions import ROUTINE, may, needs, signed_in
from server.spine.web import give, note_read, tell
from server.worktray import aside_cases, aside_forms, aside_queries, aside_sent
from server.worktray.aside_forms import CaseAtHand
from server.worktray.aside_queries import NAMES, Aside
from server.worktray.aside_replay import Replayer
from server.worktray.aside_sent import FROM_A_DEVICE, Sent
from server.worktray.commands import RecordExamination, RecordExaminationSchema
from server.worktray.screens import screens
from shared.catalogue import Sentence, mark
from shared.errors import RuleBroken
from shared.forms import Form
from shared.values import is_id


@screens.get("/set-aside/<subject>")
@needs("aside.examine")
def one_aside(subject: str) -> str:
    """Show what was set aside, as it was sent."""
    return _page(_aside(subject), Form.blank(RecordExaminationSchema(exclude=("subject",))))


@screens.post("/set-aside/<subject>")
@needs("aside.examine")
def examine(subject: str) -> Response | tuple[str, int]:
    """Close it with what was done about it."""
    aside = _aside(subject)
    form = Form.read(RecordExaminationSchema(exclude=("subject",)), request.form)
    if not form.ok:
        return _page(aside, form), 422
    command = RecordExamination(subject=aside.subject, note=form.data["note"])
    give(command, request.form.get("command_id"))
    tell(mark("Noted: it no longer waits"))
    return redirect(url_for("worktray.home", tray="aside"), code=303)


@screens.get("/set-aside/<subject>/record")
@needs("aside.replay")
def mending(subject: str) -> str:
    """Ask on which case it is to be recorded and what is to be put right, the original beside it."""
    aside, sent = _aside(subject), _sent(subject)
    asked = request.args.get("case", "") or sent.case_id or ""
    case = aside_cases.find(db.session(), _house(), asked) if asked else None
    name = _kind(sent, request.args.get("kind", ""))
    form = None
    if case is not None:
        schema = aside_forms.schema_of(FROM_A_DEVICE[name], case)
        form = Form.blank(schema, aside_forms.known(schema, sent))
    return _mending_page(aside, sent, name, case, form, asked=asked)


@screens.post("/set-aside/<subject>/record")
@needs("aside.replay", proved_within=ROUTINE)
def record_aside(subject: str) -> Response | tuple[str, int]:
    """Record it in its officer's name, as it now reads."""
    aside, sent = _aside(subject), _sent(subject)
    asked, offered = request.form.get("case_id", ""), request.form.get("command_id", "")
    name = _kind(sent, request.form.get("kind_of_work", ""))
    case = aside_cases.find(db.session(), _house(), asked)
    if case is None or not is_id(offered):
        abort(400)
    kind = FROM_A_DEVICE[name]
    form = Form.read(aside_forms.schema_of(kind, case), request.form)
    if not form.ok:
        return _mending_page(aside, sent, name, case, form), 422
    office = current_app.extensions["fieldfare"]
    replayer = Replayer(door=office["door"], actor=signed_in().actor, now=clock.now())
    waiting = aside_sent.beside(db.session(), subject)
    try:
        result = replayer.replay(sent, kind, case.case_id, form.data, offered)
    except RuleBroken as refusal:
        return _mending_page(aside, sent, name, case, form.refused(refusal)), 409
    followed = replayer.follow(waiting, case.case_id, offered)
    _tell_what_came_of_it(flagged=bool(result.flags), refused=[w for _s, w in followed if w])
    return redirect(url_for("worktray.one_aside", subject=subject), code=303)


def _tell_what_came_of_it(*, flagged: bool, refused: list[str]) -> None:
    """Say what the rules made of it, and of what waited beside it."""
    if flagged:
        tell(mark("Recorded, and flagged for review: its page says why"))
    else:
        tell(mark("Recorded in the officer’s name"))
    for why in refused:
        tell(
            Sentence(
                mark("Something that waited beside it could not be recorded: %(why)s"), why=why
            )
        )


def _aside(subject: str) -> Aside:
    found = aside_queries.find(db.session(), subject)
    if found is None:
        abort(404)
    return found


def _sent(subject: str) -> Sent:
    found = aside_sent.find(db.session(), subject)
    if found is None:
        abort(404)
    return found


def _house() -> House:
    house: House = current_app.extensions["fieldfare"]["door"].house
    return house


def _kind(sent: Sent, asked: str) -> str:
    """Say what it is to be recorded as: what was asked for, if that can be, or what it says it is."""
    return asked if asked in sent.kinds else sent.kinds[0]


def _page(aside: Aside, form: Form) -> str:
    note_read("worktray.aside", subject_id=aside.subject)
    return render_template(
        "worktray/aside.html",
        aside=aside,
        form=form,
        command_id=clock.new_id(),
        may_record=bool(
            may("aside.replay") and aside.officer and not (aside.replayed_at or aside.arrived)
        ),
    )


def _mending_page(
    aside: Aside,
    sent: Sent,
    name: str,
    case: CaseAtHand | None,
    form: Form | None,
    *,
    asked: str = "",
) -> str:
    note_read("worktray.aside", subject_id=aside.subject)
    if case is not None:
        note_read("worktray.subject", subject_id=case.case_id)
    return render_template(
        "worktray/aside_record.html",
        aside=aside,
        kinds={each: NAMES[each] for each in sent.kinds},
        chosen=name,
        case=case,
        asked="" if is_id(asked) else asked,
        form=form,
        fields=aside_forms.widgets(form.schema) if form else [],
        command_id=clock.new_id(),
    )
