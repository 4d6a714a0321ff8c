"""Search terms: what people and accounts can be found by, kept by the recorders."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import ARRAY, String, bindparam, delete, text
from sqlalchemy.orm import Session

from server.people.tables import SearchTermRow
from server.people.terms import NAME_KINDS, Term, normalise
from server.spine.tables import Id

__all__ = ["Term", "forget_names", "forget_property", "keep", "normalise"]

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
