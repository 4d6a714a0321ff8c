"""What a file says of an account itself: its reference, its property, and since when it is liable."""

from __future__ import annotations

from decimal import Decimal

from server.accounts.commands import AmendAccount, OpenAccount
from server.interop.ids import made_id
from server.interop.known import KnownAccount
from server.interop.lines import Property
from server.interop.payers import place_of
from server.interop.plans import Situation
from server.people.places import MICRODEGREES, Place


def plan_details(here: Situation) -> None:
    """Open the account, or amend what of it the file has moved."""
    if here.account is None:
        _open(here)
    elif here.has_moved("details"):
        _amend(here, here.account)


def _open(here: Situation) -> None:
    premises = here.picture.premises or Property()
    liable_from, liable_until = here.picture.liable
    place = _place(here, premises)
    here.give(
        OpenAccount(
            account_id=here.plan.account_id,
            reference=here.picture.first.account_reference,
            debt_type=here.picture.first.debt_type,
            source=here.picture.first.service,
            property_reference=premises.reference or "",
            liable_from=liable_from,
            liable_until=liable_until,
            rateable_value=premises.rateable_value_pounds,
            balance_master=here.terms.profile.master_of_balance,
            **(vars(place) if place else {}),
        )
    )


def _amend(here: Situation, known: KnownAccount) -> None:
    """Amend the account; what the file has no column for stays as it is."""
    premises = here.picture.premises or Property()
    liable_from, liable_until = here.picture.liable
    told: dict[str, object] = {
        "property_reference": premises.reference or "",
        "liable_from": liable_from,
        "liable_until": liable_until,
        "rateable_value": premises.rateable_value_pounds,
    }
    columns = {"rateable_value": "rateable_value_pounds"}
    held = {name: getattr(known, name) for name in told}
    wanted = held | {n: v for n, v in told.items() if here.terms.fed(columns.get(n, n))}
    place = _place(here, premises)
    if place is None or (known.place and _is_same(place, known.place)):
        place = known.place
    if wanted == held and place == known.place:
        return
    here.give(
        AmendAccount(
            account_id=known.account_id,
            imported_hash=known.imported_hash,
            **wanted,
            **(vars(place) if place else {}),
        )
    )


def _place(here: Situation, premises: Property) -> Place | None:
    """Give the place the account is for; one known by its number alone is called by that."""
    latitude, longitude = premises.latitude, premises.longitude
    if premises.address:
        place = place_of(premises.address, here.plan.account_id, premises.uprn)
    elif premises.uprn:
        called = f"UPRN {premises.uprn}"
        place = Place(address_id=made_id("uprn", premises.uprn), lines=called, uprn=premises.uprn)
    else:
        if latitude is not None:
            here.note("note.place_left_out", "property_address")
        return None
    return Place(
        address_id=place.address_id,
        lines=place.lines,
        postcode=place.postcode,
        uprn=place.uprn,
        latitude_microdegrees=_microdegrees(latitude),
        longitude_microdegrees=_microdegrees(longitude),
    )


def _microdegrees(degrees: Decimal | None) -> int | None:
    return None if degrees is None else round(degrees * MICRODEGREES)


def _is_same(place: Place, known: Place) -> bool:
    same_number = place.uprn is not None and place.uprn == known.uprn
    return same_number or place.address_id == known.address_id or place.words == known.words
