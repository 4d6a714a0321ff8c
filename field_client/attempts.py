"""How long to wait after wrong passphrases: longer each time, and never a wipe.

Kept in memory only: a count on disk is put back by whoever puts the file back. What keeps a copied
disk shut is the passphrase itself; this slows down somebody with the device in hand.
"""

from __future__ import annotations

from shared.errors import RuleBroken

WAIT_SECONDS_MAX = 300
"""The longest wait; a child who typed on the tablet must not cost an officer the day."""


class Attempts:
    """The wrong passphrases since the last right one."""

    def __init__(self) -> None:
        self._wrong = 0
        self._not_before = float("-inf")

    def check(self, elapsed_seconds: float) -> None:
        """Refuse a try that comes too soon after the last wrong one."""
        left = self._not_before - elapsed_seconds
        if left > 0:
            raise RuleBroken("passphrase.too_soon", field="passphrase", seconds=int(left) + 1)

    def was_wrong(self, elapsed_seconds: float) -> None:
        """Count a wrong passphrase: the waits are 1, 2, 4 ... 300 seconds."""
        self._not_before = elapsed_seconds + min(WAIT_SECONDS_MAX, 2 ** min(self._wrong, 9))
        self._wrong += 1

    def was_right(self) -> None:
        """Forget the wrong ones."""
        self._wrong = 0
        self._not_before = float("-inf")
