"""A release that gives devices more of the same rows projects every case again, and can be stopped."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import delete
from sqlalchemy.orm import Session, sessionmaker

from server.app import house
from server.spine.areas import House, Projection
from server.spine.settings import setting
from server.spine.tables import SettingRow
from server.sync_api import reprojecting
from tests.simulation.device import Device
from tests.sync.bench import Bench


def raised(of_today: House, kind: str, version: int = 2) -> House:
    """Write a release that gives one more member in records of a kind."""

    def newer(of: Projection) -> Projection:
        def build(
            session: Session, case_ids: Collection[str]
        ) -> Mapping[str, Mapping[str, Mapping[str, Any]]]:
            return {
                case_id: {id_: {**body, "newer": version} for id_, body in records.items()}
                for case_id, records in of.build(session, case_ids).items()
            }

        return replace(of, build=build, version=version)

    return replace(
        of_today,
        areas=tuple(
            replace(
                area,
                projections=tuple(
                    newer(each) if each.kind == kind else each for each in area.projections
                ),
            )
            for area in of_today.areas
        ),
    )


@pytest.fixture
def sessions(bench: Bench) -> Iterator[sessionmaker[Session]]:
    make = sessionmaker(bench.watch.engine.execution_options(isolation_level="READ COMMITTED"))
    yield make
    with make() as session, session.begin():
        session.execute(delete(SettingRow))


@pytest.fixture
def device(bench: Bench) -> Device:
    found = bench.devices[0]
    for number in range(3):
        bench.assign(found, number)
    bench.sync(found)
    return found


def everything_as_it_should_be(sessions: sessionmaker[Session], of_today: House) -> None:
    """Mend the cases that other tests left in this database as a newer release would have them."""
    while reprojecting.project_again(sessions, of_today):
        pass
    with sessions() as session, session.begin():
        session.execute(delete(SettingRow))


def newer_members(device: Device) -> list[int | None]:
    return [
        json.loads(body).get("newer")
        for (body,) in device.store.rows("SELECT body FROM record WHERE kind = 'case'")
    ]


def test_every_case_is_projected_again_and_reaches_the_devices(
    bench: Bench, device: Device, sessions: sessionmaker[Session]
) -> None:
    newer = raised(bench.office.door.house, "case")
    reprojecting.project_again(sessions, newer)

    bench.sync(device, watched=False)

    assert newer_members(device) == [2, 2, 2]
    assert device.store.copy().manifest is None, "both ends come to the same"
    with sessions() as session:
        assert setting(session, reprojecting.PROJECTED) == reprojecting.versions_of(newer)
    assert reprojecting.project_again(sessions, newer) == 0, "done once"


@pytest.mark.timeout(600)  # one at a time, through the cases of all tests before it
def test_stopped_half_way_it_goes_on_where_it_was(
    bench: Bench,
    device: Device,
    sessions: sessionmaker[Session],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reprojecting, "CASES_AT_ONCE", 1)
    monkeypatch.setattr(reprojecting, "CHUNKS_MAX", 1)
    newer = raised(bench.office.door.house, "case", 3)
    while reprojecting.project_again(sessions, newer):
        assert reprojecting.CASES_AT_ONCE == 1

    bench.sync(device, watched=False)
    assert newer_members(device) == [3, 3, 3]
    with sessions() as session:
        reached = setting(session, reprojecting.REACHED)
    assert reached is not None
    assert reached.startswith(reprojecting.versions_of(newer))


def test_what_is_as_it_should_be_moves_nothing(
    bench: Bench, device: Device, sessions: sessionmaker[Session]
) -> None:
    everything_as_it_should_be(sessions, bench.office.door.house)
    before = bench.watch.rows("SELECT commit_number FROM sync_head")
    assert reprojecting.project_again(sessions, bench.office.door.house) >= 3
    assert bench.watch.rows("SELECT commit_number FROM sync_head") == before
    assert device.store.cursor() > 0


def test_the_office_does_it_by_itself() -> None:
    assert reprojecting.CHORE in house().chores
