"""Payers' names as other systems write them, to the people and organisations they are of."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from typing import Literal

from server.interop.lines import Payer, PayerKind, Reason, because

KindRule = Literal["individual", "organisation", "by_rule"]
NameOrder = Literal["title_first", "surname_first"]
Merging = Literal["never", "registered", "all"]

JOINT_MAX = 6
"""People one written name may be split into; beyond it the name is kept whole."""

_TRADING_AS = re.compile(r"\s+(?:t/as?|trading as)\b[:.]?\s*", re.IGNORECASE)
_JOINT = re.compile(r"\s*(?:&|\+|/|\band\b)\s*", re.IGNORECASE)
_BETWEEN_WORDS = re.compile(r"[\s/,-]+")
_BETWEEN_KEY_WORDS = re.compile(r"[\s&/,_-]+")
_NOT_IN_KEY = re.compile(r"[^\w\s]")
_SAME_IN_KEY = {
    "limited": "ltd",
    "cyfyngedig": "ltd",
    "cyf": "ltd",
    "company": "co",
    "and": "",
    "the": "",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class NameRules:
    """How a profile wants names read; `otherwise` is the kind of a name that tells nothing."""

    kind: KindRule = "by_rule"
    otherwise: PayerKind = "individual"
    order: NameOrder = "title_first"
    merging: Merging = "never"


@cache
def _words(kind: str) -> frozenset[str]:
    """Read one of the word lists; they are data, so that a council's own can be added."""
    text = (resources.files("server.interop") / "words" / "names.toml").read_text("utf-8")
    return frozenset(tomllib.loads(text)[kind])


def names_nobody(name: str) -> bool:
    """Tell whether what stands where a name should says that nobody is known."""
    text = re.sub(r"\s*/\s*", "/", name.casefold().strip(" ."))
    return not text or text in _words("nobody")


def read_name(
    written: str, rules: NameRules, kind: PayerKind | None = None
) -> tuple[list[Payer], list[Reason]]:
    """Read one written name into the payers it is of, with what was doubtful about it.

    The kind is what another column says, else what the profile says, else what the words tell.
    """
    name, *traded = _TRADING_AS.split(written.strip(), maxsplit=1)
    trading_as = traded[0] if traded else ""
    found, certain = _kind_of(name, trading_as, rules, kind)
    if found == "individual":
        payers, notes = _individuals(name, rules.order)
        return [replace(payer, trading_as=trading_as) for payer in payers], notes
    key = merge_key(name) if certain and _merges(name, rules.merging) else None
    payer = Payer(kind="organisation", name=name, trading_as=trading_as, merge_key=key)
    return [payer], [] if certain else [because("note.kind_uncertain")]


def speaks_of_estate(name: str) -> bool:
    """Tell whether the name speaks of executors or of a death."""
    return _estate_of(name) != " ".join(name.split())


def merge_key(name: str) -> str:
    """Give two ways of writing one organisation's name the same key: Ltd and Limited, & and and."""
    words = _NOT_IN_KEY.sub("", _BETWEEN_KEY_WORDS.sub(" ", name.casefold())).split()
    return " ".join(same for word in words if (same := _SAME_IN_KEY.get(word, word)))


def _merges(name: str, merging: Merging) -> bool:
    return merging == "all" or (merging == "registered" and _has(name, "registered"))


def _word(token: str) -> str:
    return token.casefold().replace(".", "").replace("’", "'").strip(",;()")


def _has(name: str, *lists: str) -> bool:
    words = {_word(token) for token in _BETWEEN_WORDS.split(name)}
    return any(words & _words(kind) for kind in lists)


def _is_title(token: str) -> bool:
    return _word(token) in _words("titles")


def _kind_of(
    name: str, trading_as: str, rules: NameRules, kind: PayerKind | None
) -> tuple[PayerKind, bool]:
    """Decide the kind of a name and whether that is certain."""
    if kind is not None:
        return kind, True
    if rules.kind != "by_rule":
        return rules.kind, True
    told = _kind_told(name, trading_as, rules.order)
    return (rules.otherwise, False) if told is None else (told, True)


def _kind_told(name: str, trading_as: str, order: NameOrder) -> PayerKind | None:
    """Give the kind that the words of a name tell, or None where they tell nothing."""
    if _has(name, "registered", "partnerships"):
        return "organisation"
    if _titled(name, order) or speaks_of_estate(name):
        return "individual"
    if _has(name, "organisations"):
        return "organisation"
    # Nobody but a sole trader writes a person's name before "trading as".
    return "individual" if trading_as else None


def _titled(name: str, order: NameOrder) -> bool:
    tokens = name.split()
    last = order == "surname_first" and _is_title(tokens[-1])
    return last or any(_is_title(part.split()[0]) for part in name.split(",") if part.split())


def _estate_of(name: str) -> str:
    """Give the name without the words that speak of executors or of a death."""
    lowered = name.casefold().replace("’", "'")
    for words in sorted(_words("estate"), key=len, reverse=True):
        if lowered.startswith(f"{words} "):
            name = name[len(words) + 1 :]
            break
    return " ".join(token for token in name.split() if _word(token) not in _words("deceased"))


def _individuals(written: str, order: NameOrder) -> tuple[list[Payer], list[Reason]]:
    name = _estate_of(written) or written
    estate = speaks_of_estate(written)
    notes = [because("note.estate")] if estate else []
    parts = [part for part in _JOINT.split(name) if part]
    if len(parts) > 1:
        people = _joint(parts) if order == "title_first" and not estate else None
        if people is not None:
            return people, notes
        # Which surname goes with whom cannot be known: keep what was written for a person to split.
        whole = Payer(kind="individual", name=written, estate=estate)
        return [whole], [*notes, because("note.joint_uncertain")]
    title_leads = order == "title_first" or _is_title(name.split()[0])
    person = _title_first(name) if title_leads else _surname_first(name)
    return [replace(person, name=written, estate=True) if estate else person], notes


def _joint(parts: Sequence[str]) -> list[Payer] | None:
    """Split "Mr J & Mrs A Marsh" where every part has a title and every surname is beyond doubt."""
    people = [_title_first(part) for part in parts]
    last = people[-1]
    if len(people) > JOINT_MAX or not last.surname or not all(person.title for person in people):
        return None
    for at, person in enumerate(people[:-1]):
        given = [*person.forenames.split(), *person.surname.split()]
        if all(len(token.strip(".")) == 1 for token in given):
            people[at] = individual(person.title, " ".join(given), last.surname)
        elif len(given) == 1 and last.forenames:
            return None
    return people


def individual(title: str, forenames: str, surname: str) -> Payer:
    """Make an individual of the three parts of a name."""
    name = " ".join(part for part in (title, forenames, surname) if part)
    return Payer(kind="individual", name=name, title=title, forenames=forenames, surname=surname)


def _title_first(name: str) -> Payer:
    tokens = name.split()
    first = next((at for at, token in enumerate(tokens) if not _is_title(token)), len(tokens))
    titles, rest = tokens[:first], tokens[first:]
    while len(rest) > 1 and _word(rest[-1]) in _words("suffixes"):
        rest.pop()
    at = max(len(rest) - 1, 0)
    while at > 1 and _word(rest[at - 1]) in _words("particles"):
        at -= 1
    person = individual(" ".join(titles), " ".join(rest[:at]), " ".join(rest[at:]))
    return replace(person, name=name)


def _surname_first(name: str) -> Payer:
    """Read "MARSH, Ann Mrs", "Marsh, Mrs Ann" and "MARSH ANN MRS"."""
    before, comma, after = name.partition(",")
    tokens = name.split()
    if comma:
        surname, rest = before.split(), after.replace(",", " ").split()
    else:
        at = 0
        while at < len(tokens) - 1 and _word(tokens[at]) in _words("particles"):
            at += 1
        surname, rest = tokens[: at + 1], tokens[at + 1 :]
    titles = [token.strip(",") for token in rest if _is_title(token)]
    forenames = [token for token in rest if not _is_title(token)]
    return individual(" ".join(titles), " ".join(forenames), " ".join(surname))
