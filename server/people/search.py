"""Search: people and accounts by anything they are known by, with what matched and how nearly."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ARRAY, String, TextClause, bindparam, func, select, text
from sqlalchemy.orm import Session

from server.people.terms import CODE_KINDS, compact, normalise
from shared.catalogue import mark
from shared.errors import RuleBroken, register

TEXT_MAX = 200
"""Characters a search may have."""

CHARACTERS_MIN = 2
"""Letters and digits a search needs; there are people called Li and Wu."""

BEGINNING_MIN = 3
"""Letters and digits of a reference, number or postcode that are enough to begin with."""

RESULTS_MAX = 50
"""People and accounts one search shows; whoever finds more says more."""

CANDIDATES_MAX = 3_000
"""Terms of one sort that are compared; so many are alike only when a search says very little."""

WORDS_MAX = 5
"""Words of a search that are compared by sound."""

SHORT = 3
"""Letters of a word whose sound may be a single letter: Lee, Li."""

DISTINCTIVE = 4
"""Letters of the sound of a word that few names share: O'Connor, not Smith."""

SCORE_MIN = 0.4
"""What is less alike than this is not what anybody meant."""

_POSTCODE_LAST = re.compile(r"(?P<rest>.+) (?P<code>[a-z]{1,2}[0-9][0-9a-z]?( [0-9][a-z]{0,2})?)")

register(
    {
        "search.too_short": mark("Enter at least 2 letters or digits"),
        "search.too_long": mark("Shorten this to %(characters_max)s characters or fewer"),
    }
)


@dataclass(frozen=True, kw_only=True)
class Match:
    """One person or account that was found: by which term, of which kind, and how.

    `how` is exact, begins (a code typed in part), part (all words typed are in it), sounds or alike.
    """

    person_id: str | None
    account_id: str | None
    kind: str
    term: str
    how: str
    score: float


@dataclass(frozen=True, kw_only=True)
class Matches:
    """What a search found, the best first, and whether there was more than is shown."""

    matches: tuple[Match, ...]
    more: bool


_CODES = """
    (SELECT kind, term, person_id, account_id, 'begins' AS how,
            CASE WHEN term = :together THEN 1.0 ELSE 0.92 END AS score
     FROM search_term
     WHERE kind = ANY(:codes) AND term LIKE :begins
     LIMIT :candidates)
"""

_NAMES = """
    (SELECT kind, term, person_id, account_id, 'alike',
            greatest(similarity(term, :words), 0.95 * word_similarity(:words, term))
            * CASE kind WHEN 'name' THEN 1.0 ELSE 0.98 END
     FROM search_term
     WHERE kind IN ('name', 'former_name') AND (term % :words OR :words <% term)
     LIMIT :candidates)
"""

_ADDRESSES = """
    (SELECT kind, term, person_id, account_id, 'alike', 0.9 * word_similarity(:words, term)
     FROM search_term
     WHERE kind = 'address' AND :words <% term
     LIMIT :candidates)
"""

_SOUNDS = """
    (SELECT kind, term, person_id, account_id, 'sounds', 0.6 + 0.35 * similarity(term, :words)
     FROM search_term
     WHERE sound <> '' AND {sounds}
     LIMIT :candidates)
"""

_SOUNDS_IN_PART = """
    (SELECT kind, term, person_id, account_id, 'sounds', 0.35 + 0.5 * similarity(term, :words)
     FROM search_term
     WHERE sound <> '' AND ({sounds})
     LIMIT :candidates)
"""

_BEST = """
    SELECT person_id, account_id, kind, term, how, score + {near} AS score FROM (
        SELECT DISTINCT ON (person_id, account_id) *
        FROM ({branches}) AS found
        ORDER BY person_id, account_id, score DESC, length(term), kind, term
    ) AS best
    WHERE score >= :least
    ORDER BY score DESC, term, person_id, account_id
    LIMIT :most
"""

_NEAR = """
    CASE WHEN EXISTS (
        SELECT FROM search_term AS place
        WHERE place.kind = 'postcode' AND place.term LIKE :postcode
          AND (place.person_id = best.person_id OR place.account_id = best.account_id)
    ) THEN 1 ELSE 0 END
"""


def search(session: Session, typed: str, limit: int = RESULTS_MAX) -> Matches:
    """Find people and accounts; refuse a search too short or too long to mean anything.

    A postcode, or the first half of one, after other words puts whoever is found there first.
    """
    if len(typed) > TEXT_MAX:
        raise RuleBroken("search.too_long", field="q", characters_max=TEXT_MAX)
    words, together = normalise(typed), compact(typed)
    if len(together) < CHARACTERS_MIN:
        raise RuleBroken("search.too_short", field="q")
    near = _POSTCODE_LAST.fullmatch(words)
    words = near["rest"] if near else words
    sounds = _sounds(session, words)
    shown = min(limit, RESULTS_MAX)
    found = session.execute(
        _query(sounds, near is not None),
        {
            "words": words,
            "together": together,
            "begins": together + ("%" if len(together) >= BEGINNING_MIN else ""),
            "codes": list(CODE_KINDS),
            "candidates": CANDIDATES_MAX,
            "least": SCORE_MIN,
            "most": shown + 1,
            **{f"sound{number}": f"% {code} %" for number, code in enumerate(sounds)},
            **({"postcode": compact(near["code"]) + "%"} if near else {}),
        },
    ).all()
    return Matches(
        matches=tuple(
            Match(
                person_id=str(person_id) if person_id else None,
                account_id=str(account_id) if account_id else None,
                kind=kind,
                term=term,
                how=_how(how, term, words, together),
                score=float(score),
            )
            for person_id, account_id, kind, term, how, score in found[:shown]
        ),
        more=len(found) > shown,
    )


def _how(how: str, term: str, words: str, together: str) -> str:
    """Say how a term was found, by what is plainest to see."""
    if term in {words, together}:
        return "exact"
    if how != "begins" and set(words.split()) <= set(term.split()):
        return "part"
    return how


def _sounds(session: Session, words: str) -> Sequence[str]:
    """Say how each word sounds; with digits it is no name, and one letter alone says too little."""
    spoken = [word for word in words.split() if len(word) > 1]
    if not spoken or len(spoken) > WORDS_MAX or not words.isascii() or any(map(_has_digit, spoken)):
        return ()
    codes = session.execute(select(*(func.dmetaphone(word) for word in spoken))).one()
    said = zip(codes, spoken, strict=True)
    return sorted({code for code, word in said if len(code) > 1 or (code and len(word) <= SHORT)})


def _has_digit(word: str) -> bool:
    return any(character.isdigit() for character in word)


def _query(sounds: Sequence[str], near: bool) -> TextClause:  # noqa: FBT001 - was a place named
    """Put the ways of comparing together; by sound only when the search has words that sound.

    Every word sounding alike counts for more than one of them, which must then be distinctive.
    """
    branches = [_CODES, _NAMES, _ADDRESSES]
    alike = [f"sound LIKE :sound{number}" for number in range(len(sounds))]
    distinctive = [
        said for said, code in zip(alike, sounds, strict=True) if len(code) >= DISTINCTIVE
    ]
    if alike:
        branches.append(_SOUNDS.format(sounds=" AND ".join(alike)))
    if len(alike) > 1 and distinctive:
        branches.append(_SOUNDS_IN_PART.format(sounds=" OR ".join(distinctive)))
    together = " UNION ALL ".join(branches)
    query = _BEST.format(branches=together, near=_NEAR if near else "0")
    return text(query).bindparams(bindparam("codes", type_=ARRAY(String)))
