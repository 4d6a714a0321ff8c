"""How tests read a page: its words as a person sees them, and what its forms carry unseen."""

from __future__ import annotations

import re


def words_of(html: str) -> str:
    """Read a page as a person does, without its markup."""
    text = re.sub(r"<(script|style|head).*?</\1>", " ", html, flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", text).split())


def hidden_of(html: str) -> dict[str, str]:
    """Read what the forms of a page carry along unseen."""
    return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', html))
