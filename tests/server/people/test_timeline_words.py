"""Shows that whatever can stand on a timeline has words of its own there."""

from __future__ import annotations

from server.app import AREAS
from server.interop.commands import ImportBegun, ImportFinished, PayerReferenceRecorded
from server.people.said_elsewhere import SENTENCES as SAID_ELSEWHERE
from server.sync_health.commands import SyncLimitsSet
from shared.commands import Change
from tests.server.interop.taking import ask, take_in
from tests.server.office import Office

ABOUT_NOBODY = {ImportBegun, ImportFinished, SyncLimitsSet}
"""Changes that name no person, account, debt or case, besides those about users and devices."""

OF_USERS_AND_DEVICES = {"access", "entrance", "leasing", "wiping"}


def test_every_change_about_a_person_account_or_case_has_words() -> None:
    said: set[type[Change]] = set(SAID_ELSEWHERE)
    recorded: set[type[Change]] = set()
    for area in AREAS:
        said |= set(area.sentences)
        if area.name not in OF_USERS_AND_DEVICES:
            recorded |= set(area.recorders)
    assert recorded - ABOUT_NOBODY == said


def test_an_imports_reference_is_said_with_the_system_it_came_from(office: Office) -> None:
    take_in(office, {"Ref": "1", "Payer": "Mrs Ann Marsh", "Payer ref": "P77", "Owed": "1.00"})
    [line] = ask(office, "SELECT line FROM change WHERE name = 'PayerReferenceRecorded'")
    say = next(a.sentences for a in AREAS if a.name == "interop")[PayerReferenceRecorded]
    assert str(say(line)) == "Known to Revenues as P77"
