"""The morning every simulated day begins at: the world is known to the office, and nobody has a case."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import sessionmaker

from server.spine.areas import House
from server.spine.execute import Door
from server.spine.orders import Order
from shared.commands import Outcome
from tests.simulation import world
from tests.simulation.books import Books


def first(books: Books, house: House) -> Any:
    """Open the office, and take it as it stands then."""
    books.clear()
    made = world.make(0, house.permissions)
    with books.watch.begin() as connection:
        world.people_of_the_office(connection, made)
    orders = [
        Order(
            command=command,
            command_id=made.ids(),
            actor=made.office_user,
            happened_at=made.now,
        )
        for command in world.opening(made)
    ]
    door = Door(sessions=sessionmaker(books.office), house=house)
    for result in door.execute_many(orders, now=made.now):
        assert result.outcome is Outcome.APPLIED, f"the opening: {result}"
    return books.taken()
