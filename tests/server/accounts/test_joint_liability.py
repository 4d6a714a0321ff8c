"""Shows two people who owe one debt, each with a case and an officer of their own, told the same."""

from __future__ import annotations

from datetime import date

from server.payments.commands import RecordPayment
from server.recovery.commands import EndHold, PlaceHold
from shared.visits import RecordVisit
from tests.server.office import NOW, Office, new_id
from tests.server.scenes import assign_case, open_debt, open_person, records


def test_a_payment_a_hold_and_a_visit_for_one_show_on_the_other_ones_device(
    office: Office,
) -> None:
    jane, john = open_person(office, "Jane", "Smith"), open_person(office, "John", "Smith")
    owed = open_debt(office, jane, john, pence=80_000)
    janes, johns = (assign_case(office, person, owed.debt_id) for person in (jane, john))

    office.give(
        RecordPayment(
            transaction_id=new_id(),
            debt_id=owed.debt_id,
            amount_pence=5_000,
            received_on=date(2027, 3, 3),
            method="cash",
        )
    )
    hold = PlaceHold(
        hold_id=new_id(), debt_id=owed.debt_id, reason="breathing_space", from_on=date(2027, 3, 4)
    )
    office.give(hold)
    visit = RecordVisit(
        visit_id=new_id(), case_id=janes, happened_at=NOW, outcome="spoke_to_person", notes="Upset"
    )
    office.give(visit)

    for case_id in (janes, johns):
        debt = records(office, case_id, "debt")[owed.debt_id]
        assert debt["balance_pence"] == 75_000
        assert debt["last_payment"] == {"received_on": "2027-03-03", "amount_pence": 5_000}
        assert [party["name"] for party in debt["liable"]] == ["Jane Smith", "John Smith"]
        assert list(records(office, case_id, "hold")) == [hold.hold_id]
    assert records(office, janes, "visit")[visit.visit_id]["notes"] == "Upset"
    elsewhere = records(office, johns, "visit_elsewhere")[visit.visit_id]
    assert "notes" not in elsewhere

    office.give(EndHold(hold_id=hold.hold_id, debt_id=owed.debt_id, last_day=date(2027, 3, 9)))
    untils = [records(office, case, "hold")[hold.hold_id]["until"] for case in (janes, johns)]
    assert untils == ["2027-03-10", "2027-03-10"]
