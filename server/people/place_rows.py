"""The rows of places: one an address, whoever lives there, found again by number, words or id."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import ARRAY, bindparam, or_, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from server.people.places import MICRODEGREES, Place
from server.people.tables import AddressRow
from server.people.terms import normalise
from server.spine.tables import Id


def find(session: Session, places: Sequence[Place | None]) -> list[str | None]:
    """Say which rows these places already have: by id, by property number, or by their words."""
    wanted = [place for place in places if place is not None]
    if not wanted:
        return [None for _ in places]
    rows = session.execute(
        select(AddressRow.address_id, AddressRow.uprn, AddressRow.postcode, AddressRow.lines)
        .where(
            or_(
                AddressRow.address_id.in_({p.address_id for p in wanted}),
                AddressRow.uprn.in_({p.uprn for p in wanted if p.uprn}),
                AddressRow.postcode.in_({p.postcode for p in wanted if p.postcode}),
            )
        )
        .order_by(AddressRow.address_id)
    ).all()
    by_id = {id_: id_ for id_, *_ in rows}
    by_uprn = {uprn: id_ for id_, uprn, *_ in rows if uprn}
    by_words = {
        (normalise(code), normalise(lines)): id_ for id_, _, code, lines in rows if code and lines
    }
    return [
        None
        if place is None
        else by_id.get(place.address_id)
        or by_uprn.get(place.uprn or "")
        or (by_words.get(place.words) if place.postcode else None)
        for place in places
    ]


def keep(session: Session, places: Sequence[Place]) -> None:
    """Write down the places that are new; one that another writer has just made stays as it is."""
    rows = {
        place.address_id: {
            "address_id": place.address_id,
            "lines": place.lines,
            "postcode": place.postcode,
            "uprn": place.uprn,
            "latitude": _degrees(place.latitude_microdegrees),
            "longitude": _degrees(place.longitude_microdegrees),
        }
        for place in sorted(places, key=lambda place: place.address_id)
    }
    if rows:
        session.execute(insert(AddressRow).on_conflict_do_nothing(), list(rows.values()))


def hold_still(session: Session, address_ids: Collection[str]) -> None:
    """Lock places until this transaction ends, because moving in and marking a place exclude each other."""
    if address_ids:
        session.execute(
            text(
                "SELECT address_id FROM address WHERE address_id = ANY(:ids) "
                "ORDER BY address_id FOR NO KEY UPDATE"
            ).bindparams(bindparam("ids", type_=ARRAY(Id))),
            {"ids": sorted(address_ids)},
        )


def _degrees(microdegrees: int | None) -> float | None:
    return None if microdegrees is None else microdegrees / MICRODEGREES
