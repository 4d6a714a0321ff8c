"""Finds a case on this device by name, former name, address, postcode, reference or phone, at once."""

from __future__ import annotations

import re
import threading
import unicodedata
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from rapidfuzz import fuzz, process

from field_client.vault.cases import Body, place_of
from field_client.vault.pending import CaseView, case_views
from field_client.vault.store import Store
from shared.presentation import address

QUERY_MAX = 100
"""Characters of a question that are looked for."""

HITS_MAX = 50
"""Cases shown for one question; more would not help anyone choose."""

_KINDS = ("person", "place", "debt", "visit")
_FUZZY_LETTERS_MIN = 4  # shorter words have too many neighbours
_FUZZY_SCORE_MIN = 74  # one slip in four letters, two in eight
_CODE_SIGNS_MIN = 3
_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe"})
_DROPPED = re.compile(r"['’‘`´]")
_BETWEEN = re.compile(r"[^\w]+|_")


@dataclass(frozen=True, kw_only=True)
class Term:
    """One thing a case can be found by: what kind of thing it is, and how it is written."""

    kind: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Hit:
    """A case that was found, and the term it was found by."""

    case_id: str
    term: Term
    score: float


@dataclass
class Index:
    """Every word and every code of every case, with the terms they come from."""

    words: dict[str, set[tuple[str, Term]]] = field(default_factory=dict)
    codes: dict[str, set[tuple[str, Term]]] = field(default_factory=dict)
    sorted_words: list[str] = field(default_factory=list)

    def add(self, case_id: str, term: Term) -> None:
        """Note that a case can be found by a term."""
        for word in words_of(term.text):
            self.words.setdefault(word, set()).add((case_id, term))
        if term.kind in _CODES:
            self.codes.setdefault(_joined(term.text), set()).add((case_id, term))


_CODES = frozenset({"postcode", "reference", "phone"})


class Search:
    """The index of one vault, made again only when what it was made from has moved."""

    def __init__(self, store: Store, officer_id: str) -> None:
        self._store = store
        self._officer_id = officer_id
        self._turn = threading.Lock()
        self._index = Index()
        self._made_from: object = None

    def find(self, typed: str) -> list[Hit]:
        """List the cases that answer every word of the question, the best first."""
        asked = typed[:QUERY_MAX]
        index = self.current()
        found = _by_code(index, _joined(asked))
        for case_id, hit in _by_words(index, words_of(asked)).items():
            if case_id not in found:
                found[case_id] = hit
        return sorted(found.values(), key=lambda hit: (-hit.score, hit.term.text, hit.case_id))[
            :HITS_MAX
        ]

    def current(self) -> Index:
        """Give the index as things stand, making it anew when they have moved."""
        with self._turn:
            made_from = (
                self._store.cursor(),
                self._store.epoch(),
                self._store.total(),
                self._store.rows("SELECT count(*), count(outcome) FROM outbox")[0],
                self._store.rows("SELECT case_id FROM purge WHERE erased ORDER BY case_id"),
            )
            if made_from != self._made_from:
                self._index = _index(case_views(self._store, self._officer_id, _KINDS).values())
                self._made_from = made_from
            return self._index


def words_of(written: str) -> list[str]:
    """Split text the way it is compared: small letters, no accents, no punctuation."""
    folded = unicodedata.normalize("NFKD", written.casefold())
    bare = "".join(c for c in folded if not unicodedata.combining(c)).translate(_LETTERS)
    return _BETWEEN.sub(" ", _DROPPED.sub("", bare)).split()


def _joined(written: str) -> str:
    digits = re.sub(r"[^\d+]", "", written)
    if written.strip().startswith("+44") and digits:
        return "0" + digits.removeprefix("+44").removeprefix("0")
    return "".join(words_of(written))


def _index(views: Iterable[CaseView]) -> Index:
    index = Index()
    for view in views:
        for term in _terms(view):
            index.add(view.case_id, term)
    index.sorted_words = sorted(index.words)
    return index


def _terms(view: CaseView) -> Iterator[Term]:
    yield Term(kind="reference", text=view.of("case")[view.case_id]["reference"])
    for person in view.of("person").values():
        yield Term(kind="name", text=person["name"])
        for name in person["former_names"]:
            yield Term(kind="former_name", text=name)
        for number in person["phone_numbers"]:
            yield Term(kind="phone", text=number)
        for home in person["addresses"]:
            yield from _place_terms(home)
    for place in view.of("place").values():
        yield from _place_terms(place)
    for debt in view.of("debt").values():
        yield Term(kind="reference", text=debt["account_reference"])
        yield Term(kind="reference", text=debt["reference"])


def _place_terms(body: Body) -> Iterator[Term]:
    place = place_of(body)
    yield Term(kind="address", text=address(place.lines))
    if place.postcode:
        yield Term(kind="postcode", text=place.postcode)


def _by_code(index: Index, asked: str) -> dict[str, Hit]:
    """Find by what must be right though not complete: a reference, a postcode, a phone number."""
    found: dict[str, Hit] = {}
    if len(asked) < _CODE_SIGNS_MIN or not any(sign.isdigit() for sign in asked):
        return found
    for code, places in index.codes.items():
        if code.startswith(asked):
            score = 120.0 if code == asked else 110.0
        elif asked in code and len(asked) > _CODE_SIGNS_MIN:
            score = 105.0
        else:
            continue
        _take(found, places, score)
    return found


def _take(found: dict[str, Hit], places: Iterable[tuple[str, Term]], score: float) -> None:
    for case_id, term in places:
        best = found.get(case_id)
        if best is None or score > best.score:
            found[case_id] = Hit(case_id=case_id, term=term, score=score)


def _by_words(index: Index, asked: list[str]) -> dict[str, Hit]:
    """Find the cases in which every word that was asked for stands, more or less as written."""
    together: dict[str, Hit] | None = None
    for word in asked:
        found: dict[str, Hit] = {}
        for written, score in _alike(index, word):
            _take(found, index.words[written], score)
        together = found if together is None else _both(together, found)
    return together or {}


def _both(one: Mapping[str, Hit], other: Mapping[str, Hit]) -> dict[str, Hit]:
    return {
        case_id: Hit(
            case_id=case_id,
            term=max(one[case_id], other[case_id], key=lambda hit: hit.score).term,
            score=(one[case_id].score + other[case_id].score) / 2,
        )
        for case_id in one.keys() & other.keys()
    }


def _alike(index: Index, word: str) -> Iterator[tuple[str, float]]:
    """Yield the words that are this one, begin with it, or differ by a slip of the thumb."""
    begins = bisect_left(index.sorted_words, word)
    for written in index.sorted_words[begins:]:
        if not written.startswith(word):
            break
        yield written, 100.0 if written == word else 92.0
    if len(word) >= _FUZZY_LETTERS_MIN and not word.isdigit():
        for written, score, _place in process.extract(
            word, index.sorted_words, scorer=fuzz.ratio, score_cutoff=_FUZZY_SCORE_MIN, limit=None
        ):
            yield written, float(score) * 0.85
