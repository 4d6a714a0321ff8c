"""What an open vault knows of the device's lease, for its officer to see."""

from __future__ import annotations

from dataclasses import dataclass

from field_client.lease import Lease


@dataclass
class LeaseTold:
    """The lease of this device as the keeper last told it; none on one that has not been lent yet."""

    lease: Lease | None = None
