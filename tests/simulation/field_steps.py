"""What officers do in a simulation: visits, numbers, photographs and answers, pressed once or twice."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from field_client.vault.execute import Saving
from field_client.vault.pending import CaseView, case_view
from shared.contacts import RecordPhoneNumber
from shared.details import CorrectDetails
from shared.errors import RuleBroken
from shared.photographs import RecordPhotograph
from shared.reviews import RecordVisitAnswer
from shared.schemas import digest
from shared.visits import OUTCOMES, RecordVisit
from tests.simulation import exchange, field_words, mishaps, office_steps
from tests.simulation.device import Device

if TYPE_CHECKING:
    from tests.simulation.story import Story

NOTES = ("Nobody in", "Ŵyneb wrth y drws \U0001f6aa", 'Said "come back"\nand shut the door', "")
"""What officers write: one language and another, quotes, line breaks, nothing."""

DIFFERENT = 0.8
"""How often the office says something else of what an officer has just said: seldom by chance."""

Pictures = list[tuple[str, str, str, bytes]]


def work(story: Story) -> None:
    """Do one thing at a door and save it."""
    random, device = story.random, story.some_device()
    cases = device.cases()
    if not cases:
        story.note(f"{device.label} has no case to work on")
        exchange.begin_sync(story)
        return
    case_id = random.choice(cases)
    view = case_view(device.store, device.officer.user_id, case_id)
    assert view is not None, "a case that is shown can be opened"
    what = random.choices(
        (_visit, _visit_with_the_rest, _number, _picture, _answer, _draft, _word),
        (8, 5, 3, 2, 4, 2, 50 if story.is_day_of_words else 7),
    )[0]
    what(story, device, view)


def _press(
    story: Story,
    device: Device,
    what: str,
    savings: list[Saving],
    pictures: Pictures,
) -> None:
    """Press "save", sometimes twice, and see that it is said truly."""
    group = story.ids() if len(savings) > 1 else None
    case = story.world.label_of_case(getattr(savings[0].command, "case_id", ""))
    presses = story.random.choice((1, 1, 1, 2))
    mishaps.let_the_disk_fail(story, device)
    try:
        kept = [
            device.save(savings, story.now, group=group, photographs=pictures)
            for _press in range(presses)
        ]
    except mishaps.FAILED as failure:
        mishaps.disk_failed(story, device, f"saves {what} on {case}", failure)
        return
    except RuleBroken as refusal:
        device.disk.forget()
        if not device.disk.has_power:
            mishaps.disk_failed(story, device, f"saves {what} on {case}", refusal)
        if refusal.code == "disk.full":
            story.watch.looked_at("P13")
        pressed = {saving.command_id for saving in savings}
        story.expect(
            "P13",
            not pressed & device.kept(),
            f"{device.label} kept what it said it could not save",
        )
        story.note(f"{device.label} may not save {what} on {case}: {refusal.code}")
        return
    device.disk.forget()
    story.note(f"{device.label} saves {what} on {case}: {kept[0]} kept")
    story.expect("P1", sum(kept[1:]) == 0, "a second press was a second command")


def _the_visit(story: Story, device: Device, view: CaseView) -> RecordVisit:
    random = story.random
    planned = sorted(view.of("planned_visit"))
    people = sorted(view.of("person"))
    return RecordVisit(
        visit_id=story.ids(),
        case_id=view.case_id,
        planned_visit_id=random.choice([*planned, None]),
        happened_at=device.clock(story.now) - timedelta(minutes=random.randrange(30)),
        outcome=random.choice(sorted(OUTCOMES)),
        met_person_ids=tuple(sorted(random.sample(people, random.randrange(len(people) + 1)))),
        notes=random.choice(NOTES),
    )


def _saving(story: Story, command: object) -> Saving:
    return Saving(command_id=story.ids(), command=command)  # type: ignore[arg-type]  # any command


def _visit(story: Story, device: Device, view: CaseView) -> None:
    visit = _the_visit(story, device, view)
    _press(story, device, "a visit", [_saving(story, visit)], [])


def _visit_with_the_rest(story: Story, device: Device, view: CaseView) -> None:
    """Save a visit with photographs, and perhaps a number, as one thing."""
    visit = _the_visit(story, device, view)
    savings, pictures = [_saving(story, visit)], Pictures()
    for _picture_of in range(story.random.choice((1, 2))):
        _take_picture(story, view, visit.visit_id, savings, pictures)
    people = sorted(view.of("person"))
    if people and story.random.random() < 0.5:
        savings.append(_saving(story, _new_number(story, view.case_id, people)))
    with device.store.transaction() as connection:
        connection.execute("DELETE FROM draft WHERE case_id = ?", (view.case_id,))
    _press(story, device, f"a visit and {len(savings) - 1} more", savings, pictures)


def _take_picture(
    story: Story, view: CaseView, visit_id: str, savings: list[Saving], pictures: Pictures
) -> None:
    body = story.ids().encode()
    command = RecordPhotograph(
        photograph_id=digest(body),
        visit_id=visit_id,
        case_id=view.case_id,
        purpose="premises",
        size_bytes=len(body),
    )
    savings.append(_saving(story, command))
    pictures.append((command.photograph_id, visit_id, view.case_id, body))


def _picture(story: Story, device: Device, view: CaseView) -> None:
    visits = sorted(view.of("visit"))
    if not visits:
        return _visit(story, device, view)
    savings, pictures = list[Saving](), Pictures()
    _take_picture(story, view, story.random.choice(visits), savings, pictures)
    return _press(story, device, "a photograph", savings, pictures)


def _new_number(story: Story, case_id: str, people: list[str]) -> RecordPhoneNumber:
    return RecordPhoneNumber(
        contact_id=story.ids(),
        case_id=case_id,
        person_id=story.random.choice(people),
        number=f"077009{story.random.randrange(40):05d}",
    )


def _number(story: Story, device: Device, view: CaseView) -> None:
    people = sorted(view.of("person"))
    if not people:
        return _visit(story, device, view)
    command = _new_number(story, view.case_id, people)
    return _press(story, device, "a phone number", [_saving(story, command)], [])


def _answer(story: Story, device: Device, view: CaseView) -> None:
    returned = sorted(id_ for id_, body in view.of("visit").items() if body["review"] == "returned")
    if not returned:
        return _visit(story, device, view)
    command = RecordVisitAnswer(
        answer_id=story.ids(),
        visit_id=story.random.choice(returned),
        case_id=view.case_id,
        answer="It was dark",
    )
    return _press(story, device, "an answer", [_saving(story, command)], [])


def _word(story: Story, device: Device, view: CaseView) -> None:
    """Say something of a person, at times in one group with a visit."""
    say = story.random.choices(
        (field_words.correct, field_words.warn, field_words.propose), (5, 3, 3)
    )[0]
    if say is field_words.propose:
        view = _with_a_warning(story, device) or view
    command = say(story, view)
    if command is None:
        return _visit(story, device, view)
    _press(story, device, command.name, [_saving(story, command)], [])
    if isinstance(command, CorrectDetails) and story.random.random() < DIFFERENT:
        office_steps.ask(story, [field_words.differ(story, command)])
    return None


def _with_a_warning(story: Story, device: Device) -> CaseView | None:
    """Draw a case that a warning stands on; most have none."""
    views = [case_view(device.store, device.officer.user_id, id_) for id_ in device.cases()]
    warned = [view for view in views if view is not None and view.of("marker")]
    return story.random.choice(warned) if warned else None


def _draft(story: Story, device: Device, view: CaseView) -> None:
    """Type half a visit, which is kept and stands in the way of erasing the case."""
    with device.store.transaction() as connection:
        connection.execute(
            "INSERT INTO draft VALUES (?, ?, 'RecordVisit', '{}', ?) "
            "ON CONFLICT (draft_id) DO NOTHING",
            (story.ids(), view.case_id, story.now.isoformat()),
        )
    story.note(f"{device.label} types on {story.world.label_of_case(view.case_id)}")
