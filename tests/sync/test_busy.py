"""An office that is busy keeps nobody's work from arriving and throws none of it away."""

from __future__ import annotations

import pytest

from shared.visits import PlanVisit
from tests.simulation.office import Busy, Hold
from tests.sync.bench import Bench


def test_a_visit_that_meets_a_locked_case_is_not_set_aside(bench: Bench) -> None:
    device = bench.devices[0]
    case_id = bench.assign(device, 0)
    bench.sync(device)
    device.save([bench.visit(case_id)], bench.world.now)
    plan = PlanVisit(
        planned_visit_id=bench.ids(),
        case_id=case_id,
        officer_id=device.officer.user_id,
        purpose="arrears",
        planned_on=bench.world.today,
    )
    planning = bench.begin(plan, hold=Hold(statement=5))
    assert not planning.ended

    with pytest.raises(Busy):
        bench.sync(device)
    assert device.store.waiting(1)

    bench.office.go_on(planning)
    bench.sync(device)
    assert device.store.rows("SELECT outcome FROM outbox") == [("applied",)]
