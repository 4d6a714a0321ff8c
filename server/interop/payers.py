"""Who a payer in a file is: someone known already, or a person to open; never anyone by name alone."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import date
from enum import Enum

from server.interop.commands import RecordPayerReference
from server.interop.ids import made_id
from server.interop.known import Known, KnownPerson
from server.interop.lines import Address, Payer, Reason, because
from server.interop.pictures import Picture
from server.interop.profiles import Profile
from server.people.commands import (
    EMAIL,
    ChangeName,
    Naming,
    OpenPerson,
    RecordAddress,
    RecordContact,
    RecordFormerName,
)
from server.people.places import Place
from server.people.search_terms import normalise
from shared.commands import Command
from shared.contacts import phone_number
from shared.presentation import name as spoken_name

TITLE_MAX, FORENAMES_MAX, SURNAME_MAX = 20, 120, 120
"""Characters of each part of a name; one with a longer part is kept whole."""


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What holds for a whole import: which it is, the day it counts from, and how its file is read."""

    import_id: str
    day: date
    profile: Profile

    def fed(self, name: str) -> bool:
        """Tell whether the file has a column for a field, so that an empty cell says something."""
        return self.profile.has(name)


class Reach(Enum):
    """What the file says of the ways to reach a payer: the same as before, something new, or all of it."""

    LEFT = "left"
    MOVED = "moved"
    FIRST = "first"


@dataclass
class Told:
    """What one payer makes necessary, and what about it could not be used."""

    commands: list[Command] = field(default_factory=list)
    notes: list[Reason] = field(default_factory=list)


def possible_people(picture: Picture, profile: Profile) -> Iterator[str]:
    """List the ids that the payers of an account have if an import has opened them."""
    for payer in _all_payers(picture):
        yield _id_by_name(picture.account_id, payer)
        if payer.merge_key:
            yield _id_of_organisation(payer, picture, profile)
        if payer.reference:
            yield _id_by_reference(payer, picture)


def references(picture: Picture) -> Iterator[tuple[str, str]]:
    """List the references by which the other system knows the payers of an account."""
    for payer in _all_payers(picture):
        if payer.reference:
            yield picture.first.service, payer.reference


def _all_payers(picture: Picture) -> Iterator[Payer]:
    return (payer for charge in picture.charges for payer in charge.payers)


@dataclass(frozen=True)
class People:
    """Everyone a block of accounts concerns; whom the block opens is known from then on."""

    known: Known
    terms: Terms

    def who(self, payer: Payer, picture: Picture, on_account: Collection[str]) -> str:
        """Give the id of the person: by reference, as a party of this account, or the one to open."""
        source = picture.first.service
        if payer.reference and (source, payer.reference) in self.known.by_reference:
            return self.known.by_reference[source, payer.reference]
        if payer.merge_key:
            merged = _id_of_organisation(payer, picture, self.terms.profile)
            return (merged if merged in on_account else None) or (
                self._party(payer, source, on_account) or merged
            )
        party = self._party(payer, source, on_account)
        if party:
            return party
        if payer.reference:
            return _id_by_reference(payer, picture)
        return _id_by_name(picture.account_id, payer)

    def _party(self, payer: Payer, source: str, on_account: Collection[str]) -> str | None:
        """Find a party of this account who is called the same and whom nothing tells apart."""
        for person_id in sorted(on_account):
            person = self.known.people.get(person_id)
            if person and person.kind == payer.kind and _may_be(person, payer, source):
                return person_id
        return None

    def told(self, person_id: str, payer: Payer, source: str, reach: Reach) -> Told:
        """Say what has to be done so that the person is known as the file shows them."""
        told = Told()
        person = self.known.people.get(person_id)
        is_new = person is None
        if person is None:
            person = self._opened(person_id, payer, told)
        else:
            self._renamed(person, payer, source, told)
            if payer.date_of_birth and person.born_on is None and person.kind == "individual":
                told.notes.append(because("note.birth_left_out", "payer_date_of_birth"))
        self._referenced(person, payer, source, told)
        if payer.trading_as and normalise(payer.trading_as) not in person.other_names:
            person.other_names.add(normalise(payer.trading_as))
            told.commands.append(
                RecordFormerName(
                    former_name_id=made_id(self.terms.import_id, person_id, payer.trading_as),
                    person_id=person_id,
                    former_name=payer.trading_as,
                )
            )
        if is_new or reach is not Reach.LEFT:
            self._contacts(person, payer, told)
            self._address(person, payer, told, follow=reach is Reach.MOVED)
        return told

    def _opened(self, person_id: str, payer: Payer, told: Told) -> KnownPerson:
        naming = naming_of(payer)
        told.commands.append(
            OpenPerson(
                person_id=person_id,
                kind=payer.kind,
                born_on=payer.date_of_birth,
                **vars(naming),
            )
        )
        person = KnownPerson(
            person_id=person_id,
            kind=payer.kind,
            name=_spoken(naming),
            title=naming.title,
            forenames=naming.forenames,
            surname=naming.surname,
            born_on=payer.date_of_birth,
        )
        self.known.people[person_id] = person
        return person

    def _renamed(self, person: KnownPerson, payer: Payer, source: str, told: Told) -> None:
        """Follow a change of name where a reference says that it is the same person."""
        same = payer.reference and (source, payer.reference) in person.references
        naming = naming_of(payer)
        called = _spoken(naming)
        if not same or person.is_called(called) or person.kind != payer.kind:
            return
        told.commands.append(
            ChangeName(
                person_id=person.person_id,
                former_name_id=made_id(self.terms.import_id, person.person_id, person.name),
                **vars(naming),
            )
        )
        person.other_names.add(normalise(person.name))
        person.name = called

    def _referenced(self, person: KnownPerson, payer: Payer, source: str, told: Told) -> None:
        key = (source, payer.reference or "")
        if payer.reference and key not in self.known.by_reference:
            self.known.by_reference[key] = person.person_id
            person.references.add(key)
            told.commands.append(
                RecordPayerReference(
                    person_id=person.person_id, service=source, reference=payer.reference
                )
            )

    def _contacts(self, person: KnownPerson, payer: Payer, told: Told) -> None:
        phone = phone_number(payer.phone) if payer.phone else None
        email = payer.email if payer.email and EMAIL.fullmatch(payer.email) else None
        if payer.phone and not phone:
            told.notes.append(because("note.phone_left_out", "payer_phone"))
        if payer.email and not email:
            told.notes.append(because("note.email_left_out", "payer_email"))
        for kind, value in (("phone", phone), ("email", email)):
            if not value or (kind, value.casefold()) in person.contacts:
                continue
            person.contacts.add((kind, value.casefold()))
            told.commands.append(
                RecordContact(
                    contact_id=made_id("contact", person.person_id, kind, value.casefold()),
                    person_id=person.person_id,
                    kind=kind,
                    value=value,
                    source="import",
                )
            )

    def _address(self, person: KnownPerson, payer: Payer, told: Told, *, follow: bool) -> None:
        """Record where the person is written to; another account's address only where it has moved."""
        if payer.contact_address is None:
            return
        place = place_of(payer.contact_address, person.person_id)
        if person.home == place.words:
            return
        if person.home is not None and not follow:
            told.notes.append(because("note.another_address", "contact_address"))
            return
        person.home = place.words
        told.commands.append(
            RecordAddress(
                residence_id=made_id(self.terms.import_id, person.person_id, *place.words),
                person_id=person.person_id,
                address_id=place.address_id,
                lines=place.lines,
                postcode=place.postcode,
            )
        )


def naming_of(payer: Payer) -> Naming:
    """Give the parts of a name; one that is an estate's, or has too long a part, stays whole."""
    parts = (payer.title, payer.forenames, payer.surname)
    limits = (TITLE_MAX, FORENAMES_MAX, SURNAME_MAX)
    fits = all(len(part) <= limit for part, limit in zip(parts, limits, strict=True))
    if payer.kind == "individual" and payer.surname and fits and not payer.estate:
        return Naming(title=payer.title, forenames=payer.forenames, surname=payer.surname)
    return Naming(whole_name=payer.name)


def _spoken(naming: Naming) -> str:
    return spoken_name(naming.forenames, naming.surname) or naming.whole_name


def place_of(address: Address, whose: str, uprn: str | None = None) -> Place:
    """Give the place an address names; without a postcode it is nobody's but whose it is."""
    lines = "\n".join(address.lines) or address.postcode or ""
    code = address.postcode or ""
    named = Place(address_id="", lines=lines, postcode=code, uprn=uprn)
    parts = ("uprn", uprn) if uprn else ("place", *named.words, "" if code else whose)
    return Place(address_id=made_id(*parts), lines=lines, postcode=code, uprn=uprn)


def _may_be(person: KnownPerson, payer: Payer, source: str) -> bool:
    """Tell whether a party and a payer have one name, and no birthday or reference apart."""
    called = _spoken(naming_of(payer))
    born_apart = person.born_on and payer.date_of_birth and person.born_on != payer.date_of_birth
    known_otherwise = payer.reference and any(of == source for of, _ in person.references)
    return person.is_called(called) and not born_apart and not known_otherwise


def _id_of_organisation(payer: Payer, picture: Picture, profile: Profile) -> str:
    """Registered names are unique by law; other names only within the service whose profile says so."""
    scope = "" if profile.merge_organisations == "registered" else picture.first.service
    return made_id("organisation", scope, payer.merge_key or "")


def _id_by_reference(payer: Payer, picture: Picture) -> str:
    return made_id("payer", picture.first.service, payer.reference or "")


def _id_by_name(account_id: str, payer: Payer) -> str:
    born = payer.date_of_birth.isoformat() if payer.date_of_birth else ""
    return made_id("payer of", account_id, payer.kind, normalise(payer.name), born)
