"""What the audit hands to the office: the sealer, the nightly verification, and a page about both."""

from __future__ import annotations

from server.audit import jobs, queries, screens
from server.audit.device_api import checkpoint_api
from server.spine.areas import Alarm, Area, NavigationLink
from shared.catalogue import mark

AREA = Area(
    name="audit",
    permissions={
        "audit.see": mark("See whether the history is sealed, and verify it"),
        "audit.export": mark("Export the sealed history"),
    },
    screens=(screens.screens, checkpoint_api),
    jobs={jobs.JOB: jobs.verify},
    chores=(jobs.SEAL, jobs.NIGHTLY),
    alarms=(Alarm(needs="audit.see", endpoint="audit.seal", find=queries.alarm),),
    navigation=(
        NavigationLink(text=mark("History’s seal"), endpoint="audit.seal", needs="audit.see"),
    ),
)
