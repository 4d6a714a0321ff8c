"""Checks in an export that officers' own keys signed what devices brought; it needs no database.

The key of an officer on a device is the first that stands in the history for that device. A command
that came from it later bears that key's signature over where it stands in its lane, or the office
said of it that it does not.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from server.access.device_commands import OfficerKeyBound, read_key
from server.audit.chain import Entry
from server.spine.signed import is_signed_by
from shared.errors import RuleBroken
from sync.officer_keys import UNSIGNED, WRONG_SIGNATURE, Holder, lane_statement
from sync.wire import NotAMessage, chain_hash, read_envelope

_SAID_SO = frozenset({UNSIGNED, WRONG_SIGNATURE})


class Hands:
    """Whose keys a history names, and how many commands they were found to have signed."""

    def __init__(self) -> None:
        self._keys: dict[str, tuple[Holder, bytes]] = {}
        self.signed = 0

    def passed(self, entry: Entry) -> None:
        """Look at the next entry; raises RuleBroken where another hand signed than is said."""
        try:
            self._look_at(entry)
        except (KeyError, TypeError, AttributeError) as error:  # no entry that an office wrote
            raise RuleBroken("audit.wrong_hand", seq=entry.seq) from error

    def _look_at(self, entry: Entry) -> None:
        header: Mapping[str, Any] = json.loads(entry.header)
        if header["kind"] == "change" and header["what"] == OfficerKeyBound.name:
            self._learn(header["line"])
        elif header["kind"] == "command" and "signature" in header and entry.detail is not None:
            self._check(entry.seq, header, entry.detail[1])

    def _learn(self, line: Mapping[str, str]) -> None:
        """Take in a key; a device never has another, so only the first counts."""
        holder = Holder(
            office=line["office"], device_id=line["device_id"], officer_id=line["officer_id"]
        )
        key = read_key(line["officer_key"]) or b""
        self._keys.setdefault(holder.device_id, (holder, key))

    def _check(self, seq: int, header: Mapping[str, Any], written: bytes) -> None:
        known = self._keys.get(header["device"])
        if known is None or header["code"] in _SAID_SO:
            return
        try:
            envelope = read_envelope(written)
        except NotAMessage:
            return  # which the office said of it, too
        holder, key = known
        head = chain_hash(envelope.prev, written)
        told = lane_statement(holder, header["store"], header["lane"], header["lane_seq"], head)
        if not is_signed_by(key, told, header["signature"]):
            raise RuleBroken("audit.wrong_hand", seq=seq)
        self.signed += 1
