"""An office for real devices that enrols as the small one does, and sends the cases it is given."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random

from faker import Faker

from sync.protocol import SYNC_PATH
from tests.field_client.office import SmallOffice
from tests.field_client.vault import small_office
from tests.field_client.vault.sample import Bodies, case, id_of, place

SEED = 20_261_123


class FullOffice(SmallOffice):
    """Answers a sync with these cases, a commit each time, and takes in whatever is sent."""

    def __init__(self, *commits: list[tuple[str, Bodies]]) -> None:
        super().__init__()
        self.sync = small_office.SmallOffice()
        self.sync.commits = list(commits)

    def answer(self, path: str, headers: dict[str, str], body: bytes) -> tuple[int, str, bytes]:
        """Answer one request."""
        status, kind, said = super().answer(path, headers, body)
        if path == SYNC_PATH and status != 401:
            answer = self.sync(path, body)
            return answer.status, answer.headers["Content-Type"], answer.body
        return status, kind, said


def seeded_cases(how_many: int) -> list[tuple[str, Bodies]]:
    """Write cases of invented people, the same in every run, each with an address and a phone number."""
    return list(_people(how_many))


def _people(how_many: int) -> Iterator[tuple[str, Bodies]]:
    fake, random = Faker("en_GB"), Random(SEED)
    fake.seed_instance(SEED)
    for number in range(how_many):
        name = f"{fake.first_name()} {fake.last_name()}-{fake.last_name()}"
        where = place(
            f"{number + 1} {fake.last_name()} {random.choice(('Street', 'Terrace', 'Crescent'))}",
            f"QZ{random.randint(1, 9)} {random.randint(1, 9)}AB",
            random.uniform(-900, 900),
            random.uniform(-900, 900),
        )
        phone = f"07700{random.randint(900_000, 900_999)}"
        contact = {"contact_id": id_of(f"contact {number}"), "kind": "phone", "value": phone,
                   "standing": "in_use"}  # fmt: skip
        yield case(name, where, person={
            "phone_numbers": [phone], "contacts": [contact], "household": "", "needs": [],
            "preferred_contact": "", "language": "",
        })  # fmt: skip


def words_of(cases: Sequence[tuple[str, Bodies]]) -> set[str]:
    """List what these cases say of anybody: names, first lines of addresses, phone numbers."""
    people = [body for _id, bodies in cases for body in bodies["person"].values()]
    return {
        said
        for person in people
        for said in (person["name"], person["addresses"][0]["lines"][0], *person["phone_numbers"])
    }
