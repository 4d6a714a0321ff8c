"""What the keeper does of its own accord: check in, bring sealed work, and erase the device when told to.

It asks the office how each device of this tablet stands at its start, before anybody unlocks one, and
from then on every quarter of an hour; and at each lock, because then there may be something to bring.
What comes of one officer's device is nothing to another's.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from field_client import incidents
from field_client.device import Device
from field_client.tablet import Tablet
from shared.errors import RuleBroken

CHECK_IN_SECONDS = 900.0
"""How often the office is asked how this device stands."""

ERASING_SECONDS = 60.0
"""How often a device that erases itself tries to tell the office."""

_log = logging.getLogger(__name__)


class Rounds:
    """The thread that goes round; a fault of one round is noted, and the next comes all the same."""

    def __init__(
        self,
        tablet: Tablet,
        *,
        is_shut: Callable[[Device], bool],
        is_gone: Callable[[Device], bool],
        end_vault: Callable[[], None],
    ) -> None:
        """Take the tablet, what tells whether a device's vault is shut and whether its process is gone,
        and what has that process ended and this asked again.
        """
        self._tablet = tablet
        self._is_shut = is_shut
        self._is_gone = is_gone
        self._end_vault = end_vault
        self._wanted = threading.Event()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="rounds", daemon=True)

    def start(self) -> None:
        """Go round now, and from time to time."""
        self._wanted.set()
        self._thread.start()

    def stop(self) -> None:
        """End; a round in hand ends with the process."""
        self._stopped.set()
        self._wanted.set()

    def ask(self) -> None:
        """Go round as soon as may be; this never waits."""
        self._wanted.set()

    def _run(self) -> None:
        while not self._stopped.is_set():
            erasing = any(_is_erasing(device) for device in self._tablet.devices)
            self._wanted.wait(timeout=ERASING_SECONDS if erasing else CHECK_IN_SECONDS)
            self._wanted.clear()
            for device in self._tablet.devices:
                if not self._stopped.is_set():
                    self._go_round(device)

    def _go_round(self, device: Device) -> None:
        try:
            if device.wipe is None:
                device.check_in()
            if _is_erasing(device):
                self._erase(device)
            elif device.wipe is None and self._is_shut(device):
                device.deliver()
        except RuleBroken as refusal:
            _log.info("a round came to nothing: %s", refusal.code)
        except Exception as fault:  # noqa: BLE001 - a fault of ours must not end the rounds for good
            incidents.note("rounds", fault)

    def _erase(self, device: Device) -> None:
        """Erase once nothing holds the vault open; until then have whoever does ended."""
        if self._is_gone(device):
            device.go_on_wiping()
        else:
            self._end_vault()


def _is_erasing(device: Device) -> bool:
    return device.wipe is not None and not device.wipe.finished
