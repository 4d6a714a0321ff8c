"""Once an hour the provider is asked whether it still knows whoever is signed in by it.

It is asked in a request of theirs, so that it holds whether or not a worker runs: nobody whose account
was closed is shown a page an hour later. One request of a session asks, and the others wait for it.
"""

from __future__ import annotations

import enum
import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.access.sessions import hash_of
from server.access.tables import SessionRow
from server.entrance.people import roles_here, settle_roles
from server.entrance.provider import Provider, Refused, Renewed, Unreachable, Untrusted
from server.entrance.queries import user_of
from server.entrance.sealing import Sealer, Unreadable
from server.spine.execute import Door

logger = logging.getLogger(__name__)

EVERY = timedelta(hours=1)
"""How long the provider's word is good for."""


class Standing(enum.Enum):
    """How somebody stands with the provider."""

    KNOWN = "known"
    ENDED = "ended"
    """Their session is over, and says why itself."""
    NOT_TOLD = "not told"
    """The provider does not answer, so nothing is shown until it does."""


@dataclass(frozen=True, kw_only=True)
class Checker:
    """Asks the provider of one office."""

    door: Door
    provider: Provider
    sealer: Sealer

    def check(self, token: str, now: datetime) -> Standing:
        """Ask the provider, unless it was asked within the hour."""
        with self.door.sessions() as session, session.begin():
            row = session.scalar(
                select(SessionRow)
                .where(SessionRow.token_hash == hash_of(token), SessionRow.ended_at.is_(None))
                .with_for_update()
            )
            if row is None:
                return Standing.ENDED
            if row.checked_at is not None and now - row.checked_at < EVERY:
                return Standing.KNOWN
            try:
                answer = self._ask(row, now)
                self._settle(session, row, answer)
            except Unreachable as error:
                logger.warning("the sign-in service cannot be reached", extra={"code": str(error)})
                return Standing.NOT_TOLD
            except (Refused, Untrusted, Unreadable) as error:
                logger.warning(
                    "a session was not confirmed: %s", error, extra={"code": type(error).__name__}
                )
                row.ended_at, row.sealed_refresh = now, None
                row.ended_why = "unknown" if isinstance(error, Refused) else "unconfirmed"
                return Standing.ENDED
            row.checked_at = now
            row.sealed_refresh = self.sealer.seal(answer.refresh_token.encode(), row.user_id)
            return Standing.KNOWN

    def _ask(self, row: SessionRow, now: datetime) -> Renewed:
        """Ask with what the provider gave for it; raises Untrusted when that is nothing."""
        if row.sealed_refresh is None:
            raise Untrusted("it gave nothing to ask with")
        refresh_token = self.sealer.open(row.sealed_refresh, row.user_id).decode()
        return self.provider.renew(refresh_token, now=now)

    def _settle(self, session: Session, row: SessionRow, answer: Renewed) -> None:
        """Give its person the roles they have now; raises Refused when they are not to be here."""
        person = answer.person
        if person is None:
            return
        settings = self.provider.settings
        if user_of(session, settings.issuer, person.tenant, person.subject) != row.user_id:
            raise Refused
        roles = roles_here(self.door, settings, person)
        settle_roles(self.door, row.user_id, roles)
        if not roles:
            raise Refused
