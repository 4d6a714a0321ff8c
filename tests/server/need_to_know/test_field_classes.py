"""What is sensitive is on no list, in no search or export, and on a page only for who may see it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, text

from server.access.tables import RolePermissionRow
from server.cases.commands import AssignCase
from server.people.markers import RecordMarker
from server.spine import clock
from server.spine.tables import FieldClassRow, FieldRecordRow
from shared.commands import Command
from shared.field_classes import (
    FIELD_CLASSES,
    HOLDS,
    MARKERS,
    SENSITIVE,
    FieldClass,
    class_of,
    withheld_unless_entitled,
)
from shared.field_policy import FIELDS
from shared.holds import REASONS
from shared.markers import KINDS
from shared.visits import PlanVisit
from tests.server.access.conftest import Office
from tests.server.need_to_know.restricted_town import TODAY, Household, build, give_all
from tests.server.reading import words_of

PEOPLE = 40
EVERY_PAGE_OF = 5
"""People each of whose pages is read; of the others the two that show the most."""

LISTS = ("/", "/?tray=due", "/?tray=other", "/?tray=conflicts", "/?tray=reviews", "/cases",
         "/visits", "/conflicts", "/hidden-records", "/restricted", "/imports")  # fmt: skip


@dataclass(frozen=True)
class Planted:
    """The five sensitive strings of one household."""

    household: Household

    @property
    def of_class(self) -> dict[str, FieldClass]:
        """Give each string with its class."""
        plumage = f"Plumage{self.household.number:03d}"
        return {
            f"{plumage}household": FieldClass.VULNERABILITY,
            f"{plumage}vulnerable": FieldClass.VULNERABILITY,
            f"{plumage}protected_address": FieldClass.PROTECTED_ADDRESS,
            f"{self.household.number} Larkrise {self.household.surname} Row": (
                FieldClass.PROTECTED_ADDRESS
            ),
            f"{plumage}safeguarding": FieldClass.SAFEGUARDING,
        }


def pages_of(client: FlaskClient, household: Household) -> str:
    """Read the pages about one person that show anything of them."""
    ids = household.ids
    addresses = [f"/people/{ids['person_id']}", f"/cases/{ids['case_id']}"]
    if household.number <= EVERY_PAGE_OF:
        addresses += [
            f"/people/{ids['person_id']}/history",
            f"/people/{ids['person_id']}/details",
            f"/cases/{ids['case_id']}/history",
            f"/accounts/{ids['account_id']}",
            f"/accounts/{ids['account_id']}/history",
            f"/visits/{ids['visit_id']}",
        ]
    return "".join(client.get(each).get_data(as_text=True) for each in addresses)


def lists_of(client: FlaskClient, planted: list[Planted]) -> str:
    """Read every list, and what searching for each string of these finds beside what was typed."""
    found = [client.get(each).get_data(as_text=True) for each in LISTS]
    for each in planted:
        for word in each.of_class:
            page = client.get("/search", query_string={"q": word}).get_data(as_text=True)
            found.append(page.replace(f'value="{word}"', "").replace(f"“{word}”", ""))
    return "".join(found)


def strings_in(html: str, planted: list[Planted]) -> set[str]:
    return {word for each in planted for word in each.of_class if word in html}


@pytest.fixture
def planted(office: Office) -> list[Planted]:
    officer = office.person("omar", "officer")
    made = [Planted(household) for household in build(office, PEOPLE, officer)]
    of_each = [each.household.sensitive() for each in made]
    give_all(office, [command for kind in zip(*of_each, strict=True) for command in kind])
    cases = [each.household["case"] for each in made]
    give_all(office, [AssignCase(case_id=case_id, officer_id=officer) for case_id in cases])
    return made


def take(office: Office, role: str, *permissions: str) -> None:
    """Take permissions from a role, as a council does."""
    with office.session() as session, session.begin():
        for permission in permissions:
            row = session.get(RolePermissionRow, (role, permission))
            assert row is not None
            session.delete(row)


@pytest.mark.timeout(1800)
@pytest.mark.proves("T52")
def test_what_is_sensitive_is_on_no_list_and_on_a_page_only_for_who_may_see_it(
    office: Office, planted: list[Planted], record_property: Callable[[str, object], None]
) -> None:
    every = {word for each in planted for word in each.of_class}
    assert len(every) == 200
    supervisor = office.client_of(office.person("sue", "supervisor"))
    caseworker = office.client_of(office.person("carol", "caseworker"))
    take(office, "caseworker", "vulnerability.see")

    assert strings_in(lists_of(supervisor, planted), planted) == set()
    assert strings_in(lists_of(caseworker, planted[:EVERY_PAGE_OF]), planted) == set()
    entitled = "".join(pages_of(supervisor, each.household) for each in planted)
    assert strings_in(entitled, planted) == every
    withheld = [pages_of(caseworker, each.household) for each in planted]
    assert strings_in("".join(withheld), planted) == set()
    said = "Something that is kept here is withheld from you"
    assert all(page.count(said) >= 2 for page in withheld)
    assert all(page.count(said) >= 7 for page in withheld[:EVERY_PAGE_OF])
    record_property(
        "figure",
        f"{len(every)} strings: 0 on {len(LISTS)} lists and {len(every)} searches, "
        f"{len(every)} on the pages of who may see them, 0 on those of who may not",
    )


@pytest.mark.proves("T52")
def test_a_device_is_given_what_a_visit_needs_and_an_address_only_while_one_is_planned(
    office: Office, planted: list[Planted], record_property: Callable[[str, object], None]
) -> None:
    with office.session() as session, session.begin():
        session.execute(text("UPDATE planned_visit SET state = 'withdrawn'"))
    officer = _officer(office)
    first, others = planted[0], planted[1:]
    give_all(
        office,
        [
            PlanVisit(
                planned_visit_id=clock.new_id(),
                case_id=each.household["case"],
                officer_id=officer,
                purpose="welfare",
                planned_on=clock.today(),
            )
            for each in planted
        ],
    )
    assert _classes_on(office, first) == {FieldClass.VULNERABILITY, FieldClass.PROTECTED_ADDRESS}
    with office.session() as session, session.begin():
        session.execute(text("UPDATE planned_visit SET state = 'made'"))
    give_all(office, [each for other in others for each in _touch(other)])
    assert all(_classes_on(office, each) == {FieldClass.VULNERABILITY} for each in others)
    record_property("figure", f"{len(others)} cases without a visit to come: 0 protected addresses")


def _touch(planted: Planted) -> list[Command]:
    """Write something harmless that has a case shown again."""
    return [
        RecordMarker(
            marker_id=clock.new_id(),
            person_id=planted.household["person"],
            kind="threats",
            note="At the door",
            from_on=TODAY,
            review_on=clock.today() + timedelta(days=30),
        )
    ]


def _officer(office: Office) -> str:
    with office.session() as session:
        found = session.scalar(text("SELECT user_id FROM \"user\" WHERE sign_in = 'omar'"))
    return str(found)


def _classes_on(office: Office, planted: Planted) -> set[FieldClass]:
    """Say of which classes a device is given something of a case."""
    wanted = FieldRecordRow.case_id == planted.household["case"]
    with office.session() as session:
        pack = "".join(filter(None, session.scalars(select(FieldRecordRow.body).where(wanted))))
    return {told for word, told in planted.of_class.items() if word in pack}


def test_whoever_may_see_no_vulnerability_is_not_asked_about_it_and_undoes_nothing(
    office: Office, planted: list[Planted]
) -> None:
    take(office, "caseworker", "vulnerability.see")
    client = office.client_of(office.person("carol", "caseworker"))
    person_id = planted[0].household["person"]
    address = f"/people/{person_id}/details"
    page = client.get(address).get_data(as_text=True)
    assert 'name="household"' not in page
    assert 'name="language"' in page
    sent = {"preferred_contact": "text", "household": "overwritten", "seen": ""}
    assert client.post(address, data=sent).status_code == 303
    with office.session() as session:
        kept = text("SELECT household, preferred_contact FROM person WHERE person_id = :id")
        assert session.execute(kept, {"id": person_id}).one() == ("Plumage001household", "text")


def test_a_hold_for_vulnerability_is_shown_as_a_hold_whose_reason_is_withheld(
    office: Office, planted: list[Planted]
) -> None:
    household = planted[0].household
    with office.session() as session, session.begin():
        session.execute(
            text("UPDATE hold SET reason = 'vulnerability', note = 'Plumed' WHERE hold_id = :id"),
            {"id": household["hold"]},
        )
    seeing = office.client_of(office.person("sue", "supervisor"))
    take(office, "caseworker", "vulnerability.see")
    not_seeing = office.client_of(office.person("carol", "caseworker"))
    for client, reason, note in (
        (seeing, "Vulnerability", True),
        (not_seeing, "Reason withheld", False),
    ):
        for page in (f"/accounts/{household['account']}", f"/people/{household['person']}"):
            shown = words_of(client.get(page).get_data(as_text=True))
            assert reason in shown
            assert ("Plumed" in shown) is note


def test_a_conflict_about_something_withheld_waits_without_its_values_and_is_decided_by_who_sees_it(
    office: Office, planted: list[Planted]
) -> None:
    household = planted[0].household
    with office.session() as session, session.begin():
        session.execute(
            text(
                "UPDATE conflict SET field = 'household', was = '\"Kestrelwas\"',"
                " office = '\"Kestreloffice\"' WHERE conflict_id = :id"
            ),
            {"id": household["conflict"]},
        )
    seeing = office.client_of(office.person("sue", "supervisor"))
    take(office, "caseworker", "vulnerability.see")
    not_seeing = office.client_of(office.person("carol", "caseworker"))
    address = f"/conflicts/{household['conflict']}"
    for client in (seeing, not_seeing):
        tray = words_of(client.get("/?tray=conflicts").get_data(as_text=True))
        assert "Open it to see what it is about" in tray
        assert "Kestrel" not in tray
    assert "Kestreloffice" in seeing.get(address).get_data(as_text=True)
    page = not_seeing.get(address).get_data(as_text=True)
    assert "Kestrel" not in page
    assert "Withheld" in page
    sent = {f"answer-{household['conflict']}": "office", f"seen-{household['conflict']}": "0"}
    assert not_seeing.post(address, data=sent).status_code == 422
    with office.session() as session:
        still = text('SELECT "open" FROM conflict WHERE conflict_id = :id')
        assert session.scalar(still, {"id": household["conflict"]})


def test_every_field_and_kind_has_a_class_and_the_database_knows_each_that_is_sensitive(
    office: Office,
) -> None:
    told = {class_of(record, field) for record, fields in FIELDS.items() for field in fields}
    assert told == {FieldClass.BASIC, FieldClass.FINANCIAL, FieldClass.VULNERABILITY}
    assert {class_of("marker", "kind", kind) for kind in KINDS} == {FieldClass.BASIC, *SENSITIVE}
    assert class_of("hold", "reason", "vulnerability") is FieldClass.VULNERABILITY
    assert set(MARKERS) <= set(KINDS)
    assert set(HOLDS) <= set(REASONS)
    assert all(field in FIELDS[record] for record, field in FIELD_CLASSES)
    with pytest.raises(KeyError):
        class_of("person", "shoe_size")
    with office.session() as session:
        rows = session.scalars(select(FieldClassRow)).all()
        known = {(row.record, row.field, row.value, row.field_class) for row in rows}
    assert known == set(withheld_unless_entitled())
