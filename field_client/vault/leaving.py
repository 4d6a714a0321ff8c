"""Tells of cases that are on their way off this device, and what of this officer's keeps them here."""

from __future__ import annotations

from dataclasses import dataclass

from field_client.vault.store import Store
from shared.catalogue import mark
from shared.errors import RuleBroken, register

register(
    {
        "case.taken_back": mark(
            "The office is taking this case back, so nothing new can be begun on it:"
            " ring your office"
        ),
    }
)


@dataclass(frozen=True, kw_only=True)
class Leaving:
    """A case the office has taken back, and what of it has to reach the office first."""

    case_id: str
    unsent: int
    unfinished: int
    photographs: int


_LEAVING = (
    "SELECT DISTINCT purge.case_id, "
    "(SELECT count(DISTINCT coalesce(group_id, command_id)) FROM outbox "
    "  WHERE outbox.case_id = purge.case_id AND outcome IS NULL), "
    "(SELECT count(*) FROM draft WHERE draft.case_id = purge.case_id), "
    "(SELECT count(*) FROM photograph WHERE photograph.case_id = purge.case_id "
    "  AND recorded AND NOT arrived AND settled_at IS NULL) "
    "FROM purge WHERE NOT purge.erased AND EXISTS (SELECT 1 FROM record "
    "  WHERE record.case_id = purge.case_id AND record.view = purge.view)"
)


def every(store: Store) -> dict[str, Leaving]:
    """List the cases that are on their way off, by their id."""
    return {
        case_id: Leaving(
            case_id=case_id, unsent=unsent, unfinished=unfinished, photographs=photographs
        )
        for case_id, unsent, unfinished, photographs in store.rows(_LEAVING)
    }


def of_case(store: Store, case_id: str) -> Leaving | None:
    """Say whether a case is on its way off."""
    return every(store).get(case_id)


def refuse_beginning(store: Store, case_id: str) -> None:
    """Refuse to begin something on a case that is taken back; what is begun may be finished."""
    if of_case(store, case_id) is not None:
        raise RuleBroken("case.taken_back")
