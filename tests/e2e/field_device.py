"""A device whose keeper goes round quickly, and what its officer does with it, by its pages alone."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from server.demo.pairing import entered, pair
from server.demo.visitor import Page, Visitor
from tests.e2e.council import RunningCouncil
from tests.e2e.proxy import Proxy
from tests.field_client.conftest import ENVIRONMENT
from tests.field_client.running import RunningDevice, until

QUICK = "from field_client import rounds; rounds.CHECK_IN_SECONDS = 0.3\n"
"""Makes a keeper go round without a wait, so that a test need not."""

PASSPHRASE = "lantern-orchard-ferry-heron"  # noqa: S105 - of a device full of fictional people
_CASE = re.compile(r"/cases/([0-9a-f-]{36})$")


@dataclass
class FieldDevice:
    """One real device; `first` is what its keeper runs before anything else."""

    council: RunningCouncil
    home: Path
    first: str = QUICK
    visitor: Visitor = field(init=False)
    running: RunningDevice = field(init=False)

    def start(self, first: str | None = None) -> None:
        """Start the keeper, as after a restart of the device."""
        if hasattr(self, "running"):
            self.running.stop()
        ran = self.first if first is None else first
        self.running = RunningDevice(self.home, environment=ENVIRONMENT, first=ran)

    def stop(self) -> None:
        """End whichever keeper was started last."""
        self.running.stop()

    def wait_for(self, event: str) -> dict[str, str]:
        """Wait for an address, as somebody who pairs a device does."""
        return {"address": self.running.next_address(event).address}

    def enrol(self, proxy: Proxy) -> None:
        """Pair the device with the office and wait until it holds cases."""
        entrance = self.wait_for("enrol")["address"]
        paired = pair(
            proxy.address, self, entrance, "Olive Marsh", self.council.officer_id  # type: ignore[arg-type]
        )  # fmt: skip
        self.visitor = paired.visitor
        assert until(lambda: bool(self.cases()))

    def unlock(self) -> Visitor:
        """Open the device that is locked."""
        self.visitor = entered(self.wait_for("locked")["address"])
        self.visitor.press("/unlock", {"passphrase": PASSPHRASE})
        self.wait_for("unlocked")
        return self.visitor

    def lock(self) -> None:
        """Press the button that locks it."""
        self.visitor.open("/today")
        self.visitor.press("/lock")

    def cases(self) -> list[str]:
        """List the cases that today's page leads to."""
        found: set[str] = set()
        for path in ("/today", "/today/list/unplanned"):
            links = self.visitor.open(path).links
            found |= {match[1] for href, _said in links if (match := _CASE.search(href))}
        return sorted(found)

    def visit(self, case_id: str, notes: str, picture: bytes | None = None) -> Page:
        """Record that nobody came to the door, with a photograph of it if there is one."""
        page = self.visitor.open(f"/cases/{case_id}")
        if any(form.action.endswith("/read") for form in page.forms):
            self.visitor.press(f"/cases/{case_id}/read")
        action = f"/cases/{case_id}/visit"
        self.visitor.open(action)
        if picture is not None:
            asked = {
                "outcome": "no_answer",
                "notes": notes,
                "purpose": "premises",
                "do": "photograph",
            }
            self.visitor.press(action, asked, {"photograph": ("door.jpg", picture)})
        saved = self.visitor.press(action, {"outcome": "no_answer", "notes": notes, "do": "save"})
        assert saved.path.startswith("/saved/"), saved.heading
        return saved

    def copies(self) -> list[Path]:
        """List the sealed copies that lie on the device."""
        return sorted(self.home.glob("officers/*/sealed/*/*.sealed"))

    def photographs(self) -> list[Path]:
        """List the sealed photographs that lie on the device."""
        return sorted(self.home.glob("officers/*/sealed/*/*.photograph"))

    def recorded(self, notes: str) -> int:
        """Count at the office how often a visit with these notes is recorded."""
        ((count,),) = self.council.ask("SELECT count(*) FROM visit WHERE notes = %s", notes)
        assert isinstance(count, int)
        return count

    def waits(self, said: str) -> bool:
        """Tell whether the device comes to say how much waits."""
        return until(lambda: said in self.visitor.open("/today").text)
