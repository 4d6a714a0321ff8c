"""People who owe something, each with all that an address of the office can name, many at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from server.accounts.commands import OpenAccount, OpenDebt, RecordLiableParty
from server.cases.commands import OpenCase
from server.need_to_know.commands import GiveAccess, RestrictPerson
from server.payments.commands import RecordPayment
from server.people.commands import OpenPerson, RecordAddress, RecordContact
from server.people.corrections import ChangeDetails
from server.people.markers import RecordMarker
from server.reconciling.tables import ConflictRow
from server.recovery.commands import PlaceHold
from server.spine import clock
from server.spine.orders import Order
from server.visits.tables import PhotographRow, PlannedVisitRow, VisitRow
from server.worktray.commands import RaiseTask
from shared.commands import Actor, Command
from tests.server.access.conftest import Office

TODAY = date(2026, 11, 2)


@dataclass(frozen=True)
class Household:
    """One person with an account, a debt, a case and one of everything an address can name."""

    number: int
    ids: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        names = ("person", "account", "debt", "case", "visit", "planned_visit", "task", "conflict")
        for name in (*names, "hold", "payment", "contact", "marker", "address", "residence"):
            self.ids[f"{name}_id"] = clock.new_id()
        self.ids["digest"] = f"{self.number:064x}"

    def __getitem__(self, name: str) -> str:
        return self.ids[f"{name}_id"]

    @property
    def surname(self) -> str:
        """A name nobody else has."""
        return f"Quillfeather{self.number:03d}x"

    @property
    def reference(self) -> str:
        """What the account is found by."""
        return f"QF{self.number:05d}"

    def commands(self) -> list[Command]:
        """Write what makes it, in an order that works."""
        return [
            OpenPerson(
                person_id=self["person"],
                kind="individual",
                forenames="Ada",
                surname=self.surname,
            ),
            RecordAddress(
                residence_id=self["residence"],
                person_id=self["person"],
                address_id=self["address"],
                lines=f"{self.number} Larkrise {self.surname} Row",
                postcode="ZZ9 9ZZ",
            ),
            RecordContact(
                contact_id=self["contact"],
                person_id=self["person"],
                kind="phone",
                value=f"01632 9{self.number:05d}",
            ),
            RecordMarker(
                marker_id=self["marker"],
                person_id=self["person"],
                kind="dangerous_dog",
                note=f"A dog at {self.surname}",
                from_on=TODAY,
                review_on=clock.today() + timedelta(days=30),
            ),
            OpenAccount(
                account_id=self["account"], reference=self.reference, debt_type="council_tax"
            ),
            OpenDebt(
                debt_id=self["debt"],
                account_id=self["account"],
                reference=f"{self.reference}-1",
                transaction_id=clock.new_id(),
                charge_pence=50_000,
                charged_on=TODAY,
            ),
            RecordLiableParty(debt_id=self["debt"], person_id=self["person"]),
            PlaceHold(hold_id=self["hold"], debt_id=self["debt"], reason="dispute", from_on=TODAY),
            RecordPayment(
                transaction_id=self["payment"],
                debt_id=self["debt"],
                amount_pence=1_000,
                received_on=TODAY,
                method="bank",
            ),
            OpenCase(case_id=self["case"], person_id=self["person"], debt_ids=(self["debt"],)),
            RaiseTask(task_id=self["task"], kind="decide", case_id=self["case"], note=self.surname),
        ]

    def sensitive(self) -> list[Command]:
        """Write something of each sensitive class, in words that nothing else has."""
        edits = {"household": {"was": "", "now": f"Plumage{self.number:03d}household"}}
        return [
            ChangeDetails(person_id=self["person"], edits=edits),
            *(
                RecordMarker(
                    marker_id=clock.new_id(),
                    person_id=self["person"],
                    kind=kind,
                    note=f"Plumage{self.number:03d}{kind}",
                    from_on=TODAY,
                    review_on=clock.today() + timedelta(days=30),
                )
                for kind in ("vulnerable", "protected_address", "safeguarding")
            ),
        ]

    def rows(self, officer_id: str) -> list[object]:
        """Write what only a device or a plan would bring: a visit made and one to make, a conflict."""
        now = datetime.now(UTC)
        return [
            PlannedVisitRow(
                planned_visit_id=self["planned_visit"],
                case_id=self["case"],
                officer_id=officer_id,
                purpose="arrears",
                planned_on=clock.today(),
                instructions=self.surname,
            ),
            VisitRow(
                visit_id=self["visit"],
                case_id=self["case"],
                officer_id=officer_id,
                happened_at=now,
                received_at=now,
                outcome="no_answer",
                notes=self.surname,
                flags=[],
                met_person_ids=[],
            ),
            ConflictRow(
                conflict_id=self["conflict"],
                record="person",
                record_id=self["person"],
                field="language",
                case_id=self["case"],
                person_id=self["person"],
                was="",
                office=self.surname,
                opened_at=now,
                open=True,
            ),
        ]

    def later_rows(self) -> list[object]:
        """Write what hangs on those rows."""
        return [
            PhotographRow(
                photograph_id=self.ids["digest"],
                visit_id=self["visit"],
                case_id=self["case"],
                purpose="premises",
                size_bytes=1,
            )
        ]


def give_all(office: Office, commands: Sequence[Command], actor: Actor | None = None) -> None:
    """Give many commands at once; none may be refused."""
    now = datetime.now(UTC)
    orders = [
        Order(
            command=command,
            command_id=clock.new_id(),
            actor=actor or office.root,
            happened_at=now,
        )
        for command in commands
    ]
    with office.app.app_context():
        for result in office.door.execute_many(orders, now=now):
            result.raise_if_refused()


def build(office: Office, count: int, officer_id: str) -> list[Household]:
    """Make so many households, each with everything."""
    made = [Household(number) for number in range(1, count + 1)]
    of_each = [household.commands() for household in made]
    give_all(office, [command for kind in zip(*of_each, strict=True) for command in kind])
    with office.session() as session, session.begin():
        session.add_all(row for household in made for row in household.rows(officer_id))
        session.flush()
        session.add_all(row for household in made for row in household.later_rows())
    return made


def restrict(office: Office, keeper: str, *lists: tuple[Household, str], own: str = "") -> None:
    """Restrict people, with a keeper first on each list, and beside them this user if one is named."""
    keeping = office.actor(keeper)
    restricted = [
        RestrictPerson(
            person_id=household["person"],
            reason="council_staff",
            note="Works in our team",
            user_id=own,
        )
        for household, _user in lists
    ]
    give_all(office, restricted, keeping)
    given = [GiveAccess(person_id=each["person"], user_id=user) for each, user in lists if user]
    give_all(office, given, keeping)
