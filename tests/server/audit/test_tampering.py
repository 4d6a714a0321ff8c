"""Whoever holds an export and a checkpoint finds any tampering, without the office and its database."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from server.audit import checkpoints
from server.audit.chain import NOTHING, beginning, commitment, header_bytes, link
from server.audit.checkpoints import Checkpoint
from server.audit.verifying import canonical_line, verify
from server.spine.office_seal import OfficeSeal
from server.spine.tables import SyncHeadRow
from shared.errors import RuleBroken
from tests.server.audit.conftest import Ledger
from tests.server.office import new_id

Line = dict[str, Any]


def lines_of(content: bytes) -> list[Line]:
    return [json.loads(line) for line in content.splitlines()]


def written(lines: list[Line]) -> bytes:
    return b"".join(canonical_line(line) for line in lines)


def renumber(lines: list[Line]) -> None:
    """Make the numbers of the entries stand in a row again."""
    for seq, line in enumerate(lines[1:], 1):
        line["seq"] = seq


def rechain(lines: list[Line]) -> None:
    """Work everything out anew, as somebody who owns the database and knows how it is done would."""
    renumber(lines)
    head = beginning(lines[0]["log_id"])
    for line in lines[1:]:
        if line["detail"] is not None:
            salt, body = bytes.fromhex(line["detail"]["salt"]), line["detail"]["text"].encode()
            line["commitment"] = commitment(salt, body)
        head = line["hash"] = link(head, line["commitment"], header_bytes(line["header"]))


def found(path: Path, content: bytes, checkpoint: Checkpoint) -> str | None:
    """Verify some content, and give the code of what was found."""
    path.write_bytes(content)
    try:
        verify(path, [checkpoint])
    except RuleBroken as wrong:
        return wrong.code if wrong.sentence() else None
    return None


# Each takes lines and a source of choices, and tampers.


def edit_header(lines: list[Line], data: st.DataObject) -> None:
    header = data.draw(st.sampled_from(lines[1:]))["header"]
    name = data.draw(st.sampled_from(sorted(header)))
    header[name] = data.draw(st.one_of(st.text(max_size=5), st.integers(), st.none()))


def edit_detail(lines: list[Line], data: st.DataObject) -> None:
    line = data.draw(st.sampled_from([line for line in lines[1:] if line["detail"]]))
    if data.draw(st.booleans()):
        line["detail"]["text"] = data.draw(st.text(max_size=20))
    else:
        line["detail"]["salt"] = data.draw(st.binary(min_size=16, max_size=16)).hex()


def add_detail(lines: list[Line], data: st.DataObject) -> None:
    line = data.draw(st.sampled_from([line for line in lines[1:] if not line["detail"]]))
    line["detail"] = {"salt": "00" * 16, "text": data.draw(st.text(max_size=5))}


def edit_seal(lines: list[Line], data: st.DataObject) -> None:
    line = data.draw(st.sampled_from(lines[1:]))
    name = data.draw(st.sampled_from(["commitment", "hash"]))
    line[name] = data.draw(st.binary(min_size=32, max_size=32)).hex()


def delete(lines: list[Line], data: st.DataObject) -> None:
    at = data.draw(st.integers(1, len(lines) - 1))
    del lines[at : at + data.draw(st.integers(1, 3))]
    if data.draw(st.booleans()):
        renumber(lines)


def insert(lines: list[Line], data: st.DataObject) -> None:
    copied = json.loads(json.dumps(data.draw(st.sampled_from(lines[1:]))))
    # What is put after the end is no tampering yet: no checkpoint has been signed over it.
    lines.insert(data.draw(st.integers(1, len(lines) - 1)), copied)
    if data.draw(st.booleans()):
        renumber(lines)


def move(lines: list[Line], data: st.DataObject) -> None:
    line = lines.pop(data.draw(st.integers(1, len(lines) - 1)))
    lines.insert(data.draw(st.integers(1, len(lines))), line)
    if data.draw(st.booleans()):
        renumber(lines)


def truncate(lines: list[Line], data: st.DataObject) -> None:
    del lines[data.draw(st.integers(1, len(lines) - 1)) :]


def other_log(lines: list[Line], data: st.DataObject) -> None:
    lines[0]["log_id"] = str(data.draw(st.uuids()))


WAYS: tuple[Callable[[list[Line], st.DataObject], None], ...] = (
    edit_header, edit_detail, add_detail, edit_seal, delete, insert, move, truncate, other_log,
)  # fmt: skip

TAMPERINGS = 1_000


@pytest.mark.proves("T54")
def test_a_thousand_random_tamperings_are_all_found(ledger: Ledger) -> None:
    """T54: edits, deletions, insertions, moves, truncations, full recomputing and flipped bits."""
    ledger.work("Second")
    checkpoint = ledger.sealed()
    path = ledger.exported()
    original = path.read_bytes()
    assert found(path, original, checkpoint) is None
    codes: Counter[str] = Counter()

    @settings(max_examples=TAMPERINGS)
    @given(st.data())
    def tamper(data: st.DataObject) -> None:
        if data.draw(st.integers(0, len(WAYS))) == 0:
            content = bytearray(original)
            at = data.draw(st.integers(0, len(content) - 1))
            content[at] ^= data.draw(st.integers(1, 255))
            tampered = bytes(content)
        else:
            lines = lines_of(original)
            data.draw(st.sampled_from(WAYS))(lines, data)
            if data.draw(st.booleans()):
                rechain(lines)
            tampered = written(lines)
        assume(tampered != original)
        code = found(path, tampered, checkpoint)
        assert code is not None
        codes[code] += 1

    tamper()
    assert codes.total() >= TAMPERINGS
    print(f"T54: {codes.total()} of {codes.total()} tamperings found: {dict(codes)}")  # noqa: T201 - the figure is what is asked for
    assert {"audit.broken", "audit.cut_short", "audit.written_anew", "audit.line"} <= set(codes)


@pytest.fixture
def sealed(ledger: Ledger) -> tuple[Path, Checkpoint]:
    checkpoint = ledger.sealed()
    return ledger.exported(), checkpoint


@pytest.mark.proves("T54")
def test_each_kind_of_tampering_is_said_in_its_own_words(sealed: tuple[Path, Checkpoint]) -> None:
    path, checkpoint = sealed
    original = path.read_bytes()

    def after(tamper: Callable[[list[Line]], None]) -> str | None:
        lines = lines_of(original)
        tamper(lines)
        return found(path, written(lines), checkpoint)

    def edit(lines: list[Line]) -> None:
        lines[5]["header"]["actor"] = new_id()

    def rewrite(lines: list[Line]) -> None:
        edit(lines)
        rechain(lines)

    def retell(lines: list[Line]) -> None:
        next(line for line in lines[1:] if line["detail"])["detail"]["text"] = "{}"

    assert after(edit) == "audit.broken"
    assert after(retell) == "audit.detail_changed"
    assert after(lambda lines: lines.pop(4)) == "audit.out_of_order"
    assert after(lambda lines: lines.insert(4, lines[4])) == "audit.out_of_order"
    assert after(lambda lines: lines.insert(3, lines.pop(6))) == "audit.out_of_order"
    assert after(lambda lines: lines.pop()) == "audit.cut_short"
    assert after(rewrite) == "audit.written_anew"
    assert after(lambda lines: lines[0].update(log_id=new_id())) == "audit.other_log"
    assert after(lambda lines: lines[0].update(log_id=5)) == "audit.not_export"
    assert after(lambda lines: lines[0].update(fieldfare="audit export 2")) == "audit.not_export"
    assert after(lambda lines: lines[2].pop("hash")) == "audit.line"
    assert after(lambda lines: lines[2].update(header={"kind": "log", "what": "x"})) == "audit.line"
    assert after(lambda lines: lines[2].update(detail={"salt": "00"})) == "audit.line"
    assert found(path, original.replace(b",", b", ", 1), checkpoint) == "audit.not_export"
    assert found(path, original[:-1], checkpoint) == "audit.line"
    assert found(path, original + b"[" * 100_000, checkpoint) == "audit.line"
    assert found(path, b"", checkpoint) == "audit.not_export"
    assert found(path, original, checkpoint) is None


def test_a_checkpoint_that_was_made_up_helps_nobody(
    sealed: tuple[Path, Checkpoint], ledger: Ledger
) -> None:
    path, real = sealed
    lines = lines_of(path.read_bytes())
    lines[3]["header"]["actor"] = new_id()
    rechain(lines)
    head = lines[-1]["hash"]
    content = written(lines)
    assert found(path, content, replace(real, head=head)) == "audit.wrong_signature"
    other = OfficeSeal(b"somebody else's key of 32 bytes.")
    forged = replace(real, head=head, public_key=other.public_text)
    forged = replace(forged, signature=other.sign(forged.statement))
    with pytest.raises(RuleBroken, match=r"audit\.other_key"):
        verify(path, [forged], public_key=ledger.key.public_text)
    for wrong in ("", "=", "é", "A" * 43):
        assert not replace(real, public_key=wrong).is_signed
    assert not replace(real, signature="!").is_signed


def test_an_export_without_texts_verifies_and_holds_nothing_personal(ledger: Ledger) -> None:
    ledger.work("Unmistakable")
    checkpoint = ledger.sealed()
    whole, bare = ledger.export(), ledger.export(details=False)
    assert b"Unmistakable" in b"".join(whole)
    assert b"Unmistakable" not in b"".join(bare)
    path = ledger.exported(details=False)
    verified = verify(path, [checkpoint])
    assert verified.details == 0
    assert verified.withheld > 0
    assert verified.held == verified.entries == len(bare) - 1
    everything = verify(ledger.exported(), [checkpoint])
    assert (everything.details, everything.withheld) == (verified.withheld, 0)


def test_entries_after_the_last_checkpoint_are_chained_but_not_held(ledger: Ledger) -> None:
    checkpoint = ledger.sealed()
    ledger.work("Later")
    ledger.seal()
    verified = verify(ledger.exported(), [checkpoint])
    assert verified.held == checkpoint.entries < verified.entries


def test_a_checkpoint_over_what_a_restore_lost_is_not_called_tampering(ledger: Ledger) -> None:
    """The office stands again where it stood at entry n, and goes on from there in a new epoch."""
    first = ledger.sealed()
    taken = ledger.export()
    ledger.work("Lost")
    lost = ledger.sealed()
    lines = lines_of(b"".join(taken))
    restored = {"kind": "log", "what": "restored", "at": "", "epoch_before": first.epoch}
    for header in ({**restored, "epoch": new_id()}, {"kind": "read", "what": "cases.case"}):
        lines.append({"header": header, "detail": None, "commitment": NOTHING})
    rechain(lines)
    path = ledger.root / "restored.jsonl"
    path.write_bytes(written(lines))
    with pytest.raises(RuleBroken, match=r"audit\.restored_since") as wrong:
        verify(path, [first, lost])
    assert wrong.value.values["seq"] == first.entries + 1
    assert verify(path, [first]).held == first.entries


def test_only_a_file_of_a_checkpoint_is_read_as_one(ledger: Ledger) -> None:
    checkpoint = ledger.sealed()
    (path,) = ledger.folder.iterdir()
    assert checkpoints.read(path) == checkpoint
    content = json.loads(path.read_bytes())
    wrong = (
        {**content, "entries": "5"},
        {**content, "more": "x"},
        {**content, "fieldfare": "audit checkpoint 2"},
        {name: value for name, value in content.items() if name != "head"},
        [content],
    )
    for told in wrong:
        path.write_text(json.dumps(told))
        with pytest.raises(RuleBroken, match=r"audit\.not_checkpoint"):
            checkpoints.read(path)
    path.write_text("{")
    with pytest.raises(RuleBroken, match=r"audit\.not_checkpoint"):
        checkpoints.read(path)
    with pytest.raises(RuleBroken, match=r"audit\.no_file"):
        checkpoints.read(ledger.folder / "nothing")


def test_the_epoch_of_a_checkpoint_is_that_of_the_office(ledger: Ledger) -> None:
    with ledger.session() as session:
        epoch = session.query(SyncHeadRow).one().epoch
    assert ledger.sealed().epoch == epoch
