"""Which profile a file is read by: one that comes with the program, one somebody wrote, or a guess."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from server.interop.guessing import Guess, guess_sheet
from server.interop.lines import Reason, because
from server.interop.profile_files import PROFILE_CHARACTERS_MAX, from_text, load
from server.interop.profiles import GUESS, Profile
from server.interop.reading import read
from shared.catalogue import mark
from shared.errors import RuleBroken, register

register({"import.guess_refused": mark("No profile can be guessed: %(problem)s")})


class GuessRefused(RuleBroken):
    """A file from whose head nothing can be guessed, with the reason."""

    def __init__(self, reason: Reason) -> None:
        self.reason = reason
        super().__init__("import.guess_refused", field="profile", problem=reason.sentence())


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """The profile a file is to be read by, and the guess if it was guessed."""

    profile: Profile
    guess: Guess | None = None


def choose(wanted: str, data: bytes, *, debt_type: str | None = None) -> Chosen:
    """Find the profile somebody asked for: `guess`, a name, or the path of a file."""
    if wanted == GUESS:
        guess = guess_sheet(read(data), debt_type=debt_type)
        if guess.refused is not None or guess.profile is None:
            raise GuessRefused(guess.refused or because("guess.blank"))
        return Chosen(profile=guess.profile, guess=guess)
    path = Path(wanted)
    if path.suffix in {".toml", ".json"} or path.is_file():
        with path.open(encoding="utf-8", errors="replace") as file:
            return Chosen(profile=from_text(file.read(PROFILE_CHARACTERS_MAX + 1)))
    return Chosen(profile=load(wanted))
