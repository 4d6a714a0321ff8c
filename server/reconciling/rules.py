"""Whether and how a conflict is decided: pure, over the conflict and its record as they are now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from server.reconciling.commands import DecideConflict
from shared.commands import Change, Decision, Occasion
from shared.conflicts import ConflictDecided
from shared.detail_fields import HOUSEHOLD_MAX
from shared.details import ContactCorrected, DetailsCorrected
from shared.errors import RuleBroken
from shared.field_policy import Policy, rule_of
from shared.markers import MarkerEnded
from shared.presentation import LONDON


@dataclass(frozen=True, kw_only=True)
class Claim:
    """What one officer said."""

    claim_id: str
    officer_id: str
    value: Any
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class OpenConflict:
    """A conflict as its decision sees it; `held` are the record's fields as they are now."""

    conflict_id: str
    record: str
    record_id: str
    field: str
    case_id: str
    person_id: str | None
    address_id: str | None
    open: bool
    was: Any
    office: Any
    claims: tuple[Claim, ...]
    held: Mapping[str, Any]

    @property
    def keeps_both(self) -> bool:
        """Tell whether the field has room for both texts."""
        return rule_of(self.record, self.field).policy is Policy.KEEP_BOTH


def decide_conflict(
    conflict: OpenConflict | None, command: DecideConflict, occasion: Occasion
) -> Decision:
    """Settle it for good: by somebody else than who spoke, over everything that was said."""
    if conflict is None:
        raise RuleBroken("conflict.unknown")
    if not conflict.open:
        raise RuleBroken("conflict.decided")
    if not occasion.actor.may(rule_of(conflict.record, conflict.field).decided_with):
        raise RuleBroken("authority.lacking")
    if any(claim.officer_id == occasion.actor.user_id for claim in conflict.claims):
        raise RuleBroken("conflict.own")
    if command.claims_seen != len(conflict.claims):
        raise RuleBroken("conflict.moved")
    value = _settled_with(conflict, command)
    decided = ConflictDecided(
        conflict_id=conflict.conflict_id,
        record=conflict.record,
        record_id=conflict.record_id,
        field=conflict.field,
        case_id=conflict.case_id,
        person_id=conflict.person_id,
        address_id=conflict.address_id,
        answer=command.answer,
        value=value,
        note=command.note,
    )
    return Decision(changes=(decided, *_brought_about(conflict, command, value, occasion)))


def _settled_with(conflict: OpenConflict, command: DecideConflict) -> Any:  # noqa: ANN401 - a value of any kind
    """Read the answer as the value that holds from now on."""
    if command.answer == "office":
        return conflict.office
    if command.answer == "before":
        return conflict.was
    if command.answer == "both":
        if not conflict.keeps_both:
            raise RuleBroken("conflict.one_text", field="answer")
        texts = dict.fromkeys([conflict.office, *(claim.value for claim in conflict.claims)])
        both = "\n\n".join(str(text) for text in texts if text)
        if len(both) > HOUSEHOLD_MAX:
            raise RuleBroken("conflict.too_long", field="answer")
        return both
    return _claim(conflict, command).value


def _claim(conflict: OpenConflict, command: DecideConflict) -> Claim:
    claim = next((c for c in conflict.claims if c.claim_id == command.claim_id), None)
    if claim is None:
        raise RuleBroken("conflict.claim_unknown", field="answer")
    return claim


def _brought_about(
    conflict: OpenConflict,
    command: DecideConflict,
    value: Any,  # noqa: ANN401 - a value of any kind
    occasion: Occasion,
) -> tuple[Change, ...]:
    """Say what the decision changes of the record itself; often it holds already."""
    if conflict.record == "marker":
        return () if value else (_end_of_marker(conflict, command, occasion),)
    if conflict.record == "contact":
        return _contact(conflict, str(value))
    name, _, member = conflict.field.partition(".")
    now = value
    if member:
        others = set(conflict.held[name]) - {member}
        now = sorted(others | {member}) if value else sorted(others)
    if now == conflict.held[name]:
        return ()
    return (
        DetailsCorrected(
            person_id=conflict.record_id,
            case_id=conflict.case_id,
            moved=(name,),
            values={name: now},
        ),
    )


def _contact(conflict: OpenConflict, standing: str) -> tuple[Change, ...]:
    if standing == conflict.held["standing"] or conflict.person_id is None:
        return ()
    return (
        ContactCorrected(
            contact_id=conflict.record_id,
            person_id=conflict.person_id,
            case_id=conflict.case_id,
            standing=standing,
            value=conflict.held["value"],
        ),
    )


def _end_of_marker(
    conflict: OpenConflict, command: DecideConflict, occasion: Occasion
) -> MarkerEnded:
    return MarkerEnded(
        marker_id=conflict.record_id,
        person_id=conflict.person_id,
        address_id=conflict.address_id,
        case_ids=frozenset({conflict.case_id}),
        kind=conflict.held["kind"],
        until=occasion.decided_at.astimezone(LONDON).date(),
        reason=command.note or _claim(conflict, command).reason,
    )
