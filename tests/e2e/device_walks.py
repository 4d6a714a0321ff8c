"""The walks through a device: enrolling, a day with data, offline, locked, stale, empty, in trouble."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from playwright.sync_api import Page, expect

from field_client import clock, pages
from field_client.home import Home
from field_client.tablet import homes_in
from field_client.vault.store import Store
from server.access.device_commands import ApproveDevice, RevokeDevice
from server.demo.pairing import PASSPHRASE
from server.demo.processes import Process
from server.spine.clock import new_id
from server.wiping.commands import OrderWipe
from shared.catalogue import PSEUDO
from tests.e2e.council import RunningCouncil, running_council
from tests.e2e.crawl import Crawl, path_of
from tests.e2e.device_doors import Doors
from tests.e2e.device_routes import device_routes
from tests.e2e.device_vaults import answers, busy, nothing, stale
from tests.e2e.language import look_for_unspoken, words_in
from tests.e2e.proxy import Proxy, Weather
from tests.e2e.steps import LOOKS
from tests.e2e.stock import Stock
from tests.e2e.stocked import add_every_kind, office_beside
from tests.e2e.studio import Routes, Studio, Walk, press
from tests.field_client.vault.conftest import IDENTITY, FarOffice, Served
from tests.field_client.vault.sample import a_day, id_of, open_vault
from tests.server.access.conftest import Office
from tests.server.access.tablet import issue_code

NOWHERE = "/nowhere"

STATUSES = {NOWHERE: 404}

_EVERYWHERE = (
    "/today",
    "/today/walk",
    "/outbox",
    "/search",
    "/search?q=castelan",
    "/search?q=zzyzx",
    "/sync",
    "/settings",
    "/settings/diagnostics",
)


def device_walks(studio: Studio) -> Iterator[Walk]:
    """Walk through a device with a real office, then through vaults as they can stand."""
    routes = device_routes()
    yield from _a_day(studio, routes)
    yield from _vaults(studio, routes)


def _a_day(studio: Studio, routes: Routes) -> Iterator[Walk]:
    """Walk through a device as its officer does, from the first page to the lock."""
    with ExitStack() as stack:
        council = stack.enter_context(running_council(studio.home()))
        beside = stack.enter_context(office_beside(council))
        stock = Stock(council, beside)
        add_every_kind(stock)
        proxy = Proxy(council.port)
        stack.callback(proxy.close)
        device = Process("field", "--browser", home=council.home)
        stack.callback(device.end)
        here = _Here(council, beside, proxy, device, studio.page(permissions=["camera"]), routes)
        yield from here.enrolling()
        yield from here.working([f"/cases/{case_id}" for case_id, _person, _debts in stock.cases])
        yield from here.locked()
        yield from here.shared()
        here.page.goto("about:blank")
        device.end()
        here.forget_the_second()
        shut = here.start_without_lease()
        stack.callback(shut.end)
        yield here.walk("device-lease", "/lease")
        here.page.goto("about:blank")
        shut.end()
        kept = here.enrolment.read_bytes()
        again = here.start_broken()
        stack.callback(again.end)
        yield here.walk("device-broken", "/problem")
        here.page.goto("about:blank")
        again.end()
        last = here.start_lost(kept)
        stack.callback(last.end)
        yield here.walk("device-erased", "/erased")


def _vaults(studio: Studio, routes: Routes) -> Iterator[Walk]:
    """Walk through vaults with all the office's answers, too much, nothing, or what is out of date."""
    for name, prepare in (
        ("answers", answers),
        ("busy", busy),
        ("empty", nothing),
        ("stale", stale),
    ):
        with _served(prepare) as served:
            page = studio.page(permissions=["camera"])
            page.goto(served.boot())
            page.wait_for_url("**/today")
            alike = 1 if name == "busy" else 2
            yield Walk(
                f"device-{name}",
                served.base,
                page,
                _EVERYWHERE,
                device=True,
                alike_max=alike,
                routes=routes,
                stories=(_in_the_pseudo_language,) if name == "answers" else (),
            )
            if name == "answers":
                served.desk.store.put("outdoors", "yes")
                cases = (f"/cases/{id_of('Maryam Castellanos')}", "/today", "/outbox", "/settings")
                yield Walk(
                    "device-outdoors",
                    served.base,
                    page,
                    cases,
                    device=True,
                    alike_max=1,
                    routes=routes,
                )


@dataclass
class _Here:
    """One device in one officer's hands, and the office it belongs to."""

    council: RunningCouncil
    beside: Office
    proxy: Proxy
    device: Process
    page: Page
    routes: Routes

    @property
    def base(self) -> str:
        """Give where this device's pages are now; a new process has a new port."""
        parts = urlsplit(self.page.url)
        return f"{parts.scheme}://{parts.netloc}"

    def walk(self, name: str, *starts: str, **how: object) -> Walk:
        """Walk on from where the device stands."""
        return Walk(
            name,
            self.base,
            self.page,
            starts,
            device=True,
            statuses=STATUSES,
            routes=self.routes,
            **how,  # type: ignore[arg-type]
        )

    def enrolling(self) -> Iterator[Walk]:
        """Enrol: turned down the first time, approved the second, then a passphrase."""
        self.page.goto(self.device.wait_for("enrol")["address"])
        self.page.wait_for_url("**/enrol")
        yield self.walk("device-enrol", "/enrol", NOWHERE, mistakes=True)
        self._ask()
        yield self.walk("device-waiting", "/waiting", stories=(_still_waiting,))
        self._decide(RevokeDevice, reason="words_differ")
        self.page.get_by_role("button", name="Check again").click()
        self.page.wait_for_url("**/revoked")
        yield self.walk("device-revoked", "/revoked")
        self.page.get_by_role("button", name="Set up this device again").click()
        self._ask()
        self._decide(ApproveDevice)
        self.page.get_by_role("button", name="Check again").click()
        self.page.wait_for_url("**/passphrase")
        # Nonsense of that length would be a passphrase.
        yield self.walk(
            "device-passphrase", "/passphrase", NOWHERE, mistakes=True, nonsense="too short"
        )
        self.page.goto(f"{self.base}/passphrase")
        self.page.get_by_label("Passphrase", exact=True).fill(PASSPHRASE)
        self.page.get_by_label("The same passphrase again").fill(PASSPHRASE)
        self.page.get_by_role("button", name="Set passphrase").click()
        self.page.wait_for_url("**/today")

    def working(self, cases: list[str]) -> Iterator[Walk]:
        """Go through a day: cases, visits, drafts and photographs, then the same without a network."""
        self._synced()
        searches = ("/search", "/search?q=QZ", "/search?q=zzyzx")
        yield self.walk(
            "device-data",
            "/today",
            *cases,
            *searches,
            "/outbox",
            "/sync",
            "/settings",
            "/today/walk",
            NOWHERE,
            stories=Doors(flagged=cases[0], plain=cases[-1]).stories(),
            mistakes=True,
        )
        self.proxy.turn(Weather.REFUSE)
        self.page.goto(f"{self.base}/sync")
        self.page.get_by_role("button", name="Sync now").click()
        expect(self.page.get_by_text("Could not reach the office")).to_be_visible(timeout=90_000)
        yield self.walk("device-offline", "/sync", "/today", "/outbox", "/settings", alike_max=1)
        self.proxy.turn(Weather.FAIR)

    def locked(self) -> Iterator[Walk]:
        """Choose a PIN, lock, see the page that says so, and enter what is no PIN and no passphrase."""
        self.page.goto(f"{self.base}/settings/pin")
        for label in ("PIN", "The same PIN again"):
            self.page.get_by_label(label, exact=True).fill("482913")
        self.page.get_by_label("Your passphrase").fill(PASSPHRASE)
        self.page.get_by_role("button", name="Use this PIN").click()
        self.page.wait_for_url("**/settings")
        yield self.walk("device-pin", "/settings", "/settings/pin", mistakes=True)
        self.page.goto(f"{self.base}/today")
        self.page.get_by_role("button", name="Lock").click()
        expect(self.page.get_by_role("heading", level=1)).to_have_text("Fieldfare is locked")
        self.page.goto(self.device.wait_for("locked")["address"])
        self.page.wait_for_url("**/pin")
        yield self.walk("device-locked", "/pin", "/unlock", mistakes=True)

    def shared(self) -> Iterator[Walk]:
        """Have another officer join the tablet, and see who can be visiting while they wait."""
        self.page.goto(f"{self.base}/unlock")
        self.page.get_by_role("button", name="Somebody else is visiting").click()
        self.page.wait_for_url("**/choose")
        yield self.walk("device-choose-one", "/choose")
        self.page.goto(f"{self.base}/choose")
        self.page.get_by_role("button", name="Another officer joins this tablet").click()
        ((second,),) = self.council.ask("SELECT user_id FROM \"user\" WHERE sign_in = 'officer2'")
        self._ask(str(second))
        self.page.get_by_role("button", name="Somebody else is visiting").click()
        self.page.wait_for_url("**/choose")
        yield self.walk("device-choose", "/choose", NOWHERE)

    def forget_the_second(self) -> None:
        """Delete what was begun for the second officer, so that the first is alone again."""
        for home in homes_in(self.council.home / "field"):
            if self.council.officer_id not in home.enrolment.read_text("utf-8"):
                shutil.rmtree(home.folder)

    def start_without_lease(self) -> Process:
        """Have the device find no share, as after its lease has ended, and start it."""
        self.kept.lease.unlink()
        device = Process("field", "--browser", home=self.council.home)
        self.page.goto(device.wait_for("lease")["address"])
        self.page.wait_for_url("**/lease")
        return device

    def start_broken(self) -> Process:
        """Damage what the device knows of itself, and start it."""
        self.enrolment.write_text("{", "utf-8")
        device = Process("field", "--browser", home=self.council.home)
        self.page.goto(device.wait_for("enrol", "problem", "locked")["address"])
        self.page.wait_for_url("**/problem")
        return device

    @property
    def enrolment(self) -> Path:
        """Give the file in which this device keeps who it is."""
        return self.kept.enrolment

    @property
    def kept(self) -> Home:
        """Give the folder of this device's first officer."""
        return homes_in(self.council.home / "field")[0]

    def start_lost(self, enrolment: bytes) -> Process:
        """Mend the device, have it revoked as lost, start it, and wait until it has erased itself."""
        self.enrolment.write_bytes(enrolment)
        device_id = json.loads(enrolment)["device_id"]
        for command in (
            RevokeDevice(device_id=device_id, reason="lost"),
            OrderWipe(wipe_id=new_id(), device_id=device_id),
        ):
            self.beside.give(command).raise_if_refused()
        device = Process("field", "--browser", home=self.council.home)
        self.page.goto(device.wait_for("erased")["address"])
        for _look in range(LOOKS):
            self.page.goto(f"{self.base}/erased")
            if "has been erased" in self.page.locator("h1").inner_text():
                return device
            self.page.wait_for_timeout(500)
        raise AssertionError("the device never came to an end with erasing itself")

    def _ask(self, officer_id: str = "") -> None:
        """Ask the office with a fresh code for this officer, or the first."""
        ((giver,),) = self.council.ask("SELECT user_id FROM \"user\" WHERE sign_in = 'supervisor'")
        code = issue_code(self.beside, officer_id or self.council.officer_id, str(giver))
        self.page.wait_for_url("**/enrol")
        self.page.get_by_label("Address of your office").fill(self.proxy.address)
        self.page.get_by_label("Code from your office").fill(code)
        self.page.get_by_label("Name for this device").fill("Blue tablet 4")
        self.page.get_by_role("button", name="Continue").click()
        self.page.wait_for_url("**/waiting")

    def _decide(self, command: Callable[..., ApproveDevice | RevokeDevice], **more: str) -> None:
        """Have the office decide about the device that waits."""
        rows = self.council.ask(
            "SELECT device_id FROM device WHERE state = 'pending' AND officer_id = %s",
            self.council.officer_id,
        )
        for (device_id,) in rows:
            self.beside.give(command(device_id=str(device_id), **more)).raise_if_refused()

    def _synced(self) -> None:
        """Wait until the first sync has brought everything."""
        for _look in range(LOOKS):
            answer = self.page.request.get(f"{self.base}/sync/progress")
            now = json.loads(answer.text())
            if now["ended"] and not now["running"]:
                return
            self.page.wait_for_timeout(500)
        raise AssertionError("the first sync never ended")


def _still_waiting(crawl: Crawl) -> None:
    """Ask whether somebody has approved when nobody has."""
    crawl.open(f"{crawl.base}/waiting")
    press(crawl, crawl.page.get_by_role("button", name="Check again"), "waiting-still")


def _in_the_pseudo_language(crawl: Crawl) -> None:
    """Read the same pages of the same vault in the pseudo-language, which no officer can choose."""
    spoken, pages.LANGUAGE = pages.LANGUAGE, PSEUDO
    try:
        with _served(answers) as served:
            page = crawl.page.context.new_page()
            page.goto(served.boot())
            page.wait_for_url("**/today")
            words = words_in([a_day(clock.now()), [getattr(IDENTITY, name) for name in _NAMED]])
            for address in crawl.visited:
                look_for_unspoken(crawl, served.base + path_of(address), words | _TYPED)
            page.close()
    finally:
        pages.LANGUAGE = spoken


@contextmanager
def _served(prepare: Callable[[Store, FarOffice], None]) -> Iterator[Served]:
    """Serve a vault of the device's own tests, behind its real door."""
    with TemporaryDirectory(prefix="fieldfare-vault-") as folder:
        store, office = open_vault(Path(folder)), FarOffice()
        prepare(store, office)
        served = Served(store, office)
        try:
            yield served
        finally:
            served.stop()
            store.close()


_NAMED = ("officer_name", "device_name", "office_name")

_TYPED = frozenset({"Curtains", "drawn", "castelan", "zzyzx"})
"""What is typed on the way."""
