"""Decide what is asked about erasing devices: pure, with the device under its lock."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from server.wiping.commands import DeviceWiped, OrderWipe, RecordWipeReceipt, WipeOrdered
from shared.commands import Decision, Occasion
from shared.errors import RuleBroken


@dataclass(frozen=True, kw_only=True)
class WipeFile:
    """All that a rule may look at for one device that is to be erased."""

    state: str
    approved: bool
    wipe_id: str | None
    acknowledged: bool


def order_wipe(device: WipeFile | None, command: OrderWipe, occasion: Occasion) -> Decision:
    """Decide an order: once for a device, and only for one that nobody may use any more."""
    if device is None:
        raise RuleBroken("device.not_known")
    if device.state != "revoked":
        raise RuleBroken("wipe.device_in_use")
    if not device.approved:
        raise RuleBroken("wipe.never_approved")
    if device.wipe_id is not None:
        raise RuleBroken("wipe.ordered_already")
    ordered = WipeOrdered(
        wipe_id=command.wipe_id,
        device_id=command.device_id,
        ordered_by=occasion.actor.user_id,
    )
    return Decision(changes=(ordered,))


def record_receipt(
    device: WipeFile | None, command: RecordWipeReceipt, _occasion: Occasion
) -> Decision:
    """Keep the first receipt for an order; the same device's later word changes nothing."""
    if device is None or device.wipe_id != command.wipe_id:
        raise RuleBroken("wipe.not_ordered")
    if device.acknowledged:
        return Decision()
    return Decision(changes=(DeviceWiped(**asdict(command)),))
