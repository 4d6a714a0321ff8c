"""Watches over the lease while a vault is shown: renews it, and says when the vault has to go."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from field_client import clock
from field_client.answers import Answer
from field_client.device import Device
from field_client.lease import Standing
from field_client.leasing import TAKEN_BACK, TakenBack
from field_client.office_link import code_of
from field_client.vault_process import VaultProcess
from shared.errors import RuleBroken

FINISH_IDLE_SECONDS = 60
"""How long an open device may lie untouched once its lease has ended, before it locks."""

FINISH_SECONDS_MAX = 1_800
"""How long a visit in hand may take after that, however busy its officer is."""

RENEW_SECONDS = 600
"""How long ago the lease was renewed when a sync renews it again; in between it would hardly move."""

_OK = 200

_log = logging.getLogger(__name__)


class LeaseWatch:
    """What one keeper does about the lease of its device."""

    def __init__(self, device: Device, taken_back: Callable[[VaultProcess], None]) -> None:
        """Take the device, and what to do at once when the office has taken its share back."""
        self._device = device
        self._taken_back = taken_back
        self._ended_at: float | None = None
        self._renewed_at = float("-inf")
        self._renewing = threading.Lock()

    def is_over(self, now: float, active_at: float | None) -> bool:
        """Tell whether the vault has to go; `active_at` is when an open one was last touched.

        A visit in hand may be finished after the lease has ended, though never after it was taken
        back. `now` counts as `clock.elapsed_seconds` does.
        """
        if self._device.may_open:
            self._ended_at = None
            return False
        if self._ended_at is None:
            self._ended_at = now
        if active_at is None or self._device.standing is Standing.TAKEN_BACK:
            return True
        left_alone = now - max(active_at, self._ended_at) >= FINISH_IDLE_SECONDS
        return left_alone or now - self._ended_at >= FINISH_SECONDS_MAX

    def hear(self, vault: VaultProcess, answer: Answer) -> None:
        """Listen to what an answer of the office means: the lease is renewed, or over at once."""
        code = "" if answer.status == _OK else code_of(answer)
        if code in TAKEN_BACK:
            self._device.take_back(revoked=code == "device.revoked")
            self._taken_back(vault)
        elif answer.status == _OK and clock.elapsed_seconds() - self._renewed_at >= RENEW_SECONDS:
            threading.Thread(target=self._renew, args=(vault,), daemon=True).start()

    def _renew(self, vault: VaultProcess) -> None:
        """Have the lease go on from now; when the office does not answer, it goes on as it was."""
        if not self._renewing.acquire(blocking=False):
            return
        try:
            self._device.ask_lease()
            self._renewed_at = clock.elapsed_seconds()
            if (lease := self._device.lent.lease) is not None:
                vault.tell_lease(lease)
        except TakenBack:
            self._taken_back(vault)
        except RuleBroken as refusal:
            _log.info("the lease was not renewed: %s", refusal.code)
        finally:
            self._renewing.release()
