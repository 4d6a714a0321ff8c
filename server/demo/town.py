"""A made-up town: streets on a plain with plausible coordinates, and a postcode area nobody has."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

NAME = "Harrowmere"
"""The town; there is none of this name."""

COUNCIL = "Harrowmere Borough Council"

CENTRE = (53.2871, -0.9134)
"""Latitude and longitude of the market place, in open country."""

_STREETS = (
    "Alder Row", "Barley Lane", "Beacon Hill", "Bellfounder Street", "Bramble Close",
    "Canal Side", "Chandler's Yard", "Chapel Walk", "Cherry Tree Avenue", "Clockmaker Street",
    "Coopers Court", "Dovecote Lane", "Drovers Way", "Eastgate", "Fieldfare Road", "Flax Street",
    "Foundry Lane", "Gannet Close", "Glebe Avenue", "Granary Wharf", "Hawthorn Crescent",
    "Heron Way", "Hopyard Lane", "Jubilee Street", "Kestrel Drive", "Lapwing Close",
    "Linden Avenue", "Lock Keepers Way", "Maltings Road", "Market Place", "Meadow View",
    "Mill Race", "Millwright Street", "Northgate", "Nuthatch Close", "Orchard Rise",
    "Osier Bank", "Plover Road", "Potters Field", "Quarry Bank", "Rope Walk", "Saddlers Lane",
    "Sexton Street", "Skylark Way", "Smithy Lane", "Southgate", "Spinners Row", "Station Road",
    "Swan Lane", "Tannery Street", "Teal Avenue", "Thatchers End", "Tollgate Road",
    "Union Street", "Wagtail Close", "Weavers Square", "Westgate", "Wharf Street",
    "Willow Bank", "Yarrow Court",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Place:
    """One address of the town."""

    lines: tuple[str, ...]
    postcode: str
    uprn: str
    latitude: float
    longitude: float


def places(random: Random) -> Iterator[Place]:
    """Walk through the town, street by street, and yield each address once."""
    letters = "ABDEFGHJLNPQRSTUWXYZ"
    uprn = 990_000_100_000
    for index, street in enumerate(_STREETS):
        latitude = CENTRE[0] + random.uniform(-0.022, 0.022)
        longitude = CENTRE[1] + random.uniform(-0.036, 0.036)
        slope = random.uniform(-1, 1)
        for house in range(1, 61):
            uprn += random.randint(1, 9)
            block = letters[(house // 15) % len(letters)] + letters[index % len(letters)]
            flat = (f"Flat {house % 4 + 1}",) if house % 11 == 0 else ()
            yield Place(
                lines=(*flat, f"{house} {street}", NAME),
                postcode=f"QZ{index // 12 + 1} {index % 9 + 1}{block}",
                uprn=str(uprn),
                latitude=round(latitude + house * 0.00007 * slope, 5),
                longitude=round(longitude + house * 0.00013, 5),
            )
