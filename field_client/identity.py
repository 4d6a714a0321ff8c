"""Who carries this device and for which office: what the keeper tells the vault it opens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Identity:
    """The device, its officer and its office, as enrolment settled them."""

    device_id: str
    device_name: str
    officer_id: str
    officer_name: str
    office_name: str
    office_address: str
    fictional: bool
    secret_kept_in: str
    receipt_key: str = ""
    sealing_key: str = ""

    def packed(self) -> dict[str, Any]:
        """Write it as plain values, for the pipe."""
        return asdict(self)

    @classmethod
    def unpacked(cls, values: Mapping[str, Any]) -> Identity:
        """Read what came over the pipe."""
        return cls(**{each.name: values[each.name] for each in fields(cls)})
