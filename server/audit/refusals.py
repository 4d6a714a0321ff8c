"""Every way the sealed history is found not to hold, each with one sentence that says what and where."""

from __future__ import annotations

from shared.catalogue import mark
from shared.errors import register

register(
    {
        "audit.out_of_order": mark(
            "Entry %(seq)s stands where entry %(wanted)s belongs: an entry was taken out, added "
            "or moved"
        ),
        "audit.broken": mark(
            "Entry %(seq)s is not what was sealed: it was changed, or what stands before it was"
        ),
        "audit.detail_changed": mark("The text of entry %(seq)s is not what was sealed"),
        "audit.detail_gone": mark(
            "The text of entry %(seq)s was taken out, and nothing says that it was erased"
        ),
        "audit.row_changed": mark(
            "What the office shows for entry %(seq)s is not what was sealed: its row was changed"
        ),
        "audit.row_gone": mark(
            "What entry %(seq)s sealed is no longer in the office: its row was deleted"
        ),
        "audit.row_added": mark(
            "Up to entry %(seq)s the office holds %(rows)s rows that were never sealed: they were "
            "added behind the seal"
        ),
        "audit.cut_short": mark(
            "The history ends at entry %(seq)s, but a checkpoint was signed over %(entries)s: its "
            "end was cut off"
        ),
        "audit.written_anew": mark(
            "Entry %(seq)s is not the one that the checkpoint of %(at)s was signed over: the "
            "history was written anew"
        ),
        "audit.restored_since": mark(
            "The office was restored at entry %(seq)s, and lacks what the checkpoint over "
            "%(entries)s entries was signed over: hold it against the record of that restore"
        ),
        "audit.wrong_hand": mark(
            "The command of entry %(seq)s is not signed by the key its officer had on that device"
        ),
        "audit.line": mark("Line %(line)s is not as an export is written"),
        "audit.not_export": mark("The file %(file)s is not an export of a sealed history"),
        "audit.no_file": mark("The file %(file)s cannot be read"),
        "audit.export_there": mark("There is a file %(file)s already: name a new one"),
        "audit.not_checkpoint": mark("The file %(file)s is not a checkpoint"),
        "audit.wrong_signature": mark(
            "The checkpoint over %(entries)s entries does not bear the signature it claims"
        ),
        "audit.other_key": mark(
            "The checkpoint over %(entries)s entries was signed with another key than the one named"
        ),
        "audit.other_log": mark("The checkpoint over %(entries)s entries is of another history"),
        "audit.nothing": mark("Nothing has been sealed yet"),
        "audit.folder_unwritable": mark(
            "The checkpoint could not be written to its folder: see that it is there and has room"
        ),
        "audit.file_differs": mark(
            "In the folder for checkpoints there is another checkpoint of this name already"
        ),
        "audit.folder_unreadable": mark("The folder for checkpoints %(folder)s cannot be read"),
    }
)
