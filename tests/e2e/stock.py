"""Adds to a running council by commands, as whoever may do everything or somebody in it."""

from __future__ import annotations

from datetime import datetime

from server.spine import clock
from server.spine.orders import Order
from shared.commands import Actor, Command
from tests.e2e.council import RunningCouncil
from tests.server.access.conftest import Office


class Stock:
    """Adds to a council; what it adds to are the cases of its first officer, in their order."""

    def __init__(self, council: RunningCouncil, office: Office) -> None:
        self.council, self.office, self.now = council, office, clock.now()
        self.today = self.now.date()
        self.users = {
            str(name): str(id_) for id_, name in council.ask('SELECT user_id, sign_in FROM "user"')
        }
        self.officer = office.actor(self.users["officer"])
        self.cases = self._cases(self.officer.user_id)
        self.starts: list[str] = []

    def give(
        self, command: Command, actor: Actor | None = None, at: datetime | None = None
    ) -> None:
        """Give a command that must not be refused."""
        self.office.give(command, actor, now=at or self.now).raise_if_refused()

    def give_all(self, *commands: Command) -> None:
        """Give many commands of one kind at once."""
        with self.office.app.app_context():
            self.office.door.execute_many(
                [
                    Order(
                        command=command,
                        command_id=clock.new_id(),
                        actor=self.office.root,
                        happened_at=self.now,
                    )
                    for command in commands
                ],
                now=self.now,
            )

    def _cases(self, officer_id: str) -> list[tuple[str, str, list[str]]]:
        """List an officer's cases with their person and debts, those with joint debts first."""
        rows = self.council.ask(
            "SELECT c.case_id, c.person_id, array_agg(DISTINCT d.debt_id ORDER BY d.debt_id), "
            "  max((SELECT count(*) FROM liable_party l WHERE l.debt_id = d.debt_id)) AS liable "
            'FROM "case" c JOIN case_access a USING (case_id) JOIN case_debt d USING (case_id) '
            "WHERE a.officer_id = %s AND a.granted GROUP BY 1, 2 ORDER BY liable DESC, 1",
            officer_id,
        )
        return [(str(c), str(p), [str(d) for d in debts]) for c, p, debts, _ in rows]  # type: ignore[attr-defined]
