"""What the area of sealed work hands to the office."""

from __future__ import annotations

from server.sealed_work.device_api import sealed_api
from server.sealed_work.jobs import OPEN
from server.sealed_work.queries import alarm
from server.sealed_work.screens import screens
from server.spine.areas import Alarm, Area

AREA = Area(
    name="sealed_work",
    screens=(screens, sealed_api),
    chores=(OPEN,),
    alarms=(Alarm(needs="aside.examine", endpoint="sealed_work.every_waiting", find=alarm),),
)
