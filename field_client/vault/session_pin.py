"""A PIN for one session as the vault's process sees it: chosen while it is open, tried when it is shut.

What the PIN wraps goes to the keeper at once. The process that shows the lock page is given it for
a try and not before.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from field_client import clock
from field_client.vault import keys
from field_client.vault.closed import ClosedVault
from field_client.vault.keeper_link import KeeperLink
from shared.errors import RuleBroken


class SessionPin:
    """The PIN of an open vault, if its officer wants one."""

    def __init__(self, closed: ClosedVault, keeper: KeeperLink) -> None:
        self._closed = closed
        self._keeper = keeper

    def choose(self, passphrase: str, pin: str) -> None:
        """Have this PIN open the vault for a session that begins now; the passphrase must be right.

        A wrong one costs the wait that it costs at the lock page.
        """
        self._keeper.may_try()
        factors = replace(self._closed.factors, passphrase=passphrase)
        try:
            wrapped = keys.wrap_under_pin(self._closed.folder, factors, pin)
        except RuleBroken as refusal:
            if refusal.code == "passphrase.wrong":
                self._keeper.was_wrong()
            raise
        self._keeper.keep_pin(wrapped)

    def forget(self) -> None:
        """Do without a PIN from now on."""
        self._keeper.forget_pin()

    def ends_at(self) -> datetime | None:
        """Say until when a PIN opens the vault; none where none was chosen."""
        left = self._keeper.pin_seconds()
        return None if left is None else clock.now() + timedelta(seconds=left)


def keys_by_pin(closed: ClosedVault, pin: str, keeper: KeeperLink) -> keys.VaultKeys:
    """Open a vault's keys by PIN; raises RuleBroken when it is wrong, or opens nothing any more."""
    wrapped = keeper.try_pin()
    try:
        opened = keys.open_by_pin(wrapped, replace(closed.factors, passphrase=pin))
    except RuleBroken:  # the vault has been wrapped under a newer share since
        keeper.forget_pin()
        raise RuleBroken("pin.over", field="passphrase") from None
    except keys.WrongPin:
        left = keeper.pin_was_wrong()
        if left == 0:
            raise RuleBroken("pin.used_up", field="passphrase") from None
        raise RuleBroken("pin.wrong", field="pin", left=left) from None
    keeper.pin_was_right()
    return opened
