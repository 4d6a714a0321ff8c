"""The search page: one box, and what was found with the words it was found by."""

from __future__ import annotations

from flask import render_template, request
from marshmallow import Schema

from server.people import search
from server.people.blueprint import screens
from server.people.found import describe
from server.spine.database import db
from server.spine.permissions import needs
from server.spine.web import note_read
from shared.catalogue import mark
from shared.errors import RuleBroken
from shared.fields import CleanText
from shared.forms import Form

MATCHED: dict[str, str] = {
    "name": mark("Name"),
    "former_name": mark("Former name"),
    "address": mark("Address"),
    "postcode": mark("Postcode"),
    "uprn": mark("Property number"),
    "reference": mark("Reference"),
    "property_reference": mark("Property reference"),
    "debt_reference": mark("Debt reference"),
    "phone": mark("Phone number"),
    "email": mark("Email address"),
}
"""What somebody or something was found by."""

HOW: dict[str, str] = {
    "exact": "",
    "begins": mark("begins like this"),
    "part": mark("has these words"),
    "sounds": mark("sounds like this"),
    "alike": mark("is written nearly like this"),
}
"""How nearly it matches; nothing is said when it is the same."""


class SearchSchema(Schema):
    """What a person searches for."""

    q = CleanText(
        required=True,
        characters_max=search.TEXT_MAX,
        metadata={
            "label": mark("Search for a person, an account or an address"),
            "hint": mark("Name, former name, address, postcode, phone number or any reference"),
            "missing": mark("Enter what you are searching for"),
        },
    )


@screens.get("/search", endpoint="search")
@needs("people.search")
def search_page() -> str:
    """Search, once something has been entered."""
    if "q" not in request.args:
        form, found = Form.blank(SearchSchema()), None
    else:
        form = Form.read(SearchSchema(), request.args)
        form, found = _find(form)
    hits = [] if found is None else describe(db.session(), found.matches)
    if found is not None:
        note_read("people.search", results=len(hits))
    return render_template(
        "people/search.html",
        form=form,
        searched=found is not None,
        hits=hits,
        more=found is not None and found.more,
        matched=MATCHED,
        how=HOW,
    )


def _find(form: Form) -> tuple[Form, search.Matches | None]:
    """Search for what was entered, or say beside the box what is wrong with it."""
    if not form.ok:
        return form, None
    try:
        return form, search.search(db.session(), form.data["q"])
    except RuleBroken as refusal:
        return form.refused(refusal), None
