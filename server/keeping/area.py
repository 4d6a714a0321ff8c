"""What the keeping area hands to the office: backups on time, and a page that says how it stands."""

from __future__ import annotations

from server.keeping import jobs, queries, screens
from server.spine.areas import Alarm, Area, NavigationLink
from shared.catalogue import mark

AREA = Area(
    name="keeping",
    permissions={
        "keeping.see": mark("See whether backups are taken"),
        "keeping.run": mark("Take a backup now"),
    },
    screens=(screens.screens,),
    jobs={jobs.JOB: jobs.back_up},
    chores=(jobs.LOOK,),
    alarms=(Alarm(needs="keeping.see", endpoint="keeping.every_backup", find=queries.alarm),),
    navigation=(
        NavigationLink(text=mark("Backups"), endpoint="keeping.every_backup", needs="keeping.run"),
    ),
)
