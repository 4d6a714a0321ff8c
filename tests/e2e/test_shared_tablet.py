"""Two officers on one tablet and a real office: own cases, own outboxes, own ends."""

from __future__ import annotations

import itertools
import re
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from field_client import device_secret
from field_client.home import Home
from field_client.leasing import Leasing
from field_client.tablet import homes_in
from field_client.vault import keys
from field_client.vault.database import VaultUnreadable
from field_client.vault.opening import DATABASE_FILE
from field_client.vault.store import open_store
from server.demo.pairing import entered, pair_on, signed_in
from shared.errors import RuleBroken
from tests.e2e.council import RunningCouncil
from tests.e2e.field_device import PASSPHRASE, FieldDevice
from tests.e2e.proxy import Proxy, Weather
from tests.field_client.running import until

pytestmark = [pytest.mark.enable_socket, pytest.mark.timeout(400)]

OTHER = "cobalt walrus pepper drizzle"
OLIVE, TOM = "Olive Marsh", "Tom Reeve"
HERE = re.compile(r'name="folder" value="([^"]+)">(.*?)</form>', re.DOTALL)


@dataclass
class Shared:
    """A tablet with two officers, each of whom opens it with words of their own."""

    council: RunningCouncil
    device: FieldDevice
    proxy: Proxy

    def join(self, officer: str, officer_id: str) -> None:
        """Have another officer enrolled, from the lock page of the first, with the same passphrase."""
        locked = self.device.wait_for("locked")["address"]
        first = entered(locked)
        going_on = first.press("/somebody-else")
        first.open(going_on.link("/boot/"))
        first.open("/")
        first.press("/choose/join")
        paired = pair_on(
            self.proxy.address, self.device, first, officer, officer_id  # type: ignore[arg-type]
        )  # fmt: skip
        self.device.visitor = paired.visitor
        assert until(lambda: bool(self.device.cases()))

    def choose(self, officer: str) -> None:
        """Be this officer, and open the vault."""
        visitor = entered(self.device.wait_for("choose")["address"])
        (folder,) = [it for it, shown in HERE.findall(visitor.page.body) if officer in shown]
        going_on = visitor.press("/choose", {"folder": folder})
        visitor.open(going_on.link("/boot/"))
        visitor.open("/")
        visitor.press("/unlock", {"passphrase": PASSPHRASE})
        self.device.wait_for("unlocked")
        self.device.visitor = visitor

    def home_of(self, officer: str) -> Home:
        """Give the folder of an officer."""
        (home,) = [
            home
            for home in homes_in(self.device.home)
            if home.enrolment.exists() and officer in home.enrolment.read_text("utf-8")
        ]
        return home


def factors_of(home: Home) -> keys.Factors:
    """Give all that opens a vault of this folder, with the one passphrase both officers chose."""
    secret = device_secret.load(home.device_secret).secret
    return keys.Factors(
        device_secret=secret, passphrase=PASSPHRASE, shares=Leasing(home.lease, secret).shares
    )


def vault_of(home: Home) -> Path:
    (vault,) = home.vaults.iterdir()
    return vault


@pytest.mark.proves("T18")
def test_two_officers_of_one_tablet_have_their_own_cases_and_work_and_open_nothing_of_the_other(
    council: RunningCouncil,
) -> None:
    with ExitStack() as stack:
        proxy = stack.enter_context(closing(Proxy(council.port)))
        device = FieldDevice(council, council.home / "tablet")
        device.start()
        stack.callback(device.stop)
        shared = Shared(council, device, proxy)
        device.enrol(proxy)
        olives = device.cases()
        proxy.turn(Weather.REFUSE)
        device.visit(olives[0], "Unsent of Olive")
        device.lock()
        proxy.turn(Weather.FAIR)
        ((tom_id,),) = council.ask('SELECT user_id::text FROM "user" WHERE name = %s', TOM)
        shared.join(TOM, str(tom_id))
        assert until(lambda: device.recorded("Unsent of Olive") == 1), "while Tom has it open"
        toms = device.cases()
        assert not set(olives) & set(toms)
        device.visit(toms[0], "Of Tom")
        assert device.waits("nothing waiting")
        device.lock()
        shared.choose(OLIVE)
        assert {*device.cases(), olives[0]} == set(olives)
        device.lock()
        device.wait_for("choose")
        device.stop()
        check_nothing_of_one_opens_the_other(shared)
        check_the_office_sees_two(shared)


def check_nothing_of_one_opens_the_other(shared: Shared) -> None:
    """Try every mixture of what two officers have that is not wholly the vault's own: none opens."""
    homes = [shared.home_of(officer) for officer in (OLIVE, TOM)]
    factors = [factors_of(home) for home in homes]
    opened, refused = 0, 0
    for number, home in enumerate(homes):
        for secret, shares in itertools.product(factors, factors):
            mixed = keys.Factors(
                passphrase=PASSPHRASE, device_secret=secret.device_secret, shares=shares.shares
            )
            try:
                keys.open_vault(vault_of(home), mixed)
            except RuleBroken:
                refused += 1
            else:
                assert secret is shares is factors[number]
                opened += 1
    assert (opened, refused) == (2, 6), "each opens with its own, and with nothing else"
    for mine, other in itertools.permutations(range(2)):
        own = keys.open_vault(vault_of(homes[mine]), factors[mine]).db
        with pytest.raises(VaultUnreadable):
            open_store(vault_of(homes[other]) / DATABASE_FILE, own)
    names = [name for (name,) in shared.council.ask("SELECT name FROM person")]
    assert len(names) > 20
    kept = b"".join(
        path.read_bytes() for home in homes for path in home.folder.rglob("*") if path.is_file()
    )
    assert not [name for name in names if str(name).encode() in kept]


def check_the_office_sees_two(shared: Shared) -> None:
    """Hold the page of each device against what it says of the other."""
    office = signed_in(shared.council.address, "supervisor")
    devices = shared.council.ask(
        'SELECT device_id::text, "user".name FROM device JOIN "user" ON user_id = officer_id'
    )
    assert {name for _id, name in devices} == {OLIVE, TOM}
    for device_id, name in devices:
        page = office.open(f"{shared.council.address}/devices/{device_id}").text
        other = TOM if name == OLIVE else OLIVE
        assert "On the same tablet" in page
        assert page.count(other) == 1


def test_erasing_one_officers_records_leaves_the_others_whole_and_open(
    council: RunningCouncil,
) -> None:
    with ExitStack() as stack:
        proxy = stack.enter_context(closing(Proxy(council.port)))
        device = FieldDevice(council, council.home / "tablet")
        device.start()
        stack.callback(device.stop)
        shared = Shared(council, device, proxy)
        device.enrol(proxy)
        device.lock()
        ((tom_id,),) = council.ask('SELECT user_id::text FROM "user" WHERE name = %s', TOM)
        shared.join(TOM, str(tom_id))
        olive, tom = shared.home_of(OLIVE), shared.home_of(TOM)
        ((device_id,),) = council.ask(
            "SELECT device_id::text FROM device WHERE officer_id = %s", council.officer_id
        )
        office = signed_in(council.address, "supervisor")
        office.open(f"{council.address}/devices/{device_id}/revoke")
        office.press("/revoke", {"reason": "lost"})
        assert until(lambda: council.ask("SELECT 1 FROM wipe WHERE receipt IS NOT NULL") != [])
        assert not olive.vaults.exists()
        assert not olive.device_secret.exists()
        case_id = device.cases()[0]
        device.visit(case_id, "Of Tom, afterwards")
        assert until(lambda: device.recorded("Of Tom, afterwards") == 1)
        assert tom.device_secret.exists()
        assert factors_of(tom).shares
        device.lock()
        visitor = entered(device.wait_for("choose")["address"])
        assert "Erased by the office" in visitor.page.text
        assert TOM in visitor.page.text
