"""What the field screens share for as long as a vault is open, and how a screen finds it."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import cast

from flask import current_app

from field_client import clock
from field_client.identity import Identity
from field_client.vault import freshness
from field_client.vault.cases import Marker
from field_client.vault.freshness import OfficeCopy
from field_client.vault.lease_told import LeaseTold
from field_client.vault.pending import CaseView, case_view
from field_client.vault.sealed_photographs import SealedPhotographs
from field_client.vault.search import Search
from field_client.vault.session_pin import SessionPin
from field_client.vault.store import Store
from field_client.vault.syncing import Syncing
from shared.errors import RuleBroken
from shared.presentation import LONDON
from sync.protocol import Clock

EXTENSION = "fieldfare_desk"
"""Under which name the desk stands in its app's extensions."""


@dataclass
class Desk:
    """One officer at one open vault: what is stored, found and sent, and what was read today."""

    store: Store
    identity: Identity
    syncing: Syncing
    search: Search
    pin: SessionPin
    told: LeaseTold = field(default_factory=LeaseTold)
    pictures: SealedPhotographs | None = None
    _read: set[str] = field(default_factory=set)
    _turn: threading.Lock = field(default_factory=threading.Lock)

    @property
    def officer_id(self) -> str:
        """Name whose vault this is."""
        return self.identity.officer_id

    @property
    def unsealed(self) -> int:
        """Say how many photographs lie in the vault alone, because the drive has no room for more."""
        return self.pictures.unsealed if self.pictures is not None else 0

    def now(self) -> datetime:
        """Read the clock, once for a page."""
        return clock.now()

    def today(self) -> date:
        """Say which day it is where everyone who reads this is."""
        return self.now().astimezone(LONDON).date()

    def clock(self) -> Clock:
        """Read every clock, with how far off the office's was when the two last spoke."""
        return clock.reading(freshness.offset_seconds(self.store))

    def copy(self) -> OfficeCopy:
        """Say how old the office's copy is."""
        return freshness.office_copy(self.store, self.clock())

    def case(self, case_id: str) -> CaseView:
        """Find a case; raises RuleBroken when it is not on this device."""
        view = case_view(self.store, self.officer_id, case_id)
        if view is None:
            raise RuleBroken("case.not_here")
        return view

    def unread(self, markers: Iterable[Marker]) -> list[Marker]:
        """List the warnings nobody has acknowledged since this vault was opened."""
        with self._turn:
            return [marker for marker in markers if marker.marker_id not in self._read]

    def acknowledge(self, markers: Iterable[Marker]) -> None:
        """Note that the officer has read these warnings; a lock forgets it, and they are shown again."""
        with self._turn:
            self._read.update(marker.marker_id for marker in markers)


def desk() -> Desk:
    """Give the desk that the current request is at."""
    return cast(Desk, current_app.extensions[EXTENSION])
