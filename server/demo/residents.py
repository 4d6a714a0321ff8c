"""The people and businesses of the made-up town, and what they owe; the same for the same seed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from faker import Faker

from server.demo.town import Place, places

SEED = 20270304
"""The town is always the same town."""

_DECADE_DAYS = 3_652


@dataclass(frozen=True, kw_only=True)
class Resident:
    """Someone who lives in the town."""

    title: str
    forenames: str
    surname: str
    born_on: date
    phone: str
    email: str
    former_surname: str = ""
    language: str = ""


@dataclass(frozen=True, kw_only=True)
class Household:
    """The adults of one address, and where they lived before."""

    place: Place
    adults: tuple[Resident, ...]
    moved_in_on: date
    former_place: Place | None


@dataclass(frozen=True, kw_only=True)
class Business:
    """A business that occupies premises."""

    name: str
    place: Place
    rateable_value: int
    since: date


@dataclass(frozen=True, kw_only=True)
class Owed:
    """One debt: of what type, for which period, how much was charged and how much paid since."""

    debt_type: str
    account_reference: str
    debt_reference: str
    from_on: date
    until: date
    charged_pence: int
    payments_pence: tuple[int, ...]
    costs_pence: int = 0


def households(count: int, random: Random) -> Iterator[Household]:
    """Make households, one or two adults each and now and then a grown-up child."""
    fake = Faker("en_GB")
    fake.seed_instance(SEED)
    all_places = list(places(random))
    random.shuffle(all_places)
    for index in range(count):
        adults = [_resident(fake, random, index * 3)]
        if random.random() < 0.55:
            adults.append(_resident(fake, random, index * 3 + 1, share=adults[0]))
        if random.random() < 0.12:
            adults.append(_resident(fake, random, index * 3 + 2, share=adults[0]))
        moved = date(2024, 1, 1) - timedelta(days=random.randint(0, 2 * _DECADE_DAYS))
        former = all_places[(index + 1_700) % len(all_places)] if random.random() < 0.2 else None
        yield Household(
            place=all_places[index],
            adults=tuple(adults),
            moved_in_on=moved,
            former_place=former,
        )


def _resident(fake: Faker, random: Random, number: int, share: Resident | None = None) -> Resident:
    woman = random.random() < 0.5
    surname = share.surname if share and random.random() < 0.7 else fake.last_name()
    forename = fake.first_name_female() if woman else fake.first_name_male()
    return Resident(
        title=("Ms" if random.random() < 0.4 else "Mrs") if woman else "Mr",
        forenames=forename,
        surname=surname,
        born_on=date(2006, 1, 1) - timedelta(days=random.randint(0, 6 * _DECADE_DAYS)),
        phone=f"07700 900{number % 1000:03d}" if random.random() < 0.7 else "",
        email=f"{forename}.{surname}{number}@example.org".lower().replace("'", "")
        if random.random() < 0.4
        else "",
        former_surname=fake.last_name() if woman and random.random() < 0.1 else "",
        language="Polish" if random.random() < 0.03 else "",
    )


def businesses(count: int, random: Random) -> Iterator[Business]:
    """Make businesses with premises in the town."""
    fake = Faker("en_GB")
    fake.seed_instance(SEED + 1)
    all_places = list(places(random))
    random.shuffle(all_places)
    trades = ("Bakery", "Tyres", "Joinery", "Print Works", "Café", "Hardware", "Florists", "Garage")
    for place in all_places[:count]:
        yield Business(
            name=f"{fake.last_name()} {random.choice(trades)} {random.choice(('Ltd', 'LLP', 'Ltd'))}",
            place=place,
            rateable_value=random.randrange(2_500, 60_000, 250),
            since=date(2025, 4, 1) - timedelta(days=random.randint(0, 4_000)),
        )


def council_tax(number: int, random: Random) -> list[Owed]:
    """Charge a household for one to three years, with most of it paid."""
    owed = []
    for year in range(2026 - random.choice((0, 0, 0, 1, 2)), 2027):
        charged = random.randrange(115_000, 360_000, 137)
        paid = _instalments(charged, random.choice((0, 0, 1, 2, 3, 4)), random)
        owed.append(
            Owed(
                debt_type="council_tax",
                account_reference=f"7{number:07d}",
                debt_reference=f"{year}/{(year + 1) % 100:02d}",
                from_on=date(year, 4, 1),
                until=date(year + 1, 4, 1),
                charged_pence=charged,
                payments_pence=paid,
                costs_pence=7_650 if year < 2026 and random.random() < 0.6 else 0,
            )
        )
    return owed


def business_rates(number: int, business: Business, random: Random) -> Owed:
    """Charge a business for the year, at about half of its rateable value."""
    charged = business.rateable_value * 50
    return Owed(
        debt_type="business_rates",
        account_reference=f"5{number:07d}",
        debt_reference="2026/27",
        from_on=date(2026, 4, 1),
        until=date(2027, 4, 1),
        charged_pence=charged,
        payments_pence=_instalments(charged, random.choice((0, 1, 2, 5)), random),
    )


def other_debt(debt_type: str, number: int, random: Random) -> Owed:
    """Charge a person an overpayment, an invoice or another sum."""
    prefix = {"housing_benefit_overpayment": "HB", "sundry": "SD", "miscellaneous": "MD"}
    from_on = date(2026, 9, 1) - timedelta(days=random.randint(30, 700))
    charged = random.randrange(4_000, 240_000, 113)
    return Owed(
        debt_type=debt_type,
        account_reference=f"{prefix[debt_type]}{number:06d}",
        debt_reference=f"{prefix[debt_type]}{number:06d}/1",
        from_on=from_on,
        until=from_on + timedelta(days=random.choice((28, 91, 182))),
        charged_pence=charged,
        payments_pence=_instalments(charged, random.choice((0, 0, 1, 2)), random),
    )


def _instalments(charged_pence: int, count: int, random: Random) -> tuple[int, ...]:
    part = charged_pence // 10
    return tuple(part - random.randint(0, 300) for _ in range(count))
