"""The page about the sealed history: how far it is, where its checkpoints went, whether it holds."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Blueprint, current_app, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from server.audit import exporting, queries
from server.audit.jobs import JOB, TITLE
from server.keeping.jobs import config
from server.spine import clock, jobs
from server.spine.database import db
from server.spine.permissions import WEIGHTY, may, needs
from server.spine.web import note_read, tell
from shared.catalogue import mark

screens = Blueprint("audit", __name__, template_folder="templates", url_prefix="/history-seal")


@screens.get("")
@needs("audit.see")
def seal() -> str:
    """Show how the sealed history stands."""
    standing = queries.standing(db.session(), config())
    return render_template(
        "audit/seal.html",
        standing=standing,
        late=standing.is_late(clock.now()),
        may_export=standing.entries > 0 and may("audit.export"),
    )


@screens.post("/verify")
@needs("audit.see")
def verify_now() -> Response:
    """Ask for a verification now."""
    job_id = jobs.start(TITLE, JOB, job_id=request.form.get("job_id"))
    return redirect(url_for("jobs.one_job", job_id=job_id), code=303)


@screens.post("/export")
@needs("audit.export", proved_within=WEIGHTY)
def export() -> Response:
    """Send every entry, ids and codes only; that it was asked for is itself read and sealed."""
    standing = queries.standing(db.session(), config())
    if not standing.entries:
        tell(mark("Nothing has been sealed yet, so there is nothing to export."), "warning")
        return redirect(url_for("audit.seal"), code=303)
    note_read("audit.export", results=standing.entries)
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001 - as Flask says

    def sent() -> Iterator[bytes]:
        with app.app_context(), db.session.session_factory() as session:
            yield from exporting.lines(session, details=False)

    return Response(
        sent(),
        mimetype="application/x-ndjson",
        headers={
            "Content-Disposition": f"attachment; filename=history-{standing.entries}.jsonl",
        },
    )
