"""Where the office publishes what its API for devices is; anybody may read it."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from server.published.document import document
from server.published.operations import HERE
from server.spine.permissions import Opening, needs

published_api = Blueprint("published", __name__)


@published_api.get(HERE)
@needs(Opening.EVERYONE)
def describe() -> Response:
    """Give the description; it holds nobody's data."""
    return jsonify(document())
