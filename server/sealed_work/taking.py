"""Takes sealed copies in: opened here, then the same steps as the commands of any sync.

Nothing a copy holds is ever dropped. What follows on is answered; what does not waits here, still
sealed; what cannot be opened, or comes from a device that may not speak any more, is set aside whole
for a supervisor. So a device may be emptied once each of its copies has had an answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert

from server.access.tables import SetAsideRow
from server.sealed_work.queries import is_answered
from server.sealed_work.tables import SealedCopyRow
from server.spine.office_box import NotOurs, OfficeBox
from server.spine.tables import CommandRow
from server.sync_api.store import OfficeOnPostgres, WrongVault
from shared.catalogue import mark
from shared.errors import register
from shared.schemas import digest
from sync import hub
from sync.office_steps import Aside
from sync.protocol import ENVELOPES_MAX, Place
from sync.sealed import HELD, TAKEN, SealedCopy, read_content, read_copy
from sync.steps import run
from sync.wire import NotAMessage

UNOPENED = "sealed.unreadable"
"""Why a copy is set aside that this office cannot open."""

OTHER_DEVICE = "store.of_another_device"
"""Why commands are set aside whose vault the office knows under another device."""

GAP, OTHER_LIFE = "gap", "other_life"
"""Why a copy waits here: something its vault numbered before it has not come, or its vault had read
another life of this database."""

HELD_MAX = 2_000
"""Copies of one device that may wait here; a device that sends more is not one of ours."""

register(
    {
        UNOPENED: mark("The office could not open this and keeps it as it came"),
        "sealed.too_large": mark("That is more than one request may bring: update the device"),
        "sealed.too_many": mark("Too much of this device waits already: ring the office"),
    }
)


class TooMany(Exception):  # noqa: N818 - it says what the request was
    """A device has brought more than can wait here."""


@dataclass(frozen=True, kw_only=True)
class Opened:
    """A copy with what was sealed in it."""

    copy: SealedCopy
    written: bytes
    envelopes: tuple[bytes, ...]
    signatures: tuple[str, ...] = ()

    @property
    def commands(self) -> list[tuple[bytes, Place, str]]:
        """Give each command with its place and what its officer's key signed of it."""
        signatures = self.signatures or ("",) * len(self.envelopes)
        return list(zip(self.envelopes, self.copy.places, signatures, strict=True))

    @property
    def name(self) -> str:
        """Name the copy by its bytes."""
        return digest(self.written)


def take(
    office: OfficeOnPostgres,
    box: OfficeBox,
    copies: Sequence[bytes],
    *,
    state: str,
    other_lives: bool = False,
) -> dict[str, str]:
    """Take copies of one device, and say of each, by the SHA-256 of its bytes, what became of it.

    `state` is how the device stands. `other_lives` takes what a vault sealed in another life of this
    database too, because a person says so. Raises NotAMessage when something is no copy at all.
    """
    read = [(written, read_copy(written)) for written in copies]
    answers: dict[str, str] = {}
    by_vault: dict[str, list[Opened]] = {}
    for written, copy in read:
        try:
            opened = _open(box, written, copy)
        except (NotOurs, NotAMessage):
            office.set_aside(copy.store_id, [Aside(written, UNOPENED)])
            answers[digest(written)] = TAKEN
        else:
            by_vault.setdefault(copy.store_id, []).append(opened)
    for store_id, opened_here in by_vault.items():
        if state == "active":
            answers |= _take_vault(office, box, store_id, opened_here, other_lives=other_lives)
        else:
            answers |= _set_aside(office, store_id, opened_here, f"device.{state}")
            _keep(office, {}, None)
    return answers


def _open(box: OfficeBox, written: bytes, copy: SealedCopy) -> Opened:
    plain = box.open(copy.sealed, copy.info)
    envelopes, signatures = read_content(plain, len(copy.places))
    return Opened(copy=copy, written=written, envelopes=envelopes, signatures=signatures)


def _set_aside(
    office: OfficeOnPostgres, store_id: str, opened: Sequence[Opened], code: str
) -> dict[str, str]:
    """Keep whole what its device may not say any more, but for what the office has already."""
    known = _answered(office, [id_ for each in opened for id_ in _ids(each)])
    kept = [
        Aside(envelope, code, signature)
        for each in opened
        for envelope, place, signature in each.commands
        if place.command_id not in known
    ]
    if kept:
        office.set_aside(store_id, kept)
    return dict.fromkeys((each.name for each in opened), TAKEN)


def _take_vault(
    office: OfficeOnPostgres,
    box: OfficeBox,
    store_id: str,
    brought: Sequence[Opened],
    *,
    other_lives: bool,
) -> dict[str, str]:
    """Take what follows on of one vault, together with what has waited here for it."""
    waited = _waiting(office, box, store_id)
    every = {each.name: each for each in (*waited, *brought)}
    try:
        epoch = office.hear(store_id, ()).epoch
    except WrongVault:
        return _set_aside(office, store_id, brought, OTHER_DEVICE)
    now = [each for each in every.values() if other_lives or each.copy.epoch in {None, epoch}]
    _take_in_turn(office, store_id, now)
    done = _answered(office, [id_ for each in every.values() for id_ in _ids(each)])
    held = {name: each for name, each in every.items() if not set(_ids(each)) <= done}
    _keep(office, held, epoch)
    return {each.name: HELD if each.name in held else TAKEN for each in brought}


def _take_in_turn(office: OfficeOnPostgres, store_id: str, opened: Sequence[Opened]) -> None:
    """Take copies by the hub's own steps, at most so many commands at once and no group by halves."""
    batch: list[tuple[bytes, Place, str]] = []
    for each in sorted(opened, key=_turn):
        if batch and len(batch) + len(each.envelopes) > ENVELOPES_MAX:
            _run(office, store_id, batch)
            batch = []
        batch.extend(each.commands)
    if batch:
        _run(office, store_id, batch)


def _run(
    office: OfficeOnPostgres, store_id: str, batch: Sequence[tuple[bytes, Place, str]]
) -> None:
    envelopes, places, signatures = zip(*batch, strict=True)
    run(hub.take_sealed(store_id, envelopes, places, signatures), office)


def _turn(opened: Opened) -> tuple[bool, int]:
    """Put the urgent lane first and each lane in its order, as a request does."""
    first = opened.copy.places[0]
    return first.lane != "urgent", first.seq


def _ids(opened: Opened) -> list[str]:
    return [place.command_id for place in opened.copy.places]


def _answered(office: OfficeOnPostgres, command_ids: Sequence[str]) -> set[str]:
    """Say which of these commands the office has: answered once for ever, or set aside."""
    with office.sessions() as session:
        recorded = session.scalars(
            select(CommandRow.command_id).where(CommandRow.command_id.in_(command_ids))
        ).all()
        aside = session.scalars(
            select(SetAsideRow.command_id).where(SetAsideRow.command_id.in_(command_ids))
        ).all()
    return {*recorded, *(each for each in aside if each is not None)}


def _waiting(office: OfficeOnPostgres, box: OfficeBox, store_id: str) -> list[Opened]:
    """Open what has waited here of one vault; only what could be opened ever waits."""
    with office.sessions() as session:
        kept = session.scalars(
            select(SealedCopyRow.written).where(
                SealedCopyRow.store_id == store_id,
                SealedCopyRow.device_id == office.actor.device_id,
            )
        ).all()
    return [_open(box, written, read_copy(written)) for written in kept]


def _keep(office: OfficeOnPostgres, held: Mapping[str, Opened], epoch: str | None) -> None:
    """Keep what still waits, and let go what waited and has been answered."""
    device_id = office.actor.device_id
    with office.sessions() as session, session.begin():
        if held:
            session.execute(
                insert(SealedCopyRow).on_conflict_do_nothing(),
                [
                    {
                        "digest": name,
                        "device_id": device_id,
                        "store_id": each.copy.store_id,
                        "command_ids": _ids(each),
                        "written": each.written,
                        "reason": GAP if each.copy.epoch in {None, epoch} else OTHER_LIFE,
                        "received_at": office.now,
                    }
                    for name, each in held.items()
                ],
            )
        session.execute(delete(SealedCopyRow).where(is_answered()))
        waiting = select(func.count()).where(SealedCopyRow.device_id == device_id)
        if (session.scalar(waiting) or 0) > HELD_MAX:
            raise TooMany
