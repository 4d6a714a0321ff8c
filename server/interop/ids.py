"""Ids that an import makes: the same again for the same thing, so that nothing is made twice."""

from __future__ import annotations

import uuid

_NAMESPACE = uuid.UUID("6f2b8c1e-0d5a-5e37-9b64-2a7c4d918e03")

_BETWEEN = "\x1f"
"""A character that no cell of a file can hold, so that two lists of parts never read the same."""


def made_id(*parts: str) -> str:
    """Make the one id that belongs to these parts, in their order."""
    return str(uuid.uuid5(_NAMESPACE, _BETWEEN.join(parts)))
