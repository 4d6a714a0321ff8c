"""Shows that a form opened before somebody else saved is not saved over theirs, and loses nothing typed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from html import unescape

import pytest
from sqlalchemy import select

from server.people.commands import ChangeName, RecordContact
from server.people.corrections import ChangeContact, ChangeDetails
from server.people.markers import EndMarker, RecordMarker
from server.people.tables import ContactRow, PersonRow, ResidenceRow
from server.recovery.commands import EndHold, PlaceHold
from server.recovery.tables import HoldRow
from server.spine import clock
from shared.details import CorrectDetails
from shared.markers import ProposeMarkerRemoval
from tests.server.day import Browser, Day
from tests.server.office import Office, new_id
from tests.server.reading import words_of
from tests.server.reconciling.saying import officer_of, written
from tests.server.scenes import assign_case, live_at, open_debt, open_person
from tests.server.town import office_of, someone_who_may


@dataclass(frozen=True)
class Scene:
    """The office, somebody at one of its forms, and Jane."""

    office: Office
    browser: Browser
    jane: str

    @property
    def page(self) -> str:
        return f"/people/{self.jane}"

    def person(self) -> PersonRow:
        with self.office.look() as session:
            row = session.get(PersonRow, self.jane)
        assert row is not None
        return row

    def meanwhile(self, **edits: tuple[object, object]) -> None:
        """Somebody else puts Jane's details right."""
        self.office.give(ChangeDetails(person_id=self.jane, edits=written(edits)))


@pytest.fixture
def scene(day: Day) -> Scene:
    office = office_of(day)
    jane = open_person(office, "Jane", "Smith", title="Mrs", language="Welsh")
    return Scene(office, someone_who_may(day), jane)


def filled(html: str, **answers: object) -> dict[str, object]:
    """Fill in the one form of a page: what it carries, what stands in its boxes, and the answers."""
    found: dict[str, object] = {}
    for box in re.findall(r"<input[^>]*>", html):
        kind, name = _part(box, "type"), _part(box, "name")
        if not name or (kind in {"radio", "checkbox"} and " checked" not in box):
            continue
        value = unescape(_part(box, "value"))
        found[name] = [*found[name], value] if isinstance(found.get(name), list) else value
    for name, text in re.findall(
        r'<textarea[^>]*name="([^"]+)"[^>]*>(.*?)</textarea>', html, re.DOTALL
    ):
        found[name] = unescape(text).strip()
    for name, options in re.findall(
        r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', html, re.DOTALL
    ):
        chosen = re.search(r'value="([^"]*)"[^>]* selected', options)
        found[name] = chosen[1] if chosen else ""
    return {**found, **answers}


def _part(box: str, name: str) -> str:
    found = re.search(rf' {name}="([^"]*)"', box)
    return found[1] if found else ""


def send(scene: Scene, url: str, fields: Mapping[str, object], status: int = 303) -> str:
    return scene.browser.post(url, status, **fields)


def test_two_who_change_different_details_both_have_their_way(scene: Scene) -> None:
    url = f"{scene.page}/details"
    form = filled(scene.browser.get(url), household="A lodger", needs=["interpreter"])
    scene.meanwhile(language=("Welsh", "Polish"), needs=([], ["large_print"]))
    send(scene, url, form)
    jane = scene.person()
    assert (jane.language, jane.household) == ("Polish", "A lodger")
    assert jane.needs == ["interpreter", "large_print"]


@pytest.mark.parametrize(("take", "language"), [("theirs", "Polish"), ("yours", "Slovak")])
def test_two_who_change_one_detail_choose_between_them(
    scene: Scene, take: str, language: str
) -> None:
    url = f"{scene.page}/details"
    form = filled(scene.browser.get(url), language="Slovak", household="A lodger")
    scene.meanwhile(language=("Welsh", "Polish"), preferred_contact=("", "letter"))
    merging = send(scene, url, form, 409)
    said = words_of(merging)
    for word in ("Before Welsh", "Theirs Polish", "Yours Slovak", "What only they changed is kept"):
        assert word in said
    assert "A lodger" in merging
    send(scene, url, filled(merging, **{"take-language": take}))
    jane = scene.person()
    assert (jane.language, jane.household) == (language, "A lodger")
    assert jane.preferred_contact == "letter"


def test_a_third_who_saves_during_the_merge_is_not_saved_over_either(scene: Scene) -> None:
    url = f"{scene.page}/details"
    form = filled(scene.browser.get(url), language="Slovak")
    scene.meanwhile(language=("Welsh", "Polish"))
    merging = send(scene, url, form, 409)
    scene.meanwhile(language=("Polish", "Basque"))
    again = send(scene, url, filled(merging, **{"take-language": "yours"}), 409)
    assert "Theirs Basque" in words_of(again)
    send(scene, url, filled(again, **{"take-language": "theirs"}))
    assert scene.person().language == "Basque"


def test_a_date_of_birth_is_put_right_and_not_in_the_future(scene: Scene) -> None:
    url = f"{scene.page}/details"
    born = {"born_on-day": "2", "born_on-month": "5", "born_on-year": "1961"}
    send(scene, url, filled(scene.browser.get(url), **born))
    assert scene.person().born_on == date(1961, 5, 2)
    late = filled(scene.browser.get(url), **{**born, "born_on-year": "2090"})
    assert "Enter a date of birth in the past" in words_of(send(scene, url, late, 422))
    blank = filled(scene.browser.get(url), **dict.fromkeys(born, ""))
    send(scene, url, blank)
    assert scene.person().born_on is None


def test_saving_details_unchanged_changes_nothing(scene: Scene) -> None:
    url = f"{scene.page}/details"
    send(scene, url, filled(scene.browser.get(url)))
    assert scene.person().language == "Welsh"


def test_a_name_somebody_else_changed_is_not_saved_over(scene: Scene) -> None:
    url = f"{scene.page}/name"
    form = filled(scene.browser.get(url), surname="Smythe")
    scene.office.give(
        ChangeName(
            person_id=scene.jane,
            former_name_id=new_id(),
            title="Dr",
            forenames="Jane",
            surname="Jones",
        )
    )
    merging = send(scene, url, form, 409)
    said = words_of(merging)
    assert "Surname" in said
    assert "Before Smith" in said
    assert "Theirs Jones" in said
    assert "Yours Smythe" in said
    send(scene, url, filled(merging, **{"take-surname": "yours"}))
    jane = scene.person()
    assert (jane.title, jane.name) == ("Dr", "Jane Smythe")


def test_parts_of_a_name_that_two_changed_apart_are_joined(scene: Scene) -> None:
    url = f"{scene.page}/name"
    form = filled(scene.browser.get(url), surname="Smythe")
    scene.office.give(
        ChangeName(
            person_id=scene.jane,
            former_name_id=new_id(),
            title="Dr",
            forenames="Jane",
            surname="Smith",
        )
    )
    send(scene, url, form)
    assert (scene.person().title, scene.person().name) == ("Dr", "Jane Smythe")


def test_a_new_home_is_not_recorded_over_one_that_somebody_else_recorded(scene: Scene) -> None:
    url = f"{scene.page}/addresses/new"
    form = filled(scene.browser.get(url), lines="2 Low Road", postcode="BD2 2BB")
    live_at(scene.office, scene.jane, "1 High Street", "BD1 1AA")
    merging = send(scene, url, form, 409)
    said = words_of(merging)
    assert "Before Nothing" in said
    assert "Theirs 1 High Street, BD1 1AA" in said
    assert "Yours 2 Low Road, BD2 2BB" in said
    keep = filled(merging, **{"take-lines": "theirs"})
    send(scene, url, keep)
    with scene.office.look() as session:
        assert len(session.scalars(select(ResidenceRow)).all()) == 1
    send(scene, url, filled(merging, **{"take-lines": "yours"}))
    with scene.office.look() as session:
        homes = session.scalars(select(ResidenceRow)).all()
    assert sorted(home.until is None for home in homes) == [False, True]


def test_a_number_is_marked_wrong_and_right_again(scene: Scene) -> None:
    contact_id = new_id()
    scene.office.give(
        RecordContact(
            contact_id=contact_id, person_id=scene.jane, kind="phone", value="07700900123"
        )
    )
    url = f"{scene.page}/contacts/{contact_id}"
    form = filled(scene.browser.get(url), standing="wrong")
    send(scene, url, form)
    with scene.office.look() as session:
        assert session.scalars(select(ContactRow.standing)).all() == ["wrong"]
    assert "Does not reach them" in words_of(scene.browser.get(scene.page))
    send(scene, url, filled(scene.browser.get(url)))
    blank = filled(scene.browser.get(url), standing="")
    assert "Select whether it reaches them" in words_of(send(scene, url, blank, 422))
    scene.browser.get(f"{scene.page}/contacts/{new_id()}", 404)
    command = ChangeContact(
        person_id=scene.jane, contact_id=new_id(), edits=written({"standing": ("", "wrong")})
    )
    assert scene.office.ask(command).code == "contact.unknown"


def test_the_end_of_a_hold_is_not_recorded_over_another(scene: Scene) -> None:
    owed = open_debt(scene.office, scene.jane)
    hold_id = new_id()
    scene.office.give(
        PlaceHold(hold_id=hold_id, debt_id=owed.debt_id, reason="dispute", from_on=date(2026, 1, 5))
    )
    url = f"/holds/{hold_id}/end"
    day = {"last_day-day": "1", "last_day-month": "3", "last_day-year": "2026"}
    form = filled(scene.browser.get(url), **day)
    scene.office.give(EndHold(hold_id=hold_id, debt_id=owed.debt_id, last_day=date(2026, 4, 30)))
    merging = send(scene, url, form, 409)
    said = words_of(merging)
    assert "Before No last day" in said
    assert "Theirs 30 April 2026" in said
    assert "Yours 1 March 2026" in said
    send(scene, url, filled(merging, **{"take-last_day": "theirs"}))
    with scene.office.look() as session:
        assert session.scalars(select(HoldRow.until)).all() == [date(2026, 5, 1)]
    send(scene, url, filled(merging, **{"take-last_day": "yours"}))
    with scene.office.look() as session:
        assert session.scalars(select(HoldRow.until)).all() == [date(2026, 3, 2)]


def test_a_field_an_officer_disputes_is_decided_and_not_written_over(scene: Scene) -> None:
    case_id = assign_case(scene.office, scene.jane)
    for was, now in (("Welsh", "Polish"), ("Welsh", "Slovak")):
        scene.office.ask(
            CorrectDetails(
                edit_id=new_id(),
                case_id=case_id,
                person_id=scene.jane,
                edits=written({"language": (was, now)}),
            ),
            actor=officer_of(scene.office, case_id),
        )
    assert "An officer and the office differ" in words_of(scene.browser.get(scene.page))
    url = f"{scene.page}/details"
    form = filled(scene.browser.get(url), language="Basque")
    assert "decide that first" in words_of(send(scene, url, form, 422))
    assert scene.person().language == "Polish"


def test_a_warning_an_officer_asks_to_take_off_is_decided_and_not_ended(scene: Scene) -> None:
    case_id = assign_case(scene.office, scene.jane)
    marker = RecordMarker(
        marker_id=new_id(),
        person_id=scene.jane,
        kind="dangerous_dog",
        note="Bit Amina",
        from_on=clock.today(),
        review_on=date(clock.today().year + 1, 1, 1),
    )
    scene.office.give(marker)
    scene.office.ask(
        ProposeMarkerRemoval(
            proposal_id=new_id(), case_id=case_id, marker_id=marker.marker_id, reason="Gone"
        ),
        actor=officer_of(scene.office, case_id),
    )
    ended = scene.office.ask(EndMarker(marker_id=marker.marker_id, reason="Gone"))
    assert ended.code == "marker.proposal_open"


def test_a_form_that_does_not_say_what_it_showed_is_compared_with_what_there_is(
    scene: Scene,
) -> None:
    url = f"{scene.page}/details"
    form = filled(scene.browser.get(url), language="Slovak", seen="nonsense")
    send(scene, url, form)
    assert scene.person().language == "Slovak"
