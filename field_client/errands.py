"""What the process of a vault may ask of its keeper about the network and its own device.

Each vault process has errands of its own, so that whatever it still asks while another officer takes
the tablet over is signed by its own device's key, or by none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from field_client import clock
from field_client.device import Device
from field_client.lease_watch import LeaseWatch
from field_client.office_link import OfficeLink
from field_client.pipe import Message
from field_client.vault_process import VaultHandler, VaultProcess
from shared.errors import RuleBroken
from sync.blob_session import Asking

_NOT_ALLOWED = 401


class Errands:
    """The errands of one vault process, and the watch over the lease it is shown under."""

    def __init__(
        self,
        device: Device,
        *,
        lease_over: Callable[[VaultProcess], None],
        not_allowed: Callable[[], None],
    ) -> None:
        """Take the device; say what to do when its lease is over, and when the office turned it away."""
        self.watch = LeaseWatch(device, lease_over)
        self._device = device
        self._not_allowed = not_allowed

    def handlers(self) -> Mapping[str, VaultHandler]:
        """Name what may be asked, and what answers it."""
        return {
            "forget_pin": self._forget_pin,
            "keep_pin": self._keep_pin,
            "metered": self._is_metered,
            "pin": self._pin,
            "pin_right": self._pin_was_right,
            "pin_wrong": self._pin_was_wrong,
            "send": self._send,
            "status": self._status,
            "try": self._may_try,
            "try_pin": self._try_pin,
            "upload": self._upload,
            "wrapped": self._is_wrapped,
            "wrong": self._was_wrong,
        }

    def _may_try(self, _vault: VaultProcess, _message: Message) -> None:
        self._device.attempts.check(clock.elapsed_seconds())

    def _was_wrong(self, _vault: VaultProcess, _message: Message) -> None:
        self._device.attempts.was_wrong(clock.elapsed_seconds())

    def _keep_pin(self, _vault: VaultProcess, message: Message) -> None:
        """Keep what a PIN opens; whoever chose it has just entered the passphrase."""
        self._device.attempts.was_right()
        self._device.pin.keep(message.body, clock.elapsed_seconds())

    def _forget_pin(self, _vault: VaultProcess, _message: Message) -> None:
        self._device.pin.forget()

    def _pin(self, _vault: VaultProcess, _message: Message) -> Message:
        left = self._device.pin.seconds_left(clock.elapsed_seconds())
        return Message(values={"seconds": left})

    def _try_pin(self, _vault: VaultProcess, _message: Message) -> Message:
        """Give what the PIN wraps for one try, where the passphrase would be tried too."""
        if not self._device.may_open:
            self._device.pin.forget()
        return Message(body=self._device.pin.take(clock.elapsed_seconds()))

    def _pin_was_right(self, _vault: VaultProcess, _message: Message) -> None:
        self._device.pin.was_right()

    def _pin_was_wrong(self, _vault: VaultProcess, _message: Message) -> Message:
        return Message(values={"left": self._device.pin.was_wrong()})

    def _is_wrapped(self, _vault: VaultProcess, message: Message) -> None:
        self._device.rest_on(int(message.values["epoch"]))

    def _send(self, vault: VaultProcess, message: Message) -> Message:
        """Sign and carry a request of the vault; its content means nothing here."""
        path, kind = str(message.values["path"]), str(message.values["content_type"])
        answer = self._link().post(path, message.body, kind)
        self.watch.hear(vault, answer)
        if answer.status == _NOT_ALLOWED:
            self._not_allowed()
        return answer.packed()

    def _upload(self, vault: VaultProcess, message: Message) -> Message:
        """Sign and carry one request of a photograph's upload."""
        said = message.values
        headers = {str(name): str(value) for name, value in said["headers"].items()}
        asking = Asking(
            method=str(said["method"]), path=str(said["path"]), headers=headers, body=message.body
        )
        answer = self._link().upload(asking)
        self.watch.hear(vault, answer)
        return answer.packed()

    def _is_metered(self, _vault: VaultProcess, _message: Message) -> Message:
        link = self._device.link
        return Message(values={"metered": link.metered if link else None})

    def _status(self, _vault: VaultProcess, _message: Message) -> Message:
        link = self._device.link
        reached_at = link.last_reached_at if link else None
        return Message(
            values={
                "online": link.online if link else None,
                "reached_at": reached_at.isoformat() if reached_at else None,
                "offset_seconds": link.offset_seconds if link else None,
            }
        )

    def _link(self) -> OfficeLink:
        if self._device.link is None:
            raise RuleBroken("office.unreachable")
        return self._device.link
