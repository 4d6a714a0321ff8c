"""Search terms: what people and accounts can be found by, kept by the recorders in one compared form."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import ARRAY, String, bindparam, delete, text
from sqlalchemy.orm import Session

from server.people.tables import SearchTermRow
from server.spine.tables import Id

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


SOUNDS = """
    SELECT coalesce(' ' || string_agg(DISTINCT code, ' ') || ' ', '')
    FROM regexp_split_to_table({words}, ' ') AS word,
         unnest(ARRAY[dmetaphone(word), dmetaphone_alt(word)]) AS code
    WHERE word ~ '^[a-z][a-z]' AND code <> ''
"""
"""SQL for how the words of a term sound, each code between spaces; `words` is the term."""

_KEEP = text(
    f"""
    INSERT INTO search_term (kind, term, sound, person_id, account_id)
    SELECT DISTINCT new.kind, new.term,
           CASE WHEN new.kind = ANY(:names) THEN left(({SOUNDS.format(words="new.term")}), 60)
                ELSE '' END,
           new.person_id, new.account_id
    FROM unnest(:kinds, :terms, :people, :accounts) AS new (kind, term, person_id, account_id)
    WHERE NOT EXISTS (
        SELECT FROM search_term AS old
        WHERE old.kind = new.kind AND old.term = new.term
          AND old.person_id IS NOT DISTINCT FROM new.person_id
          AND old.account_id IS NOT DISTINCT FROM new.account_id)
    """  # noqa: S608 - the words are a column, never what a person typed
).bindparams(
    bindparam("names", type_=ARRAY(String)),
    bindparam("kinds", type_=ARRAY(String)),
    bindparam("terms", type_=ARRAY(String)),
    bindparam("people", type_=ARRAY(Id)),
    bindparam("accounts", type_=ARRAY(Id)),
)


def keep(session: Session, terms: Sequence[Term]) -> None:
    """Add terms, each once; those with nothing to compare are left out."""
    kept = [(term, term.compared) for term in terms if term.compared]
    if kept:
        session.execute(
            _KEEP,
            {
                "names": list(NAME_KINDS),
                "kinds": [term.kind for term, _ in kept],
                "terms": [compared for _, compared in kept],
                "people": [term.person_id for term, _ in kept],
                "accounts": [term.account_id for term, _ in kept],
            },
        )


def forget_names(session: Session, person_ids: Collection[str]) -> None:
    """Take away the names of people that are about to be called something else."""
    session.execute(
        delete(SearchTermRow).where(
            SearchTermRow.person_id.in_(sorted(person_ids)), SearchTermRow.kind == "name"
        )
    )


def forget_property(session: Session, account_ids: Collection[str]) -> None:
    """Take away what accounts are found by through their property, before it is written anew."""
    session.execute(
        delete(SearchTermRow).where(
            SearchTermRow.account_id.in_(sorted(account_ids)),
            SearchTermRow.kind.in_(("address", "postcode", "uprn", "property_reference")),
        )
    )


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
