"""What a simulated office keeps its records in: a database that can be held, cut, taken and put back."""

from __future__ import annotations

from typing import Any, Protocol

from sqlalchemy import Engine


class Books(Protocol):
    """One office's database, whichever kind it is."""

    office: Engine
    """The way in for the office."""

    watch: Engine
    """The way in for whoever looks on."""

    holds_inside: bool
    """Whether somebody else may be at work while a transaction is held half-way."""

    @property
    def in_use(self) -> bool:
        """Tell whether somebody in the office holds a connection."""

    def cut(self) -> None:
        """Lose the office's connections, and whatever has not been committed on them."""

    def clear(self) -> None:
        """Forget everything, whoever was at work here before."""

    def taken(self) -> Any:
        """Take everything as it stands, as a backup does."""

    def put_back(self, taken: Any) -> None:
        """Make everything as it stood when that was taken."""

    def dispose(self) -> None:
        """Close every connection."""
