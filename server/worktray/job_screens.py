"""The pages of long work: what runs, how far it is, what came of it, and a button to stop it."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from flask import Blueprint, abort, jsonify, redirect, render_template, url_for
from werkzeug.wrappers import Response

from server.spine import clock, jobs
from server.spine.database import db
from server.spine.links import may_open
from server.spine.paging import Page
from server.spine.permissions import Opening, may, needs, signed_in
from server.spine.web import reader, tell
from server.worktray import job_queries
from server.worktray.job_queries import Job
from shared.catalogue import mark

screens = Blueprint("jobs", __name__, template_folder="templates", url_prefix="/jobs")

TONES = {
    "waiting": "grey",
    "running": "blue",
    "stopping": "yellow",
    "done": "green",
    "stopped": "orange",
    "refused": "orange",
    "failed": "red",
}
"""The colour of each state; the words say the same."""

WORKER_SILENT = timedelta(minutes=1)
"""How long no worker may have been heard before a person is told."""


@screens.get("")
@needs(Opening.SIGNED_IN)
def every_job() -> str:
    """List the jobs this person asked for; whoever may see all sees all."""
    session = db.session()
    asked_by = None if may("jobs.see") else signed_in().actor.user_id
    page = Page.asked(job_queries.count(session, asked_by))
    return render_template(
        "worktray/jobs.html",
        jobs=job_queries.jobs(session, asked_by, page.part),
        page=page,
        everyone=asked_by is None,
        silent=_no_worker(),
        states=jobs.STATES,
        tones=TONES,
        now=clock.now(),
    )


@screens.get("/<uuid:job_id>")
@needs(Opening.SIGNED_IN)
def one_job(job_id: UUID) -> str:
    """Show how far a job is, or what came of it."""
    job = _job(job_id)
    now = clock.now()
    return render_template(
        "worktray/job.html",
        job=job,
        link=job.link if job.link and may_open(job.link[1]) else None,
        seconds=job.seconds(now),
        silent=not job.ended and _no_worker(),
        states=jobs.STATES,
        tones=TONES,
        may_stop=not job.ended and job.state != "stopping",
        now=now,
    )


@screens.get("/<uuid:job_id>/progress")
@needs(Opening.SIGNED_IN)
def progress(job_id: UUID) -> Response:
    """Say how far a job is, for the script of its page."""
    job = _job(job_id)
    say = reader()
    return jsonify(
        done=job.done,
        total=job.total,
        text=say(mark("%(done)s of %(total)s"), done=f"{job.done:,}", total=f"{job.total:,}"),
        ended=job.ended,
        state=say(jobs.STATES[job.state]),
    )


@screens.post("/<uuid:job_id>/stop")
@needs(Opening.SIGNED_IN)
def stop(job_id: UUID) -> Response:
    """Stop a job; what it has done until now stands."""
    job = _job(job_id)
    if jobs.stop(job.job_id):
        tell(
            mark("The job stops at the next step. What it has done until now stands"), "information"
        )
    else:
        tell(mark("The job had already ended"), "information")
    return redirect(url_for("jobs.one_job", job_id=job_id), code=303)


def _job(job_id: UUID) -> Job:
    """Find a job of this person, or any for whoever may see all."""
    job = job_queries.job(db.session(), str(job_id))
    if job is None or not (may("jobs.see") or job.asked_by == signed_in().actor.user_id):
        abort(404)
    return job


def _no_worker() -> bool:
    """Tell whether no worker has been heard for so long that jobs will not be done."""
    seen_at = job_queries.worker_seen_at(db.session())
    return seen_at is None or clock.now() - seen_at > WORKER_SILENT
