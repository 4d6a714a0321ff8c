"""The pages about accounts: where they are registered, and the words their templates use."""

from __future__ import annotations

from flask import Blueprint

from server.people.words import words

screens = Blueprint("accounts", __name__, template_folder="templates")
screens.context_processor(words)
