"""Shows that writers on two debts of one case leave no field record of it as it was before."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date

from server.payments.commands import RecordPayment
from server.spine import projections
from tests.server.office import Office, new_id
from tests.server.scenes import assign_case, open_debt, open_person


def test_writers_on_two_debts_of_a_case_leave_no_stale_record(office: Office) -> None:
    jane = open_person(office, "Jane", "Smith")
    debts = [open_debt(office, jane).debt_id for _ in range(3)]
    case_id = assign_case(office, jane, *debts)

    def pay(number: int) -> None:
        for turn in range(12):
            office.give(
                RecordPayment(
                    transaction_id=new_id(),
                    debt_id=debts[(number + turn) % 3],
                    amount_pence=100,
                    received_on=date(2027, 3, 4),
                    method="bank",
                )
            )

    with ThreadPoolExecutor(4) as writers:
        list(writers.map(pay, range(4)))
    with office.look() as session:
        assert projections.compare(session, office.door.house, {case_id}).stale == {}
