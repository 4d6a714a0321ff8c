"""What no log may hold: the people whom tests know of, their secrets, and what stands before a secret."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random

from server.demo.council import USERS
from server.demo.pairing import PASSPHRASE as DEMONSTRATION
from server.demo.people_orders import Draft, orders
from server.demo.residents import SEED
from server.people.commands import OpenPerson, RecordAddress, RecordContact
from tests.field_client.running import PASSPHRASE
from tests.field_client.vault.sample import a_day
from tests.traces import SHORTEST, Traces

HOUSEHOLDS = 40
"""As many of the fictional council as the tests make who run all of it."""

SIGNS = (
    *("PRIVATE KEY", "SECRET-KEY-", "Signature-Input", "signature: sig", "Authorization: "),
    *("Cookie: ", "fieldfare_session=", "__Host-fieldfare="),
    *("[parameters: ", "DETAIL:  Key (", "DETAIL:  Failing row"),
)
"""What stands before a key, a signature or a cookie, and before the values that a database quotes."""


def sought() -> Traces:
    """Gather everybody whom the tests' councils and vaults know of, and every secret they share."""
    people = [
        person
        for _case_id, bodies in a_day(datetime(2026, 11, 2, tzinfo=UTC))
        for person in bodies["person"].values()
    ]
    said = [line for person in people for line in (person["name"], *person["phone_numbers"])]
    said += [home["lines"][0] for person in people for home in person["addresses"]]
    draft = Draft(random=Random(SEED), today=datetime(2026, 11, 2, tzinfo=UTC).date())
    for command in orders(draft, HOUSEHOLDS, 0):
        match command:
            case OpenPerson():
                said.append(f"{command.forenames} {command.surname}")
            case RecordAddress():
                said.append(command.lines.splitlines()[0])
            case RecordContact():
                said.append(command.value)
            case _:
                pass
    secrets = (PASSPHRASE, DEMONSTRATION, *(user.password for user in USERS))
    return Traces(
        {each for each in said if len(each) >= SHORTEST},
        {f"“{each}”": each.encode() for each in (*secrets, *SIGNS)},
    )
