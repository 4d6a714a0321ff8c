"""The fictional council as commands: its households, what they owe, and what has happened since."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from server.accounts.commands import OpenAccount, OpenDebt, RecordLiableParty
from server.accounts.movements import PostTransaction
from server.demo.residents import (
    Business,
    Household,
    Owed,
    Resident,
    business_rates,
    businesses,
    council_tax,
    households,
    other_debt,
)
from server.demo.town import Place
from server.payments.commands import RecordPayment
from server.people.commands import OpenPerson, RecordAddress, RecordContact, RecordFormerName
from server.people.markers import RecordMarker
from server.recovery.commands import PlaceHold
from shared.commands import Command
from shared.contacts import phone_number

OTHER_DEBTS = ("housing_benefit_overpayment", "sundry", "miscellaneous")
MARKERS = (
    ("dangerous_dog", "A large dog was loose in the front garden at the last visit."),
    ("threats", "Shouted threats at an officer on the doorstep; the officer left."),
)
HOLDS = ("dispute", "vulnerability", "breathing_space", "bereavement")


@dataclass
class Draft:
    """What is being drawn: a seeded Random, and the people and debts made so far."""

    random: Random
    today: date
    adults: list[tuple[str, ...]] = field(default_factory=list)
    debts: dict[str, list[str]] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)
    indebted: list[str] = field(default_factory=list)

    def new_id(self) -> str:
        """Draw an id."""
        return str(uuid.UUID(int=self.random.getrandbits(128), version=4))

    def address_id(self, place: Place) -> str:
        """Give a place its id, the same for all who live there."""
        return self.places.setdefault(place.uprn, self.new_id())


def orders(draft: Draft, households_wanted: int, businesses_wanted: int) -> Iterator[Command]:
    """Yield every command that makes the council's people, accounts, debts and movements."""
    for number, household in enumerate(households(households_wanted, draft.random)):
        people = []
        for adult in household.adults:
            person_id = draft.new_id()
            people.append(person_id)
            yield from _person(draft, person_id, adult, household)
        draft.adults.append(tuple(people))
        yield from _charges(draft, number, tuple(people[:2]), household)
    for number, business in enumerate(businesses(businesses_wanted, draft.random)):
        yield from _business(draft, number, business)


def _person(
    draft: Draft, person_id: str, adult: Resident, household: Household
) -> Iterator[Command]:
    yield OpenPerson(
        person_id=person_id,
        kind="individual",
        title=adult.title,
        forenames=adult.forenames,
        surname=adult.surname,
        born_on=adult.born_on,
        language=adult.language,
    )
    if household.former_place:
        yield _residence(draft, person_id, household.former_place, last_day=household.moved_in_on)
    yield _residence(draft, person_id, household.place, from_on=household.moved_in_on)
    if adult.former_surname:
        yield RecordFormerName(
            former_name_id=draft.new_id(),
            person_id=person_id,
            former_name=f"{adult.forenames} {adult.former_surname}",
        )
    for kind, value in (("phone", phone_number(adult.phone) or ""), ("email", adult.email)):
        if value:
            yield RecordContact(
                contact_id=draft.new_id(), person_id=person_id, kind=kind, value=value
            )


def _residence(
    draft: Draft,
    person_id: str,
    place: Place,
    from_on: date | None = None,
    last_day: date | None = None,
) -> RecordAddress:
    return RecordAddress(
        residence_id=draft.new_id(),
        person_id=person_id,
        address_id=draft.address_id(place),
        lines="\n".join(place.lines),
        postcode=place.postcode,
        uprn=place.uprn,
        latitude_microdegrees=round(place.latitude * 1_000_000),
        longitude_microdegrees=round(place.longitude * 1_000_000),
        from_on=from_on,
        last_day=last_day,
    )


def _charges(
    draft: Draft, number: int, people: tuple[str, ...], household: Household
) -> Iterator[Command]:
    owed = council_tax(number, draft.random)
    yield from _account(draft, owed, people, household.place)
    for debt_type in OTHER_DEBTS:
        if draft.random.random() < 0.14:
            yield from _account(
                draft, [other_debt(debt_type, number, draft.random)], people[:1], household.place
            )


def _business(draft: Draft, number: int, business: Business) -> Iterator[Command]:
    person_id = draft.new_id()
    yield OpenPerson(person_id=person_id, kind="organisation", whole_name=business.name)
    yield _residence(draft, person_id, business.place, from_on=business.since)
    draft.adults.append((person_id,))
    owed = business_rates(number, business, draft.random)
    yield from _account(
        draft, [owed], (person_id,), business.place, rateable_value=business.rateable_value
    )


def _account(
    draft: Draft,
    owed: list[Owed],
    people: tuple[str, ...],
    place: Place,
    rateable_value: int | None = None,
) -> Iterator[Command]:
    account_id = draft.new_id()
    yield OpenAccount(
        account_id=account_id,
        reference=owed[0].account_reference,
        debt_type=owed[0].debt_type,
        source="harrowmere",
        property_reference=place.uprn,
        liable_from=owed[0].from_on,
        rateable_value=rateable_value,
        address_id=draft.address_id(place),
        lines="\n".join(place.lines),
        postcode=place.postcode,
        uprn=place.uprn,
    )
    for one in owed:
        yield from _debt(draft, one, account_id, people)


def _debt(draft: Draft, owed: Owed, account_id: str, people: tuple[str, ...]) -> Iterator[Command]:
    debt_id = draft.new_id()
    yield OpenDebt(
        debt_id=debt_id,
        account_id=account_id,
        reference=owed.debt_reference,
        from_on=owed.from_on,
        until=owed.until,
        transaction_id=draft.new_id(),
        charge_pence=owed.charged_pence,
        charged_on=owed.from_on,
    )
    for person_id in people:
        yield RecordLiableParty(debt_id=debt_id, person_id=person_id, from_on=owed.from_on)
        draft.debts.setdefault(person_id, []).append(debt_id)
    if owed.costs_pence:
        yield PostTransaction(
            transaction_id=draft.new_id(),
            debt_id=debt_id,
            kind="costs",
            amount_pence=owed.costs_pence,
            effective_on=owed.from_on + timedelta(days=150),
        )
    for index, amount_pence in enumerate(owed.payments_pence):
        received_on = min(owed.from_on + timedelta(days=30 * (index + 1)), draft.today)
        yield RecordPayment(
            transaction_id=draft.new_id(),
            debt_id=debt_id,
            amount_pence=amount_pence,
            received_on=received_on,
            method=draft.random.choice(("bank", "card", "cash")),
        )
    if len(owed.payments_pence) < 2:
        draft.indebted.extend(people)
    if draft.random.random() < 0.04:
        yield PlaceHold(
            hold_id=draft.new_id(),
            debt_id=debt_id,
            reason=draft.random.choice(HOLDS),
            note="Asked for by telephone.",
            from_on=draft.today - timedelta(days=draft.random.randint(1, 25)),
            last_day=draft.today + timedelta(days=draft.random.randint(5, 40)),
        )


def markers(draft: Draft, people: list[str]) -> Iterator[Command]:
    """Put a risk marker on some of the people to be visited."""
    for person_id in people:
        if draft.random.random() < 0.12:
            kind, note = draft.random.choice(MARKERS)
            yield RecordMarker(
                marker_id=draft.new_id(),
                person_id=person_id,
                kind=kind,
                note=note,
                from_on=draft.today - timedelta(days=120),
                review_on=draft.today + timedelta(days=60),
            )
