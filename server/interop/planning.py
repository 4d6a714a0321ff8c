"""Plans account after account of a file against what is known; where nothing moved there is no plan."""

from __future__ import annotations

from server.interop.account_plans import plan_details
from server.interop.debt_plans import plan_debts
from server.interop.known import Known
from server.interop.liability_plans import plan_holds, plan_liability, plan_task
from server.interop.payers import People, Terms
from server.interop.pictures import Picture
from server.interop.plans import Plan, Situation, moved_parts


class Planner:
    """Plans the accounts of one block; each sees whom those before it open."""

    def __init__(self, known: Known, terms: Terms) -> None:
        self._known = known
        self._people = People(known, terms)

    def plan(self, picture: Picture) -> Plan:
        """Plan one account."""
        account = self._known.accounts.get(picture.key)
        account_id = account.account_id if account else picture.account_id
        remembered = self._known.remembered.get(account_id)
        plan = Plan(picture=picture, account_id=account_id, moved=moved_parts(picture, remembered))
        if not plan.moved:
            return plan
        here = Situation(plan=plan, people=self._people, account=account, remembered=remembered)
        plan_details(here)
        debts = plan_debts(here)
        still_liable = plan_liability(here, debts)
        plan_holds(here, debts)
        plan_task(here, still_liable=still_liable)
        return plan
