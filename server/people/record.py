"""How each change about people alters rows, and what they are found by afterwards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from server.people import place_rows, search_terms
from server.people.commands import (
    AddressRecorded,
    ContactRecorded,
    FormerNameRecorded,
    NameChanged,
    PersonOpened,
    ResidenceEnded,
)
from server.people.places import Place
from server.people.tables import (
    ContactRow,
    FormerNameRow,
    MarkerRow,
    PersonRow,
    ResidenceRow,
)
from server.people.terms import Term, of_place
from server.spine.areas import Recorded, Recorder
from shared.commands import Change
from shared.contacts import PhoneNumberRecorded
from shared.details import ContactCorrected, DetailsCorrected
from shared.markers import MarkerEnded, MarkerRecorded


def person_opened(session: Session, recorded: Sequence[Recorded]) -> None:
    """Write new people."""
    opened = [(item, item.change) for item in recorded if isinstance(item.change, PersonOpened)]
    session.execute(
        insert(PersonRow),
        [
            {
                "person_id": change.person_id,
                "kind": change.kind,
                "name": change.whole_name,
                "title": change.title,
                "forenames": change.forenames,
                "surname": change.surname,
                "born_on": change.born_on,
                "language": change.language,
                "recorded_at": item.recorded_at,
            }
            for item, change in opened
        ],
    )
    search_terms.keep(
        session,
        [Term(kind="name", text=c.whole_name, person_id=c.person_id) for _, c in opened],
    )


def name_changed(session: Session, recorded: Sequence[Recorded]) -> None:
    """Give people their new names and keep the old ones as former names."""
    changes = [item.change for item in recorded if isinstance(item.change, NameChanged)]
    session.execute(
        update(PersonRow),
        [
            {
                "person_id": change.person_id,
                "name": change.whole_name,
                "title": change.title,
                "forenames": change.forenames,
                "surname": change.surname,
            }
            for change in changes
        ],
    )
    session.execute(
        insert(FormerNameRow),
        [
            {
                "former_name_id": change.former_name_id,
                "person_id": change.person_id,
                "name": change.former_name,
                "until": change.changed_on,
            }
            for change in changes
        ],
    )
    search_terms.forget_names(session, {change.person_id for change in changes})
    search_terms.keep(
        session,
        [
            term
            for c in changes
            for term in (
                Term(kind="name", text=c.whole_name, person_id=c.person_id),
                Term(kind="former_name", text=c.former_name, person_id=c.person_id),
            )
        ],
    )


def former_name_recorded(session: Session, recorded: Sequence[Recorded]) -> None:
    """Write other names people have gone by."""
    changes = [item.change for item in recorded if isinstance(item.change, FormerNameRecorded)]
    session.execute(
        insert(FormerNameRow),
        [
            {
                "former_name_id": change.former_name_id,
                "person_id": change.person_id,
                "name": change.former_name,
                "until": change.until,
            }
            for change in changes
        ],
    )
    search_terms.keep(
        session,
        [Term(kind="former_name", text=c.former_name, person_id=c.person_id) for c in changes],
    )


def address_recorded(session: Session, recorded: Sequence[Recorded]) -> None:
    """Write where people live or lived, and end the homes they left for it."""
    changes = [item.change for item in recorded if isinstance(item.change, AddressRecorded)]
    place_rows.keep(session, [_place(change) for change in changes if change.is_new_place])
    _leave(
        session,
        [
            {"residence_id": residence_id, "until": change.left_until}
            for change in changes
            for residence_id in change.left_residence_ids
        ],
    )
    session.execute(
        insert(ResidenceRow),
        [
            {
                "residence_id": change.residence_id,
                "person_id": change.person_id,
                "address_id": change.address_id,
                "from_on": change.from_on,
                "until": change.until,
            }
            for change in changes
        ],
    )
    search_terms.keep(
        session,
        [
            term
            for c in changes
            for term in of_place(
                lines=c.lines, postcode=c.postcode, uprn=c.uprn, person_id=c.person_id
            )
        ],
    )


def residence_ended(session: Session, recorded: Sequence[Recorded]) -> None:
    """End homes people have left."""
    changes = [item.change for item in recorded if isinstance(item.change, ResidenceEnded)]
    _leave(session, [{"residence_id": c.residence_id, "until": c.until} for c in changes])


def contact_recorded(session: Session, recorded: Sequence[Recorded]) -> None:
    """Write ways to reach people that the office was told of."""
    _contacts(
        session,
        [
            {
                "contact_id": change.contact_id,
                "person_id": change.person_id,
                "kind": change.kind,
                "value": change.value,
                "source": change.source,
                "recorded_at": item.recorded_at,
            }
            for item in recorded
            if isinstance(change := item.change, ContactRecorded)
        ],
    )


def phone_number_recorded(session: Session, recorded: Sequence[Recorded]) -> None:
    """Write phone numbers that were given at the door."""
    _contacts(
        session,
        [
            {
                "contact_id": change.contact_id,
                "person_id": change.person_id,
                "kind": "phone",
                "value": change.number,
                "source": "visit",
                "recorded_at": item.recorded_at,
            }
            for item in recorded
            if isinstance(change := item.change, PhoneNumberRecorded)
        ],
    )


def _contacts(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    session.execute(insert(ContactRow), rows)
    search_terms.keep(
        session,
        [Term(kind=row["kind"], text=row["value"], person_id=row["person_id"]) for row in rows],
    )


def details_corrected(session: Session, recorded: Sequence[Recorded]) -> None:
    """Write what was put right of people, the fields that moved and no others."""
    for item in recorded:
        if isinstance(change := item.change, DetailsCorrected):
            values = {name: change.values[name] for name in change.moved}
            if "born_on" in values:
                born_on = values["born_on"]
                values["born_on"] = date.fromisoformat(born_on) if born_on else None
            session.execute(
                update(PersonRow).where(PersonRow.person_id == change.person_id).values(**values)
            )


def contact_corrected(session: Session, recorded: Sequence[Recorded]) -> None:
    """Write of ways to reach people whether they do; what they are found by stays."""
    session.execute(
        update(ContactRow),
        [
            {"contact_id": change.contact_id, "standing": change.standing}
            for item in recorded
            if isinstance(change := item.change, ContactCorrected)
        ],
    )


def marker_recorded(session: Session, recorded: Sequence[Recorded]) -> None:
    """Write warnings; their places are locked, because moving in and marking a place exclude each other."""
    changes = [item.change for item in recorded if isinstance(item.change, MarkerRecorded)]
    place_rows.hold_still(session, {c.address_id for c in changes if c.address_id})
    session.execute(
        insert(MarkerRow),
        [
            {
                "marker_id": change.marker_id,
                "person_id": change.person_id,
                "address_id": change.address_id,
                "kind": change.kind,
                "note": change.note,
                "from_on": change.from_on,
                "review_on": change.review_on,
            }
            for item in recorded
            if isinstance(change := item.change, MarkerRecorded)
        ],
    )


def marker_ended(session: Session, recorded: Sequence[Recorded]) -> None:
    """Take warnings back."""
    session.execute(
        update(MarkerRow),
        [
            {"marker_id": change.marker_id, "until": change.until}
            for item in recorded
            if isinstance(change := item.change, MarkerEnded)
        ],
    )


def _leave(session: Session, ends: Sequence[Mapping[str, object]]) -> None:
    if ends:
        session.execute(update(ResidenceRow), list(ends))


def _place(change: AddressRecorded) -> Place:
    return Place(
        address_id=change.address_id,
        lines=change.lines,
        postcode=change.postcode,
        uprn=change.uprn,
        latitude_microdegrees=change.latitude_microdegrees,
        longitude_microdegrees=change.longitude_microdegrees,
    )


RECORDERS: Mapping[type[Change], Recorder] = {
    PersonOpened: person_opened,
    NameChanged: name_changed,
    FormerNameRecorded: former_name_recorded,
    AddressRecorded: address_recorded,
    ResidenceEnded: residence_ended,
    ContactRecorded: contact_recorded,
    PhoneNumberRecorded: phone_number_recorded,
    DetailsCorrected: details_corrected,
    ContactCorrected: contact_corrected,
    MarkerRecorded: marker_recorded,
    MarkerEnded: marker_ended,
}
