"""Every table of the office in one import, for migrations and for start-up."""

from __future__ import annotations

from server.access import tables as access
from server.accounts import tables as accounts
from server.audit import tables as audit
from server.cases import tables as cases
from server.entrance import tables as entrance
from server.interop import tables as interop
from server.keeping import tables as keeping
from server.leasing import tables as leasing
from server.need_to_know import tables as need_to_know
from server.people import tables as people
from server.reconciling import tables as reconciling
from server.recovery import tables as recovery
from server.sealed_work import tables as sealed_work
from server.spine import tables as spine
from server.sync_api import tables as sync_api
from server.visits import tables as visits
from server.wiping import tables as wiping
from server.worktray import tables as worktray

ALL = (
    access,
    accounts,
    audit,
    cases,
    entrance,
    interop,
    keeping,
    leasing,
    need_to_know,
    people,
    reconciling,
    recovery,
    sealed_work,
    spine,
    sync_api,
    visits,
    wiping,
    worktray,
)
"""The modules whose tables make up the schema."""
