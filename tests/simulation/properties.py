"""What sync promises, by number: in one sentence each, and where it is looked at."""

from __future__ import annotations

from dataclasses import dataclass

RUN = "tests/simulation"
SYNC = "tests/sync"
API = "tests/server/sync_api"
VAULT = "tests/field_client/vault"


@dataclass(frozen=True, kw_only=True)
class Property:
    """One promise; `told` says that simulated days look at it, `tests` which tests of their own do."""

    number: str
    sentence: str
    told: bool = False
    tests: tuple[str, ...] = ()


PROPERTIES = (
    Property(
        number="P1",
        sentence="No acknowledged command is ever lost, and each has exactly one effect.",
        told=True,
        tests=(
            f"{API}/test_broken_wire.py::test_p14_a_push_whose_connection_breaks_is_done_once_or_not_at_all",
        ),
    ),
    Property(
        number="P2",
        sentence="When nothing moves any more, a device holds its officer's records, and totals agree.",
        told=True,
        tests=(f"{SYNC}/test_page_sizes.py::test_pages_of_any_sizes_come_to_the_same_copy",),
    ),
    Property(
        number="P3",
        sentence="At every read, the numbers that can be seen are all there are up to the last.",
        told=True,
        tests=(
            f"{API}/test_eight_writers.py::test_p3_a_reader_misses_nothing_of_eight_writers",
            f"{API}/test_eight_writers.py::test_p3_a_cursor_from_a_sequence_is_shown_to_miss_some",
        ),
    ),
    Property(
        number="P4",
        sentence="No page splits a commit, and pages of any size come to the same copy.",
        told=True,
        tests=(f"{SYNC}/test_page_sizes.py::test_pages_of_any_sizes_come_to_the_same_copy",),
    ),
    Property(
        number="P5",
        sentence="What arrives twice, late, out of turn or in part changes nothing.",
        told=True,
        tests=(f"{SYNC}/test_deliveries.py::test_every_delivery_ends_in_the_same_state",),
    ),
    Property(
        number="P6",
        sentence="Merging says the same whatever the order, and never settles what both sides moved.",
        tests=(
            "tests/shared/test_reconcile.py::test_what_both_sides_moved_is_never_settled_without_a_person",
            "tests/shared/test_reconcile.py::test_saying_it_again_changes_nothing",
            "tests/shared/test_reconcile.py::test_additions_come_to_the_same_whatever_order_they_arrive_in",
        ),
    ),
    Property(
        number="P7",
        sentence="Facts: as many stand at the office as were captured.",
        told=True,
    ),
    Property(
        number="P8",
        sentence="Only steps the rules allow stand in the log; what is refused is kept.",
        told=True,
        tests=(f"{SYNC}/test_hub.py::test_work_on_a_case_never_assigned_is_set_aside_whole",),
    ),
    Property(
        number="P9",
        sentence="A field has one open conflict at most, and deciding it is final.",
        told=True,
        tests=(
            "tests/server/reconciling/test_conflicts.py",
            "tests/server/reconciling/test_histories.py",
        ),
    ),
    Property(
        number="P10",
        sentence="A case taken away is erased within one sync, and what was saved on it arrives first.",
        told=True,
    ),
    Property(
        number="P11",
        sentence="A case that is given arrives whole, whatever moves meanwhile.",
        told=True,
    ),
    Property(
        number="P12",
        sentence="A device may lose its process or its power at any step of its disk.",
        told=True,
        tests=(
            f"{RUN}/test_crash_points.py::test_the_power_may_go_at_any_step",
            f"{RUN}/test_crash_points.py::test_a_call_may_fail_at_any_step",
        ),
    ),
    Property(
        number="P13",
        sentence="A disk may be full from any step on, and nothing is half kept.",
        told=True,
        tests=(f"{RUN}/test_crash_points.py::test_the_disk_may_be_full_from_any_step_on",),
    ),
    Property(
        number="P14",
        sentence="The database may break off at any statement; what was asked is done once or not.",
        tests=(
            f"{API}/test_broken_wire.py::test_p14_a_push_whose_connection_breaks_is_done_once_or_not_at_all",
            f"{API}/test_broken_wire.py::test_p14_a_push_that_meets_another_writer_anywhere_is_done_once",
        ),
    ),
    Property(
        number="P15",
        sentence="No clock, ten years wrong or put back, moves an order or keeps anybody out.",
        told=True,
        tests=(
            f"{SYNC}/test_clocks.py::test_no_clock_keeps_a_device_from_being_heard_or_moves_its_order",
        ),
    ),
    Property(
        number="P16",
        sentence="Old vaults and old messages are read by every later version, with what they queued.",
        tests=(
            f"{VAULT}/test_frozen.py::test_it_is_sent_to_an_office_of_any_version_and_brought_up_to_date",
            f"{SYNC}/test_versions.py::test_a_message_of_every_version_that_is_spoken_is_still_read",
        ),
    ),
    Property(
        number="P17",
        sentence="An office restored from an old backup is given again what devices had sent since.",
        told=True,
        tests=(
            f"{SYNC}/test_other_life.py::test_what_was_answered_after_the_backup_is_offered_again",
        ),
    ),
    Property(
        number="P18",
        sentence="A vault that was copied is noticed; both copies go on, and nothing is done twice.",
        told=True,
        tests=(f"{SYNC}/test_forks.py::test_both_copies_of_a_copied_vault_go_on_working",),
    ),
    Property(
        number="P19",
        sentence="Once nothing fails any more, everything that waits is sent, in a few syncs.",
        told=True,
    ),
    Property(
        number="P20",
        sentence="A photograph arrives as it was taken, or not at all, however it is cut and resumed.",
        tests=(
            f"{SYNC}/test_blob_session.py::test_any_line_and_any_edit_gives_the_very_photograph_or_none",
        ),
    ),
    Property(
        number="P21",
        sentence="A flipped bit in what was sent, answered or signed is refused, and never a receipt.",
        tests=(
            f"{API}/test_flipped_bits.py::test_a_flipped_bit_in_what_was_signed_is_refused",
            f"{SYNC}/test_flipped_bits.py::test_a_reply_that_arrives_otherwise_than_it_was_said_gives_no_receipt_it_did_not_give",
        ),
    ),
    Property(
        number="P22",
        sentence="No device is given a record of a case its officer does not have at that moment.",
        told=True,
        tests=(
            f"{API}/test_scope_under_way.py::test_no_page_holds_a_record_of_a_case_that_was_another_s",
        ),
    ),
    Property(
        number="P23",
        sentence="What is no answer of this office deletes nothing.",
        told=True,
        tests=(f"{VAULT}/test_wrong_answers.py::test_what_is_no_reply_changes_nothing",),
    ),
    Property(
        number="P24",
        sentence="What unfolds without end, or asks for much memory, is refused at a limit.",
        tests=(
            f"{SYNC}/test_hostile_bytes.py::test_a_message_that_unfolds_without_end_is_refused_at_its_limit",
            f"{SYNC}/test_hostile_bytes.py::test_a_message_that_asks_for_much_memory_is_refused",
        ),
    ),
    Property(
        number="P25",
        sentence="Nothing counts as an officer's work that their own key has not signed where it stands.",
        told=True,
        tests=(
            f"{SYNC}/test_hands.py::test_what_only_the_device_has_signed_is_set_aside_whole_and_answered_once",
            f"{SYNC}/test_hands.py::test_a_thousand_edits_of_what_was_signed_let_nothing_in_that_was_not_said",
        ),
    ),
)
"""Every promise of sync."""

TOLD = tuple(each.number for each in PROPERTIES if each.told)
"""Those that simulated days look at."""
