"""Each point at which a device or the office may be cut off is held by a test that exists."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import NamedTuple

import pytest

TESTS = Path(__file__).parents[1]


class Point(NamedTuple):
    """One moment at which everything may stop."""

    number: int
    between: str
    held_by: tuple[str, ...]
    """Files below tests/, each with the name of its test."""


POINTS = (
    Point(1, "a save is pressed and committed", (
        "simulation/test_disk.py::test_what_a_vault_said_it_kept_is_there_after_a_loss_of_power_at_any_step",
        "field_client/vault/test_full_disk.py::test_whenever_the_drive_fills_up_a_second_press_saves_once",
        "field_client/vault/test_in_browser.py::test_what_was_on_screen_for_a_second_is_kept",
    )),
    Point(2, "it is committed and sent", (
        "simulation/test_crash_points.py::test_the_power_may_go_at_any_step",
    )),
    Point(3, "a request arrives and its reply is lost", (
        "field_client/vault/test_syncing.py::test_a_lost_reply_doubles_nothing",
        "sync/test_deliveries.py::test_every_delivery_ends_in_the_same_state",
    )),
    Point(4, "the office decides one command of a chunk and the next", (
        "sync/test_office_stops.py::test_the_office_may_stop_before_any_statement",
        "server/test_crash.py::test_the_office_and_its_worker_go_on_after_their_server_was_killed",
    )),
    Point(5, "the office commits and answers", (
        "sync/test_office_stops.py::test_the_office_may_stop_before_any_commit",
        "sync/test_hub.py::test_the_same_request_again_gets_the_same_answer_and_changes_nothing",
    )),
    Point(6, "a reply is read and taken in", (
        "simulation/test_crash_points.py::test_the_power_may_go_at_any_step",
        "sync/test_deliveries.py::test_every_delivery_ends_in_the_same_state",
    )),
    Point(7, "a page begins to be taken in and is", (
        "simulation/test_crash_points.py::test_the_power_may_go_at_any_step",
        "simulation/test_crash_points.py::test_a_call_may_fail_at_any_step",
    )),
    Point(8, "a case's records go and its erasure is reported", (
        "simulation/test_crash_points.py::test_the_power_may_go_at_any_step",
        "sync/test_taking_in.py::test_a_case_taken_away_stays_until_the_work_on_it_has_arrived",
    )),
    Point(9, "a part of a photograph is kept and its place noted", (
        "simulation/test_crash_points.py::test_the_power_may_go_at_any_step",
        "server/visits/test_blob_properties.py::test_any_order_of_cuts_edits_and_repeats_gives_the_very_photograph_or_none",
        "field_client/vault/test_uploads.py::test_an_upload_that_was_cut_goes_on_where_it_stopped",
    )),
    Point(10, "a vault of an older program is opened and brought up to date", (
        "simulation/test_crash_points.py::test_the_power_may_go_while_an_old_vault_is_brought_up_to_date",
        "simulation/test_crash_points.py::test_the_power_may_go_while_a_vault_is_made",
    )),
    Point(11, "a passphrase is changed and its key file in place", (
        "field_client/test_home.py::test_a_write_that_fails_leaves_what_was_there",
        "field_client/vault/test_keys.py::test_a_changed_passphrase_opens_the_same_keys_and_the_old_one_nothing",
    )),
    Point(12, "the disk is full and has room again", (
        "simulation/test_crash_points.py::test_the_disk_may_be_full_from_any_step_on",
        "field_client/vault/test_full_disk.py::test_syncing_waits_for_room_but_sends_what_was_saved",
        "field_client/vault/test_full_disk.py::test_where_nothing_is_left_the_form_comes_back_as_it_was_typed",
    )),
)  # fmt: skip


def names_in(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_every_point_is_there() -> None:
    assert [point.number for point in POINTS] == list(range(1, 13))


@pytest.mark.parametrize("test", sorted({test for point in POINTS for test in point.held_by}))
def test_each_point_is_held_by_a_test_that_exists(test: str) -> None:
    file, name = test.split("::")
    assert name in names_in(TESTS / file)
