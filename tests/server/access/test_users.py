"""Users through the one door: who may be added, given a password, a role, or shut out."""

from __future__ import annotations

import pytest
from sqlalchemy import select, text

from server.access.tables import SessionRow, UserRoleRow, UserRow
from server.access.user_commands import (
    GrantRole,
    OpenUser,
    ReinstateUser,
    SetPassword,
    SuspendUser,
    WithdrawRole,
)
from server.spine import clock
from server.spine.tables import ChangeRow, CommandRow, DetailRow
from shared.commands import Actor, Outcome
from tests.server.access.conftest import Office

HASH = "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$RdescudvJCsgt3ub+b4daA"


def test_a_user_is_added_with_a_role_and_a_password(office: Office) -> None:
    user_id = office.person("amina", "officer")
    with office.session() as session:
        user = session.get_one(UserRow, user_id)
        assert (user.sign_in, user.name, user.active) == ("amina", "Amina", True)
        held = select(UserRoleRow.role).where(UserRoleRow.user_id == user_id)
        assert session.scalars(held).all() == ["officer"]


def test_a_password_hash_is_in_the_users_row_and_nowhere_else(office: Office) -> None:
    user_id = office.person("amina", "officer")
    office.give(SetPassword(user_id=user_id, password_hash=HASH)).raise_if_refused()
    with office.session() as session:
        assert session.get_one(UserRow, user_id).password_hash == HASH
        logged = [str(row.line) for row in session.scalars(select(ChangeRow))]
        logged += [str(row.body) for row in session.scalars(select(DetailRow))]
        logged += [
            str(row.values) + row.payload_hash for row in session.scalars(select(CommandRow))
        ]
    assert logged
    assert not [each for each in logged if "argon2" in each]


def test_a_password_hash_is_not_printed_with_its_command() -> None:
    assert HASH not in repr(SetPassword(user_id=clock.new_id(), password_hash=HASH))


def test_names_of_users_are_kept_apart_from_the_log_line(office: Office) -> None:
    office.person("amina")
    with office.session() as session:
        lines = [str(row.line) for row in session.scalars(select(ChangeRow))]
    assert "amina" not in " ".join(lines).lower()


@pytest.mark.parametrize("sign_in", ["amina", "AMINA"])
def test_a_user_name_is_taken_once_whatever_its_case(office: Office, sign_in: str) -> None:
    office.person("amina")
    second = OpenUser(user_id=clock.new_id(), sign_in=sign_in.lower(), full_name="Another")
    assert office.give(second).code == "user.sign_in_taken"


def test_a_user_is_added_once(office: Office) -> None:
    user_id = office.person("amina")
    again = OpenUser(user_id=user_id, sign_in="other", full_name="Another")
    assert office.give(again).code == "user.exists"


def test_what_is_asked_about_an_unknown_user_is_refused(office: Office) -> None:
    nobody = clock.new_id()
    for command in (
        SetPassword(user_id=nobody, password_hash=HASH),
        GrantRole(user_id=nobody, role="officer"),
        WithdrawRole(user_id=nobody, role="officer"),
        SuspendUser(user_id=nobody),
        ReinstateUser(user_id=nobody),
    ):
        assert office.give(command).code == "user.unknown"


def test_a_role_that_is_none_of_ours_is_refused(office: Office) -> None:
    user_id = office.person("amina")
    assert office.give(GrantRole(user_id=user_id, role="king")).code == "role.unknown"
    assert office.give(WithdrawRole(user_id=user_id, role="king")).code == "role.unknown"


def test_a_role_given_twice_or_taken_twice_is_once(office: Office) -> None:
    user_id = office.person("amina", "officer")
    assert office.give(GrantRole(user_id=user_id, role="officer")).outcome is Outcome.NO_CHANGE
    taken = WithdrawRole(user_id=user_id, role="officer")
    assert office.give(taken).outcome is Outcome.APPLIED
    assert office.give(taken).outcome is Outcome.NO_CHANGE


def test_nobody_changes_their_own_roles_or_suspends_themselves(office: Office) -> None:
    user_id = office.person("amina", "administrator")
    own = Actor(user_id=user_id, permissions=office.root.permissions)
    assert office.give(GrantRole(user_id=user_id, role="officer"), own).code == "user.own_roles"
    taken = WithdrawRole(user_id=user_id, role="administrator")
    assert office.give(taken, own).code == "user.own_roles"
    assert office.give(SuspendUser(user_id=user_id), own).code == "user.own_suspension"


def test_only_who_manages_users_sets_another_persons_password(office: Office) -> None:
    amina, ben = office.person("amina", "officer"), office.person("ben", "officer")
    actor = Actor(user_id=ben, permissions=frozenset({"password.set"}))
    theirs = SetPassword(user_id=amina, password_hash=HASH)
    assert office.give(theirs, actor).code == "user.other_password"
    own = SetPassword(user_id=ben, password_hash=HASH, temporary=True)
    assert office.give(own, actor).outcome is Outcome.APPLIED
    with office.session() as session:
        assert not session.get_one(UserRow, ben).password_temporary


def test_without_the_permission_nothing_is_done(office: Office) -> None:
    nobody = Actor(user_id=clock.new_id(), permissions=frozenset())
    opened = OpenUser(user_id=clock.new_id(), sign_in="amina", full_name="Amina")
    assert office.give(opened, nobody).code == "authority.lacking"


def test_a_suspended_user_gets_no_password_and_can_be_let_in_again(office: Office) -> None:
    user_id = office.person("amina", "officer")
    assert office.give(SuspendUser(user_id=user_id)).outcome is Outcome.APPLIED
    assert office.give(SuspendUser(user_id=user_id)).outcome is Outcome.NO_CHANGE
    refused = office.give(SetPassword(user_id=user_id, password_hash=HASH))
    assert refused.code == "user.suspended"
    assert office.give(ReinstateUser(user_id=user_id)).outcome is Outcome.APPLIED
    assert office.give(ReinstateUser(user_id=user_id)).outcome is Outcome.NO_CHANGE
    with office.session() as session:
        assert session.get_one(UserRow, user_id).active


@pytest.mark.proves("T16")
@pytest.mark.parametrize("how", ["suspend", "password"])
def test_suspending_someone_or_another_password_ends_their_sessions(
    office: Office, how: str
) -> None:
    user_id = office.person("amina", "officer")
    office.client_of(user_id)
    command = (
        SuspendUser(user_id=user_id)
        if how == "suspend"
        else SetPassword(user_id=user_id, password_hash=HASH)
    )
    office.give(command).raise_if_refused()
    with office.session() as session:
        assert [row.ended_at for row in session.scalars(select(SessionRow))] != [None]


def test_pressing_twice_is_one_command(office: Office) -> None:
    command_id = clock.new_id()
    command = OpenUser(user_id=clock.new_id(), sign_in="amina", full_name="Amina")
    first = office.give(command, command_id=command_id)
    again = office.give(command, command_id=command_id)
    assert first.outcome is again.outcome is Outcome.APPLIED
    with office.session() as session:
        assert session.scalar(text('SELECT count(*) FROM "user"')) == 1
