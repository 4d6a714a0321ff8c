"""Saves things in a vault the way the screens do, for tests that look at what comes of it."""

from __future__ import annotations

from datetime import UTC, datetime

from field_client import clock
from field_client.vault import photographs
from field_client.vault.execute import Saving, execute
from field_client.vault.pictures import read_picture
from field_client.vault.store import Store
from shared.contacts import RecordPhoneNumber
from shared.photographs import RecordPhotograph
from shared.visits import RecordVisit
from tests.field_client.vault.sample import OFFICER, id_of


def save_visit(
    store: Store,
    case_name: str,
    visit: str = "a visit",
    *,
    outcome: str = "no_answer",
    number: str | None = None,
    picture: bytes | None = None,
) -> str:
    """Save a visit, with a phone number and a photograph when given; give its id."""
    visit_id, case_id, now = id_of(visit), id_of(case_name), datetime.now(UTC)
    command = RecordVisit(
        visit_id=visit_id,
        case_id=case_id,
        happened_at=now,
        outcome=outcome,
        notes="Curtains drawn.",
    )
    savings = [Saving(command_id=id_of(f"{visit} command"), command=command)]
    if number:
        given = RecordPhoneNumber(
            contact_id=id_of(f"{visit} contact"),
            case_id=case_id,
            person_id=id_of(f"person {case_name}"),
            number=number,
        )
        savings.append(Saving(command_id=id_of(f"{visit} number"), command=given))
    if picture:
        made = read_picture(picture)
        photographs.keep(store, made, visit_id=visit_id, case_id=case_id, purpose="premises")
        taken = RecordPhotograph(
            photograph_id=made.photograph_id,
            visit_id=visit_id,
            case_id=case_id,
            purpose="premises",
            size_bytes=len(made.body),
        )
        savings.append(Saving(command_id=id_of(f"{visit} picture"), command=taken))
    execute(store, OFFICER, savings, clock=clock.reading(), now=now, group=visit_id)
    photographs.note_recorded(store, visit_id)
    return visit_id
