"""What the sync area hands to the office."""

from __future__ import annotations

from server.spine.areas import Area
from server.sync_api.reprojecting import CHORE
from server.sync_api.screens import screens
from server.sync_api.unreadable import HANDLING, RECORDED_BEFORE

AREA = Area(
    name="sync_api",
    commands=(HANDLING, RECORDED_BEFORE),
    screens=(screens,),
    chores=(CHORE,),
)
