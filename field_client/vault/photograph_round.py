"""Sends the photographs that wait, after everything else and only where that may cost nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from field_client.answers import Answer
from field_client.vault import photographs, uploads
from field_client.vault.photographs import KeptPhotograph
from field_client.vault.store import Store
from field_client.vault.uploads import Check, Waits
from shared.errors import RuleBroken
from sync.blob_session import Asking


class Uplink(Protocol):
    """The way out of the vault, as far as photographs need it."""

    def upload(self, asking: Asking) -> Answer:
        """Carry one request of a photograph's upload to the office and give its answer."""

    def metered(self) -> bool | None:
        """Tell whether the way to the office costs money by the byte; none when nobody can tell."""


class PhotographRound:
    """One sync's photographs; `interrupted` tells when something else comes first."""

    def __init__(
        self,
        store: Store,
        uplink: Uplink,
        check: Check,
        *,
        interrupted: Callable[[], bool],
        note: Callable[..., Any],
    ) -> None:
        self._store = store
        self._uplink = uplink
        self._check = check
        self._interrupted = interrupted
        self._note = note
        self._asked_for: frozenset[str] = frozenset()

    def ask(self) -> None:
        """Have the photographs that wait now sent on whatever connection there is.

        Somebody asked for it; those taken later keep to the rule.
        """
        waiting = photographs.waiting(self._store)
        self._asked_for = frozenset(photograph.photograph_id for photograph in waiting)

    def send_all(self) -> None:
        """Send the photographs of visits the office has, until one thing or another comes first.

        One that fails never holds up the rest; two in a row are the line's fault and end it.
        """
        ready = uploads.ready(self._store)
        metered = self._uplink.metered() if ready else None
        wait = uploads.waits(self._store, metered)
        to_send = [p for p in ready if not wait or p.photograph_id in self._asked_for]
        self._note(
            photographs_sent=0,
            photographs_left=len(ready),
            photographs_wait=wait if len(to_send) < len(ready) else Waits.NO,
            metered=metered,
        )
        failed: RuleBroken | None = None
        failed_last = False
        for photograph in to_send:
            try:
                if not self._send(photograph):
                    return
            except RuleBroken as refusal:
                if failed_last:
                    raise
                failed, failed_last = failed or refusal, True
            else:
                failed_last = False
            left = len(uploads.ready(self._store))
            self._note(photographs_sent=len(ready) - left, photographs_left=left)
        if failed is not None:
            raise failed

    def _send(self, photograph: KeptPhotograph) -> bool:
        """Send one photograph, a part at least; false when it was left for something else."""
        sending = uploads.upload(self._store, photograph, self._uplink.upload, self._check)
        return not any(self._interrupted() for _held in sending)
