"""An old page of a vault put back, which its encryption lets pass, is noticed and mended by a sync."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from random import Random

import pytest

from field_client.vault.database import DatabaseError, VaultUnreadable
from field_client.vault.stocktaking import altered
from shared.errors import RuleBroken
from tests.simulation.device import VAULT, Device
from tests.sync.bench import Bench
from tests.sync.test_pages import a_busy_morning, plan
from tests.sync.test_scope import held, noticed

PAGE = 4096
SPLICES = 20


@pytest.fixture
def device(bench: Bench) -> Iterator[Device]:
    """Give a device that has read a busy morning and saved two visits, none of them sent."""
    found = bench.devices[0]
    a_busy_morning(bench, found)
    bench.sync(found)
    bench.save(found, 2)
    return found


def at_rest(device: Device) -> dict[str, bytes]:
    """Copy the files of a vault, with nothing left in its log."""
    device.store.sweep()
    return device.disk.image()


def file_of(image: Mapping[str, bytes]) -> tuple[str, bytes]:
    """Find the database among the files."""
    ((name, content),) = [each for each in image.items() if each[0].endswith(VAULT)]
    return name, content


def pages(content: bytes) -> list[bytes]:
    return [content[at : at + PAGE] for at in range(0, len(content), PAGE)]


def spliced(
    new: Mapping[str, bytes], old: Mapping[str, bytes], numbers: set[int]
) -> dict[str, bytes]:
    """Put pages of an older copy into a newer one."""
    name, newer = file_of(new)
    older = pages(file_of(old)[1])
    mixed = [older[at] if at in numbers else page for at, page in enumerate(pages(newer))]
    return {**new, name: b"".join(mixed)}


def drawn(old: Mapping[str, bytes], new: Mapping[str, bytes]) -> list[set[int]]:
    """Draw which pages are put back: each that was written since by itself, then two at a time."""
    pairs = enumerate(zip(pages(file_of(old)[1]), pages(file_of(new)[1]), strict=False))
    written = [at for at, (before, after) in pairs if before != after]
    random = Random(19)
    random.shuffle(written)
    chosen = [{at} for at in written][:SPLICES]
    while len(chosen) < SPLICES:
        chosen.append(set(random.sample(written, 2)))
    return chosen


@pytest.mark.proves("T19")
@pytest.mark.timeout(300)
def test_old_pages_put_back_are_noticed_before_a_sync_and_mended_by_it(
    bench: Bench, device: Device, record_property: Callable[[str, object], None]
) -> None:
    old = at_rest(device)
    bench.ask(*(plan(bench, device, case_id) for case_id in device.cases()))
    bench.assign(device, 5)
    bench.sync(device)
    bench.save(device, 3)
    new, saved = at_rest(device), device.kept()
    bench.sync(device)
    wanted = held(device)
    came_to = {"unreadable": 0, "noticed": 0, "no different": 0}
    for number, chosen in enumerate(drawn(old, new)):
        came_to[
            _after_a_splice(bench, device, spliced(new, old, chosen), number, saved, wanted)
        ] += 1
    record_property("figure", f"{SPLICES} of {SPLICES} caught or mended: {came_to}")
    assert came_to["noticed"] > SPLICES // 4


def _after_a_splice(
    bench: Bench,
    device: Device,
    image: Mapping[str, bytes],
    number: int,
    saved: set[str],
    wanted: object,
) -> str:
    """Open a vault with old pages in it, sync, and say how that was caught."""
    try:
        twin = replace(
            device, label=f"spliced {number}", image=image, attempts=[], saved=[], has_a_twin=True
        )
    except (VaultUnreadable, RuleBroken, DatabaseError):
        return "unreadable"
    try:
        lost = saved - twin.kept()
        twin.store.take_stock(bench.world.now)
        before = noticed(twin)
        bench.sync(twin, watched=False)
        after = noticed(twin)
        assert held(twin) == wanted, "a row of an older copy stayed"
        assert not lost or "outbox.altered" in before, "work went without a word"
    except DatabaseError:
        return "unreadable"
    finally:
        twin.store.close()
    return "noticed" if before | after else "no different"


def test_a_vault_that_nobody_altered_is_found_to_be_whole(bench: Bench, device: Device) -> None:
    bench.sync(device)
    device.store.take_stock(bench.world.now)
    assert noticed(device) == set()


@pytest.mark.parametrize(
    "fault",
    [
        "UPDATE record SET body = 'of another day' WHERE kind = 'case'",
        "UPDATE record SET body = CAST(x'ff' AS TEXT) WHERE kind = 'case'",
    ],
)
def test_a_body_that_is_not_its_hash_is_asked_for_again(
    bench: Bench, device: Device, fault: str
) -> None:
    bench.sync(device)
    wanted = held(device)
    with device.store.transaction() as connection:
        connection.execute(fault)
        assert altered(connection) == {"record"}
    device.store.take_stock(bench.world.now)
    assert noticed(device) == {"record.altered"}
    bench.sync(device, watched=False)
    assert held(device) == wanted
