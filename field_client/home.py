"""Where a tablet keeps things: a folder for each officer, with the vault's apart from the keeper's."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

HOME_VARIABLE = "FIELDFARE_HOME"
"""Names the folder of everything Fieldfare keeps on a machine; the tablet's is `field` in it."""


def tablet_folder(given: Path | None) -> Path:
    """Find the folder of this tablet: the one given, the environment's, or this platform's usual place."""
    if given is not None:
        return given.absolute()
    everything = os.environ.get(HOME_VARIABLE)
    return (Path(everything) if everything else _usual_place()).absolute() / "field"


@dataclass(frozen=True)
class Home:
    """One officer's folder on a tablet; another officer of it has another."""

    folder: Path

    @property
    def enrolment(self) -> Path:
        """Who this device is; nothing secret."""
        return self.folder / "device" / "enrolment.json"

    @property
    def device_key(self) -> Path:
        """The device's signing key, wrapped."""
        return self.folder / "device" / "device-key.json"

    @property
    def device_secret(self) -> Path:
        """The device's secret, or the name it has in the keystore."""
        return self.folder / "device" / "device-secret.json"

    @property
    def lease(self) -> Path:
        """What the office has lent this device, wrapped, with until when."""
        return self.folder / "device" / "lease.json"

    @property
    def wipe(self) -> Path:
        """How far the erasing of this device has come, once it was told to."""
        return self.folder / "device" / "wipe.json"

    @property
    def wipe_key(self) -> Path:
        """The device's signing key while it erases itself, when the device secret is gone."""
        return self.folder / "device" / "wipe-key.json"

    @property
    def window(self) -> Path:
        """The window's own files while this officer is here, deleted whenever one starts or ends."""
        return self.folder / "window"

    @property
    def sealed(self) -> Path:
        """Copies of unsent work that only the office can open, in a folder named by the officer."""
        return self.folder / "sealed"

    def vault(self, officer_id: str) -> Path:
        """The vault of the officer; one that was shut for good lies beside it under another name."""
        return self.vaults / officer_id

    @property
    def vaults(self) -> Path:
        """Every vault of this officer on this tablet."""
        return self.folder / "vaults"


def _usual_place() -> Path:
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData/Local") / "Fieldfare"
    if sys.platform == "darwin":
        return Path.home() / "Library/Application Support/Fieldfare"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share") / "fieldfare"
