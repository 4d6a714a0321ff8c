"""The form in which names, addresses and references are compared, and the terms made of them."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

TERM_MAX = 300
"""Characters of a term that are compared; no address that differs only later exists."""

NAME_KINDS = ("name", "former_name")
"""Terms that are also compared by how they sound."""

WORD_KINDS = (*NAME_KINDS, "address")
"""Terms of several words; a typing error in them is forgiven."""

CODE_KINDS = (
    "postcode",
    "uprn",
    "reference",
    "property_reference",
    "debt_reference",
    "phone",
    "email",
)
"""Terms that are written together and must be right, though not to the end."""

_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe"})
_DROPPED = re.compile(r"['’‘`´]")
_BETWEEN = re.compile(r"[^\w]+|_")
_SAME = {"limited": "ltd"}


@dataclass(frozen=True, kw_only=True)
class Term:
    """One thing one person or account can be found by, as it is written on screens."""

    kind: str
    text: str
    person_id: str | None = None
    account_id: str | None = None

    @property
    def compared(self) -> str:
        """Give the form it is compared in."""
        return (compact if self.kind in CODE_KINDS else normalise)(self.text)


def normalise(written: str) -> str:
    """Write words the way they are compared: small letters, no accents, no punctuation."""
    folded = unicodedata.normalize("NFKD", written.casefold().replace("&", " and "))
    bare = "".join(c for c in folded if not unicodedata.combining(c)).translate(_LETTERS)
    words = _BETWEEN.sub(" ", _DROPPED.sub("", bare)).split()
    return " ".join(_SAME.get(word, word) for word in words)[:TERM_MAX]


def compact(written: str) -> str:
    """Write a reference, a postcode or a number the way it is compared: nothing between its signs."""
    return normalise(written).replace(" ", "")


def of_place(
    *,
    lines: str,
    postcode: str,
    uprn: str | None,
    person_id: str | None = None,
    account_id: str | None = None,
) -> list[Term]:
    """List what a person or account is found by because of a place."""
    written = (("address", f"{lines} {postcode}"), ("postcode", postcode), ("uprn", uprn or ""))
    return [
        Term(kind=kind, text=words, person_id=person_id, account_id=account_id)
        for kind, words in written
        if words.strip()
    ]
