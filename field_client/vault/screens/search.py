"""Finds anyone and any place on this device while one types, and never asks the network."""

from __future__ import annotations

from flask import Blueprint, render_template, request

from field_client.vault.cases import summarise
from field_client.vault.desk import desk
from field_client.vault.pending import case_view
from field_client.vault.search import QUERY_MAX

screens = Blueprint("search", __name__, template_folder="templates")


@screens.get("/search")
def search() -> str:
    """Show the cases that answer the question."""
    here = desk()
    asked = " ".join(request.args.get("q", "").split())[:QUERY_MAX]
    found = []
    for hit in here.search.find(asked) if asked else ():
        view = case_view(here.store, here.officer_id, hit.case_id)
        if view is not None:
            found.append({"hit": hit, "case": summarise(view, here.today())})
    part = "screens/found.html" if "part" in request.args else "screens/search.html"
    return render_template(part, asked=asked, found=found)
