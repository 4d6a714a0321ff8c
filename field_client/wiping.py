"""Erases this device on the office's word, so that a kill or a flat battery at any step loses nothing.

The order: what is sealed goes to the office; then the device secret and the files that open vaults go,
and from that moment nothing here can be read by anyone; then everything else. Copies that only the
office can open stay until it has them. What is done is written down after each step and before the
next, and each step does nothing when it was done before. The device's own key goes last, because it
signs the receipt: until the office has that, it is asked again and again.
"""

from __future__ import annotations

import json
import secrets
import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

from keyring.backend import KeyringBackend
from marshmallow import RAISE, Schema, ValidationError, fields

from field_client import clock, deliveries, device_secret
from field_client.bringing import bring_photographs
from field_client.device_key import DeviceKey
from field_client.files import read_private, sync_folder, write_private
from field_client.home import Home
from field_client.office_link import OfficeAddress, OfficeLink
from field_client.vault.keys import KEY_FILE, is_signed_by
from shared.errors import RuleBroken
from shared.schemas import canonical
from sync.shapes import APP_CHARACTERS_MAX
from sync.wipes import WIPE_PATH, WipeOrder, WipeReceipt, answer_statement, write_receipt
from sync.wire import NotAMessage, read_json

_OK = 200


@dataclass(frozen=True, kw_only=True)
class Wipe:
    """An order to erase this device, and how far that has come; kept on disk until it is set up anew."""

    wipe_id: str
    device_id: str
    device_name: str
    office_name: str
    office_address: str
    receipt_key: str
    fictional: bool
    key_secret: str = field(repr=False)
    """What the device's key is wrapped under once the device secret is gone; it opens nothing else."""

    done: tuple[str, ...] = ()
    files: int = 0
    size_bytes: int = 0
    delivered: int = 0
    damaged: int = 0
    secret_gone: bool = True
    erased_at: str = ""
    acknowledged_at: str = ""

    @property
    def erased(self) -> bool:
        """Tell whether nothing on this device can be read any more."""
        return "headers" in self.done

    @property
    def confirmed_at(self) -> datetime | None:
        """Say when the office had the receipt, by its own clock."""
        return datetime.fromisoformat(self.acknowledged_at) if self.acknowledged_at else None

    @property
    def finished(self) -> bool:
        """Tell whether the office has the receipt and this device has forgotten it."""
        return STEPS[-1] in self.done


class _WipeSchema(Schema):
    wipe_id = fields.String(required=True)
    device_id = fields.String(required=True)
    device_name = fields.String(required=True)
    office_name = fields.String(required=True)
    office_address = fields.String(required=True)
    receipt_key = fields.String(required=True)
    fictional = fields.Boolean(required=True)
    key_secret = fields.String(required=True)
    done = fields.List(fields.String(), required=True)
    files = fields.Integer(required=True, strict=True)
    size_bytes = fields.Integer(required=True, strict=True)
    delivered = fields.Integer(required=True, strict=True)
    damaged = fields.Integer(required=True, strict=True)
    secret_gone = fields.Boolean(required=True)
    erased_at = fields.String(required=True)
    acknowledged_at = fields.String(required=True)


STEPS = (
    "deliver", "keep_key", "count", "secret", "headers", "vaults", "window", "old_key",
    "deliver_rest", "date", "acknowledge", "forget",
)  # fmt: skip
"""What is done, in this order; each is written down once it is done."""


def load(home: Home) -> Wipe | None:
    """Read how far an erasing has come; none on a device that was never told to."""
    if not home.wipe.exists():
        return None
    try:
        said = _WipeSchema(unknown=RAISE).load(json.loads(read_private(home.wipe)))
    except (ValueError, RecursionError, ValidationError):
        raise RuleBroken("device.damaged") from None
    return Wipe(**{**said, "done": tuple(said["done"])})


def begin(home: Home, order: WipeOrder, told: Mapping[str, object]) -> Wipe:
    """Write down that this device is to be erased, before anything of it is; `told` is of enrolment."""
    kept = {name: told[name] for name in Wipe.__dataclass_fields__ if name in told}
    wipe = Wipe(
        **{**kept, "wipe_id": order.wipe_id, "key_secret": secrets.token_hex(32)}  # type: ignore[arg-type]
    )
    _save(home, wipe)
    return wipe


class Wiping:
    """One erasing under way: the vault and the window are gone, and nobody else writes here."""

    def __init__(
        self,
        home: Home,
        wipe: Wipe,
        device_secret: Callable[[], bytes],
        keystore: KeyringBackend | None = None,
    ) -> None:
        """Take up an erasing where it is; the device secret is asked for only while it is there."""
        self.wipe = wipe
        self._home = home
        self._device_secret = device_secret
        self._keystore = keystore

    def go_on(self) -> Wipe:
        """Do every step that is not done yet; raises RuleBroken when the office is out of reach."""
        for step in STEPS:
            if step not in self.wipe.done:
                learnt: Mapping[str, object] = getattr(self, f"_{step}")()
                self._note(step, learnt)
        return self.wipe

    def _note(self, step: str, learnt: Mapping[str, object]) -> None:
        """Write down that a step is done, and what was learnt by it."""
        done = (*self.wipe.done, step)
        self.wipe = replace(self.wipe, done=done, **learnt)  # type: ignore[arg-type]
        _save(self._home, self.wipe)

    def _deliver(self) -> Mapping[str, object]:
        """Bring what is sealed to the office; out of reach, it stays, for nobody else can open it."""
        try:
            return {"delivered": self._bring()}
        except RuleBroken:
            return {}

    def _keep_key(self) -> Mapping[str, object]:
        self._key().keep(self._home.wipe_key, bytes.fromhex(self.wipe.key_secret))
        return {}

    def _count(self) -> Mapping[str, object]:
        """Count what is to go while it is there; files that others delete meanwhile do not count."""
        sizes = [
            path.stat().st_size
            for folder in (self._home.vaults, self._home.window)
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        ]
        return {"files": len(sizes), "size_bytes": sum(sizes)}

    def _secret(self) -> Mapping[str, object]:
        gone = device_secret.forget(self._home.device_secret, self._keystore)
        return {"secret_gone": gone}

    def _headers(self) -> Mapping[str, object]:
        """Delete what holds each vault's key, wrapped: without it no passphrase opens anything.

        What the office has lent towards it goes as well; the office has destroyed its own.
        """
        _delete(self._home.lease)
        for header in self._home.vaults.glob(f"*/*{KEY_FILE}*"):
            _delete(header)
        return {}

    def _vaults(self) -> Mapping[str, object]:
        _delete_folder(self._home.vaults)
        return {}

    def _window(self) -> Mapping[str, object]:
        _delete_folder(self._home.window)
        return {}

    def _old_key(self) -> Mapping[str, object]:
        _delete(self._home.device_key)
        return {}

    def _deliver_rest(self) -> Mapping[str, object]:
        """Bring the rest; the office has all of it then, and what is no copy any more helps nobody."""
        brought = self._bring()
        if any(map(deliveries.read_sealed, deliveries.photographs_in(self._home.sealed))):
            raise RuleBroken("office.unreachable")  # one has not come through whole yet
        damaged = len(deliveries.unreadable(self._home.sealed))
        _delete_folder(self._home.sealed)
        return {"delivered": self.wipe.delivered + brought, "damaged": damaged}

    def _date(self) -> Mapping[str, object]:
        return {"erased_at": clock.now().isoformat()}

    def _acknowledge(self) -> Mapping[str, object]:
        """Send the receipt; only the office's own hand says that it has it."""
        receipt = receipt_of(self.wipe)
        body = write_receipt(receipt, self._key().sign_text(receipt.statement))
        answer = self._link().post(WIPE_PATH, body)
        if answer.status != _OK:
            raise RuleBroken("office.refused")
        try:
            said = read_json(answer.body)
            at, signature = str(said["acknowledged_at"]), str(said["signature"])
        except (NotAMessage, KeyError, TypeError):
            raise RuleBroken("office.not_the_office") from None
        told = answer_statement(self.wipe.wipe_id, at)
        if not is_signed_by(self.wipe.receipt_key, told, signature):
            raise RuleBroken("office.not_the_office")
        return {"acknowledged_at": at}

    def _forget(self) -> Mapping[str, object]:
        """Delete the device's own key, and who it was."""
        _delete(self._home.wipe_key)
        _delete(self._home.enrolment)
        return {"key_secret": ""}

    def _key(self) -> DeviceKey:
        """Load the device's key: the copy kept for the receipt, or the one of every day."""
        if self._home.wipe_key.exists():
            return DeviceKey.load(self._home.wipe_key, bytes.fromhex(self.wipe.key_secret))
        return DeviceKey.load(self._home.device_key, self._device_secret())

    def _link(self) -> OfficeLink:
        return OfficeLink(OfficeAddress.read(self.wipe.office_address), self._key())

    def _bring(self) -> int:
        """Bring copies and photographs, whatever that costs, and say how many the office took."""
        office = deliveries.Office(
            link=self._link(), device_id=self.wipe.device_id, receipt_key=self.wipe.receipt_key
        )
        taken = deliveries.deliver(self._home.sealed, office).taken
        return taken + bring_photographs(self._home.sealed, office, whatever_it_costs=True)


def receipt_of(wipe: Wipe) -> WipeReceipt:
    """Say what was erased, as the office keeps it."""
    return WipeReceipt(
        wipe_id=wipe.wipe_id,
        device_id=wipe.device_id,
        files=wipe.files,
        size_bytes=wipe.size_bytes,
        delivered=wipe.delivered,
        damaged=wipe.damaged,
        secret_gone=wipe.secret_gone,
        erased_at=wipe.erased_at,
        app=version("fieldfare")[:APP_CHARACTERS_MAX],
    )


def _save(home: Home, wipe: Wipe) -> None:
    write_private(home.wipe, canonical({**asdict(wipe), "done": list(wipe.done)}))


def _delete(path: Path) -> None:
    if path.exists():
        path.unlink()
        sync_folder(path.parent)


def _delete_folder(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)
        sync_folder(folder.parent)
