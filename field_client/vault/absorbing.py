"""Takes in what the office says, whole or not at all, and lets nothing go that is still needed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from field_client.vault import lanes, records
from field_client.vault.defects import note_defect
from field_client.vault.records import Connection
from shared.commands import Lane
from sync.device_steps import Taken
from sync.protocol import (
    LANE_FORKED,
    PURGE_GUARD_CASES,
    PURGE_GUARD_SHARE,
    Page,
    Position,
    Reply,
)
from sync.scope import purge_digest

KEPT_DAYS = 30
"""Days an answered command stays on the list of what was saved, once a backup covers it."""

DRAFT_DAYS = 14
"""Days after which a draft nobody has touched no longer keeps a case here that was taken away."""

EPOCH, CURSOR, COPY_AT, DIFFERS, PARKED, DURABLE, FORKED, WHOLE_TO = (
    "epoch", "cursor", "office_copy_at", "differs", "parked", "durable", "forked", "whole_to",
)  # fmt: skip
"""What the vault keeps of how it stands with the office, by name."""

_LEFT, _LET_GO = "purged_since_head", "let_go"

_ANSWER = "command_id, outcome, code, commit_number, received_at"


@dataclass(frozen=True, kw_only=True)
class Seal:
    """What the office signed, and its signature."""

    statement: bytes
    signature: str


class Absorbing:
    """One reply being taken in, inside one transaction of the vault."""

    def __init__(self, connection: Connection, reply: Reply) -> None:
        self._connection = connection
        self._reply = reply

    def take(self, seal: Seal | None, *, sealed: bool) -> Taken:
        """Take it in: receipts, then the page where this copy stands, then what may be erased.

        What was said to another name of this vault comes late and says nothing about this one.
        What comes late from another life of the office's database says nothing about this one. A
        page is taken only where this copy stands, because one that comes late would put older
        records over newer ones; its receipts are true whenever they come.
        """
        reply, epoch = self._reply, self._get(EPOCH)
        if reply.store_id not in {None, self._get("store_id")}:
            return Taken()
        if not sealed:
            kept = self._has_what_it_speaks_of()
            wrong = "receipt.wrong_seal" if kept else "receipt.not_kept"
            self._note(wrong, str(len(reply.receipts)))
        changed = epoch is not None and epoch != reply.epoch
        if changed and reply.replaces != epoch:
            return Taken()
        if changed:
            self._begin_again()
        receipts = self._keep_receipts(seal) if sealed else 0
        self._forget_reported()
        page_taken = False
        forked = sealed and any(receipt.code == LANE_FORKED for receipt in reply.receipts)
        if changed or reply.page.start == self._cursor():
            self._offer_again(everything=changed)
            forked = forked or self._is_forked()
            page_taken = self._take_page_unless_too_much_goes(sealed=sealed)
        if forked:
            self._note(LANE_FORKED, str(reply.page.head))
            self._put(FORKED, reply.server_time)
        erased = self._erase_what_left()
        differs = page_taken and self._compare()
        self._let_go(erased=erased)
        return Taken(
            receipts=receipts,
            page=page_taken,
            erased=erased,
            differs=differs,
            parked=self._get(PARKED) is not None,
            forked=forked or self._get(FORKED) is not None,
        )

    # Receipts

    def _has_what_it_speaks_of(self) -> bool:
        """Tell whether every command that a reply speaks of is still kept here, so that its seal says
        something: a reply that comes very late may speak of one that was let go since.
        """
        return all(
            self._connection.execute(
                "SELECT 1 FROM outbox WHERE command_id = ?", (receipt.command_id,)
            ).fetchone()
            for receipt in self._reply.receipts
        )

    def _keep_receipts(self, seal: Seal | None) -> int:
        """Keep each answer that is new here, with the statement that was signed.

        That a number is taken by another copy is no answer, for it is sent again.
        """
        reply = self._reply
        answers = [receipt for receipt in reply.receipts if receipt.code != LANE_FORKED]
        if not answers:
            return 0
        seal_id = None
        if seal is not None:
            seal_id = self._connection.execute(
                "INSERT INTO seal (statement, signature) VALUES (?, ?)",
                (seal.statement, seal.signature),
            ).lastrowid
        kept = int(
            self._connection.executemany(
                "UPDATE outbox SET outcome = ?, code = ?, flags = ?, said = ?, commit_number = ?, "
                "received_at = ?, more = ?, covered_by = ?, seal_id = ? "
                "WHERE command_id = ? AND outcome IS NULL",
                [
                    (
                        receipt.outcome.value,
                        receipt.code,
                        json.dumps(list(receipt.flags)),
                        json.dumps(dict(receipt.values)),
                        receipt.commit,
                        receipt.received_at,
                        json.dumps(dict(receipt.more)) if receipt.more else None,
                        reply.page.head + 1 if receipt.commit is None else receipt.commit,
                        seal_id,
                        receipt.command_id,
                    )
                    for receipt in answers
                ],
            ).rowcount
        )
        if not kept and seal_id is not None:
            self._connection.execute("DELETE FROM seal WHERE seal_id = ?", (seal_id,))
        return kept

    def _forget_reported(self) -> None:
        self._connection.executemany(
            "DELETE FROM purge WHERE case_id = ? AND erased AND commit_number <= ?",
            [(case_id, self._reply.page.start) for case_id in self._reply.noted],
        )

    # Another life of the office

    def _begin_again(self) -> None:
        """Stand where the restored office stands, keeping everything; what differs shows at once.

        Numbers of the other life mean nothing here. What is on its way off this device is decided
        anew by what the office says this officer has.
        """
        self._note("epoch.changed", self._reply.epoch)
        self._connection.execute("DELETE FROM purge WHERE NOT erased")
        self._connection.execute("UPDATE purge SET commit_number = 0")
        self._connection.execute("UPDATE photograph SET arrived = 0 WHERE recorded")
        self._put(EPOCH, self._reply.epoch)
        self._put(CURSOR, str(self._reply.page.start))
        self._put(DURABLE, "0")
        self._connection.execute("DELETE FROM meta WHERE name = ?", (PARKED,))

    def _offer_again(self, *, everything: bool) -> None:
        """Put back in the queue what the office answered once and does not have any more.

        What was answered under an earlier name of this vault cannot be told from a lane's position,
        so in another life of the office all of it is numbered anew and offered again. So is all of a
        lane whose numbers another copy of this vault has given there to work of its own.
        """
        for lane in Lane:
            at = self._reply.positions.get(lane, Position() if everything else None)
            if at is None:
                continue
            if everything and not self._is_ours(lane, at):
                at = Position()
            forgotten = self._connection.execute(
                f"SELECT {_ANSWER} FROM outbox WHERE {lanes.NUMBERED_HERE} "  # noqa: S608 - our own words
                "AND lane = ? AND seq > ? AND outcome IS NOT NULL",
                (lane.value, at.seq),
            ).fetchall()
            if everything:
                forgotten += self._connection.execute(
                    f"SELECT {_ANSWER} FROM outbox WHERE former_store IS NOT NULL "  # noqa: S608 - our own words
                    "AND lane = ? AND outcome IS NOT NULL",
                    (lane.value,),
                ).fetchall()
            if forgotten:
                self._note("lane.rewound", f"{lane.value} {at.seq}")
            self._connection.executemany(
                "UPDATE outbox SET outcome = NULL, code = NULL, flags = NULL, said = NULL, "
                "commit_number = NULL, received_at = NULL, covered_by = NULL, seal_id = NULL, "
                "earlier = ? WHERE command_id = ?",
                [(json.dumps(row[1:]), row[0]) for row in forgotten],
            )

    def _is_forked(self) -> bool:
        """Tell whether work here cannot go on under this name.

        Another copy of this vault has spoken if a number is taken by other bytes, or one is taken
        that was never given here.
        """
        if not all(self._is_ours(lane, at) for lane, at in self._reply.positions.items()):
            return True
        offered_again = self._connection.execute(
            "SELECT 1 FROM outbox WHERE outcome IS NULL AND former_store IS NOT NULL LIMIT 1"
        ).fetchone()
        return offered_again is not None

    def _is_ours(self, lane: Lane, at: Position) -> bool:
        """Tell whether a lane was taken as far as this by what was given here."""
        last = lanes.head_of(self._connection, lane)
        if at.seq == last.seq:
            return at.head == last.head
        return at.seq < last.seq and lanes.hash_at(self._connection, lane, at.seq) in {
            None,
            at.head,
        }

    # The page

    def _take_page_unless_too_much_goes(self, *, sealed: bool) -> bool:
        """Take the page, unless it would take away so much that the office has to say so twice."""
        page = self._reply.page
        asked_about = purge_digest(self._reply.epoch, page.purges)
        left = int(self._get(_LEFT) or 0)
        here = records.held_cases(self._connection) if page.purges else set()
        going = {purge.case_id for purge in page.purges} & here
        gone, held = left + len(going), left + len(here)
        too_much = gone > PURGE_GUARD_CASES and gone > PURGE_GUARD_SHARE * held
        confirmed = sealed and self._reply.confirmed == asked_about
        if going and too_much and not confirmed:
            self._note("purge.parked", f"{len(going)} of {held}")
            self._put(PARKED, asked_about)
            return False
        self._connection.execute("DELETE FROM meta WHERE name = ?", (PARKED,))
        self._take_page(page)
        at_head = page.end >= page.head
        self._note_whole(at_head=at_head)
        self._put(_LEFT, "0" if at_head or confirmed else str(gone))
        self._put(CURSOR, str(max(page.start, page.end)))
        self._put(EPOCH, self._reply.epoch)
        self._put(DURABLE, str(self._reply.durable))
        return True

    def _note_whole(self, *, at_head: bool) -> None:
        """Keep from where on this copy may hold half of a commit, until it is at the head again."""
        if at_head:
            self._connection.execute("DELETE FROM meta WHERE name = ?", (WHOLE_TO,))
        elif self._get(WHOLE_TO) is None:
            self._put(WHOLE_TO, str(self._reply.page.start))

    def _take_page(self, page: Page) -> None:
        self._forget_what_came_back(page)
        records.drop(self._connection, page.repaired)
        records.put(self._connection, page.records)
        self._connection.executemany(
            "INSERT INTO purge VALUES (?, ?, ?, ?, 0) ON CONFLICT (case_id, view) DO UPDATE "
            "SET commit_number = excluded.commit_number, reason = excluded.reason, erased = 0",
            [(p.case_id, p.view, p.commit, p.reason) for p in page.purges],
        )

    def _forget_what_came_back(self, page: Page) -> None:
        """Make room for a case given back before it could be erased: all of it is on its way.

        What was removed of it in between is not, so nothing held from before may stay.
        """
        if self._connection.execute("SELECT 1 FROM purge LIMIT 1").fetchone() is None:
            return
        moved = {(r.case_id, r.view): r.commit for r in page.records}
        moved.update({(w.case_id, w.view): page.end + 1 for w in page.repaired})
        for (case_id, view), commit in moved.items():
            came_back = self._connection.execute(
                "DELETE FROM purge WHERE case_id = ? AND view = ? AND commit_number < ?",
                (case_id, view, commit),
            ).rowcount
            if came_back:
                self._connection.execute(
                    "DELETE FROM record WHERE case_id = ? AND view = ?", (case_id, view)
                )

    def _erase_what_left(self) -> int:
        """Erase the cases that left this officer's scope once nothing of theirs waits; say how many went.

        A draft nobody has touched for long holds its case no more: what was typed stays, to be read
        and copied, and what the office gave goes.
        """
        if not self._connection.execute("SELECT 1 FROM purge WHERE NOT erased LIMIT 1").fetchone():
            return 0  # as mostly, and putting together what follows costs more than this
        forgotten = datetime.fromisoformat(self._reply.server_time) - timedelta(days=DRAFT_DAYS)
        leaving = self._connection.execute(
            "WITH forgotten AS (SELECT draft_id FROM draft "
            "                   WHERE julianday(saved_at) < julianday(?)) "
            "SELECT case_id, view FROM purge WHERE NOT erased AND case_id NOT IN "
            "(SELECT case_id FROM outbox WHERE outcome IS NULL "
            " UNION SELECT case_id FROM draft WHERE draft_id NOT IN forgotten "
            " UNION SELECT case_id FROM photograph WHERE NOT arrived AND settled_at IS NULL "
            "       AND (recorded OR visit_id NOT IN forgotten))",
            (forgotten.isoformat(),),
        ).fetchall()
        for case_id, view in leaving:
            self._connection.execute(
                "DELETE FROM record WHERE case_id = ? AND view = ?", (case_id, view)
            )
            self._connection.execute("DELETE FROM photograph WHERE case_id = ?", (case_id,))
            self._connection.execute(
                "UPDATE purge SET erased = 1 WHERE case_id = ? AND view = ?", (case_id, view)
            )
        return len(leaving)

    # Whether the two copies are the same

    def _compare(self) -> bool:
        """Hold this copy against what the office says it comes to; only at the head are both exact."""
        reply = self._reply
        if reply.page.end < reply.page.head:
            return False
        differs = reply.scope is not None and reply.scope != records.scope_of(self._connection)
        if differs:
            self._note("scope.differs", str(reply.page.head))
            self._put(DIFFERS, "yes")
        else:
            self._connection.execute("DELETE FROM meta WHERE name = ?", (DIFFERS,))
            self._put(COPY_AT, reply.server_time)
        return differs

    # What may be let go

    def _let_go(self, *, erased: int) -> None:
        """Delete answered commands that a verified backup of the office holds and nobody needs here.

        Of the last of each lane only its number and hash stay, because the next is chained to it.
        This reads all that was ever saved here, so it is done when a backup was made or a day went
        by since the last time, and when cases were erased.
        """
        durable, now = int(self._get(DURABLE) or 0), datetime.fromisoformat(self._reply.server_time)
        due = f"{durable} {now.date()}"
        if not erased and self._get(_LET_GO) == due:
            return
        self._put(_LET_GO, due)
        lanes.keep_heads(self._connection)
        self._connection.execute(
            "DELETE FROM outbox WHERE covered_by <= ?1 AND coalesce(commit_number, 0) <= ?3 "
            "AND (outcome IN ('applied', 'merged', 'no_change', 'flagged', 'duplicate') "
            "     OR outcome IN ('refused', 'review') AND settled_at IS NOT NULL) "
            "AND (case_id NOT IN (SELECT case_id FROM record) "
            "     OR julianday(received_at) < julianday(?2)) "
            "AND case_id NOT IN (SELECT case_id FROM photograph WHERE NOT arrived)",
            (durable, (now - timedelta(days=KEPT_DAYS)).isoformat(), self._cursor()),
        )
        self._connection.execute(
            "DELETE FROM seal WHERE seal_id NOT IN "
            "(SELECT seal_id FROM outbox WHERE seal_id IS NOT NULL)"
        )

    # The vault's own notes

    def _cursor(self) -> int:
        return int(self._get(CURSOR) or 0)

    def _get(self, name: str) -> str | None:
        found = self._connection.execute(
            "SELECT value FROM meta WHERE name = ?", (name,)
        ).fetchone()
        return None if found is None else str(found[0])

    def _put(self, name: str, value: str) -> None:
        self._connection.execute(
            "INSERT INTO meta VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            (name, value),
        )

    def _note(self, kind: str, said: str) -> None:
        note_defect(self._connection, kind, self._reply.server_time, said)
