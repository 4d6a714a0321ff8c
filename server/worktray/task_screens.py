"""The pages of one task: what it is about, who does it, what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from flask import abort, redirect, render_template, request, url_for
from marshmallow import Schema
from werkzeug.wrappers import Response

from server.access.queries import Officer
from server.cases.forms import officer_options
from server.spine import clock
from server.spine.database import db
from server.spine.links import link
from server.spine.permissions import needs, signed_in
from server.spine.web import give, note_read, tell
from server.worktray import queries
from server.worktray.commands import (
    KINDS,
    NOTE_MAX,
    AssignTask,
    FinishTask,
    RaiseTask,
)
from server.worktray.queries import FIND_LIABLE, Task
from server.worktray.screens import screens
from shared.catalogue import mark
from shared.day_fields import DayField
from shared.errors import RuleBroken
from shared.fields import Choice, CleanText
from shared.forms import Form
from shared.values import is_id

SUBJECTS = {
    "account_id": "accounts.one_account",
    "person_id": "people.one_person",
    "case_id": "cases.one_case",
}
"""What a task can be about, and the page of each."""


class DoneSchema(Schema):
    """What is said of a task that is done."""

    note = CleanText(
        required=True,
        characters_max=NOTE_MAX,
        lines=True,
        metadata={"label": mark("What came of it?"), "missing": mark("Enter what came of it")},
    )


def owner_schema(workers: Sequence[Officer]) -> Schema:
    """Ask who is to do a task."""
    owner = Choice(
        officer_options(workers), load_default=None, metadata={"label": mark("Who does it?")}
    )
    return Schema.from_dict({"owner_id": owner}, name="TaskOwnerSchema")()


def raising_schema(workers: Sequence[Officer]) -> Schema:
    """Ask what is to be done, by whom and by when."""
    return Schema.from_dict(
        {
            "kind": Choice(
                {code: words for code, words in KINDS.items() if code != FIND_LIABLE},
                required=True,
                metadata={
                    "label": mark("What is to be done?"),
                    "missing": mark("Select what is to be done"),
                },
            ),
            "note": CleanText(
                load_default="",
                characters_max=NOTE_MAX,
                lines=True,
                metadata={"label": mark("Note")},
            ),
            "due_on": DayField(
                load_default=None, allow_none=True, metadata={"label": mark("Do it by")}
            ),
            "owner_id": Choice(
                officer_options(workers),
                load_default=None,
                metadata={"label": mark("Who does it?")},
            ),
        },
        name="RaiseTaskFormSchema",
    )()


@screens.get("/tasks/<uuid:task_id>")
@needs("worktray.see")
def one_task(task_id: UUID) -> str:
    """Show a task."""
    return _page(_task(task_id), Form.blank(DoneSchema()))


@screens.post("/tasks/<uuid:task_id>/owner")
@needs("tasks.work")
def assign_task(task_id: UUID) -> Response | tuple[str, int]:
    """Give a task to someone, or back to nobody in particular."""
    form = Form.read(owner_schema(queries.workers(db.session())), request.form)
    if not form.ok:
        abort(400)
    command = AssignTask(task_id=str(task_id), owner_id=form.data["owner_id"])
    refused = _give(command, request.form.get("command_id"))
    if refused:
        return _page(_task(task_id), Form.blank(DoneSchema()), refused), 409
    if form.data["owner_id"] is None:
        tell(mark("The task waits for anybody again"))
    else:
        tell(mark("The task has been given out"))
    return redirect(url_for("worktray.one_task", task_id=task_id), code=303)


@screens.post("/tasks/<uuid:task_id>/done")
@needs("tasks.work")
def finish_task(task_id: UUID) -> Response | tuple[str, int]:
    """Finish a task."""
    task = _task(task_id)
    form = Form.read(DoneSchema(), request.form)
    if not form.ok:
        return _page(task, form), 422
    command = FinishTask(task_id=task.task_id, note=form.data["note"])
    refused = _give(command, request.form.get("command_id"))
    if refused:
        return _page(_task(task_id), form, refused), 409
    tell(mark("The task is done"))
    tray = "find_liable" if task.kind == FIND_LIABLE else "tasks"
    return redirect(url_for("worktray.home", tray=tray), code=303)


@screens.get("/tasks/new")
@needs("tasks.raise")
def new_task() -> str:
    """Ask what is to be done."""
    return _raise_form(Form.blank(raising_schema(queries.workers(db.session()))))


@screens.post("/tasks/new")
@needs("tasks.raise")
def raise_task() -> Response | tuple[str, int]:
    """Raise a task about the account, person or case the page named."""
    form = Form.read(raising_schema(queries.workers(db.session())), request.form)
    if not form.ok:
        return _raise_form(form), 422
    offered = request.form.get("command_id", "")
    task_id = offered if is_id(offered) else clock.new_id()
    subject = _subject()
    command = RaiseTask(
        task_id=task_id,
        account_id=subject.get("account_id"),
        person_id=subject.get("person_id"),
        case_id=subject.get("case_id"),
        **form.data,
    )
    try:
        give(command, task_id)
    except RuleBroken as refusal:
        return _raise_form(form.refused(refusal)), 422
    tell(mark("The task has been raised"))
    return redirect(url_for("worktray.one_task", task_id=task_id), code=303)


def _give(command: AssignTask | FinishTask, command_id: str | None) -> str | None:
    """Give a command about a task, or give the sentence that refuses it."""
    try:
        give(command, command_id)
    except RuleBroken as refusal:
        return refusal.sentence()
    return None


def _task(task_id: UUID) -> Task:
    found = queries.task(db.session(), str(task_id), signed_in().actor.user_id, clock.today())
    if found is None:
        abort(404)
    return found


def _page(task: Task, form: Form, refused: str | None = None) -> str:
    session = db.session()
    note_read("worktray.task", subject_id=task.task_id)
    owners = owner_schema(queries.workers(session))
    return render_template(
        "worktray/task.html",
        task=task,
        form=form,
        owner=Form.blank(owners, {"owner_id": task.owner_id}),
        refused=refused,
        me=signed_in().actor.user_id,
        new_command=clock.new_id,
    )


def _subject() -> dict[str, str]:
    """Read what the task is about; an id that is none is left out and refused as nothing."""
    asked = {name: request.values.get(name, "") for name in SUBJECTS}
    return {name: value for name, value in asked.items() if is_id(value)}


def _raise_form(form: Form) -> str:
    subject = _subject()
    about, page = "", None
    for kind, subject_id in subject.items():
        page = link(SUBJECTS[kind], **{kind: subject_id})
        if page is not None:
            note_read("worktray.subject", subject_id=subject_id)
            about = queries.name_of_subject(db.session(), kind, subject_id)
    return render_template(
        "worktray/raise_task.html",
        form=form,
        subject=subject,
        about=about,
        page=page,
        command_id=clock.new_id(),
    )
