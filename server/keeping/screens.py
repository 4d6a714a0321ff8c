"""The page about backups: whether one is verified, what it holds, and what went wrong."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from server.keeping import queries
from server.keeping.jobs import JOB, TITLE, config
from server.spine import clock, jobs
from server.spine.database import db
from server.spine.permissions import may, needs
from shared.catalogue import mark

screens = Blueprint("keeping", __name__, template_folder="templates", url_prefix="/backups")

STATES = {
    "running": (mark("Running"), "blue"),
    "verified": (mark("Verified"), "green"),
    "failed": (mark("Failed"), "red"),
}
"""What became of a backup, and the colour it is said in."""


@screens.get("")
@needs("keeping.see")
def every_backup() -> str:
    """Show how the office stands with its backups."""
    session, now = db.session(), clock.now()
    settings = config()
    standing = queries.standing(session, settings, now)
    return render_template(
        "keeping/backups.html",
        standing=standing,
        late=standing.is_late(now),
        backups=queries.backups(session),
        states=STATES,
        kept=settings.backups_kept,
        may_run=standing.set_up and not standing.running and may("keeping.run"),
        now=now,
    )


@screens.post("")
@needs("keeping.run")
def take_now() -> Response:
    """Ask for a backup now."""
    job_id = jobs.start(TITLE, JOB, job_id=request.form.get("job_id"))
    return redirect(url_for("jobs.one_job", job_id=job_id), code=303)
