"""The pages of imports: choose a file, say how it is read, check it, take it in, see what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from markupsafe import Markup, escape
from werkzeug.wrappers import Response as AnyResponse

from server.interop import column_pages, jobs, queries, telling, uploads
from server.interop.column_pages import Reading, first_rows, reading_of
from server.interop.commands import FILE_NAME_MAX, STATES
from server.interop.lines import AccountLine
from server.interop.profile_files import as_data, from_data, load, names
from server.interop.profiles import GUESS, Profile
from server.interop.reading import MEGABYTES_MAX
from server.interop.rejects import rejects_file
from server.interop.upload_forms import (
    AS_BEFORE,
    known_answers,
    profile_of,
    reading_schema,
    upload_schema,
)
from server.interop.uploads import Upload
from server.spine import clock
from server.spine import jobs as long_work
from server.spine.database import db
from server.spine.paging import Page
from server.spine.permissions import WEIGHTY, needs, signed_in
from server.spine.web import note_read, reader, tell
from shared.catalogue import mark
from shared.debts import DEBT_TYPES
from shared.errors import RuleBroken
from shared.forms import Form

screens = Blueprint("imports", __name__, template_folder="templates", url_prefix="/imports")

REJECTS_SHOWN = 20
"""Rows that were not taken which the page itself lists; the file has all of them."""


@screens.get("")
@needs("imports.run")
def every_import() -> str:
    """List the imports there have been."""
    session = db.session()
    page = Page.asked(queries.count_imports(session))
    return render_template(
        "interop/imports.html",
        imports=queries.past_imports(session, page.part),
        page=page,
        states=STATES,
    )


@screens.get("/new")
@needs("imports.run")
def choose_file() -> str:
    """Ask for a file."""
    return render_template(
        "interop/new.html", form=Form.blank(_upload_schema(), {"profile": GUESS})
    )


@screens.post("/new")
@needs("imports.run")
def keep_file() -> tuple[str, int] | AnyResponse:
    """Keep the file and show how it would be read."""
    form = Form.read(_upload_schema(), request.form)
    sent = request.files.get("file")
    data = sent.stream.read(MEGABYTES_MAX * 1_000_000 + 1) if sent and sent.filename else b""
    if not data:
        form = form.with_error("file", mark("Choose a file that is not empty"))
    if not form.ok or sent is None:
        return render_template("interop/new.html", form=form), 422
    try:
        profile = _first_profile(data, form.data["profile"])
    except RuleBroken as refusal:
        return render_template("interop/new.html", form=_beside(form, refusal)), 422
    upload_id = clock.new_id()
    with db.session.session_factory() as session, session.begin():
        uploads.forget_old(session, clock.now())
        uploads.keep(
            session,
            upload_id,
            user_id=signed_in().actor.user_id,
            now=clock.now(),
            file_name=_file_name(sent.filename or ""),
            content=data,
            profile=as_data(profile) if profile else None,
            reported_on=clock.today(),
        )
    return redirect(url_for("imports.how_read", upload_id=upload_id), code=303)


@screens.get("/uploads/<uuid:upload_id>")
@needs("imports.run")
def how_read(upload_id: UUID) -> str | AnyResponse:
    """Show each column of a waiting file, what it feeds and why, and the first rows as read."""
    upload = _upload(upload_id)
    if upload is None:
        return _gone()
    reading = _reading(upload)
    return _reading_page(
        upload, reading, Form.blank(reading_schema(reading), known_answers(reading, upload))
    )


@screens.post("/uploads/<uuid:upload_id>")
@needs("imports.run")
def read_so(upload_id: UUID) -> tuple[str, int] | AnyResponse:
    """Keep how the file is to be read; show it again, or check the whole file."""
    upload = _upload(upload_id)
    if upload is None:
        return _gone()
    reading = _reading(upload)
    form = Form.read(reading_schema(reading), request.form)
    profile = profile_of(reading, form) if form.ok else form
    if isinstance(profile, Form):
        return _reading_page(upload, reading, profile), 422
    answers: Mapping[str, Any] = form.data
    with db.session.session_factory() as session, session.begin():
        uploads.change(
            session,
            upload.upload_id,
            profile=as_data(profile),
            checked=None,
            **{n: answers[n] for n in ("reported_on", "declared_rows", "declared_sum_pence")},
        )
    if request.form.get("act") != "check":
        tell(mark("The rows below are read as you said"))
        return redirect(url_for("imports.how_read", upload_id=upload_id), code=303)
    return _start(mark("Check a file before it is taken in"), jobs.CHECK, upload)


@screens.get("/uploads/<uuid:upload_id>/check")
@needs("imports.run")
def what_was_found(upload_id: UUID) -> str | AnyResponse:
    """Show what taking the file in would do, for somebody to decide."""
    upload = _upload(upload_id)
    if upload is None:
        return _gone()
    if upload.checked is None or upload.profile is None:
        tell(mark("Check the file first"), "information")
        return redirect(url_for("imports.how_read", upload_id=upload_id), code=303)
    note_read("imports.check", upload.upload_id)
    checked = upload.checked
    return render_template(
        "interop/check.html",
        upload=upload,
        checked=checked,
        problems=[
            _shown(telling.text_of(code), dict(v)) for code, _, v in checked.get("problems", ())
        ],
        before=uploads.taken_before(db.session(), upload.upload_id, checked["profile_hash"]),
        figures=telling.FIGURES,
        **_said(checked),
    )


@screens.post("/uploads/<uuid:upload_id>/take")
@needs("imports.run")
def take(upload_id: UUID) -> AnyResponse:
    """Take the file in, as a job."""
    upload = _upload(upload_id)
    if upload is None:
        return _gone()
    if upload.checked is None or upload.checked.get("problems"):
        return redirect(url_for("imports.what_was_found", upload_id=upload_id), code=303)
    return _start(mark("Take a file in"), jobs.TAKE, upload)


@screens.post("/uploads/<uuid:upload_id>/discard")
@needs("imports.run")
def discard(upload_id: UUID) -> AnyResponse:
    """Forget a file that is not to be taken in."""
    with db.session.session_factory() as session, session.begin():
        uploads.discard(session, str(upload_id))
    tell(mark("The file is not kept any more"))
    return redirect(url_for("imports.every_import"), code=303)


@screens.get("/<uuid:import_id>")
@needs("imports.run")
def one_import(import_id: UUID) -> str:
    """Show what came of an import."""
    session = db.session()
    done = queries.past_import(session, str(import_id)) or abort(404)
    rejected = queries.rejects_of(session, done.import_id, REJECTS_SHOWN)
    note_read("imports.see", done.import_id, len(rejected))
    return render_template(
        "interop/import.html",
        done=done,
        states=STATES,
        figures=telling.FIGURES,
        rejected=[
            (row.line_number, [_shown(r.text, dict(r.values)) for r in row.reasons])
            for row in rejected
        ],
        **_said(done.found),
    )


@screens.get("/<uuid:import_id>/rejects.csv")
@needs("imports.run", proved_within=WEIGHTY)
def rejects(import_id: UUID) -> Response:
    """Send the rows that were not taken, each with its reasons, to be mended and sent again."""
    session = db.session()
    done = queries.past_import(session, str(import_id)) or abort(404)
    rejected = queries.rejects_of(session, done.import_id)
    note_read("imports.rejects", done.import_id, len(rejected))
    return Response(
        rejects_file(done.header, rejected, reader().gettext),
        mimetype="text/csv",
        headers={"Content-Disposition": "attachment; filename=rejects.csv"},
    )


def _upload_schema() -> Any:  # noqa: ANN401 - a schema made for this page
    told = [(name, load(name).title) for name in names()]
    return upload_schema(told, queries.ways_of_reading(db.session()))


def _first_profile(data: bytes, wanted: str) -> Profile | None:
    """Find the profile a file is first shown by; None where only a person can say what is what."""
    head = data[: uploads.HEAD_BYTES]
    if wanted.startswith(AS_BEFORE):
        way = queries.past_import(db.session(), wanted.removeprefix(AS_BEFORE))
        profile = from_data(way.profile) if way else None
    elif wanted == GUESS:
        profile = column_pages.guessed(head)
    else:
        profile = load(wanted)
    if profile is not None:
        reading_of(head, as_data(profile))
    return profile


def _beside(form: Form, refusal: RuleBroken) -> Form:
    """Put what is wrong with a file or its reading beside the box it came from."""
    at = "profile" if refusal.code in {"file.no_header", "file.column_twice"} else "file"
    return form.refused(RuleBroken(refusal.code, field=at, **refusal.values))


def _file_name(sent: str) -> str:
    """Keep the name of a file without folders, which some browsers send."""
    return sent.replace("\\", "/").rpartition("/")[2][-FILE_NAME_MAX:]


def _upload(upload_id: UUID) -> Upload | None:
    try:
        return uploads.find(db.session(), str(upload_id), clock.now())
    except RuleBroken:
        return None


def _gone() -> AnyResponse:
    tell(mark("This file is no longer kept: choose it again"), "information")
    return redirect(url_for("imports.choose_file"), code=303)


def _reading(upload: Upload) -> Reading:
    return reading_of(uploads.head_of(db.session(), upload.upload_id), upload.profile)


def _reading_page(upload: Upload, reading: Reading, form: Form) -> str:
    note_read("imports.preview", upload.upload_id)
    rows = first_rows(reading, reading.base) if upload.profile is not None else []
    return render_template(
        "interop/reading.html",
        upload=upload,
        reading=reading,
        form=form,
        rows=[(row, _shown_reasons(row)) for row in rows],
        is_account=lambda row: isinstance(row, AccountLine),
        debt_types=DEBT_TYPES,
        lacking=_shown(reading.lacking.text, dict(reading.lacking.values))
        if reading.lacking
        else None,
        shown=lambda reason: _shown(reason.text, dict(reason.values)),
    )


def _shown_reasons(row: Any) -> list[Markup]:  # noqa: ANN401 - an account line or a rejection
    told = row.notes if isinstance(row, AccountLine) else row.reasons
    return [_shown(reason.text, dict(reason.values)) for reason in told]


def _shown(text: str, values: Mapping[str, str | int]) -> Markup:
    """Say a sentence with what stands in the file set apart from our own words."""
    apart = {
        name: value if isinstance(value, int) else Markup("<code>{}</code>").format(value)
        for name, value in values.items()
    }
    return escape(reader().gettext(text)) % (apart or values)


def _said(found: Mapping[str, Any]) -> dict[str, Any]:
    """Give what was said of rows as a page lists it."""
    examples = found.get("examples", {})
    return {
        name: [
            (said.count, _shown(said.text, said.values), said.line_number)
            for said in telling.said_of_rows(found.get(name, {}), examples)
        ]
        for name in ("reasons", "notes")
    } | {
        "remarks": [
            (_shown(telling.text_of(code), {}), count, lines)
            for code, count, lines in found.get("remarks", ())
        ]
    }


def _start(title: str, job: str, upload: Upload) -> AnyResponse:
    job_id = long_work.start(
        title, job, job_id=request.form.get("job_id"), upload_id=upload.upload_id
    )
    return redirect(url_for("jobs.one_job", job_id=job_id), code=303)
