"""Where one officer's device stands, from a stranger to an office to one with a vault to unlock.

The keeper's knowledge of it: its secret, its signing key, what enrolment settled, and the way to the
office. It holds no case data and opens no vault. A tablet has one for each of its officers.
"""

from __future__ import annotations

import enum
import platform
import threading
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from keyring.backend import KeyringBackend

from field_client import clock, deliveries, device_secret, enrolment, wiping
from field_client.attempts import Attempts
from field_client.bringing import bring_photographs
from field_client.deliveries import Delivered
from field_client.device_key import DeviceKey
from field_client.device_secret import DeviceSecret
from field_client.enrolment import Asking, Enrolment, State
from field_client.home import Home
from field_client.identity import Identity
from field_client.lease import Standing
from field_client.leasing import Borrower, Leasing, TakenBack
from field_client.leasing import ask as ask_for_lease
from field_client.office_link import OfficeAddress, OfficeLink
from field_client.session_pin import SessionPin
from field_client.vault import keys
from field_client.vault_process import Lent
from field_client.wiping import Wipe
from shared.errors import RuleBroken
from sync.rescue import write_rescue


class Stage(enum.Enum):
    """What the officer has to do next; the value is the page that does it."""

    CHOOSE = "choose"
    ENROL = "enrol"
    WAITING = "waiting"
    REVOKED = "revoked"
    LEASE = "lease"
    PASSPHRASE = "passphrase"  # noqa: S105 - the name of a page
    LOCKED = "unlock"
    ERASED = "erased"
    BROKEN = "problem"


@dataclass(frozen=True, kw_only=True)
class _Tried:
    """A key made for a code, kept so that asking again after a lost reply is the same asking."""

    code: str
    office_address: str
    key: DeviceKey


class Device:
    """One officer's device, as the keeper of their tablet knows it."""

    def __init__(
        self, home: Home, keystore: KeyringBackend | None = None, tablet_id: str = ""
    ) -> None:
        self.home = home
        self.attempts = Attempts()
        self.pin = SessionPin()
        self.problem: RuleBroken | None = None
        self.enrolment: Enrolment | None = None
        self.link: OfficeLink | None = None
        self.wipe: Wipe | None = None
        self._keystore = keystore
        self._tablet_id = tablet_id
        self._lease: Leasing | None = None
        self._secret: DeviceSecret | None = None
        self._tried: _Tried | None = None
        self._turn = threading.RLock()  # two presses of one button must not make two secrets
        try:
            self._read()
        except RuleBroken as refusal:
            self.problem = refusal

    @property
    def stage(self) -> Stage:
        """Say what has to happen next."""
        if self.wipe is not None:
            return Stage.ERASED
        if self.problem is not None:
            return Stage.BROKEN
        return Stage.ENROL if self.enrolment is None else self._enrolled_stage(self.enrolment)

    def _enrolled_stage(self, enrolled: Enrolment) -> Stage:
        if enrolled.state is State.REVOKED:
            return Stage.REVOKED
        if not enrolled.officer_id:
            return Stage.WAITING
        if not self.may_open:
            return Stage.LEASE
        return Stage.LOCKED if keys.exists(self.vault_folder) else Stage.PASSPHRASE

    @property
    def may_open(self) -> bool:
        """Tell whether this device has now what its vault needs besides the passphrase.

        A vault from before there were leases needs no share, unless the office has taken it back.
        """
        with self._turn:
            standing, needed = self._leasing().look(), self._wrapped()
            if keys.exists(self.vault_folder) and needed == 0:
                return standing is not Standing.TAKEN_BACK
            shares = self._leasing().shares
            return needed in shares if needed else bool(shares)

    @property
    def vault_folder(self) -> Path:
        """Where the vault of this device's officer is, or will be."""
        return self.home.vault(self._enrolled().officer_id)

    @property
    def sealed_folder(self) -> Path:
        """Where copies of this officer's unsent work are, which only the office can open."""
        return self.home.sealed / self._enrolled().officer_id

    @property
    def secret(self) -> bytes:
        """Give the device's secret, which a vault needs besides the passphrase."""
        return self._kept_secret().secret

    @property
    def lent(self) -> Lent:
        """Give what opens the vault besides its passphrase, as far as this device has it now."""
        with self._turn:
            leasing = self._leasing()
            return Lent(device_secret=self.secret, shares=leasing.shares, lease=leasing.lease)

    @property
    def standing(self) -> Standing:
        """Say how this device stands with its lease."""
        with self._turn:
            return self._leasing().look()

    def look(self) -> None:
        """Hold the lease and the PIN to the clocks of now, where there are any; this never waits."""
        self.pin.look(clock.elapsed_seconds())
        if not self._turn.acquire(blocking=False):
            return
        try:
            if self.enrolment is not None and self.wipe is None and self.problem is None:
                self._leasing().look()
                if self.pin.is_kept and not self.may_open:
                    self.pin.forget()
        finally:
            self._turn.release()

    def identity(self) -> Identity:
        """Say who carries this device and for which office."""
        enrolled = self._enrolled()
        return Identity(
            device_id=enrolled.device_id,
            device_name=enrolled.device_name,
            officer_id=enrolled.officer_id,
            officer_name=enrolled.officer_name,
            office_name=enrolled.office_name,
            office_address=enrolled.office_address,
            fictional=enrolled.fictional,
            secret_kept_in=self._kept_secret().kept_in.value,
            receipt_key=enrolled.receipt_key,
            sealing_key=enrolled.sealing_key,
        )

    def enrol(self, *, address: str, code: str, device_name: str) -> None:
        """Ask an office to take this device; what comes next depends on somebody there."""
        office_address = OfficeAddress.read(address)
        read_code = enrolment.read_code(code)
        with self._turn:
            if self.enrolment is not None:
                return
            key = self._key_for(read_code, str(office_address))
            link = OfficeLink(office_address, key)
            asking = Asking(
                office_address=str(office_address),
                code=read_code,
                device_name=device_name,
                platform=f"{platform.system()} {platform.release()}",
                public_key=key.public_bytes(),
                tablet_id=self._tablet_id,
            )
            enrolled = enrolment.ask(link, asking)
            enrolment.save(self.home.enrolment, enrolled)
            self.enrolment, self.link, self._tried = enrolled, link, None

    def ask_state(self) -> None:
        """Ask the office how it sees this device now, and keep the answer."""
        with self._turn:
            if self.link is None:
                return
            asked = enrolment.ask_state(self.link, self._enrolled())
            if asked.state in {State.PENDING, State.SUSPENDED}:
                return
            enrolment.save(self.home.enrolment, asked)
            self.enrolment = asked

    def ask_lease(self) -> None:
        """Ask the office for what the vault needs; raises RuleBroken when it lends nothing.

        Nobody else has to wait while the office is asked.
        """
        with self._turn:
            link, enrolled, leasing = self.link, self._enrolled(), self._leasing()
            wrapped, life = self._wrapped(), leasing.life
        if link is None:
            return
        borrower = Borrower(device_id=enrolled.device_id, receipt_key=enrolled.receipt_key)
        try:
            given = ask_for_lease(link, borrower, wrapped)
        except TakenBack as over:
            self.take_back(revoked=over.revoked)
            raise
        with self._turn:
            leasing.begin(given, life)

    def take_back(self, *, revoked: bool) -> None:
        """Do without the share from now on: the office said that it has destroyed its own."""
        self.pin.forget()
        with self._turn:
            self._leasing().take_back()
            if revoked:
                self.enrolment = replace(self._enrolled(), state=State.REVOKED)
                enrolment.save(self.home.enrolment, self.enrolment)

    def rest_on(self, epoch: int) -> None:
        """Note that the vault is wrapped under this lease on disk: no older share is needed."""
        with self._turn:
            self._leasing().rest_on(epoch)

    def check_in(self) -> None:
        """Ask the office how this device stands, and take from the answer what is for every day.

        That it is revoked changes nothing here: what was saved stays until the office says more.
        """
        with self._turn:
            if self.link is None or not self._enrolled().officer_id:
                return
            link, known = self.link, self._enrolled()
        told, order = enrolment.check_in(link, known)
        with self._turn:
            if self.enrolment is not known:
                return
            if order is not None or told.state is not State.ACTIVE:
                self.pin.forget()
            if order is not None:
                self.wipe = wiping.begin(self.home, order, asdict(known))
            elif told.state is State.ACTIVE and told != known:
                enrolment.save(self.home.enrolment, told)
                self.enrolment = told

    def deliver(self) -> Delivered:
        """Bring the sealed copies of unsent work to the office, then the sealed photographs."""
        with self._turn:
            if self.link is None:
                return Delivered()
            known = self._enrolled()
            office = deliveries.Office(
                link=self.link, device_id=known.device_id, receipt_key=known.receipt_key
            )
        delivered = deliveries.deliver(self.home.sealed, office)
        brought = bring_photographs(
            self.home.sealed, office, whatever_it_costs=office.link.metered is False
        )
        return replace(delivered, photographs=brought)

    def rescue_to(self, folder: Path) -> Path:
        """Write the sealed copies of unsent work into a file that somebody carries to the office.

        Raises RuleBroken when there is nothing to carry, or no device to speak for.
        """
        if self.problem is not None:
            raise self.problem
        if self.enrolment is None:
            raise RuleBroken("rescue.nothing")
        copies = deliveries.readable(self.home.sealed)
        if not copies:
            raise RuleBroken("rescue.nothing")
        key, now = DeviceKey.load(self.home.device_key, self.secret), clock.now()
        device_id = self._enrolled().device_id
        content = write_rescue(device_id, now.isoformat(), copies, key.sign_text)
        path = folder / f"fieldfare-rescue-{device_id[:8]}-{now:%Y%m%d-%H%M%S}.sealed"
        path.write_bytes(content)
        return path

    def go_on_wiping(self) -> None:
        """Erase what is left to erase; the vault and the window must be gone.

        Raises RuleBroken when the office is out of reach for what it has to be told.
        """
        with self._turn:
            if self.wipe is None or self.wipe.finished:
                return
            work = wiping.Wiping(self.home, self.wipe, lambda: self.secret, self._keystore)
            self.enrolment = self.link = None
        try:
            work.go_on()
        finally:
            self.wipe, self._secret, self._lease = work.wipe, None, None

    def start_again(self) -> None:
        """Forget an office that no longer wants this device; a vault made for it stays shut.

        It is put aside under the device's old name, so that the next vault has a place of its own. One
        that is still being erased goes on with that.
        """
        with self._turn:
            if self.wipe is not None and not self.wipe.finished:
                return
            self.home.wipe.unlink(missing_ok=True)
            self.wipe = None
            if self.enrolment is not None:
                enrolled = self._enrolled()
                if enrolled.officer_id and keys.exists(self.vault_folder):
                    aside = self.home.vault(f"{enrolled.officer_id}.{clock.new_id()}")
                    self.vault_folder.rename(aside)
                self._leasing().forget()
            self._lease = None
            self.home.enrolment.unlink(missing_ok=True)
            self.home.device_key.unlink(missing_ok=True)
            self.enrolment = self.link = None

    def _read(self) -> None:
        self.wipe = wiping.load(self.home)
        if self.wipe is not None:
            return
        enrolled = enrolment.load(self.home.enrolment)
        if enrolled is None:
            return
        key = DeviceKey.load(self.home.device_key, self.secret)
        self.link = OfficeLink(OfficeAddress.read(enrolled.office_address), key)
        self.enrolment = enrolled

    def _leasing(self) -> Leasing:
        if self._lease is None:
            self._lease = Leasing(self.home.lease, self.secret)
        return self._lease

    def _wrapped(self) -> int:
        """Say under which lease the vault is wrapped; one that cannot be read says so at its page."""
        try:
            return keys.epoch_of(self.vault_folder)
        except RuleBroken:
            return 0

    def _key_for(self, code: str, office_address: str) -> DeviceKey:
        tried = self._tried
        if tried is None or (tried.code, tried.office_address) != (code, office_address):
            key = DeviceKey.make(self.home.device_key, self.secret)
            tried = self._tried = _Tried(code=code, office_address=office_address, key=key)
        return tried.key

    def _kept_secret(self) -> DeviceSecret:
        """Fetch the secret once; it is made once too, for every vault this device will have."""
        with self._turn:
            if self._secret is None:
                known = self.home.device_secret.exists()
                fetch = device_secret.load if known else device_secret.make
                self._secret = fetch(self.home.device_secret, self._keystore)
            return self._secret

    def _enrolled(self) -> Enrolment:
        if self.enrolment is None:
            raise ValueError("only an enrolled device has an officer")
        return self.enrolment
