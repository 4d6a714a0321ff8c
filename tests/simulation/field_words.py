"""What officers say of people in a simulation: details put right, and warnings, which go out first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from field_client.vault.corrections import details_of
from field_client.vault.pending import CaseView
from server.people.corrections import ChangeDetails
from server.reconciling.commands import DecideConflict
from shared.commands import Command
from shared.details import CorrectDetails
from shared.markers import KINDS, AddMarker, ProposeMarkerRemoval

if TYPE_CHECKING:
    from tests.simulation.story import Story

SAID: dict[str, tuple[object, ...]] = {
    "language": ("Cymraeg", "Polski", "Urdu", ""),
    "household": ("A lodger", "Two small children", "A sister", ""),
    "needs": (["large_print"], ["interpreter"], ["sign_language"], []),
}
"""What is said of a person, by its field; few values, so that two people say the same at times."""


def correct(story: Story, view: CaseView) -> CorrectDetails | None:
    """Put a person's details right, over what this device shows of them."""
    people = {id_: details_of(body) for id_, body in view.of("person").items() if "needs" in body}
    if not people:
        return None
    person_id = story.random.choice(sorted(people))
    fields = story.random.sample(sorted(SAID), story.random.choice((1, 1, 2)))
    return CorrectDetails(
        edit_id=story.ids(),
        case_id=view.case_id,
        person_id=person_id,
        edits={
            name: {"was": people[person_id][name], "now": story.random.choice(SAID[name])}
            for name in fields
        },
    )


def warn(story: Story, view: CaseView) -> Command | None:
    """Warn of a person of the case; the warning overtakes whatever else waits."""
    people = sorted(view.of("person"))
    if not people:
        return None
    return AddMarker(
        marker_id=story.ids(),
        case_id=view.case_id,
        person_id=story.random.choice(people),
        kind=story.random.choice(sorted(KINDS)),
        note="Met at the door",
    )


def propose(story: Story, view: CaseView) -> Command | None:
    """Ask the office to take a warning off."""
    markers = view.of("marker")
    if not markers:
        return warn(story, view)
    marker_id = story.random.choice(sorted(markers))
    return ProposeMarkerRemoval(
        proposal_id=story.ids(),
        case_id=view.case_id,
        marker_id=marker_id,
        person_id=markers[marker_id].get("person_id"),
        address_id=markers[marker_id].get("address_id"),
        reason="Nobody has seen it since",
    )


def change(story: Story) -> Command:
    """Put details right in the office, over what was once read there."""
    name = story.random.choice(sorted(SAID))
    was, now = story.random.choices(SAID[name], k=2)
    return ChangeDetails(
        person_id=story.random.choice(story.world.people), edits={name: {"was": was, "now": now}}
    )


def differ(story: Story, said: CorrectDetails) -> Command:
    """Put right in the office what an officer, who has not synced since, said something else of."""
    name = story.random.choice(sorted(said.edits))
    others = [word for word in SAID[name] if word != said.edits[name]["now"]]
    was = story.watch.detail(said.person_id, name)
    edits = {name: {"was": was, "now": story.random.choice(others)}}
    return ChangeDetails(person_id=said.person_id, edits=edits)


def decide(story: Story) -> Command:
    """Decide a conflict, or one that somebody else has decided."""
    conflicts = story.watch.conflicts()
    if not conflicts:
        return change(story)
    conflict_id, case_id, person_id, address_id, claims = story.random.choice(conflicts)
    return DecideConflict(
        conflict_id=conflict_id,
        case_id=case_id,
        person_id=person_id,
        address_id=address_id,
        answer=story.random.choice(("office", "before")),
        claims_seen=claims,
    )
