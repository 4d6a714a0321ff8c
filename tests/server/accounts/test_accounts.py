"""Shows how accounts and debts are opened and amended, who is liable, and what a device is given."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import insert, select

from server.accounts.commands import AmendAccount, OpenAccount, OpenDebt, RecordLiableParty
from server.accounts.tables import AccountRow, DebtRow, LiablePartyRow
from server.cases.tables import CaseDebtRow
from server.spine.case_files import load_case_files
from server.spine.tables import ChangeRow
from shared.case_file import DEBTS_MAX, CaseDebt
from shared.commands import Command, Outcome
from shared.values import Pence
from tests.server.office import NOW, Office, new_id
from tests.server.scenes import assign_case, open_debt, open_person, records

RATES = OpenAccount(
    account_id=new_id(),
    reference="NN100200300",
    debt_type="business_rates",
    source="northgate",
    property_reference="BRD0001",
    address_id=new_id(),
    lines="Unit 4, Saltmarsh Mill",
    postcode="BD1 1AA",
    uprn="100050",
    liable_from=date(2026, 4, 1),
    rateable_value=12_500,
    balance_master="host",
    imported_hash="a" * 64,
)

BILL = OpenDebt(
    debt_id=new_id(),
    account_id=RATES.account_id,
    reference="2026-27",
    from_on=date(2026, 4, 1),
    until=date(2027, 4, 1),
    transaction_id=new_id(),
    charge_pence=250_000,
    charged_on=date(2026, 4, 1),
)


def test_an_account_is_opened_with_the_property_it_is_for(office: Office) -> None:
    office.give(RATES)
    with office.look() as session:
        row = session.scalars(select(AccountRow)).one()
    assert (row.reference, row.rateable_value, row.liable_from, row.address_id) == (
        "NN100200300",
        12_500,
        date(2026, 4, 1),
        RATES.address_id,
    )


def test_one_reference_of_a_kind_and_source_is_one_account(office: Office) -> None:
    other = replace(RATES, account_id=new_id())
    results = office.door.execute_many([office.order(RATES), office.order(other)], now=NOW)
    assert [r.outcome for r in results] == [Outcome.APPLIED, Outcome.REFUSED]
    assert (results[1].code, results[1].at_field) == ("account.reference_taken", "reference")
    assert office.ask(RATES).code == "account.known"
    office.give(replace(other, source="another system"))
    office.give(replace(other, account_id=new_id(), debt_type="sundry"))


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"liable_until": date(2026, 4, 1)}, "account.periods", "liable_until"),
        ({"lines": "", "postcode": ""}, "account.place_missing", "lines"),
    ],
)
def test_an_account_with_impossible_details_is_refused(
    office: Office, change: dict[str, object], code: str, field: str
) -> None:
    result = office.ask(replace(RATES, **change))  # type: ignore[arg-type]  # what the case varies
    assert (result.code, result.at_field) == (code, field)


def test_only_what_moved_on_an_account_is_changed(office: Office) -> None:
    office.give(RATES)
    same = AmendAccount(
        account_id=RATES.account_id,
        property_reference=RATES.property_reference,
        address_id=new_id(),
        lines="written another way",
        uprn="100050",
        liable_from=RATES.liable_from,
        rateable_value=RATES.rateable_value,
        imported_hash=RATES.imported_hash,
    )
    assert office.give(same).outcome is Outcome.NO_CHANGE
    moved = replace(same, rateable_value=13_000, liable_until=date(2027, 1, 1))
    assert office.give(moved).outcome is Outcome.APPLIED
    with office.look() as session:
        line = session.scalars(
            select(ChangeRow.line).where(ChangeRow.name == "AccountAmended")
        ).one()
        row = session.scalars(select(AccountRow)).one()
    assert line["moved"] == ["liable_until", "rateable_value"]
    assert (row.rateable_value, row.liable_until) == (13_000, date(2027, 1, 1))
    assert office.ask(replace(moved, account_id=new_id())).code == "account.unknown"


def test_a_debt_begins_with_what_was_charged(office: Office) -> None:
    office.give_all([RATES, BILL])
    with office.look() as session:
        debt = session.scalars(select(DebtRow)).one()
    assert (debt.balance_pence, debt.stage, debt.until) == (250_000, "billed", date(2027, 4, 1))


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({}, "debt.known", None),
        ({"debt_id": new_id()}, "debt.reference_taken", "reference"),
        ({"debt_id": new_id(), "account_id": new_id()}, "account.unknown", None),
        (
            {"debt_id": new_id(), "reference": "other", "until": date(2026, 4, 1)},
            "account.periods",
            "until",
        ),
        (
            {"debt_id": new_id(), "reference": "other", "charged_on": None},
            "debt.charge_undated",
            "charged_on",
        ),
    ],
)
def test_a_debt_that_cannot_be_is_refused(
    office: Office, change: dict[str, object], code: str, field: str | None
) -> None:
    office.give_all([RATES, BILL])
    result = office.ask(replace(BILL, **change))  # type: ignore[arg-type]  # what the case varies
    assert (result.code, result.at_field) == (code, field)


def test_liability_said_again_with_other_days_has_the_later_days(office: Office) -> None:
    jane = open_person(office, "Jane", "Smith")
    office.give_all([RATES, BILL])
    liable = RecordLiableParty(debt_id=BILL.debt_id, person_id=jane)
    again = [liable, liable, replace(liable, until=date(2026, 9, 1))]
    outcomes = [office.give(command).outcome for command in again]
    assert outcomes == [Outcome.APPLIED, Outcome.NO_CHANGE, Outcome.APPLIED]
    with office.look() as session:
        assert session.execute(select(LiablePartyRow.until)).all() == [(date(2026, 9, 1),)]


def test_liability_needs_a_debt_a_person_and_possible_days(office: Office) -> None:
    jane = open_person(office, "Jane", "Smith")
    office.give_all([RATES, BILL])
    liable = RecordLiableParty(debt_id=BILL.debt_id, person_id=jane)
    wrong: list[tuple[Command, str]] = [
        (replace(liable, debt_id=new_id()), "debt.unknown"),
        (replace(liable, person_id=new_id()), "person.unknown"),
        (
            replace(liable, from_on=date(2027, 1, 2), until=date(2027, 1, 2)),
            "account.periods",
        ),
    ]
    assert [office.ask(command).code for command, _ in wrong] == [code for _, code in wrong]


def test_a_device_is_given_each_debt_and_what_they_come_to(office: Office) -> None:
    jane, john = open_person(office, "Jane", "Smith"), open_person(office, "Ann", "Brown")
    tax = open_debt(office, jane, john, pence=120_050, reference="8804221")
    rates = open_debt(office, jane, pence=5_000, debt_type="business_rates")
    case_id = assign_case(office, jane, tax.debt_id, rates.debt_id)
    assert records(office, case_id, "debt")[tax.debt_id] == {
        "account_id": tax.account_id,
        "account_reference": "8804221",
        "debt_type": "council_tax",
        "address_id": None,
        "reference": "8804221-1",
        "from_on": "2026-04-01",
        "until": "2027-04-01",
        "stage": "billed",
        "balance_pence": 120_050,
        "last_payment": None,
        "liable": [
            {"person_id": john, "name": "Ann Brown"},
            {"person_id": jane, "name": "Jane Smith"},
        ],
    }
    assert records(office, case_id, "debt_totals") == {
        case_id: {
            "debts": 2,
            "balance_pence": 125_050,
            "by_type": {
                "business_rates": {"debts": 1, "balance_pence": 5_000},
                "council_tax": {"debts": 1, "balance_pence": 120_050},
            },
        }
    }


def test_a_case_file_carries_the_largest_debts_in_full(office: Office) -> None:
    jane = open_person(office, "Jane", "Smith")
    office.give(RATES)
    bills = [
        replace(
            BILL,
            debt_id=new_id(),
            transaction_id=new_id(),
            reference=str(number),
            charge_pence=1_000 + number,
        )
        for number in range(DEBTS_MAX + 3)
    ]
    office.give_all(bills)
    case_id = assign_case(office, jane, *(bill.debt_id for bill in bills[:DEBTS_MAX]))
    with office.sessions() as session, session.begin():
        session.execute(
            insert(CaseDebtRow),
            [
                {"case_id": case_id, "debt_id": bill.debt_id, "added_at": NOW}
                for bill in bills[DEBTS_MAX:]
            ],
        )
    with office.look() as session:
        debts = load_case_files(session, office.door.house, {case_id})[case_id].debts
    assert len(debts) == DEBTS_MAX
    assert debts[0] == CaseDebt(
        debt_id=bills[-1].debt_id,
        account_id=RATES.account_id,
        debt_type="business_rates",
        balance_pence=Pence(1_000 + DEBTS_MAX + 2),
    )
    assert debts[-1].balance_pence == 1_003
