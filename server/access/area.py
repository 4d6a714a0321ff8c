"""What the access area hands to the office: users, roles, devices, and the pages about them."""

from __future__ import annotations

from marshmallow import Schema

from server.access import device_commands as devices
from server.access import (
    device_rules,
    device_screens,
    facts,
    record,
    sign_in_screens,
    user_rules,
    user_screens,
)
from server.access import user_commands as users
from server.access.device_api import device_api
from server.access.officer_key_api import officer_key_api
from server.spine.areas import Area, Facts, Handling, NavigationLink
from shared.catalogue import mark
from shared.commands import Command, CommandType, Kind, Rule, Touched


def _in_turn(command: Command) -> Touched:
    """Keep two commands about one user or device out of one wave.

    The ids are no person's, so this locks no row: the facts lock users, codes and devices.
    """
    ids = {getattr(command, name, None) for name in ("user_id", "officer_id", "device_id")}
    return Touched(person_ids=frozenset(id_ for id_ in ids if id_))


def _handling(
    command: type[Command], schema: Schema, rule: Rule, load: Facts, *, needs: str, kind: Kind
) -> Handling:
    return Handling(
        kind=CommandType(command=command, schema=schema, rule=rule, kind=kind, needs=needs),
        facts=load,
        subjects=_in_turn,
    )


def _about_users() -> tuple[Handling, ...]:
    declared: tuple[tuple[type[Command], Schema, Rule, str], ...] = (
        (users.OpenUser, users.OpenUserSchema(), user_rules.open_user, "users.manage"),
        (users.SetPassword, users.SetPasswordSchema(), user_rules.set_password, "password.set"),
        (users.GrantRole, users.GrantRoleSchema(), user_rules.grant_role, "users.manage"),
        (users.WithdrawRole, users.WithdrawRoleSchema(), user_rules.withdraw_role, "users.manage"),
        (users.SuspendUser, users.SuspendUserSchema(), user_rules.suspend_user, "users.manage"),
        (
            users.ReinstateUser,
            users.ReinstateUserSchema(),
            user_rules.reinstate_user,
            "users.manage",
        ),
    )
    return tuple(
        _handling(command, schema, rule, facts.user_facts, needs=needs, kind=Kind.DECISION)
        for command, schema, rule, needs in declared
    )


def _about_devices() -> tuple[Handling, ...]:
    return (
        _handling(
            devices.IssueEnrolmentTicket,
            devices.IssueEnrolmentTicketSchema(),
            device_rules.issue_ticket,
            facts.ticket_facts,
            needs="devices.manage",
            kind=Kind.DECISION,
        ),
        _handling(
            devices.RecordEnrolment,
            devices.RecordEnrolmentSchema(),
            device_rules.record_enrolment,
            facts.ticket_facts,
            needs="visits.record",
            kind=Kind.DECISION,
        ),
        _handling(
            devices.ApproveDevice,
            devices.ApproveDeviceSchema(),
            device_rules.approve_device,
            facts.device_facts,
            needs="devices.approve",
            kind=Kind.DECISION,
        ),
        _handling(
            devices.RevokeDevice,
            devices.RevokeDeviceSchema(),
            device_rules.revoke_device,
            facts.device_facts,
            needs="devices.manage",
            kind=Kind.DECISION,
        ),
        _handling(
            devices.BindOfficerKey,
            devices.BindOfficerKeySchema(),
            device_rules.bind_officer_key,
            facts.device_facts,
            needs="visits.record",
            kind=Kind.DECISION,
        ),
    )


AREA = Area(
    name="access",
    commands=(*_about_users(), *_about_devices()),
    recorders=record.RECORDERS,
    permissions={
        "password.set": mark("Change your own password"),
        "users.manage": mark("Add users, give them roles, suspend them"),
        "devices.manage": mark("Give out codes for devices and revoke devices"),
        "devices.approve": mark("Approve devices"),
    },
    screens=(
        sign_in_screens.screens,
        user_screens.screens,
        device_screens.screens,
        device_api,
        officer_key_api,
    ),
    navigation=(
        NavigationLink(
            text=mark("Devices"), endpoint="devices.every_device", needs="devices.manage"
        ),
        NavigationLink(text=mark("Users"), endpoint="users.every_user", needs="users.manage"),
    ),
)
