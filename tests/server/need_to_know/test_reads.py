"""Each answer that shows somebody is one line in the log of reads, and one that shows nobody is none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import NamedTuple

import pytest
from flask import Flask
from sqlalchemy import select

from server.spine.permissions import Opening, opening_of
from server.spine.tables import ReadRow
from server.visits.tables import BlobRow
from tests.server.access.conftest import Office
from tests.server.access.test_permissions import ROLES
from tests.server.need_to_know.restricted_town import Household, build
from tests.server.need_to_know.test_restricted import filled

PICTURE = b"a picture of Quillfeather001x"

READ = {
    "worktray": "home one_task finish_task",
    "accounts": "one_account history new_transaction post_transaction",
    "cases": "every_case choose one_case choose_officer assign ask_to_close history new_case open_case",
    "visits": "new_plan plan one_visit approve send_back review photograph",
    "reconciling": "one_conflict decide",
    "recovery": "new_hold place_hold last_of_hold end_hold",
    "payments": "new_payment record_payment new_reversal reverse_payment",
    "people": "one_person debts_of_person history search details new_name change_name new_address"
    " add_address contact change_contact new_contact add_contact last_of_marker end_marker new_marker"
    " add_marker",
    "restrictions": "one_restriction restrict give_access answer_lift ask_to_lift",
}
"""What shows the household of this test by its address, or what is wrong with the form sent to it."""

LISTS = {
    "reconciling": "decided",
    "restrictions": "every_restriction",
    "openings": "every_break",
    "people": "change_details",
}
"""What reads about people, here of nobody: lists with nothing on them, and a form with nothing changed."""

SHOWS_NOBODY = {
    "access": "first_page sign_in sign_in_now sign_out hold_form own change_password",
    "audit": "seal verify_now export",
    "cases": "close unassign assign_chosen",
    "council_account": "one_account link",
    "devices": "every_device one_device approve revoking revoke new_device issue_code revoked_devices",
    "emergency": "every_sign_in one_sign_in examine",
    "entrance": "to_provider answer signed_out",
    "glass": "ask open_record close",
    "imports": "every_import choose_file keep_file read_so discard take",
    "jobs": "every_job one_job progress stop",
    "keeping": "every_backup take_now",
    "people": "new_person open_person",
    "proof": "begin by_password for_errand go_on at_provider hold_form",
    "published": "describe",
    "restrictions": "take_access",
    "sealed_work": "every_waiting rescue",
    "sync_health": "every_device one_device limits set_limits",
    "teams": "every_team one_team answer ask_for_days choosing choose place remove new_team open_team",
    "users": "every_role every_user one_user give_password reinstate set_roles suspend new_user add_user",
    "visits": "withdraw",
    "wiping": "every_wipe erase",
    "worktray": "assign_task new_task raise_task",
    "": "static",
}
"""What says nothing of any resident, or leads on to a page that does."""

COUNTED_ELSEWHERE = {
    "imports": "one_import how_read what_was_found rejects",
    "openings": "one_break review",
    "sealed_work": "take",
    "sync_health": "receipts",
    "wiping": "one_incident",
    "worktray": "one_aside examine mending record_aside",
}
"""What needs more than a household to show anything: files taken in, work set aside, lost devices."""


def named(table: dict[str, str]) -> set[str]:
    """Write a table out as endpoints."""
    return {f"{area}.{name}".lstrip(".") for area, names in table.items() for name in names.split()}


class Asked(NamedTuple):
    """One request that was made, and what came of it."""

    endpoint: str
    method: str
    shows: bool
    lines: tuple[str, ...]


def endpoints(app: Flask) -> set[str]:
    """Name every page and form of people who are signed in, or not yet."""
    every = {rule.endpoint for rule in app.url_map.iter_rules()}
    return {each for each in every if opening_of(app, each) is not Opening.DEVICE}


def test_every_page_is_known_to_show_residents_or_nobody(office: Office) -> None:
    known = [*map(named, (READ, LISTS, SHOWS_NOBODY, COUNTED_ELSEWHERE))]
    twice = [
        each
        for each, times in Counter(each for some in known for each in some).items()
        if times > 1
    ]
    assert twice == []
    assert endpoints(office.app) == set().union(*known)


@pytest.mark.proves("T53")
def test_whatever_shows_somebody_is_one_line_in_the_log_of_reads_and_nothing_else_is(
    office: Office, record_property: Callable[[str, object], None]
) -> None:
    who = office.person("amina", *ROLES)
    (household,) = build(office, 1, who)
    with office.session() as session, session.begin():
        session.add(
            BlobRow(
                digest=household.ids["digest"], size_bytes=len(PICTURE), body=PICTURE,
                received_at=datetime.now(UTC),
            )
        )  # fmt: skip
    asked = list(ask_everything(office, who, household))
    record_property("figure", f"{len(asked)} requests, {sum(each.shows for each in asked)} reads")
    read, empty = named(READ), named(LISTS)
    assert [
        each for each in asked if each.endpoint not in empty and len(each.lines) != each.shows
    ] == []
    assert {each.endpoint for each in asked if each.shows} == read
    assert {each.endpoint for each in asked if len(each.lines) == 1 and not each.shows} == empty


def ask_everything(office: Office, who: str, household: Household) -> Iterator[Asked]:
    """Open every page and send every form blank, as one who may do everything."""
    client = office.client_of(who)
    here = endpoints(office.app) - {"access.sign_out", "static"}
    rules = [rule for rule in office.app.url_map.iter_rules() if rule.endpoint in here]
    for rule in sorted(rules, key=lambda rule: (rule.rule, rule.endpoint)):
        for method in sorted((rule.methods or set()) & {"GET", "POST"}):
            found = f"?q={household.surname}" if rule.endpoint == "people.search" else ""
            before = len(lines(office))
            answer = client.open(filled(rule, household) + found, method=method)
            body = answer.get_data(as_text=True)
            shows = household.surname in body or household.reference in body
            yield Asked(rule.endpoint, method, shows, tuple(lines(office)[before:]))


def lines(office: Office) -> list[str]:
    """Read the log of reads."""
    with office.session() as session:
        return list(session.scalars(select(ReadRow.what).order_by(ReadRow.read_id)))
