"""What the people area hands to the office."""

from __future__ import annotations

from server.people import (
    commands,
    correcting_screens,
    corrections,
    detail_screens,
    facts,
    markers,
    project,
    record,
    rules,
    screens,
    search_screens,
    sentences,
)
from server.people.blueprint import screens as pages
from server.people.tables import PersonRow
from server.spine.areas import Area, Handling, NavigationLink, subjects_with_place
from shared.catalogue import mark
from shared.commands import CommandType, Kind
from shared.decide import BY_NAME

PAGES = (search_screens, screens, detail_screens, correcting_screens)
"""Importing these registers their pages on the area's one blueprint."""

AREA = Area(
    name="people",
    addressed={"person_id": PersonRow.person_id},
    commands=(
        Handling(kind=BY_NAME["RecordPhoneNumber"]),
        Handling(kind=BY_NAME["CorrectDetails"], wants=frozenset({"details", "conflicts"})),
        Handling(kind=BY_NAME["CorrectContact"], wants=frozenset({"details", "conflicts"})),
        Handling(
            kind=BY_NAME["AddMarker"],
            wants=frozenset({"warnings"}),
            subjects=subjects_with_place,
        ),
        Handling(
            kind=CommandType(
                command=commands.OpenPerson,
                schema=commands.OpenPersonSchema(),
                rule=rules.open_person,
                kind=Kind.DECISION,
                needs="people.record",
            ),
            facts=facts.known_people,
        ),
        Handling(
            kind=CommandType(
                command=commands.ChangeName,
                schema=commands.ChangeNameSchema(),
                rule=rules.change_name,
                kind=Kind.EDIT,
                needs="people.record",
            ),
            facts=facts.person_files,
        ),
        Handling(
            kind=CommandType(
                command=corrections.ChangeDetails,
                schema=corrections.ChangeDetailsSchema(),
                rule=corrections.change_details,
                kind=Kind.EDIT,
                needs="people.record",
            ),
            facts=facts.person_files,
        ),
        Handling(
            kind=CommandType(
                command=corrections.ChangeContact,
                schema=corrections.ChangeContactSchema(),
                rule=corrections.change_contact,
                kind=Kind.EDIT,
                needs="people.record",
            ),
            facts=facts.person_files,
        ),
        Handling(
            kind=CommandType(
                command=commands.RecordFormerName,
                schema=commands.RecordFormerNameSchema(),
                rule=rules.record_former_name,
                kind=Kind.FACT,
                needs="people.record",
            ),
            facts=facts.person_files,
        ),
        Handling(
            kind=CommandType(
                command=commands.RecordAddress,
                schema=commands.RecordAddressSchema(),
                rule=rules.record_address,
                kind=Kind.FACT,
                needs="people.record",
            ),
            facts=facts.person_files,
        ),
        Handling(
            kind=CommandType(
                command=commands.RecordContact,
                schema=commands.RecordContactSchema(),
                rule=rules.record_contact,
                kind=Kind.FACT,
                needs="people.record",
            ),
            facts=facts.person_files,
        ),
        Handling(
            kind=CommandType(
                command=markers.RecordMarker,
                schema=markers.RecordMarkerSchema(),
                rule=markers.record_marker,
                kind=Kind.DECISION,
                needs="people.mark",
            ),
            facts=facts.marker_facts,
        ),
        Handling(
            kind=CommandType(
                command=markers.EndMarker,
                schema=markers.EndMarkerSchema(),
                rule=markers.end_marker,
                kind=Kind.DECISION,
                needs="people.mark",
            ),
            facts=facts.marker_facts,
        ),
    ),
    recorders=record.RECORDERS,
    case_facts=facts.case_people,
    more_case_facts={"details": facts.case_details, "warnings": facts.case_warnings},
    projections=project.PROJECTIONS,
    permissions={
        "people.search": mark("Search for people and accounts"),
        "people.see": mark("See people and everything that happened"),
        "people.record": mark("Open people, and record names, addresses and contact details"),
        "people.mark": mark("Record and end markers of risk to staff"),
    },
    screens=(pages,),
    navigation=(
        NavigationLink(text=mark("Search"), endpoint="people.search", needs="people.search"),
    ),
    sentences=sentences.SENTENCES,
)
