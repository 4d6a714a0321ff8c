"""Asks whether an id is among some, in one way for any number of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, any_, bindparam

from server.spine.tables import Id

_IDS = ARRAY(Id)


def among(column: Any, ids: Iterable[str]) -> ColumnElement[bool]:  # noqa: ANN401 - a column or attribute
    """Ask for rows whose id is one of these.

    The ids travel as one array, so that the statement is the same however many there are: it is
    put together once, and the database plans it once. `IN` would be another statement each time.
    """
    asked: ColumnElement[bool] = column == any_(
        bindparam(None, sorted(ids), type_=_IDS, unique=True)
    )
    return asked


def given(column: Any, name: str = "ids") -> ColumnElement[bool]:  # noqa: ANN401 - as above
    """Ask the same in a statement that is put together once; the ids are given when it is asked.

    Putting a statement together costs more than asking it, which shows where every request asks.
    """
    asked: ColumnElement[bool] = column == any_(bindparam(name, type_=_IDS))
    return asked
