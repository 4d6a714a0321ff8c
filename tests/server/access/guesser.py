"""Guesses a password over and over from a process of its own, and prints each refusal's code."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

from sqlalchemy import NullPool, create_engine
from sqlalchemy.orm import Session

from server.access.signing_in import sign_in
from shared.errors import RuleBroken


def main(url: str, name: str, times: str) -> None:
    """Guess so many times, each from another address."""
    engine = create_engine(url, poolclass=NullPool)
    for number in range(int(times)):
        try:
            sign_in(
                lambda: Session(engine),
                name,
                f"guess {number}",
                address=f"{id(engine)}.{number}",
                now=datetime.now(UTC),
            )
        except RuleBroken as refusal:
            sys.stdout.write(f"{refusal.code}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
