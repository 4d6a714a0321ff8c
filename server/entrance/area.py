"""What the entrance hands to the office: accounts of the council, proofs, and emergency sign-ins."""

from __future__ import annotations

from server.entrance import (
    account_screens,
    emergency_screens,
    errands,
    proof_screens,
    provider_screens,
    queries,
    record,
    rules,
)
from server.entrance.commands import (
    ExamineEmergencySignIn,
    ExamineEmergencySignInSchema,
    LinkIdentity,
    LinkIdentitySchema,
    RecordEmergencySignIn,
    RecordEmergencySignInSchema,
)
from server.spine.areas import Alarm, Area, Chore, Handling, NavigationLink
from shared.catalogue import mark
from shared.commands import Command, CommandType, Kind, Touched


def _in_turn(command: Command) -> Touched:
    """Decide what is about one user or sign-in in turn; the ids are no person's, so this locks no row."""
    ids = {getattr(command, name, None) for name in ("user_id", "sign_in_id")}
    return Touched(person_ids=frozenset(id_ for id_ in ids if id_))


AREA = Area(
    name="entrance",
    commands=(
        Handling(
            kind=CommandType(
                command=LinkIdentity,
                schema=LinkIdentitySchema(),
                rule=rules.link_identity,
                kind=Kind.DECISION,
                needs="users.manage",
            ),
            facts=queries.identity_facts,
            subjects=_in_turn,
        ),
        Handling(
            kind=CommandType(
                command=RecordEmergencySignIn,
                schema=RecordEmergencySignInSchema(),
                rule=rules.record_emergency,
                kind=Kind.FACT,
                needs="users.manage",
            ),
            facts=queries.emergency_facts,
            subjects=_in_turn,
        ),
        Handling(
            kind=CommandType(
                command=ExamineEmergencySignIn,
                schema=ExamineEmergencySignInSchema(),
                rule=rules.examine_emergency,
                kind=Kind.DECISION,
                needs="users.manage",
            ),
            facts=queries.emergency_facts,
            subjects=_in_turn,
        ),
    ),
    recorders=record.RECORDERS,
    screens=(
        provider_screens.screens,
        proof_screens.screens,
        account_screens.screens,
        emergency_screens.screens,
    ),
    chores=(Chore(name="entrance.forget", cron="*/15 * * * *", run=errands.forget_old),),
    alarms=(Alarm(needs="users.manage", endpoint="emergency.every_sign_in", find=queries.alarm),),
    navigation=(
        NavigationLink(
            text=mark("Emergency sign-ins"),
            endpoint="emergency.every_sign_in",
            needs="users.manage",
        ),
    ),
)
