"""The office's settings are read from the environment, and one that cannot be used is refused."""

from __future__ import annotations

import pytest

from server.config import ENROLMENT_TRIES, TRIES_MAX, from_environment


def test_the_owner_of_the_database_is_another_url_or_nobody() -> None:
    assert from_environment({}).owner_database_url is None
    assert from_environment({"FIELDFARE_OWNER_DATABASE_URL": ""}).owner_database_url is None
    named = {"FIELDFARE_OWNER_DATABASE_URL": "postgresql://owner@db/fieldfare"}
    assert from_environment(named).owner_database_url == named["FIELDFARE_OWNER_DATABASE_URL"]


def test_how_many_codes_may_be_wrong_is_a_number_within_limits() -> None:
    assert from_environment({}).enrolment_tries == ENROLMENT_TRIES
    assert from_environment({"FIELDFARE_ENROLMENT_TRIES": "7"}).enrolment_tries == 7
    for written in ("0", "-1", "many", str(TRIES_MAX + 1)):
        with pytest.raises(SystemExit, match="FIELDFARE_ENROLMENT_TRIES must be a whole number"):
            from_environment({"FIELDFARE_ENROLMENT_TRIES": written})
