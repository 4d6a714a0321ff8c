"""The pages about people: where they are registered, and the words their templates use."""

from __future__ import annotations

from flask import Blueprint

from server.people.words import words
from server.spine.links import link

screens = Blueprint("people", __name__, template_folder="templates")
screens.context_processor(words)
screens.context_processor(lambda: {"link": link})
