"""Holds what an officer's PIN opens, in the keeper's memory, for one session and five wrong tries.

It is the vault's key as the PIN wraps it: neither the key nor the PIN ever comes to this process.
Whatever ends the session overwrites it. It does not outlive the keeper, so a device that was
started again asks for the passphrase.
"""

from __future__ import annotations

import threading

from shared.errors import RuleBroken

SESSION_SECONDS_MAX = 12 * 3_600
"""How long after the passphrase was entered a PIN opens the device: a day's work."""

ASLEEP_SECONDS_MAX = 1_800
"""How long a device may sleep and still be opened with a PIN."""

TRIES_MAX = 5
"""Wrong tries a PIN has in all, however many right ones come between."""


class SessionPin:
    """One officer's vault key as their PIN wraps it; every method may be called from any thread.

    `now` counts as `clock.elapsed_seconds` does, which goes on while the device sleeps.
    """

    def __init__(self) -> None:
        self._wrapped = bytearray()
        self._since = 0.0
        self._seen_at = 0.0
        self._wrong = 0
        self._turn = threading.RLock()

    @property
    def is_kept(self) -> bool:
        """Tell whether there is anything that a PIN would open."""
        return bool(self._wrapped)

    def keep(self, wrapped: bytes, now: float) -> None:
        """Keep a key for the session that begins now, with the passphrase just entered."""
        with self._turn:
            self.forget()
            self._wrapped = bytearray(wrapped)
            self._since = self._seen_at = now
            self._wrong = 0

    def forget(self) -> None:
        """Overwrite the key: from now on it takes the passphrase."""
        with self._turn:
            self._wrapped[:] = bytes(len(self._wrapped))
            self._wrapped = bytearray()

    def look(self, now: float) -> None:
        """Forget the key when its session is over or the device has slept too long."""
        with self._turn:
            slept, self._seen_at = now - self._seen_at, now
            if slept > ASLEEP_SECONDS_MAX or now - self._since >= SESSION_SECONDS_MAX:
                self.forget()

    def seconds_left(self, now: float) -> float | None:
        """Say how long a PIN still opens the device; none where there is no PIN."""
        with self._turn:
            self.look(now)
            return SESSION_SECONDS_MAX - (now - self._since) if self._wrapped else None

    def take(self, now: float) -> bytes:
        """Give the wrapped key for one try, which counts as wrong until it is said to have been right.

        Raises RuleBroken when there is none any more.
        """
        with self._turn:
            self.look(now)
            if self._wrong >= TRIES_MAX:
                self.forget()
            if not self._wrapped:
                raise RuleBroken("pin.over", field="passphrase")
            self._wrong += 1
            return bytes(self._wrapped)

    def was_right(self) -> None:
        """Count the try that was taken as none."""
        with self._turn:
            self._wrong = max(self._wrong - 1, 0)

    def was_wrong(self) -> int:
        """Say how many tries are left; after the last the key is forgotten."""
        with self._turn:
            left = TRIES_MAX - self._wrong
            if left <= 0:
                self.forget()
            return max(left, 0)
